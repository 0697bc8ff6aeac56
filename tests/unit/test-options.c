/*
 * The tables of options: each row has a member of its own in the struct of its command.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cmd/cmd.h"

#include <cmocka.h> /* last: it has a macro named fail */

static const size_t sizes[] = {
	[OPTION_FLAG] = sizeof(bool),
	[OPTION_SWITCH] = sizeof(struct oci_bool),
	[OPTION_TEXT] = sizeof(const char *),
	[OPTION_MANY] = sizeof(oci_strings),
};

static void check_rows(const char *command, const struct option_row *rows, size_t size)
{
	char used[1024] = { 0 };
	assert_in_range(size, 0, sizeof(used));
	for (; rows->name; rows++) {
		size_t end = rows->offset + sizes[rows->kind];
		if (end > size)
			fail_msg("%s --%s lies beyond the struct", command, rows->name);
		if (memchr(used + rows->offset, 1, end - rows->offset))
			fail_msg("%s --%s shares its member with another option", command, rows->name);
		memset(used + rows->offset, 1, end - rows->offset);
	}
}

static void test_members(void **state)
{
	(void)state;
	check_rows("hull", global_options, sizeof(struct global_options));
	for (size_t i = 0; commands[i]; i++)
		check_rows(commands[i]->name, commands[i]->options, commands[i]->options_size);
}

static const struct option_row *row_named(const struct option_row *rows, const char *name)
{
	while (rows->name && strcmp(rows->name, name) != 0)
		rows++;
	assert_non_null(rows->name);
	return rows;
}

static const char *text_of(const struct context *ctx, const struct command *command, const char *name)
{
	const struct option_row *row = row_named(command->options, name);
	return *(const char *const *)((const char *)ctx->options + row->offset);
}

/* Options before the command and after it; the options of one command do not carry over to the next. */
static void test_parse(void **state)
{
	char *globals[] = { "hull", "--root", "/r", "run", NULL };
	char *run[] = { "run", "-b", "/b", "--pid-file", "/p", "id", NULL };
	char *exec[] = { "exec", "--pid-file", "/q", "id", "sh", NULL };
	const struct command *run_command = command_find("run"), *exec_command = command_find("exec");
	struct context ctx = { .argv = globals };
	struct error err = { 0 };
	(void)state;
	assert_int_equal(options_parse(&ctx, NULL, 4, globals, &err), 0);
	assert_string_equal(ctx.global.root, "/r");
	assert_string_equal(ctx.operands[0], "run");
	assert_int_equal(options_parse(&ctx, run_command, 6, run, &err), 0);
	assert_string_equal(text_of(&ctx, run_command, "bundle"), "/b");
	assert_string_equal(text_of(&ctx, run_command, "pid-file"), "/p");
	assert_null(text_of(&ctx, run_command, "console-socket"));
	assert_string_equal(ctx.operands[0], "id");
	assert_int_equal(options_parse(&ctx, exec_command, 5, exec, &err), 0);
	assert_string_equal(text_of(&ctx, exec_command, "pid-file"), "/q");
	assert_null(text_of(&ctx, exec_command, "process"));
	assert_string_equal(ctx.global.root, "/r");
	arena_free(&ctx.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_parse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
