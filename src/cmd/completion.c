/*
 * Shell completions, written from the command table.
 */
#include <stdio.h>

#include "base/str.h"
#include "cmd/cmd.h"

static const struct option_row options[] = { OPTIONS_END };

static void print_words(const struct option_row *rows)
{
	for (; rows->name; rows++) {
		if (rows->letter)
			(void)printf(" -%c", rows->letter);
		(void)printf(" --%s", rows->name);
	}
}

static void print_commands(void)
{
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			(void)printf(" %s", commands[i]->name);
}

static void print_bash(void)
{
	(void)printf("_hull()\n{\n\tlocal word=${COMP_WORDS[COMP_CWORD]} command= words= i\n"
		     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in\n\t\t");
	for (size_t i = 0, first = 1; commands[i]; i++)
		if (!commands[i]->hidden) {
			(void)printf("%s%s", first ? "" : "|", commands[i]->name);
			first = 0;
		}
	(void)printf(") command=${COMP_WORDS[i]}; break ;;\n\t\tesac\n\tdone\n\tcase $command in\n"
		     "\t'') words='");
	print_words(global_options);
	print_commands();
	(void)printf("' ;;\n");
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->hidden)
			continue;
		(void)printf("\t%s) words='--help", commands[i]->name);
		print_words(commands[i]->options);
		(void)printf("'");
		if (str_starts(commands[i]->operands, "ID"))
			(void)printf("\n\t\t[[ $word == -* ]] || words=$(hull list --quiet 2>/dev/null)");
		(void)printf(" ;;\n");
	}
	(void)printf("\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
		     "complete -o default -F _hull hull\n");
}

/* Quotes what would end the quoted text of zsh and fish. */
static void print_quoted(const char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			(void)printf("'\\''");
		else if (*text == '[' || *text == ']' || *text == ':')
			(void)printf("\\%c", *text);
		else
			(void)putchar(*text);
}

static void print_zsh_options(const struct option_row *rows)
{
	for (; rows->name; rows++) {
		(void)printf(" \\\n\t\t\t'--%s%s[", rows->name, rows->operand ? "=" : "");
		print_quoted(rows->help);
		(void)printf("]%s%s%s'", rows->operand ? ":" : "", rows->operand ? rows->operand : "",
			rows->operand ? ":_files" : "");
	}
}

static void print_zsh(void)
{
	(void)printf("#compdef hull\n_hull()\n{\n\tlocal state\n\t_arguments -C");
	print_zsh_options(global_options);
	(void)printf(" \\\n\t\t'1:command:->command' '*::argument:->argument'\n"
		     "\tcase $state in\n\tcommand)\n\t\tlocal -a names=(");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden) {
			(void)printf("\n\t\t\t'%s:", commands[i]->name);
			print_quoted(commands[i]->summary);
			(void)printf("'");
		}
	(void)printf(")\n\t\t_describe command names ;;\n\targument)\n\t\tcase $words[1] in\n");
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->hidden)
			continue;
		(void)printf("\t\t%s) _arguments", commands[i]->name);
		print_zsh_options(commands[i]->options);
		if (str_starts(commands[i]->operands, "ID"))
			(void)printf(" \\\n\t\t\t'1:container:($(hull list --quiet 2>/dev/null))'");
		(void)printf(" ;;\n");
	}
	(void)printf("\t\tesac ;;\n\tesac\n}\n_hull \"$@\"\n");
}

static void print_fish_options(const struct option_row *rows, const char *condition)
{
	for (; rows->name; rows++) {
		(void)printf("complete -c hull -n '%s' -l %s", condition, rows->name);
		if (rows->letter)
			(void)printf(" -s %c", rows->letter);
		(void)printf("%s -d '%s'\n", rows->operand ? " -r" : "", rows->help);
	}
}

static void print_fish(void)
{
	char condition[128];
	(void)printf("complete -c hull -f\n");
	print_fish_options(global_options, "__fish_use_subcommand");
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->hidden)
			continue;
		(void)printf("complete -c hull -n __fish_use_subcommand -a %s -d '%s'\n",
			commands[i]->name, commands[i]->summary);
		(void)snprintf(condition, sizeof(condition), "__fish_seen_subcommand_from %s",
			commands[i]->name);
		print_fish_options(commands[i]->options, condition);
		if (str_starts(commands[i]->operands, "ID"))
			(void)printf("complete -c hull -n '%s' -a '(hull list --quiet 2>/dev/null)'\n",
				condition);
	}
}

enum shell { SHELL_BASH, SHELL_ZSH, SHELL_FISH };

static const struct word shells[] = { { "bash", SHELL_BASH }, { "zsh", SHELL_ZSH },
	{ "fish", SHELL_FISH }, { NULL } };

static int run(struct context *ctx, struct error *err)
{
	static void (*const prints[])(void) = { print_bash, print_zsh, print_fish };
	prints[word_value(shells, ctx->operands[0])]();
	return print_end(err);
}

const struct command completion_command = {
	.name = "completion",
	.operands = "SHELL",
	.summary = "write the completions of bash, zsh or fish",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.values = { ONE_OF(shells) },
	.hidden = true,
	.run = run,
};
