/*
 * Runs a command and kills it, or a process that it made, at one system call after the other.
 *
 *	kill-at parent 17 hull create ...     SIGKILL as the command enters its 17th system call
 *	kill-at child 17 hull create ...      the same for the processes that the command has cloned, counted together
 *	kill-at parent 0 hull create ...      kills nothing, and prints the number of calls
 *	MEANWHILE='hull delete ...' kill-at parent 17 hull exec ...
 *	                                      kills nothing, but runs that with sh while the command stands before its 17th call
 *
 * Prints that number, or the exit status of the command (128 + signal) in the mode "child". Exits with 0 if it
 * killed, 3 if the command ended before, 1 if it cannot trace. Processes that outlive the command continue untraced.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_PROCESSES = 1024 };

struct trace {
	pid_t main;
	bool children;
	unsigned long at, count;
	bool killed;                 /* or what is to run meanwhile has run */
	pid_t inside[MAX_PROCESSES]; /* those between the entry of a call and its end */
	unsigned inside_len;
};

/* A syscall stop is an entry or an exit: the process's own turn tells which one. */
static bool is_entry(struct trace *t, pid_t pid)
{
	for (unsigned i = 0; i < t->inside_len; i++)
		if (t->inside[i] == pid) {
			t->inside[i] = t->inside[--t->inside_len];
			return false;
		}
	if (t->inside_len < MAX_PROCESSES)
		t->inside[t->inside_len++] = pid;
	return true;
}

static void handle_call(struct trace *t, pid_t pid)
{
	if (!is_entry(t, pid) || (pid != t->main) != t->children)
		return;
	if (++t->count == t->at && !t->killed) {
		const char *meanwhile = getenv("MEANWHILE");
		t->killed = (meanwhile ? system(meanwhile) : kill(pid, SIGKILL)) == 0;
	}
}

static void handle_stop(struct trace *t, pid_t pid, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;
	if (sig == (SIGTRAP | 0x80)) {
		handle_call(t, pid);
		sig = 0;
	} else if (event || sig == SIGTRAP) {
		sig = 0; /* the first stop of a process that was just made is an event too */
	}
	(void)ptrace(PTRACE_SYSCALL, pid, 0, sig);
}

/* Returns the status of the command. */
static int follow(struct trace *t)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0)
			return 255;
		if (WIFSTOPPED(status))
			handle_stop(t, pid, status);
		else if (pid == t->main)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

int main(int argc, char **argv)
{
	struct trace t = { .main = -1 };
	int status;
	if (argc < 4)
		return 1;
	t.children = strcmp(argv[1], "child") == 0;
	t.at = strtoul(argv[2], NULL, 10);
	t.main = fork();
	if (t.main == 0) {
		(void)raise(SIGSTOP);
		(void)execv(argv[3], argv + 3);
		_exit(127);
	}
	if (t.main < 0 || waitpid(t.main, &status, WUNTRACED) < 0 || !WIFSTOPPED(status))
		return 1;
	long options = PTRACE_O_TRACESYSGOOD;
	if (t.children)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	/* Not by PTRACE_TRACEME: a new process would begin with a SIGSTOP, and stay stopped if this program ends
	 * before it. */
	if (ptrace(PTRACE_SEIZE, t.main, 0, options) < 0 || kill(t.main, SIGCONT) < 0)
		return 1;
	status = follow(&t);
	(void)printf("%lu\n", t.children && t.at ? (unsigned long)status : t.count);
	return t.killed ? 0 : 3;
}
