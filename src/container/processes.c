#include "container/container.h"

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

const struct cgroup_host *container_cgroup_host(struct container *c, struct error *err)
{
	if (c->cgroup_host)
		return c->cgroup_host;
	struct cgroup_host *host = arena_new(&c->arena, struct cgroup_host);
	if (cgroup_probe(host, err) < 0)
		return NULL;
	return c->cgroup_host = host;
}

const char *container_mark(struct container *c)
{
	struct stat st;
	if (!c->mark[0] && fstat(c->dir, &st) == 0)
		(void)snprintf(c->mark, sizeof(c->mark), "%llx:%llx", (unsigned long long)st.st_dev,
			(unsigned long long)st.st_ino);
	return c->mark;
}

int container_open_cgroup(struct container *c, struct cgroup_host *ret_host, struct error *err)
{
	if (!c->record.cgroup_path)
		return fail_hint(err, 0,
			"it was made with --cgroup-manager disabled, or by a user to whom no cgroup is delegated",
			"container %s has no cgroup", c->id);
	const struct cgroup_host *host = container_cgroup_host(c, err);
	if (!host)
		return -1;
	FD(fd) = cgroup_open(host, c->record.cgroup_path, err);
	if (fd < 0)
		return error_prefix(err, "container %s", c->id);
	int anothers = cgroup_is_anothers(fd, container_mark(c), false);
	if (anothers < 0)
		return fail(err, errno, "container %s: look whose its cgroup is", c->id);
	if (anothers)
		return fail(err, ENOENT, "container %s: another container uses its cgroup now", c->id);
	if (ret_host)
		*ret_host = *host;
	return take_fd(&fd);
}

int container_open_init_cgroup(struct container *c, const char **ret_path, struct error *err)
{
	char path[32], *text;
	const struct cgroup_host *host = container_cgroup_host(c, err);
	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)c->record.pid.value);
	if (!host || read_file_at(&c->arena, AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
		return fail(err, 0, "container %s: container not running", c->id);
	char *own = strstr(text, "0::"); /* the last line, on a hybrid host; alone on others */
	while (own && own != text && own[-1] != '\n')
		own = strstr(own + 1, "0::");
	if (!own)
		return fail(err, 0, "init of container %s has no cgroup", c->id);
	own[strcspn(own, "\n")] = '\0';
	*ret_path = own + 3;
	return cgroup_open(host, *ret_path, err);
}

/* Kills the processes that have outlived init, which they can without a pid namespace of their own. False if there are
 * none. */
static bool kill_rest(struct container *c)
{
	pid_t *pids;
	size_t len = 0;
	FD(cgroup) = c->record.cgroup_path ? container_open_cgroup(c, NULL, NULL) : -1;
	return cgroup >= 0 && cgroup_pids(&c->arena, cgroup, &pids, &len, NULL) == 0 && len > 0 &&
	       cgroup_kill(cgroup, NULL) == 0;
}

int container_signal(struct container *c, int sig, struct error *err)
{
	FD(pidfd) = proc_pidfd((pid_t)c->record.pid.value, c->record.pid_start.value, err);
	if (pidfd < 0 && err && err->errnum != ESRCH)
		return -1;
	int status = pidfd < 0 ? -1 : sys_pidfd_send_signal(pidfd, sig);
	if (pidfd >= 0 && status < 0 && errno != ESRCH)
		return fail(err, errno, "send signal %d to container %s", sig, c->id);
	bool killed = sig == SIGKILL && kill_rest(c);
	if (status == 0 || killed) {
		error_clear(err);
		return 0;
	}
	/* init may end at any moment after its status was observed */
	return fail(err, 0, "cannot kill container %s: container not running", c->id);
}

/* Finds the pid namespace of init. False if init is not its process 1: the namespace is then ours, or one that init has
 * joined. */
static bool find_namespace(pid_t init, struct stat *ret_namespace)
{
	char path[40], numbers[256];
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)init);
	if (!proc_status(init, "NSpid", numbers, sizeof(numbers)))
		return false;
	const char *last = strrchr(numbers, '\t');
	return str_eq(last ? last + 1 : numbers, "1") && stat(path, ret_namespace) == 0;
}

/* Whether the process is in that pid namespace or in one below it. */
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
	int alive = container_is_alive(c, err);
	if (alive <= 0)
		return alive;
	if (find_namespace(init, &namespace))
		return list_namespace(init, &namespace, arena, ret_pids, ret_len, err);
	*ret_pids = arena_new(arena, pid_t);
	**ret_pids = init;
	*ret_len = 1;
	return 0;
}

/* Init comes last, because its end ends the others. The namespace is looked at again once the pidfd is open: the number
 * may be another process's by then. */
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
		if ((err->errnum != ENOENT && err->errnum != ENODEV) || container_is_alive(c, NULL) != 0)
			return -1;
		error_clear(err); /* the container was deleted, or systemd has removed an empty scope */
		return 0;
	}
	int alive = container_is_alive(c, err);
	if (alive <= 0)
		return alive < 0 ? -1 : container_signal(c, sig, err);
	if (find_namespace(init, &namespace))
		return sig == SIGKILL ? container_signal(c, sig, err) : signal_namespace(c, &namespace, sig, err);
	log_warn("container %s has neither a cgroup nor a pid namespace of its own: the signal goes to its init alone",
		c->id);
	return container_signal(c, sig, err);
}
