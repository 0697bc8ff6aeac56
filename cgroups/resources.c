#include "cgroups/resources.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/resources-list.h"
#include "cgroups/weights.h"

/* One property that is set: a number that the row converts, or a text. */
struct value {
	int64_t number;
	const char *text;
};

struct row {
	const char *name; /* after ".linux.resources." */
	const char *file; /* or, where the property is refused, why */
	size_t object;    /* of the object's pointer in struct oci_resources */
	size_t member;    /* in the object */
	enum { INT, UINT, BOOL, TEXT } kind;
	int (*convert)(struct planner *planner, const struct row *row, const struct value *value, struct error *err);
};

static int64_t int_or(const struct oci_int *number, int64_t otherwise)
{
	return number->set ? number->value : otherwise;
}

static int convert_refused(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	if (value->number == 0 || value->number == -1) /* asks for nothing */
		return 0;
	return fail_at(err, 0, planner->where, "%s", row->file);
}

/* Any value is a request, even 0. */
static int convert_never(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	(void)value;
	return fail_at(err, 0, planner->where, "%s", row->file);
}

/* cgroup v2 always counts the memory of cgroups below, which is what true asks for; false asks for nothing. */
static int convert_nothing(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	(void)planner, (void)row, (void)value, (void)err;
	return 0;
}

static int convert_text(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	(void)err;
	if (*value->text)
		plan_write(planner, row->file, "%s", value->text);
	return 0;
}

static bool checks_first(const struct planner *planner)
{
	const struct oci_bool *check = &planner->resources->memory->check_before_update;
	return check->set && check->value;
}

/* config-linux.md "Memory": bytes, -1 is unlimited; 0 is what engines write for "leave it". */
static int convert_bytes(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	(void)err;
	if (value->number == -1)
		plan_write(planner, row->file, "max");
	else if (value->number > 0)
		plan_write(planner, row->file, "%lld", (long long)value->number);
	return 0;
}

static int convert_limit(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	if (value->number > 0 && checks_first(planner))
		plan_write(planner, "memory.current", "%lld", (long long)value->number)->compare = true;
	/* Under cgroup v1 no limit on memory meant none on memory and swap. */
	if (value->number == -1 && int_or(&planner->resources->memory->swap, 0) == 0)
		plan_write(planner, "memory.swap.max", "max")->optional = true;
	return convert_bytes(planner, row, value, err);
}

/* The property counts memory and swap, the file only swap. A kernel without the file was built without swap. */
static int convert_swap(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	int64_t limit = int_or(&planner->resources->memory->limit, 0);
	if (value->number == 0)
		return 0;
	if (value->number == -1) {
		plan_write(planner, row->file, "max")->optional = true;
		return 0;
	}
	if (limit <= 0)
		return fail_at_hint(err, 0, planner->where, "set .linux.resources.memory.limit too",
			"memory and swap are limited, memory is not");
	if (value->number < limit)
		return fail_at(err, 0, planner->where, "%lld, memory and swap together, is below the memory limit %lld",
			(long long)value->number, (long long)limit);
	if (checks_first(planner))
		plan_write(planner, "memory.current", "%lld", (long long)value->number)->compare = true;
	plan_write(planner, row->file, "%lld", (long long)(value->number - limit))->optional = value->number == limit;
	return 0;
}

/* The kernel refuses a weight while idle is set (EINVAL), so idle is cleared first and set again afterwards. */
static int convert_idle(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	const struct oci_uint *shares = &planner->resources->cpu->shares;
	(void)err;
	if (shares->set && shares->value > 0) {
		plan_write(planner, row->file, "0");
		plan_write(planner, "cpu.weight", "%llu", (unsigned long long)cpu_weight_of(shares->value));
		if (value->number == 0)
			return 0;
	}
	plan_write(planner, row->file, "%lld", (long long)value->number);
	return 0;
}

static int convert_shares(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	(void)err;
	if (value->number > 0 && !planner->resources->cpu->idle.set)
		plan_write(planner, row->file, "%llu", (unsigned long long)cpu_weight_of((uint64_t)value->number));
	return 0;
}

