/* .linux.resources to the files of a cgroup: each property's conversion, or the exact error line. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cgroups/resources.h"
#include "cgroups/weights.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define R ".linux.resources."

#define NUMBER(n)         \
	{                 \
		true, (n) \
	}
#define MEMORY(...)                    \
	.memory = &(struct oci_memory) \
	{                              \
		__VA_ARGS__            \
	}
#define CPU(...)                 \
	.cpu = &(struct oci_cpu) \
	{                        \
		__VA_ARGS__      \
	}
#define IO(...)                            \
	.block_io = &(struct oci_block_io) \
	{                                  \
		__VA_ARGS__                \
	}
#define PIDS(n)                    \
	.pids = &(struct oci_pids) \
	{                          \
		NUMBER(n)          \
	}
#define UNIFIED(k, v) .unified = { (struct oci_pair[]){ { k, v } }, 1 }
#define THROTTLE(member, n) .member = { (struct oci_throttle_device[]){ { NUMBER(8), NUMBER(16), NUMBER(n) } }, 1 }
#define WEIGHT(...) .weight_device = { (struct oci_weight_device[]){ { NUMBER(8), NUMBER(16), __VA_ARGS__ } }, 1 }
#define HUGE(size, n) .hugepage_limits = { (struct oci_hugepage_limit[]){ { size, NUMBER(n) } }, 1 }
#define RDMA(k, ...) .rdma = { (struct oci_rdma[]){ { k, __VA_ARGS__ } }, 1 }

/* What is planned, a write a line: "FILE VALUE", then "?" where optional, "| FILE VALUE" for the other choice; "FILE >
 * VALUE" is the comparison. Or the error line. */
