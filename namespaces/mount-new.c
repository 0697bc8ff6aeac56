#include "namespaces/mount-new.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "namespaces/copyup.h"

enum { LONGEST_VALUE = 255 }; /* of fsconfig(2) */

bool mount_is_pseudo(const char *type)
{
	static const struct word types[] = {
		{ "cgroup2", 1 },
		{ "devpts", 1 },
		{ "mqueue", 1 },
		{ "proc", 1 },
		{ "sysfs", 1 },
		{ "tmpfs", 1 },
		{ NULL },
	};
	return word_find(types, type);
}

/* Quotes the message that the filesystem left in its context: "e tmpfs: Bad value for 'size'". */
int mount_fail_quoting(struct error *err, int fs, const char *what, const char *type)
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

static int configure(int fs, const char *key, const char *value, const char *type, struct error *err)
{
	unsigned cmd = value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
	if (sys_fsconfig(fs, cmd, key, value, 0) == 0)
		return 0;
	char what[128];
	(void)snprintf(what, sizeof(what), "set %.48s%s%.64s of", key, value ? "=" : "", value ? value : "");
	(void)mount_fail_quoting(err, fs, what, type);
	return value && strlen(value) > LONGEST_VALUE ?
		       error_hint(err, "the kernel takes at most %d bytes here", LONGEST_VALUE) :
		       -1;
}

/* A list of layers that is longer than a value is given layer by layer, which Linux takes since 6.7. */
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
		if (*list == ':') { /* "::": the layers after it hold data alone */
			data = true;
			list++;
		}
	}
	return 0;
}

int mount_configure(int fs, const char *type, const struct mount_options *o, struct error *err)
{
	LIST_EACH (&o->params, param) {
		bool layers = str_eq(type, "overlay") && str_eq(param->key, "lowerdir") && param->value &&
			      strlen(param->value) > LONGEST_VALUE;
		if (layers ? configure_layers(fs, param->value, err) < 0 :
			     configure(fs, param->key, param->value, type, err) < 0)
			return -1;
	}
	/* of the others the superblock may be shared, and the mount alone is read-only; a write to sysfs gives EROFS */
	bool whole = !mount_is_pseudo(type) || str_eq(type, "sysfs");
	if ((o->attr.attr_set & MOUNT_ATTR_RDONLY) && whole && !(o->extra & MOUNT_EXTRA_TMPCOPYUP))
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
	/* The source is what mountinfo and df(1) show. */
	if (source && configure(fs, "source", source, type, err) < 0)
		return -1;
	if (mount_configure(fs, type, options, err) < 0)
		return -1;
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return mount_fail_quoting(err, fs, "mount", type);
	uint64_t attrs = options->attr.attr_set;
	if (options->extra & MOUNT_EXTRA_TMPCOPYUP)
		attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	int mount = sys_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)attrs);
	return mount < 0 ? mount_fail_quoting(err, fs, "mount", type) : mount;
}

/* user_namespaces(7), "Interaction of user namespaces and other types of namespaces". */
static int hint_denied(struct error *err, const char *type)
{
	if (str_eq(type, "proc"))
		return error_hint(err,
			"a user namespace can mount only the proc of a new \"pid\" namespace, and only if "
			"nothing covers a part of the caller's /proc; bind /proc instead");
	if (str_eq(type, "mqueue"))
		return error_hint(err, "a user namespace can mount only the mqueue of a new \"ipc\" namespace");
	return error_hint(
		err, "it takes CAP_SYS_ADMIN on the host, unless the kernel lets user namespaces mount %s", type);
}

/* One by one, so that every refused option is reported. Longer values are not for fsconfig(2). */
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
	if (!try_options(arena, fs, op, refused) || !mount_is_pseudo(op->type))
		return;
	FD(mount) = mount_detached(op->type, op->source, &op->options, &err);
	if (mount >= 0 || (str_eq(op->type, "sysfs") && err.errnum == EPERM)) /* bind_sys() */
		return;
	if (err.errnum == EPERM)
		(void)hint_denied(&err, op->type);
	(void)error_at(&err, op->where);
	refused->say(refused->data, &err);
}

