#include "namespaces/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "namespaces/mount.h"
#include "oci/check.h"

int procfs_open(struct error *err)
{
	struct mount_options options = { .attr.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			MOUNT_ATTR_NOEXEC };
	return mount_detached("proc", NULL, &options, err);
}

int procfs_open_file(int proc, const char *path, int flags)
{
	FD(fd) = path_try_resolve(proc, path, flags | O_NOFOLLOW,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
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
		(void)fail(err, errno, "open /proc/%s", path);
		return errno == ENOENT ? error_hint(err, "this kernel has no such parameter") : -1;
	}
	/* nothing written is nothing set: an end of line empties what may be empty, and is refused for a number */
	const char *value = *pair->value ? pair->value : "\n";
	if (write_all(fd, value, strlen(value)) < 0)
		return fail(err, errno, "write \"%s\" to /proc/%s", pair->value, path);
	return 0;
}

int sysctl_write(int proc, const oci_map *sysctl, struct error *err)
{
	LIST_EACH(sysctl, pair) {
		char where[192];
		if (write_one(proc, pair, err) == 0)
			continue;
		(void)snprintf(where, sizeof(where), ".linux.sysctl[\"%s\"]", pair->key);
		return error_at(err, where);
	}
	return 0;
}
