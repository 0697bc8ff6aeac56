/*
 * Changes the limits of a container that exists. Those that are not named stay as they are: the files of its cgroup
 * hold them.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "cgroups/resctrl.h"
#include "cgroups/resources.h"
#include "cgroups/systemd.h"
#include "cmd/cmd.h"
#include "cmd/update-options.h"
#include "container/container.h"
#include "oci/check.h"
#include "oci/json-read.h"

static const struct word cpu_idle_words[] = { { "0" }, { "1" }, { NULL } };

#define OPTIONS struct update_options

static const struct option_row options[] = {
	TEXT('r', "resources", "FILE", resources, "read .linux.resources as JSON from FILE or -", IS(FILE)),
	TEXT(0, "blkio-weight", "WEIGHT", blkio_weight, "share of the I/O, 10 to 1000"),
	TEXT(0, "cpu-period", "USEC", cpu_period, "length of a period of --cpu-quota"),
	TEXT(0, "cpu-quota", "USEC", cpu_quota, "CPU time in a period, -1 for no limit"),
	TEXT(0, "cpu-share", "SHARES", cpu_share, "share of the CPU time, 2 to 262144"),
	TEXT(0, "cpu-burst", "USEC", cpu_burst, "unused quota that may be saved up"),
	TEXT(0, "cpu-idle", "0|1", cpu_idle, "1: run only when nothing else wants to",
		IS_OR_ONE_OF(TEXT, cpu_idle_words)),
	TEXT(0, "cpu-rt-period", "USEC", cpu_rt_period, "refused: not in cgroup v2"),
	TEXT(0, "cpu-rt-runtime", "USEC", cpu_rt_runtime, "refused: not in cgroup v2"),
	TEXT(0, "cpuset-cpus", "LIST", cpuset_cpus, "CPUs to run on: 0-3,7"),
	TEXT(0, "cpuset-mems", "LIST", cpuset_mems, "memory nodes to use"),
	TEXT(0, "memory", "BYTES", memory, "limit of memory, -1 for none; 512m, 2g"),
	TEXT(0, "memory-reservation", "BYTES", memory_reservation,
		"memory to leave to the container when the host runs short"),
	TEXT(0, "memory-swap", "BYTES", memory_swap, "limit of memory and swap together, -1 for none"),
	TEXT(0, "kernel-memory", "BYTES", kernel_memory, "refused: not in cgroup v2"),
	TEXT(0, "kernel-memory-tcp", "BYTES", kernel_memory_tcp, "refused: not in cgroup v2"),
	TEXT(0, "pids-limit", "COUNT", pids_limit, "limit of the number of tasks, -1 for none"),
	TEXT(0, "l3-cache-schema", "SCHEMA", l3_cache_schema, "part of the L3 cache (resctrl)"),
	TEXT(0, "mem-bw-schema", "SCHEMA", mem_bw_schema, "part of the memory bandwidth (resctrl)"),
	FLAG('f', "force", force, "lower the memory limit even below what is in use"),
	OPTIONS_END,
};

static void warn_unknown(void *data, int line, const char *where, const char *nearest)
{
	(void)data;
	log_warn("resources:%d: unknown property %s%s%s%s", line, where, nearest ? " (did you mean \"" : "",
		nearest ? nearest : "", nearest ? "\"?)" : "");
}

static int read_resources(struct context *ctx, const char *path, struct oci_resources *ret, struct error *err)
{
	static const struct json_source source = { .name = "resources", .unknown = warn_unknown };
	char *text;
	ssize_t len = str_eq(path, "-") ?
			      read_fd(&ctx->arena, STDIN_FILENO, "standard input", JSON_MAX_SIZE, &text, err) :
			      read_file_at(&ctx->arena, AT_FDCWD, path, JSON_MAX_SIZE, &text, err);
	if (len < 0)
		return error_prefix(err, "--resources");
	return json_read(&ctx->arena, &source, &oci_resources_schema, text, (size_t)len, ret, err);
}

/* Memory in use is looked at before the limit is lowered, unless the configuration or --force says otherwise. */
static int complete(struct context *ctx, int cgroup, struct oci_resources *resources, struct error *err)
{
	const struct update_options *o = ctx->options;
	struct oci_memory *memory = resources->memory;
	resources_complete(resources, cgroup);
	if (!memory)
		return 0;
	if (o->memory_swap && memory->swap.value > 0 && memory->limit.value <= 0)
		return fail_hint(err, 0, "give --memory too",
			"--memory-swap %.64s counts memory too, which has no limit", o->memory_swap);
	bool cut = memory->limit.value > 0 && (uint64_t)memory->limit.value < resources_memory_limit(cgroup);
	if (!memory->check_before_update.set || o->force)
		memory->check_before_update = (struct oci_bool){ true, cut && !o->force };
	return 0;
}

