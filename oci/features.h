/*
 * The features document: what this runtime recognizes, independent of the host (features.md, features-linux.md).
 *
 *	struct oci_features_facts facts = { .mount_options = options, ... };
 *	char *text = oci_features_json(&arena, &facts, &len);
 *
 * The tables supply hooks, namespaces and the words of seccomp and memory policy. The facts are the rest.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "oci/config.h"

struct oci_features_facts {
	oci_strings mount_options;
	oci_strings capabilities;            /* all names that libcap knows */
	oci_strings seccomp_supported_flags; /* those that kernel and libseccomp have */
	oci_strings unsafe_annotations;      /* keys, or prefixes that end with "." */
};

char *oci_features_json(struct arena *arena, const struct oci_features_facts *facts, size_t *ret_len);
