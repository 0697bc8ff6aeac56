/* The path of a container's cgroup, the mount point of cgroup2, and the reason why a controller is absent. Pure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cgroups/controllers.h"
#include "cgroups/path.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define WHERE ".linux.cgroupsPath: "

static const struct {
	const char *cgroups_path, *id;
	const char *path;  /* or NULL */
	const char *error; /* the exact line */
} paths[] = {
	{ NULL, "x", "/hull-x" },
	{ "", "x", "/hull-x" },
	{ "/a", "x", "/a" },
	{ "/a/b/c", "x", "/a/b/c" },
	{ "a/b", "x", "/a/b" },
	{ "//a///b/", "x", "/a/b" },
	{ "system.slice:runc:x", "x", "/system.slice:runc:x" },
	{ "/...", "x", "/..." },
	{ "/.a/..b", "x", "/.a/..b" },
	{ "/", "x", NULL, WHERE "\"/\" is the root of the hierarchy, which a container cannot have" },
	{ "///", "x", NULL, WHERE "\"///\" is the root of the hierarchy, which a container cannot have" },
	{ "..", "x", NULL, WHERE "\"..\" has a component \"..\"" },
	{ "/a/../b", "x", NULL, WHERE "\"/a/../b\" has a component \"..\"" },
	{ "/a/..", "x", NULL, WHERE "\"/a/..\" has a component \"..\"" },
	{ "../../x", "x", NULL, WHERE "\"../../x\" has a component \"..\"" },
	{ "/a/./b", "x", NULL, WHERE "\"/a/./b\" has a component \".\"" },
	{ "/a\nb", "x", NULL, WHERE "a cgroup name cannot hold a newline" },
};

static void test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		ARENA(arena);
		struct error err = { 0 };
		const char *path = "untouched";
		char line[1024];
		int result = cgroup_path(&arena, paths[i].cgroups_path, paths[i].id, &path, &err);
		if (paths[i].path) {
			assert_int_equal(result, 0);
			assert_string_equal(path, paths[i].path);
		} else {
			assert_int_equal(result, -1);
			assert_string_equal(path, "untouched");
			assert_string_equal(error_line(&err, line, sizeof(line)), paths[i].error);
		}
	}
}

static void test_long_paths(void **state)
{
	(void)state;
	ARENA(arena);
	struct error err = { 0 };
	const char *path = NULL;
	char name[5000] = "";
	memset(name, 'x', 255);
	assert_int_equal(cgroup_path(&arena, name, "x", &path, &err), 0);
	name[255] = 'x';
	assert_int_equal(cgroup_path(&arena, name, "x", &path, &err), -1);
	assert_non_null(strstr(err.text, "is longer than 255 bytes"));
	for (size_t i = 0; i + 1 < sizeof(name); i++)
		name[i] = i % 2 ? 'x' : '/';
	assert_int_equal(cgroup_path(&arena, name, "x", &path, &err), -1);
	assert_int_equal(err.errnum, 36); /* ENAMETOOLONG */
}

static void test_parents(void **state)
{
	(void)state;
	assert_int_equal(cgroup_parent_len("/a/bc/d", 7), 5);
	assert_int_equal(cgroup_parent_len("/a/bc/d", 5), 2);
	assert_int_equal(cgroup_parent_len("/a/bc/d", 2), 0);
	assert_int_equal(cgroup_parent_len("/a/bc/d", 0), 0);
}

#define V1 "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
#define ROOT "23 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"

static const struct {
	const char *mountinfo, *mount;
	bool hybrid;
} mounts[] = {
	{ ROOT "31 23 0:28 / /c2 rw,relatime - cgroup2 cgroup2 rw\n", "/c2", false },
	{ ROOT V1 "31 23 0:28 / /c2 rw,relatime shared:4 master:2 - cgroup2 none rw\n", "/c2", true },
	{ "31 23 0:28 / /c2 rw - cgroup2 none rw\n" V1, "/c2", true },
	{ "31 23 0:28 / /a\\040b\\134c rw - cgroup2 none rw", "/a b\\c", false },
	{ "31 23 0:28 / /one rw - cgroup2 none rw\n32 23 0:28 / /two rw - cgroup2 none rw\n", "/one", false },
	{ ROOT V1, NULL, false },
	{ "", NULL, false },
	{ "31 23 - cgroup2 none rw\n", NULL, false },
	{ "31 23 0:28 / /x rw - tmpfs cgroup2 rw\n", NULL, false },
};

static void test_mounts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		struct cgroup_host host = { .mount = "untouched" };
		bool found = cgroup_find_mount(mounts[i].mountinfo, &host);
		assert_int_equal(found, mounts[i].mount != NULL);
		assert_string_equal(host.mount, found ? mounts[i].mount : "untouched");
		if (found)
			assert_int_equal(host.hybrid, mounts[i].hybrid);
	}
}

static const char proc_cgroups[] = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
				   "cpuset\t3\t1\t1\n"
				   "cpu\t1\t1\t1\n"
				   "cpuacct\t2\t1\t1\n"
				   "blkio\t7\t1\t1\n"
				   "memory\t0\t13\t0\n"
				   "hugetlb\t0\t1\t1\n";

static void test_absence(void **state)
{
	(void)state;
	assert_int_equal(controller_absence(proc_cgroups, "cpuset"), CONTROLLER_BOUND_TO_V1);
	assert_int_equal(controller_absence(proc_cgroups, "io"), CONTROLLER_BOUND_TO_V1);
	assert_int_equal(controller_absence(proc_cgroups, "memory"), CONTROLLER_DISABLED);
	assert_int_equal(controller_absence(proc_cgroups, "hugetlb"), CONTROLLER_NOT_DELEGATED);
	assert_int_equal(controller_absence(proc_cgroups, "rdma"), CONTROLLER_UNKNOWN);
	assert_int_equal(controller_absence("", "cpu"), CONTROLLER_UNKNOWN);
}

static const struct {
	const char *file, *controller;
} controllers[] = {
	{ "memory.max", "memory" },
	{ "memory.swap.max", "memory" },
	{ "hugetlb.2MB.rsvd.max", "hugetlb" },
	{ "cgroup.max.depth", NULL },
	{ "memory.pressure", NULL },
	{ "cgroups.x", "cgroups" },
};

static void test_controller_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(controllers) / sizeof(*controllers); i++) {
		ARENA(arena);
		const char *controller = controller_of(&arena, controllers[i].file);
		assert_int_equal(controller != NULL, controllers[i].controller != NULL);
		if (controller)
			assert_string_equal(controller, controllers[i].controller);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_long_paths),
		cmocka_unit_test(test_parents),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_absence),
		cmocka_unit_test(test_controller_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
