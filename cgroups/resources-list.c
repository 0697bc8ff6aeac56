#include "cgroups/resources-list.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cgroups/weights.h"

struct cgroup_write *plan_write(struct planner *planner, const char *file, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	struct cgroup_write *write = list_add(planner->arena, &planner->writes);
	*write = (struct cgroup_write){
		.where = planner->where, .file = file, .value = arena_vprintf(planner->arena, fmt, args)
	};
	va_end(args);
	return write;
}

/* ".linux.resources.NAME[INDEX]MEMBER" */
static void set_where(struct planner *planner, const char *name, size_t index, const char *member)
{
	planner->where = arena_printf(planner->arena, ".linux.resources.%s[%zu]%s", name, index, member);
}

int plan_io_weight(struct planner *planner, const char *device, uint64_t weight, struct error *err)
{
	enum { WEIGHT_MIN = 10, WEIGHT_MAX = 1000 }; /* of cgroup v1, whose scale the property keeps */
	if (weight == 0)
		return 0;
	if (weight < WEIGHT_MIN || weight > WEIGHT_MAX)
		return fail_at(err, 0, planner->where, "expected %d to %d, found %llu", WEIGHT_MIN, WEIGHT_MAX,
			(unsigned long long)weight);
	struct cgroup_write *write = plan_write(planner, "io.bfq.weight", "%s%llu", device, (unsigned long long)weight);
	write->other_file = "io.weight";
	write->other_value = arena_printf(planner->arena, "%s%llu", device, (unsigned long long)io_weight_of(weight));
	return 0;
}

static int plan_weight_devices(struct planner *planner, struct error *err)
{
	const struct oci_block_io *io = planner->resources->block_io;
	for (size_t i = 0; io && i < io->weight_device.len; i++) {
		const struct oci_weight_device *item = &io->weight_device.items[i];
		char device[32];
		set_where(planner, "blockIO.weightDevice", i, ".leafWeight");
		if (item->leaf_weight.set && item->leaf_weight.value > 0)
			return fail_at(err, 0, planner->where, "cgroup v2 has no leaf weight");
		set_where(planner, "blockIO.weightDevice", i, ".weight");
		(void)snprintf(
			device, sizeof(device), "%u:%u ", (unsigned)item->major.value, (unsigned)item->minor.value);
		if (item->weight.set && plan_io_weight(planner, device, item->weight.value, err) < 0)
			return -1;
	}
	return 0;
}

static const struct throttle {
	const char *name, *key;
	size_t list; /* in struct oci_block_io */
} throttles[] = {
	{ "throttleReadBpsDevice", "rbps", offsetof(struct oci_block_io, throttle_read_bps_device) },
	{ "throttleWriteBpsDevice", "wbps", offsetof(struct oci_block_io, throttle_write_bps_device) },
	{ "throttleReadIOPSDevice", "riops", offsetof(struct oci_block_io, throttle_read_iops_device) },
	{ "throttleWriteIOPSDevice", "wiops", offsetof(struct oci_block_io, throttle_write_iops_device) },
};

/* A rate of 0 removed the limit in cgroup v1; io.max has the word "max" for that. */
static void plan_throttle(struct planner *planner, const struct throttle *throttle)
{
	const oci_throttle_list *list =
		(const oci_throttle_list *)((const char *)planner->resources->block_io + throttle->list);
	for (size_t i = 0; i < list->len; i++) {
		const struct oci_throttle_device *item = &list->items[i];
		char rate[24] = "max", name[64];
		(void)snprintf(name, sizeof(name), "blockIO.%s", throttle->name);
		set_where(planner, name, i, "");
		if (item->rate.value > 0)
			(void)snprintf(rate, sizeof(rate), "%llu", (unsigned long long)item->rate.value);
		plan_write(planner, "io.max", "%u:%u %s=%s", (unsigned)item->major.value, (unsigned)item->minor.value,
			throttle->key, rate);
	}
}

static void plan_throttles(struct planner *planner)
{
	for (size_t i = 0; planner->resources->block_io && i < sizeof(throttles) / sizeof(*throttles); i++)
		plan_throttle(planner, &throttles[i]);
}

static void plan_hugepages(struct planner *planner)
{
	const struct oci_resources *resources = planner->resources;
	for (size_t i = 0; i < resources->hugepage_limits.len; i++) {
		const struct oci_hugepage_limit *item = &resources->hugepage_limits.items[i];
		set_where(planner, "hugepageLimits", i, "");
		plan_write(planner, arena_printf(planner->arena, "hugetlb.%s.max", item->page_size), "%llu",
			(unsigned long long)item->limit.value);
		/* Reservations too, where the kernel accounts for them (5.7). */
		plan_write(planner, arena_printf(planner->arena, "hugetlb.%s.rsvd.max", item->page_size), "%llu",
			(unsigned long long)item->limit.value)
			->optional = true;
	}
}

static void plan_rdma(struct planner *planner)
{
	const struct oci_resources *resources = planner->resources;
	for (size_t i = 0; i < resources->rdma.len; i++) {
		const struct oci_rdma *item = &resources->rdma.items[i];
		char handles[32] = "", objects[32] = "";
		planner->where = arena_printf(planner->arena, ".linux.resources.rdma[\"%s\"]", item->key);
		if (item->hca_handles.set)
			(void)snprintf(handles, sizeof(handles), " hca_handle=%llu",
				(unsigned long long)item->hca_handles.value);
		if (item->hca_objects.set)
			(void)snprintf(objects, sizeof(objects), " hca_object=%llu",
				(unsigned long long)item->hca_objects.value);
		plan_write(planner, "rdma.max", "%.255s%s%s", item->key, handles, objects);
	}
}

static int plan_network(struct planner *planner, struct error *err)
{
	const struct oci_network *network = planner->resources->network;
	if (network && network->priorities.len > 0)
		return fail_at(err, 0, ".linux.resources.network.priorities", "cgroup v2 has no net_prio controller");
	return 0;
}

/* config-linux.md "Unified": any file, known or not, but of this cgroup. */
static void plan_unified(struct planner *planner)
{
	const struct oci_resources *resources = planner->resources;
	for (size_t i = 0; i < resources->unified.len; i++) {
		const struct oci_pair *item = &resources->unified.items[i];
		planner->where = arena_printf(planner->arena, ".linux.resources.unified[\"%s\"]", item->key);
		/* the kernel takes one line in one write, so "io.max" for two devices is two writes */
		for (const char *line = item->value; *line;) {
			size_t len = strcspn(line, "\n");
			struct cgroup_write *write = list_add(planner->arena, &planner->writes);
			write->where = planner->where;
			write->file = item->key;
			write->value = arena_strndup(planner->arena, line, len);
			line += len + (line[len] == '\n');
		}
	}
}

/* In the order of the writes: `unified` is the last, so that it overrides the others. */
int plan_lists(struct planner *planner, struct error *err)
{
	if (plan_weight_devices(planner, err) < 0)
		return -1;
	plan_throttles(planner);
	plan_hugepages(planner);
	plan_rdma(planner);
	if (plan_network(planner, err) < 0)
		return -1;
	plan_unified(planner);
	return 0;
}
