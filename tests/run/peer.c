/*
 * The other side of a container, played for the tests:
 *
 *	peer console SOCKET               takes the terminal sent there, and connects standard input and output with it
 *	peer agent SOCKET errno|value N   a seccomp agent: prints the message, answers each notification and prints its call
 *	peer agent SOCKET continue        lets the calls proceed; `close` closes the listener at once
 *	peer pty ROWS COLUMNS COMMAND...  runs a command on a terminal of its own; SIGUSR1 makes it ten rows and columns larger
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#ifndef SECCOMP_USER_NOTIF_FLAG_CONTINUE
#define SECCOMP_USER_NOTIF_FLAG_CONTINUE 1
#endif

enum { PATIENCE = 60 }; /* seconds, after which a test has failed */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Returns the connection of the first client. */
static int serve(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (bind(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(sock, 1) < 0)
		die(path);
	int client = accept(sock, NULL, NULL);
	if (client < 0)
		die("accept");
	(void)close(sock);
	return client;
}

/* Receives up to size bytes and the one descriptor that comes with them. */
static size_t receive(int sock, char *data, size_t size, int *ret_fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec io = { data, size };
	struct msghdr message = {
		.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	ssize_t n = recvmsg(sock, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
	if (n < 0)
		die("recvmsg");
	*ret_fd = -1;
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(header), sizeof(int));
	return (size_t)n;
}

/* Copies what is there; false at the end. */
static bool copy(int from, int to)
{
	char data[4096];
	ssize_t n = read(from, data, sizeof(data));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0)
		return false;
	for (ssize_t done = 0; done < n;) {
		ssize_t written = write(to, data + done, (size_t)(n - done));
		if (written < 0 && errno != EINTR)
			return false;
		done += written > 0 ? written : 0;
	}
	return true;
}

static volatile sig_atomic_t grow;

static void note_growth(int sig)
{
	(void)sig;
	grow = 1;
}

static void enlarge(int master)
{
	struct winsize size;
	grow = 0;
	if (ioctl(master, TIOCGWINSZ, &size) < 0)
		die("TIOCGWINSZ");
	size.ws_row += 10;
	size.ws_col += 10;
	(void)ioctl(master, TIOCSWINSZ, &size);
}

/* Waits until no process has the other side open. */
static void relay(int master)
{
	bool input = true;
	for (;;) {
		struct pollfd fds[] = { { .fd = master, .events = POLLIN },
			{ .fd = input ? STDIN_FILENO : -1, .events = POLLIN } };
		int n = poll(fds, 2, PATIENCE * 1000);
		if (grow)
			enlarge(master);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("nothing happens");
		if (fds[1].revents)
			input = copy(STDIN_FILENO, master);
		if (fds[0].revents && !copy(master, STDOUT_FILENO))
			return;
	}
}

static int take_console(char **args)
{
	char name[256];
	int master, client = serve(args[0]);
	size_t len = receive(client, name, sizeof(name), &master);
	if (master < 0)
		die("no terminal came");
	fprintf(stderr, "%.*s\n", (int)len, name);
	relay(master);
	return 0;
}

/* The message is over when its sender closes the connection. */
static int take_listener(int client)
{
	char data[65536];
	int listener = -1, other;
	for (;;) {
		size_t n = receive(client, data, sizeof(data), &other);
		if (other >= 0)
			listener = other;
		if (n == 0)
			break;
		(void)fwrite(data, 1, n, stdout);
	}
	printf("\n");
	(void)fflush(stdout);
	return listener;
}

static void answer(int listener, const char *how, long number)
{
	struct seccomp_notif call;
	for (;;) {
		struct seccomp_notif_resp reply = { 0 };
		memset(&call, 0, sizeof(call));
		struct pollfd fd = { .fd = listener, .events = POLLIN };
		if (poll(&fd, 1, PATIENCE * 1000) <= 0 || !(fd.revents & POLLIN))
			return; /* POLLHUP: no process has the filter any more */
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
			continue;
		printf("call %d arg0=%llu\n", call.data.nr, (unsigned long long)call.data.args[0]);
		(void)fflush(stdout);
		reply.id = call.id;
		if (strcmp(how, "errno") == 0)
			reply.error = -(int)number;
		else if (strcmp(how, "value") == 0)
			reply.val = number;
		else
			reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
	}
}

static int play_agent(char **args)
{
	if (!args[0] || !args[1])
		return 2;
	int client = serve(args[0]), listener = take_listener(client);
	if (listener < 0)
		die("no listener came");
	if (strcmp(args[1], "close") != 0)
		answer(listener, args[1], args[2] ? strtol(args[2], NULL, 10) : 0);
	return 0;
}

static void run_on(int master, const struct winsize *size, char **command)
{
	int peer = -1;
	if (setsid() < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || (peer = open(ptsname(master), O_RDWR)) < 0 ||
		ioctl(peer, TIOCSWINSZ, size) < 0)
		die("open a terminal");
	(void)ioctl(peer, TIOCSCTTY, 0);
	for (int fd = 0; fd <= 2; fd++)
		(void)dup2(peer, fd);
	if (peer > 2)
		(void)close(peer);
	(void)execvp(command[0], command);
	die(command[0]);
}

static int run_on_terminal(char **args)
{
	int status, master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (!args[0] || !args[1] || !args[2] || master < 0)
		return 2;
	struct winsize size = { .ws_row = (unsigned short)atoi(args[0]), .ws_col = (unsigned short)atoi(args[1]) };
	struct sigaction action = { .sa_handler = note_growth };
	(void)sigaction(SIGUSR1, &action, NULL);
	pid_t pid = fork();
	if (pid == 0)
		run_on(master, &size, args + 2);
	relay(master);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	alarm(300);
	if (argc > 2 && strcmp(argv[1], "console") == 0)
		return take_console(argv + 2);
	if (argc > 2 && strcmp(argv[1], "agent") == 0)
		return play_agent(argv + 2);
	if (argc > 2 && strcmp(argv[1], "pty") == 0)
		return run_on_terminal(argv + 2);
	return 2;
}
