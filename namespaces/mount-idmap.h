/*
 * Id-mapped mounts: the files of a mount have other owners than in the filesystem (config.md "Mounts",
 * mount_setattr(2) "ID-mapped mounts").
 *
 *	mount_idmap_plan(arena, mount, &options, &facts, where, &op.idmap, &err);	pure
 *	mount_idmap_apply(op.idmap, tree, &what, &err);	while the mount is detached
 *
 * A file of owner `containerID` in the filesystem has the owner `hostID` in the mount. The kernel takes the mapping
 * from a user namespace, which is made for that purpose, once for all mounts with the same mapping.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct mount_options;

struct mount_idmap {
	struct mount_idmap *next; /* of the container's others */
	const char *uid_map,
		*gid_map; /* text for the kernel; NULL: those of the user namespace that the container joins */
	int userns;       /* descriptor, opened when it is needed first; or -1 */
};

/* The facts that mappings depend on. */
struct mount_idmap_facts {
	const oci_id_mappings *uids, *gids; /* of the container's new user namespace, or empty */
	bool joins_user_ns;
	struct mount_idmap **all; /* a list that grows */
};

/* Chooses the mapping of a mount: its own properties, else its option "idmap=…", else the container's; NULL if the
 * mount asks for none. `where` is the path of the mount in the configuration. Pure. */
int mount_idmap_plan(struct arena *arena, const struct oci_mount *mount, const struct mount_options *options,
	const struct mount_idmap_facts *facts, const char *where, struct mount_idmap **ret, struct error *err);

/* The container's own mapping. NULL if it has no user namespace. */
struct mount_idmap *mount_idmap_of_container(struct arena *arena, const struct mount_idmap_facts *facts);

struct mount_idmap_what { /* for errors */
	const char *where;
	const char *source; /* a path, or NULL */
	const char *type;   /* of a new filesystem, without a source */
	bool recursive;     /* the mounts below it, too */
};

/* Maps a detached mount. Needs CAP_SYS_ADMIN in the user namespace that the filesystem was mounted in. */
int mount_idmap_apply(struct mount_idmap *idmap, int mount, const struct mount_idmap_what *what, struct error *err);

/* Closes the user namespaces of all mappings. */
void mount_idmap_close(struct mount_idmap *all);