static const struct {
	struct oci_resources resources;
	const char *plan;
	const char *error;
} cases[] = {
	{ { .memory = NULL }, "" },
	{ { MEMORY(.limit = { false, 5 }) }, "" },
	{ { MEMORY(.limit = NUMBER(1000)) }, "memory.max 1000\n" },
	{ { MEMORY(.limit = NUMBER(0)) }, "" },
	{ { MEMORY(.limit = NUMBER(-1)) }, "memory.swap.max max ?\nmemory.max max\n" },
	{ { MEMORY(.limit = NUMBER(INT64_MAX)) }, "memory.max 9223372036854775807\n" },
	{ { MEMORY(.reservation = NUMBER(500)) }, "memory.low 500\n" },
	{ { MEMORY(.reservation = NUMBER(-1)) }, "memory.low max\n" },
	{ { MEMORY(.limit = NUMBER(1000), .swap = NUMBER(3000)) }, "memory.swap.max 2000\nmemory.max 1000\n" },
	{ { MEMORY(.limit = NUMBER(1000), .swap = NUMBER(1000)) }, "memory.swap.max 0 ?\nmemory.max 1000\n" },
	{ { MEMORY(.limit = NUMBER(1000), .swap = NUMBER(-1)) }, "memory.swap.max max ?\nmemory.max 1000\n" },
	{ { MEMORY(.limit = NUMBER(-1), .swap = NUMBER(-1)) }, "memory.swap.max max ?\nmemory.max max\n" },
	{ { MEMORY(.limit = NUMBER(1000), .swap = NUMBER(0)) }, "memory.max 1000\n" },
	{ { MEMORY(.limit = NUMBER(1000), .swap = NUMBER(999)) }, NULL,
		R "memory.swap: 999, memory and swap together, is below the memory limit 1000" },
	{ { MEMORY(.swap = NUMBER(999)) }, NULL, R "memory.swap: memory and swap are limited, memory is not" },
	{ { MEMORY(.limit = NUMBER(-1), .swap = NUMBER(999)) }, NULL,
		R "memory.swap: memory and swap are limited, memory is not" },
	{ { MEMORY(.limit = NUMBER(1000), .check_before_update = { true, true }) },
		"memory.current > 1000\nmemory.max 1000\n" },
	{ { MEMORY(.limit = NUMBER(1000), .swap = NUMBER(2000), .check_before_update = { true, true }) },
		"memory.current > 2000\nmemory.swap.max 1000\nmemory.current > 1000\nmemory.max "
		"1000\n" },
	{ { MEMORY(.limit = NUMBER(1000), .check_before_update = { true, false }) }, "memory.max 1000\n" },
	{ { MEMORY(.kernel = NUMBER(-1), .kernel_tcp = NUMBER(0), .disable_oom_killer = { true, false },
		  .use_hierarchy = { true, true }) },
		"" },
	{ { MEMORY(.kernel = NUMBER(5)) }, NULL,
		R "memory.kernel: cgroup v2 has no limit of its own for kernel memory: "
		  "memory.limit counts it" },
	{ { MEMORY(.kernel_tcp = NUMBER(5)) }, NULL,
		R "memory.kernelTCP: cgroup v2 has no limit of its own for TCP buffers: "
		  "memory.limit counts them" },
	{ { MEMORY(.swappiness = NUMBER(0)) }, NULL, R "memory.swappiness: cgroup v2 has no swappiness for a cgroup" },
	{ { MEMORY(.disable_oom_killer = { true, true }) }, NULL,
		R "memory.disableOOMKiller: cgroup v2 cannot disable the OOM killer" },

	{ { CPU(.shares = NUMBER(1024)) }, "cpu.weight 100\n" },
	{ { CPU(.shares = NUMBER(0)) }, "" },
	{ { CPU(.quota = NUMBER(50000)) }, "cpu.max 50000\n" },
	{ { CPU(.quota = NUMBER(50000), .period = NUMBER(100000)) }, "cpu.max 50000 100000\n" },
	{ { CPU(.quota = NUMBER(-1), .period = NUMBER(100000)) }, "cpu.max max 100000\n" },
	{ { CPU(.quota = NUMBER(-1)) }, "cpu.max max\n" },
	{ { CPU(.period = NUMBER(100000)) }, "cpu.max max 100000\n" },
	{ { CPU(.quota = NUMBER(0), .period = NUMBER(0)) }, "" },
	{ { CPU(.quota = NUMBER(50000), .burst = NUMBER(20000)) },
		"cpu.max.burst 0\ncpu.max 50000\ncpu.max.burst 20000\n" },
	{ { CPU(.burst = NUMBER(20000)) }, "cpu.max.burst 20000\n" },
	{ { CPU(.idle = NUMBER(1)) }, "cpu.idle 1\n" },
	{ { CPU(.idle = NUMBER(0)) }, "cpu.idle 0\n" },
	{ { CPU(.idle = NUMBER(1), .shares = NUMBER(2)) }, "cpu.idle 0\ncpu.weight 1\ncpu.idle 1\n" },
	{ { CPU(.idle = NUMBER(0), .shares = NUMBER(2)) }, "cpu.idle 0\ncpu.weight 1\n" },
	{ { CPU(.cpus = "0-3,7", .mems = "0") }, "cpuset.cpus 0-3,7\ncpuset.mems 0\n" },
	{ { CPU(.cpus = "", .mems = "") }, "" },
	{ { CPU(.realtime_runtime = NUMBER(0), .realtime_period = NUMBER(0)) }, "" },
	{ { CPU(.realtime_runtime = NUMBER(950000)) }, NULL,
		R "cpu.realtimeRuntime: cgroup v2 does not share out realtime CPU time" },
	{ { CPU(.realtime_period = NUMBER(1000000)) }, NULL,
		R "cpu.realtimePeriod: cgroup v2 does not share out realtime CPU time" },

	{ { PIDS(100) }, "pids.max 100\n" },
	{ { PIDS(-1) }, "pids.max max\n" },
	{ { PIDS(0) }, "pids.max 1\n" },

	{ { IO(.weight = NUMBER(10)) }, "io.bfq.weight 10 | io.weight 1\n" },
	{ { IO(.weight = NUMBER(1000)) }, "io.bfq.weight 1000 | io.weight 10000\n" },
	{ { IO(.weight = NUMBER(0), .leaf_weight = NUMBER(0)) }, "" },
	{ { IO(.weight = NUMBER(9)) }, NULL, R "blockIO.weight: expected 10 to 1000, found 9" },
	{ { IO(.leaf_weight = NUMBER(10)) }, NULL,
		R "blockIO.leafWeight: cgroup v2 has no leaf weight: processes and children never "
		  "compete in one cgroup" },
	{ { IO(WEIGHT(.weight = NUMBER(500))) }, "io.bfq.weight 8:16 500 | io.weight 8:16 4950\n" },
	{ { IO(WEIGHT(.leaf_weight = NUMBER(500))) }, NULL,
		R "blockIO.weightDevice[0].leafWeight: cgroup v2 has no leaf weight" },
	{ { IO(THROTTLE(throttle_read_bps_device, 600), THROTTLE(throttle_write_bps_device, 700),
		  THROTTLE(throttle_read_iops_device, 800), THROTTLE(throttle_write_iops_device, 0)) },
		"io.max 8:16 rbps=600\nio.max 8:16 wbps=700\nio.max 8:16 riops=800\n"
		"io.max 8:16 wiops=max\n" },

	{ { HUGE("2MB", 4194304) }, "hugetlb.2MB.max 4194304\nhugetlb.2MB.rsvd.max 4194304 ?\n" },
	{ { HUGE("1GB", UINT64_MAX) }, "hugetlb.1GB.max 18446744073709551615\n"
				       "hugetlb.1GB.rsvd.max 18446744073709551615 ?\n" },

	{ { RDMA("mlx5_1", .hca_handles = NUMBER(3), .hca_objects = NUMBER(10000)) },
		"rdma.max mlx5_1 hca_handle=3 hca_object=10000\n" },
	{ { RDMA("mlx4_0", .hca_objects = NUMBER(1000)) }, "rdma.max mlx4_0 hca_object=1000\n" },

	{ { .network = &(struct oci_network){ .class_id = NUMBER(0) } }, "" },
	{ { .network = &(struct oci_network){ .class_id = NUMBER(1048577) } }, NULL,
		R "network.classID: cgroup v2 has no net_cls controller" },
	{ { .network = &(struct oci_network){ .priorities = { (struct oci_interface_priority[]){ { "eth0" } }, 1 } } },
		NULL, R "network.priorities: cgroup v2 has no net_prio controller" },

	{ { UNIFIED("memory.high", "1000") }, "memory.high 1000\n" },
	{ { UNIFIED("io.max", "8:0 rbps=5\n8:16 wiops=7\n") }, "io.max 8:0 rbps=5\nio.max 8:16 wiops=7\n" },
	{ { UNIFIED("cgroup.max.depth", "5") }, "cgroup.max.depth 5\n" },
	{ { UNIFIED("future.thing", "5") }, "future.thing 5\n" },
	{ { MEMORY(.limit = NUMBER(1)), UNIFIED("memory.max", "2") }, "memory.max 1\nmemory.max 2\n" },
};

