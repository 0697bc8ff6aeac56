#include "namespaces/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "namespaces/copyup.h"

static bool is_one_of(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (str_eq(*names, name))
			return true;
	return false;
}

/* Their superblocks are made for this mount or shared with the host: read-only is a matter of the mount alone. */
static const char *const pseudo_types[] = { "cgroup2", "devpts", "mqueue", "proc", "sysfs", "tmpfs", NULL };
static const char *const unlinkable_types[] = { "proc", "sysfs", NULL };

static const char *join_path(struct arena *arena, const char *dir, const char *path)
{
	return *path == '/' ? path : arena_printf(arena, "%s/%s", dir, path);
}

static void plan_label(struct arena *arena, const struct mount_facts *facts, struct mount_op *op)
{
	/* SELinux labels proc, sysfs, cgroup2 and mqueue by its policy and refuses a context for most of them. */
	if (!facts->label ||
		(is_one_of(pseudo_types, op->type) && !str_eq(op->type, "tmpfs") && !str_eq(op->type, "devpts")))
		return;
	struct mount_param *param = list_add(arena, &op->options.params);
	param->key = facts->label_type;
	param->value = facts->label;
}

static int plan_idmap(struct arena *arena, const struct oci_mount *mount, const struct mount_facts *facts,
	struct mount_op *op, struct error *err)
{
	if (mount_idmap_plan(arena, mount, &op->options, &facts->idmap, op->where, &op->idmap, err) < 0)
		return -1;
	if (!op->idmap)
		return 0;
	if (op->kind == MOUNT_REMOUNT)
		return fail_at(err, 0, op->where, "the ids of what is mounted already cannot be mapped");
	return op->options.extra & MOUNT_EXTRA_TMPCOPYUP ?
		       fail_at(err, 0, op->where, "tmpcopyup and id-mapping exclude each other") :
		       0;
}

enum { MODE_SIZE = sizeof("7777") };

static void plan_mode(struct arena *arena, struct mount_op *op)
{
	LIST_EACH (&op->options.params, param)
		if (str_eq(param->key, "mode"))
			return;
	op->mode = arena_alloc(arena, MODE_SIZE);
	(void)strcpy(op->mode, "1777");
	*list_add(arena, &op->options.params) = (struct mount_param){ .key = "mode", .value = op->mode };
}

int mount_plan(struct arena *arena, size_t index, const struct oci_mount *mount, const struct mount_facts *facts,
	struct mount_op *ret, struct error *err)
{
	struct mount_op op = { .tree = -1, .writable = -1, .kind = MOUNT_NEW, .directory = true };
	op.where = arena_printf(arena, ".mounts[%zu]", index);
	op.destination = mount->destination;
	bool typed = mount->type && *mount->type;
	op.type = typed ? mount->type : "none";
	op.source = mount->source;
	if (mount_options_parse(arena, &mount->options, op.where, &op.options, err) < 0)
		return -1;
	unsigned extra = op.options.extra;
	bool bind = (extra & MOUNT_EXTRA_BIND) || str_eq(op.type, "bind");
	if (extra & MOUNT_EXTRA_REMOUNT) {
		op.kind = MOUNT_REMOUNT;
	} else if (bind) {
		op.kind = MOUNT_BIND;
		if (!op.source)
			return fail_at(err, 0, op.where, "a bind mount needs a source");
		op.source = join_path(arena, facts->bundle, op.source);
		/* what is mounted below the host's /sys is not to stay writable: CVE-2023-25809 */
		if (str_eq(op.source, "/sys") && (op.options.attr.attr_set & MOUNT_ATTR_RDONLY))
			op.options.recursive_attr.attr_set |= MOUNT_ATTR_RDONLY;
	} else if (str_eq(op.type, "cgroup") || str_eq(op.type, "cgroup2")) {
		op.type = "cgroup2";
		if (!facts->new_cgroup_ns) {
			op.kind = MOUNT_BIND;
			op.source = facts->cgroup_mount;
			op.options.extra |= MOUNT_EXTRA_RECURSIVE;
		}
	} else if (!typed) {
		return fail_at_hint(err, 0, op.where, "add \"type\", or \"bind\" to the options",
			"neither a type nor the option \"bind\"");
	} else if (str_eq(op.type, "none")) {
		op.kind = MOUNT_REMOUNT;
	} else {
		plan_label(arena, facts, &op);
	}
	if ((extra & MOUNT_EXTRA_TMPCOPYUP) && !str_eq(op.type, "tmpfs"))
		return fail_at(err, 0, op.where, "tmpcopyup is for tmpfs, not for %s", op.type);
	if (plan_idmap(arena, mount, facts, &op, err) < 0)
		return -1;
	if (op.kind == MOUNT_NEW && str_eq(op.type, "tmpfs"))
		plan_mode(arena, &op);
	op.no_symlinks = op.kind == MOUNT_NEW && is_one_of(unlinkable_types, op.type) && !defence_is_off("proc-links");
	*ret = op;
	return 0;
}

