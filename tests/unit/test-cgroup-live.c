/*
 * Cgroups on the real cgroup2 of this machine, as it is mounted and again in a private, pure v2 view. Needs root.
 * Everything happens below /hull-test-PID, and a test disables whatever it has enabled at the root of the hierarchy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"
#include "cgroups/cgroup.h"
#include "cgroups/devices.h"
#include "cgroups/path.h"

#include <cmocka.h> /* last: it has a macro named fail */

enum { TIMEOUT_MS = 60000 };

static struct cgroup_host host;
static char base[64];

static void expect_ok(int result, const struct error *err)
{
	char line[1024];
	if (result < 0)
		print_error("%s\n", error_line(err, line, sizeof(line)));
	assert_true(result >= 0);
}

static void expect_line(const struct error *err, const char *expected)
{
	char line[1024];
	assert_string_equal(error_line(err, line, sizeof(line)), expected);
}

static bool exists(const char *path)
{
	char full[CGROUP_PATH_MAX];
	struct stat st;
	(void)snprintf(full, sizeof(full), "%s%s", host.mount, path);
	return lstat(full, &st) == 0;
}

static void make(const char *path)
{
	char full[CGROUP_PATH_MAX];
	(void)snprintf(full, sizeof(full), "%s%s", host.mount, path);
	assert_int_equal(mkdir(full, 0755), 0);
}

/* A child in the cgroup, which does `work` and waits to be killed if that returns -1. */
static pid_t start(int cgroup, int (*work)(void))
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cgroup };
	pid_t pid = sys_clone3(&args);
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	int status = work ? work() : -1;
	while (status < 0)
		pause();
	_exit(status);
}

