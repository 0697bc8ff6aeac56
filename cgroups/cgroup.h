/*
 * The container's cgroup: cgroup v2 only, on a pure v2 host or on a hybrid one (cgroup2 mounted elsewhere).
 *
 *	struct cgroup_host host;
 *	cgroup_probe(&host, &err);                                              where cgroup2 is mounted
 *	cgroup_path(arena, linux->cgroups_path, id, &path, &err);               "/hull-x", if it is NULL
 *	FD(cg) = cgroup_create(&host, path, &made, &err);                       for CLONE_INTO_CGROUP
 *	cgroup_apply(&host, cg, path, resources, CGROUP_NEW, &err);  limits and device rules
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

/* Looks at the two usual places, then in /proc/self/mountinfo. Without any cgroup2, mount is "", which is no error. */
int cgroup_probe(struct cgroup_host *ret_host, struct error *err);

/* The cgroup below which a caller who is not root may make cgroups, such as a scope that systemd has delegated: the
 * parent of the caller's own, which has no processes that would prevent controllers, or else the caller's own. "" if
 * there is none. */
const char *cgroup_find_delegated(struct arena *arena, const struct cgroup_host *host);

/* The name for a container without cgroupsPath, relative: "hull-ID". If the id leaves no room for that, "hull-/ID". */
const char *cgroup_default_name(struct arena *arena, const char *id);

/* The validated path of a container's cgroup: config-linux.md "Cgroups Path". A NULL cgroups_path gives "/hull-ID"; a
 * relative one starts at the root of the hierarchy. Errors name .linux.cgroupsPath. Pure. */
int cgroup_path(
	struct arena *arena, const char *cgroups_path, const char *id, const char **ret_path, struct error *err);

/* How many of the path's last components cgroup_create() made, and cgroup_destroy() may remove. 0 if the cgroup
 * existed before. */
struct cgroup_made {
	unsigned components;
	const char *mark; /* of the container (cgroup_claim); NULL: the cgroup is known to be its own */
	bool marked_only; /* a cgroup without any mark is not the container's */
};

enum { CGROUP_MARK_SIZE = 40 };

/* Marks the cgroup as the one of a container, in an extended attribute; a container that uses the same cgroup later
 * replaces the mark. The container that comes last removes a cgroup that hull has made: made->components is 1 then. */
void cgroup_claim(int cgroup_fd, const char *mark, struct cgroup_made *made);
/* Whether the cgroup has the mark of another container. If `marked_only`, also whether it has none. -1 and errno. */
int cgroup_is_anothers(int cgroup_fd, const char *mark, bool marked_only);

/* How many of the path's last components are missing, and cgroup_create() would make. */
unsigned cgroup_missing(const struct cgroup_host *host, const char *path);

/* Makes the directory and its missing parents, and opens it for CLONE_INTO_CGROUP (O_RDONLY|O_DIRECTORY|O_CLOEXEC). A
 * cgroup that has processes or is frozen is an error: config-linux.md "Control groups". After a failure nothing that
 * was made stays. */
int cgroup_create(const struct cgroup_host *host, const char *path, struct cgroup_made *ret_made, struct error *err);

/* Opens an existing cgroup. */
int cgroup_open(const struct cgroup_host *host, const char *path, struct error *err);

/* How device rules take effect. CGROUP_IN_USE replaces the program of an earlier call in one step, so that one of
 * them is always in force. */
enum cgroup_use { CGROUP_NEW, CGROUP_IN_USE };

/* Applies .linux.resources to the open cgroup. NULL resources and empty device rules attach no device program. A
 * property that cannot be applied is an error that names it (".linux.resources.memory.limit") and the reason: the
 * controller is bound to cgroup v1, not delegated, or not in the kernel. In a user namespace other than the initial
 * one, device rules have no effect, since no device can be made there. */
int cgroup_apply(const struct cgroup_host *host, int cgroup_fd, const char *path, const struct oci_resources *resources,
	enum cgroup_use use, struct error *err);

/* Freezes or thaws the cgroup with everything below it, and waits for that at most timeout_ms (ETIMEDOUT). */
int cgroup_freeze(int cgroup_fd, bool frozen, int timeout_ms, struct error *err);
/* Whether the cgroup is frozen; -1 and errno if that cannot be seen. A cgroup that is gone is not frozen. Opens and
 * reads a single file, since `list` calls it for every container. */
int cgroup_is_frozen(const struct cgroup_host *host, const char *path);

/* Kills every process in it and below (cgroup.kill). */
int cgroup_kill(int cgroup_fd, struct error *err);
/* Sends a signal to every process in it and below. Skips a process that has just ended, even if its number was reused
 * outside the cgroup. For SIGKILL this is cgroup_kill(). */
int cgroup_signal(int cgroup_fd, int sig, struct error *err);
/* Process ids in it and below, in the caller's pid namespace. */
int cgroup_pids(struct arena *arena, int cgroup_fd, pid_t **ret_pids, size_t *ret_len, struct error *err);

/* Kills the processes in the cgroup, waits for their end at most timeout_ms (EBUSY), and removes the cgroup with
 * everything below it and `made.components - 1` empty parents. A cgroup that has gone is no error. One that existed
 * before the container (made.components is 0) is emptied and stays. One in which another container lives is left
 * alone: 1. */
int cgroup_destroy(
	const struct cgroup_host *host, const char *path, struct cgroup_made made, int timeout_ms, struct error *err);
