/*
 * The bare system calls of exec: joins the namespaces and the cgroup of a container's process and executes a program
 * there. It drops no capability, begins no session, protects no executable and reads no configuration.
 *
 *	floor-exec PID CGROUP-DIRECTORY PROGRAM [ARGUMENT...]
 *
 * The namespaces are those of `hull spec`: all but user and time.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NAMESPACES = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP };

static int fail(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	int target = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);
	int cgroup = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target < 0 || cgroup < 0 || setns(target, CLONE_NEWPID) < 0)
		return fail("open");
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cgroup };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		if (setns(target, NAMESPACES) == 0)
			(void)execv(argv[3], argv + 3);
		_exit(fail("exec"));
	}
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return fail("clone");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