static int status_of(pid_t pid)
{
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char *below(const char *name)
{
	static char path[256];
	(void)snprintf(path, sizeof(path), "%s%s", base, name);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	struct error err = { 0 };
	(void)snprintf(base, sizeof(base), "/hull-test-%d", (int)getpid());
	expect_ok(cgroup_probe(&host, &err), &err);
	return 0;
}

/* Nothing is left behind, whatever the test did. */
static int tear_down(void **state)
{
	(void)state;
	if (geteuid() == 0 && host.mount[0])
		(void)cgroup_destroy(&host, base, (struct cgroup_made){ 1 }, TIMEOUT_MS, NULL);
	return 0;
}

static void require_root(void)
{
	if (geteuid() == 0 && host.mount[0])
		return;
	print_message("needs %s: skipped\n", host.mount[0] ? "root" : "a cgroup2 mount");
	skip();
}

static void test_create(void **state)
{
	(void)state;
	require_root();
	struct error err = { 0 };
	struct cgroup_made made = { 99 };
	FD(one) = cgroup_create(&host, base, &made, &err);
	expect_ok(one, &err);
	assert_int_equal(made.components, 1);
	assert_int_equal(fcntl(one, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	FD(deep) = cgroup_create(&host, below("/a/b/c"), &made, &err);
	expect_ok(deep, &err);
	assert_int_equal(made.components, 3);
	FD(again) = cgroup_create(&host, below("/a/b/c"), &made, &err);
	expect_ok(again, &err);
	assert_int_equal(made.components, 0);

	/* A cgroup that existed before stays, without those below it. */
	make(below("/a/b/c/child"));
	expect_ok(cgroup_destroy(&host, below("/a/b/c"), made, TIMEOUT_MS, &err), &err);
	assert_true(exists(below("/a/b/c")));
	assert_false(exists(below("/a/b/c/child")));

	/* A parent in use stays, and so do those above it. */
	make(below("/a/other"));
	made.components = 3;
	expect_ok(cgroup_destroy(&host, below("/a/b/c"), made, TIMEOUT_MS, &err), &err);
	assert_false(exists(below("/a/b")));
	assert_true(exists(below("/a/other")));
	expect_ok(cgroup_destroy(&host, below("/gone"), made, TIMEOUT_MS, &err), &err);

	assert_int_equal(cgroup_open(&host, below("/none"), &err), -1);
	assert_int_equal(err.errnum, ENOENT);
	assert_int_equal(cgroup_create(&host, below("/x/cgroup.procs"), &made, &err), -1);
	assert_false(exists(below("/x")));
}

static void test_in_use(void **state)
{
	(void)state;
	require_root();
	struct error err = { 0 };
	struct cgroup_made made;
	char expected[256];
	FD(cgroup) = cgroup_create(&host, base, &made, &err);
	expect_ok(cgroup, &err);
	pid_t pid = start(cgroup, NULL);
	made.components = 99;
	assert_int_equal(cgroup_create(&host, base, &made, &err), -1);
	assert_int_equal(made.components, 99);
	(void)snprintf(expected, sizeof(expected), ".linux.cgroupsPath: cgroup %s has processes in it", base);
	expect_line(&err, expected);
	expect_ok(cgroup_kill(cgroup, &err), &err);
	assert_int_equal(status_of(pid), 128 + SIGKILL);

	expect_ok(cgroup_freeze(cgroup, true, TIMEOUT_MS, &err), &err);
	error_clear(&err);
	assert_int_equal(cgroup_create(&host, base, &made, &err), -1);
	(void)snprintf(expected, sizeof(expected), ".linux.cgroupsPath: cgroup %s is frozen", base);
	expect_line(&err, expected);
	/* A new cgroup below a frozen one would never let its first process run. */
	error_clear(&err);
	assert_int_equal(cgroup_create(&host, below("/new"), &made, &err), -1);
	assert_false(exists(below("/new")));
}

static void test_processes(void **state)
{
	(void)state;
	require_root();
	ARENA(arena);
	struct error err = { 0 };
	struct cgroup_made made;
	FD(cgroup) = cgroup_create(&host, base, &made, &err);
	expect_ok(cgroup, &err);
	make(below("/.hidden"));
	FD(hidden) = cgroup_open(&host, below("/.hidden"), &err);
	expect_ok(hidden, &err);
	pid_t first = start(cgroup, NULL), second = start(hidden, NULL);

	pid_t *pids;
	size_t len;
	expect_ok(cgroup_pids(&arena, cgroup, &pids, &len, &err), &err);
	assert_int_equal(len, 2);
	assert_true((pids[0] == first && pids[1] == second) || (pids[0] == second && pids[1] == first));

	assert_false(cgroup_is_frozen(&host, base));
	expect_ok(cgroup_freeze(cgroup, true, TIMEOUT_MS, &err), &err);
	assert_true(cgroup_is_frozen(&host, base));
	expect_ok(cgroup_freeze(cgroup, false, TIMEOUT_MS, &err), &err);
	assert_false(cgroup_is_frozen(&host, base));
	expect_ok(cgroup_signal(cgroup, SIGTERM, &err), &err);
	assert_int_equal(status_of(first), 128 + SIGTERM);
	assert_int_equal(status_of(second), 128 + SIGTERM);
	expect_ok(cgroup_pids(&arena, cgroup, &pids, &len, &err), &err);
	assert_int_equal(len, 0);
}

/* Nested cgroups with processes in them, one frozen, and a chain deeper than the descriptors that a process may
 * hold. */
/* The depth is the container's choice; such a path is longer than any system call takes. */
static void test_deep(void **state)
{
	enum { DEPTH = 300 };
	static const char name[] = "a-cgroup-of-the-container";
	(void)state;
	require_root();
	struct error err = { 0 };
	struct cgroup_made made;
	ARENA(arena);
	pid_t *pids;
	size_t len;
	FD(cgroup) = cgroup_create(&host, base, &made, &err);
	expect_ok(cgroup, &err);
	FD(dir) = openat(cgroup, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < DEPTH; i++) {
		assert_int_equal(mkdirat(dir, name, 0755), 0);
		assert_int_equal(i % 50 ? 0 : mkdirat(dir, "b", 0755), 0);
		int next = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close_fd(&dir);
		dir = next;
	}
	pid_t bottom = start(dir, NULL), top = start(cgroup, NULL);
	int64_t before = clock_now_ms();
	expect_ok(cgroup_pids(&arena, cgroup, &pids, &len, &err), &err);
	assert_true(clock_now_ms() - before < 5000);
	assert_int_equal(len, 2);
	assert_int_equal(pids[0], top);
	assert_int_equal(pids[1], bottom);
	expect_ok(cgroup_signal(cgroup, SIGTERM, &err), &err);
	assert_int_equal(status_of(bottom), 128 + SIGTERM);
	assert_int_equal(status_of(top), 128 + SIGTERM);
	expect_ok(cgroup_destroy(&host, base, made, TIMEOUT_MS, &err), &err);
	assert_false(exists(base));
}

static void test_destroy(void **state)
{
	(void)state;
	require_root();
	enum { CHAIN = 300 };
	struct error err = { 0 };
	struct cgroup_made made;
	FD(cgroup) = cgroup_create(&host, base, &made, &err);
	expect_ok(cgroup, &err);
	make(below("/a"));
	make(below("/a/b"));
	make(below("/c"));
	FD(nested) = cgroup_open(&host, below("/a/b"), &err);
	FD(frozen) = cgroup_open(&host, below("/c"), &err);
	expect_ok(nested < frozen ? nested : frozen, &err);
	pid_t pids[] = { start(cgroup, NULL), start(nested, NULL), start(frozen, NULL) };
	expect_ok(cgroup_freeze(frozen, true, TIMEOUT_MS, &err), &err);
	int at = openat(cgroup, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < CHAIN; i++) {
		assert_int_equal(mkdirat(at, "d", 0755), 0);
		int next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close_fd(&at);
		at = next;
	}
	close_fd(&at);
	expect_ok(cgroup_destroy(&host, base, made, TIMEOUT_MS, &err), &err);
	assert_false(exists(base));
	for (size_t i = 0; i < sizeof(pids) / sizeof(*pids); i++)
		assert_int_equal(status_of(pids[i]), 128 + SIGKILL);
}

static struct oci_device_rule device_entries[] = {
	{ .allow = { true, false }, .access = "rwm" },
	{ .allow = { true, true },
		.type = "c",
		.major = { true, 1 },
		.minor = { true, 11 },
		.access = "w" }, /* kmsg, for writing */
};

static int try_open(const char *path, int flags)
{
	FD(fd) = open(path, flags | O_CLOEXEC);
	return fd >= 0 ? 0 : errno;
}

/* Device nodes of its own, since /dev may lack some. */
static int make_node(const char *name, int major, int minor)
{
	(void)unlink(name);
	return mknod(name, S_IFCHR | 0600, (dev_t)(major << 8 | minor));
}

#define NODES "/dev/shm/hull-test"

static int use_devices(void)
{
	if (try_open(NODES "-null", O_RDWR) != 0)
		return 1;
	if (try_open(NODES "-mem", O_RDONLY) != EPERM) /* 1:1, named by no entry */
		return 2;
	if (try_open(NODES "-kmsg", O_WRONLY) != 0)
		return 3;
	if (try_open(NODES "-kmsg", O_RDONLY) != EPERM || try_open(NODES "-kmsg", O_RDWR) != EPERM)
		return 4;
	if (mknod(NODES "-made", S_IFBLK | 0600, (dev_t)(7 << 8)) != 0)
		return 5;
	(void)unlink(NODES "-made");
	return 0;
}

static int use_kmsg(void)
{
	return try_open(NODES "-kmsg", O_RDWR) == 0 ? 0 : 1;
}

static void remove_nodes(void)
{
	(void)unlink(NODES "-null");
	(void)unlink(NODES "-mem");
	(void)unlink(NODES "-kmsg");
}

static void test_devices(void **state)
{
	(void)state;
	require_root();
	struct error err = { 0 };
	struct cgroup_made made;
	if (make_node(NODES "-null", 1, 3) < 0 || make_node(NODES "-mem", 1, 1) < 0 ||
		make_node(NODES "-kmsg", 1, 11) < 0 || try_open(NODES "-kmsg", O_RDWR) != 0) {
		remove_nodes();
		print_message("needs device nodes in /dev/shm: skipped\n");
		skip();
	}
	FD(cgroup) = cgroup_create(&host, base, &made, &err);
	expect_ok(cgroup, &err);
	struct oci_resources resources = { 0 };
	/* No device rules: nothing is attached, and every device is open. */
	expect_ok(cgroup_apply(&host, cgroup, base, &resources, CGROUP_NEW, &err), &err);
	assert_int_equal(status_of(start(cgroup, use_kmsg)), 0);

	resources.devices.items = device_entries;
	resources.devices.len = 2;
	expect_ok(cgroup_apply(&host, cgroup, base, &resources, CGROUP_NEW, &err), &err);
	assert_int_equal(status_of(start(cgroup, use_devices)), 0);

	/* Replaced, not added: two programs would both have to allow. */
	struct oci_device_rule kmsg[] = { device_entries[0],
		{ .allow = { true, true }, .type = "c", .major = { true, 1 }, .minor = { true, 11 } } };
	resources.devices.items = kmsg;
	expect_ok(cgroup_apply(&host, cgroup, base, &resources, CGROUP_IN_USE, &err), &err);
	assert_int_equal(status_of(start(cgroup, use_kmsg)), 0);
	resources.devices.len = 1;
	expect_ok(cgroup_apply(&host, cgroup, base, &resources, CGROUP_IN_USE, &err), &err);
	assert_int_equal(status_of(start(cgroup, use_kmsg)), 1);

	/* A later container in the same cgroup does not inherit the program. */
	FD(again) = cgroup_create(&host, base, &made, &err);
	expect_ok(again, &err);
	assert_int_equal(status_of(start(again, use_kmsg)), 0);
	remove_nodes();
}

static bool root_has(const char *file, const char *word)
{
	ARENA(arena);
	FD(root) = cgroup_try_open_prefix(&host, "", 0);
	char *text;
	return read_file_at(&arena, root, file, 4096, &text, NULL) >= 0 && strstr(text, word);
}

/* A controller is enabled through two levels, written, and read back; `unified` has the last word. */
static void test_resources(void **state)
{
	(void)state;
	require_root();
	if (!root_has("cgroup.controllers", "hugetlb") || access("/sys/kernel/mm/hugepages/"
								 "hugepages-2048kB",
								  F_OK) < 0) {
		print_message("needs the hugetlb controller under cgroup2: skipped\n");
		skip();
	}
	bool enabled_before = root_has("cgroup.subtree_control", "hugetlb");
	ARENA(arena);
	struct error err = { 0 };
	struct cgroup_made made;
	char *text;
	FD(cgroup) = cgroup_create(&host, below("/a/b"), &made, &err);
	expect_ok(cgroup, &err);
	struct oci_hugepage_limit limit = { "2MB", { true, 4194304 } };
	struct oci_pair pair = { "cgroup.max.depth", "7" };
	struct oci_resources resources = { 0 };
	resources.hugepage_limits.items = &limit;
	resources.hugepage_limits.len = 1;
	resources.unified.items = &pair;
	resources.unified.len = 1;
	int applied = cgroup_apply(&host, cgroup, below("/a/b"), &resources, CGROUP_NEW, &err);
	if (applied == 0) {
		expect_ok((int)read_file_at(&arena, cgroup, "hugetlb.2MB.max", 64, &text, &err), &err);
		assert_string_equal(text, "4194304\n");
		expect_ok((int)read_file_at(&arena, cgroup, "cgroup.max.depth", 64, &text, &err), &err);
		assert_string_equal(text, "7\n");
	}
	(void)cgroup_destroy(&host, base, (struct cgroup_made){ 1 }, TIMEOUT_MS, NULL);
	FD(root) = cgroup_try_open_prefix(&host, "", 0);
	if (!enabled_before)
		(void)write_file_at(root, "cgroup.subtree_control", "-hugetlb", NULL);
	expect_ok(applied, &err);
}

static void test_missing_controller(void **state)
{
	(void)state;
	require_root();
	if (root_has("cgroup.controllers", "memory")) {
		print_message("needs a host whose memory controller is bound to v1: skipped\n");
		skip();
	}
	struct error err = { 0 };
	struct cgroup_made made;
	FD(cgroup) = cgroup_create(&host, base, &made, &err);
	expect_ok(cgroup, &err);
	struct oci_memory memory = { .limit = { true, 1 << 20 } };
	struct oci_pids pids = { { true, -1 } };
	struct oci_pair pair = { "memory.max", "max" };
	struct oci_resources resources = { .memory = &memory };
	const char *bound = ".linux.resources.memory.limit: the memory controller is bound to "
			    "cgroup v1 on this host";
	assert_int_equal(cgroup_apply(&host, cgroup, base, &resources, CGROUP_NEW, &err), -1);
	expect_line(&err, bound);

	/* Without a limit nothing is written; but files that `unified` names must exist. */
	error_clear(&err);
	resources = (struct oci_resources){ .pids = &pids };
	expect_ok(cgroup_apply(&host, cgroup, base, &resources, CGROUP_NEW, &err), &err);
	resources.unified.items = &pair;
	resources.unified.len = 1;
	assert_int_equal(cgroup_apply(&host, cgroup, base, &resources, CGROUP_NEW, &err), -1);
	expect_line(&err, ".linux.resources.unified[\"memory.max\"]: the memory controller is bound "
			  "to cgroup v1 on this host");
}

static void test_not_cgroup2(void **state)
{
	(void)state;
	struct error err = { 0 };
	struct cgroup_made made;
	char name[64];
	const struct cgroup_host nowhere = { .mount = "" }, tmpfs = { .mount = "/tmp" };
	(void)snprintf(name, sizeof(name), "/hull-test-%d", (int)getpid());
	assert_int_equal(cgroup_create(&nowhere, "/x", &made, &err), -1);
	expect_line(&err, ".linux.cgroupsPath: no cgroup2 file system is mounted");
	error_clear(&err);
	assert_int_equal(cgroup_create(&tmpfs, name, &made, &err), -1);
	assert_non_null(strstr(err.text, "is not on a cgroup2 file system"));
	struct stat st;
	char full[128];
	(void)snprintf(full, sizeof(full), "/tmp%s", name);
	assert_int_equal(lstat(full, &st), -1);
	expect_ok(cgroup_destroy(&nowhere, "/x", (struct cgroup_made){ 1 }, 0, NULL), &err);
}

/* From here on the process sees cgroup2 where a pure host has it. The mount goes with the process. */
static int enter_pure_view(void **state)
{
	(void)state;
	if (geteuid() != 0 || !host.mount[0] || !host.hybrid)
		return 0; /* it is pure already, or the tests skip themselves */
	if (unshare(CLONE_NEWNS) < 0)
		return -1;
	struct mount_attr private = { .propagation = MS_PRIVATE };
	if (sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &private) < 0)
		return -1;
	FD(context) = sys_fsopen("cgroup2", 1); /* FSOPEN_CLOEXEC */
	if (context < 0 || sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	FD(mount) = sys_fsmount(context, 1, 0); /* FSMOUNT_CLOEXEC */
	if (mount < 0 || sys_move_mount(mount, "", AT_FDCWD, "/sys/fs/cgroup", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -1;
	struct error err = { 0 };
	expect_ok(cgroup_probe(&host, &err), &err);
	assert_string_equal(host.mount, "/sys/fs/cgroup");
	assert_false(host.hybrid);
	return 0;
}

#define LIVE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(test_not_cgroup2),
		LIVE(test_create),
		LIVE(test_in_use),
		LIVE(test_processes),
		LIVE(test_deep),
		LIVE(test_destroy),
		LIVE(test_devices),
		LIVE(test_resources),
		LIVE(test_missing_controller),
	};
	int failed = cmocka_run_group_tests_name("as mounted", tests, NULL, NULL);
	return failed + cmocka_run_group_tests_name("pure view", tests, enter_pure_view, NULL);
}
