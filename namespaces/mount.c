#include "namespaces/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "namespaces/anchor.h"
#include "namespaces/mount-new.h"

static const char *join_path(struct arena *arena, const char *dir, const char *path)
{
	return *path == '/' ? path : arena_printf(arena, "%s/%s", dir, path);
}

static void plan_label(struct arena *arena, const struct mount_facts *facts, struct mount_op *op)
{
	/* SELinux labels proc, sysfs, cgroup2 and mqueue by its policy, and refuses a context for most of them. The
	 * queues of mqueue are the container's own; their directory is labelled once it is mounted. */
	op->label = str_eq(op->type, "mqueue") ? facts->label.value : NULL;
	if (!facts->label.value ||
		(mount_is_pseudo(op->type) && !str_eq(op->type, "tmpfs") && !str_eq(op->type, "devpts")))
		return;
	*list_add(arena, &op->options.params) = facts->label;
}

static int plan_idmap(struct arena *arena, const struct oci_mount *mount, const struct mount_facts *facts,
	struct mount_op *op, struct error *err)
{
	if (mount_idmap_plan(arena, mount, &op->options, &facts->idmap, op->where, &op->idmap, err) < 0)
		return -1;
	if (!op->idmap)
		return 0;
	if (op->kind == MOUNT_REMOUNT)
		return fail_at(err, 0, op->where, "ids cannot be mapped by a remount");
	if (op->options.extra & MOUNT_EXTRA_TMPCOPYUP)
		return fail_at(err, 0, op->where, "tmpcopyup and id-mapping exclude each other");
	return 0;
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
	struct mount_op op = { .tree = -1, .kind = MOUNT_NEW, .directory = true };
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
	op.no_symlinks = op.kind == MOUNT_NEW && (str_eq(op.type, "proc") || str_eq(op.type, "sysfs")) &&
			 !defence_is_off("proc-links");
	*ret = op;
	return 0;
}

