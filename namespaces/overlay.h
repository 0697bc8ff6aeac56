/*
 * An overlay as root filesystem: its lower layer is the bundle's root filesystem, which stays unchanged.
 *
 *	struct overlay overlay = { .lower = "/bundle/rootfs", .dir = "/srv/box" };
 *	FD(root) = overlay_open(arena, &overlay, &err);
 *
 * Many containers can share one bundle in this way.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "namespaces/mount-idmap.h"

struct overlay {
	const char *lower; /* absolute */
	/* Absolute: changes are kept in its directory upper/, and the kernel works in work/ beside it. NULL: changes
	 * are in a tmpfs that ends with the container. */
	const char *dir;
	struct mount_idmap *idmap; /* of the lower layer, or NULL */
};

/* Makes the overlay in a temporary mount namespace. Returns the descriptor of a detached mount, which leaves out the
 * bundle's mounts below the root filesystem. */
int overlay_open(struct arena *arena, const struct overlay *overlay, struct error *err);
