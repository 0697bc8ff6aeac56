#include "container-cgroup.h"

int container_open_cgroup(struct container *c, struct cgroup_host *ret_host, struct error *err)
{
	struct cgroup_host host;
	if (!c->record.cgroup_path) {
		(void)fail(err, 0, "container %s has no cgroup", c->id);
		return error_hint(err, "it was made with --cgroup-manager disabled");
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
