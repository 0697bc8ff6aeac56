#include "namespaces/mount-options.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/str.h"

enum kind { ATTR, RECURSIVE, PROPAGATION, EXTRA, CALL, PARAM, IGNORED };

struct option {
	const char *name;
	enum kind kind;
	uint64_t set, clear;
};

#define ATIME MOUNT_ATTR__ATIME
#define RDONLY MOUNT_ATTR_RDONLY
#define NOSUID MOUNT_ATTR_NOSUID
#define NODEV MOUNT_ATTR_NODEV
#define NOEXEC MOUNT_ATTR_NOEXEC
#define NODIRATIME MOUNT_ATTR_NODIRATIME
#define NOSYMFOLLOW MOUNT_ATTR_NOSYMFOLLOW
#define BIND MOUNT_EXTRA_BIND
#define RBIND (MOUNT_EXTRA_BIND | MOUNT_EXTRA_RECURSIVE)

/* Sorted by name for bsearch(3). `clear` of a propagation says whether it is recursive. */
static const struct option options[] = {
	{ "acl", CALL, MS_POSIXACL, 0 },
	{ "async", PARAM, 0, 0 },
	{ "atime", ATTR, 0, MOUNT_ATTR_NOATIME },
	{ "bind", EXTRA, BIND, 0 },
	{ "copy-symlink", EXTRA, MOUNT_EXTRA_COPY_SYMLINK, 0 },
	{ "defaults", IGNORED, 0, 0 },
	{ "dest-nofollow", EXTRA, MOUNT_EXTRA_DEST_NOFOLLOW, 0 },
	{ "dev", ATTR, 0, NODEV },
	{ "diratime", ATTR, 0, NODIRATIME },
	{ "dirsync", PARAM, 0, 0 },
	{ "exec", ATTR, 0, NOEXEC },
	{ "idmap", EXTRA, MOUNT_EXTRA_IDMAP, 0 },
	{ "iversion", CALL, MS_I_VERSION, 0 },
	{ "lazytime", PARAM, 0, 0 },
	{ "loud", IGNORED, 0, 0 },
	{ "mand", PARAM, 0, 0 },
	{ "noacl", CALL, 0, MS_POSIXACL },
	{ "noatime", ATTR, MOUNT_ATTR_NOATIME, ATIME },
	{ "nodev", ATTR, NODEV, 0 },
	{ "nodiratime", ATTR, NODIRATIME, 0 },
	{ "noexec", ATTR, NOEXEC, 0 },
	{ "noiversion", CALL, 0, MS_I_VERSION },
	{ "nolazytime", PARAM, 0, 0 },
	{ "nomand", PARAM, 0, 0 },
	{ "norelatime", IGNORED, 0, 0 }, /* as with mount(2), whose default is relatime */
	{ "nostrictatime", ATTR, MOUNT_ATTR_RELATIME, ATIME },
	{ "nosuid", ATTR, NOSUID, 0 },
	{ "nosymfollow", ATTR, NOSYMFOLLOW, 0 },
	{ "private", PROPAGATION, MS_PRIVATE, 0 },
	{ "ratime", RECURSIVE, 0, MOUNT_ATTR_NOATIME },
	{ "rbind", EXTRA, RBIND, 0 },
	{ "rdev", RECURSIVE, 0, NODEV },
	{ "rdiratime", RECURSIVE, 0, NODIRATIME },
	{ "relatime", ATTR, MOUNT_ATTR_RELATIME, ATIME },
	{ "remount", EXTRA, MOUNT_EXTRA_REMOUNT, 0 },
	{ "rexec", RECURSIVE, 0, NOEXEC },
	{ "ridmap", EXTRA, MOUNT_EXTRA_RIDMAP, 0 },
	{ "rnoatime", RECURSIVE, MOUNT_ATTR_NOATIME, ATIME },
	{ "rnodev", RECURSIVE, NODEV, 0 },
	{ "rnodiratime", RECURSIVE, NODIRATIME, 0 },
	{ "rnoexec", RECURSIVE, NOEXEC, 0 },
	{ "rnorelatime", IGNORED, 0, 0 },
	{ "rnostrictatime", RECURSIVE, MOUNT_ATTR_RELATIME, ATIME },
	{ "rnosuid", RECURSIVE, NOSUID, 0 },
	{ "rnosymfollow", RECURSIVE, NOSYMFOLLOW, 0 },
	{ "ro", ATTR, RDONLY, 0 },
	{ "rprivate", PROPAGATION, MS_PRIVATE, MS_REC },
	{ "rrelatime", RECURSIVE, MOUNT_ATTR_RELATIME, ATIME },
	{ "rro", RECURSIVE, RDONLY, 0 },
	{ "rrw", RECURSIVE, 0, RDONLY },
	{ "rshared", PROPAGATION, MS_SHARED, MS_REC },
	{ "rslave", PROPAGATION, MS_SLAVE, MS_REC },
	{ "rstrictatime", RECURSIVE, MOUNT_ATTR_STRICTATIME, ATIME },
	{ "rsuid", RECURSIVE, 0, NOSUID },
	{ "rsymfollow", RECURSIVE, 0, NOSYMFOLLOW },
	{ "runbindable", PROPAGATION, MS_UNBINDABLE, MS_REC },
	{ "rw", ATTR, 0, RDONLY },
	{ "shared", PROPAGATION, MS_SHARED, 0 },
	{ "silent", IGNORED, 0, 0 },
	{ "slave", PROPAGATION, MS_SLAVE, 0 },
	{ "src-nofollow", EXTRA, MOUNT_EXTRA_SRC_NOFOLLOW, 0 },
	{ "strictatime", ATTR, MOUNT_ATTR_STRICTATIME, ATIME },
	{ "suid", ATTR, 0, NOSUID },
	{ "symfollow", ATTR, 0, NOSYMFOLLOW },
	{ "sync", PARAM, 0, 0 },
	{ "tmpcopyup", EXTRA, MOUNT_EXTRA_TMPCOPYUP, 0 },
	{ "unbindable", PROPAGATION, MS_UNBINDABLE, 0 },
};