const char *mount_param_where(struct arena *arena, const struct mount_op *op, const struct mount_param *param)
{
	return param->word ? arena_printf(arena, "%s.options[%zu]", op->where, param->word - 1) : op->where;
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

/* The parent makes mounts that init cannot make: the device rules of init's cgroup may forbid it to open a block
 * device, and mapping ids takes privilege in the user namespace of the filesystem. */
static int make_early(struct mount_op *op, struct error *err)
{
	FD(tree) = mount_new_make(op, -1, err);
	if (tree < 0 || map_ids(op, tree, err) < 0)
		return error_at(err, op->where);
	op->kind = MOUNT_BIND;
	op->tree = take_fd(&tree);
	return 0;
}

/* Whether the source is on sysfs, or mounted on a directory there, like the tmpfs /sys/fs/cgroup of older systems. */
static bool is_in_sysfs(const char *source, int tree)
{
	struct statfs fs;
	char parent[PATH_MAX];
	if (fstatfs(tree, &fs) == 0 && (fs.f_type == SYSFS_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC))
		return true;
	return fs.f_type == TMPFS_MAGIC && snprintf(parent, sizeof(parent), "%s/..", source) < PATH_MAX &&
	       statfs(parent, &fs) == 0 && fs.f_type == SYSFS_MAGIC;
}

static int fail_bind(const struct mount_op *op, struct error *err)
{
	const char *hint = NULL;
	if (errno == ENOENT)
		hint = op->inside ? "no earlier mount brings it" : "the source must exist on the host";
	else if (errno == EINVAL && !(op->options.extra & MOUNT_EXTRA_RECURSIVE))
		hint = "a user namespace cannot leave out what is mounted below it: use \"rbind\"; an unbindable mount "
		       "cannot be bound";
	return fail_at_hint(err, errno, op->where, hint, "bind %s on %s", op->source, op->destination);
}

/* Clones the source, the file at `path` in dir, and sets its flags. */
static int clone_source(struct mount_op *op, int dir, const char *path, unsigned flags, struct error *err)
{
	unsigned extra = op->options.extra;
	struct stat st;
	flags |= OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (extra & MOUNT_EXTRA_RECURSIVE ? AT_RECURSIVE : 0);
	FD(tree) = sys_open_tree(dir, path, flags);
	if (tree < 0)
		return fail_bind(op, err);
	if (fstat(tree, &st) < 0)
		return fail_at(err, errno, op->where, "stat %s", op->source);
	if (map_ids(op, tree, err) < 0)
		return -1;
	/* The mounts below the host's sysfs must not stay writable: CVE-2023-25809. */
	if ((extra & MOUNT_EXTRA_RECURSIVE) && (op->options.attr.attr_set & MOUNT_ATTR_RDONLY) &&
		!defence_is_off("sys-readonly") && is_in_sysfs(op->source, tree))
		op->options.recursive_attr.attr_set |= MOUNT_ATTR_RDONLY;
	/* A bind whose options do not name a propagation is private: mounts of the container do not reach the host. */
	if (mount_options_apply(&op->options, tree, MS_PRIVATE) < 0)
		return fail_at(err, errno, op->where, "set flags of the bind of %s", op->source);
	op->directory = S_ISDIR(st.st_mode);
	op->tree = take_fd(&tree);
	return 0;
}

int mount_open(struct arena *arena, struct mount_op *op, struct error *err)
{
	if (op->kind == MOUNT_NEW && (op->idmap || is_block_device(op->source)))
		return make_early(op, err);
	if (op->kind != MOUNT_BIND || op->inside)
		return 0;
	if ((op->options.extra & MOUNT_EXTRA_COPY_SYMLINK) && read_link(arena, op) == 0)
		return 0;
	unsigned nofollow = op->options.extra & MOUNT_EXTRA_SRC_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
	return clone_source(op, AT_FDCWD, op->source, nofollow, err);
}

/* Opens a source that an earlier mount has brought. */
static int open_inside(const struct anchors *anchors, struct mount_op *op, struct error *err)
{
	int nofollow = op->options.extra & MOUNT_EXTRA_SRC_NOFOLLOW ? O_NOFOLLOW : 0;
	FD(source) = anchor_open(anchors, op->inside, O_PATH | nofollow);
	return source < 0 ? fail_bind(op, err) : clone_source(op, source, "", AT_EMPTY_PATH, err);
}

int mount_attach(int mount, int target)
{
	return sys_move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* A tmpfs without a mode takes that of the directory it hides, as with runc and crun. */
static void take_mode(const struct mount_op *op, int target)
{
	struct stat st;
	if (op->mode && fstat(target, &st) == 0)
		(void)snprintf(op->mode, MODE_SIZE, "%o", st.st_mode & 07777);
}

/* Opens the target, which is made if it is missing. No link leads out of the root. */
static int open_target(const struct anchors *anchors, const struct mount_op *op, struct error *err)
{
	int flags = O_PATH | (op->options.extra & MOUNT_EXTRA_DEST_NOFOLLOW ? O_NOFOLLOW : 0);
	unsigned long long links = op->no_symlinks ? RESOLVE_NO_SYMLINKS : 0;
	const char *rest;
	int root = anchors->root, dir = anchor_find(anchors, op->destination, &rest);
	FD(target) = dir == root ? path_try_resolve(root, rest, flags, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS) :
				   path_try_resolve(dir, rest, flags, RESOLVE_BENEATH | links);
	if (target < 0 && (errno == ELOOP || errno == EXDEV) && !op->no_symlinks) {
		dir = root;
		rest = op->destination;
		target = path_try_open(root, rest, flags);
		if (target >= 0 && same_file(root, "", target, "") == 1)
			return fail(err, 0, "%s leads to the root of the container", op->destination);
	}
	if (target < 0 && errno == ELOOP && op->no_symlinks) {
		(void)fail(err, errno, "mount %s on %s", op->type, op->destination);
		return error_hint(err, "%s must be mounted on a directory that no symbolic link leads to", op->type);
	}
	if (target >= 0)
		take_mode(op, target);
	else if (errno == ENOENT)
		target = path_make_missing(
			dir, rest, op->directory ? PATH_DIRECTORY : PATH_FILE, op->directory ? 0755 : 0644, err);
	else
		return fail(err, errno, "open %s in the root filesystem", op->destination);
	return take_fd(&target);
}

int mount_finish(const struct mount_op *op, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	if (op->late_readonly && sys_mount_setattr(op->tree, "", AT_EMPTY_PATH, &attr) < 0)
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
	/* Docker looks for the text of ENOTDIR, which is what mount(2) returns here. */
	return fail_hint(err, ENOTDIR, "source and destination must both be directories, or neither", "bind %s on %s",
		op->source, op->destination);
}

/* "remount" changes the superblock too, unless "bind" is beside it. Type "none" changes only flags and propagation. */
static int perform_remount(const struct mount_op *op, int target, struct error *err)
{
	bool superblock =
		!(op->options.extra & MOUNT_EXTRA_BIND) && !str_eq(op->type, "none") && !str_eq(op->type, "bind");
	if (superblock) {
		FD(fs) = sys_fspick(target, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
		if (fs < 0)
			return fail(err, errno, "remount %s", op->destination);
		if (mount_configure(fs, op->type, &op->options, err) < 0)
			return -1;
		if (sys_fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
			return mount_fail_quoting(err, fs, "remount", op->destination);
	}
	if (mount_options_apply(&op->options, target, 0) < 0)
		return fail_hint(
			err, errno, errno == EINVAL ? "nothing is mounted there" : NULL, "remount %s", op->destination);
	return 0;
}

static int perform_symlink(const struct anchors *anchors, const struct mount_op *op, struct error *err)
{
	const char *name;
	FD(parent) = anchor_parent(anchors, op->destination, &name, err);
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

int mount_perform(const struct anchors *anchors, struct mount_op *op, struct fd_batch *batch, struct error *err)
{
	if (op->kind == MOUNT_SYMLINK)
		return perform_symlink(anchors, op, err) < 0 ? error_at(err, op->where) : 0;
	if (op->inside && open_inside(anchors, op, err) < 0)
		return -1;
	int target = fd_batch_add(batch, open_target(anchors, op, err));
	if (target < 0)
		return error_at(err, op->where);
	int status = op->kind == MOUNT_NEW  ? mount_new_perform(op, target, err) :
		     op->kind == MOUNT_BIND ? perform_bind(op, target, err) :
					      perform_remount(op, target, err);
	return status < 0 ? error_at(err, op->where) : 0;
}
