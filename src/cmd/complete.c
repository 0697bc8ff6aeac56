#include "cmd/complete.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmd/match.h"
#include "cmd/signal-names.h"
#include "container/container.h"
#include "oci/explain.h"
#include "process/caps.h"

/* What follows from the words before the cursor, and the word at the cursor. */
struct place {
	struct context *ctx; /* receives the options of the line */
	char **words;
	int count;
	const struct command *command; /* NULL before it is typed */
	const struct option_row *rows; /* the options that may be typed */
	void *options;                 /* the struct that they fill */
	const struct option_row *row;  /* the option whose value is at the cursor, or NULL */
	int operands;                  /* of the command, before the cursor */
	bool options_over;             /* after "--", or after the name of another program */
	bool dashes;                   /* after "--" */
	uint64_t used;                 /* bit N: rows[N] is typed already */
	const char *typed;             /* what is typed of the value at the cursor */
	int prefix;                    /* characters of the word at the cursor before its value: those of "--bundle=" */
	bool is_open;                  /* an offered word may go on, so no space follows */
	bool offered;
};

static void offer(struct place *p, const char *word, const char *description)
{
	const char *start = p->words[p->count - 1];
	(void)printf("%.*s%s%s%s\n", p->prefix, start, word, *description ? "\t" : "", description);
	p->offered = true;
}

/* Asks the shell to complete by itself. */
static void delegate(struct place *p, const char *what)
{
	(void)printf(":%s%s%.*s\n", what, p->prefix ? " " : "", p->prefix, p->words[p->count - 1]);
	p->offered = true;
}

static void offer_words(struct place *p, const struct word *words)
{
	for (; words && words->name; words++) {
		size_t len = strlen(words->name);
		p->is_open |= words->name[len - 1] == ':' && str_starts(words->name, p->typed);
		offer(p, words->name, "");
	}
}

static bool is_typed(const struct place *p, const char *id)
{
	for (int i = 0; i < p->count - 1; i++)
		if (str_eq(p->words[i], id))
			return true;
	return false;
}

/* Expands ~/state, $STATE/x and ${STATE}/x, since shells pass words as they are typed. */
static const char *expand(struct arena *arena, const char *path)
{
	char name[64] = "HOME";
	size_t skip = 1;
	if (*path == '$') {
		bool braced = path[1] == '{';
		const char *start = path + 1 + braced;
		size_t len = strspn(start, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, start);
		skip = 1 + braced + len + (braced && start[len] == '}');
	} else if (*path != '~' || (path[1] && path[1] != '/')) {
		return path;
	}
	const char *value = getenv(name);
	return value ? arena_printf(arena, "%s%s", value, path + skip) : path;
}

static void offer_containers(struct place *p, const struct value *value)
{
	struct context *ctx = p->ctx;
	const char *root =
		ctx->global.root ? expand(&ctx->arena, ctx->global.root) : container_default_root(&ctx->arena);
	unsigned statuses = value_statuses(value, ctx->options);
	struct error ignored = { .errnum = 0 };
	char **ids;
	size_t len;
	p->offered = true; /* even if there is none */
	if (match_list(&ctx->arena, root, &ids, &len, &ignored) < 0)
		return;
	for (size_t i = 0; i < len; i++) {
		CONTAINER(c);
		if (is_typed(p, ids[i]) || container_open(&c, root, ids[i], CONTAINER_UNLOCKED, NULL) < 0)
			continue;
		enum status status = container_status(&c, NULL);
		if (status & statuses)
			offer(p, ids[i], status_name(status));
	}
}

static void offer_signals(struct place *p)
{
	bool full = str_starts(p->typed, "SIG");
	for (const struct word *w = signal_words; w->name; w++)
		offer(p, full ? arena_printf(&p->ctx->arena, "SIG%s", w->name) : w->name, "");
}

static void offer_property(void *data, const char *path, const char *doc, bool has_members)
{
	struct place *p = data;
	p->is_open |= has_members && str_starts(path, p->typed);
	offer(p, path, doc);
}

static void offer_commands(struct place *p)
{
	for (size_t i = 0; commands[i]; i++)
		offer(p, commands[i]->name, commands[i]->summary);
}

static void offer_value(struct place *p, const struct value *value)
{
	static const char *const delegated[] = { [VALUE_DIRECTORY] = "directories",
		[VALUE_FILE] = "files",
		[VALUE_PROGRAM] = "programs",
		[VALUE_USER] = "users",
		[VALUE_COMMAND] = NULL };
	offer_words(p, value->words);
	if (value->kind == VALUE_CONTAINER)
		offer_containers(p, value);
	else if (value->kind == VALUE_SIGNAL)
		offer_signals(p);
	else if (value->kind == VALUE_PROPERTY)
		oci_explain_below(p->typed, offer_property, p);
	else if (value->kind == VALUE_COMMAND)
		offer_commands(p);
	else if (value->kind == VALUE_CAPABILITY)
		for (const char *const *name = caps_names(&p->ctx->arena); *name; name++)
			offer(p, *name, "");
	else if (delegated[value->kind])
		delegate(p, delegated[value->kind]);
}

