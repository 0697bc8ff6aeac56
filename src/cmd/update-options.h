/*
 * The options of `update` as .linux.resources.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/typed.h"
#include "oci/config.h"

struct update_options {
	const char *resources, *blkio_weight, *cpu_period, *cpu_quota, *cpu_share, *cpu_burst, *cpu_idle;
	const char *cpu_rt_period, *cpu_rt_runtime, *cpuset_cpus, *cpuset_mems, *memory;
	const char *memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp, *pids_limit;
	const char *l3_cache_schema, *mem_bw_schema;
	bool force;
};

/* Options override what `resources` has. Their properties are noted in `typed`. Errors name the option. */
int update_options_read(struct arena *arena, const struct update_options *options, struct oci_resources *resources,
	typed_list *typed, struct error *err);

/* "4096", "512k", "1.5g", "2GiB": units of 1024; or -1. False for anything else, and for what does not fit. */
bool size_parse(const char *text, int64_t *ret_bytes);