enum { OPTION_COUNT = sizeof(options) / sizeof(options[0]) };

static int compare_names(const void *name, const void *row)
{
	return strcmp(name, ((const struct option *)row)->name);
}

/* A later word overrides an earlier one: "ro,rw" is rw. The access time is one field, which mount_setattr(2) clears
 * only as a whole. */
static void change_attr(struct mount_attr *attr, const struct option *option)
{
	attr->attr_set = (attr->attr_set & ~option->clear) | option->set;
	attr->attr_clr = (attr->attr_clr & ~option->set) | option->clear;
	if (attr->attr_clr & ATIME)
		attr->attr_clr |= ATIME;
}

/* In context="system_u:object_r:x_t:s0:c1,c2" the quotes keep the comma from ending the value. fsconfig(2) takes the
 * value without them. */
static const char *without_quotes(struct arena *arena, const char *value)
{
	size_t len = strlen(value);
	return len >= 2 && value[0] == '"' && value[len - 1] == '"' ? arena_strndup(arena, value + 1, len - 2) : value;
}

static void add_param(struct arena *arena, struct mount_options *o, const char *word, size_t number)
{
	const char *equals = strchr(word, '=');
	struct mount_param *param = list_add(arena, &o->params);
	param->word = number;
	if (equals) {
		param->key = arena_strndup(arena, word, (size_t)(equals - word));
		param->value = without_quotes(arena, equals + 1);
	} else {
		param->key = word;
	}
}

/* Whether the comma ends the option that began at `start`. A word may have several options, or one option with a comma
 * in its value, as in mpol=bind:0,2 or lowerdir=/a,b. The comma ends the option if another one follows: a name with a
 * value, or a name alone unless the value so far is a path or an unquoted SELinux context. */
static bool ends_option(const char *start, const char *comma)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.";
	const char *equals = memchr(start, '=', (size_t)(comma - start));
	const char *next = comma + 1, *end = next + strspn(next, name);
	if ((comma > start && comma[-1] == '\\') || (*next >= '0' && *next <= '9'))
		return false;
	if (*end == '=')
		return end > next;
	if (equals && (equals[1] == '/' || (equals - start >= 7 && str_starts(equals - 7, "context"))))
		return false;
	return *end == ',' || *end == '\0';
}

static void add_params(struct arena *arena, struct mount_options *o, const char *word, size_t number)
{
	const char *start = word;
	bool quoted = false;
	for (const char *at = word;; at++) {
		quoted ^= *at == '"';
		if (*at && (*at != ',' || quoted || !ends_option(start, at)))
			continue;
		if (at > start)
			add_param(arena, o, arena_strndup(arena, start, (size_t)(at - start)), number);
		if (!*at)
			return;
		start = at + 1;
	}
}

