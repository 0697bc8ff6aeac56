#include "container-cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"

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
