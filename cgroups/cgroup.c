#include "cgroups/cgroup.h"

#include "base/proc.h"
#include "cgroups/controllers.h"
#include "cgroups/devices.h"
#include "cgroups/resources.h"

int cgroup_apply(const struct cgroup_host *host, int cgroup_fd, const char *path, const struct oci_resources *resources,
	enum cgroup_use use, struct error *err)
{
	ARENA(arena);
	cgroup_writes writes;
	device_rules rules;
	/* everything that can be judged before anything is touched */
	if (resources_plan(&arena, resources, &writes, err) < 0 ||
		device_rules_plan(&arena, resources, &rules, err) < 0)
		return -1;
	if (controllers_enable(host, path, cgroup_fd, &writes, err) < 0 || resources_apply(cgroup_fd, &writes, err) < 0)
		return -1;
	/* The program can be loaded in the initial user namespace alone. Elsewhere no device can be made, and those
	 * that are bound are the caller's to use anyway. */
	if (rules.len == 0 || proc_in_user_namespace())
		return 0;
	size_t len;
	struct bpf_insn *insns = devices_compile(&arena, rules.items, rules.len, &len);
	return devices_attach(cgroup_fd, insns, len, use, err);
}
