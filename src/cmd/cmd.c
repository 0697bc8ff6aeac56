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
	TEXT(0, "log-level", "LEVEL", log_level, "lowest severity that is logged (warning)", ONE_OF(log_level_words)),
	TEXT(0, "root", "DIR", root, "directory of the states of containers (/run/hull)", IS(DIRECTORY)),
	FLAG(0, "systemd-cgroup", systemd_cgroup, "the same as --cgroup-manager systemd"),
	TEXT(0, "cgroup-manager", "NAME", cgroup_manager, "how the cgroup is made (cgroupfs)",
		ONE_OF(cgroup_manager_words)),
	TEXT(0, "rootless", "WHEN", rootless, "accepted for callers of runc; hull detects it", ONE_OF(rootless_words)),
	TEXT(0, "criu", "FILE", criu, "accepted for callers of runc, and ignored", IS(FILE)),
	FLAG('h', "help", help, "show this help"),
	FLAG('v', "version", version, "show the versions of hull and of the specification"),
	OPTIONS_END,
};

const struct option_row no_options[] = { OPTIONS_END };

/* A command is a file that defines it and a row here. */
extern const struct command check_command, completion_command, create_command, delete_command, events_command,
	exec_command, features_command, kill_command, list_command, pause_command, ps_command, resume_command,
	run_command, spec_command, start_command, state_command, stats_command, update_command;

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
	(void)fail_hint(err, 0, "hull --help lists them", "unknown command \"%.64s\"", name);
	return near.name ? error_hint(err, "did you mean \"%s\"?", near.name) : -1;
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

int print_end(struct error *err)
{
	return fflush(stdout) != 0 || ferror(stdout) ? fail(err, errno, "write to standard output") : 0;
}

int print_json(struct json_writer *json, struct error *err)
{
	size_t len;
	const char *text = json_finish(json, &len);
	if (text[len - 1] == '\n')
		return print_text(text, len, err);
	return print_text(arena_printf(json->arena, "%s\n", text), len + 1, err);
}

int print_text(const char *text, size_t len, struct error *err)
{
	return write_all(1, text, len) < 0 ? fail(err, errno, "write to standard output") : 0;
}
