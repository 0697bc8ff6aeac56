/*
 * One mount of the container. The plan decides it, the parent opens its source, and the child performs it.
 *
 *	mount_plan(arena, i, &config->mounts.items[i], &facts, &op, &err);
 *	mount_open(arena, &op, &err);             parent, before clone3: fails cheaply
 *	mount_perform(&anchors, &op, &batch, &err);   child
 *
 * Destinations resolve inside the root by openat2(2). Mounts are made detached, get their flags, and are then moved
 * onto descriptors.
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
	MOUNT_REMOUNT, /* a change of the mount that is there */
	MOUNT_SYMLINK, /* copy-symlink: a copy of the link that the source is */
};

struct mount_op {
	const char *where; /* ".mounts[3]" */
	enum mount_kind kind;
	const char *destination, *source, *type;
	/* Of a source below the root filesystem that an earlier mount of the list brings: its path in the container. It
	 * is opened when that mount is made. Or NULL. */
	const char *inside;
	struct mount_options options;
	bool no_symlinks;          /* procfs and sysfs: CVE-2019-19921, CVE-2023-27561 */
	bool directory;            /* whether the target must be one; set by mount_open for a bind */
	struct mount_idmap *idmap; /* or NULL */
	bool anchor;               /* later steps lead through it, so that its descriptor is needed */
	int tree;                  /* descriptor of the mount; of a bind also while it is detached; or -1 */
	bool late_readonly;        /* a tmpfs that mount_finish makes read-only */
	const char *label;         /* of an mqueue, which takes no context as an option; or NULL */
	const char *link;          /* MOUNT_SYMLINK: its target; the arena's */
	char *mode; /* of a tmpfs without mode=: the parameter for the mode of the directory it hides; or NULL */
};

/* The facts that a plan of mounts depends on. */
struct mount_facts {
	const char *bundle;       /* absolute; relative bind sources start there (config.md "Mounts") */
	const char *cgroup_mount; /* where the host has cgroup2 */
	bool new_cgroup_ns;
	bool new_user_ns;
	struct mount_param label; /* .linux.mountLabel as an option of a mount: "context=…"; value NULL: none */
	struct mount_idmap_facts idmap;
};

/* ".mounts[3].options[1]" */
const char *mount_param_where(struct arena *arena, const struct mount_op *op, const struct mount_param *param);

/* Plans one mount. Pure. */
int mount_plan(struct arena *arena, size_t index, const struct oci_mount *mount, const struct mount_facts *facts,
	struct mount_op *ret, struct error *err);

/* Opens the source of a bind in the caller's mount namespace, as a detached clone with its flags set. */
int mount_open(struct arena *arena, struct mount_op *op, struct error *err);

/* Performs the mount; `anchors` has the earlier ones. May change the working directory. The target stays open until the
 * batch is closed, and the mount's own descriptor in op->tree. */
struct fd_batch;
struct anchors;
int mount_perform(const struct anchors *anchors, struct mount_op *op, struct fd_batch *batch, struct error *err);

/* Makes a read-only tmpfs, which had to be writable until now, read-only. */
int mount_finish(const struct mount_op *op, struct error *err);

/* Moves a detached mount onto target; both are descriptors. -1 and errno. */
int mount_attach(int mount, int target);
