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

static void check(const struct oci_process *process, const struct oci_linux *linux, const char *where)
{
	ARENA(arena);
	struct error err = { 0 };
	struct process_plan plan;
	int r = process_plan_make(&arena, process, linux, &plan, &err);
	assert_string_equal(err.where, where ? where : "");
	assert_int_equal(r, where ? -1 : 0);
}

static void test_scheduler(void **state)
{
	(void)state;
	static const struct {
		struct oci_scheduler scheduler;
		const char *where;
	} rows[] = {
		{ { .policy = SET(SCHED_BATCH), .nice = SET(19) }, NULL },
		{ { .policy = SET(SCHED_OTHER), .nice = SET(20) }, ".process.scheduler.nice" },
		{ { .policy = SET(SCHED_FIFO), .priority = SET(1) }, NULL },
		{ { .policy = SET(SCHED_FIFO) }, ".process.scheduler.priority" },
		{ { .policy = SET(SCHED_RR), .priority = SET(100) }, ".process.scheduler.priority" },
		{ { .policy = SET(SCHED_OTHER), .priority = SET(1) }, ".process.scheduler.priority" },
		{ { .policy = SET(SCHED_DEADLINE) }, ".process.scheduler.runtime" },
		{ { .policy = SET(SCHED_IDLE), .period = SET(5) }, ".process.scheduler" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oci_scheduler scheduler = rows[i].scheduler;
		struct oci_process process = { .scheduler = &scheduler };
		check(&process, NULL, rows[i].where);
	}
}

static void test_memory_policy(void **state)
{
	(void)state;
	static const struct {
		struct oci_memory_policy policy;
		const char *where;
	} rows[] = {
		{ { .mode = SET(MPOL_BIND), .nodes = "0" }, NULL },
		{ { .mode = SET(MPOL_BIND) }, ".linux.memoryPolicy.nodes" },
		{ { .mode = SET(MPOL_DEFAULT) }, NULL },
		{ { .mode = SET(MPOL_LOCAL), .nodes = "0" }, ".linux.memoryPolicy.nodes" },
		{ { .mode = SET(MPOL_PREFERRED) }, NULL },
		{ { .mode = SET(MPOL_INTERLEAVE), .nodes = "0-x" }, ".linux.memoryPolicy.nodes" },
		{ { .nodes = "0" }, ".linux.memoryPolicy.mode" },
		{ { SET(MPOL_BIND), "0", SET(MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES) },
			".linux.memoryPolicy.flags" },
		{ { SET(MPOL_PREFERRED), NULL, SET(MPOL_F_STATIC_NODES) }, ".linux.memoryPolicy.flags" },
		{ { SET(MPOL_INTERLEAVE), "0", SET(1 << 13) }, ".linux.memoryPolicy.flags" },
		{ { SET(MPOL_BIND), "0", SET(1 << 13) }, NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oci_memory_policy policy = rows[i].policy;
		struct oci_process process = { 0 };
		struct oci_linux linux = { .memory_policy = &policy };
		check(&process, &linux, rows[i].where);
	}
}

static void test_limits(void **state)
{
	(void)state;
	static const struct {
		struct oci_rlimit limits[2];
		const char *where;
	} rows[] = {
		{ { { SET(RLIMIT_NOFILE), SET(1), SET(2) }, { SET(RLIMIT_CORE), SET(0), SET(0) } }, NULL },
		{ { { SET(RLIMIT_CORE), SET(0), SET(0) }, { SET(RLIMIT_CORE), SET(0), SET(0) } },
			".process.rlimits[1]" },
		{ { { SET(RLIMIT_NOFILE), SET(3), SET(2) }, { SET(RLIMIT_CORE), SET(0), SET(0) } },
			".process.rlimits[0]" },
		{ { { SET(RLIMIT_NOFILE), SET(3), SET(UINT64_MAX) },
			  { SET(RLIMIT_CORE), SET(UINT64_MAX), SET(UINT64_MAX) } },
			NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ARENA(arena);
		struct oci_process process = { 0 };
		for (int j = 0; j < 2; j++)
			*list_add(&arena, &process.rlimits) = rows[i].limits[j];
		check(&process, NULL, rows[i].where);
	}
}

/* CVE-2026-30892 and kin: an id is what it says or is refused. */
static void test_ids(void **state)
{
	(void)state;
	static const struct {
		struct oci_user user;
		const char *where;
	} rows[] = {
		{ { .uid = SET(1), .gid = SET(2) }, NULL },
		{ { .uid = SET(UINT32_MAX - 1) }, NULL },
		{ { .uid = SET(UINT32_MAX) }, ".process.user.uid" },
		{ { .gid = SET(UINT32_MAX) }, ".process.user.gid" },
		{ { .uid = SET(UINT64_C(1) << 32) }, ".process.user.uid" },
		{ { .umask = SET(0777) }, NULL },
		{ { .umask = SET(01000) }, ".process.user.umask" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oci_process process = { .user = rows[i].user };
		check(&process, NULL, rows[i].where);
	}
	struct oci_process process = { .oom_score_adj = SET(1001) };
	check(&process, NULL, ".process.oomScoreAdj");
	struct oci_io_priority priority = { SET(2), SET(8) };
	process = (struct oci_process){ .io_priority = &priority };
	check(&process, NULL, ".process.ioPriority.priority");
	struct oci_exec_cpu_affinity affinity = { .final = "0-" };
	process = (struct oci_process){ .exec_cpu_affinity = &affinity };
	check(&process, NULL, ".process.execCPUAffinity.final");
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

/* Raising a hard limit without privilege names the limit and the one that is. */
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
		cmocka_unit_test(test_scheduler),
		cmocka_unit_test(test_memory_policy),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_denied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
