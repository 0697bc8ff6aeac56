#include "container-cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"

int container_open_cgroup(struct container *c, struct cgroup_host *ret_host, struct error *err)
{
	struct cgroup_host host;
	if (!c->record.cgroup_path) {
		(void)fail(err, 0, "container %s has no cgroup", c->id);
		return error_hint(err, "it was made with --cgroup-manager disabled, or by a user to "
				       "whom no cgroup is delegated");
	}
	if (cgroup_probe(&host, err) < 0)
		return -1;
	int fd = cgroup_open(&host, c->record.cgroup_path, err);
	if (fd < 0)
		return error_prefix(err, "container %s", c->id);
	if (ret_host)
		*ret_host = host;
	return fd;
}

int container_open_init_cgroup(struct container *c, struct error *err)
{
	struct cgroup_host host;
	char path[32], *text;
	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)c->record.pid.value);
	if (cgroup_probe(&host, err) < 0 ||
		read_file_at(&c->arena, AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
		return fail(err, 0, "container %s: container not running", c->id);
	char *own = strstr(text, "0::"); /* the last line, on a hybrid host; alone on others */
	while (own && own != text && own[-1] != '\n')
		own = strstr(own + 1, "0::");
	size_t len = c->record.cgroup_path ? strlen(c->record.cgroup_path) : 0;
	if (!own || !len || strncmp(own + 3, c->record.cgroup_path, len) != 0 ||
		(own[3 + len] != '/' && own[3 + len] != '\n'))
		return fail(err, 0, "init of container %s has left its cgroup", c->id);
	own[strcspn(own, "\n")] = '\0';
	return cgroup_open(&host, own + 3, err);
}

static bool is_in_namespace(pid_t pid, const struct stat *namespace)
{
	char path[40];
	struct stat st;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	return stat(path, &st) == 0 && st.st_dev == namespace->st_dev && st.st_ino == namespace->st_ino;
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
	struct stat own, namespace;
	if (c->record.cgroup_path) {
		FD(cgroup) = container_open_cgroup(c, NULL, err);
		return cgroup < 0 ? -1 : cgroup_pids(arena, cgroup, ret_pids, ret_len, err);
	}
	char path[40];
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)init);
	*ret_len = 0;
	if (!proc_is_alive(init, c->record.pid_start.value) || stat(path, &namespace) < 0 ||
		stat("/proc/self/ns/pid", &own) < 0)
		return 0;
	if (namespace.st_ino != own.st_ino || namespace.st_dev != own.st_dev)
		return list_namespace(init, &namespace, arena, ret_pids, ret_len, err);
	*ret_pids = arena_new(arena, pid_t);
	**ret_pids = init;
	*ret_len = 1;
	return 0;
}
