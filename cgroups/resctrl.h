/*
 * Intel RDT and its kin: the container's class of service and monitoring group in resctrl.
 *
 *	rdt_probe(&host);
 *	rdt_plan_make(arena, linux->intel_rdt, id, &host, &plan, &err);    parent, before clone3
 *	FD(root) = rdt_open(&err);
 *	rdt_create(&plan, root, pid, &made, &err);                         before the start
 *	rdt_join(&plan, root, pid, &err);                                  exec
 *	rdt_destroy(&plan, root, made, &err);                              delete
 *
 * config-linux.md "IntelRdt"; the kernel's Documentation/filesystems/resctrl.rst.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct rdt_host {
	bool mounted;    /* /sys/fs/resctrl is a resctrl file system */
	bool monitoring; /* it has monitoring groups */
};

struct rdt_plan {
	bool set;
	const char *group;     /* directory of the class of service below the root; "." is the root's own */
	const char *writes[2]; /* texts for its schemata file, in order; NULL: none */
	bool is_shared;        /* named by closID: others may be in it */
	bool must_exist;       /* a closID without a schema names a class that somebody else made */
	const char *monitor;   /* name of the monitoring group in it, or NULL */
};

/* What rdt_create made, so that undoing removes that and no more. Kept in the state. */
struct rdt_made {
	bool group, monitor;
};

void rdt_probe(struct rdt_host *ret_host);

/* Pure. NULL rdt gives a plan that is not set. `id` is the container's. */
int rdt_plan_make(struct arena *arena, const struct oci_intel_rdt *rdt, const char *id, const struct rdt_host *host,
	struct rdt_plan *ret_plan, struct error *err);

/* Opens the root of the resctrl file system after checking that it is one. */
int rdt_open(struct error *err);

/* Makes the groups, writes the schemata, moves the process into them. On failure nothing made
 * stays. */
int rdt_create(const struct rdt_plan *plan, int root, pid_t pid, struct rdt_made *ret_made, struct error *err);

/* Moves one more process into the groups that rdt_create made. */
int rdt_join(const struct rdt_plan *plan, int root, pid_t pid, struct error *err);

/* Writes the schemata of a group that exists. */
int rdt_update(const struct rdt_plan *plan, int root, struct error *err);

/* Removes what rdt_create made. Groups that are gone are no error. */
int rdt_destroy(const struct rdt_plan *plan, int root, struct rdt_made made, struct error *err);
