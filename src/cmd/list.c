#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cmd/cmd.h"
#include "cmd/dialect.h"
#include "cmd/human.h"
#include "cmd/match.h"
#include "container/container.h"
#include "oci/json-write.h"

enum { FORMAT_TABLE, FORMAT_JSON };

static const struct word formats[] = { { "table", FORMAT_TABLE }, { "json", FORMAT_JSON }, { NULL } };

struct list_options {
	const char *format;
	bool quiet;
};
#define OPTIONS struct list_options

static const struct option_row options[] = {
	TEXT('f', "format", "FORMAT", format, "format of the output (table)", ONE_OF(formats)),
	FLAG('q', "quiet", quiet, "print only the ids"),
	OPTIONS_END,
};

typedef LIST(struct oci_state) state_list;

/* What is the same for all is looked for once. */
struct place {
	int root;
	struct cgroup_host host;
};

static void add_state(struct context *ctx, const struct place *place, const char *id, state_list *states)
{
	struct error reason = { .errnum = 0 };
	struct container c = { .arena = ctx->arena, .root = place->root, .dir = -1, .cgroup_host = &place->host };
	/* one that is deleted meanwhile is not listed */
	if (container_open(&c, ctx->state_root, id, CONTAINER_GLANCE, &reason) == 0)
		*list_add(&c.arena, states) = container_state(&c, container_status(&c, &reason));
	else if (!c.absent)
		log_warn("%s", reason.text);
	ctx->arena = c.arena; /* the strings are its own now */
	c.arena.blocks = NULL;
	c.root = -1;
	container_close(&c);
}

static int collect(struct context *ctx, state_list *states, struct error *err)
{
	char **ids;
	size_t len;
	if (match_list(&ctx->arena, ctx->state_root, &ids, &len, err) < 0)
		return -1;
	if (len == 0)
		return 0;
	struct place place = { .host = { .mount = "" } };
	FD(root) = container_open_root(ctx->state_root, false, err);
	/* without its cgroup a container is not taken for a paused one */
	if (root < 0 || cgroup_probe(&place.host, err) < 0)
		return -1;
	place.root = root;
	for (size_t i = 0; i < len; i++)
		add_state(ctx, &place, ids[i], states);
	return 0;
}

struct row {
	const char *cells[LIST_COLUMNS + 1];
};

/* "2 minutes ago"; a time that is still to come, since the clock was set back, is told as it is. */
static const char *tell_created(struct context *ctx, const char *created)
{
	char buf[HUMAN_SIZE];
	int64_t then, now = time(NULL);
	if (!created)
		return "";
	if (!ctx->dialect->ages || !clock_read_timestamp(created, &then) || then > now)
		return created;
	return arena_strdup(&ctx->arena, human_age(now - then, buf));
}

/* The path of a bundle can have any character in it. */
static const char *printable(struct context *ctx, const char *text)
{
	char *copy = arena_strdup(&ctx->arena, text ? text : "");
	str_make_printable(copy);
	return copy;
}

static struct row make_row(struct context *ctx, const struct oci_state *s)
{
	const char *pid = arena_printf(&ctx->arena, "%lld", (long long)s->pid.value);
	return (struct row){ { s->id, pid, s->status, printable(ctx, s->bundle),
		printable(ctx, tell_created(ctx, s->created)), printable(ctx, s->owner) } };
}

/* Characters, of which UTF-8 may need several bytes each: a path can have any. */
static int width_of(const char *text)
{
	int width = 0;
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void print_row(const struct row *row, const int *widths, int gap)
{
	for (int i = 0; i < LIST_COLUMNS; i++)
		(void)printf("%s%*s", row->cells[i], widths[i] - width_of(row->cells[i]) + gap, "");
	(void)puts(row->cells[LIST_COLUMNS]);
}

static void print_table(struct context *ctx, const state_list *states)
{
	const struct dialect *d = ctx->dialect;
	LIST(struct row) rows = { NULL, 0 };
	int widths[LIST_COLUMNS];
	struct row *heading = list_add(&ctx->arena, &rows);
	heading->cells[LIST_COLUMNS] = "OWNER";
	for (int i = 0; i < LIST_COLUMNS; i++) {
		heading->cells[i] = d->columns[i].heading;
		widths[i] = d->columns[i].width;
	}
	LIST_EACH (states, s)
		*list_add(&ctx->arena, &rows) = make_row(ctx, s);
	LIST_EACH (&rows, row)
		for (int i = 0; i < LIST_COLUMNS; i++) {
			int width = width_of(row->cells[i]);
			widths[i] = widths[i] > width ? widths[i] : width;
		}
	LIST_EACH (&rows, row)
		print_row(row, widths, d->gap);
}

static int print_json(struct context *ctx, const state_list *states, struct error *err)
{
	const struct dialect *d = ctx->dialect;
	size_t len;
	struct json_writer json;
	if (states->len == 0)
		return print_text(d->empty, strlen(d->empty), err);
	json_begin(&json, &ctx->arena, d->pretty_list);
	json_array(&json);
	LIST_EACH (states, s)
		json_struct(&json, d->row, s);
	json_end(&json);
	char *text = json_finish(&json, &len);
	if (d->pretty_list)
		return print_text(text, len, err);
	return print_text(arena_printf(&ctx->arena, "%s\n", text), len + 1, err);
}

static int run(struct context *ctx, struct error *err)
{
	const struct list_options *o = ctx->options;
	state_list states = { NULL, 0 };
	if (collect(ctx, &states, err) < 0)
		return -1;
	if (o->quiet) {
		LIST_EACH (&states, s)
			(void)puts(s->id);
		return print_end(err);
	}
	if (word_value(formats, o->format) == FORMAT_JSON)
		return print_json(ctx, &states, err);
	print_table(ctx, &states);
	return print_end(err);
}

const struct command list_command = {
	.name = "list",
	.alias = "ls",
	.operands = "",
	.summary = "list containers",
	TAKES_OPTIONS(options),
	.run = run,
};
