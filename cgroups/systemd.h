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
 * libsystemd is not ours to link: a program of its own, hull-systemd, speaks to systemd through it (sd-bus) and is
 * executed only when this driver is asked for. A scope needs a process to begin with, which is that program itself; it
 * stays until the container's init is in the scope. So a container is cloned into its cgroup by either driver.
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
	pid_t pid;        /* the placeholder */
	int release;      /* its standard input: closing it lets it go */
};

/* Makes the scope, delegated, with the resources as its properties and with the annotations org.systemd.property.*. A
 * failed or dead scope of that name is cleared away first; one that lives is an error. */
int systemd_scope_start(struct arena *arena, const struct systemd_unit *unit, const cgroup_writes *writes,
	const oci_map *annotations, struct systemd_scope *ret, struct error *err);

/* Has systemd move a process of the caller's into the scope whose cgroup, or one above it, is `path`: for a user who
 * may not move it there himself, as from the session of a login, which is no part of what is delegated to him. */
int systemd_scope_attach(struct arena *arena, const char *path, bool user, pid_t pid, struct error *err);

/* Ends the placeholder. Once, after init is in the cgroup or has failed. */
void systemd_scope_release(struct systemd_scope *scope);

/* Stops the scope whose cgroup is `path`, if it is still there, and forgets its failure. */
int systemd_scope_stop(struct arena *arena, const char *path, bool user, struct error *err);

/* Hands changed limits to the unit, so that a reload of systemd does not bring the old ones back. */
int systemd_scope_set(struct arena *arena, const char *path, bool user, const cgroup_writes *writes, struct error *err);
