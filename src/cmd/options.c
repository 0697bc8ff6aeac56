/*
 * Reads options by the tables, and says what was meant where they do not fit.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/signal-names.h"

enum { MAX_OPTIONS = 40, FIRST_LONG = 256 };

/* One table in the two forms that getopt_long(3) takes, with -h and --help added. */
struct getopt_tables {
	struct option longs[MAX_OPTIONS + 2];
	char shorts[MAX_OPTIONS * 2 + 4];
};

/* One pass over the command line: the words before the command, if `command` is NULL, or those from the command on. */
struct parser {
	struct context *ctx;
	const struct command *command;
	const struct option_row *rows;
	size_t count;  /* of rows */
	void *options; /* the struct that they fill */
	char **argv;   /* its first word is the program's or the command's name */
	int at;        /* the word that is being read */
};

static size_t make_tables(struct getopt_tables *t, const struct parser *p)
{
	const struct option_row *rows = p->rows;
	size_t count = 0, letters = 0;
	/* "+" ends at the first operand; "-" returns operands in their order */
	t->shorts[letters++] = !p->command || p->command->options_first ? '+' : '-';
	t->shorts[letters++] = ':';
	for (; count < MAX_OPTIONS && rows[count].name; count++) {
		bool is_flag = !rows[count].operand;
		t->longs[count] = (struct option){ rows[count].name, is_flag ? optional_argument : required_argument,
			NULL, FIRST_LONG + (int)count };
		if (rows[count].letter) {
			t->shorts[letters++] = rows[count].letter;
			if (!is_flag)
				t->shorts[letters++] = ':';
		}
	}
	t->longs[count] = (struct option){ "help", optional_argument, NULL, 'h' };
	if (p->command)
		t->shorts[letters++] = 'h';
	t->shorts[letters] = '\0';
	return count;
}

const struct option_row *option_of_letter(const struct option_row *rows, int letter)
{
	for (; rows->name; rows++)
		if (rows->letter && rows->letter == letter)
			return rows;
	return NULL;
}

