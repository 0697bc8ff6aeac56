/*
 * Plans for invented hosts, as create --dry-run prints them: each row takes tests/plan/CONFIG.json and gives exactly
 * tests/plan/NAME.expect, which is the plan or the error.
 *
 * HULL_TEST_SOURCE is the source tree (default "."). HULL_TEST_EXPECT=1 writes the missing .expect files, to be read
 * before they are committed. Those called exec-… are the steps of exec in a container of that configuration, with its
 * own process.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launch/init.h"
#include "oci/check.h"
#include "oci/json-read.h"
#include "plan/plan.h"

/* After ours: its macro fail() hides the function. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { ALL_CAPS = 41, SYS_RESOURCE = 24 };

#define USUAL .last_cap = 40, .own_caps = (1ULL << ALL_CAPS) - 1
#define CGROUP2 .cgroup = { "/sys/fs/cgroup", false }

static const struct host usual = { USUAL, CGROUP2 };
static const struct host hybrid = { USUAL, .cgroup = { "/sys/fs/cgroup/unified", true } };
static const struct host no_cgroup2 = { USUAL };
static const struct host with_selinux = { USUAL, CGROUP2, .lsm.selinux = true };
static const struct host with_apparmor = { USUAL, CGROUP2, .lsm.apparmor = true };
static const struct host with_resctrl = { USUAL, CGROUP2, .rdt = { true, true } };
static const struct host in_a_container = {
	.last_cap = 40, .own_caps = ((1ULL << ALL_CAPS) - 1) & ~(1ULL << SYS_RESOURCE), CGROUP2
};
static const struct host unprivileged = { .euid = 1000, .last_cap = 40, CGROUP2 };

static const struct plan_options run = { .id = "box", .bundle = "/srv/box" };
static const struct plan_options detached = { .id = "box", .bundle = "/srv/box", .detach = true };
static const struct plan_options create = { .id = "box", .bundle = "/srv/box", .detach = true, .wait = true };
static const struct plan_options with_socket = {
	.id = "box", .bundle = "/srv/box", .detach = true, .wait = true, .has_console_socket = true
};
static const struct plan_options initramfs = {
	.id = "box", .bundle = "/srv/box", .no_pivot = true, .no_new_keyring = true
};
static const struct plan_options activated = {
	.id = "box", .bundle = "/srv/box", .preserve_fds = 3, .listen_fds = 2, .notify_dir = "/run/hull/box/notify"
};
static const struct plan_options by_systemd = {
	.id = "box", .bundle = "/srv/box", .cgroup_manager = CGROUP_MANAGER_SYSTEMD
};
static const struct plan_options traceable = { .id = "box", .bundle = "/srv/box", .traceable = true };
static const struct plan_options no_manager = {
	.id = "box", .bundle = "/srv/box", .cgroup_manager = CGROUP_MANAGER_DISABLED
};

static const struct {
	const char *name, *config;
	const struct host *host;
	const struct plan_options *options;
} cases[] = {
	{ "default", "default", &usual, &with_socket },
	{ "default-run", "default", &usual, &run },
	{ "default-hybrid", "default", &hybrid, &run },
	{ "minimal", "minimal", &usual, &run },
	{ "minimal-create", "minimal", &usual, &create },
	{ "minimal-unprivileged", "minimal", &unprivileged, &run },
	{ "no-cgroup2", "minimal", &no_cgroup2, &run },
	{ "no-cgroup2-disabled", "minimal", &no_cgroup2, &no_manager },
	{ "manager-disabled", "minimal", &usual, &no_manager },
	{ "manager-systemd", "minimal", &usual, &by_systemd },
	{ "initramfs", "minimal", &usual, &initramfs },
	{ "activated", "minimal", &usual, &activated },
	{ "user-namespace", "user-namespace", &usual, &run },
	{ "user-namespace-unprivileged", "user-namespace", &unprivileged, &run },
	{ "joined", "joined", &usual, &run },
	{ "joined-pid", "joined-pid", &usual, &run },
	{ "joined-user", "joined-user", &usual, &run },
	{ "time", "time", &usual, &run },
	{ "time-without-offsets", "time-without-offsets", &usual, &run },
	{ "no-mount-namespace", "no-mount-namespace", &usual, &run },
	{ "no-mount-namespace-with-mounts", "no-mount-namespace-with-mounts", &usual, &run },
	{ "selinux", "selinux", &with_selinux, &run },
	{ "selinux-off", "selinux", &usual, &run },
	{ "apparmor", "apparmor", &with_apparmor, &run },
	{ "apparmor-off", "apparmor", &usual, &run },
	{ "apparmor-unconfined", "apparmor-unconfined", &usual, &run },
	{ "terminal", "terminal", &usual, &run },
	{ "terminal-detached", "terminal", &usual, &detached },
	{ "terminal-socket", "terminal", &usual, &with_socket },
	{ "socket-without-terminal", "minimal", &usual, &with_socket },
	{ "hooks", "hooks", &usual, &create },
	{ "devices", "devices", &usual, &run },
	{ "mounts", "mounts", &usual, &run },
	{ "mounts-hybrid", "mounts", &hybrid, &run },
	{ "mounts-no-cgroup2", "mounts", &no_cgroup2, &no_manager },
	{ "cgroup-mount-own-namespace", "cgroup-mount-own-namespace", &usual, &run },
	{ "idmap", "idmap", &usual, &run },
	{ "idmap-unmapped", "idmap-unmapped", &usual, &run },
	{ "process", "process", &usual, &run },
	{ "seccomp", "seccomp", &usual, &run },
	{ "seccomp-listener", "seccomp-listener", &usual, &run },
	{ "rdt", "rdt", &with_resctrl, &run },
	{ "rdt-off", "rdt", &usual, &run },
	{ "cgroups-path", "cgroups-path", &usual, &run },
	{ "cgroups-path-above", "cgroups-path-above", &usual, &run },
	{ "cgroups-path-root", "cgroups-path-root", &usual, &run },
	{ "capabilities", "capabilities", &usual, &run },
	{ "capabilities-restricted", "capabilities", &in_a_container, &run },
	{ "keep-groups", "keep-groups", &usual, &run },
	{ "exec-default", "default", &usual, &with_socket },
	{ "exec-minimal", "minimal", &usual, &run },
	{ "exec-user-namespace", "user-namespace", &usual, &run },
	{ "exec-joined", "joined", &usual, &run },
	{ "exec-no-mount-namespace", "no-mount-namespace", &usual, &run },
	{ "exec-time", "time", &usual, &run },
	{ "exec-hooks", "hooks", &usual, &run },
	{ "exec-process", "process", &usual, &run },
	{ "exec-apparmor", "apparmor", &with_apparmor, &run },
	{ "exec-seccomp", "seccomp", &usual, &run },
	{ "exec-seccomp-traceable", "seccomp", &usual, &traceable },
	{ "exec-seccomp-traceable-admin", "seccomp-admin", &usual, &traceable },
	{ "exec-seccomp-listener", "seccomp-listener", &usual, &run },
	{ "exec-seccomp-listener-traceable", "seccomp-listener", &usual, &traceable },
	{ "exec-terminal-detached", "terminal", &usual, &detached },
};

static const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	return value && *value ? value : otherwise;
}

static int open_folder(void)
{
	char path[4096];
	(void)snprintf(path, sizeof(path), "%s/tests/plan", setting("HULL_TEST_SOURCE", "."));
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool is_exec(size_t row)
{
	return str_starts(cases[row].name, "exec-");
}

static int make_plan(
	struct arena *arena, const struct oci_config *config, size_t row, struct plan *plan, struct error *err)
{
	if (!is_exec(row))
		return plan_make(arena, config, cases[row].options, cases[row].host, plan, err);
	if (plan_make_exec(arena, config, cases[row].options, cases[row].host, plan, err) < 0)
		return -1;
	plan->target = 0; /* whose steps are printed */
	return 0;
}

