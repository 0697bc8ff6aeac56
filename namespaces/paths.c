#include "namespaces/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/sys.h"
#include "namespaces/anchor.h"
#include "namespaces/mount-new.h"

int paths_open_null(struct error *err)
{
	/* The inode is the host's. On a read-only mount its mode and owner cannot be changed, but the device can be
	 * written to. */
	struct mount_attr attr = { .attr_set = defence_is_off("readonly-null") ?
						       0 :
						       MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
	FD(null) = sys_open_tree_attr(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, &attr);
	struct stat st;
	if (null < 0 || fstat(null, &st) < 0)
		return fail(err, errno, "open /dev/null of the host");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return fail(err, 0, "/dev/null of the host is not the null device");
	return take_fd(&null);
}

static int open_if_there(const struct anchors *anchors, const char *path, struct error *err)
{
	int fd = anchor_open(anchors, path, O_PATH);
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
		(void)fail(err, errno, "open %s", path);
	return fd;
}

/* A mount that covers many places. It is attached at the first and cloned for the others, since Linux clones detached
 * mounts only since 6.15. */
struct cover {
	int *mount;
	bool attached;
	const struct mount_param *label; /* of a directory */
};

static int put_cover(struct cover *cover, int target, struct fd_batch *batch)
{
	if (!cover->attached) {
		cover->attached = true;
		return mount_attach(*cover->mount, target);
	}
	int clone = fd_batch_add(
		batch, sys_open_tree(*cover->mount, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH));
	return clone < 0 ? -1 : mount_attach(clone, target);
}

static int make_empty_directory(const struct mount_param *label, struct error *err)
{
	/* The one inode is the root. A container that remounts it writable cannot use memory there. */
	struct mount_param params[] = { { "nr_inodes", "1" }, { "mode", "755" }, *label };
	struct mount_options options = { .attr.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
							  MOUNT_ATTR_NOEXEC,
		.params = { params, label->value ? 3 : 2 } };
	return mount_detached("tmpfs", NULL, &options, err);
}

static int mask(const struct anchors *anchors, const char *path, struct cover *file, struct cover *directory,
	struct fd_batch *batch, struct error *err)
{
	int target = fd_batch_add(batch, open_if_there(anchors, path, err));
	if (target < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	struct stat st;
	if (fstat(target, &st) < 0)
		return fail(err, errno, "stat %s", path);
	bool is_directory = S_ISDIR(st.st_mode);
	if (is_directory && *directory->mount < 0)
		*directory->mount = make_empty_directory(directory->label, err);
	if (is_directory && *directory->mount < 0)
		return -1;
	if (put_cover(is_directory ? directory : file, target, batch) < 0)
		return fail(err, errno, "mask %s", path);
	return 0;
}

static int fail_at_item(struct error *err, const char *list, size_t index)
{
	char where[64];
	(void)snprintf(where, sizeof(where), "%s[%zu]", list, index);
	return error_at(err, where);
}

int paths_mask(const struct anchors *anchors, const oci_strings *paths, int null, const struct mount_param *label,
	struct fd_batch *batch, struct error *err)
{
	FD(empty) = -1; /* stays open while it is cloned */
	struct cover file = { .mount = &null }, directory = { .mount = &empty, .label = label };
	for (size_t i = 0; i < paths->len; i++) {
		if (mask(anchors, paths->items[i], &file, &directory, batch, err) < 0)
			return fail_at_item(err, ".linux.maskedPaths", i);
	}
	return 0;
}

static int make_readonly(const struct anchors *anchors, const char *path, struct fd_batch *batch, struct error *err)
{
	const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	int target = fd_batch_add(batch, open_if_there(anchors, path, err));
	if (target < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	int tree = fd_batch_add(batch, sys_open_tree_attr(target, "", flags, &attr));
	if (tree < 0 || mount_attach(tree, target) < 0)
		return fail(err, errno, "make %s read-only", path);
	return 0;
}

int paths_make_readonly(
	const struct anchors *anchors, const oci_strings *paths, struct fd_batch *batch, struct error *err)
{
	for (size_t i = 0; i < paths->len; i++)
		if (make_readonly(anchors, paths->items[i], batch, err) < 0)
			return fail_at_item(err, ".linux.readonlyPaths", i);
	return 0;
}