const char *mount_param_where(struct arena *arena, const struct mount_op *op, const struct mount_param *param)
{
	return param->word ? arena_printf(arena, "%s.options[%zu]", op->where, param->word - 1) : op->where;
}

static int set_attr(int fd, const struct mount_attr *attr, bool recursive)
{
	if (!attr->attr_set && !attr->attr_clr && !attr->propagation)
		return 0;
	return sys_mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), attr);
}

/* A user namespace cannot take away what its maker's mount has (mount_namespaces(7)): as with all runtimes that stays.
 * The times of access are a matter of choice, not of less or more. */
static int set_unlocked(int fd, const struct mount_attr *attr, bool recursive)
{
	static const uint64_t flags[] = { MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC,
		MOUNT_ATTR_NODIRATIME, MOUNT_ATTR_NOSYMFOLLOW };
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

/* Flags of the mount, then those of the whole tree, then propagation, with as few calls as the words allow. */
static int set_attrs(int fd, const struct mount_options *o, uint64_t default_propagation)
{
	struct mount_attr own = o->attr, all = o->recursive_attr;
	bool all_propagates = o->attr.propagation == 0 || o->propagation_recursive;
	if (all_propagates) {
		all.propagation = o->attr.propagation ? o->attr.propagation : default_propagation;
		own.propagation = 0;
	} else if (default_propagation && !(own.propagation & MS_SHARED)) {
		/* what is below is cut off too, as far as the default or the word wants it */
		all.propagation = own.propagation & MS_SLAVE ? MS_SLAVE : default_propagation;
	}
	return set_or_keep(fd, &all, true) < 0 ? -1 : set_or_keep(fd, &own, false);
}

static int read_link(struct arena *arena, struct mount_op *op)
{
	char text[4096];
	ssize_t len = readlink(op->source, text, sizeof(text) - 1);
	if (len < 0)
		return -1;
	op->link = arena_strndup(arena, text, (size_t)len);
	op->kind = MOUNT_SYMLINK;
	return 0;
}

/* Quotes what the filesystem itself said through its context: "e tmpfs: Bad value for 'size'". */
static int fail_quoting(struct error *err, int fs, const char *what, const char *type)
{
	int saved = errno;
	char text[256];
	ssize_t len = read(fs, text, sizeof(text) - 1);
	if (len > 0) {
		text[len] = '\0';
		text[strcspn(text, "\n")] = '\0';
		const char *message = len > 2 && text[1] == ' ' ? text + 2 : text;
		return fail_hint(err, saved,
			strstr(message, "nvalid gid") || strstr(message, "nvalid uid") ?
				"map it in .linux.uidMappings or .linux.gidMappings, or leave the option out" :
				NULL,
			"%s %s: the kernel says \"%s\"", what, type, message);
	}
	return fail(err, saved, "%s %s", what, type);
}

enum { LONGEST_VALUE = 255 }; /* of fsconfig(2) */

static int configure(int fs, const char *key, const char *value, const char *type, struct error *err)
{
	unsigned cmd = value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
	if (sys_fsconfig(fs, cmd, key, value, 0) == 0)
		return 0;
	char what[128];
	(void)snprintf(what, sizeof(what), "set %.48s%s%.64s of", key, value ? "=" : "", value ? value : "");
	(void)fail_quoting(err, fs, what, type);
	return value && strlen(value) > LONGEST_VALUE ?
		       error_hint(err, "the kernel takes at most %d bytes here", LONGEST_VALUE) :
		       -1;
}

/* A list of layers may be longer than a value: then it is given layer by layer, since Linux 6.7. */
static int configure_layers(int fs, const char *list, struct error *err)
{
	char layer[PATH_MAX];
	bool data = false;
	while (*list) {
		size_t len = 0;
		for (; *list && *list != ':'; list++) {
			if (*list == '\\' && list[1])
				list++;
			if (len == sizeof(layer) - 1)
				return fail(err, ENAMETOOLONG, "the layer %.64s…", layer);
			layer[len++] = *list;
		}
		layer[len] = '\0';
		if (configure(fs, data ? "datadir+" : "lowerdir+", layer, "overlay", err) < 0)
			return -1;
		list += *list == ':';
		if (*list == ':') { /* "::": the layers that follow hold data alone */
			data = true;
			list++;
		}
	}
	return 0;
}

static int configure_all(int fs, const char *type, const struct mount_options *o, struct error *err)
{
	LIST_EACH (&o->params, param) {
		bool layers = str_eq(type, "overlay") && str_eq(param->key, "lowerdir") && param->value &&
			      strlen(param->value) > LONGEST_VALUE;
		if (layers ? configure_layers(fs, param->value, err) < 0 :
			     configure(fs, param->key, param->value, type, err) < 0)
			return -1;
	}
	if ((o->attr.attr_set & MOUNT_ATTR_RDONLY) && !is_one_of(pseudo_types, type) &&
		!(o->extra & MOUNT_EXTRA_TMPCOPYUP))
		return configure(fs, "ro", NULL, type, err);
	return 0;
}

int mount_detached(const char *type, const char *source, const struct mount_options *options, struct error *err)
{
	FD(fs) = sys_fsopen(type, FSOPEN_CLOEXEC);
	if (fs < 0) {
		(void)fail(err, errno, "mount %s", type);
		return errno == ENODEV ?
			       error_hint(err, "this kernel has no filesystem \"%s\": see /proc/filesystems", type) :
			       -1;
	}
	/* what mountinfo shows, and df(1) */
	if (source && configure(fs, "source", source, type, err) < 0)
		return -1;
	if (configure_all(fs, type, options, err) < 0)
		return -1;
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fail_quoting(err, fs, "mount", type);
	uint64_t attrs = options->attr.attr_set;
	if (options->extra & MOUNT_EXTRA_TMPCOPYUP)
		attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	int mount = sys_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)attrs);
	return mount < 0 ? fail_quoting(err, fs, "mount", type) : mount;
}

