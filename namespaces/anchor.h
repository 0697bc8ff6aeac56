/*
 * Paths in the container's root filesystem that may lead through mounts which init has made there.
 *
 *	struct anchors anchors = { .root = root, .mounts = ops, .count = len };
 *	FD(fd) = anchor_open(&anchors, "/proc/kcore", O_PATH);
 *
 * Another process may rename directories of the root filesystem at any time, mount points among them. A path below a
 * mount of the configuration is therefore resolved from the descriptor of that mount, so that a mask of procfs is never
 * looked for in another directory (GHSA-3q8j-pf29-vwv8). Only a symlink that leads out of the mount, and a path below
 * no mount, are resolved from the root.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/path.h"

struct mount_op;

struct anchors {
	int root;
	const struct mount_op *mounts; /* those that are made so far, in their order */
	size_t count;
};

/* Returns the descriptor from which `path` is resolved, and the rest of the path from there on. */
int anchor_find(const struct anchors *anchors, const char *path, const char **ret_rest);

/* As path_try_open(): -1 and errno. */
int anchor_open(const struct anchors *anchors, const char *path, int flags);

/* As path_make(). */
int anchor_make(const struct anchors *anchors, const char *path, enum path_kind kind, mode_t mode, struct error *err);

/* As anchor_make() for the parent of path; *ret_name points at the last component within `path`. For mknodat, symlinkat
 * and unlinkat in it. A path that ends in "/", "." or ".." has no last component, which is an error. */
int anchor_parent(const struct anchors *anchors, const char *path, const char **ret_name, struct error *err);
