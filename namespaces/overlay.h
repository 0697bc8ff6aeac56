/*
 * A root filesystem that is written to beside it: an overlay, whose lower layer is the bundle's and stays as it is.
 *
 *	struct overlay overlay = { .lower = "/bundle/rootfs", .dir = "/srv/box" };
 *	FD(root) = overlay_open(arena, &overlay, &err);
 *
 * Many containers can share one bundle so.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "namespaces/mount-idmap.h"

struct overlay {
	const char *lower; /* absolute */
	/* Absolute: what is written is kept in its upper/, beside which the kernel has work/. NULL: in a tmpfs that
	 * goes with the container. */
	const char *dir;
	struct mount_idmap *idmap; /* of the lower layer, or NULL */
};

/* Makes it, in a mount namespace that is forgotten at once. Returns the descriptor of a detached mount. The bundle's
 * mounts below the root filesystem are not in it. */
int overlay_open(struct arena *arena, const struct overlay *overlay, struct error *err);
