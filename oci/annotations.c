#include "oci/annotations.h"

#include <stddef.h>

#include "base/str.h"

const char *const oci_annotation_keys[] = {
	[ANNOTATION_DELEGATE_CGROUP] = "run.oci.delegate-cgroup",
	[ANNOTATION_HOOKS_STDERR] = "run.oci.hooks.stderr",
	[ANNOTATION_HOOKS_STDOUT] = "run.oci.hooks.stdout",
	[ANNOTATION_KEEP_ORIGINAL_GROUPS] = "run.oci.keep_original_groups",
	[ANNOTATION_MOUNT_CONTEXT_TYPE] = "run.oci.mount_context_type",
	[ANNOTATION_PIDFD_RECEIVER] = "run.oci.pidfd_receiver",
	[ANNOTATION_SECCOMP_BPF_DATA] = "run.oci.seccomp_bpf_data",
	[ANNOTATION_SECCOMP_FAIL_UNKNOWN] = "run.oci.seccomp_fail_unknown_syscall",
	[ANNOTATION_SYSTEMD_SUBGROUP] = "run.oci.systemd.subgroup",
	[ANNOTATION_SYSTEMD_PROPERTY] = "org.systemd.property.",
	NULL,
};

const char *oci_annotation(const struct oci_config *config, enum oci_annotation annotation)
{
	LIST_EACH (&config->annotations, pair)
		if (str_eq(pair->key, oci_annotation_keys[annotation]))
			return pair->value;
	return NULL;
}
