/* The statistics of a cgroup, from directories that imitate one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/stats.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define AT(member) offsetof(struct cgroup_stats, member)

struct file {
	const char *name, *text;
};

static int make_directory(const struct file *files, char *path)
{
	(void)strcpy(path, "/tmp/hull-stats.XXXXXX");
	assert_non_null(mkdtemp(path));
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (; files->name; files++) {
		FD(fd) = openat(dir, files->name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		assert_int_equal(write_all(fd, files->text, strlen(files->text)), 0);
	}
	return dir;
}

static void remove_made(const struct file *files, int dir, const char *path)
{
	for (; files->name; files++)
		(void)unlinkat(dir, files->name, 0);
	(void)close(dir);
	(void)rmdir(path);
}

static const struct file whole[] = {
	{ "cgroup.events", "populated 1\nfrozen 0\n" },
	{ "cpu.stat", "usage_usec 30\nuser_usec 20\nsystem_usec 10\ncore_sched.force_idle_usec 0\n"
		      "nr_periods 5\nnr_throttled 2\nthrottled_usec 700\nnr_bursts 0\n" },
	{ "cpuset.cpus.effective", "0-1\n" },
	{ "cpu.pressure", "some avg10=1.25 avg60=0.50 avg300=0.00 total=12345\n"
			  "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n" },
	{ "memory.current", "4096\n" },
	{ "memory.peak", "18446744073709551614\n" },
	{ "memory.max", "max\n" },
	{ "memory.swap.current", "0\n" },
	{ "memory.swap.max", "max\n" },
	{ "memory.stat", "anon 1\nfile 2\nkernel 3\nfile_mapped 9\ninactive_file 4\n" },
	{ "memory.events", "low 0\nhigh 0\nmax 8\noom 2\noom_kill 1\noom_group_kill 0\n" },
	{ "memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n" },
	{ "pids.current", "3\n" },
	{ "pids.max", "10\n" },
	{ "pids.events", "max 4\n" },
	{ "io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n8:16 rbytes=10 "
		     "wbytes=20\n254:0 \n" },
	{ "hugetlb.2MB.current", "2097152\n" },
	{ "hugetlb.2MB.max", "max\n" },
	{ "hugetlb.2MB.events", "max 6\n" },
	{ "hugetlb.1GB.current", "0\n" },
	{ "rdma.current", "mlx4_0 hca_handle=2 hca_object=2000\nocrdma1 hca_handle=3 hca_object=max\n" },
	{ NULL },
};

static const struct {
	const char *name;
	size_t member;
	bool set;
	uint64_t value;
} numbers[] = {
	{ "populated", AT(populated), true, 1 },
	{ "cpu.usage", AT(cpu.usage), true, 30 },
	{ "cpu.user", AT(cpu.user), true, 20 },
	{ "cpu.system", AT(cpu.system), true, 10 },
	{ "cpu.periods", AT(cpu.periods), true, 5 },
	{ "cpu.throttled_periods", AT(cpu.throttled_periods), true, 2 },
	{ "cpu.throttled", AT(cpu.throttled), true, 700 },
	{ "memory.current", AT(memory.current), true, 4096 },
	{ "memory.peak", AT(memory.peak), true, UINT64_MAX - 1 },
	{ "memory.limit", AT(memory.limit), true, CGROUP_NO_LIMIT },
	{ "memory.swap", AT(memory.swap), true, 0 },
	{ "memory.swap_limit", AT(memory.swap_limit), true, CGROUP_NO_LIMIT },
	{ "memory.with_swap", AT(memory.with_swap), true, 4096 },
	{ "memory.with_swap_limit", AT(memory.with_swap_limit), true, CGROUP_NO_LIMIT },
	{ "memory.cache is not file_mapped", AT(memory.cache), true, 2 },
	{ "memory.kernel", AT(memory.kernel), true, 3 },
	{ "memory.max_events", AT(memory.max_events), true, 8 },
	{ "memory.oom is not oom_kill", AT(memory.oom), true, 2 },
	{ "memory.oom_kill", AT(memory.oom_kill), true, 1 },
	{ "memory.swap_failures", AT(memory.swap_failures), false, 0 },
	{ "pids.current", AT(pids.current), true, 3 },
	{ "pids.limit", AT(pids.limit), true, 10 },
	{ "pids.max_events", AT(pids.max_events), true, 4 },
};

static void test_numbers(void **state)
{
	(void)state;
	ARENA(arena);
	char path[64];
	struct cgroup_stats stats;
	int dir = make_directory(whole, path);
	assert_int_equal(cgroup_stats_read(&arena, dir, &stats, NULL), 0);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct oci_uint got;
		memcpy(&got, (char *)&stats + numbers[i].member, sizeof(got));
		if (got.set != numbers[i].set || got.value != numbers[i].value)
			fail_msg("%s is %d %llu", numbers[i].name, got.set, (unsigned long long)got.value);
	}
	remove_made(whole, dir, path);
}

static void test_lists(void **state)
{
	(void)state;
	ARENA(arena);
	char path[64];
	struct cgroup_stats s;
	uint64_t read, written;
	int dir = make_directory(whole, path);
	assert_int_equal(cgroup_stats_read(&arena, dir, &s, NULL), 0);
	assert_string_equal(s.cpu.cpus, "0-1");
	assert_null(s.cpu.mems);
	assert_true(s.cpu.pressure.some.set && s.cpu.pressure.full.set);
	assert_true(s.cpu.pressure.some.avg10 == 1.25 && s.cpu.pressure.some.total == 12345);
	assert_int_equal(s.cpu.pressure.full.total, 7);
	assert_true(s.memory.pressure.some.set && !s.memory.pressure.full.set);
	assert_false(s.io.pressure.some.set);
	assert_int_equal(s.memory.raw.len, 5);
	assert_string_equal(s.memory.raw.items[4].key, "inactive_file");
	assert_int_equal(s.io.devices.len, 3);
	assert_int_equal(s.io.devices.items[0].dios.value, 6);
	assert_int_equal(s.io.devices.items[1].minor, 16);
	assert_false(s.io.devices.items[1].rios.set);
	cgroup_stats_io(&s, &read, &written);
	assert_int_equal(read, 11);
	assert_int_equal(written, 22);
	assert_int_equal(s.hugetlb.len, 2);
	const struct cgroup_hugetlb *two = &s.hugetlb.items[str_eq(s.hugetlb.items[1].page_size, "2MB")];
	assert_string_equal(two->page_size, "2MB");
	assert_int_equal(two->current.value, 2097152);
	assert_true(two->limit.value == CGROUP_NO_LIMIT && two->failures.value == 6);
	assert_int_equal(s.rdma.len, 2);
	assert_string_equal(s.rdma.items[0].device, "mlx4_0");
	assert_int_equal(s.rdma.items[0].handles.value, 2);
	assert_true(s.rdma.items[1].objects.value == CGROUP_NO_LIMIT);
	remove_made(whole, dir, path);
}

/* A hybrid host has only the core files. And texts that no kernel writes. */
static void test_absent(void **state)
{
	(void)state;
	static const struct file few[] = { { "cgroup.events", "populated 0\nfrozen 1\n" }, { "cpu.stat", "" },
		{ "memory.current", "junk\n" }, { "io.stat", "\n:\n" }, { "cpu.pressure", "some avg10=x\n" },
		{ "memory.stat", "alone\n" }, { NULL } };
	ARENA(arena);
	char path[64];
	struct cgroup_stats s;
	int dir = make_directory(few, path);
	assert_int_equal(cgroup_stats_read(&arena, dir, &s, NULL), 0);
	assert_true(s.populated.set && s.populated.value == 0);
	assert_false(s.cpu.usage.set || s.memory.current.set || s.memory.peak.set);
	assert_false(s.cpu.pressure.some.set);
	assert_int_equal(s.io.devices.len + s.memory.raw.len + s.hugetlb.len + s.rdma.len, 0);
	remove_made(few, dir, path);
}

static void test_gone(void **state)
{
	(void)state;
	static const struct file none[] = { { NULL } };
	ARENA(arena);
	char path[64];
	struct cgroup_stats s = { .populated = { true, 5 } };
	struct error err = { 0 };
	int dir = make_directory(none, path);
	assert_int_equal(cgroup_stats_read(&arena, dir, &s, &err), -1);
	assert_int_equal(err.errnum, ENOENT);
	assert_int_equal(s.populated.value, 5);
	remove_made(none, dir, path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
