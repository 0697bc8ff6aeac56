/*
 * supervise SHELL SCRIPT [OPERAND...]: runs a file of tests, as a parent that signals reach at once, while a shell
 * would first wait for the programs that it has started. When the file ends, by itself or by a signal, none of its
 * processes, mounts and cgroups is left, nor its directory of temporary files. A hull command that hangs is ended, as
 * by timeout(1) before each.
 *
 * The shell gets in its environment: HULL, resolved; HULL_TEST_SUITE_DIR; HULL_TEST_CGROUP2, the mount point of
 * cgroup2; and HULL_TEST_SUITE, which marks its processes. The caller's environment may have: HULL_TEST_LIMIT, the
 * seconds for a hull command; HULL_TEST_RUN, the beginning of the tests' ids; HULL_TEST_STRAYS, if leftovers of a
 * file are no failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "sweep.h"
#include "tool.h"

enum {
	LIMIT_SECONDS = 120, /* for one hull command */
	LIMIT_MORE = 5,      /* from SIGTERM to SIGKILL */
	PATROL_SECONDS = 5,
	SHELL_MS = 3000, /* for the traps of a shell that is to end */
	SWEEPS = 200,
	SWEEP_MS = 20,
	STAT_LIMIT = 4096,
};

struct suite {
	char dir[PATH_MAX];
	char shell[PATH_MAX]; /* the executable of the shell */
	char command[16];     /* the name of hull's processes, as the kernel cuts it */
	pid_t pid;
	int status; /* as wait(2) has it, once `ended` */
	bool ended;
	bool strays;   /* may be left: daemons, of which the next file has use */
	int64_t limit; /* in seconds, for a hull command; or -1 */
	struct traces traces;
};

