/*
 * The annotations that the runtime acts on. No other is read.
 *
 *	const char *path = oci_annotation(config, ANNOTATION_HOOKS_STDOUT);
 *
 * An image may carry annotations, so each of these could do harm if an engine passed it on: `hull features` lists them
 * all.
 */
#pragma once

#include "oci/config.h"

enum oci_annotation {
	ANNOTATION_DELEGATE_CGROUP,
	ANNOTATION_HOOKS_STDERR,
	ANNOTATION_HOOKS_STDOUT,
	ANNOTATION_KEEP_ORIGINAL_GROUPS,
	ANNOTATION_MOUNT_CONTEXT_TYPE,
	ANNOTATION_PIDFD_RECEIVER,
	ANNOTATION_SECCOMP_BPF_DATA,
	ANNOTATION_SECCOMP_FAIL_UNKNOWN,
	ANNOTATION_SYSTEMD_SUBGROUP,
	ANNOTATION_SYSTEMD_PROPERTY, /* a prefix: the name of the property follows */
};

/* The keys, by that number. A key that ends with "." is a prefix. The last is followed by a NULL. */
extern const char *const oci_annotation_keys[];

/* The value, or NULL. */
const char *oci_annotation(const struct oci_config *config, enum oci_annotation annotation);
