/*
 * An engine's monitor that dies:
 *
 *	monitor USEC hull create ...
 *
 * Like conmon it is a subreaper, holds the command's standard streams by pipes, and reads them. After so many
 * microseconds it is killed, its end of the pipes is closed, and the command continues alone. Before that, it prints
 * "PID" of the command. Exits with the command's status (128 + signal) if the command ends earlier.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void start(char **command, int input[2], int output[2])
{
	(void)dup2(input[0], 0);
	(void)dup2(output[1], 1);
	(void)dup2(output[1], 2);
	for (int i = 0; i < 2; i++) {
		(void)close(input[i]);
		(void)close(output[i]);
	}
	(void)execv(command[0], command);
	_exit(127);
}

static void die(int sig)
{
	(void)sig;
	(void)kill(getpid(), SIGKILL);
}

int main(int argc, char **argv)
{
	int status, input[2], output[2];
	char data[4096];
	if (argc < 3 || pipe(input) < 0 || pipe(output) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return 1;
	long usec = strtol(argv[1], NULL, 10);
	struct itimerval timer = { .it_value = { usec / 1000000, usec % 1000000 + 1 } };
	pid_t pid = fork();
	if (pid == 0)
		start(argv + 2, input, output);
	(void)printf("%d\n", (int)pid);
	(void)fflush(stdout);
	(void)signal(SIGALRM, die);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
	(void)close(output[1]);
	while (read(output[0], data, sizeof(data)) > 0)
		;
	if (waitpid(pid, &status, 0) < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