/* `what` names the option or operand. */
static int check_value(const struct value *value, const char *what, const char *text, struct error *err)
{
	char list[256];
	if (value->kind != VALUE_WORD || word_find(value->words, text))
		return 0;
	return fail_hint(
		err, 0, word_list(value->words, list, sizeof(list)), "%s: unknown value \"%.64s\"", what, text);
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

int option_store(struct arena *arena, void *options, const struct option_row *row, const char *value, struct error *err)
{
	void *member = (char *)options + row->offset;
	char name[64];
	(void)snprintf(name, sizeof(name), "--%s", row->name);
	if (value && check_value(&row->value, name, value, err) < 0)
		return -1;
	if (row->kind == OPTION_MANY) {
		*list_add(arena, (oci_strings *)member) = value;
		return 0;
	}
	if (row->kind == OPTION_TEXT) {
		*(const char **)member = value;
		return 0;
	}
	if (value && !str_eq(value, "true") && !str_eq(value, "false"))
		return fail(err, 0, "--%s: expected true or false, found \"%.64s\"", row->name, value);
	bool on = !value || str_eq(value, "true");
	if (row->kind == OPTION_SWITCH)
		*(struct oci_bool *)member = (struct oci_bool){ true, on };
	else
		*(bool *)member = on;
	return 0;
}

/* The row of the long option that the word is, or of `letter`; NULL if the table has none. */
static const struct option_row *row_of_word(const struct option_row *rows, const char *word, int letter)
{
	size_t len = str_starts(word, "--") ? strcspn(word + 2, "=") : 0;
	if (!len)
		return option_of_letter(rows, letter);
	for (; rows->name; rows++)
		if (strlen(rows->name) == len && strncmp(rows->name, word + 2, len) == 0)
			return rows;
	return NULL;
}

/* How many words the option takes: one or, if its operand is the next word, two. */
static int words_of(const struct option_row *row, const char *word, int letter)
{
	bool attached =
		str_starts(word, "--") ? strchr(word, '=') != NULL : strchr(word, letter) && strchr(word, letter)[1];
	return row->operand && !attached ? 2 : 1;
}

/* Appends `word` to text, quoted for a shell. */
static const char *add_word(struct arena *arena, const char *text, const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "-_=+./:,@%^";
	const char *space = *text ? " " : "";
	if (*word && !word[strspn(word, plain)])
		return arena_printf(arena, "%s%s%s", text, space, word);
	text = arena_printf(arena, "%s%s'", text, space);
	for (; *word; word++)
		text = *word == '\'' ? arena_printf(arena, "%s'\\''", text) : arena_printf(arena, "%s%c", text, *word);
	return arena_printf(arena, "%s'", text);
}

/* The whole command line with the words [from, from + count) moved to `to`, or with `extra` inserted there; cut if it
 * is too long. */
static const char *corrected(struct context *ctx, char **from, int count, char **to, const char *extra)
{
	enum { LONGEST = 160 };
	const char *text = "hull";
	for (char **at = ctx->argv + 1;; at++) {
		if (at == to && extra)
			text = add_word(&ctx->arena, text, extra);
		for (int i = 0; at == to && i < count && from[i]; i++)
			text = add_word(&ctx->arena, text, from[i]);
		if (!*at)
			return text;
		if (count && at >= from && at < from + count)
			continue;
		if (strlen(text) + strlen(*at) > LONGEST)
			return arena_printf(&ctx->arena, "%s …", text);
		text = add_word(&ctx->arena, text, *at);
	}
}

/* How many words from `word` to `end` are options of `rows` and their operands; the first is known to be one. */
static int words_of_all(const struct option_row *rows, char **word, char **end, int letter)
{
	char **at = word;
	for (;;) {
		const struct option_row *row = row_of_word(rows, *at, letter);
		if (row)
			at += words_of(row, *at, letter);
		if (!row || at >= end)
			return (int)((at < end ? at : end) - word);
		letter = (*at)[0] == '-' ? (*at)[1] : 0;
	}
}

/* Reports a global option after the command. */
static int fail_global(const struct parser *p, const struct option_row *row, int letter, struct error *err)
{
	char **word = p->argv + p->at, **end = word;
	while (*end)
		end++;
	return fail_hint(err, 0,
		corrected(p->ctx, word, words_of_all(global_options, word, end, letter), p->argv, NULL),
		"--%s is a global option: it stands before the command", row->name);
}

/* Reports an option of some command that stands before the command. 0 if the word is no such option. */
static int fail_early(const struct parser *p, int letter, struct error *err)
{
	char **word = p->argv + p->at;
	const struct option_row *row = NULL;
	for (char **at = word + 1; *at; at++) {
		const struct command *command = command_find(*at);
		row = command ? row_of_word(command->options, *word, letter) : NULL;
		if (!row || at - word < words_of(row, *word, letter))
			continue;
		return fail_hint(err, 0,
			corrected(p->ctx, word, words_of_all(command->options, word, at, letter), at + 1, NULL),
			"--%s is an option of %s: it stands after the command", row->name, command->name);
	}
	for (size_t i = 0; commands[i] && !row; i++)
		row = row_of_word(commands[i]->options, *word, letter);
	if (!row)
		return 0;
	(void)fail(err, 0, "--%s is no global option", row->name);
	return error_hint(err, "it stands after a command that has it: hull COMMAND --%s", row->name);
}

static void try_names(struct nearest *near, const struct option_row *rows)
{
	for (; rows->name; rows++)
		(void)nearest_try(near, rows->name);
}

/* Adds the nearest known name to the error about an unknown long option, or about one with a single dash. */
static int hint_nearest(const struct parser *p, const char *word, struct error *err)
{
	word += strspn(word, "-");
	char name[64];
	size_t len = strcspn(word, "=");
	if (len >= sizeof(name))
		return -1;
	memcpy(name, word, len);
	name[len] = '\0';
	struct nearest near = nearest_to(name);
	try_names(&near, p->rows);
	(void)nearest_try(&near, "help");
	if (near.name)
		return error_hint(err, "did you mean --%s?", near.name);
	if (p->command)
		try_names(&near, global_options);
	else
		for (size_t i = 0; commands[i]; i++)
			try_names(&near, commands[i]->options);
	return near.name ? error_hint(err, "did you mean --%s, %s the command?", near.name,
				   p->command ? "before" : "after") :
			   -1;
}

/* Reports an abbreviation of several options. 0 if the word is none. */
static int fail_ambiguous(const struct parser *p, const char *word, struct error *err)
{
	size_t len = strcspn(word + 2, "=");
	const char *names = NULL;
	int found = 0;
	for (const struct option_row *row = p->rows; row->name; row++)
		if (strncmp(row->name, word + 2, len) == 0) {
			names = names ? arena_printf(&p->ctx->arena, "%s, --%s", names, row->name) :
					arena_printf(&p->ctx->arena, "--%s", row->name);
			found++;
		}
	if (found < 2)
		return 0;
	(void)fail(err, 0, "option %.64s is ambiguous", word);
	return error_hint(err, "one of %s", names);
}

/* Reports a value attached to a letter: "-t=false". 0 if there is no option before the "=". */
static int fail_value(const struct parser *p, const char *word, struct error *err)
{
	const char *value = strchr(word, '=');
	const struct option_row *row = value > word ? row_of_word(p->rows, "", value[-1]) : NULL;
	if (!row)
		return 0;
	(void)fail(err, 0, "option -%c takes its value in the long form alone", row->letter);
	return error_hint(err, "--%s%.64s", row->name, value);
}

/* Reports a signal given as to kill(1) or an engine: -9, -s 9, --signal=9. 0 if the word is none of these. */
static int fail_signal(const struct parser *p, const char *word, struct error *err)
{
	const char *next = p->argv[p->at + 1], *value = word + 1;
	if (str_starts(word, "--signal="))
		value = word + strlen("--signal=");
	else if ((str_eq(word, "-s") || str_eq(word, "--signal")) && next)
		value = next;
	if (signal_parse(value, NULL) < 0)
		return 0;
	(void)fail(err, 0, "unknown option %.64s", word);
	return error_hint(err, "the signal stands after the id: hull kill ID %.32s", value);
}

static int fail_unknown(const struct parser *p, int letter, struct error *err)
{
	const char *word = p->argv[p->at];
	/* run -v is meant as a volume, as in Docker and Podman, and not as the version */
	bool volume = p->command && p->command->takes_command && letter == 'v';
	const struct option_row *global = p->command && !volume ? row_of_word(global_options, word, letter) : NULL;
	if (!letter && fail_ambiguous(p, word, err) < 0)
		return -1;
	if (global)
		return fail_global(p, global, letter, err);
	if (!p->command && fail_early(p, letter, err) < 0)
		return -1;
	if (p->command && str_eq(p->command->name, "kill") && fail_signal(p, word, err) < 0)
		return -1;
	if (letter == '=' && fail_value(p, word, err) < 0)
		return -1;
	if (letter)
		(void)fail(err, 0, "unknown option -%c", letter);
	else
		(void)fail(err, 0, "unknown option %.64s", word);
	return !letter || word[2] ? hint_nearest(p, word, err) : -1;
}

/* Adds that the words after the id, which look like a command for the container, must follow "--". */
static int hint_dashes(const struct parser *p, struct error *err)
{
	const struct context *ctx = p->ctx;
	if (!p->command || !p->command->takes_command || ctx->operand_count < 2)
		return -1;
	char **second = p->argv + 1;
	while (*second && *second != ctx->operands[1])
		second++;
	return error_hint(err, "the container's command stands after --: %s", corrected(p->ctx, NULL, 0, second, "--"));
}

static int fail_option(const struct parser *p, int c, struct error *err)
{
	const char *word = p->argv[p->at];
	bool is_long = str_starts(word, "--");
	if (c == ':' && is_long)
		(void)fail(err, 0, "option %.64s requires an argument", word);
	else if (c == ':')
		(void)fail(err, 0, "option -%c requires an argument", optopt);
	else
		(void)fail_unknown(p, is_long || optopt < 0 || optopt >= FIRST_LONG ? 0 : optopt, err);
	(void)hint_dashes(p, err);
	if (!err->hint[0])
		(void)error_hint(err, "hull %s%s--help", p->command ? p->command->name : "", p->command ? " " : "");
	return p->command ? error_prefix(err, "%s", p->command->name) : -1;
}

/* Reports a long option with one dash, as runc accepts it: "-bundle" is not -b with "undle". 0 if the word is none. */
static int fail_one_dash(const struct parser *p, struct error *err)
{
	const char *word = p->argv[p->at], *two = arena_printf(&p->ctx->arena, "-%s", word);
	if (optarg != word + 2 || !row_of_word(p->rows, two, 0))
		return 0;
	(void)fail(err, 0, "unknown option %.64s", word);
	return error_hint(err, "did you mean %.64s?", two);
}

static int read_option(const struct parser *p, int c, struct error *err)
{
	struct context *ctx = p->ctx;
	bool is_long = c >= FIRST_LONG && c < FIRST_LONG + (int)p->count;
	const struct option_row *row = is_long ? &p->rows[c - FIRST_LONG] : option_of_letter(p->rows, c);
	if (row && optarg && fail_one_dash(p, err) < 0)
		return p->command ? error_prefix(err, "%s", p->command->name) : -1;
	if (c == 1)
		ctx->operands[ctx->operand_count++] = optarg;
	else if (c == 'h' && !row)
		ctx->global.help = !optarg || !str_eq(optarg, "false");
	else if (!row)
		return fail_option(p, c, err);
	else if (option_store(&ctx->arena, p->options, row, optarg, err) < 0)
		return p->command ? error_prefix(err, "%s", p->command->name) : -1;
	return 0;
}

/* Takes "ID -- COMMAND ARG…", in which another "--" may come before the id. */
static int take_command(const struct parser *p, int undashed, struct error *err)
{
	struct context *ctx = p->ctx;
	if (!p->command || !p->command->takes_command || ctx->operand_count < 2)
		return 0;
	if (undashed > 1) {
		(void)fail(err, 0, "%s: unexpected operand \"%.64s\"", p->command->name, ctx->operands[1]);
		return hint_dashes(p, err);
	}
	ctx->args = ctx->operands + 1;
	if (undashed == 0 && str_eq(*ctx->args, "--"))
		ctx->args++;
	ctx->operand_count = 1;
	return 0;
}

/* "-t=false", as Go takes it, in the form that getopt_long(3) takes; other words as they are. */
static char *in_long_form(const struct parser *p, char *word)
{
	const struct option_row *row =
		word && word[0] == '-' && word[1] && word[2] == '=' ? option_of_letter(p->rows, word[1]) : NULL;
	return row && !row->operand ? arena_printf(&p->ctx->arena, "--%s%s", row->name, word + 2) : word;
}

int options_parse(struct context *ctx, const struct command *command, int argc, char **argv, struct error *err)
{
	struct parser p = { .ctx = ctx, .command = command, .argv = argv, .at = 1 };
	struct getopt_tables tables = { .shorts = "" };
	if (command)
		ctx->options = arena_alloc(&ctx->arena, command->options_size);
	p.rows = command ? command->options : global_options;
	p.options = command ? ctx->options : &ctx->global;
	p.count = make_tables(&tables, &p);
	/* argv stays unchanged, since hull executes itself again with it */
	char **words = arena_array(&ctx->arena, (size_t)argc + 1, sizeof(*words));
	memcpy(words, argv, (size_t)argc * sizeof(*words));
	ctx->operands = arena_array(&ctx->arena, (size_t)argc + 1, sizeof(*ctx->operands));
	ctx->operand_count = 0;
	optind = 0; /* begin anew */
	opterr = 0;
	for (int c;; p.at = optind) {
		words[p.at] = in_long_form(&p, words[p.at]);
		c = getopt_long(argc, words, tables.shorts, tables.longs, NULL);
		if (c < 0)
			break;
		if (read_option(&p, c, err) < 0)
			return -1;
	}
	if (tables.shorts[0] == '+') {
		ctx->operands = argv + optind;
		ctx->operand_count = argc - optind;
		return 0;
	}
	int undashed = ctx->operand_count;
	while (optind < argc) /* the words after "--", even if they look like options */
		ctx->operands[ctx->operand_count++] = argv[optind++];
	return take_command(&p, undashed, err);
}
