#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "process/env.h"

static const struct {
	const char *env[6], *kept[6];
} cases[] = {
	{ { NULL }, { NULL } },
	{ { "A=1" }, { "A=1" } },
	{ { "A=1", "B=2" }, { "A=1", "B=2" } },
	{ { "A=1", "B=2", "A=3" }, { "B=2", "A=3" } },
	{ { "A=1", "A=1", "A=1" }, { "A=1" } },
	{ { "A=1", "AB=2", "A=", "B=4" }, { "AB=2", "A=", "B=4" } },
	{ { "A=x=1", "A=x=2", "a=3" }, { "A=x=2", "a=3" } },
	{ { "A", "A=1", "A" }, { "A" } },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA(arena);
		const char *env[6];
		size_t len = 0, want = 0;
		memcpy(env, cases[i].env, sizeof(env));
		while (env[len])
			len++;
		while (cases[i].kept[want])
			want++;
		assert_int_equal(env_keep_last(&arena, env, len), want);
		for (size_t j = 0; j < want; j++)
			assert_string_equal(env[j], cases[i].kept[j]);
		for (size_t j = want; j < 6; j++)
			assert_null(env[j]);
	}
}

/* A thousand names, each twice: the second half stays, in its order. */
static void test_many(void **state)
{
	enum { NAMES = 1000 };
	const char *env[2 * NAMES + 1];
	(void)state;
	ARENA(arena);
	for (int i = 0; i < 2 * NAMES; i++)
		env[i] = arena_printf(&arena, "NAME_%d=%d", i % NAMES, i);
	env[2 * NAMES] = NULL;
	assert_int_equal(env_keep_last(&arena, env, 2 * NAMES), NAMES);
	for (int i = 0; i < NAMES; i++)
		assert_string_equal(env[i], arena_printf(&arena, "NAME_%d=%d", i, i + NAMES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
