#include "cmd/cmd.h"

static int run(struct context *ctx, struct error *err)
{
	if (ctx->operand_count == 0) {
		help_print();
		return print_end(err);
	}
	const struct command *command = command_find(ctx->operands[0]);
	if (!command)
		return command_fail_unknown(ctx->operands[0], err);
	help_print_command(command);
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
