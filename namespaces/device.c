#include "namespaces/device.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "namespaces/anchor.h"
#include "namespaces/mount.h"

static const struct {
	const char *path;
	unsigned major, minor;
} default_devices[] = {
	{ "/dev/null", 1, 3 },
	{ "/dev/zero", 1, 5 },
	{ "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 },
	{ "/dev/urandom", 1, 9 },
	{ "/dev/tty", 5, 0 },
};

enum { DEFAULT_COUNT = sizeof(default_devices) / sizeof(default_devices[0]) };

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
	{ "ptmx", "pts/ptmx" },
};

static bool is_listed(const struct oci_linux *config, const char *path)
{
	for (size_t i = 0; config && i < config->devices.len; i++)
		if (str_eq(config->devices.items[i].path, path))
			return true;
	return false;
}

static mode_t type_of(const char *type)
{
	return *type == 'b' ? S_IFBLK : *type == 'p' ? S_IFIFO : S_IFCHR; /* "u" is mknod(1)'s word for "c" */
}

static struct device_op plan_listed(struct arena *arena, const struct oci_device *d, size_t index)
{
	return (struct device_op){
		.where = arena_printf(arena, ".linux.devices[%zu]", index),
		.path = d->path,
		.mode = type_of(d->type) | (d->file_mode.set ? (mode_t)d->file_mode.value & 07777 : 0666),
		.number = *d->type == 'p' ? 0 : makedev((unsigned)d->major.value, (unsigned)d->minor.value),
		.uid = (uid_t)d->uid.value,
		.gid = (gid_t)d->gid.value,
		.asked = d,
	};
}

void devices_plan(struct arena *arena, const struct oci_linux *config, bool bind, bool given_dev,
	struct device_op **ret_ops, size_t *ret_len)
{
	size_t count = config ? config->devices.len : 0, len = 0;
	struct device_op *ops = arena_array(arena, DEFAULT_COUNT + count, sizeof(*ops));
	for (size_t i = 0; i < DEFAULT_COUNT; i++) {
		if (is_listed(config, default_devices[i].path))
			continue;
		ops[len++] = (struct device_op){ .where = default_devices[i].path,
			.path = default_devices[i].path,
			.mode = S_IFCHR | 0666,
			.number = makedev(default_devices[i].major, default_devices[i].minor),
			.is_default = true };
	}
	for (size_t i = 0; i < count; i++)
		ops[len++] = plan_listed(arena, &config->devices.items[i], i);
	for (size_t i = 0; i < len; i++) {
		ops[i].tree = -1;
		ops[i].given = given_dev && str_starts(ops[i].path, "/dev/");
		ops[i].bind = bind && !ops[i].given && !S_ISFIFO(ops[i].mode);
	}
	*ret_ops = ops;
	*ret_len = len;
}

static bool is_device(const struct stat *st, const struct device_op *op)
{
	return (st->st_mode & S_IFMT) == (op->mode & S_IFMT) && (S_ISFIFO(op->mode) || st->st_rdev == op->number);
}

static bool differs(const struct oci_device *asked, const struct stat *st)
{
	return (asked->file_mode.set && ((asked->file_mode.value ^ st->st_mode) & 07777)) ||
	       (asked->uid.set && asked->uid.value != st->st_uid) || (asked->gid.set && asked->gid.value != st->st_gid);
}

static uint64_t host_id(const oci_id_mappings *maps, uint64_t id)
{
	const struct oci_id_mapping *m = oci_mapping_of(maps, id);
	return m ? m->host_id.value + (id - m->container_id.value) : id;
}

/* A clone of a node that is made; -1 and errno. The directory may be on a mount with nodev. */
static int open_made(struct device_op *op, int dir, const struct oci_linux *config, struct mount_attr *attr)
{
	attr->attr_clr = MOUNT_ATTR_NODEV;
	uid_t uid = (uid_t)host_id(&config->uid_mappings, op->uid);
	gid_t gid = (gid_t)host_id(&config->gid_mappings, op->gid);
	char name[sizeof(op->made)];
	(void)snprintf(name, sizeof(name), "node-%p", (void *)op); /* unique: there is one op a node */
	if (mknodat(dir, name, op->mode, op->number) < 0)
		return -1;
	(void)strcpy(op->made, name);
	if (fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 || fchmodat(dir, name, op->mode & 07777, 0) < 0)
		return -1;
	return sys_open_tree_attr(dir, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, attr);
}

void devices_forget(struct device_op *ops, size_t len, int dir)
{
	for (size_t i = 0; i < len; i++)
		if (ops[i].made[0])
			(void)unlinkat(dir, ops[i].made, 0); /* it may be gone with the directory */
}

