#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"

/* Describes the value in the help: by its words, or by the name of the operand. */
static void describe_value(const struct option_row *row, char *buf, size_t size)
{
	size_t len = 0;
	(void)snprintf(buf, size, "%s", row->operand ? row->operand : "");
	if (row->value.kind != VALUE_WORD && row->value.kind != VALUE_TEXT)
		return;
	for (const struct word *w = row->value.words; w && w->name && len < size; w++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "|" : "", w->name);
}

static void print_options(const struct option_row *rows)
{
	enum { LEFT = 30 };
	for (; rows->name; rows++) {
		char left[128], value[96];
		describe_value(rows, value, sizeof(value));
		(void)snprintf(left, sizeof(left), "%c%c%s --%s%s%s", rows->letter ? '-' : ' ',
			rows->letter ? rows->letter : ' ', rows->letter ? "," : " ", rows->name, *value ? " " : "",
			value);
		if (strlen(left) > LEFT)
			(void)printf("  %s\n  %-*s %s\n", left, LEFT, "", rows->help);
		else
			(void)printf("  %-*s %s\n", LEFT, left, rows->help);
	}
}

static void print_all(void)
{
	(void)printf("Usage: hull [OPTION…] COMMAND [OPTION…] [OPERAND…]\n\n"
		     "Runs OCI containers.\n\nCommands:\n");
	for (size_t i = 0; commands[i]; i++)
		(void)printf("  %s%s%-*s %s\n", commands[i]->name, commands[i]->alias ? ", " : "",
			11 - (int)strlen(commands[i]->name) - (commands[i]->alias ? 2 : 0),
			commands[i]->alias ? commands[i]->alias : "", commands[i]->summary);
	(void)printf("\nOptions, which stand before the command:\n");
	print_options(global_options);
	(void)printf("\nhull COMMAND --help tells more; so do hull(1) and hull-config(5).\n");
}

void help_print_command(const struct command *command)
{
	(void)printf("Usage: hull %s [OPTION…]%s%s\n\n%c%s.\n\nOptions:\n", command->name,
		*command->operands ? " " : "", command->operands, command->summary[0] - 'a' + 'A',
		command->summary + 1);
	print_options(command->options);
	(void)printf("  %-30s %s\n", "-h, --help", "show this help");
}

static int run(struct context *ctx, struct error *err)
{
	const char *name = ctx->operands[0];
	const struct command *command = name ? command_find(name) : NULL;
	if (name && !command)
		return command_fail_unknown(name, err);
	if (command)
		help_print_command(command);
	else
		print_all();
	return print_end(err);
}

const struct command help_command = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "print the options of a command, or all commands",
	TAKES_NO_OPTIONS,
	.max_operands = 1,
	.values = { IS(COMMAND) },
	.run = run,
};
