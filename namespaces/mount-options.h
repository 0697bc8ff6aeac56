/*
 * Mount options: config.md "Linux mount options", mount(8), and three of crun's. One table.
 *
 *	struct mount_options o;
 *	mount_options_parse(arena, &mount->options, "tmpfs", &o, &err);
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/sys.h"
#include "oci/config.h"

enum mount_extra {
	MOUNT_EXTRA_BIND = 1 << 0,
	MOUNT_EXTRA_RECURSIVE = 1 << 1, /* of a bind */
	MOUNT_EXTRA_REMOUNT = 1 << 2,
	MOUNT_EXTRA_TMPCOPYUP = 1 << 3,
	MOUNT_EXTRA_COPY_SYMLINK = 1 << 4,
	MOUNT_EXTRA_SRC_NOFOLLOW = 1 << 5,
	MOUNT_EXTRA_DEST_NOFOLLOW = 1 << 6,
	MOUNT_EXTRA_IDMAP = 1 << 7,
	MOUNT_EXTRA_RIDMAP = 1 << 8,
};

struct mount_param { /* for fsconfig(2): a flag where value is NULL */
	const char *key, *value;
	size_t word; /* number of the option that has it, from 1; 0 if it is not from the configuration */
};

struct mount_options {
	unsigned extra;                   /* enum mount_extra */
	struct mount_attr attr;           /* of the mount itself */
	struct mount_attr recursive_attr; /* of the mount and all below it: rro, rnosuid … */
	bool propagation_recursive;       /* attr.propagation is that of the whole tree: rshared … */
	unsigned long call_flags;         /* MS_* that only mount(2) can pass: iversion, acl */
	LIST(struct mount_param) params;
	const char *idmap;  /* the text after "idmap=" or "ridmap=", or NULL */
	size_t idmap_index; /* of that word */
};

/* Parses the options of one mount. `where` is its path (".mounts[3]"), for errors. An unknown word is a parameter of
 * the filesystem, or several with commas between. Pure. */
int mount_options_parse(
	struct arena *arena, const oci_strings *words, const char *where, struct mount_options *ret, struct error *err);

/* Sets the flags of a mount, those of its tree, and the propagation; `default_propagation` (MS_* or 0) is for options
 * without a word on it. -1 and errno. */
int mount_options_apply(const struct mount_options *options, int fd, uint64_t default_propagation);

/* "did you mean \"nosuid\"?" for an option that was left to the filesystem, or NULL. */
const char *mount_option_hint(struct arena *arena, const struct mount_param *param);

/* All known words, NULL-terminated, sorted: for features.md "mountOptions". */
const char *const *mount_option_names(struct arena *arena);