int device_open(struct device_op *op, int dir, const struct oci_linux *config, struct error *err)
{
	if (!op->bind)
		return 0;
	/* Read-only, which is about the inode: a user namespace in which its owner is mapped must not change it. */
	struct mount_attr attr = { .attr_set = defence_is_off("lent-devices") ? 0 : MOUNT_ATTR_RDONLY };
	FD(tree) = sys_open_tree_attr(AT_FDCWD, op->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, &attr);
	if (tree < 0 && errno == ENOENT && dir >= 0 && op->asked) {
		tree = open_made(op, dir, config, &attr);
		if (tree >= 0) {
			op->tree = take_fd(&tree);
			return 0;
		}
		errno = ENOENT; /* where no node may be made, the host's is what is missing */
	}
	struct stat st;
	if (tree < 0 || fstat(tree, &st) < 0)
		return fail_at(err, errno, op->where, "open %s of the host", op->path);
	if (!is_device(&st, op))
		return fail_at(err, 0, op->where, "%s of the host is another device", op->path);
	op->differs = op->asked && differs(op->asked, &st);
	op->tree = take_fd(&tree);
	return 0;
}

static int fail_conflict(struct error *err, const struct device_op *op)
{
	return fail_hint(
		err, EEXIST, "the root filesystem has another file of that name", "make the device %s", op->path);
}

static int set_owner(int dir, const char *name, const struct device_op *op, struct error *err)
{
	if ((op->uid || op->gid) && fchownat(dir, name, op->uid, op->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(err, errno, "chown %s", op->path);
	return 0;
}

static int bind_node(const struct anchors *anchors, struct device_op *op, struct error *err)
{
	FD(target) = anchor_make(anchors, op->path, PATH_FILE, 0666, err);
	if (target < 0)
		return -1;
	struct stat st;
	if (op->is_default && fstat(target, &st) == 0 && is_device(&st, op))
		return 0;
	if (mount_attach(op->tree, target) < 0)
		return fail(err, errno, "bind the device %s", op->path);
	return 0;
}

/* Makes the node, or accepts an existing node of the same device: "If a file already exists at path that does not match
 * the requested device, the runtime MUST generate an error". */
static int make_node(int dir, const char *name, const struct device_op *op, struct error *err)
{
	if (mknodat(dir, name, op->mode, op->number) == 0)
		return set_owner(dir, name, op, err);
	if (errno != EEXIST) {
		return fail_hint(err, errno,
			errno == EPERM ? "mknod needs CAP_MKNOD in the initial user namespace" : NULL,
			"make the device %s", op->path);
	}
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(err, errno, "stat %s", op->path);
	if (!is_device(&st, op))
		return fail_conflict(err, op);
	if (op->is_default)
		return 0;
	/* Another container on the same root filesystem may have replaced it by a link. */
	int flags = defence_is_off("chmod-link") ? 0 : AT_SYMLINK_NOFOLLOW;
	if (fchmodat(dir, name, op->mode & 07777, flags) < 0)
		return fail(err, errno, "chmod %s", op->path);
	return set_owner(dir, name, op, err);
}

/* The container does without a default device that the host's /dev lacks. */
static int check_given(const struct anchors *anchors, const struct device_op *op, struct error *err)
{
	struct stat st;
	FD(node) = anchor_open(anchors, op->path, O_PATH | O_NOFOLLOW);
	if (op->is_default || (node >= 0 && fstat(node, &st) == 0 && is_device(&st, op)))
		return 0;
	return fail_hint(err, node < 0 ? errno : EEXIST, "/dev is a bind mount, in which no devices are made",
		"find the device %s", op->path);
}

static int make_device(const struct anchors *anchors, int dev, struct device_op *op, struct error *err)
{
	if (op->given)
		return check_given(anchors, op, err);
	if (op->bind)
		return bind_node(anchors, op, err);
	const char *below_dev = str_starts(op->path, "/dev/") ? op->path + 5 : "";
	if (*below_dev && !strchr(below_dev, '/'))
		return make_node(dev, below_dev, op, err);
	const char *name;
	FD(dir) = anchor_parent(anchors, op->path, &name, err);
	return dir < 0 ? -1 : make_node(dir, name, op, err);
}

static int make_links(int dev, struct error *err)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlinkat(links[i].target, dev, links[i].name) < 0 && errno != EEXIST)
			return fail(err, errno, "link /dev/%s to %s", links[i].name, links[i].target);
	return 0;
}

int devices_make(const struct anchors *anchors, struct device_op *ops, size_t len, struct error *err)
{
	FD(dev) = anchor_make(anchors, "/dev", PATH_DIRECTORY, 0755, err);
	if (dev < 0)
		return -1;
	bool given = false;
	for (size_t i = 0; i < len; i++) {
		given |= ops[i].given;
		int status = make_device(anchors, dev, &ops[i], err);
		close_fd(&ops[i].tree);
		if (status < 0)
			return error_at(err, ops[i].where);
	}
	return given ? 0 : make_links(dev, err);
}
