#include "namespaces/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/sys.h"

int rootfs_open(const char *path, unsigned long propagation, struct error *err)
{
	struct mount_attr attr = { .propagation = propagation & MS_SLAVE ? MS_SLAVE : MS_PRIVATE };
	FD(root) = sys_open_tree_attr(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE, &attr);
	if (root < 0) {
		return fail_at_hint(err, errno, ".root.path",
			errno == EPERM ? "cloning a mount needs CAP_SYS_ADMIN in its user namespace" : NULL,
			"open the root filesystem %s", path);
	}
	struct stat st;
	if (fstat(root, &st) < 0 || !S_ISDIR(st.st_mode))
		return fail_at(err, ENOTDIR, ".root.path", "open the root filesystem %s", path);
	return take_fd(&root);
}

int rootfs_attach(int root, const char *path, struct error *err)
{
	/* The mounts of a copied namespace are peers of the host's: a tree attached here would appear there. */
	struct mount_attr attr = { .propagation = MS_PRIVATE };
	if (sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr) < 0)
		return fail(err, errno, "make the mount namespace private");
	if (sys_move_mount(root, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) == 0)
		return 0;
	if ((errno == EACCES || errno == ENOENT) &&
		sys_move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) == 0)
		return 0;
	return fail_at(err, errno, ".root.path", "attach the root filesystem at %s", path);
}

int rootfs_pivot(int root, struct error *err)
{
	/* With both arguments "." the old root ends up on top of the new one and is detached there (pivot_root(2)
	 * NOTES). No directory of the image is needed. */
	if (fchdir(root) < 0)
		return fail(err, errno, "enter the root filesystem");
	if (sys_pivot_root(".", ".") < 0) {
		return fail_hint(err, errno,
			errno == EINVAL ? "pivot_root cannot leave an initramfs: use --no-pivot" : NULL, "pivot_root");
	}
	if (sys_umount2(".", MNT_DETACH) < 0)
		return fail(err, errno, "detach the old root");
	return 0; /* "." is the new root, and so is "/" */
}

/* Undoes the octal escapes of mountinfo ("\040"), in place. */
static void unescape(char *text)
{
	char *to = text;
	for (const char *at = text; *at; to++) {
		bool escaped = at[0] == '\\' && strspn(at + 1, "01234567") >= 3;
		*to = escaped ? (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0')) : *at;
		at += escaped ? 4 : 1;
	}
	*to = '\0';
}

/* Takes a procfs or sysfs of the old root away. In a user namespace it is locked, and covered instead. The path is
 * relative to the old root, the working directory. */
static int hide_mount(const char *path, struct error *err)
{
	if (sys_umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	if (syscall(SYS_mount, "none", path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "nr_inodes=1") == 0)
		return 0;
	return fail(err, errno, "hide /%s of the old root", path);
}

/* pivot_root(2) takes the old root's mounts away. Where they stay, a user namespace in the container could mount a
 * procfs or sysfs without masks, since the kernel sees a complete one in the mount namespace: mount_namespaces(7). */
static int hide_old_mounts(char *mountinfo, struct error *err)
{
	char *save = NULL, point[PATH_MAX], type[64];
	for (char *line = strtok_r(mountinfo, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *dash = strstr(line, " - ");
		if (!dash || sscanf(dash, " - %63s", type) != 1 ||
			(strcmp(type, "proc") != 0 && strcmp(type, "sysfs") != 0) ||
			sscanf(line, "%*u %*u %*s %*s %4095s", point) != 1)
			continue;
		unescape(point);
		if (hide_mount(point + 1, err) < 0)
			return -1;
	}
	return 0;
}

int rootfs_move(struct arena *arena, int root, struct error *err)
{
	enum { MOUNTINFO_MAX = 64 << 20 };
	char *mountinfo;
	FD(old) = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old < 0)
		return fail(err, errno, "open the old root");
	if (read_file_at(arena, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &mountinfo, err) < 0)
		return error_prefix(err, "--no-pivot");
	if (fchdir(root) < 0)
		return fail(err, errno, "enter the root filesystem");
	/* An attached mount is moved by mount(2): MS_MOVE of "." onto "/". */
	if (syscall(SYS_mount, ".", "/", NULL, MS_MOVE, NULL) < 0)
		return fail(err, errno, "move the root filesystem over /");
	/* The container's own mounts have left their places below the old root. */
	if (!defence_is_off("old-mounts") && (fchdir(old) < 0 || hide_old_mounts(mountinfo, err) < 0))
		return err->text[0] ? -1 : fail(err, errno, "enter the old root");
	if (fchdir(root) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return fail(err, errno, "chroot");
	return 0;
}

int rootfs_finish(int root, bool readonly, unsigned long propagation, struct error *err)
{
	struct mount_attr attr = { .attr_set = readonly ? MOUNT_ATTR_RDONLY : 0 };
	/* The tree is private or a slave already. "shared" makes a peer group of the container's own. */
	if (propagation & MS_SHARED)
		attr.propagation = MS_SHARED;
	else if (propagation & MS_UNBINDABLE)
		attr.propagation = MS_UNBINDABLE;
	if (!attr.attr_set && !attr.propagation)
		return 0;
	if (attr.propagation && (propagation & MS_REC)) {
		struct mount_attr all = { .propagation = attr.propagation };
		attr.propagation = 0;
		if (sys_mount_setattr(root, "", AT_EMPTY_PATH | AT_RECURSIVE, &all) < 0)
			return fail_at(err, errno, ".linux.rootfsPropagation", "set propagation");
	}
	if (sys_mount_setattr(root, "", AT_EMPTY_PATH, &attr) < 0)
		return fail_at(err, errno, readonly ? ".root.readonly" : ".linux.rootfsPropagation",
			"set flags of the root filesystem");
	return 0;
}
