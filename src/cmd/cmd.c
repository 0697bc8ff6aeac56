#include "cmd/cmd.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
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
	TEXT(0, "rootless", "WHEN", rootless, "accepted for callers of runc: hull finds out by itself", ONE_OF(rootless_words)),
	TEXT(0, "criu", "FILE", criu, "accepted for callers of runc, and ignored", IS(FILE)),
	FLAG('h', "help", help, "show this help"),
	FLAG('v', "version", version, "show the versions of hull and of the specification"),
	OPTIONS_END,
};

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
		if (str_eq(commands[i]->name, name))
			return commands[i];
	return NULL;
}

int fail_unknown_command(const char *name, struct error *err)
{
	(void)fail(err, 0, "unknown command \"%.64s\"", name);
	return error_hint(err, "hull --help lists them");
}

enum { MAX_OPTIONS = 32, FIRST_LONG = 256 };

/* The two forms that getopt_long(3) wants, from one table; every command has -h and --help. */
struct getopt_tables {
	struct option longs[MAX_OPTIONS + 2];
	char shorts[MAX_OPTIONS * 2 + 4];
};

static size_t make_tables(struct getopt_tables *t, const struct option_row *rows, bool before_command)
{
	size_t count = 0, letters = 0;
	if (before_command)
		t->shorts[letters++] = '+';
	t->shorts[letters++] = ':';
	for (; count < MAX_OPTIONS && rows[count].name; count++) {
		bool is_flag = rows[count].kind == OPTION_FLAG;
		t->longs[count] = (struct option){ rows[count].name,
			is_flag ? optional_argument : required_argument, NULL,
			FIRST_LONG + (int)count };
		if (rows[count].letter) {
			t->shorts[letters++] = rows[count].letter;
			if (!is_flag)
				t->shorts[letters++] = ':';
		}
	}
	t->longs[count] = (struct option){ "help", no_argument, NULL, 'h' };
	t->shorts[letters++] = 'h';
	t->shorts[letters] = '\0';
	return count;
}

static const struct option_row *find_row(const struct option_row *rows, size_t count, int c)
{
	if (c >= FIRST_LONG && c < FIRST_LONG + (int)count)
		return &rows[c - FIRST_LONG];
	for (size_t i = 0; i < count; i++)
		if (rows[i].letter && rows[i].letter == c)
			return &rows[i];
	return NULL;
}

/* `what` names the option or the operand. */
static int check_value(
	const struct value *value, const char *what, const char *text, struct error *err)
{
	char list[256];
	if (value->kind != VALUE_WORD || word_find(value->words, text))
		return 0;
	(void)fail(err, 0, "%s: unknown value \"%.64s\"", what, text);
	return error_hint(err, "%s", word_list(value->words, list, sizeof(list)));
}

const struct value *operand_value(const struct command *command, int index, bool dashes)
{
	const int last = (int)(sizeof(command->values) / sizeof(command->values[0])) - 1;
	int max = !command->takes_command ? command->max_operands :
		dashes                    ? INT_MAX :
					    command->min_operands;
	if (index >= max)
		return NULL;
	return &command->values[index < last ? index : last];
}

int operands_check(const struct command *command, int count, char **operands, struct error *err)
{
	for (int i = 0; i < count; i++) {
		const struct value *value = operand_value(command, i, false);
		if (value && check_value(value, command->name, operands[i], err) < 0)
			return -1;
	}
	return 0;
}

unsigned value_statuses(const struct value *value, const struct options *options)
{
	bool more = value->more_statuses && *(const bool *)((const char *)options + value->flag);
	return value->statuses | (more ? value->more_statuses : 0);
}

unsigned operand_statuses(const struct context *ctx)
{
	return value_statuses(&ctx->command->values[0], &ctx->options);
}

int option_store(struct context *ctx, const struct option_row *row, const char *value, struct error *err)
{
	void *member = (char *)&ctx->options + row->offset;
	char name[64];
	(void)snprintf(name, sizeof(name), "--%s", row->name);
	if (value && check_value(&row->value, name, value, err) < 0)
		return -1;
	if (row->kind == OPTION_MANY) {
		*list_add(&ctx->arena, (oci_strings *)member) = value;
		return 0;
	}
	if (row->kind == OPTION_TEXT) {
		*(const char **)member = value;
		return 0;
	}
	if (value && !str_eq(value, "true") && !str_eq(value, "false"))
		return fail(err, 0, "--%s: expected true or false, found \"%.64s\"", row->name, value);
	*(bool *)member = !value || str_eq(value, "true");
	return 0;
}

static int fail_option(struct error *err, int c, char **argv)
{
	const char *word = optind > 0 && argv[optind - 1] ? argv[optind - 1] : "";
	if (c == ':')
		return fail(err, 0, "option %.64s requires an argument", word);
	return optopt > 0 && optopt < FIRST_LONG ?
		fail(err, 0, "unknown option -%c", optopt) :
		fail(err, 0, "unknown option %.64s", word);
}

int options_parse(struct context *ctx, const struct option_row *rows, bool before_command, int *argc,
	char ***argv, struct error *err)
{
	struct getopt_tables tables = { .shorts = "" };
	size_t count = make_tables(&tables, rows, before_command);
	/* getopt takes argv[0] for the program: for a command that is its own name */
	optind = 0;
	opterr = 0;
	for (;;) {
		int c = getopt_long(*argc, *argv, tables.shorts, tables.longs, NULL);
		if (c < 0)
			break;
		const struct option_row *row = find_row(rows, count, c);
		if (row) {
			if (option_store(ctx, row, optarg, err) < 0)
				return -1;
		} else if (c == 'h') {
			ctx->options.help = true;
		} else {
			return fail_option(err, c, *argv);
		}
	}
	*argc -= optind;
	*argv += optind;
	return 0;
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
			rows->letter ? rows->letter : ' ', rows->letter ? "," : " ", rows->name,
			*value ? " " : "", value);
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
		(void)printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	(void)printf("\nOptions:\n");
	print_options(global_options);
	(void)printf("\nhull COMMAND --help tells more; so do hull(1) and hull-config(5).\n");
}

void help_print_command(const struct command *command)
{
	(void)printf("Usage: hull %s [OPTION…]%s%s\n\n%c%s.\n\nOptions:\n", command->name,
		*command->operands ? " " : "", command->operands,
		command->summary[0] - 'a' + 'A', command->summary + 1);
	print_options(command->options);
	(void)printf("  %-30s %s\n", "-h, --help", "show this help");
}

int print_end(struct error *err)
{
	return fflush(stdout) != 0 || ferror(stdout) ? fail(err, errno, "write to standard output") :
						       0;
}

int print_text(const char *text, size_t len, struct error *err)
{
	return write_all(1, text, len) < 0 ? fail(err, errno, "write to standard output") : 0;
}