static void print_plan(const cgroup_writes *writes, char *buf, size_t size)
{
	size_t at = 0;
	buf[0] = '\0';
	LIST_EACH (writes, write) {
		assert_int_equal(strncmp(write->where, R, strlen(R)), 0);
		at += (size_t)snprintf(buf + at, size - at, "%s%s %s%s", write->file, write->compare ? " >" : "",
			write->value, write->optional ? " ?" : "");
		if (write->other_file)
			at += (size_t)snprintf(buf + at, size - at, " | %s %s", write->other_file, write->other_value);
		at += (size_t)snprintf(buf + at, size - at, "\n");
		assert_true(at < size);
	}
}

static void test_plans(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ARENA(arena);
		cgroup_writes writes = { NULL, 77 };
		struct error err = { 0 };
		char text[2048];
		int result = resources_plan(&arena, &cases[i].resources, &writes, &err);
		if (cases[i].plan) {
			assert_string_equal(error_line(&err, text, sizeof(text)), "");
			assert_int_equal(result, 0);
			print_plan(&writes, text, sizeof(text));
			assert_string_equal(text, cases[i].plan);
		} else {
			assert_int_equal(result, -1);
			assert_int_equal(writes.len, 77);
			assert_string_equal(error_line(&err, text, sizeof(text)), cases[i].error);
		}
	}
}

static void test_absent(void **state)
{
	(void)state;
	ARENA(arena);
	cgroup_writes writes = { NULL, 77 };
	assert_int_equal(resources_plan(&arena, NULL, &writes, NULL), 0);
	assert_int_equal(writes.len, 0);
}

/* A list of CPUs may be longer than any buffer. */
static void test_long_text(void **state)
{
	(void)state;
	ARENA(arena);
	char cpus[20001];
	memset(cpus, '1', sizeof(cpus) - 1);
	cpus[sizeof(cpus) - 1] = '\0';
	struct oci_cpu cpu = { .cpus = cpus };
	const struct oci_resources resources = { .cpu = &cpu };
	cgroup_writes writes;
	assert_int_equal(resources_plan(&arena, &resources, &writes, NULL), 0);
	assert_string_equal(writes.items[0].value, cpus);
}

