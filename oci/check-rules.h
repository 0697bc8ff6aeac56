/*
 * Helpers of the rules in oci/check-*.c. A rule looks at everything that it is about and refuses each violation:
 *
 *	if (call->names.len == 0)
 *		refuse(at(c, ".linux.seccomp.syscalls[%zu].names", i), NULL, "at least one name is required");
 *
 * oci/check.c runs the rules in the order of the configuration's error messages. The reader, or schema_check(), has
 * applied the tables of properties before. Where all violations are wanted, a value that was refused is absent, and a
 * required string is empty.
 */
#pragma once

#include "oci/check.h"

/* One run of the rules. */
struct check {
	char where[sizeof(((struct error *)0)->where)]; /* the property that is judged */
	bool failed;
	struct error first;            /* violation, if failed */
	const struct error_sink *sink; /* for every violation; NULL: the first one is enough */
};

void check_version(const struct oci_config *config, struct check *c);
void check_platform(const struct oci_config *config, struct check *c);
void check_root(const struct oci_config *config, struct check *c);
void check_names(const struct oci_config *config, struct check *c);
void check_mounts(const struct oci_config *config, struct check *c);
void check_hooks(const struct oci_config *config, struct check *c);

/* These need config->linux. */
void check_namespaces(const struct oci_config *config, struct check *c);
void check_id_maps(const struct oci_config *config, struct check *c);
void check_time_offsets(const struct oci_config *config, struct check *c);
void check_devices(const struct oci_config *config, struct check *c);
void check_net_devices(const struct oci_config *config, struct check *c);
void check_cgroups_path(const struct oci_config *config, struct check *c);
void check_intel_rdt(const struct oci_config *config, struct check *c);
void check_memory_policy(const struct oci_config *config, struct check *c);
void check_sysctl(const struct oci_config *config, struct check *c);
void check_seccomp(const struct oci_config *config, struct check *c);
void check_paths(const struct oci_config *config, struct check *c);
void check_personality(const struct oci_config *config, struct check *c);

/* `where` is the path of the object: ".process", ".linux.resources", or "". */
void check_process(const struct oci_process *process, const char *where, struct check *c);
void check_resources(const struct oci_resources *resources, const char *where, struct check *c);

/* Names the property that is judged next; returns c. */
struct check *at(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for the entry `key` of the object `where`: .annotations["a.b"]. */
struct check *at_key(struct check *c, const char *where, const char *key);

/* Reports a violation by that property. hint may be NULL. */
void refuse(struct check *c, const char *hint, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Violations that several rules know. */
void refuse_missing(struct check *c);
void refuse_range(struct check *c, int64_t value, int64_t min, int64_t max);
void refuse_relative(struct check *c, const char *path);
void refuse_without_namespace(struct check *c, int64_t type);

/* Each path is absolute; `where` is the path of the array. */
void check_absolute_all(const oci_strings *paths, const char *where, struct check *c);
/* Each entry is NAME=value and has a name. */
void check_environment(const oci_strings *env, const char *where, struct check *c);
/* The kernel takes the mappings (user_namespaces(7)): at most 340, none empty, none past the last id, none
 * overlapping. */
void check_mappings(const oci_id_mappings *mappings, const char *where, struct check *c);
/* The text is NULL, empty, or a list of processors or memory nodes: "0-3,7". */
void check_number_list(const char *text, const char *where, const char *name, struct check *c);

/* The entry of that type (CLONE_NEW*), or NULL. */
const struct oci_namespace *oci_find_namespace(const struct oci_config *config, int64_t type);

/* The index of an item that follows an equal one, by compare(), with which it clashes; or -1. clash() must not depend
 * on which of several equal items it is shown. */
long check_find_clash(const void *items, size_t len, size_t size, int (*compare)(const void *a, const void *b),
	bool (*clash)(const void *a, const void *b));
