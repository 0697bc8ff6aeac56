/* Ids, limits, scheduling and memory policy: the plan's rules, and a real process. */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "process/process.h"

#include <cmocka.h> /* last: its macro fail() */

#define SET(n)            \
	{                 \
		true, (n) \
	}

static void test_list(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t low, high; /* words 0 and 1 */
		const char *error;
	} rows[] = {
		{ "0", 1, 0, NULL },
		{ "0-3,7", 0x8f, 0, NULL },
		{ " 1 , 2\n", 6, 0, NULL },
		{ "63-64", UINT64_C(1) << 63, 1, NULL },
		{ " 0 - 3 , 7", 0x8f, 0, NULL },
		{ "5,5,4-5", 0x30, 0, NULL },
		{ "127", 0, UINT64_C(1) << 63, NULL },
		{ "", 0, 0, NULL },
		{ "  ", 0, 0, NULL },
		{ "128", 0, 0, "\"128\" is no list of numbers up to 127" },
		{ "99999999999999999999999", 0, 0, "\"99999999999999999999999\" is no list of numbers up to 127" },
		{ "3-1", 0, 0, "\"3-1\" is no list of numbers up to 127" },
		{ "1,", 0, 0, "\"1,\" is no list of numbers up to 127" },
		{ "-1", 0, 0, "\"-1\" is no list of numbers up to 127" },
		{ "1-", 0, 0, "\"1-\" is no list of numbers up to 127" },
		{ "1 2", 0, 0, "\"1 2\" is no list of numbers up to 127" },
		{ "0x1", 0, 0, "\"0x1\" is no list of numbers up to 127" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t mask[2];
		struct error err = { 0 };
		int r = cpu_list_parse(rows[i].text, mask, 2, &err);
		assert_string_equal(err.text, rows[i].error ? rows[i].error : "");
		assert_int_equal(r, rows[i].error ? -1 : 0);
		if (r == 0) {
			assert_int_equal(mask[0], rows[i].low);
			assert_int_equal(mask[1], rows[i].high);
		}
	}
}

/* Lists that the rules of oci/check.h accept, but that are too long for any kernel. */
static void test_numbers_too_high(void **state)
{
	(void)state;
	ARENA(arena);
	struct process_plan plan;
	struct error err = { 0 };
	struct oci_exec_cpu_affinity affinity = { .final = "0-8192" };
	struct oci_process process = { .exec_cpu_affinity = &affinity };
	assert_int_equal(process_plan_make(&arena, &process, NULL, &plan, &err), -1);
	assert_string_equal(err.where, ".process.execCPUAffinity.final");
	struct oci_memory_policy policy = { .mode = SET(MPOL_BIND), .nodes = "1024" };
	struct oci_linux linux = { .memory_policy = &policy };
	process = (struct oci_process){ 0 };
	err = (struct error){ 0 };
	assert_int_equal(process_plan_make(&arena, &process, &linux, &plan, &err), -1);
	assert_string_equal(err.where, ".linux.memoryPolicy.nodes");
}

static int apply(const struct process_plan *plan)
{
	struct error err = { 0 };
	struct rlimit now;
	gid_t groups[8];
	int fd = -1, before, again;
	if (process_open_oom_score_adj(plan, &fd, &err) < 0 ||
		process_swap_oom_score_adj(fd, plan->oom_score_adj, &before, &err) < 0 ||
		process_swap_oom_score_adj(fd, before, &again, &err) < 0 || again != plan->oom_score_adj)
		return 6;
	if (process_set_rlimits(plan, 0, &err) < 0 || process_set_scheduling(plan, &err) < 0 ||
		process_set_user(plan, false, &err) < 0)
		return 1;
	if (getuid() != 1000 || geteuid() != 1000 || getgid() != 1001 || umask(0) != 0027)
		return 2;
	if (getgroups(8, groups) != 2 || groups[0] != 7 || groups[1] != 9)
		return 3;
	if (getrlimit(RLIMIT_NOFILE, &now) < 0 || now.rlim_cur != 33 || now.rlim_max != 44)
		return 4;
	return sched_getscheduler(0) == SCHED_BATCH ? 0 : 5;
}

static void test_apply(void **state)
{
	(void)state;
	ARENA(arena);
	struct error err = { 0 };
	struct process_plan plan;
	struct oci_scheduler scheduler = { .policy = SET(SCHED_BATCH), .nice = SET(3) };
	struct oci_io_priority priority = { SET(3), SET(0) };
	struct oci_personality personality = { .domain = SET(0) };
	struct oci_linux linux = { .personality = &personality };
	struct oci_process process = {
		.user = { .uid = SET(1000), .gid = SET(1001), .umask = SET(0027) },
		.oom_score_adj = SET(500),
		.scheduler = &scheduler,
		.io_priority = &priority,
	};
	if (geteuid() != 0)
		skip();
	*list_add(&arena, &process.user.additional_gids) = (struct oci_uint)SET(9);
	*list_add(&arena, &process.user.additional_gids) = (struct oci_uint)SET(7);
	*list_add(&arena, &process.rlimits) = (struct oci_rlimit){ SET(RLIMIT_NOFILE), SET(33), SET(44) };
	assert_int_equal(process_plan_make(&arena, &process, &linux, &plan, &err), 0);
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(apply(&plan));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* The error of raising a hard limit without privilege names the limit and the present one. */
static void test_denied(void **state)
{
	(void)state;
	ARENA(arena);
	struct process_plan plan = { 0 };
	*list_add(&arena, &plan.rlimits) = (struct process_rlimit){ RLIMIT_NOFILE, { 20, 21 } };
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		struct error err = { 0 };
		struct rlimit low = { 10, 10 };
		if (setrlimit(RLIMIT_NOFILE, &low) < 0 || (geteuid() == 0 && setresuid(1, 1, 1) < 0))
			_exit(1);
		if (process_set_rlimits(&plan, 0, &err) != -1)
			_exit(2);
		if (!str_eq(err.where, ".process.rlimits[0]") || !strstr(err.hint, "is 10 now"))
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_numbers_too_high),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_denied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
