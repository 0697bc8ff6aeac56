#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/sys.h"

void close_fd(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		(void)close(*fd); /* nothing can be done about a failed close */
		errno = saved;
	}
	*fd = -1;
}

static void close_first(struct fd_batch *batch, unsigned count)
{
	int saved = errno;
	for (unsigned i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count && batch->fds[next] == batch->fds[next - 1] + 1;)
			next++;
		(void)sys_close_range((unsigned)batch->fds[i], (unsigned)batch->fds[next - 1], 0);
	}
	batch->len -= count;
	memmove(batch->fds, batch->fds + count, batch->len * sizeof(batch->fds[0]));
	errno = saved;
}

void fd_batch_close(struct fd_batch *batch)
{
	close_first(batch, batch->len);
}

int fd_batch_add(struct fd_batch *batch, int fd)
{
	if (fd < 0)
		return fd;
	if (batch->len == FD_BATCH_MAX)
		close_first(batch, FD_BATCH_MAX / 2);
	batch->fds[batch->len++] = fd;
	return fd;
}

bool fd_is_inherited(int fd)
{
	int flags = fcntl(fd, F_GETFD);
	return flags >= 0 && !(flags & FD_CLOEXEC);
}

/* Each round finds the next descriptor to keep, and closes those before it. */
int mkdir_exactly(int dirfd, const char *name, mode_t mode)
{
	mode_t mask = umask(0); /* no other thread creates files meanwhile */
	int result = mkdirat(dirfd, name, mode);
	(void)umask(mask);
	return result;
}

int close_all_but(int first, const int *keep, size_t count)
{
	for (;;) {
		int next = -1;
		for (size_t i = 0; i < count; i++)
			if (keep[i] >= first && (next < 0 || keep[i] < next))
				next = keep[i];
		if (next != first && sys_close_range((unsigned)first, next < 0 ? ~0U : (unsigned)next - 1, 0) < 0)
			return -1;
		if (next < 0)
			return 0;
		first = next + 1;
	}
}

int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

int same_file(int dir, const char *path, int other_dir, const char *other)
{
	struct stat a, b;
	if (fstatat(dir, path, &a, AT_EMPTY_PATH) < 0 || fstatat(other_dir, other, &b, AT_EMPTY_PATH) < 0)
		return -1;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int write_all(int fd, const void *data, size_t len)
{
	const char *at = data;
	while (len > 0) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t read_fd(struct arena *arena, int fd, const char *name, size_t limit, char **ret_text, struct error *err)
{
	struct stat st;
	size_t room = 4096;
	/* a regular file ends at its size; files of procfs and the like have size 0 */
	bool has_size = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
	if (has_size)
		room = (size_t)st.st_size + 1;
	if (room > limit + 1)
		room = limit + 1;
	char *text = arena_alloc(arena, room + 1);
	size_t len = 0;
	for (;;) {
		if (len > limit)
			return fail(err, EFBIG, "read %s, at most %zu bytes", name, limit);
		if (len == room) {
			char *more = arena_alloc(arena, room * 2 + 1);
			memcpy(more, text, len);
			text = more;
			room *= 2;
		}
		ssize_t n = read(fd, text + len, room - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, errno, "read %s", name);
		if (n == 0)
			break;
		len += (size_t)n;
		if (has_size && (off_t)len == st.st_size && len <= limit)
			break;
	}
	text[len] = '\0';
	*ret_text = text;
	return (ssize_t)len;
}

ssize_t read_file_at(struct arena *arena, int dirfd, const char *path, size_t limit, char **ret_text, struct error *err)
{
	FD(fd) = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, errno, "open %s", path);
	return read_fd(arena, fd, path, limit, ret_text, err);
}

int write_file_at(int dirfd, const char *path, const char *text, struct error *err)
{
	FD(fd) = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fail(err, errno, "open %s for writing", path);
	if (write_all(fd, text, strlen(text)) < 0)
		return fail(err, errno, "write \"%.*s\" to %s", (int)strcspn(text, "\n"), text, path);
	return 0;
}

/* Gives the file a name, in place of the file that has it. */
static int link_unnamed(int fd, int dirfd, const char *name)
{
	char path[40];
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int result = linkat(AT_FDCWD, path, dirfd, name, AT_SYMLINK_FOLLOW);
	if (result < 0 && errno == EEXIST && unlinkat(dirfd, name, 0) == 0)
		result = linkat(AT_FDCWD, path, dirfd, name, AT_SYMLINK_FOLLOW);
	return result;
}

static int rename_over(int dirfd, const char *name, const char *text, size_t len, mode_t mode, struct error *err)
{
	char temporary[256];
	if ((size_t)snprintf(temporary, sizeof(temporary), ".%s.%d", name, (int)getpid()) >= sizeof(temporary))
		return fail(err, ENAMETOOLONG, "replace %s", name);
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	FD(fd) = openat(dirfd, temporary, flags, mode);
	/* left by an earlier process of our pid, which was killed */
	if (fd < 0 && errno == EEXIST && unlinkat(dirfd, temporary, 0) == 0)
		fd = openat(dirfd, temporary, flags, mode);
	if (fd < 0)
		return fail(err, errno, "create %s", temporary);
	if (write_all(fd, text, len) == 0 && renameat(dirfd, temporary, dirfd, name) == 0)
		return 0;
	int saved = errno;
	(void)unlinkat(dirfd, temporary, 0); /* the first error is the one to report */
	return fail(err, saved, "write %s", name);
}

int replace_file_at(int dirfd, const char *name, const char *text, size_t len, mode_t mode, struct error *err)
{
	FD(fd) = openat(dirfd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) /* not every file system has O_TMPFILE */
		return rename_over(dirfd, name, text, len, mode, err);
	if (fd < 0)
		return fail(err, errno, "create %s", name);
	if (write_all(fd, text, len) < 0 || link_unnamed(fd, dirfd, name) < 0)
		return fail(err, errno, "write %s", name);
	return 0;
}

int send_with_fd(int sock, const void *data, size_t len, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.space);
	}
	ssize_t n;
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	if ((size_t)n != len) {
		errno = EMSGSIZE;
		return -1;
	}
	return 0;
}

ssize_t recv_with_fd(int sock, void *data, size_t len, int *ret_fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int) * 4)];
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.space)
	};
	ssize_t n;
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	*ret_fd = -1;
	if (n < 0)
		return -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (*ret_fd < 0)
				*ret_fd = fd;
			else
				close_fd(&fd);
		}
	}
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) { /* a part of a message is useless */
		close_fd(ret_fd);
		errno = EMSGSIZE;
		return -1;
	}
	return n;
}

int connect_unix(const char *path, int type, struct error *err)
{
	FD(sock) = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return fail(err, errno, "socket");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	FD(dir) = -1;
	if (strlen(path) < sizeof(addr.sun_path)) {
		memcpy(addr.sun_path, path, strlen(path));
	} else { /* a long path is reached through its directory's descriptor */
		const char *slash = strrchr(path, '/');
		char *parent = slash ? strndup(path, (size_t)(slash - path)) : NULL;
		dir = parent ? open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		free(parent);
		if (dir < 0)
			return fail(err, errno, "open the directory of %s", path);
		int len = snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", dir, slash + 1);
		if ((size_t)len >= sizeof(addr.sun_path))
			return fail(err, ENAMETOOLONG, "connect to %s", path);
	}
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return fail(err, errno, "connect to %s", path);
	return take_fd(&sock);
}