static const struct {
	uint64_t shares, weight;
} weights[] = {
	{ 1, 1 },
	{ 2, 1 },
	{ 3, 2 },
	{ 4, 2 },
	{ 10, 4 },
	{ 102, 17 },
	{ 512, 59 },
	{ 1000, 99 },
	{ 1024, 100 },
	{ 2048, 174 },
	{ 4096, 303 },
	{ 10240, 639 },
	{ 100000, 4340 },
	{ 262143, 10000 },
	{ 262144, 10000 },
	{ 1000000, 10000 },
};

static void test_weights(void **state)
{
	(void)state;
	uint64_t before = 0;
	for (size_t i = 0; i < sizeof(weights) / sizeof(*weights); i++)
		assert_int_equal(cpu_weight_of(weights[i].shares), weights[i].weight);
	for (uint64_t shares = 0; shares < 300000; shares += 7) {
		uint64_t weight = cpu_weight_of(shares);
		assert_true(weight >= before && weight >= 1 && weight <= 10000);
		before = weight;
	}
}

static void put(int dir, const char *file, const char *text)
{
	FD(fd) = openat(dir, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write_all(fd, text, strlen(text)), 0);
}

static int open_folder(char *template)
{
	assert_non_null(mkdtemp(template));
	int dir = open(template, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	return dir;
}

/* An update of one value of two keeps the other. */
static void test_complete(void **state)
{
	static const struct {
		const char *cpu_max, *memory_max;
		struct oci_cpu cpu;
		struct oci_memory memory;
		int64_t quota, limit;
		uint64_t period;
	} rows[] = {
		{ "max 100000\n", "max\n", .cpu = { .period = NUMBER(20000) }, .period = 20000 },
		{ "50000 100000\n", "max\n", .cpu = { .period = NUMBER(20000) }, .quota = 50000, .period = 20000 },
		{ "50000 100000\n", "max\n", .cpu = { .quota = NUMBER(7000) }, .quota = 7000, .period = 100000 },
		{ "50000 100000\n", "max\n", .cpu = { .quota = NUMBER(-1) }, .quota = -1, .period = 100000 },
		{ "50000 100000\n", "max\n", .cpu = { .quota = NUMBER(0) } },
		{ "50000 100000\n", "max\n", .cpu = { .quota = NUMBER(1), .period = NUMBER(2) }, .quota = 1,
			.period = 2 },
		{ "50000\n", "max\n", .cpu = { .period = NUMBER(20000) }, .period = 20000 },
		{ "max 5\n", "4096\n", .memory = { .swap = NUMBER(8192) }, .limit = 4096 },
		{ "max 5\n", "4096\n", .memory = { .swap = NUMBER(8192), .limit = NUMBER(1) }, .limit = 1 },
		{ "max 5\n", "4096\n", .memory = { .swap = NUMBER(-1) } },
		{ "max 5\n", "max\n", .memory = { .swap = NUMBER(8192) } },
	};
	char path[] = "/tmp/hull-complete-XXXXXX";
	FD(dir) = open_folder(path);
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oci_cpu cpu = rows[i].cpu;
		struct oci_memory memory = rows[i].memory;
		struct oci_resources resources = { .cpu = &cpu, .memory = &memory };
		put(dir, "cpu.max", rows[i].cpu_max);
		put(dir, "memory.max", rows[i].memory_max);
		resources_complete(&resources, dir);
		assert_int_equal(cpu.quota.value, rows[i].quota);
		assert_int_equal(cpu.period.value, rows[i].period);
		assert_int_equal(memory.limit.value, rows[i].limit);
	}
	assert_int_equal(unlinkat(dir, "cpu.max", 0), 0);
	assert_int_equal(unlinkat(dir, "memory.max", 0), 0);
	assert_int_equal(rmdir(path), 0);
}

/* Page cache does not stand in the way of a lower limit. */
static void test_needed_memory(void **state)
{
	char path[] = "/tmp/hull-needed-XXXXXX";
	FD(dir) = open_folder(path);
	(void)state;
	assert_int_equal(resources_memory_needed(dir, 100), 100);
	put(dir, "memory.stat", "anon 30\nfile 60\ninactive_file 40\nactive_file 15\nslab_reclaimable 5\nslab 9\n");
	assert_int_equal(resources_memory_needed(dir, 100), 40);
	assert_int_equal(resources_memory_needed(dir, 50), 0);
	assert_int_equal(resources_memory_limit(dir), UINT64_MAX);
	put(dir, "memory.max", "4096\n");
	assert_int_equal(resources_memory_limit(dir), 4096);
	assert_int_equal(unlinkat(dir, "memory.stat", 0), 0);
	assert_int_equal(unlinkat(dir, "memory.max", 0), 0);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_needed_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