/* user_namespaces(7), "Interaction of user namespaces and other types of namespaces". */
static int hint_denied(struct error *err, const char *type)
{
	if (str_eq(type, "proc"))
		return error_hint(err, "a user namespace mounts the proc of a new \"pid\" namespace alone, and only if "
				       "nothing covers a part of the caller's /proc; bind /proc instead");
	if (str_eq(type, "mqueue"))
		return error_hint(err, "a user namespace mounts the mqueue of a new \"ipc\" namespace alone");
	return error_hint(
		err, "it takes CAP_SYS_ADMIN on the host, unless the kernel lets user namespaces mount %s", type);
}

/* One by one, so that all that are refused are found. A longer value goes another way. */
static bool try_options(struct arena *arena, int fs, const struct mount_op *op, const struct error_sink *refused)
{
	bool taken = true;
	LIST_EACH (&op->options.params, param) {
		struct error err = { .errnum = 0 };
		if ((param->value && strlen(param->value) > LONGEST_VALUE) ||
			configure(fs, param->key, param->value, op->type, &err) == 0)
			continue;
		const char *hint = mount_option_hint(arena, param);
		if (hint && !err.hint[0])
			(void)error_hint(&err, "%s", hint);
		(void)error_at(&err, mount_param_where(arena, op, param));
		taken = errors_end(refused, -1, &err);
	}
	return taken;
}

void mount_try(struct arena *arena, const struct mount_op *op, const struct error_sink *refused)
{
	struct error err = { .errnum = 0 };
	FD(fs) = sys_fsopen(op->type, FSOPEN_CLOEXEC);
	if (fs < 0) {
		(void)fail_at(&err, errno, op->where, "mount %s", op->type);
		refused->say(refused->data, &err);
		return;
	}
	if (!try_options(arena, fs, op, refused) || !is_one_of(pseudo_types, op->type))
		return;
	FD(mount) = mount_detached(op->type, op->source, &op->options, &err);
	if (mount >= 0 || (str_eq(op->type, "sysfs") && err.errnum == EPERM)) /* bind_sys() */
		return;
	if (err.errnum == EPERM)
		(void)hint_denied(&err, op->type);
	(void)error_at(&err, op->where);
	refused->say(refused->data, &err);
}

