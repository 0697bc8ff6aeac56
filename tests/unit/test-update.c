/* The options of update and the times of events and stats, as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "cmd/interval.h"
#include "cmd/update-options.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define BAD INT64_MIN

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} rows[] = {
		{ "0", 0 },
		{ "-1", -1 },
		{ "4096", 4096 },
		{ "9223372036854775807", INT64_MAX },
		{ "1k", 1024 },
		{ "1K", 1024 },
		{ "7b", 7 },
		{ "512m", 536870912 },
		{ "1.5g", 1610612736 },
		{ "0.5k", 512 },
		{ "2GiB", 2147483648 },
		{ "2gb", 2147483648 },
		{ "1t", 1099511627776 },
		{ "1p", 1125899906842624 },
		{ "", BAD },
		{ "-2", BAD },
		{ "-1k", BAD },
		{ "k", BAD },
		{ "1x", BAD },
		{ "1kk", BAD },
		{ "1 k", BAD },
		{ " 1", BAD },
		{ "+1", BAD },
		{ "1.5", BAD },
		{ ".5k", BAD },
		{ "0x10", BAD },
		{ "1e3", BAD },
		{ "1kB/s", BAD },
		{ "9223372036854775808", BAD },
		{ "8388608p", BAD },
		{ "99999999999999999999999g", BAD },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t bytes = BAD;
		bool good = size_parse(rows[i].text, &bytes);
		if (good != (rows[i].bytes != BAD) || bytes != rows[i].bytes)
			fail_msg("\"%s\" is %d %lld", rows[i].text, good, (long long)bytes);
	}
}

static void test_intervals(void **state)
{
	static const struct {
		const char *text;
		int ms;
	} rows[] = { { "1", 1000 }, { "5s", 5000 }, { "250ms", 250 }, { "2m", 120000 }, { "24h", 86400000 },
		{ "0", -1 }, { "0ms", -1 }, { "25h", -1 }, { "", -1 }, { "s", -1 }, { "5.5s", 5500 },
		{ "1m30s", 90000 }, { "1.5h", 5400000 }, { "1h0.5m1s", 3631000 }, { "0.0015s", 1 }, { "2.5", 2500 },
		{ "1000us", 1 }, { "1500000ns", 1 }, { "2.ms", 2 }, { "1.9999999999999h", 7199996 }, { "1m30", -1 },
		{ "999us", -1 }, { "1m30x", -1 }, { "1..5s", -1 }, { ".5s", -1 }, { "1s-1s", -1 }, { "86400000h", -1 },
		{ "1ms1", -1 }, { "-5", -1 }, { "99999999999999999999", -1 }, { "5 s", -1 }, { NULL, 77 } };
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int ms = interval_parse(rows[i].text, 77, NULL);
		if (ms != rows[i].ms)
			fail_msg("\"%s\" is %d", rows[i].text ? rows[i].text : "", ms);
	}
}

/* An option overrides the existing value, and leaves its neighbours. */
static void test_merge(void **state)
{
	ARENA(arena);
	struct oci_memory memory = { .limit = { true, 1 }, .swap = { true, 2 } };
	struct oci_resources resources = { .memory = &memory };
	struct update_options options = { .memory = "3k", .cpu_quota = "-1", .cpuset_cpus = "0-3", .pids_limit = "0" };
	struct error err = { 0 };
	typed_list typed = { NULL, 0 };
	(void)state;
	assert_int_equal(update_options_read(&arena, &options, &resources, &typed, &err), 0);
	assert_ptr_equal(resources.memory, &memory);
	assert_int_equal(memory.limit.value, 3072);
	assert_int_equal(memory.swap.value, 2);
	assert_true(resources.cpu->quota.set && resources.cpu->quota.value == -1);
	assert_false(resources.cpu->period.set);
	assert_string_equal(resources.cpu->cpus, "0-3");
	assert_true(resources.pids->limit.set && resources.pids->limit.value == 0);
	assert_null(resources.block_io);
	options.blkio_weight = "-5";
	assert_int_equal(update_options_read(&arena, &options, &resources, &typed, &err), -1);
	assert_string_equal(err.text, "--blkio-weight: expected a whole number from 0, found \"-5\"");
}

/* An error names the option that was typed, or else the property. */
static void test_typed(void **state)
{
	static const struct {
		const char *where, *typed;
	} rows[] = {
		{ ".linux.resources.memory.limit", "--memory 3k" },
		{ ".linux.resources.memory.swap", ".linux.resources.memory.swap" },
		{ ".linux.resources.memory", ".linux.resources.memory" },
		{ ".linux.resources.memory.limits", ".linux.resources.memory.limits" },
		{ ".linux.resources.cpu.realtimePeriod", "--cpu-rt-period 5" },
		{ ".linux.resources.cpu.cpus", "--cpuset-cpus 0-3" },
		{ ".linux.resources.cpu.cpus[2]", "--cpuset-cpus 0-3" },
		{ ".linux.resources.pids.limit", "--pids-limit 0" },
		{ "", "" },
	};
	ARENA(arena);
	struct oci_resources resources = { .memory = NULL };
	struct update_options options = {
		.memory = "3k", .cpu_rt_period = "5", .cpuset_cpus = "0-3", .pids_limit = "0"
	};
	typed_list typed = { NULL, 0 };
	struct error err = { 0 };
	(void)state;
	assert_int_equal(update_options_read(&arena, &options, &resources, &typed, &err), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error blamed = { 0 };
		(void)fail_at(&blamed, 0, rows[i].where, "why");
		assert_int_equal(typed_blame(&typed, &blamed), -1);
		assert_string_equal(blamed.where, rows[i].typed);
		assert_string_equal(blamed.text, "why");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_intervals),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_typed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
