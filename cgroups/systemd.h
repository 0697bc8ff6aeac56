/*
 * The systemd driver: the container's cgroup is a scope that systemd makes and knows.
 *
 *	struct systemd_unit unit;
 *	systemd_unit_plan(arena, cgroups_path, id, user, &unit, &err);              pure
 *	systemd_scope_start(arena, &unit, &writes, annotations, &scope, &err);      scope.path is the cgroup
 *	... clone into it ...
 *	systemd_scope_release(&scope);
 *	systemd_scope_stop(arena, path, user, &err);                                delete
 *
 * hull does not link libsystemd. A separate program, hull-systemd, talks to systemd by sd-bus, and is executed only
 * if this driver is in use. A scope needs a first process: that is hull-systemd itself, until the container's init is
 * in the scope. So both drivers clone a container directly into its cgroup.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "cgroups/resources.h"
#include "oci/config.h"

struct systemd_unit {
	const char *name;  /* "hull-x.scope" */
	const char *slice; /* "system.slice" */
	bool user;         /* of the user's own systemd instance */
};

/* "slice:prefix:name", any part of which may be empty, as runc and crun have it; NULL is the default. Errors name
 * .linux.cgroupsPath. Pure. */
int systemd_unit_plan(struct arena *arena, const char *cgroups_path, const char *id, bool user,
	struct systemd_unit *ret, struct error *err);

struct systemd_scope {
	const char *path; /* of the cgroup, below the cgroup2 mount; the arena's */
	pid_t pid;        /* hull-systemd, the scope's first process */
	int release;      /* its standard input, whose closing ends it */
};

/* Makes a delegated scope, with the resources and the annotations org.systemd.property.* as its properties. A failed
 * or dead scope of that name is removed first; an active one is an error. */
int systemd_scope_start(struct arena *arena, const struct systemd_unit *unit, const cgroup_writes *writes,
	const oci_map *annotations, struct systemd_scope *ret, struct error *err);

/* Asks systemd to move a process of the caller's to `path`, the cgroup of a scope or one below it. A user in a login
 * session needs this, because the session's own cgroup is not delegated. */
int systemd_scope_attach(struct arena *arena, const char *path, bool user, pid_t pid, struct error *err);

/* Ends hull-systemd, once init is in the cgroup or has failed. */
void systemd_scope_release(struct systemd_scope *scope);

/* Stops the scope whose cgroup is `path`, if it exists, and resets its failed state. */
int systemd_scope_stop(struct arena *arena, const char *path, bool user, struct error *err);

/* Sets changed limits in the unit too, so that a reload of systemd does not restore the old ones. */
int systemd_scope_set(struct arena *arena, const char *path, bool user, const cgroup_writes *writes, struct error *err);

/* The scope in the path of a cgroup, or NULL: "hull-x.scope" in "/system.slice/hull-x.scope/sub", where *ret_below is
 * "/sub". */
const char *systemd_unit_of(struct arena *arena, const char *path, const char **ret_below);