/* The root of a copy is as the directory below it, unless the options say otherwise. */
static unsigned options_of_root(const struct mount_options *options)
{
	unsigned keep = 0;
	LIST_EACH (&options->params, param)
		keep |= str_eq(param->key, "mode") ? COPYUP_KEEP_MODE :
			str_eq(param->key, "uid")  ? COPYUP_KEEP_UID :
			str_eq(param->key, "gid")  ? COPYUP_KEEP_GID :
						     0;
	return keep;
}

/* The mount, with all that is said of it but its place. A copy of what is there needs the target. */
static int make_mount(const struct mount_op *op, int target, struct error *err)
{
	bool copies = op->options.extra & MOUNT_EXTRA_TMPCOPYUP;
	FD(mount) = mount_detached(op->type, op->source, &op->options, err);
	if (mount < 0) {
		if (err->errnum == EPERM)
			(void)hint_denied(err, op->type);
		return error_prefix(err, "%s", op->destination);
	}
	if (copies && copyup(target, mount, options_of_root(&op->options), err) < 0)
		return -1;
	struct mount_options late = op->options; /* fsmount took the flags; what it cannot say remains */
	late.attr.attr_clr = 0;
	late.attr.attr_set = copies ? op->options.attr.attr_set & MOUNT_ATTR_RDONLY : 0;
	if (set_attrs(mount, &late, 0) < 0)
		return fail(err, errno, "set flags of %s", op->destination);
	return take_fd(&mount);
}

static bool is_block_device(const char *source)
{
	struct stat st;
	return source && *source == '/' && stat(source, &st) == 0 && S_ISBLK(st.st_mode);
}

static int map_ids(const struct mount_op *op, int tree, struct error *err)
{
	struct mount_idmap_what what = { .where = op->where,
		.source = op->kind == MOUNT_BIND ? op->source : NULL,
		.type = op->type,
		.recursive = op->options.extra & MOUNT_EXTRA_RIDMAP };
	return op->idmap ? mount_idmap_apply(op->idmap, tree, &what, err) : 0;
}

/* The device rules of the container's cgroup, in which init is born, may well forbid it to open the device, and ids can
 * be mapped with the rights over the filesystem's user namespace alone: the parent makes it. */
static int make_early(struct mount_op *op, struct error *err)
{
	FD(tree) = make_mount(op, -1, err);
	if (tree < 0 || map_ids(op, tree, err) < 0)
		return error_at(err, op->where);
	op->kind = MOUNT_BIND;
	op->tree = take_fd(&tree);
	return 0;
}

int mount_open(struct arena *arena, struct mount_op *op, struct error *err)
{
	if (op->kind == MOUNT_NEW && (op->idmap || is_block_device(op->source)))
		return make_early(op, err);
	if (op->kind != MOUNT_BIND)
		return 0;
	unsigned extra = op->options.extra;
	if ((extra & MOUNT_EXTRA_COPY_SYMLINK) && read_link(arena, op) == 0)
		return 0;
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	if (extra & MOUNT_EXTRA_RECURSIVE)
		flags |= AT_RECURSIVE;
	if (extra & MOUNT_EXTRA_SRC_NOFOLLOW)
		flags |= AT_SYMLINK_NOFOLLOW;
	FD(tree) = sys_open_tree(AT_FDCWD, op->source, flags);
	if (tree < 0) {
		(void)fail_at(err, errno, op->where, "bind %s on %s", op->source, op->destination);
		return errno == ENOENT ?
			       error_hint(err, "the source must exist on the host") :
		       errno == EINVAL && !(extra & MOUNT_EXTRA_RECURSIVE) ?
			       error_hint(err,
				       "a user namespace cannot leave out what is mounted below it: use \"rbind\"; an "
				       "unbindable mount cannot be bound") :
			       -1;
	}
	struct stat st;
	if (fstat(tree, &st) < 0)
		return fail_at(err, errno, op->where, "stat %s", op->source);
	if (map_ids(op, tree, err) < 0)
		return -1;
	/* Without a word on propagation a bind is private: nothing the container mounts reaches the host. */
	if (set_attrs(tree, &op->options, MS_PRIVATE) < 0)
		return fail_at(err, errno, op->where, "set flags of the bind of %s", op->source);
	op->directory = S_ISDIR(st.st_mode);
	op->tree = take_fd(&tree);
	return 0;
}

