/*
 * One mount of the container: decided by the plan, opened by the parent, performed by the child.
 *
 *	mount_plan(arena, i, &config->mounts.items[i], &facts, &op, &err);
 *	mount_open(&op, &err);               parent, before clone3: fails cheaply
 *	mount_perform(root, &op, &batch, &err);   child
 *
 * Destinations resolve inside the root by openat2; mounts are made detached and moved onto descriptors, with
 * their flags on before they are seen by anyone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "namespaces/mount-idmap.h"
#include "namespaces/mount-options.h"
#include "oci/config.h"

enum mount_kind {
	MOUNT_NEW,     /* a filesystem of its own */
	MOUNT_BIND,    /* a tree of the host, from `tree` */
	MOUNT_REMOUNT, /* change what is mounted there */
	MOUNT_SYMLINK, /* copy-symlink: the source was a link, and a link it becomes */
};

struct mount_op {
	const char *where; /* ".mounts[3]" */
	enum mount_kind kind;
	const char *destination, *source, *type;
	struct mount_options options;
	bool no_symlinks;          /* procfs and sysfs: CVE-2019-19921, CVE-2023-27561 */
	bool directory;            /* what the target must be; set by mount_open for a bind */
	struct mount_idmap *idmap; /* or NULL */
	int tree;                  /* MOUNT_BIND: detached clone of the source, or -1 */
	int writable;              /* a tmpfs that is to be read-only when all is mounted, or -1 */
	const char *link;          /* MOUNT_SYMLINK: its text; the arena's */
	char *mode; /* of a tmpfs without mode=: the parameter, for the mode of the directory below; or NULL */
};

/* What a decision about mounts depends on. */
struct mount_facts {
	const char *bundle;       /* absolute: relative bind sources begin there (config.md "Mounts") */
	const char *cgroup_mount; /* where the host has cgroup2 */
	bool new_cgroup_ns;
	bool new_user_ns;
	const char *label;      /* .linux.mountLabel or NULL */
	const char *label_type; /* "context", "fscontext", "rootcontext" or "defcontext" */
	struct mount_idmap_facts idmap;
};

/* ".mounts[3].options[1]" */
const char *mount_param_where(struct arena *arena, const struct mount_op *op, const struct mount_param *param);

/* Fills one operation. Pure. */
int mount_plan(struct arena *arena, size_t index, const struct oci_mount *mount, const struct mount_facts *facts,
	struct mount_op *ret, struct error *err);

/* Opens the source of a bind in the caller's mount namespace, as a detached clone with its flags set. */
int mount_open(struct arena *arena, struct mount_op *op, struct error *err);

/* Performs it under root, the descriptor of the root of the container's tree. The working directory may be another one
 * afterwards, and descriptors stay open until the batch is closed. */
struct fd_batch;
int mount_perform(int root, struct mount_op *op, struct fd_batch *batch, struct error *err);

/* Makes it read-only, if it had to be writable until now. */
int mount_finish(struct mount_op *op, struct error *err);

/* Moves a detached mount onto target; both are descriptors. -1 and errno. */
int mount_attach(int mount, int target);
