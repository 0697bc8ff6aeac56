#include "container/container-cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"

int container_open_cgroup(struct container *c, struct cgroup_host *ret_host, struct error *err)
{
	if (!c->record.cgroup_path) {
		(void)fail(err, 0, "container %s has no cgroup", c->id);
		return error_hint(err, "it was made with --cgroup-manager disabled, or by a user to "
				       "whom no cgroup is delegated");
	}
	const struct cgroup_host *host = container_cgroup_host(c, err);
	if (!host)
		return -1;
	int fd = cgroup_open(host, c->record.cgroup_path, err);
	if (fd < 0)
		return error_prefix(err, "container %s", c->id);
	if (ret_host)
		*ret_host = *host;
	return fd;
}

int container_open_init_cgroup(struct container *c, struct error *err)
{
	char path[32], *text;
	const struct cgroup_host *host = container_cgroup_host(c, err);
	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)c->record.pid.value);
	if (!host || read_file_at(&c->arena, AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
		return fail(err, 0, "container %s: container not running", c->id);
	char *own = strstr(text, "0::"); /* the last line, on a hybrid host; alone on others */
	while (own && own != text && own[-1] != '\n')
		own = strstr(own + 1, "0::");
	size_t len = c->record.cgroup_path ? strlen(c->record.cgroup_path) : 0;
	if (!own || !len || strncmp(own + 3, c->record.cgroup_path, len) != 0 ||
		(own[3 + len] != '/' && own[3 + len] != '\n'))
		return fail(err, 0, "init of container %s has left its cgroup", c->id);
	own[strcspn(own, "\n")] = '\0';
	return cgroup_open(host, own + 3, err);
}

/* Whether the pid namespace of init is its own, not one that it has joined, or ours: there it is number 1. */
static bool find_namespace(pid_t init, struct stat *ret_namespace)
{
	char path[40], numbers[256];
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)init);
	if (!proc_status(init, "NSpid", numbers, sizeof(numbers)))
		return false;
	const char *last = strrchr(numbers, '\t');
	return str_eq(last ? last + 1 : numbers, "1") && stat(path, ret_namespace) == 0;
}

/* In it, or in one below. */
static bool is_in_namespace(pid_t pid, const struct stat *namespace)
{
	char path[40];
	struct stat st;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fstat(fd, &st) == 0 && (st.st_dev != namespace->st_dev || st.st_ino != namespace->st_ino)) {
		int parent = ioctl(fd, NS_GET_PARENT); /* EPERM above our own */
		close_fd(&fd);
		fd = parent;
	}
	bool found = fd >= 0;
	close_fd(&fd);
	return found;
}

static int list_namespace(pid_t init, const struct stat *namespace, struct arena *arena, pid_t **ret_pids,
	size_t *ret_len, struct error *err)
{
	LIST(pid_t) pids = { NULL, 0 };
	DIR *proc = opendir("/proc");
	if (!proc)
		return fail(err, errno, "open /proc");
	for (struct dirent *entry; (entry = readdir(proc));) {
		uint64_t pid;
		if (str_to_u64(entry->d_name, INT_MAX, &pid) &&
			((pid_t)pid == init || is_in_namespace((pid_t)pid, namespace)))
			*list_add(arena, &pids) = (pid_t)pid;
	}
	(void)closedir(proc);
	*ret_pids = pids.items;
	*ret_len = pids.len;
	return 0;
}

int container_pids(struct container *c, struct arena *arena, pid_t **ret_pids, size_t *ret_len, struct error *err)
{
	pid_t init = (pid_t)c->record.pid.value;
	struct stat namespace;
	if (c->record.cgroup_path) {
		FD(cgroup) = container_open_cgroup(c, NULL, err);
		return cgroup < 0 ? -1 : cgroup_pids(arena, cgroup, ret_pids, ret_len, err);
	}
	*ret_len = 0;
	if (!container_is_alive(c))
		return 0;
	if (find_namespace(init, &namespace))
		return list_namespace(init, &namespace, arena, ret_pids, ret_len, err);
	*ret_pids = arena_new(arena, pid_t);
	**ret_pids = init;
	*ret_len = 1;
	return 0;
}

/* Init comes last, for its end would be theirs. Who is in the namespace once the pidfd is open is the one that the
 * pidfd means. */
static int signal_namespace(struct container *c, const struct stat *namespace, int sig, struct error *err)
{
	pid_t *pids, init = (pid_t)c->record.pid.value;
	size_t len;
	if (list_namespace(init, namespace, &c->arena, &pids, &len, err) < 0)
		return -1;
	for (size_t i = 0; i < len; i++) {
		FD(pidfd) = pids[i] == init ? -1 : sys_pidfd_open(pids[i], 0);
		if (pidfd >= 0 && is_in_namespace(pids[i], namespace) && sys_pidfd_send_signal(pidfd, sig) < 0 &&
			errno != ESRCH)
			return fail(err, errno, "send signal %d to process %d", sig, (int)pids[i]);
	}
	return container_signal(c, sig, err);
}

int container_signal_all(struct container *c, int sig, struct error *err)
{
	pid_t init = (pid_t)c->record.pid.value;
	struct stat namespace;
	if (c->record.cgroup_path) {
		FD(cgroup) = container_open_cgroup(c, NULL, err);
		if (cgroup >= 0 && cgroup_signal(cgroup, sig, err) == 0)
			return 0;
		if ((err->errnum != ENOENT && err->errnum != ENODEV) || container_is_alive(c))
			return -1;
		error_clear(err); /* systemd has removed an empty scope, or somebody the container */
		return 0;
	}
	if (!container_is_alive(c))
		return container_signal(c, sig, err);
	if (find_namespace(init, &namespace))
		return sig == SIGKILL ? container_signal(c, sig, err) : signal_namespace(c, &namespace, sig, err);
	log_warn("container %s has neither a cgroup nor a pid namespace of its own: the signal goes to its init alone",
		c->id);
	return container_signal(c, sig, err);
}
