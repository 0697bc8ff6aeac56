/*
 * The controllers that the files of a cgroup belong to: whether they are available, and if not, why.
 *
 *	controllers_enable(host, path, cgroup_fd, &writes, &err);
 */
#pragma once

#include "cgroups/cgroup.h"
#include "cgroups/resources.h"

/* The controller of a file: "memory" for "memory.max". NULL for files that every cgroup has: cgroup.*, *.pressure. */
const char *controller_of(struct arena *arena, const char *file);

/* Checks that the root of the hierarchy has the controller of each write; changes nothing. The error names the
 * property and the reason. */
int controllers_check(const struct cgroup_host *host, const cgroup_writes *writes, struct error *err);

/* Enables the controllers of a new cgroup in cgroup.subtree_control of the parents: those that the writes need, and
 * as far as possible all others, for statistics. Writes of "max" to a controller that is not there are granted (who
 * has no controller has no limit) and taken from the list. */
int controllers_enable(
	const struct cgroup_host *host, const char *path, int cgroup_fd, cgroup_writes *writes, struct error *err);

/* Why the root of the hierarchy lacks a controller, by the text of /proc/cgroups. Pure. */
enum controller_absence {
	CONTROLLER_BOUND_TO_V1,
	CONTROLLER_DISABLED,      /* cgroup_disable= at boot */
	CONTROLLER_NOT_DELEGATED, /* the kernel has it, this part of the hierarchy does not */
	CONTROLLER_UNKNOWN,       /* not in this kernel */
};
enum controller_absence controller_absence(const char *proc_cgroups, const char *controller);