/* Which attributes of a tmpfs root its options set, so that a copy of the directory below leaves them. */
static unsigned kept_attributes(const struct mount_options *options)
{
	unsigned keep = 0;
	LIST_EACH (&options->params, param)
		keep |= str_eq(param->key, "mode") ? COPYUP_KEEP_MODE :
			str_eq(param->key, "uid")  ? COPYUP_KEEP_UID :
			str_eq(param->key, "gid")  ? COPYUP_KEEP_GID :
						     0;
	return keep;
}

static int set_label(int mount, const struct mount_op *op, struct error *err)
{
	FD(root) = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0 && fsetxattr(root, "security.selinux", op->label, strlen(op->label) + 1, 0) == 0)
		return 0;
	return fail_at(err, errno, ".linux.mountLabel", "give %s the label \"%s\"", op->destination, op->label);
}

int mount_new_make(const struct mount_op *op, int target, struct error *err)
{
	bool copies = op->options.extra & MOUNT_EXTRA_TMPCOPYUP;
	FD(mount) = mount_detached(op->type, op->source, &op->options, err);
	if (mount < 0) {
		if (err->errnum == EPERM)
			(void)hint_denied(err, op->type);
		return error_prefix(err, "%s", op->destination);
	}
	if (copies && copyup(target, mount, kept_attributes(&op->options), err) < 0)
		return -1;
	if (op->label && set_label(mount, op, err) < 0)
		return -1;
	struct mount_options late = op->options; /* fsmount(2) set the flags; the tree's flags and propagation remain */
	late.attr.attr_clr = 0;
	late.attr.attr_set = copies ? op->options.attr.attr_set & MOUNT_ATTR_RDONLY : 0;
	if (mount_options_apply(&late, mount, 0) < 0)
		return fail(err, errno, "set flags of %s", op->destination);
	return take_fd(&mount);
}

/* Whether one mount(2) can do it: no value has a comma, the data fits into a page, the target is a directory, and
 * nothing is to be done between making and attaching. */
static bool fits_call(const struct mount_op *op, char *data, size_t size)
{
	const struct mount_options *o = &op->options;
	const struct mount_attr *all = &o->recursive_attr;
	size_t len = 0;
	if (!op->directory || op->label || (o->extra & (MOUNT_EXTRA_TMPCOPYUP | MOUNT_EXTRA_DEST_NOFOLLOW)) ||
		o->attr.propagation || all->attr_set || all->attr_clr)
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

/* The target becomes the working directory, so that no path is walked. -1 and errno. */
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

/* A user namespace can mount sysfs only with a network namespace of its own. Without one the host's /sys is bound, as
 * crun does, read-only with all that is mounted below it (CVE-2023-25809). */
static int bind_sys(struct mount_op *op, int target, struct error *err)
{
	struct mount_attr attr = { .attr_set = op->options.attr.attr_set | MOUNT_ATTR_RDONLY,
		.propagation = MS_PRIVATE };
	FD(tree) = sys_open_tree_attr(AT_FDCWD, "/sys", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE, &attr);
	if (tree < 0 || mount_attach(tree, target) < 0)
		return fail(err, errno, "bind the host's /sys on %s", op->destination);
	op->tree = take_fd(&tree);
	return 0;
}

/* One mount(2) takes half the time of a filesystem context, but returns no descriptor of the mount. Where it fails, the
 * context tells why. */
int mount_new_perform(struct mount_op *op, int target, struct error *err)
{
	char data[4000];
	/* Directories for later mounts and devices are still to be made in a tmpfs: mount_finish() makes it
	 * read-only. */
	op->late_readonly = str_eq(op->type, "tmpfs") && (op->options.attr.attr_set & MOUNT_ATTR_RDONLY);
	if (op->late_readonly)
		op->options.attr.attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	else if ((!op->anchor || op->options.call_flags) && fits_call(op, data, sizeof(data)) &&
		 call_mount(target, op, data) == 0)
		return 0;
	if (op->options.call_flags)
		return fail(err, errno, "mount %s on %s", op->type, op->destination);
	FD(mount) = mount_new_make(op, target, err);
	if (mount < 0)
		return str_eq(op->type, "sysfs") && err->errnum == EPERM ? bind_sys(op, target, err) : -1;
	if (mount_attach(mount, target) < 0)
		return fail(err, errno, "mount %s on %s", op->type, op->destination);
	op->tree = take_fd(&mount);
	return 0;
}