static int update_rdt(struct context *ctx, struct container *c, typed_list *typed, struct error *err)
{
	const struct update_options *o = ctx->options;
	struct oci_intel_rdt wish = { .l3_cache_schema = o->l3_cache_schema, .mem_bw_schema = o->mem_bw_schema };
	struct rdt_host host;
	struct rdt_plan plan;
	if (!o->l3_cache_schema && !o->mem_bw_schema)
		return 0;
	if (o->l3_cache_schema)
		typed_add(&ctx->arena, typed, ".linux.intelRdt.l3CacheSchema", "--l3-cache-schema");
	if (o->mem_bw_schema)
		typed_add(&ctx->arena, typed, ".linux.intelRdt.memBwSchema", "--mem-bw-schema");
	rdt_probe(&host);
	if (!host.mounted)
		return fail_hint(err, 0, "mount -t resctrl resctrl /sys/fs/resctrl, if the CPU has it",
			"%s: no resctrl file system is mounted",
			o->l3_cache_schema ? "--l3-cache-schema" : "--mem-bw-schema");
	FD(root) = rdt_open(err);
	if (root < 0 || rdt_plan_make(&c->arena, &wish, c->id, &host, &plan, err) < 0)
		return -1;
	if (c->record.intel_rdt_group) {
		plan.group = c->record.intel_rdt_group;
		return rdt_update(&plan, root, err);
	}
	struct rdt_made made;
	if (rdt_create(&plan, root, (pid_t)c->record.pid.value, &made, err) < 0)
		return -1;
	c->record.intel_rdt_group = plan.group;
	return oci_record_write(&c->arena, c->dir, &c->record, err);
}

/* A scope's limits are also properties of the unit. systemd would restore the old ones. */
static int update_unit(struct container *c, const struct oci_resources *resources, struct error *err)
{
	cgroup_writes writes;
	if (!c->record.systemd_cgroup.value)
		return 0;
	if (resources_plan(&c->arena, resources, &writes, err) < 0)
		return -1;
	return systemd_scope_set(&c->arena, c->record.cgroup_path, !proc_is_root(), &writes, err);
}

static int update_cgroup(struct context *ctx, struct container *c, struct oci_resources *resources, struct error *err)
{
	struct cgroup_host host;
	FD(cgroup) = container_open_cgroup(c, &host, err);
	if (cgroup < 0)
		return -1;
	if (complete(ctx, cgroup, resources, err) < 0)
		return -1;
	if (cgroup_apply(&host, cgroup, c->record.cgroup_path, resources, CGROUP_IN_USE, err) == 0)
		return update_unit(c, resources, err);
	bool cut = resources->memory && resources->memory->check_before_update.value;
	return cut && !err->hint[0] && str_eq(err->where, ".linux.resources.memory.limit") ?
		       error_hint(err, "--force lowers it all the same: the kernel reclaims what it can, then kills") :
		       -1;
}

static int update(struct context *ctx, typed_list *typed, struct error *err)
{
	CONTAINER(c);
	struct oci_resources resources = { 0 };
	const struct update_options *o = ctx->options;
	const char *path = o->resources;
	if ((path && read_resources(ctx, path, &resources, err) < 0) ||
		update_options_read(&ctx->arena, o, &resources, typed, err) < 0 ||
		oci_resources_check(&resources, ".linux.resources", err) < 0 ||
		container_open(&c, ctx->state_root, ctx->operands[0], CONTAINER_LOCKED, err) < 0 ||
		container_require(&c, operand_statuses(ctx), "update", NULL, err) < 0)
		return -1;
	if (update_cgroup(ctx, &c, &resources, err) < 0 || update_rdt(ctx, &c, typed, err) < 0)
		return -1;
	return 0;
}

static int run(struct context *ctx, struct error *err)
{
	typed_list typed = { NULL, 0 };
	return update(ctx, &typed, err) < 0 ? typed_blame(&typed, err) : 0;
}

const struct command update_command = {
	.name = "update",
	.operands = "ID",
	.summary = "change the limits of a container",
	TAKES_OPTIONS(options),
	.min_operands = 1,
	.max_operands = 1,
	.values = { CONTAINER_IN(STATUS_CREATED | STATUS_RUNNING | STATUS_PAUSED) },
	.changes = true,
	.run = run,
};
