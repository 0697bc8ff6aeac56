/*
 * A container that exists: its directory below the state root, its record, its observed status.
 *
 *	CONTAINER(c);
 *	container_open(&c, root, id, CONTAINER_LOCKED, &err);
 *	enum status status = container_status(&c, &err);
 *
 * The directory holds state.json, config.json (a copy: later edits must not matter), start.sock while init waits for
 * start. Whatever changes a container holds the lock on its directory.
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
/* A symlink, to nothing: "2", how many components of cgroupsPath were missing; "1/delegated/hull-x" where the path is
 * not to be had from the configuration. */
#define CONTAINER_CGROUP "cgroup"

struct container {
	struct arena arena;
	const char *id;
	int root; /* directory of all containers */
	int dir;  /* this one's */
	struct oci_record record;
	bool has_record; /* false: create died before it wrote one */
	bool absent;     /* container_open failed since there is none of that id */
	bool damaged;    /* there is one that cannot be read: container_open failed for that alone */
	bool reaped;     /* init is known to be gone */
	bool held;       /* or to have been there when its pidfd was opened, which the caller holds */
	const struct cgroup_host *cgroup_host; /* where known already, or NULL: container_cgroup_host() */
	const struct oci_config *config;       /* likewise */
};

#define CONTAINER(name) struct container name __attribute__((cleanup(container_close))) = { .root = -1, .dir = -1 }

enum container_lock {
	CONTAINER_UNLOCKED,
	CONTAINER_GLANCE, /* as that, and dir need not be open: for who looks at hundreds */
	CONTAINER_LOCKED,
	CONTAINER_LOCKED_IN_TIME, /* waits ten seconds, no longer */
};

/* "created" … and back for `list`. */
const char *status_name(enum status status);

/* Lets other commands at the container. */
void container_unlock(struct container *c);
/* Takes the lock back, or keeps it. False if the container was deleted meanwhile: its name, and all that goes by it,
 * may be another one's by now. */
bool container_relock(struct container *c);

/* As runc: [A-Za-z0-9_+.-], not "." nor "..", but at most NAME_MAX bytes, since it names a directory. */
int container_check_id(const char *id, struct error *err);

/* The state root: --root, or /run/hull, or $XDG_RUNTIME_DIR/hull for other users than root. */
const char *container_default_root(struct arena *arena);
/* Opens it, making it (0700) where `make`. One that others could write to, or that is a link or another user's, is
 * refused (CVE-2015-1331). ENOENT where there is none. */
int container_open_root(const char *path, bool make, struct error *err);

/* Makes the directory of a new container and locks it; that its id is new is seen by rename(2) with
 * RENAME_NOREPLACE. */
int container_make(struct container *c, const char *root, const char *id, struct error *err);
/* Opens an existing one; c->root may be open already, which is then used. Without a record (create is at work, or died)
 * c->has_record is false. */
int container_open(struct container *c, const char *root, const char *id, enum container_lock lock, struct error *err);
void container_close(struct container *c);

/* Observed, not stored: see runtime.md "State". */
enum status container_status(struct container *c, struct error *err);
bool container_is_alive(const struct container *c);
/* After a failure, of which anything may be the cause: says that the container has ended, or is gone, if it has.
 * Returns -1. */
int container_blame(const struct container *c, const char *verb, struct error *err);
/* Fails, in the words of the field, unless the status is one of `allowed`; `verb` is what was to be done. */
int container_require(
	struct container *c, unsigned allowed, const char *verb, enum status *ret_status, struct error *err);

/* The directory for compiled seccomp profiles, which all containers below the state root share, made where it is
 * missing; -1 where there is none: then profiles are compiled each time. */
int container_open_cache(const struct container *c);

/* What `state` prints and hooks read. Borrows from the container; owner is in its arena. */
struct oci_state container_state(struct container *c, enum status status);

/* Where cgroup2 is mounted: c->cgroup_host, which is found where it is not known. NULL if it cannot be. */
const struct cgroup_host *container_cgroup_host(struct container *c, struct error *err);

/* The copy of the configuration. */
int container_config(struct container *c, struct oci_config **ret_config, struct error *err);

/* Sends a signal to init. That it is gone by now is an error in the words of container_require. */
int container_signal(struct container *c, int sig, struct error *err);

/* Ends all processes, removes cgroup, resctrl groups and directory, and runs the poststop hooks. A failure leaves the
 * directory, so that it can be tried again. */
int container_destroy(struct container *c, struct error *err);
