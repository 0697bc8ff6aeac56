#include "cmd/cmd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/str.h"

const struct word overlay_words[] = { { "tmp" }, { NULL } };

const struct word cgroup_manager_words[] = {
	{ "cgroupfs", CGROUP_MANAGER_CGROUPFS },
	{ "systemd", CGROUP_MANAGER_SYSTEMD },
	{ "disabled", CGROUP_MANAGER_DISABLED },
	{ NULL },
};

static const struct word log_targets[] = { { "file:" }, { "journald:" }, { "syslog:" }, { NULL } };
static const struct word rootless_words[] = { { "true" }, { "false" }, { "auto" }, { NULL } };

#define OPTIONS struct global_options
const struct option_row global_options[] = {
	FLAG(0, "debug", debug, "the same as --log-level debug"),
	TEXT(0, "log", "FILE", log, "log to FILE, file:FILE, journald:NAME or syslog:NAME (standard error)",
		IS_OR_ONE_OF(FILE, log_targets)),
	TEXT(0, "log-format", "FORMAT", log_format, "format of the log (text)", ONE_OF(log_format_words)),
	TEXT(0, "log-level", "LEVEL", log_level, "least severe messages that are logged (warning)",
		ONE_OF(log_level_words)),
	TEXT(0, "root", "DIR", root, "directory of the containers' states (/run/hull)", IS(DIRECTORY)),
	FLAG(0, "systemd-cgroup", systemd_cgroup, "the same as --cgroup-manager systemd"),
	TEXT(0, "cgroup-manager", "NAME", cgroup_manager, "what makes the cgroup (cgroupfs)",
		ONE_OF(cgroup_manager_words)),
	TEXT(0, "rootless", "WHEN", rootless, "accepted for callers of runc: hull finds out by itself",
		ONE_OF(rootless_words)),
	TEXT(0, "criu", "FILE", criu, "accepted for callers of runc, and ignored", IS(FILE)),
	FLAG('h', "help", help, "show this help"),
	FLAG('v', "version", version, "show the versions of hull and of the specification"),
	OPTIONS_END,
};

const struct option_row no_options[] = { OPTIONS_END };

/* A command is a file that defines it, and a row here. */
extern const struct command check_command, completion_command, create_command, delete_command, events_command,
	exec_command, features_command, help_command, kill_command, list_command, pause_command, ps_command,
	resume_command, run_command, spec_command, start_command, state_command, stats_command, update_command;

const struct command *const commands[] = {
	&check_command,
	&create_command,
	&delete_command,
	&events_command,
	&exec_command,
	&features_command,
	&kill_command,
	&list_command,
	&pause_command,
	&ps_command,
	&resume_command,
	&run_command,
	&spec_command,
	&start_command,
	&state_command,
	&stats_command,
	&update_command,
	&completion_command,
	&help_command,
	NULL,
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (str_eq(commands[i]->name, name) || (commands[i]->alias && str_eq(commands[i]->alias, name)))
			return commands[i];
	return NULL;
}

int command_fail_unknown(const char *name, struct error *err)
{
	struct nearest near = nearest_to(name);
	for (size_t i = 0; commands[i]; i++)
		(void)nearest_try(&near, commands[i]->name);
	(void)fail(err, 0, "unknown command \"%.64s\"", name);
	return near.name ? error_hint(err, "did you mean \"%s\"?", near.name) :
			   error_hint(err, "hull --help lists them");
}

const struct value *operand_value(const struct command *command, int index, bool dashes)
{
	const int last = (int)(sizeof(command->values) / sizeof(command->values[0])) - 1;
	int max = !command->takes_command ? command->max_operands : dashes ? INT_MAX : command->min_operands;
	if (index >= max)
		return NULL;
	return &command->values[index < last ? index : last];
}

unsigned value_statuses(const struct value *value, const void *options)
{
	bool more = value->more_statuses && *(const bool *)((const char *)options + value->flag);
	return value->statuses | (more ? value->more_statuses : 0);
}

unsigned operand_statuses(const struct context *ctx)
{
	return value_statuses(&ctx->command->values[0], ctx->options);
}

/* What stands for the value in the help: its words, or else the name of the operand. */
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

void help_print(void)
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

int print_end(struct error *err)
{
	return fflush(stdout) != 0 || ferror(stdout) ? fail(err, errno, "write to standard output") : 0;
}

int print_text(const char *text, size_t len, struct error *err)
{
	return write_all(1, text, len) < 0 ? fail(err, errno, "write to standard output") : 0;
}
