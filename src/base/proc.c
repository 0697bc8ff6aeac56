#include "base/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

enum { STATUS_MAX = 1 << 20 }; /* a process may be in 65,536 groups */

uid_t proc_euid(void)
{
	return (uid_t)getauxval(AT_EUID);
}

bool proc_in_user_namespace(void)
{
	enum { INITIAL_INODE = 0xEFFFFFFDU }; /* PROC_USER_INIT_INO */
	struct stat st;
	return stat("/proc/self/ns/user", &st) == 0 && st.st_ino != INITIAL_INODE;
}

bool proc_is_root(void)
{
	return proc_euid() == 0 && !proc_in_user_namespace();
}

int proc_start_time(pid_t pid, uint64_t *ret_ticks, char *ret_state, struct error *err)
{
	char path[64], text[1024];
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FD(fd) = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, errno == ENOENT ? ESRCH : errno, "open %s", path);
	ssize_t len = read(fd, text, sizeof(text) - 1);
	if (len <= 0)
		return fail(err, len < 0 ? errno : ESRCH, "read %s", path);
	text[len] = '\0';
	/* The second field is the command in parentheses, which may itself hold spaces and parentheses. */
	const char *at = strrchr(text, ')');
	if (!at || at[1] != ' ')
		return fail(err, 0, "%s has no command field", path);
	at += 2;
	char state = *at;
	for (int field = 3; field < 22 && at; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	if (!at)
		return fail(err, 0, "%s has fewer than 22 fields", path);
	*ret_ticks = strtoull(at, NULL, 10);
	if (ret_state)
		*ret_state = state;
	return 0;
}

int proc_is_alive(pid_t pid, uint64_t start_ticks, struct error *err)
{
	struct error why = { .errnum = ESRCH };
	uint64_t ticks;
	char state;
	if (pid > 0 && proc_start_time(pid, &ticks, &state, &why) == 0)
		return ticks == start_ticks && state != 'Z' && state != 'X';
	if (why.errnum == ESRCH)
		return 0;
	if (err)
		*err = why;
	return -1;
}

int proc_pidfd(pid_t pid, uint64_t start_ticks, struct error *err)
{
	FD(pidfd) = pid > 0 ? sys_pidfd_open(pid, 0) : (errno = ESRCH, -1);
	if (pidfd < 0)
		return fail(err, errno == EINVAL ? ESRCH : errno, "open process %d", (int)pid);
	/* The descriptor pins the process: a comparison after opening it leaves no window for reuse of the number. */
	int alive = proc_is_alive(pid, start_ticks, err);
	if (alive <= 0)
		return alive < 0 ? -1 : fail(err, ESRCH, "open process %d", (int)pid);
	return take_fd(&pidfd);
}

int proc_open(pid_t pid, struct error *err)
{
	char path[32];
	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail(err, errno, "open %s", path) : fd;
}

bool proc_status(pid_t pid, const char *field, char *buf, size_t size)
{
	ARENA(arena);
	char path[32], *text, *save = NULL;
	size_t len = strlen(field);
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (read_file_at(&arena, AT_FDCWD, pid ? path : "/proc/self/status", STATUS_MAX, &text, NULL) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (str_starts(line, field) && line[len] == ':') {
			line += len + 1;
			line += strspn(line, " \t");
			return (size_t)snprintf(buf, size, "%s", line) < size;
		}
	return false;
}

uint64_t proc_ignored_signals(void)
{
	char mask[32];
	return proc_status(0, "SigIgn", mask, sizeof(mask)) ? strtoull(mask, NULL, 16) : 0;
}

void proc_reset_signals(uint64_t signals)
{
	/* The kernel's struct sigaction, with room to spare. sigaction(3) refuses the C library's own signals, which a
	 * process that was started by posix_spawn(3) may ignore. The kernel refuses SIGKILL and SIGSTOP. */
	static const long action[8];
	sigset_t none;
	for (int sig = 1; sig < NSIG; sig++)
		if (signals >> (sig - 1) & 1)
			(void)syscall(SYS_rt_sigaction, sig, action, NULL, (NSIG - 1) / 8);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int proc_wait(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int proc_reap(int pidfd, siginfo_t *ret_info)
{
	siginfo_t ignored;
	while (waitid(P_PIDFD, (id_t)pidfd, ret_info ? ret_info : &ignored, WEXITED | __WALL) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

/* Reads a small file of a task in procfs without its newline; "" if it cannot be read. */
static void read_task_file(pid_t tid, const char *name, char *buf, size_t size)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	FD(fd) = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, buf, size - 1);
	buf[len > 0 ? len : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

static void describe_task(pid_t tid, char state, char *buf, size_t size)
{
	char name[32], place[64];
	read_task_file(tid, "comm", name, sizeof(name));
	read_task_file(tid, "wchan", place, sizeof(place));
	bool known = place[0] && strcmp(place, "0") != 0;
	(void)snprintf(buf, size, "%d (%s) is in state %c%s%s", (int)tid, name, state, known ? " and waits in " : "",
		known ? place : "");
}

bool proc_describe(pid_t pid, char *buf, size_t size)
{
	char path[32], state = '?';
	uint64_t start;
	(void)proc_start_time(pid, &start, &state, NULL); /* gone: '?' */
	describe_task(pid, state, buf, size);
	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	bool found = false;
	for (struct dirent *entry; tasks && !found && (entry = readdir(tasks));) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
		found = tid > 0 && proc_start_time(tid, &start, &state, NULL) == 0 && state == 'D';
		if (found)
			describe_task(tid, state, buf, size);
	}
	if (tasks)
		(void)closedir(tasks);
	return found;
}
