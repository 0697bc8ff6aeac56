/*
 * Replaces the many small programs that the tests would otherwise start: test-tool COMMAND [OPERAND...].
 */
#include <stdio.h>

#include "base/str.h"
#include "tool.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "begin", cmd_begin },
	{ "children", cmd_children },
	{ "clear", cmd_clear },
	{ "config", cmd_config },
	{ "find", cmd_find },
	{ "jq", cmd_jq },
	{ "look", cmd_look },
	{ "remove", cmd_remove },
	{ "supervise", cmd_supervise },
	{ "template", cmd_template },
	{ "turn", cmd_turn },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++)
		if (str_eq(commands[i].name, argv[1]))
			return commands[i].run(argc - 1, argv + 1);
	(void)fputs("test-tool: one of these commands is wanted:", stderr);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		(void)fprintf(stderr, " %s", commands[i].name);
	(void)fputc('\n', stderr);
	return 2;
}