/* The plan, or the error as the commands print it. */
static char *describe(struct arena *arena, int dir, size_t row)
{
	struct error err = { 0 };
	struct oci_config *config;
	struct plan plan;
	char line[1024], *text = NULL;
	size_t len;
	const char *name = arena_printf(arena, "%s.json", cases[row].config);
	const struct json_source source = { .name = name };
	if (oci_config_read(arena, dir, name, &source, &config, NULL, NULL, &err) < 0 ||
		oci_config_check(config, OCI_CHECK_PROCESS, &err) < 0 || make_plan(arena, config, row, &plan, &err) < 0)
		return arena_printf(arena, "%s%s%s\n", error_line(&err, line, sizeof(line)),
			err.hint[0] ? "\n  hint: " : "", err.hint);
	FILE *out = open_memstream(&text, &len);
	if (!is_exec(row)) {
		plan_print(&plan, out);
		(void)fputs("init:\n", out);
	}
	init_print_steps(&plan, out);
	(void)fclose(out);
	char *copy = arena_strndup(arena, text, len);
	free(text);
	return copy;
}

static bool is_expected(int dir, const char *name, const char *text)
{
	ARENA(arena);
	char *expected;
	const char *file = arena_printf(&arena, "%s.expect", name);
	if (faccessat(dir, file, F_OK, 0) < 0 && str_eq(setting("HULL_TEST_EXPECT", "0"), "1")) {
		FD(made) = openat(dir, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		assert_int_equal(write_all(made, text, strlen(text)), 0);
		print_message("wrote %s\n", file);
		return true;
	}
	if (read_file_at(&arena, dir, file, 1 << 16, &expected, NULL) < 0) {
		print_error("%s cannot be read; the plan is:\n%s", file, text);
		return false;
	}
	if (str_eq(expected, text))
		return true;
	print_error("%s: expected:\n%sfound:\n%s", name, expected, text);
	return false;
}

static void test_plans(void **state)
{
	(void)state;
	FD(dir) = open_folder();
	assert_true(dir >= 0);
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA(arena);
		wrong += !is_expected(dir, cases[i].name, describe(&arena, dir, i));
	}
	assert_int_equal(wrong, 0);
}

/* A plan is the same however often it is made: nothing in it comes from this machine. */
static void test_twice(void **state)
{
	(void)state;
	FD(dir) = open_folder();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA(arena);
		assert_string_equal(describe(&arena, dir, i), describe(&arena, dir, i));
	}
}

static const struct {
	const char *release, *error;
} kernels[] = {
	{ "5.14.0-503.el9.x86_64", NULL },
	{ "5.14", NULL },
	{ "6.1.0-28-amd64", NULL },
	{ "7.3.1", NULL },
	{ "10.0-rc1", NULL },
	{ "5.13.19", "this is Linux 5.13.19, hull needs 5.14 or newer" },
	{ "4.18.0-553.el8", "this is Linux 4.18.0-553.el8, hull needs 5.14 or newer" },
	{ "5.4.0-200-generic", "this is Linux 5.4.0-200-generic, hull needs 5.14 or newer" },
	{ "unknown", "the kernel calls itself \"unknown\", which is no release" },
	{ "", "the kernel calls itself \"\", which is no release" },
};

static void test_kernels(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		struct error err = { 0 };
		char line[1024];
		int status = host_check_release(kernels[i].release, &err);
		assert_int_equal(status, kernels[i].error ? -1 : 0);
		assert_string_equal(error_line(&err, line, sizeof(line)), kernels[i].error ? kernels[i].error : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_kernels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