/* cpu.max holds "QUOTA PERIOD". A period that is left out stays as it is. */
static int convert_quota(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	const struct oci_cpu *cpu = planner->resources->cpu;
	char quota[32] = "max";
	(void)err;
	if (value->number == 0)
		return 0;
	if (value->number > 0)
		(void)snprintf(quota, sizeof(quota), "%lld", (long long)value->number);
	/* the kernel requires burst <= quota at any time */
	if (cpu->burst.set && value->number > 0)
		plan_write(planner, "cpu.max.burst", "0");
	if (cpu->period.set && cpu->period.value > 0)
		plan_write(planner, row->file, "%s %llu", quota, (unsigned long long)cpu->period.value);
	else
		plan_write(planner, row->file, "%s", quota);
	return 0;
}

static int convert_period(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	(void)err;
	if (value->number > 0 && int_or(&planner->resources->cpu->quota, 0) == 0)
		plan_write(planner, row->file, "max %lld", (long long)value->number);
	return 0;
}

static int convert_burst(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	(void)err;
	plan_write(planner, row->file, "%lld", (long long)value->number);
	return 0;
}

/* Runtime-spec 1.3: -1 is no limit, and 0 is a limit. The kernel counts the first process of a cgroup when it is
 * cloned into it, so 0 would let none start; 1 allows no further one, like 0. */
static int convert_pids(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	(void)err;
	if (value->number == -1)
		plan_write(planner, row->file, "max");
	else
		plan_write(planner, row->file, "%lld", (long long)(value->number ? value->number : 1));
	return 0;
}

static int convert_weight(struct planner *planner, const struct row *row, const struct value *value, struct error *err)
{
	(void)row;
	return plan_io_weight(planner, "", (uint64_t)value->number, err);
}

#define ROW(type, object, member, kind, name, file, convert)                                                     \
	{                                                                                                        \
		name, file, offsetof(struct oci_resources, object), offsetof(struct type, member), kind, convert \
	}

/* In the order in which they are written. */
static const struct row rows[] = {
	ROW(oci_memory, memory, swap, INT, "memory.swap", "memory.swap.max", convert_swap),
	ROW(oci_memory, memory, limit, INT, "memory.limit", "memory.max", convert_limit),
	ROW(oci_memory, memory, reservation, INT, "memory.reservation", "memory.low", convert_bytes),
	ROW(oci_memory, memory, kernel, INT, "memory.kernel",
		"cgroup v2 has no limit of its own for kernel memory: memory.limit counts it", convert_refused),
	ROW(oci_memory, memory, kernel_tcp, INT, "memory.kernelTCP",
		"cgroup v2 has no limit of its own for TCP buffers: memory.limit counts them", convert_refused),
	ROW(oci_memory, memory, swappiness, UINT, "memory.swappiness", "cgroup v2 has no swappiness for a cgroup",
		convert_never),
	ROW(oci_memory, memory, disable_oom_killer, BOOL, "memory.disableOOMKiller",
		"cgroup v2 cannot disable the OOM killer", convert_refused),
	ROW(oci_memory, memory, use_hierarchy, BOOL, "memory.useHierarchy", "", convert_nothing),
	ROW(oci_cpu, cpu, idle, INT, "cpu.idle", "cpu.idle", convert_idle),
	ROW(oci_cpu, cpu, shares, UINT, "cpu.shares", "cpu.weight", convert_shares),
	ROW(oci_cpu, cpu, quota, INT, "cpu.quota", "cpu.max", convert_quota),
	ROW(oci_cpu, cpu, period, UINT, "cpu.period", "cpu.max", convert_period),
	ROW(oci_cpu, cpu, burst, UINT, "cpu.burst", "cpu.max.burst", convert_burst),
	ROW(oci_cpu, cpu, realtime_runtime, INT, "cpu.realtimeRuntime",
		"cgroup v2 does not share out realtime CPU time", convert_refused),
	ROW(oci_cpu, cpu, realtime_period, UINT, "cpu.realtimePeriod", "cgroup v2 does not share out realtime CPU time",
		convert_refused),
	ROW(oci_cpu, cpu, cpus, TEXT, "cpu.cpus", "cpuset.cpus", convert_text),
	ROW(oci_cpu, cpu, mems, TEXT, "cpu.mems", "cpuset.mems", convert_text),
	ROW(oci_pids, pids, limit, INT, "pids.limit", "pids.max", convert_pids),
	ROW(oci_block_io, block_io, weight, UINT, "blockIO.weight", "io.weight", convert_weight),
	ROW(oci_block_io, block_io, leaf_weight, UINT, "blockIO.leafWeight",
		"cgroup v2 has no leaf weight: processes and children never compete in one cgroup", convert_refused),
	ROW(oci_network, network, class_id, UINT, "network.classID", "cgroup v2 has no net_cls controller",
		convert_refused),
};

