/*
 * Attacks the process that holds a user namespace while hull maps the ids of a mount:
 *
 *	reach UID hull run ...
 *
 * The command is stopped at each of its system calls. As UID, this program then attacks every child of the command
 * that is in another user namespace, but in the same mount and pid namespaces. Prints a line "held DESCRIPTORS" for
 * each such process, and each attack that succeeded: "killed", "traced", "joined", "read". Exits with the status of
 * the command.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_same_namespace(pid_t a, pid_t b, const char *type)
{
	char path[64], one[64] = "", other[64] = "";
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)a, type);
	ssize_t len = readlink(path, one, sizeof(one) - 1);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)b, type);
	return len > 0 && readlink(path, other, sizeof(other) - 1) > 0 && strcmp(one, other) == 0;
}

static unsigned count_descriptors(pid_t pid)
{
	char path[64];
	unsigned count = 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	while (dir && readdir(dir))
		count++;
	if (dir)
		(void)closedir(dir);
	return count < 2 ? 0 : count - 2;
}

static void say(const char *what)
{
	(void)write(STDOUT_FILENO, what, strlen(what));
}

static bool can_open(pid_t pid, const char *file, int flags)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	int fd = open(path, flags | O_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

/* Runs in a process of its own. */
static void attack(pid_t victim, uid_t uid)
{
	char path[64];
	if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		_exit(1);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)victim);
	int ns = open(path, O_RDONLY | O_CLOEXEC);
	if (can_open(victim, "mem", O_RDWR) || can_open(victim, "environ", O_RDONLY) ||
		can_open(victim, "fd/0", O_RDONLY))
		say("read\n");
	if (ptrace(PTRACE_ATTACH, victim, NULL, NULL) == 0) {
		say("traced\n");
		(void)waitpid(victim, NULL, __WALL);
		(void)ptrace(PTRACE_DETACH, victim, NULL, NULL);
	}
	if (kill(victim, 0) == 0)
		say("killed\n");
	if (ns >= 0 && setns(ns, CLONE_NEWUSER) == 0) /* last: it takes the rights away */
		say("joined\n");
	_exit(0);
}

static void try_child(pid_t command, pid_t child, uid_t uid)
{
	char line[64];
	if (is_same_namespace(command, child, "user") || !is_same_namespace(command, child, "mnt") ||
		!is_same_namespace(command, child, "pid"))
		return;
	for (int i = 0; i < 6000 && count_descriptors(child) > 1; i++) /* it closes what it has inherited */
		(void)usleep(10000);
	(void)snprintf(line, sizeof(line), "held %u\n", count_descriptors(child));
	say(line);
	pid_t pid = fork();
	if (pid == 0)
		attack(child, uid);
	(void)waitpid(pid, NULL, 0);
}

static void look(pid_t command, uid_t uid)
{
	static pid_t last;
	char path[64];
	int child;
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)command, (int)command);
	FILE *children = fopen(path, "re");
	while (children && fscanf(children, "%d", &child) == 1)
		if (child > last) {
			try_child(command, child, uid);
			last = child;
		}
	if (children)
		(void)fclose(children);
}

int main(int argc, char **argv)
{
	int status;
	if (argc < 3)
		return 1;
	uid_t uid = (uid_t)atoi(argv[1]);
	pid_t command = fork();
	if (command == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)raise(SIGSTOP);
		(void)execvp(argv[2], argv + 2);
		_exit(127);
	}
	(void)waitpid(command, &status, 0);
	(void)ptrace(PTRACE_SETOPTIONS, command, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC);
	for (int sig = 0;;) {
		(void)ptrace(PTRACE_SYSCALL, command, NULL, sig);
		if (waitpid(command, &status, 0) < 0 || WIFEXITED(status) || WIFSIGNALED(status))
			break;
		sig = WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
		if (!sig)
			look(command, uid);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
