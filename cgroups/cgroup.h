/*
 * The container's cgroup: cgroup v2 only, on a pure v2 host or on a hybrid one (cgroup2 mounted elsewhere).
 *
 *	struct cgroup_host host;
 *	cgroup_probe(&host, &err);                                              where cgroup2 is mounted
 *	cgroup_path(arena, linux->cgroups_path, id, &path, &err);               "/hull-x", if it is NULL
 *	FD(cg) = cgroup_create(&host, path, &made, &err);                       for CLONE_INTO_CGROUP
 *	cgroup_apply(&host, cg, path, resources, devices, device_count, &err);  limits and device rules
 *	cgroup_destroy(&host, path, made, 1000, &err);
 *
 * Paths are relative to the cgroup2 mount and begin with "/"; none has an empty, "." or ".." component.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct cgroup_host {
	char mount[256]; /* where cgroup2 is mounted: "/sys/fs/cgroup" or "/sys/fs/cgroup/unified", or "" if nowhere */
	bool hybrid;     /* controllers may be bound to v1 hierarchies */
};

/* Looks in the usual two places (statfs), then in /proc/self/mountinfo. No cgroup2 at all is no error: mount is "". */
int cgroup_probe(struct cgroup_host *ret_host, struct error *err);

/* For who is not root: the cgroup below which new ones may be made, that of the caller's or the one above it (which has
 * no processes to stand in the way of controllers): a scope or a slice that systemd or somebody else has delegated. ""
 * where there is none. */
const char *cgroup_find_delegated(struct arena *arena, const struct cgroup_host *host);

/* The path of a container's cgroup, validated: config-linux.md "Cgroups Path". NULL cgroups_path gives "/hull-ID"; a
 * relative one is taken from the root of the hierarchy. Errors name .linux.cgroupsPath. Pure. */
int cgroup_path(
	struct arena *arena, const char *cgroups_path, const char *id, const char **ret_path, struct error *err);

/* What cgroup_create made, so that undoing removes that and no more: how many of the path's last components. 0: the
 * cgroup was there before. */
struct cgroup_made {
	unsigned components;
};

/* How many of the path's last components are not there, that is, what cgroup_create would make now. */
unsigned cgroup_missing(const struct cgroup_host *host, const char *path);

/* Makes the directory and its parents where missing and opens it (O_RDONLY|O_DIRECTORY|O_CLOEXEC, fit for
 * CLONE_INTO_CGROUP). A cgroup that has processes in it is an error (EBUSY): config-linux.md "Control groups". A frozen
 * one likewise. On failure nothing made stays. */
int cgroup_create(const struct cgroup_host *host, const char *path, struct cgroup_made *ret_made, struct error *err);

/* Opens an existing cgroup. */
int cgroup_open(const struct cgroup_host *host, const char *path, struct error *err);

/* How device rules take effect. CGROUP_IN_USE replaces the program that an earlier call attached at once, with no moment
 * in which none is in force. */
enum cgroup_use { CGROUP_NEW, CGROUP_IN_USE };

/* Applies .linux.resources to the open cgroup; NULL resources still attach nothing, and empty device rules leave what is
 * there. Each property is applied or refused by an error that names the property (".linux.resources.memory.limit") and
 * says why: controller bound to v1, not delegated, not in the kernel. `devices` are the container's own device nodes
 * (allowed beside the rules); default devices are always allowed. */
int cgroup_apply(const struct cgroup_host *host, int cgroup_fd, const char *path, const struct oci_resources *resources,
	const struct oci_device *devices, size_t device_count, enum cgroup_use use, struct error *err);

/* Freezes or thaws it with everything below, and waits until that is done, at most timeout_ms (ETIMEDOUT). */
int cgroup_freeze(int cgroup_fd, bool frozen, int timeout_ms, struct error *err);
/* Whether it is, by one file that is opened and read: `list` asks this of every container. */
bool cgroup_is_frozen(const struct cgroup_host *host, const char *path);

/* Kills every process in it and below (cgroup.kill). */
int cgroup_kill(int cgroup_fd, struct error *err);
/* Sends a signal to every process in it and below; a process that has just gone, or whose number has just been taken by
 * another outside, is passed over. SIGKILL is cgroup_kill. */
int cgroup_signal(int cgroup_fd, int sig, struct error *err);
/* Process ids in it and below, in the caller's pid namespace. */
int cgroup_pids(struct arena *arena, int cgroup_fd, pid_t **ret_pids, size_t *ret_len, struct error *err);

/* Removes the cgroup with everything below it and `made.components - 1` empty parents. Processes that are still in it
 * are killed first; waits for the last of them to go, at most timeout_ms (EBUSY). A cgroup that is gone is no error.
 * One that was there before the container (made.components is 0) is emptied and stays. */
int cgroup_destroy(
	const struct cgroup_host *host, const char *path, struct cgroup_made made, int timeout_ms, struct error *err);
