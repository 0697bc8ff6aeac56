#include "cgroups/cgroup.h"

#include "cgroups/controllers.h"
#include "cgroups/devices.h"
#include "cgroups/resources.h"

/* Everything that can be judged before anything is touched. */
struct wanted {
	cgroup_writes writes;
	device_rules rules;
};

static int plan(struct arena *arena, const struct oci_resources *resources, const struct oci_device *devices,
	size_t device_count, struct wanted *ret_wanted, struct error *err)
{
	struct wanted wanted = { 0 };
	if (resources_plan(arena, resources, &wanted.writes, err) < 0 ||
		device_rules_plan(arena, resources, devices, device_count, &wanted.rules, err) < 0)
		return -1;
	*ret_wanted = wanted;
	return 0;
}

static int apply(const struct cgroup_host *host, int cgroup_fd, const char *path, const struct oci_resources *resources,
	const struct oci_device *devices, size_t device_count, enum devices_mode mode, struct error *err)
{
	ARENA(arena);
	struct wanted wanted;
	if (plan(&arena, resources, devices, device_count, &wanted, err) < 0 ||
		controllers_enable(host, path, cgroup_fd, &wanted.writes, err) < 0 ||
		resources_apply(cgroup_fd, &wanted.writes, err) < 0)
		return -1;
	if (wanted.rules.len == 0)
		return 0;
	size_t len;
	struct bpf_insn *insns = devices_compile(&arena, wanted.rules.items, wanted.rules.len, &len);
	return devices_attach(cgroup_fd, insns, len, mode, err);
}

/* The place where another driver would take over: one that asks systemd for the cgroup and hands it the same plan as
 * properties. */

int cgroup_apply(const struct cgroup_host *host, int cgroup_fd, const char *path, const struct oci_resources *resources,
	const struct oci_device *devices, size_t device_count, struct error *err)
{
	return apply(host, cgroup_fd, path, resources, devices, device_count, DEVICES_NEW, err);
}

int cgroup_update(const struct cgroup_host *host, int cgroup_fd, const char *path,
	const struct oci_resources *resources, const struct oci_device *devices, size_t device_count, struct error *err)
{
	return apply(host, cgroup_fd, path, resources, devices, device_count, DEVICES_REPLACE, err);
}
