/*
 * Mounts of a filesystem of the container's own, made through a context (fsopen(2)), which explains failures.
 *
 *	FD(tmpfs) = mount_detached("tmpfs", "tmpfs", &options, &err);
 *	mount_new_perform(&op, target, &err);     for mount.c
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "namespaces/mount.h"

/* Makes a detached mount of a filesystem. An error quotes the kernel's message. Returns the descriptor. */
int mount_detached(const char *type, const char *source, const struct mount_options *options, struct error *err);

/* Asks the kernel whether it takes the type and the options of a new filesystem, and gives each refusal to `refused`.
 * Filesystems that keep something, on a disk or elsewhere, are not made for that. */
void mount_try(struct arena *arena, const struct mount_op *op, const struct error_sink *refused);

/* Whether the superblock of a filesystem of that type is made for one mount, or shared with the host: read-only is then
 * a flag of the mount alone. */
bool mount_is_pseudo(const char *type);

/* Sets the parameters of a filesystem context. */
int mount_configure(int fs, const char *type, const struct mount_options *options, struct error *err);

/* Fills err with errno, quoting the kernel's message from the context: "WHAT TYPE: the kernel says …". Returns -1. */
int mount_fail_quoting(struct error *err, int fs, const char *what, const char *type);

/* Makes the mount of `op` detached. tmpcopyup copies from `target`. */
int mount_new_make(const struct mount_op *op, int target, struct error *err);

/* Makes it and attaches it to the descriptor `target`. */
int mount_new_perform(struct mount_op *op, int target, struct error *err);
