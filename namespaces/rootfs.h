/*
 * The container's root: opened by the parent as a detached tree, made the root by the child.
 *
 *	FD(root) = rootfs_open("/bundle/rootfs", propagation, &err);     parent
 *	rootfs_attach(root, "/bundle/rootfs", &err);                     child: in its mount namespace
 *	...mounts...
 *	rootfs_pivot(root, &err);                                        child: the old root is gone
 *	rootfs_finish(root, readonly, propagation, &err);
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Clones the tree at path, recursively, cut off from the propagation of the host (or its slave, where `propagation`,
 * MS_SLAVE with or without MS_REC, says so). config.md "Root". Returns the descriptor. */
int rootfs_open(const char *path, unsigned long propagation, struct error *err);

/* Cuts the new mount namespace off from the host's and attaches the tree at `path`, where createContainer hooks expect
 * it; where the user namespace may not walk that path, over "/". The content is the tree's in any case. */
int rootfs_attach(int root, const char *path, struct error *err);

/* pivot_root(2) into the tree and drops everything else. The working directory is then "/". */
int rootfs_pivot(int root, struct error *err);

/* For hosts whose root is an initramfs, which pivot_root cannot leave: moves the tree over "/" and chroots
 * (--no-pivot). */
int rootfs_move(int root, struct error *err);

/* Read-only and .linux.rootfsPropagation, last. */
int rootfs_finish(int root, bool readonly, unsigned long propagation, struct error *err);
