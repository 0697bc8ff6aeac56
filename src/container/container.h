/*
 * A container that exists: its directory below the state root, its record, its observed status.
 *
 *	CONTAINER(c);
 *	if (container_open(&c, root, id, CONTAINER_LOCKED, &err) < 0) ...
 *	enum status status = container_status(&c, &err);
 *
 * The directory holds state.json (the record), config.json (a copy: later edits must not matter), and start.sock
 * while init waits for start. The record is the first file in it and the last one to go: a directory without a record
 * is no container, only what is left of a create or delete that was killed. A command that changes a container holds
 * the lock on its directory.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "cgroups/cgroup.h"
#include "oci/config.h"
#include "oci/state.h"

enum status {
	STATUS_CREATING = 1 << 0,
	STATUS_CREATED = 1 << 1,
	STATUS_RUNNING = 1 << 2,
	STATUS_PAUSED = 1 << 3,
	STATUS_STOPPED = 1 << 4,
};

#define CONTAINER_CONFIG "config.json"
#define CONTAINER_START_SOCKET "start.sock"

struct container {
	struct arena arena;
	const char *id;
	int root; /* directory of all containers */
	int dir;  /* this one's, or -1: CONTAINER_GLANCE */
	struct oci_record record;
	char mark[CGROUP_MARK_SIZE];           /* of its cgroup: see container_mark() */
	bool absent;                           /* container_open failed because there is no container of that id */
	bool damaged;                          /* container_open failed because the record cannot be read */
	bool reaped;                           /* init is known to be gone */
	bool held;                             /* init was alive when the caller opened its pidfd */
	const struct cgroup_host *cgroup_host; /* NULL until container_cgroup_host() has found it */
	const struct oci_config *config;       /* NULL unless the caller has read it */
};

#define CONTAINER(name) struct container name __attribute__((cleanup(container_close))) = { .root = -1, .dir = -1 }

enum container_lock {
	CONTAINER_UNLOCKED,
	CONTAINER_GLANCE, /* likewise, and the directory stays closed: for a command that looks at hundreds */
	CONTAINER_LOCKED,
	CONTAINER_LOCKED_IN_TIME, /* waits for the lock for ten seconds at most */
};

/* The word for a status, as `state` and `list` print it. */
const char *status_name(enum status status);

/* Releases the lock. */
void container_unlock(struct container *c);
/* Takes the lock again, or keeps it. False if the container was deleted meanwhile: its name, and everything found by
 * its name, may belong to another container by now. */
bool container_relock(struct container *c);

/* As runc: [A-Za-z0-9_+.-], neither "." nor "..", but at most NAME_MAX bytes, since the id names a directory. */
int container_check_id(const char *id, struct error *err);

/* The state root: --root, or /run/hull, or $XDG_RUNTIME_DIR/hull for users other than root. */
const char *container_default_root(struct arena *arena);
/* Opens the state root, and makes it (0700) if `make`. A root that is a link, belongs to another user or can be
 * written by others is refused (CVE-2015-1331). ENOENT if there is none. */
int container_open_root(const char *path, bool make, struct error *err);

/* Makes the directory of a new container, locks it, and writes c->record, which the caller has filled. An id that is
 * in use is an error. */
int container_make(struct container *c, const char *root, struct error *err);
/* Opens an existing container. If c->root is open already, it is used instead of `root`. */
int container_open(struct container *c, const char *root, const char *id, enum container_lock lock, struct error *err);
void container_close(struct container *c);
/* Whether another command has deleted the container since its directory was opened. */
bool container_is_deleted(const struct container *c);
/* Removes the locked directory with everything in it, for container_destroy(). False, and errno, if it stays. */
bool container_remove_directory(struct container *c);

/* The status of runtime.md "State": observed, not stored. 0 if it cannot be observed: only a process that is known to
 * be gone has ended. */
enum status container_status(struct container *c, struct error *err);
/* Whether init runs: 1, 0, or -1 if that cannot be seen. */
int container_is_alive(const struct container *c, struct error *err);
/* Replaces the error of a step that failed because the container has ended or was deleted; keeps every other error.
 * Returns -1. */
int container_blame(const struct container *c, const char *verb, struct error *err);
/* Fails, in the words that engines look for, unless the status is one of `allowed`. `verb` names the command. */
int container_require(
	struct container *c, unsigned allowed, const char *verb, enum status *ret_status, struct error *err);

/* Opens the directory of compiled seccomp profiles, which all containers below a state root share, and makes it if it
 * is missing. -1 if it cannot be had: profiles are then compiled each time. */
int container_open_cache(const struct container *c);

/* The state that `state` prints and hooks read. Borrows from the container; the owner's name is in its arena. */
struct oci_state container_state(struct container *c, enum status status);

/* Reads the copy of the configuration. */
int container_config(struct container *c, struct oci_config **ret_config, struct error *err);

/* Runs hooks of the configuration in the runtime's namespaces. Without err all of them are run and failures are
 * logged: poststop, runtime.md "Lifecycle". */
int container_run_hooks(struct container *c, const struct oci_config *config, const oci_hook_list *hooks,
	const char *where, enum status status, struct error *err);

/* Where cgroup2 is mounted: c->cgroup_host, looked for once. NULL on failure. */
const struct cgroup_host *container_cgroup_host(struct container *c, struct error *err);
/* The mark of the container's cgroup (cgroup_claim): the device and inode of its directory. */
const char *container_mark(struct container *c);
/* Opens the container's cgroup. Fails with ENOENT if another container uses that cgroup by now, and without an errno
 * if the container was made without one. *ret_host may be NULL. */
int container_open_cgroup(struct container *c, struct cgroup_host *ret_host, struct error *err);
/* Opens the cgroup in which init is now; *ret_path is in the container's arena. */
int container_open_init_cgroup(struct container *c, const char **ret_path, struct error *err);

/* All processes of the container: those in its cgroup, or if it has none, those in its pid namespace. Init alone if
 * the pid namespace is not its own either. */
int container_pids(struct container *c, struct arena *arena, pid_t **ret_pids, size_t *ret_len, struct error *err);

/* Sends a signal to init; SIGKILL also to processes that outlive init, because they share another pid namespace. If
 * none is there, the error is that of container_require(). */
int container_signal(struct container *c, int sig, struct error *err);
/* Sends a signal to all processes of the container. With a cgroup, a container that has ended is no error. */
int container_signal_all(struct container *c, int sig, struct error *err);

/* Kills all processes, removes cgroup, resctrl group and directory, and runs the poststop hooks. After a failure the
 * directory is still there, so that the caller can try again. */
int container_destroy(struct container *c, struct error *err);
