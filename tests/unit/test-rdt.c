/* Classes of service: the plan, and a directory tree that imitates resctrl. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/resctrl.h"

#include <cmocka.h> /* last: its macro fail() */

static const struct rdt_host host = { true, true };

static void test_plan(void **state)
{
	(void)state;
	static const struct {
		struct oci_intel_rdt rdt;
		const char *where; /* NULL: good, and the plan is the rest of the row */
		const char *group, *first, *second, *monitor;
		bool must_exist;
	} rows[] = {
		{ { 0 }, NULL, "c1", NULL, NULL, NULL, false },
		{ { .clos_id = "gold" }, NULL, "gold", NULL, NULL, NULL, true },
		{ { .clos_id = "/" }, NULL, ".", NULL, NULL, NULL, true },
		{ { .l3_cache_schema = "L3:0=f" }, NULL, "c1", "L3:0=f\n", NULL, NULL, false },
		{ { .l3_cache_schema = "L3:0=f\nMB:0=9", .mem_bw_schema = "MB:0=20" }, NULL, "c1", "L3:0=f\nMB:0=20\n",
			NULL, NULL, false },
		{ { .l3_cache_schema = "L3:0=f\nMB:0=9" }, NULL, "c1", "L3:0=f\nMB:0=9\n", NULL, NULL, false },
		{ { .mem_bw_schema = "MB:0=20", .enable_monitoring = { true, true } }, NULL, "c1", "MB:0=20\n", NULL,
			"c1", false },
		{ { .clos_id = ".." }, ".linux.intelRdt.closID" },
		{ { .clos_id = "" }, ".linux.intelRdt.closID" },
		{ { .clos_id = "a/b" }, ".linux.intelRdt.closID" },
		{ { .clos_id = "info" }, ".linux.intelRdt.closID" },
		{ { .clos_id = "mon_groups" }, ".linux.intelRdt.closID" },
		{ { .mem_bw_schema = "L3:0=f" }, ".linux.intelRdt.memBwSchema" },
		{ { .mem_bw_schema = "MB:0=1\nL3:0=f" }, ".linux.intelRdt.memBwSchema" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ARENA(arena);
		struct error err = { 0 };
		struct rdt_plan plan = { 0 };
		int r = rdt_plan_make(&arena, &rows[i].rdt, "c1", &host, &plan, &err);
		assert_string_equal(err.where, rows[i].where ? rows[i].where : "");
		assert_int_equal(r, rows[i].where ? -1 : 0);
		if (r < 0)
			continue;
		assert_string_equal(plan.group, rows[i].group);
		assert_int_equal(plan.must_exist, rows[i].must_exist);
		assert_string_equal(plan.writes[0] ?: "", rows[i].first ?: "");
		assert_string_equal(plan.writes[1] ?: "", rows[i].second ?: "");
		assert_string_equal(plan.monitor ?: "", rows[i].monitor ?: "");
	}
}

static void test_host(void **state)
{
	(void)state;
	ARENA(arena);
	struct error err = { 0 };
	struct rdt_plan plan;
	struct rdt_host none = { 0 }, no_monitors = { .mounted = true };
	struct oci_intel_rdt rdt = { .enable_monitoring = { true, true } };
	assert_int_equal(rdt_plan_make(&arena, NULL, "c1", &none, &plan, &err), 0);
	assert_false(plan.set);
	assert_int_equal(rdt_plan_make(&arena, &rdt, "c1", &none, &plan, &err), -1);
	assert_string_equal(err.where, ".linux.intelRdt");
	assert_int_equal(rdt_plan_make(&arena, &rdt, "c1", &no_monitors, &plan, &err), -1);
	assert_string_equal(err.where, ".linux.intelRdt.enableMonitoring");
}

struct tree {
	char path[64];
	int fd;
};

static void put(const struct tree *tree, const char *name, const char *text)
{
	FD(fd) = openat(tree->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write_all(fd, text, strlen(text)), 0);
}

static int set_up(void **state)
{
	static struct tree tree;
	(void)snprintf(tree.path, sizeof(tree.path), "/tmp/hull-rdt-XXXXXX");
	if (!mkdtemp(tree.path))
		return -1;
	tree.fd = open(tree.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)mkdirat(tree.fd, "gold", 0700);
	(void)mkdirat(tree.fd, "gold/mon_groups", 0700);
	put(&tree, "gold/schemata", "    MB:0=100;1= 50\n    L3:0=00f;1=7ff\n");
	put(&tree, "gold/tasks", "");
	*state = &tree;
	return 0;
}

static int tear_down(void **state)
{
	struct tree *tree = *state;
	(void)unlinkat(tree->fd, "gold/schemata", 0);
	(void)unlinkat(tree->fd, "gold/tasks", 0);
	(void)unlinkat(tree->fd, "gold/mon_groups", AT_REMOVEDIR);
	(void)unlinkat(tree->fd, "gold", AT_REMOVEDIR);
	close(tree->fd);
	return rmdir(tree->path); /* nothing else may be left */
}

/* An existing class is compared, never written. */
static void test_existing(void **state)
{
	static const struct {
		const char *l3, *schemata;
		bool good;
	} rows[] = {
		{ NULL, NULL, true },
		{ "L3:0=f", NULL, true },
		{ "L3:0=00f;1=7FF", NULL, true },
		{ "L3:0=ff", NULL, false },
		{ "L3:2=f", NULL, false },
		{ NULL, "MB:1=50", true },
		{ NULL, "L2:0=f", false },
		{ "L3:0=f", "MB:0=10", false },
	};
	struct tree *tree = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ARENA(arena);
		char *tasks;
		struct error err = { 0 };
		struct rdt_plan plan;
		struct rdt_made made = { true, true };
		struct oci_intel_rdt rdt = { .clos_id = "gold", .l3_cache_schema = rows[i].l3 };
		if (rows[i].schemata)
			*list_add(&arena, &rdt.schemata) = rows[i].schemata;
		put(tree, "gold/tasks", "");
		assert_int_equal(rdt_plan_make(&arena, &rdt, "c1", &host, &plan, &err), 0);
		assert_int_equal(rdt_create(&plan, tree->fd, 42, &made, &err), rows[i].good ? 0 : -1);
		assert_string_equal(err.where, rows[i].good ? "" : ".linux.intelRdt");
		assert_true(read_file_at(&arena, tree->fd, "gold/tasks", 64, &tasks, &err) >= 0);
		assert_string_equal(tasks, rows[i].good ? "42\n" : "");
		if (!rows[i].good)
			continue;
		assert_false(made.group);
		assert_int_equal(rdt_destroy(&plan, tree->fd, made, &err), 0);
		assert_int_equal(faccessat(tree->fd, "gold", F_OK, 0), 0);
	}
}

/* In a plain directory a new class has no files, so it fails half way: nothing may stay. */
static void test_undo(void **state)
{
	struct tree *tree = *state;
	static const struct oci_intel_rdt rows[] = {
		{ .l3_cache_schema = "L3:0=f" },
		{ .clos_id = "silver", .l3_cache_schema = "L3:0=f" },
		{ .clos_id = "silver" }, /* must exist */
		{ .clos_id = "gold", .enable_monitoring = { true, true } },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ARENA(arena);
		struct error err = { 0 };
		struct rdt_plan plan;
		struct rdt_made made = { false, false };
		assert_int_equal(rdt_plan_make(&arena, &rows[i], "c1", &host, &plan, &err), 0);
		assert_int_equal(rdt_create(&plan, tree->fd, 42, &made, &err), -1);
		assert_int_equal(err.errnum, ENOENT);
		assert_false(made.group || made.monitor);
		assert_int_equal(faccessat(tree->fd, "c1", F_OK, 0), -1);
		assert_int_equal(faccessat(tree->fd, "silver", F_OK, 0), -1);
		assert_int_equal(faccessat(tree->fd, "gold/mon_groups/c1", F_OK, 0), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_host),
		cmocka_unit_test_setup_teardown(test_existing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_undo, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
