/* Tells the caller which process it is: --pid-file and --pidfd-socket. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "launch/answers.h"
#include "process/terminal.h"

/* Whether there is something that is not meant to be replaced: no regular file, such as /dev/null, nor a link to one.
 * The file behind /dev/stdout is reached by a magic link, and does not count. */
static bool is_in_the_way(int dir, const char *name)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISREG(st.st_mode) || defence_is_off("pid-file"))
		return false;
	FD(target) = S_ISLNK(st.st_mode) ? path_try_resolve(dir, name, O_PATH, RESOLVE_NO_MAGICLINKS) : -1;
	return target < 0 || fstat(target, &st) < 0 || !S_ISREG(st.st_mode);
}

/* The file is replaced, never written through a link in its place. */
static int open_pid_file(struct launch *l, struct error *err)
{
	char dir[4096];
	if (!l->pid_file || l->pid_dir >= 0)
		return 0;
	const char *slash = strrchr(l->pid_file, '/');
	size_t dir_len = slash ? (size_t)(slash - l->pid_file) + 1 : 0;
	if (dir_len >= sizeof(dir))
		return fail(err, ENAMETOOLONG, "--pid-file");
	(void)snprintf(dir, sizeof(dir), "%.*s", (int)dir_len, l->pid_file);
	FD(dir_fd) = open(dir_len ? dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return fail(err, errno, "--pid-file %s", l->pid_file);
	l->pid_name = l->pid_file + dir_len;
	if (is_in_the_way(dir_fd, l->pid_name))
		return fail_hint(err, EEXIST, "what is there is no regular file", "--pid-file %s", l->pid_file);
	l->pid_dir = take_fd(&dir_fd);
	return 0;
}

int publish_open(struct launch *l, struct error *err)
{
	if (open_pid_file(l, err) < 0)
		return -1;
	if (!l->pidfd_socket || l->pidfd_sock >= 0)
		return 0;
	l->pidfd_sock = connect_unix(l->pidfd_socket, SOCK_STREAM, err);
	return l->pidfd_sock < 0 ? error_prefix(err, "--pidfd-socket") : 0;
}

int publish(struct launch *l, struct error *err)
{
	char text[16];
	const char *id = l->plan->options.id;
	int len = snprintf(text, sizeof(text), "%d", (int)l->pid);
	if (l->pid_file && replace_file_at(l->pid_dir, l->pid_name, text, (size_t)len, 0644, err) < 0)
		return error_prefix(err, "--pid-file %s", l->pid_file);
	if (l->console_socket && l->console >= 0 && terminal_send(l->console_socket, l->console, err) < 0)
		return -1;
	if (l->console_socket)
		close_fd(&l->console);
	FD(sock) = take_fd(&l->pidfd_sock);
	if (l->pidfd_socket && send_with_fd(sock, id, strlen(id), l->pidfd) < 0)
		return fail(err, errno, "--pidfd-socket: send the pidfd");
	return 0;
}