static void apply_option(struct arena *arena, struct mount_options *o, const struct option *option, size_t number)
{
	switch (option->kind) {
	case ATTR:
		change_attr(&o->attr, option);
		break;
	case RECURSIVE:
		change_attr(&o->recursive_attr, option);
		break;
	case PROPAGATION:
		o->attr.propagation = option->set;
		o->propagation_recursive = option->clear != 0;
		break;
	case EXTRA:
		o->extra |= (unsigned)option->set;
		break;
	case CALL:
		o->call_flags = (o->call_flags & ~option->clear) | option->set;
		break;
	case PARAM:
		add_param(arena, o, option->name, number);
		break;
	case IGNORED: /* the default, or fewer kernel messages */
		break;
	}
}

/* Keeps the value of crun's "idmap=uids=…" and returns the name. Returns every other word unchanged. */
static const char *split_idmap(struct mount_options *o, const char *word, size_t index)
{
	static const char *const names[] = { "idmap", "ridmap" };
	for (size_t k = 0; k < 2; k++) {
		size_t len = strlen(names[k]);
		if (!str_starts(word, names[k]) || word[len] != '=')
			continue;
		o->idmap = word + len + 1;
		o->idmap_index = index;
		return names[k];
	}
	return word;
}

int mount_options_parse(
	struct arena *arena, const oci_strings *words, const char *where, struct mount_options *ret, struct error *err)
{
	struct mount_options o = { .extra = 0 };
	for (size_t i = 0; i < words->len; i++) {
		const char *word = words->items[i];
		if (!*word) /* Buildah's volumes have an empty one */
			continue;
		const char *name = split_idmap(&o, word, i);
		const struct option *option = bsearch(name, options, OPTION_COUNT, sizeof(options[0]), compare_names);
		if (option)
			apply_option(arena, &o, option, i + 1);
		else if (*word != '=')
			add_params(arena, &o, word, i + 1);
		else
			return fail_at(err, 0, arena_printf(arena, "%s.options[%zu]", where, i),
				"\"%s\" is no mount option", word);
	}
	*ret = o;
	return 0;
}

static int set_attr(int fd, const struct mount_attr *attr, bool recursive)
{
	if (!attr->attr_set && !attr->attr_clr && !attr->propagation)
		return 0;
	return sys_mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), attr);
}

/* A user namespace cannot clear flags that a mount had outside it (mount_namespaces(7)); they stay, as with all
 * runtimes. The access time flags are not locked in that way. */
static int set_unlocked(int fd, const struct mount_attr *attr, bool recursive)
{
	static const uint64_t flags[] = { RDONLY, NOSUID, NODEV, NOEXEC, NODIRATIME, NOSYMFOLLOW };
	struct mount_attr rest = *attr;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		rest.attr_clr &= ~flags[i];
	if (set_attr(fd, &rest, recursive) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct mount_attr one = { .attr_clr = attr->attr_clr & flags[i] };
		if (one.attr_clr && set_attr(fd, &one, recursive) < 0 && errno != EPERM)
			return -1;
	}
	return 0;
}

static int set_or_keep(int fd, const struct mount_attr *attr, bool recursive)
{
	if (set_attr(fd, attr, recursive) == 0)
		return 0;
	return errno == EPERM && attr->attr_clr ? set_unlocked(fd, attr, recursive) : -1;
}

int mount_options_apply(const struct mount_options *o, int fd, uint64_t default_propagation)
{
	struct mount_attr own = o->attr, all = o->recursive_attr;
	bool all_propagates = o->attr.propagation == 0 || o->propagation_recursive;
	if (all_propagates) {
		all.propagation = o->attr.propagation ? o->attr.propagation : default_propagation;
		own.propagation = 0;
	} else if (default_propagation && !(own.propagation & MS_SHARED)) {
		/* The mounts below are cut off too, as far as the default or the word says. */
		all.propagation = own.propagation & MS_SLAVE ? MS_SLAVE : default_propagation;
	}
	return set_or_keep(fd, &all, true) < 0 ? -1 : set_or_keep(fd, &own, false);
}

const char *mount_option_hint(struct arena *arena, const struct mount_param *param)
{
	struct nearest near = nearest_to(param->key);
	near.most = near.most > 1 ? 1 : near.most; /* nouuid of xfs is not meant for nosuid */
	for (size_t i = 0; !param->value && i < OPTION_COUNT; i++)
		(void)nearest_try(&near, options[i].name);
	return near.name && !str_eq(near.name, param->key) ? arena_printf(arena, "did you mean \"%s\"?", near.name) :
							     NULL;
}

const char *const *mount_option_names(struct arena *arena)
{
	const char **names = arena_array(arena, OPTION_COUNT + 1, sizeof(*names));
	for (size_t i = 0; i < OPTION_COUNT; i++)
		names[i] = options[i].name;
	return names;
}
