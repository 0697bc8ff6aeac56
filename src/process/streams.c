#include "process/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"

enum { MEMORY_DEVICES = 1, OVERFLOW_UID = 65534 };

/* One stream of the caller's. */
struct stream {
	int fd;
	struct stat st;
	char path[PATH_MAX]; /* in the caller's mount namespace */
};

static bool is_lent_device(int fd, struct stat *ret_st)
{
	return fstat(fd, ret_st) == 0 && S_ISCHR(ret_st->st_mode) &&
	       (major(ret_st->st_rdev) == MEMORY_DEVICES || isatty(fd));
}

/* Whether the container could have a process that owns the file, or has CAP_FOWNER over its owner. */
static bool is_changeable(const struct stat *st, const oci_id_mappings *uids)
{
	if (!uids)
		return proc_euid() == 0;
	LIST_EACH (uids, range)
		if (st->st_uid != OVERFLOW_UID && st->st_uid >= range->host_id.value &&
			st->st_uid - range->host_id.value < range->size.value)
			return true;
	return uids->len == 0;
}

/* Whether both are the same device. Numbers of pseudoterminals count only within one devpts. */
static bool is_same_device(const struct stream *s, int found)
{
	struct stat st;
	struct statfs fs;
	if (fstat(found, &st) < 0 || fstatfs(found, &fs) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != s->st.st_rdev)
		return false;
	return fs.f_type != DEVPTS_SUPER_MAGIC || (st.st_dev == s->st.st_dev && st.st_ino == s->st.st_ino);
}

/* Opens the device through a read-only clone of the mount that it is on. -1 and errno. */
static int open_readonly(const struct stream *s)
{
	char name[32];
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
	FD(tree) = sys_open_tree_attr(AT_FDCWD, s->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, &attr);
	if (tree < 0)
		return -1;
	if (!is_same_device(s, tree)) {
		errno = ENODEV;
		return -1;
	}
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", tree);
	return open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/* The same without privilege: a child does it in namespaces of its own, and shares its descriptors. */
static int open_in_child(const struct stream *s)
{
	struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_FILES, .exit_signal = SIGCHLD };
	FD(place) = fcntl(s->fd, F_DUPFD_CLOEXEC, 3);
	if (place < 0)
		return -1;
	pid_t pid = sys_clone3_or_clone(&args);
	if (pid == 0) {
		int fd = open_readonly(s), errnum = fd < 0 || dup3(fd, place, O_CLOEXEC) < 0 ? errno : 0;
		close_fd(&fd);
		_exit(errnum);
	}
	errno = pid < 0 ? errno : proc_wait(pid);
	return errno ? -1 : take_fd(&place);
}

static int open_stream(struct stream *s, struct error *err)
{
	char name[32];
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", s->fd);
	ssize_t len = readlink(name, s->path, sizeof(s->path) - 1);
	if (len < 0)
		return fail(err, errno, "find the file of descriptor %d", s->fd);
	s->path[len] = '\0';
	if (s->st.st_rdev == makedev(MEMORY_DEVICES, 3))
		(void)strcpy(s->path, "/dev/null"); /* one is like another */
	int fd = open_readonly(s);
	if (fd < 0 && errno == EPERM)
		fd = open_in_child(s);
	return fd >= 0 ? fd :
			 fail_hint(err, errno, "redirect it, so that the host's device is not lent to the container",
				 "open %s, which is descriptor %d, on a read-only mount", s->path, s->fd);
}

int streams_open(const oci_id_mappings *uids, int ret_fds[STREAMS], struct error *err)
{
	struct stream s;
	for (s.fd = 0; s.fd < STREAMS; s.fd++) {
		struct stat earlier = s.fd > 0 ? s.st : (struct stat){ .st_ino = 0 };
		if (!is_lent_device(s.fd, &s.st) || !is_changeable(&s.st, uids) || defence_is_off("lent-devices"))
			continue;
		bool again = s.fd > 0 && ret_fds[s.fd - 1] >= 0 && earlier.st_dev == s.st.st_dev &&
			     earlier.st_ino == s.st.st_ino;
		ret_fds[s.fd] = again ? fcntl(ret_fds[s.fd - 1], F_DUPFD_CLOEXEC, 3) : open_stream(&s, err);
		if (ret_fds[s.fd] < 0)
			return again ? fail(err, errno, "duplicate descriptor %d", s.fd) : -1;
	}
	return 0;
}

int streams_take(const int fds[STREAMS], struct error *err)
{
	for (int fd = 0; fd < STREAMS; fd++)
		if (fds[fd] >= 0 && dup2(fds[fd], fd) < 0)
			return fail(err, errno, "exchange descriptor %d", fd);
	return 0;
}
