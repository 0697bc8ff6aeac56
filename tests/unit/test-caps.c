/* Capability names to masks, the rules between the sets, and the sets of a real process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "process/caps.h"

#include <cmocka.h> /* last: its macro fail() */

#define BIT(cap) (UINT64_C(1) << (cap))

static void fill(struct arena *arena, oci_strings *list, const char *names)
{
	for (const char *at = names; *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");
		*list_add(arena, list) = arena_strndup(arena, at, len);
		at += len;
	}
}

static void test_mask(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint64_t mask;
	} rows[] = {
		{ "CAP_CHOWN", BIT(CAP_CHOWN) },
		{ "CAP_CHECKPOINT_RESTORE", BIT(40) },
		{ "cap_chown", 0 },
		{ "CHOWN", 0 },
		{ "CAP_", 0 },
		{ "CAP_NOSUCH", 0 },
		{ "", 0 },
		{ "0", 0 },
		{ "CAP_CHOWN,CAP_KILL", 0 },
		{ "CAP_CHOWN ", 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(caps_mask(rows[i].name), rows[i].mask);
}

static void test_plan(void **state)
{
	(void)state;
	static const struct {
		const char *bounding, *effective, *inheritable, *permitted, *ambient;
		uint64_t grantable;
		const char *where; /* NULL: good */
	} rows[] = {
		{ "CAP_KILL", "CAP_KILL", "", "CAP_KILL", "", UINT64_MAX, NULL },
		{ "", "CAP_KILL", "", "", "", UINT64_MAX, ".process.capabilities.effective" },
		{ "CAP_KILL", "", "CAP_KILL", "", "CAP_KILL", UINT64_MAX, NULL }, /* not permitted: not raised */
		{ "", "", "", "CAP_KILL", "CAP_KILL", UINT64_MAX, NULL },
		{ "", "", "CAP_KILL", "CAP_KILL", "", UINT64_MAX, ".process.capabilities.inheritable" },
		{ "CAP_KILL", "", "CAP_KILL", "CAP_KILL", "CAP_KILL", UINT64_MAX, NULL },
		{ "CAP_KILL", "CAP_KILL", "CAP_KILL", "CAP_KILL", "CAP_KILL", 0, NULL },
		{ "CAP_NOSUCH", "CAP_NOSUCH", "", "", "", UINT64_MAX, NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ARENA(arena);
		struct error err = { 0 };
		struct oci_capabilities caps = { 0 };
		struct caps_plan plan;
		fill(&arena, &caps.bounding, rows[i].bounding);
		fill(&arena, &caps.effective, rows[i].effective);
		fill(&arena, &caps.inheritable, rows[i].inheritable);
		fill(&arena, &caps.permitted, rows[i].permitted);
		fill(&arena, &caps.ambient, rows[i].ambient);
		int r = caps_plan_make(&caps, rows[i].grantable, &plan, &err);
		assert_int_equal(r, rows[i].where ? -1 : 0);
		assert_string_equal(err.where, rows[i].where ? rows[i].where : "");
		if (r < 0)
			continue;
		uint64_t want = *rows[i].bounding ? caps_mask(rows[i].bounding) : 0;
		assert_int_equal(plan.bounding, want & rows[i].grantable);
		assert_int_equal(plan.ambient & ~(plan.permitted & plan.inheritable), 0);
		assert_true(plan.set);
	}
}

static void test_absent(void **state)
{
	(void)state;
	struct error err = { 0 };
	struct caps_plan plan;
	assert_int_equal(caps_plan_make(NULL, UINT64_MAX, &plan, &err), 0);
	assert_true(plan.set);
	assert_int_equal(plan.bounding | plan.effective | plan.inheritable | plan.permitted | plan.ambient, 0);
}

static void test_names(void **state)
{
	(void)state;
	ARENA(arena);
	const char *const *names = caps_names(&arena);
	unsigned count = 0;
	for (; names[count]; count++)
		if (strncmp(names[count], "CAP_", 4) != 0)
			fail_msg("%s", names[count]);
	assert_int_equal(count, caps_last() + 1);
	assert_string_equal(names[0], "CAP_CHOWN");
}

static void test_nearest(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "CAP_NET_ADMN", "CAP_NET_ADMIN" },
		{ "cap_net_admin", "CAP_NET_ADMIN" },
		{ "NET_ADMIN", "CAP_NET_ADMIN" },
		{ "sys_tmie", "CAP_SYS_TIME" },
		{ "CAP_NOPE", "" },
		{ "NOPE", "" },
		{ "", "" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[40] = "";
		assert_int_equal(caps_nearest(rows[i][0], name, sizeof(name)), !!*rows[i][1]);
		assert_string_equal(name, rows[i][1]);
	}
}

/* The sets that the child sees of itself; the number tells which one is wrong. */
static int apply(const struct caps_plan *plan)
{
	struct error err = { 0 };
	cap_flag_value_t value;
	if (caps_drop_bounding(plan, caps_last(), &err) < 0 || caps_keep(true, &err) < 0)
		return 1;
	if (setresuid(1000, 1000, 1000) < 0 || caps_set(plan, &err) < 0)
		return 2;
	cap_t now = cap_get_proc();
	for (unsigned cap = 0; cap <= caps_last(); cap++) {
		int have = (int)cap;
		if (cap_get_flag(now, have, CAP_EFFECTIVE, &value) < 0 ||
			(value == CAP_SET) != !!(plan->effective & BIT(cap)))
			return 3;
		if (cap_get_flag(now, have, CAP_PERMITTED, &value) < 0 ||
			(value == CAP_SET) != !!(plan->permitted & BIT(cap)))
			return 4;
		if (cap_get_bound(have) != !!(plan->bounding & BIT(cap)))
			return 5;
		if (cap_get_ambient(have) != !!(plan->ambient & BIT(cap)))
			return 6;
	}
	(void)cap_free(now);
	return 0;
}

static void test_apply(void **state)
{
	(void)state;
	static const uint64_t kill_chown = BIT(CAP_KILL) | BIT(CAP_CHOWN);
	static const struct caps_plan plans[] = {
		{ true, kill_chown, BIT(CAP_KILL), BIT(CAP_KILL), kill_chown, BIT(CAP_KILL) },
		{ true, 0, 0, 0, 0, 0 },
		{ true, kill_chown, kill_chown, 0, kill_chown, 0 },
	};
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		int status;
		pid_t pid = fork();
		if (pid == 0)
			_exit(apply(&plans[i]));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_apply),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
