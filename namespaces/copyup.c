#include "namespaces/copyup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

enum { MAX_DEPTH = 128, XATTR_ROOM = 65536 };

static int copy_directory(int from, int to, unsigned depth, struct error *err);

static void close_dir(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* Attributes that the tmpfs has no room for, or that the caller may not set (security.*), are left out. */
static void copy_xattrs(int from, int to)
{
	static char value[XATTR_ROOM], names[XATTR_ROOM]; /* the most that there can be; init has one thread */
	ssize_t len = flistxattr(from, names, sizeof(names));
	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t size = fgetxattr(from, names + at, value, sizeof(value));
		if (size >= 0)
			(void)fsetxattr(to, names + at, value, (size_t)size, 0);
	}
}

static int copy_attributes(int to, const struct stat *st, const char *name, struct error *err)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };
	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0 || futimens(to, times) < 0)
		return fail(err, errno, "tmpcopyup: set attributes of %s", name);
	return 0;
}

static int copy_file(int dir, const char *name, int to_dir, const struct stat *st, struct error *err)
{
	FD(from) = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	FD(to) = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (from < 0 || to < 0)
		return fail(err, errno, "tmpcopyup: open %s", name);
	for (;;) {
		ssize_t n = sendfile(to, from, NULL, 1 << 20);
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return fail(err, errno, "tmpcopyup: copy %s", name);
	}
	copy_xattrs(from, to);
	return copy_attributes(to, st, name, err);
}

static int copy_link(int dir, const char *name, int to_dir, const struct stat *st, struct error *err)
{
	char text[4096];
	ssize_t len = readlinkat(dir, name, text, sizeof(text) - 1);
	if (len < 0)
		return fail(err, errno, "tmpcopyup: read the link %s", name);
	text[len] = '\0';
	if (symlinkat(text, to_dir, name) < 0 ||
		fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(err, errno, "tmpcopyup: make the link %s", name);
	return 0;
}

static int copy_below(int dir, const char *name, int to_dir, const struct stat *st, unsigned depth, struct error *err)
{
	FD(from) = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || mkdirat(to_dir, name, 0700) < 0)
		return fail(err, errno, "tmpcopyup: make the directory %s", name);
	FD(to) = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return fail(err, errno, "tmpcopyup: open the directory %s", name);
	if (copy_directory(from, to, depth + 1, err) < 0)
		return -1;
	copy_xattrs(from, to);
	return copy_attributes(to, st, name, err);
}

static int copy_entry(int dir, const char *name, int to, unsigned depth, struct error *err)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(err, errno, "tmpcopyup: stat %s", name);
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		return copy_below(dir, name, to, &st, depth, err);
	case S_IFREG:
		return copy_file(dir, name, to, &st, err);
	case S_IFLNK:
		return copy_link(dir, name, to, &st, err);
	default: /* a fifo, socket or device node is made anew, under the rules of the device cgroup */
		if (mknodat(to, name, st.st_mode, st.st_rdev) < 0 ||
			fchownat(to, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
			return fail(err, errno, "tmpcopyup: make the node %s", name);
		return 0;
	}
}

static int copy_directory(int from, int to, unsigned depth, struct error *err)
{
	if (depth > MAX_DEPTH)
		return fail(err, 0, "tmpcopyup: more than %d directories deep", MAX_DEPTH);
	int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir __attribute__((cleanup(close_dir))) = copy < 0 ? NULL : fdopendir(copy);
	if (!dir)
		return fail(err, errno, "tmpcopyup: read the directory");
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (!str_is_component(entry->d_name))
			continue;
		if (copy_entry(dirfd(dir), entry->d_name, to, depth, err) < 0)
			return -1;
	}
	return 0;
}

int copyup(int from, int to, unsigned keep, struct error *err)
{
	struct stat st, now;
	FD(root) = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || fstat(from, &st) < 0 || fstat(root, &now) < 0)
		return fail(err, errno, "tmpcopyup");
	if (copy_directory(from, root, 0, err) < 0)
		return -1;
	if (keep & COPYUP_KEEP_MODE)
		st.st_mode = now.st_mode;
	if (keep & COPYUP_KEEP_UID)
		st.st_uid = now.st_uid;
	if (keep & COPYUP_KEEP_GID)
		st.st_gid = now.st_gid;
	return copy_attributes(root, &st, "the root", err);
}
