/*
 * The container's root: the parent opens it as a detached tree, and the child makes it its root.
 *
 *	FD(root) = rootfs_open("/bundle/rootfs", propagation, &err);     parent
 *	rootfs_attach(root, "/bundle/rootfs", &err);                     child: in its mount namespace
 *	...mounts...
 *	rootfs_pivot(root, &err);                                        child: the old root is gone
 *	rootfs_finish(root, readonly, propagation, &err);
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

/* Clones the tree at path recursively. The clone is private, or a slave of the host if `propagation` has MS_SLAVE.
 * config.md "Root". Returns the descriptor. */
int rootfs_open(const char *path, unsigned long propagation, struct error *err);

/* Makes the new mount namespace private and attaches the tree at `path`, where createContainer hooks expect it. Where
 * the user namespace may not search that path, the tree is attached over "/". */
int rootfs_attach(int root, const char *path, struct error *err);

/* Pivots into the tree and detaches the old root. The working directory is then "/". */
int rootfs_pivot(int root, struct error *err);

/* Moves the tree over "/" and changes the root (--no-pivot), for hosts whose root is an initramfs, which pivot_root(2)
 * cannot leave. Hides each procfs and sysfs of the old root. */
int rootfs_move(struct arena *arena, int root, struct error *err);

/* Sets .root.readonly and .linux.rootfsPropagation, as the last step. */
int rootfs_finish(int root, bool readonly, unsigned long propagation, struct error *err);
