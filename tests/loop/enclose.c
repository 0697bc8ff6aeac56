/*
 * Runs a command in a pid and a mount namespace of its own:
 *
 *	enclose COMMAND ARGUMENT...
 *
 * SIGINT, SIGTERM, SIGHUP, and the death of enclose end every process that the command has started, however deep it
 * hides: the kernel kills a pid namespace together with its first process. The mounts that they made end with the
 * mount namespace. The exit status is the command's, 128+N if a signal ended it, or 125 if enclose fails. Without
 * root, the command has no namespaces but a process group, which a signal ends.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
enum { ENDINGS = sizeof(ending) / sizeof(ending[0]) };

static volatile sig_atomic_t ended_by;
static volatile pid_t enclosed;
static int whole_group; /* without namespaces */

static void end(int signal_number)
{
	ended_by = signal_number;
	kill(whole_group ? -enclosed : enclosed, SIGKILL);
}

static void die(const char *what)
{
	fprintf(stderr, "enclose: ");
	perror(what);
	_exit(125);
}

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The shell that starts enclose in the background makes it ignore SIGINT; the command must receive signals. */
static void execute(char **argv, const sigset_t *mask)
{
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL); /* SIGKILL and SIGSTOP refuse */
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	die(argv[0]);
}

/* The first process of the pid namespace also waits for orphans, so that no zombie stays. */
static int reap(pid_t command)
{
	int status;
	for (;;) {
		pid_t pid = waitpid(-1, &status, 0);
		if (pid == command)
			return status_of(status);
		if (pid < 0 && errno != EINTR)
			return 125;
	}
}

static void be_first(char **argv, const sigset_t *mask)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		die("prctl");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		die("mount /proc");
	pid_t command = fork();
	if (command < 0)
		die("fork");
	if (!command) {
		setpgid(0, 0); /* the terminal's Ctrl-C comes to enclose alone */
		execute(argv, mask);
	}
	_exit(reap(command));
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: enclose COMMAND ARGUMENT...\n");
		return 125;
	}
	sigset_t block, mask;
	sigemptyset(&block);
	for (int i = 0; i < ENDINGS; i++)
		sigaddset(&block, ending[i]);
	sigprocmask(SIG_BLOCK, &block, &mask);
	for (int i = 0; i < ENDINGS; i++)
		sigdelset(&mask, ending[i]);

	whole_group = geteuid() != 0;
	int flags = whole_group ? 0 : CLONE_NEWPID | CLONE_NEWNS;
	pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid < 0)
		die("clone");
	if (!pid) {
		if (!whole_group)
			be_first(argv + 1, &mask);
		setpgid(0, 0);
		execute(argv + 1, &mask);
	}
	if (whole_group)
		setpgid(pid, pid);
	enclosed = pid;
	for (int i = 0; i < ENDINGS; i++)
		sigaction(ending[i], &(struct sigaction){ .sa_handler = end }, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);

	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("wait");
	return ended_by ? 128 + ended_by : status_of(status);
}