static bool is_shell(const struct suite *s, pid_t pid)
{
	char path[64], target[PATH_MAX];
	(void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = '\0';
	return str_eq(target, s->shell);
}

static void reap(struct suite *s)
{
	if (!s->ended && waitpid(s->pid, &s->status, WNOHANG) == s->pid)
		s->ended = true;
}

/* Shells run their traps, which tidy up things that only they know of. */
static void end_process(void *data, pid_t pid)
{
	const struct suite *s = data;
	(void)kill(pid, is_shell(s, pid) ? SIGTERM : SIGKILL);
}

static void end_others(void *data, pid_t pid)
{
	const struct suite *s = data;
	if (!is_shell(s, pid))
		(void)kill(pid, SIGKILL);
}

static void end_suite(struct suite *s)
{
	sweep_processes(&s->traces, end_process, s);
	for (int ms = 0; ms < SHELL_MS && !s->ended; ms += SWEEP_MS) {
		if (ms && ms % 1000 == 0) /* whatever was just being started */
			sweep_processes(&s->traces, end_others, s);
		sleep_ms(SWEEP_MS);
		reap(s);
	}
	if (s->ended)
		return;
	(void)kill(s->pid, SIGKILL);
	if (waitpid(s->pid, &s->status, 0) == s->pid)
		s->ended = true;
}

/* The seconds for which a child of the shell has been a hull command. */
static int64_t command_age(const struct suite *s, pid_t pid)
{
	ARENA(arena);
	char *text, state;
	int parent;
	uint64_t ticks;
	struct timespec now;
	if (read_file_at(&arena, AT_FDCWD, arena_printf(&arena, "/proc/%d/stat", pid), STAT_LIMIT, &text, NULL) < 0)
		return -1;
	char *name = strchr(text, '('), *rest = strrchr(text, ')');
	if (!name || !rest || sscanf(rest, ") %c %d", &state, &parent) != 2)
		return -1;
	*rest = '\0';
	if (!str_eq(name + 1, s->command) || !is_shell(s, parent))
		return -1;
	if (proc_start_time(pid, &ticks, &state, NULL) < 0 || clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return -1;
	return now.tv_sec - (int64_t)(ticks / (uint64_t)sysconf(_SC_CLK_TCK));
}

static void limit_process(void *data, pid_t pid)
{
	const struct suite *s = data;
	int64_t age = command_age(s, pid);
	if (age < s->limit)
		return;
	(void)fprintf(stderr, "test-tool: %s (process %d) has run for %lld seconds and is ended\n", s->command, pid,
		(long long)age);
	(void)kill(pid, age < s->limit + (s->limit < LIMIT_MORE ? s->limit : LIMIT_MORE) ? SIGTERM : SIGKILL);
}

/* Waits until the shell has ended, or a signal has come, which is returned. */
static int watch(struct suite *s, const sigset_t *signals)
{
	const struct timespec patrol = { .tv_sec = s->limit > 0 && s->limit < PATROL_SECONDS ? s->limit :
											       PATROL_SECONDS };
	while (!s->ended) {
		int signal = sigtimedwait(signals, NULL, &patrol);
		if (signal == SIGCHLD)
			reap(s);
		else if (signal > 0)
			return signal;
		else if (errno == EAGAIN && s->limit > 0)
			sweep_processes(&s->traces, limit_process, s);
	}
	return 0;
}

/* Leftovers of a run that ended by itself are a failure of its tests: they are reported, and removed all the same. */
static int sweep_suite(struct arena *arena, const struct suite *s, bool interrupted)
{
	bool clearing = interrupted, left = false;
	for (int i = 0; i < SWEEPS && sweep_look(arena, &s->traces, NULL) != 0; i++) {
		if (!clearing && i >= SWEEPS / 2)
			left = clearing = sweep_look(arena, &s->traces, s->strays ? NULL : stderr) != 0;
		if (clearing)
			sweep_clear(arena, &s->traces);
		sleep_ms(SWEEP_MS);
	}
	if (remove_tree(arena, s->dir) < 0)
		(void)fprintf(stderr, "test-tool: %s cannot be removed\n", s->dir);
	return left && !s->strays ? -1 : 0;
}

static int start(struct suite *s, char **argv, const sigset_t *old)
{
	char suite[32], path[64];
	int gate[2];
	if (pipe(gate) < 0)
		return -1;
	s->pid = fork();
	if (s->pid == 0) {
		(void)snprintf(suite, sizeof(suite), "%d.", getpid());
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setenv("HULL_TEST_SUITE", suite, 1) < 0 ||
			close(gate[0]) < 0 || fcntl(gate[1], F_SETFD, FD_CLOEXEC) < 0 ||
			sigprocmask(SIG_SETMASK, old, NULL) < 0)
			_exit(126);
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	(void)close(gate[1]);
	while (read(gate[0], suite, 1) < 0 && errno == EINTR) /* until it is a shell */
		;
	(void)close(gate[0]);
	(void)snprintf(path, sizeof(path), "/proc/%d/exe", s->pid);
	ssize_t len = s->pid > 0 ? readlink(path, s->shell, sizeof(s->shell) - 1) : -1;
	return len < 0 ? -1 : 0;
}

static int prepare(struct suite *s)
{
	char hull[PATH_MAX];
	const char *tmp = getenv("TMPDIR"), *name = getenv("HULL");
	(void)snprintf(s->dir, sizeof(s->dir), "%s/hull-run.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(s->dir))
		return -1;
	name = name && *name ? name : "build/hull";
	if (realpath(name, hull))
		name = hull;
	const char *slash = strrchr(name, '/');
	(void)snprintf(s->command, sizeof(s->command), "%s", slash ? slash + 1 : name);
	const char *limit = getenv("HULL_TEST_LIMIT");
	s->strays = getenv("HULL_TEST_STRAYS") != NULL;
	s->limit = getenv("HULL_TEST_USER") ? -1 :
		   limit                    ? atoi(limit) :
					      LIMIT_SECONDS; /* as-user.c has a limit of its own */
	s->traces.cgroups = find_cgroup2();
	s->traces.tree = s->dir;
	return setenv("HULL", name, 1) < 0 || setenv("HULL_TEST_SUITE_DIR", s->dir, 1) < 0 ||
			       setenv("HULL_TEST_CGROUP2", s->traces.cgroups, 1) < 0 ?
		       -1 :
		       0;
}

int cmd_supervise(int argc, char **argv)
{
	ARENA(arena);
	struct suite s = { .dir = "" };
	sigset_t signals, old;
	if (argc < 3) {
		(void)fprintf(stderr, "test-tool supervise: the operands are SHELL SCRIPT [OPERAND...]\n");
		return 2;
	}
	(void)sigemptyset(&signals);
	for (size_t i = 0; i < 4; i++)
		(void)sigaddset(&signals, (const int[]){ SIGCHLD, SIGINT, SIGTERM, SIGHUP }[i]);
	if (sigprocmask(SIG_BLOCK, &signals, &old) < 0 || prepare(&s) < 0 || start(&s, argv + 1, &old) < 0) {
		perror("test-tool supervise");
		return 2;
	}
	const char *run = getenv("HULL_TEST_RUN");
	s.traces.id = arena_printf(&arena, "t%s%s%d-", run ? run : "", run && *run ? "-" : "", s.pid);
	s.traces.marks[0] = arena_printf(&arena, "HULL_TEST_ID=%s", s.traces.id);
	s.traces.marks[1] = arena_printf(&arena, "HULL_TEST_SUITE=%d.", s.pid);
	int signal = watch(&s, &signals);
	if (signal)
		end_suite(&s);
	bool clean = sweep_suite(&arena, &s, signal != 0) == 0;
	if (signal)
		return 128 + signal;
	if (!clean) {
		(void)fprintf(stderr, "test-tool: the above was left behind\n");
		return 1;
	}
	return WIFEXITED(s.status) ? WEXITSTATUS(s.status) : 128 + WTERMSIG(s.status);
}
