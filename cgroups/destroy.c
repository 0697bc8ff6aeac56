#include "base/clock.h"
#include "cgroups/cgroup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "cgroups/devices.h"
#include "cgroups/path.h"

static bool is_empty(const struct cgroup_events *events)
{
	return !events->populated;
}

/* Names a process that does not die, preferably one in an uninterruptible wait. */
static int hint_stuck(int fd, struct error *err)
{
	ARENA(arena);
	pid_t *pids;
	size_t len;
	char text[160] = "a process";
	if (cgroup_pids(&arena, fd, &pids, &len, NULL) < 0)
		len = 0;
	for (size_t i = 0; i < len; i++)
		if (proc_describe(pids[i], text, sizeof(text)))
			break;
	return error_hint(err, "%s; what waits uninterruptibly dies when that ends: delete it again then", text);
}

/* Kills the processes in the cgroup and removes the cgroups below it. */
static int empty(int fd, const char *path, int64_t deadline, int timeout_ms, struct error *err)
{
	struct cgroup_events events;
	if (cgroup_read_events(fd, &events) < 0)
		return fail(err, errno, "read cgroup.events of cgroup %s", path);
	if (events.populated && cgroup_kill(fd, err) < 0)
		return error_prefix(err, "empty cgroup %s", path);
	int done = cgroup_wait_events(fd, is_empty, clock_left_ms(deadline));
	if (done < 0)
		return fail(err, errno, "wait for cgroup %s to become empty", path);
	if (done == 0) {
		(void)fail(err, 0, "cgroup %s has processes %d ms after they were killed", path, timeout_ms);
		return hint_stuck(fd, err);
	}
	if (cgroup_remove_below(fd, clock_left_ms(deadline) + 1) < 0)
		return fail(err, errno, "remove the cgroups below %s", path);
	return 0;
}

static bool is_gone(int errnum)
{
	return errnum == ENOENT || errnum == ENODEV; /* ENODEV: it was removed while a file of it was open */
}

/* As empty(), but 1 if another container uses the cgroup. It may be removed at any moment, by systemd for one. */
static int empty_ours(
	int fd, const char *path, const struct cgroup_made *made, int64_t deadline, int timeout_ms, struct error *err)
{
	struct error why = { .errnum = 0 };
	int anothers = made->mark ? cgroup_is_anothers(fd, made->mark, made->marked_only) : 0;
	if (anothers > 0 || (anothers < 0 && is_gone(errno)))
		return anothers > 0;
	if (anothers < 0)
		return fail(err, errno, "look whose cgroup %s is", path);
	if (empty(fd, path, deadline, timeout_ms, &why) == 0 || is_gone(why.errnum))
		return 0;
	if (err)
		*err = why;
	return -1;
}

/* Empties a cgroup that existed before the container, which stays. */
static int clear(const struct cgroup_host *host, const char *path, const struct cgroup_made *made, int timeout_ms,
	struct error *err)
{
	struct error why = { .errnum = 0 };
	FD(fd) = cgroup_try_open_prefix(host, path, strlen(path));
	if (fd < 0)
		return is_gone(errno) ? 0 : fail(err, errno, "open cgroup %s", path);
	int status = empty_ours(fd, path, made, clock_now_ms() + timeout_ms, timeout_ms, err);
	if (status != 0 || devices_detach(fd, &why) == 0 || is_gone(why.errnum))
		return status;
	if (err)
		*err = why;
	return -1;
}

static bool is_busy(int errnum)
{
	return errnum == EBUSY || errnum == ENOTEMPTY;
}

/* Tries rmdir(2) first, since the cgroup is mostly empty. */
static int remove_it(const struct cgroup_host *host, const char *path, const struct cgroup_made *made, int timeout_ms,
	struct error *err)
{
	int64_t deadline = clock_now_ms() + timeout_ms;
	size_t len = strlen(path);
	while (cgroup_try_rmdir(host, path, len) < 0) {
		if (is_gone(errno))
			return 0;
		if (!is_busy(errno))
			return fail(err, errno, "remove cgroup %s", path);
		FD(fd) = cgroup_try_open_prefix(host, path, len);
		if (fd < 0)
			return is_gone(errno) ? 0 : fail(err, errno, "open cgroup %s", path);
		int status = empty_ours(fd, path, made, deadline, timeout_ms, err);
		if (status != 0)
			return status;
		/* another process may have been moved into it since */
		if (cgroup_try_rmdir(host, path, len) == 0 || is_gone(errno))
			return 0;
		if (!is_busy(errno) || clock_left_ms(deadline) == 0)
			return fail(err, errno, "remove cgroup %s", path);
		(void)usleep(1000); /* a pause, no more */
	}
	return 0;
}

int cgroup_destroy(
	const struct cgroup_host *host, const char *path, struct cgroup_made made, int timeout_ms, struct error *err)
{
	if (!host->mount[0])
		return 0;
	if (made.components == 0)
		return clear(host, path, &made, timeout_ms, err);
	int status = remove_it(host, path, &made, timeout_ms, err);
	if (status != 0)
		return status;
	for (size_t len = cgroup_parent_len(path, strlen(path)); len > 0; len = cgroup_parent_len(path, len)) {
		bool ours = made.components > 1 || cgroup_is_our_parent(host, path, len);
		made.components -= made.components > 1;
		if (ours && (cgroup_try_rmdir(host, path, len) == 0 || is_gone(errno)))
			continue;
		/* other containers are there, the last of which removes it; or it belongs to another user */
		return !ours || is_busy(errno) || errno == EACCES || errno == EPERM ?
			       0 :
			       fail(err, errno, "remove cgroup %.*s", (int)len, path);
	}
	return 0;
}
