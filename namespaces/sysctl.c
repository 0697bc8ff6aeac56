#include "namespaces/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "namespaces/mount-new.h"
#include "oci/check.h"

/* Opens the caller's /proc, in a user namespace that may not mount procfs because its pid namespace belongs to another,
 * or because parts of /proc are covered. */
static int open_callers(void)
{
	enum { ROOT_INODE = 1 };
	struct statfs fs;
	struct stat st;
	FD(proc) = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool is_root = proc >= 0 && fstatfs(proc, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC && fstat(proc, &st) == 0 &&
		       st.st_ino == ROOT_INODE;
	return is_root ? take_fd(&proc) : -1;
}

int procfs_open(struct error *err)
{
	struct mount_options options = { .attr.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
	int mount = mount_detached("proc", NULL, &options, err);
	if (mount >= 0 || err->errnum != EPERM)
		return mount;
	int callers = open_callers();
	if (callers >= 0)
		error_clear(err);
	return callers;
}

int procfs_open_file(int proc, const char *path, int flags)
{
	FD(fd) = path_try_resolve(
		proc, path, flags | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	struct statfs fs;
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -1;
	if (fs.f_type != PROC_SUPER_MAGIC) {
		errno = EXDEV;
		return -1;
	}
	return take_fd(&fd);
}

static int write_one(int proc, const struct oci_pair *pair, struct error *err)
{
	char path[512] = "sys/";
	if (!oci_sysctl_path(pair->key, path + 4, sizeof(path) - 4))
		return fail(err, ENAMETOOLONG, "set the kernel parameter %.64s…", pair->key);
	FD(fd) = procfs_open_file(proc, path, O_WRONLY);
	if (fd < 0) {
		const char *hint = NULL;
		if (errno == ENOENT)
			hint = "this kernel has no such parameter";
		else if (errno == EXDEV)
			hint = "a mount covers it in the /proc of hull's caller";
		return fail_hint(err, errno, hint, "open /proc/%s", path);
	}
	/* Writing nothing would set nothing. A newline empties a text, and is refused for a number. */
	const char *value = *pair->value ? pair->value : "\n";
	if (write_all(fd, value, strlen(value)) < 0)
		return fail(err, errno, "write \"%s\" to /proc/%s", pair->value, path);
	return 0;
}

int sysctl_write(int proc, const oci_map *sysctl, struct error *err)
{
	LIST_EACH (sysctl, pair) {
		char where[192];
		if (write_one(proc, pair, err) == 0)
			continue;
		(void)snprintf(where, sizeof(where), ".linux.sysctl[\"%s\"]", pair->key);
		return error_at(err, where);
	}
	return 0;
}