static void offer_option(struct place *p, char letter, const char *name, const char *help)
{
	if (letter)
		offer(p, (char[]){ '-', letter, '\0' }, help);
	offer(p, arena_printf(&p->ctx->arena, "--%s", name), help);
}

static void offer_options(struct place *p)
{
	for (int i = 0; p->rows[i].name; i++) {
		const struct option_row *row = &p->rows[i];
		if (row->kind == OPTION_MANY || !(p->used & UINT64_C(1) << i))
			offer_option(p, row->letter, row->name, row->help);
	}
	if (p->command)
		offer_option(p, 'h', "help", "show this help");
}

/* The row of a long option, which may be abbreviated as getopt_long(3) permits. */
static const struct option_row *find_long(const struct option_row *rows, const char *name, size_t len)
{
	const struct option_row *found = NULL;
	for (; rows->name; rows++) {
		if (strncmp(rows->name, name, len) != 0)
			continue;
		if (!rows->name[len])
			return rows;
		if (found)
			return NULL;
		found = rows;
	}
	return found;
}

/* Takes one option of a word. `value` is its value in the same word, or NULL if it is the next word. */
static void take_option(struct place *p, const struct option_row *row, const char *value)
{
	p->used |= UINT64_C(1) << (row - p->rows);
	if (!row->operand || value)
		(void)option_store(&p->ctx->arena, p->options, row, value, NULL);
	else
		p->row = row;
}

static void take_options(struct place *p, const char *word)
{
	if (str_starts(word, "--")) {
		size_t len = strcspn(word + 2, "=");
		const struct option_row *row = find_long(p->rows, word + 2, len);
		if (row)
			take_option(p, row, word[2 + len] ? word + 2 + len + 1 : NULL);
		return;
	}
	for (const char *letter = word + 1; *letter; letter++) {
		const struct option_row *row = option_of_letter(p->rows, *letter);
		if (!row)
			continue;
		bool is_flag = !row->operand;
		take_option(p, row, !is_flag && letter[1] ? letter + 1 : NULL);
		if (!is_flag)
			return;
	}
}

/* Takes one word before the cursor. False if the line is wrong, so that nothing can be offered. */
static bool take_word(struct place *p, const char *word)
{
	if (p->row) {
		(void)option_store(&p->ctx->arena, p->options, p->row, word, NULL);
		p->row = NULL;
	} else if (!p->options_over && str_eq(word, "--")) {
		p->options_over = p->dashes = true;
	} else if (!p->options_over && word[0] == '-' && word[1]) {
		take_options(p, word);
	} else if (!p->command) {
		p->command = command_find(word);
		if (!p->command)
			return false;
		p->rows = p->command->options;
		p->options = p->ctx->options = arena_alloc(&p->ctx->arena, p->command->options_size);
		p->used = 0;
		p->options_over = p->dashes = false;
	} else {
		p->operands++;
		p->options_over |= p->command->options_first;
	}
	return true;
}

/* Finds a value that begins within the word: "--format=j", "-fj". */
static bool find_value_within(struct place *p, const char *word)
{
	const char *equals = strchr(word, '=');
	const char *start = equals ? equals + 1 : word;
	if (equals && str_starts(word, "--"))
		p->row = find_long(p->rows, word + 2, (size_t)(equals - word) - 2);
	else if (word[1] && word[2]) {
		p->row = option_of_letter(p->rows, word[1]);
		if (p->row && !p->row->operand)
			p->row = NULL;
		start = word + 2;
	}
	if (!p->row)
		return equals && str_starts(word, "--");
	p->typed = start;
	p->prefix = (int)(start - word);
	return true;
}

static void offer_at_cursor(struct place *p)
{
	static const struct word booleans[] = { { "true" }, { "false" }, { NULL } };
	const char *word = p->words[p->count - 1];
	bool is_option = !p->row && !p->options_over && word[0] == '-';
	p->typed = word;
	if (is_option && !find_value_within(p, word)) {
		offer_options(p);
		return;
	}
	if (p->row && !p->row->operand)
		offer_words(p, booleans);
	else if (p->row)
		offer_value(p, &p->row->value);
	if (p->row || is_option)
		return;
	if (!p->command) {
		offer_commands(p);
		return;
	}
	const struct value *value = operand_value(p->command, p->operands, p->dashes);
	if (value)
		offer_value(p, value);
	if (!p->offered && !p->options_over && !*word)
		offer_options(p);
}

void complete(struct context *ctx, char **words, int count)
{
	struct place place = {
		.ctx = ctx, .words = words, .count = count, .rows = global_options, .options = &ctx->global
	};
	for (int i = 0; i < count - 1; i++)
		if (!take_word(&place, words[i]))
			return;
	offer_at_cursor(&place);
	if (place.is_open)
		(void)puts(":open");
}
