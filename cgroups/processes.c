/* The processes of a cgroup and of those below it: freeze, kill, signal, list. */
#include "base/str.h"
#include "cgroups/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "cgroups/path.h"

enum {
	PROCS_MAX = 64 << 20, /* of one cgroup.procs file: more than any kernel's pid_max needs */
	CGROUPS_MAX = 1 << 17,
	SIGNAL_BATCH = 128, /* pidfds that are open at a time */
};

int cgroup_kill(int cgroup_fd, struct error *err)
{
	return write_file_at(cgroup_fd, "cgroup.kill", "1", err);
}

static bool is_frozen(const struct cgroup_events *events)
{
	return events->frozen;
}

static bool is_thawed(const struct cgroup_events *events)
{
	return !events->frozen;
}

int cgroup_freeze(int cgroup_fd, bool frozen, int timeout_ms, struct error *err)
{
	if (write_file_at(cgroup_fd, "cgroup.freeze", frozen ? "1" : "0", err) < 0)
		return -1;
	int done = cgroup_wait_events(cgroup_fd, frozen ? is_frozen : is_thawed, timeout_ms);
	if (done < 0)
		return fail(err, errno, "read cgroup.events");
	if (done == 1)
		return 0;
	if (frozen)
		(void)write_file_at(cgroup_fd, "cgroup.freeze", "0", NULL); /* no container stays half frozen */
	return fail_hint(err, ETIMEDOUT,
		frozen ? "a process in it is in an uninterruptible wait" : "a parent cgroup is frozen", "%s the cgroup",
		frozen ? "freeze" : "thaw");
}

/* A cgroup to be visited: its name, and its depth below the cgroup that was asked about. */
struct visit {
	const char *name;
	unsigned depth;
};
typedef LIST(struct visit) visits;

static int add_children(struct arena *arena, int dir, unsigned depth, visits *todo, struct error *err)
{
	DIR *children = cgroup_open_children(dir);
	if (children) {
		for (const char *name; (name = cgroup_next_child(children));)
			*list_add(arena, todo) = (struct visit){ arena_strdup(arena, name), depth + 1 };
		int saved = errno;
		(void)closedir(children); /* only read */
		errno = saved;
	}
	return errno && errno != ENOENT ? fail(err, errno, "list the cgroups below a cgroup") : 0; /* ENOENT: removed */
}

struct pid_list {
	pid_t *items;
	size_t len;
};

static int add_pids(struct arena *arena, int dir, struct pid_list *pids, struct error *err)
{
	FD(fd) = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char *text;
	if (fd < 0)
		return errno == ENOENT ? 0 : fail(err, errno, "open cgroup.procs");
	struct error why = { 0 };
	if (read_fd(arena, fd, "cgroup.procs", PROCS_MAX, &text, &why) < 0) {
		/* A threaded cgroup's processes are listed by its domain; ENODEV: it was just removed. */
		if (why.errnum == EOPNOTSUPP || why.errnum == ENODEV)
			return 0;
		return fail(err, why.errnum, "%s", why.text);
	}
	uint64_t pid;
	for (const char *at = text; (at = str_skip_number(at, INT32_MAX, &pid)); at += *at == '\n')
		if (pid > 0) /* 0: outside the caller's pid namespace */
			*list_add(arena, pids) = (pid_t)pid;
	return 0;
}

/* Moves up to the parent of the cgroup, then down into it. Returns 0 if it has been removed. */
static int enter(int *dir, unsigned *depth, const struct visit *visit, struct error *err)
{
	for (; *depth >= visit->depth; --*depth) {
		FD(parent) = openat(*dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (parent < 0)
			return fail(err, errno, "open the parent of a cgroup");
		close_fd(dir);
		*dir = take_fd(&parent);
	}
	FD(child) = openat(*dir, visit->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (child < 0)
		return errno == ENOENT ? 0 : fail(err, errno, "open cgroup %s", visit->name);
	close_fd(dir);
	*dir = take_fd(&child);
	++*depth;
	return 1;
}

/* From directory to directory: paths would be too long for a tree that is some thousand levels deep, and looking them
 * up would take long. The container chooses depth and number. */
int cgroup_pids(struct arena *arena, int cgroup_fd, pid_t **ret_pids, size_t *ret_len, struct error *err)
{
	struct pid_list pids = { NULL, 0 };
	visits todo = { NULL, 0 };
	unsigned depth = 0, count = 0;
	FD(dir) = openat(cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 && errno != ENOENT)
		return fail(err, errno, "open the cgroup");
	for (int there = dir >= 0;;) {
		if (there && (add_pids(arena, dir, &pids, err) < 0 || add_children(arena, dir, depth, &todo, err) < 0))
			return -1;
		if (todo.len == 0)
			break;
		if (++count > CGROUPS_MAX)
			return fail(err, E2BIG, "list the processes of more than %d cgroups", CGROUPS_MAX);
		there = enter(&dir, &depth, &todo.items[--todo.len], err);
		if (there < 0)
			return -1;
	}
	*ret_pids = pids.items;
	*ret_len = pids.len;
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;
	return (left > right) - (left < right);
}

/* A number read from the cgroup may belong to another process by the time its pidfd is opened. If the number is still
 * listed after that, the pidfd refers to the listed process, or to one that has ended. */
static int signal_batch(int cgroup_fd, const pid_t *pids, size_t len, int sig, struct error *err)
{
	int fds[SIGNAL_BATCH];
	for (size_t i = 0; i < len; i++)
		fds[i] = sys_pidfd_open(pids[i], 0);
	ARENA(arena);
	pid_t *listed = NULL;
	size_t count = 0;
	int result = cgroup_pids(&arena, cgroup_fd, &listed, &count, err);
	if (count > 0)
		qsort(listed, count, sizeof(*listed), compare_pids);
	for (size_t i = 0; i < len; i++) {
		bool ours = count > 0 && bsearch(&pids[i], listed, count, sizeof(*listed), compare_pids);
		if (result == 0 && fds[i] >= 0 && ours && sys_pidfd_send_signal(fds[i], sig) < 0 && errno != ESRCH)
			result = fail(err, errno, "send signal %d to process %d", sig, (int)pids[i]);
		close_fd(&fds[i]);
	}
	return result;
}

int cgroup_signal(int cgroup_fd, int sig, struct error *err)
{
	if (sig == SIGKILL)
		return cgroup_kill(cgroup_fd, err);
	ARENA(arena);
	pid_t *pids;
	size_t len;
	if (cgroup_pids(&arena, cgroup_fd, &pids, &len, err) < 0)
		return -1;
	for (size_t at = 0; at < len; at += SIGNAL_BATCH) {
		size_t batch = len - at < SIGNAL_BATCH ? len - at : SIGNAL_BATCH;
		if (signal_batch(cgroup_fd, pids + at, batch, sig, err) < 0)
			return -1;
	}
	return 0;
}