int mount_attach(int mount, int target)
{
	return sys_move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static bool is_same(int a, int b)
{
	struct stat one, other;
	return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* As the peers have it: a tmpfs hides a directory of the image without opening it to all. */
static void take_mode(const struct mount_op *op, int target)
{
	struct stat st;
	if (op->mode && fstat(target, &st) == 0)
		(void)snprintf(op->mode, MODE_SIZE, "%o", st.st_mode & 07777);
}

/* Where the mount goes: made if it is missing, never reached through a link that leaves the root. */
static int open_target(int root, const struct mount_op *op, struct error *err)
{
	int flags = O_PATH | (op->options.extra & MOUNT_EXTRA_DEST_NOFOLLOW ? O_NOFOLLOW : 0);
	FD(target) = path_try_resolve(root, op->destination, flags, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	if (target < 0 && errno == ELOOP && !op->no_symlinks) {
		target = path_try_open(root, op->destination, flags);
		if (target >= 0 && is_same(root, target))
			return fail(err, 0, "%s leads to the root of the container", op->destination);
	}
	if (target < 0 && errno == ELOOP && op->no_symlinks) {
		(void)fail(err, errno, "mount %s on %s", op->type, op->destination);
		return error_hint(err, "%s must be mounted on a directory that no symbolic link leads to", op->type);
	}
	if (target >= 0)
		take_mode(op, target);
	else if (errno == ENOENT)
		target = path_make_missing(root, op->destination, op->directory ? PATH_DIRECTORY : PATH_FILE,
			op->directory ? 0755 : 0644, err);
	else
		return fail(err, errno, "open %s in the root filesystem", op->destination);
	return take_fd(&target);
}

/* Whether one mount(2) says it all: no comma inside a value, no more than its page of data, a directory to mount on,
 * and nothing to be done between making and attaching. */
static bool fits_call(const struct mount_op *op, char *data, size_t size)
{
	const struct mount_options *o = &op->options;
	const struct mount_attr *all = &o->recursive_attr;
	size_t len = 0;
	if (!op->directory || (o->extra & (MOUNT_EXTRA_TMPCOPYUP | MOUNT_EXTRA_DEST_NOFOLLOW)) || o->attr.propagation ||
		all->attr_set || all->attr_clr)
		return false;
	data[0] = '\0';
	LIST_EACH (&o->params, param) {
		if (param->value && strchr(param->value, ','))
			return false;
		len += (size_t)snprintf(data + len, size - len, "%s%s%s%s", len ? "," : "", param->key,
			param->value ? "=" : "", param->value ? param->value : "");
		if (len >= size)
			return false;
	}
	return true;
}

/* The target is the working directory, so that no path is walked. -1 and errno. */
static int call_mount(int target, const struct mount_op *op, const char *data)
{
	static const struct {
		uint64_t attr;
		unsigned long flag;
	} flags[] = {
		{ MOUNT_ATTR_RDONLY, MS_RDONLY },
		{ MOUNT_ATTR_NOSUID, MS_NOSUID },
		{ MOUNT_ATTR_NODEV, MS_NODEV },
		{ MOUNT_ATTR_NOEXEC, MS_NOEXEC },
		{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
		{ MOUNT_ATTR_NOATIME, MS_NOATIME },
		{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
		{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
	};
	unsigned long call_flags = op->options.call_flags;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (op->options.attr.attr_set & flags[i].attr)
			call_flags |= flags[i].flag;
	if (fchdir(target) < 0)
		return -1;
	return (int)syscall(SYS_mount, op->source ? op->source : op->type, ".", op->type, call_flags, data);
}

/* A user namespace may mount a sysfs with a network namespace of its own alone: else the host's is bound, as crun does;
 * read-only all the way down, for what is mounted there is the host's too (CVE-2023-25809). */
static int bind_sys(const struct mount_op *op, int target, struct error *err)
{
	struct mount_attr attr = { .attr_set = op->options.attr.attr_set | MOUNT_ATTR_RDONLY,
		.propagation = MS_PRIVATE };
	FD(tree) = sys_open_tree_attr(AT_FDCWD, "/sys", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE, &attr);
	if (tree < 0 || mount_attach(tree, target) < 0)
		return fail(err, errno, "bind the host's /sys on %s", op->destination);
	return 0;
}

/* One mount(2) where it says it all: that is half the time. Where it fails, the same is done by a context of the
 * filesystem, which tells why. */
static int perform_new(struct mount_op *op, int target, struct error *err)
{
	char data[4000];
	/* What is mounted on it needs its directories, and what is /dev its devices: mount_finish() has the rest. */
	bool late = str_eq(op->type, "tmpfs") && (op->options.attr.attr_set & MOUNT_ATTR_RDONLY);
	if (late)
		op->options.attr.attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	else if (fits_call(op, data, sizeof(data)) && call_mount(target, op, data) == 0)
		return 0;
	if (op->options.call_flags)
		return fail(err, errno, "mount %s on %s", op->type, op->destination);
	FD(mount) = make_mount(op, target, err);
	if (mount < 0)
		return str_eq(op->type, "sysfs") && err->errnum == EPERM ? bind_sys(op, target, err) : -1;
	if (mount_attach(mount, target) < 0)
		return fail(err, errno, "mount %s on %s", op->type, op->destination);
	if (late)
		op->writable = take_fd(&mount);
	return 0;
}

int mount_finish(struct mount_op *op, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	FD(mount) = take_fd(&op->writable);
	if (mount >= 0 && sys_mount_setattr(mount, "", AT_EMPTY_PATH, &attr) < 0)
		return fail_at(err, errno, op->where, "make %s read-only", op->destination);
	return 0;
}

static int perform_bind(const struct mount_op *op, int target, struct error *err)
{
	if (mount_attach(op->tree, target) == 0)
		return 0;
	struct stat st;
	int errnum = errno;
	if (fstat(target, &st) < 0 || S_ISDIR(st.st_mode) == op->directory)
		return fail(err, errnum, "bind %s on %s", op->source, op->destination);
	/* As mount(2) says it, and not "invalid argument": Docker looks for it. */
	return fail_hint(err, ENOTDIR, "source and destination must both be directories, or neither", "bind %s on %s",
		op->source, op->destination);
}

/* "remount" changes the superblock too, unless it is said of a bind; "none" changes flags and propagation alone. */
static int perform_remount(const struct mount_op *op, int target, struct error *err)
{
	bool superblock =
		!(op->options.extra & MOUNT_EXTRA_BIND) && !str_eq(op->type, "none") && !str_eq(op->type, "bind");
	if (superblock) {
		FD(fs) = sys_fspick(target, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
		if (fs < 0)
			return fail(err, errno, "remount %s", op->destination);
		if (configure_all(fs, op->type, &op->options, err) < 0)
			return -1;
		if (sys_fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
			return fail_quoting(err, fs, "remount", op->destination);
	}
	if (set_attrs(target, &op->options, 0) < 0) {
		return fail_hint(
			err, errno, errno == EINVAL ? "nothing is mounted there" : NULL, "remount %s", op->destination);
	}
	return 0;
}

static int perform_symlink(int root, const struct mount_op *op, struct error *err)
{
	const char *name;
	FD(parent) = path_parent(root, op->destination, &name, err);
	if (parent < 0)
		return -1;
	if (symlinkat(op->link, parent, name) == 0)
		return 0;
	char existing[4096];
	ssize_t len = errno == EEXIST ? readlinkat(parent, name, existing, sizeof(existing)) : -1;
	if (len == (ssize_t)strlen(op->link) && memcmp(existing, op->link, (size_t)len) == 0)
		return 0;
	return fail(err, EEXIST, "copy the symbolic link %s to %s", op->source, op->destination);
}

int mount_perform(int root, struct mount_op *op, struct fd_batch *batch, struct error *err)
{
	if (op->kind == MOUNT_SYMLINK)
		return perform_symlink(root, op, err) < 0 ? error_at(err, op->where) : 0;
	int target = fd_batch_add(batch, open_target(root, op, err));
	if (target < 0)
		return error_at(err, op->where);
	int status = op->kind == MOUNT_NEW  ? perform_new(op, target, err) :
		     op->kind == MOUNT_BIND ? perform_bind(op, target, err) :
					      perform_remount(op, target, err);
	(void)fd_batch_add(batch, take_fd(&op->tree));
	return status < 0 ? error_at(err, op->where) : 0;
}
