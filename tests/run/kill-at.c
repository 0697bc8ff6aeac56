/*
 * Runs a command and kills it, or a process that it made, at one system call after the other; or makes the call fail.
 *
 *	kill-at parent 17 hull create ...     SIGKILL as the command enters its 17th system call
 *	kill-at child 17 hull create ...      the same for the processes that the command has cloned, counted together
 *	kill-at parent 0 hull create ...      kills nothing, and prints the number of calls
 *	MEANWHILE='hull delete ...' kill-at parent 17 hull exec ...
 *	                                      kills nothing, but runs that with sh while the command stands before its 17th call
 *	                                      (or, with "child", one of its processes before theirs, as long as it is hull)
 *	FAULT=EIO REPORT=FILE kill-at parent 17 hull create ...
 *	                                      kills nothing, but the 17th call fails with that error, undone
 *
 * Prints that number, or the exit status of the command (128 + signal) in the mode "child". With FAULT, it writes the
 * number of calls, the status ("hang" after eleven seconds) and the number of the failed call in the kernel's table to
 * FILE instead; programs that a child executes are not counted. Exits with 0 if it killed, 3 if the command ended
 * before, 1 if it cannot trace. Processes that outlive the command continue untraced.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_PROCESSES = 1024, PATIENCE = 11 /* seconds: hull itself waits ten */ };

struct pids {
	pid_t items[MAX_PROCESSES];
	unsigned len;
};

struct trace {
	pid_t main;
	bool children;
	unsigned long at, count;
	bool killed;        /* or what is to run meanwhile has run */
	struct pids inside; /* those between the entry of a call and its end */
	struct stat image;  /* of the command */
	bool own;           /* programs that a child executes do not count */
	int fault;          /* an errno, or 0 */
	pid_t failing;      /* inside the call that fails */
	long call;          /* its number */
};

static bool take_out(struct pids *pids, pid_t pid)
{
	for (unsigned i = 0; i < pids->len; i++)
		if (pids->items[i] == pid) {
			pids->items[i] = pids->items[--pids->len];
			return true;
		}
	return false;
}

static void put_in(struct pids *pids, pid_t pid)
{
	if (pids->len < MAX_PROCESSES)
		pids->items[pids->len++] = pid;
}

static bool look_at_image(pid_t pid, struct stat *ret)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return stat(path, ret) == 0;
}

/* Whether the process still executes what the command does. */
static bool has_image(struct trace *t, pid_t pid)
{
	struct stat st;
	(void)look_at_image(t->main, &t->image);
	return look_at_image(pid, &st) && st.st_dev == t->image.st_dev && st.st_ino == t->image.st_ino;
}

/* The number of the call, at its entry. */
static long call_number(pid_t pid)
{
	struct __ptrace_syscall_info info = { 0 };
	(void)ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info);
	return (long)info.entry.nr;
}

/* At the entry: another number, so that the kernel does nothing. At the exit: the result. */
static void set_register(pid_t pid, bool result, long value)
{
#if defined(__x86_64__)
	size_t at = result ? offsetof(struct user_regs_struct, rax) : offsetof(struct user_regs_struct, orig_rax);
	(void)ptrace(PTRACE_POKEUSER, pid, at, value);
#elif defined(__aarch64__)
	struct user_regs_struct regs;
	int number = (int)value;
	struct iovec all = { &regs, sizeof(regs) }, one = { &number, sizeof(number) };
	if (!result) {
		(void)ptrace(PTRACE_SETREGSET, pid, 0x404 /* NT_ARM_SYSTEM_CALL */, &one);
	} else if (ptrace(PTRACE_GETREGSET, pid, 1 /* NT_PRSTATUS */, &all) == 0) {
		regs.regs[0] = (unsigned long long)value;
		(void)ptrace(PTRACE_SETREGSET, pid, 1, &all);
	}
#else
	(void)pid, (void)result, (void)value;
#endif
}

/* Calls that never fail by their manual pages; and those by which the C library begins, which ends without them. */
static bool never_fails(long call)
{
	static const long calls[] = {
		SYS_exit,
		SYS_exit_group,
		SYS_rt_sigreturn,
		SYS_getpid,
		SYS_getppid,
		SYS_gettid,
		SYS_getuid,
		SYS_geteuid,
		SYS_getgid,
		SYS_getegid,
		SYS_umask,
		SYS_brk,
#ifdef SYS_arch_prctl
		SYS_arch_prctl,
#endif
	};
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i] == call)
			return true;
	return false;
}

/* A descriptor is closed whatever close(2) returns. */
static void begin_fault(struct trace *t, pid_t pid)
{
	t->call = call_number(pid);
	if (never_fails(t->call))
		return;
	t->failing = pid;
	if (t->call != SYS_close && t->call != SYS_close_range)
		set_register(pid, false, -1);
}

static void handle_call(struct trace *t, pid_t pid)
{
	/* A syscall stop is an entry or an exit: the process's own turn tells which one. */
	if (take_out(&t->inside, pid)) {
		if (t->failing == pid)
			set_register(pid, true, -t->fault);
		t->failing = t->failing == pid ? 0 : t->failing;
		return;
	}
	put_in(&t->inside, pid);
	if ((pid != t->main) != t->children || (t->own && !has_image(t, pid)) || ++t->count != t->at || t->killed)
		return;
	const char *meanwhile = getenv("MEANWHILE");
	if (t->fault)
		begin_fault(t, pid);
	t->killed = t->fault || (meanwhile ? system(meanwhile) : kill(pid, SIGKILL)) == 0;
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

/* Returns the status of the command; -1 if it hangs. */
static int follow(struct trace *t)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == EINTR)
			return -1;
		if (pid < 0)
			return 255;
		if (WIFSTOPPED(status))
			handle_stop(t, pid, status);
		else if (pid == t->main)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

static void on_alarm(int sig)
{
	(void)sig;
}

static int error_of(const char *name)
{
	static const struct {
		const char *name;
		int value;
	} errors[] = { { "ENOMEM", ENOMEM }, { "EMFILE", EMFILE }, { "EIO", EIO }, { "EINTR", EINTR },
		{ "ENFILE", ENFILE }, { "EAGAIN", EAGAIN }, { "EPERM", EPERM }, { "ENOSYS", ENOSYS },
		{ "ENOSPC", ENOSPC }, { "EACCES", EACCES } };
	for (size_t i = 0; name && i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].value;
	return 0;
}

static int report(const struct trace *t, int status)
{
	FILE *file = fopen(getenv("REPORT"), "w");
	if (!file)
		return 1;
	if (status < 0)
		(void)kill(t->main, SIGKILL);
	(void)fprintf(file, "%lu %.*d%s %ld\n", t->count, status >= 0, status < 0 ? 0 : status,
		status < 0 ? "hang" : "", t->call);
	return fclose(file) != 0 ? 1 : t->killed ? 0 : 3;
}

int main(int argc, char **argv)
{
	static struct trace t = { .main = -1 };
	int status;
	if (argc < 4)
		return 1;
	t.children = strcmp(argv[1], "child") == 0;
	t.at = strtoul(argv[2], NULL, 10);
	t.fault = error_of(getenv("FAULT"));
	t.own = t.fault || getenv("MEANWHILE");
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
	if (t.fault) {
		(void)sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
		(void)alarm(PATIENCE);
	}
	status = follow(&t);
	if (t.fault)
		return report(&t, status);
	(void)printf("%lu\n", t.children && t.at ? (unsigned long)status : t.count);
	return t.killed ? 0 : 3;
}
