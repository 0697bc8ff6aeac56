/*
 * Shared by the files of oci/check.h: a rule is a row, a violation is one line.
 *
 *	return fail(check_at(c, ".mounts[%zu].source", i), 0, "a bind mount needs a source");
 *
 * A rule about many things judges each of them, and asks check_ends() whether to go on:
 *
 *	if (check_ends(c, check_device(device, i, c)))
 *		return -1;
 *
 * Rules of a file stand in one table that ends with a NULL name; oci/check.c runs the tables in
 * order. Later rules may rely on earlier ones: after "namespaces" there are at most eight entries,
 * each of another type.
 */
#pragma once

#include "oci/check.h"

/* One run of the rules: the violation that is being described, and where it goes if all are wanted. */
struct check {
	struct error error;
	const struct error_sink *sink; /* or NULL: the first violation ends the run */
};

struct check_rule {
	const char *name; /* for the debug log */
	int (*check)(const struct oci_config *config, struct check *c);
};

extern const struct check_rule check_config_rules[];
extern const struct check_rule check_linux_rules[];

int check_namespaces(const struct oci_config *config, struct check *c);
int check_sysctl(const struct oci_config *config, struct check *c);
int check_seccomp(const struct oci_config *config, struct check *c);
int check_process(const struct oci_process *process, const char *where, struct check *c);
int check_resources(const struct oci_resources *resources, const char *where, struct check *c);

/* True if the rule is to return -1, as errors_end(). */
bool check_ends(struct check *c, int result);

/* Names the property at fault and returns the error, to be the first argument of fail(). */
struct error *check_at(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for the entry `key` of the object `where`: .annotations["a.b"]. */
struct error *check_at_key(struct check *c, const char *where, const char *key);

/* Hands what was found to the caller, whose err may be NULL, fit to be printed; returns -1. */
int fail_found(struct error *err, struct error *found);

/* The words that the reader uses too. They fill the text of an error made by check_at(). */
int fail_missing(struct error *err);
int fail_range(struct error *err, long long value, long long min, long long max);

/* Refuses a path that does not begin with "/"; NULL is a missing property. The place is given as
 * for check_at(). */
int check_absolute(const char *path, struct check *c, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Each of them absolute; `where` is the path of the array. */
int check_absolute_all(const oci_strings *paths, const char *where, struct check *c);
/* Environment: each entry NAME=value with a name. */
int check_environment(const oci_strings *env, const char *where, struct check *c);
/* Id mappings as the kernel takes them (user_namespaces(7)): at most 340, none empty, none past
 * the last id, none overlapping. */
int check_mappings(const oci_id_mappings *mappings, const char *where, struct check *c);
/* A list of processors or memory nodes: "0-3,7". An empty one is fine. */
int check_number_list(const char *text, struct check *c, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The entry of that type (CLONE_NEW*), or NULL. */
const struct oci_namespace *oci_find_namespace(const struct oci_config *config, int64_t type);
/* Fills the error and its hint: the property named by check_at() makes no sense without such a
 * namespace. */
int fail_needs_namespace(struct error *err, const char *type);

/* The index of an item that has an equal before it, by compare(), which clash() says true to; or
 * -1. clash() must not depend on which of several equal items it is shown. A short list, the
 * usual case, is compared pair by pair and needs no memory, a long one is sorted. */
long check_find_clash(const void *items, size_t len, size_t size, int (*compare)(const void *a, const void *b),
	bool (*clash)(const void *a, const void *b));