/* False when the property is absent. */
static bool read_value(const struct row *row, const char *member, struct value *ret_value)
{
	if (row->kind == TEXT) {
		*ret_value = (struct value){ .text = *(const char *const *)member };
		return ret_value->text != NULL;
	}
	if (row->kind == BOOL) {
		const struct oci_bool *flag = (const struct oci_bool *)member;
		*ret_value = (struct value){ .number = flag->value };
		return flag->set;
	}
	if (row->kind == UINT) {
		const struct oci_uint *number = (const struct oci_uint *)member;
		*ret_value = (struct value){ .number = (int64_t)number->value };
		return number->set;
	}
	const struct oci_int *number = (const struct oci_int *)member;
	*ret_value = (struct value){ .number = number->value };
	return number->set;
}

static int plan_row(struct planner *planner, const struct row *row, struct error *err)
{
	char *object;
	struct value value;
	memcpy(&object, (const char *)planner->resources + row->object, sizeof(object));
	if (!object || !read_value(row, object + row->member, &value))
		return 0;
	planner->where = arena_printf(planner->arena, ".linux.resources.%s", row->name);
	return row->convert(planner, row, &value, err);
}

int resources_plan(
	struct arena *arena, const struct oci_resources *resources, cgroup_writes *ret_writes, struct error *err)
{
	struct planner planner = { .arena = arena, .resources = resources };
	if (!resources) {
		*ret_writes = planner.writes;
		return 0;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (plan_row(&planner, &rows[i], err) < 0)
			return -1;
	if (plan_lists(&planner, err) < 0)
		return -1;
	*ret_writes = planner.writes;
	return 0;
}

static int compare(int cgroup_fd, const struct cgroup_write *write, struct error *err)
{
	ARENA(arena);
	char *text;
	uint64_t limit, current;
	if (read_file_at(&arena, cgroup_fd, write->file, 64, &text, err) < 0)
		return error_at(err, write->where);
	text[strcspn(text, "\n")] = '\0';
	if (!str_to_u64(text, UINT64_MAX, &current) || !str_to_u64(write->value, UINT64_MAX, &limit))
		return fail_at(err, 0, write->where, "%s holds \"%s\"", write->file, text);
	current = resources_memory_needed(cgroup_fd, current);
	if (limit > current)
		return 0;
	return fail_at(err, 0, write->where, "the limit %llu is not above what is used now, %llu",
		(unsigned long long)limit, (unsigned long long)current);
}

/* -1 and errno. */
static int write_at(int cgroup_fd, const char *file, const char *value)
{
	FD(fd) = openat(cgroup_fd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -1 : write_all(fd, value, strlen(value));
}

static int apply(int cgroup_fd, const struct cgroup_write *write, struct error *err)
{
	const char *file = write->file, *value = write->value;
	if (write_at(cgroup_fd, file, value) == 0)
		return 0;
	if (errno == ENOENT && write->optional)
		return 0;
	if (errno == ENOENT && write->other_file) {
		file = write->other_file;
		value = write->other_value;
		if (write_at(cgroup_fd, file, value) == 0)
			return 0;
	}
	if (errno == ENOENT)
		return fail_at(err, 0, write->where, "this kernel's cgroups have no file %s", file);
	return fail_at(err, errno, write->where, "write \"%s\" to %s", value, file);
}

int resources_apply(int cgroup_fd, const cgroup_writes *writes, struct error *err)
{
	LIST_EACH (writes, write)
		if (write->compare && compare(cgroup_fd, write, err) < 0)
			return -1;
	LIST_EACH (writes, write)
		if (!write->compare && apply(cgroup_fd, write, err) < 0)
			return -1;
	return 0;
}
