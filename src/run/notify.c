#include "run/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define SOCKET_NAME "notify.sock"

/* Sends all of the data, without SIGPIPE. -1 and errno. */
static int send_all(int sock, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(sock, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int notify_seccomp_agent(
	const char *listener_path, int listener_fd, const char *process_state_json, size_t len, struct error *err)
{
	static const char where[] = ".linux.seccomp.listenerPath";
	FD(sock) = connect_unix(listener_path, SOCK_STREAM, err);
	if (sock < 0)
		return error_at(err, where);
	/* The descriptor is in the first part, which is small enough for any buffer. */
	size_t first = len < 1024 ? len : 1024;
	if (send_with_fd(sock, process_state_json, first, listener_fd) < 0 ||
		send_all(sock, process_state_json + first, len - first) < 0)
		return fail_at(err, errno, where, "send the seccomp listener to %s", listener_path);
	return 0;
}

int sd_notify_prepare(int state_dir, struct error *err)
{
	if (mkdir_exactly(state_dir, SD_NOTIFY_DIR, 0755) < 0 && errno != EEXIST)
		return fail(err, errno, "make %s in the state directory", SD_NOTIFY_DIR);
	FD(dir) = openat(state_dir, SD_NOTIFY_DIR, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return fail(err, errno, "open %s in the state directory", SD_NOTIFY_DIR);
	if (unlinkat(dir, SOCKET_NAME, 0) < 0 && errno != ENOENT)
		return fail(err, errno, "remove %s/%s", SD_NOTIFY_DIR, SOCKET_NAME);
	FD(sock) = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return fail(err, errno, "socket");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	/* Named by the directory's descriptor, since the path of a state directory may be too long for an address. */
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/" SOCKET_NAME, dir);
	if (bind(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return fail(err, errno, "bind %s/%s", SD_NOTIFY_DIR, SOCKET_NAME);
	/* Any user in the container may write to it. */
	if (fchmodat(dir, SOCKET_NAME, 0777, 0) < 0)
		return fail(err, errno, "chmod %s/%s", SD_NOTIFY_DIR, SOCKET_NAME);
	return take_fd(&sock);
}

/* Whether a line is READY=1. The text comes from the container and may have any content. */
static bool says_ready(const char *text, size_t len)
{
	static const char ready[] = "READY=1";
	for (const char *at = text, *end = text + len; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t line = (size_t)((newline ? newline : end) - at);
		if (line == sizeof(ready) - 1 && memcmp(at, ready, line) == 0)
			return true;
		at += line + 1;
	}
	return false;
}

/* sd_notify(3): a path, or an abstract address written with "@" for its leading NUL byte. */
static int tell_host(const char *host_socket, pid_t pid, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(host_socket);
	if (len < 2 || (host_socket[0] != '/' && host_socket[0] != '@'))
		return fail(err, 0, "NOTIFY_SOCKET is no address: \"%s\"", host_socket);
	if (len >= sizeof(addr.sun_path))
		return fail(err, ENAMETOOLONG, "NOTIFY_SOCKET");
	memcpy(addr.sun_path, host_socket, len);
	if (addr.sun_path[0] == '@')
		addr.sun_path[0] = '\0';
	char text[64];
	int text_len = snprintf(text, sizeof(text), "MAINPID=%d\nREADY=1\n", (int)pid);
	FD(sock) = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return fail(err, errno, "socket");
	/* The length is exact, since trailing NUL bytes would be part of an abstract name. */
	socklen_t addr_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (sendto(sock, text, (size_t)text_len, MSG_NOSIGNAL, (struct sockaddr *)&addr, addr_len) < 0)
		return fail(err, errno, "send READY=1 to %s", host_socket);
	return 1;
}

int sd_notify_step(int sock, const char *host_socket, pid_t pid, struct error *err)
{
	char text[4096];
	/* With recv(2) the kernel drops descriptors in the message. */
	ssize_t n = recv(sock, text, sizeof(text), MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return fail(err, errno, "receive from the container's notify socket");
	return n > 0 && says_ready(text, (size_t)n) ? tell_host(host_socket, pid, err) : 0;
}

int sd_notify_forward_ready(int sock, const char *host_socket, int pidfd, pid_t pid, struct error *err)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = sock, .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };
		if (poll(fds, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return fail(err, errno, "poll");
		}
		if (!fds[0].revents) /* messages from before the exit count */
			return 0;
		int done = sd_notify_step(sock, host_socket, pid, err);
		if (done != 0)
			return done;
	}
}
