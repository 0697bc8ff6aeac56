/*
 * Where cgroups are: the mount, and directories below it. For the other files of cgroups/.
 *
 *	FD(parent) = cgroup_try_open_prefix(host, "/a/b", 2);      "/a"
 */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "cgroups/cgroup.h"

enum {
	CGROUP_NAME_MAX = 255,
	CGROUP_PATH_MAX = 4096,    /* of the mount and the path together */
	CGROUP_FILE_MAX = 1 << 20, /* no file of ours is longer, save cgroup.procs */
};

/* Finds the first cgroup2 mount in the text of a mountinfo file; false if there is none. Pure. */
bool cgroup_find_mount(const char *mountinfo, struct cgroup_host *ret_host);

/* Opens the cgroup that the first `len` bytes of the path name; 0 and 1 name the root. No symlink is followed. -1 and
 * errno; ENOTSUP if it is not on a cgroup2 file system. */
int cgroup_try_open_prefix(const struct cgroup_host *host, const char *path, size_t len);

/* Removes the directory that the first `len` bytes of path name. -1 and errno. */
int cgroup_try_rmdir(const struct cgroup_host *host, const char *path, size_t len);

/* The length of path without its last component: 0 for "/a". */
size_t cgroup_parent_len(const char *path, size_t len);

/* Whether hull made the cgroup that the first `len` bytes of the path name, as a parent of a container's cgroup. */
bool cgroup_is_our_parent(const struct cgroup_host *host, const char *path, size_t len);

/* The two facts of a cgroup.events file. -1 if it cannot be read. */
struct cgroup_events {
	bool populated, frozen;
};
int cgroup_read_events(int cgroup_fd, struct cgroup_events *ret_events);
/* Waits at most timeout_ms until done() is true of the events. Returns 1 if it is, 0 if the time is up, -1 and
 * errno. */
int cgroup_wait_events(int cgroup_fd, bool (*done)(const struct cgroup_events *events), int timeout_ms);

/* The children of a cgroup, one by one; NULL and errno 0 at the end. closedir ends it. */
DIR *cgroup_open_children(int cgroup_fd);
const char *cgroup_next_child(DIR *children);

/* Removes every cgroup below this one, the deepest first, for at most timeout_ms. -1 and errno; EBUSY if some
 * remain. */
int cgroup_remove_below(int cgroup_fd, int timeout_ms);
