/* A cgroup's events, its children, and their removal. */
#include "base/clock.h"
#include "cgroups/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"

/* "populated 1\nfrozen 0\n"; further lines may come with later kernels. */
static int parse_events(int fd, struct cgroup_events *ret_events)
{
	char text[256];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
	if (len < 0)
		return -1;
	text[len] = '\0';
	const char *frozen = strstr(text, "frozen ");
	ret_events->populated = str_starts(text, "populated 1");
	ret_events->frozen = frozen && frozen[7] == '1';
	return 0;
}

int cgroup_read_events(int cgroup_fd, struct cgroup_events *ret_events)
{
	FD(fd) = openat(cgroup_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : parse_events(fd, ret_events);
}

int cgroup_is_frozen(const struct cgroup_host *host, const char *path)
{
	char file[CGROUP_PATH_MAX];
	struct cgroup_events events;
	if ((size_t)snprintf(file, sizeof(file), "%s%s/cgroup.events", host->mount, path) >= sizeof(file))
		return 0;
	FD(fd) = path_try_resolve(AT_FDCWD, file, O_RDONLY, RESOLVE_NO_SYMLINKS);
	if (fd >= 0 && parse_events(fd, &events) == 0)
		return events.frozen;
	return errno == ENOENT || errno == ENODEV ? 0 : -1;
}

/* Reading the file arms its notification: any later change wakes poll(2) with POLLPRI, so none is missed. */
int cgroup_wait_events(int cgroup_fd, bool (*done)(const struct cgroup_events *events), int timeout_ms)
{
	FD(fd) = openat(cgroup_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int64_t deadline = clock_now_ms() + timeout_ms;
	for (;;) {
		struct cgroup_events events;
		if (parse_events(fd, &events) < 0)
			return -1;
		if (done(&events))
			return 1;
		int left = clock_left_ms(deadline);
		if (left == 0)
			return 0;
		struct pollfd item = { .fd = fd, .events = POLLPRI };
		if (poll(&item, 1, left) < 0 && errno != EINTR)
			return -1;
	}
}

/* A descriptor of its own: a duplicate would share the read position. */
DIR *cgroup_open_children(int cgroup_fd)
{
	FD(own) = openat(cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *children = own < 0 ? NULL : fdopendir(own);
	if (children)
		(void)take_fd(&own); /* closedir closes it */
	return children;
}

const char *cgroup_next_child(DIR *children)
{
	struct dirent *entry;
	errno = 0;
	while ((entry = readdir(children)))
		if (entry->d_type == DT_DIR && str_is_component(entry->d_name))
			return entry->d_name;
	return NULL;
}

/* Removes the children of dir that have none themselves; *ret_busy is one that has, or "". */
static int remove_children(int dir, char ret_busy[256])
{
	DIR *children = cgroup_open_children(dir);
	if (!children)
		return -1;
	ret_busy[0] = '\0';
	for (const char *name; (name = cgroup_next_child(children));)
		if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
			memcpy(ret_busy, name, strlen(name) + 1);
	int errnum = errno;
	(void)closedir(children); /* only read */
	errno = errnum;
	return errnum ? -1 : 0;
}

/* Descends into a child that cannot be removed yet, and ascends when a level is empty: neither memory nor descriptors
 * grow with the depth, which the container chooses. */
int cgroup_remove_below(int cgroup_fd, int timeout_ms)
{
	int64_t deadline = clock_now_ms() + timeout_ms;
	FD(dir) = openat(cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	for (unsigned long depth = 0;;) {
		char busy[256];
		if (remove_children(dir, busy) < 0)
			return -1;
		if (!busy[0] && depth == 0)
			return 0;
		int next = openat(dir, busy[0] ? busy : "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -1;
		close_fd(&dir);
		dir = next;
		depth = busy[0] ? depth + 1 : depth - 1;
		if (clock_left_ms(deadline) == 0) {
			errno = EBUSY;
			return -1;
		}
	}
}
