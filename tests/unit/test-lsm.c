/* Labels against invented hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/lsm.h"

#include <cmocka.h> /* last: its macro fail() */

enum { A = 1, S = 2 };

static void test_plan(void **state)
{
	(void)state;
	static const struct {
		unsigned on;
		const char *apparmor, *selinux, *mount, *where, *want_apparmor, *want_selinux;
	} rows[] = {
		{ 0, NULL, NULL, NULL, NULL, NULL, NULL },
		{ 0, "", "", "", NULL, NULL, NULL },
		{ 0, "unconfined", NULL, NULL, NULL, NULL, NULL },
		{ A, "unconfined", NULL, NULL, NULL, "unconfined", NULL },
		{ A, "docker-default", NULL, NULL, NULL, "docker-default", NULL },
		{ 0, "docker-default", NULL, NULL, ".process.apparmorProfile" },
		{ S, "docker-default", NULL, NULL, ".process.apparmorProfile" },
		{ S, NULL, "u:r:t:s0", NULL, NULL, NULL, "u:r:t:s0" },
		{ S, NULL, "u:r:t:s0", "u:r:f:s0", NULL, NULL, "u:r:t:s0" },
		{ A, NULL, "u:r:t:s0", NULL, ".process.selinuxLabel" },
		{ A, NULL, NULL, "u:r:f:s0", ".linux.mountLabel" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lsm_host host = { rows[i].on & A, rows[i].on & S };
		struct lsm_plan plan = { NULL };
		struct error err = { 0 };
		int r = lsm_plan_make(rows[i].apparmor, rows[i].selinux, rows[i].mount, &host, &plan, &err);
		assert_int_equal(r, rows[i].where ? -1 : 0);
		assert_string_equal(err.where, rows[i].where ? rows[i].where : "");
		assert_ptr_equal(plan.apparmor, rows[i].want_apparmor ? rows[i].apparmor : NULL);
		assert_ptr_equal(plan.selinux, rows[i].want_selinux ? rows[i].selinux : NULL);
	}
}

/* CVE-2019-16884: a directory that is no procfs must not be written to. */
static void test_not_procfs(void **state)
{
	(void)state;
	struct lsm_plan plan = { .selinux = "u:r:t:s0" };
	struct error err = { 0 };
	char path[128], dir[] = "/tmp/hull-lsm-XXXXXX";
	char thread[48], link[96];
	static const char *const steps[] = { "%s/%d", "%s/%d/task", "%s/%d/task/%d", "%s/%d/task/%d/attr",
		"%s/%d/task/%d/attr/exec" };
	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < 5; i++) {
		(void)snprintf(path, sizeof(path), steps[i], dir, getpid(), gettid());
		assert_int_equal(i < 4 ? mkdir(path, 0700) : close(creat(path, 0600)), 0);
	}
	(void)snprintf(thread, sizeof(thread), "%d/task/%d", getpid(), gettid());
	(void)snprintf(link, sizeof(link), "%s/thread-self", dir);
	assert_int_equal(symlink(thread, link), 0);
	int fd = open(dir, O_PATH | O_CLOEXEC);
	assert_int_equal(lsm_set_exec(&plan, fd, &err), -1);
	assert_non_null(strstr(err.text, "is not on procfs"));
	assert_string_equal(err.where, ".process.selinuxLabel");
	close(fd);
	assert_int_equal(unlink(link), 0);
	for (int i = 4; i >= 0; i--) {
		(void)snprintf(path, sizeof(path), steps[i], dir, getpid(), gettid());
		assert_int_equal(i < 4 ? rmdir(path) : unlink(path), 0);
	}
	assert_int_equal(rmdir(dir), 0);
}

static void test_nothing(void **state)
{
	(void)state;
	struct lsm_plan plan = { NULL };
	assert_int_equal(lsm_set_exec(&plan, -1, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_not_procfs),
		cmocka_unit_test(test_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
