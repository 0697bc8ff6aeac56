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

struct row {
	const char *cells[LIST_COLUMNS + 1];
};
typedef LIST(struct row) row_list;

/* "2 minutes ago". A time in the future, after the clock was set back, is printed as it is. */
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

/* The path of a bundle can contain any character. */
static const char *printable(struct context *ctx, const char *text)
{
	char *copy = arena_strdup(&ctx->arena, text ? text : "");
	str_make_printable(copy);
	return copy;
}

/* The number of characters, each of which may be several bytes of UTF-8. */
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

static void print_table(const struct dialect *d, const row_list *rows)
{
	int widths[LIST_COLUMNS];
	for (int i = 0; i < LIST_COLUMNS; i++)
		widths[i] = d->columns[i].width;
	LIST_EACH (rows, row)
		for (int i = 0; i < LIST_COLUMNS; i++) {
			int width = width_of(row->cells[i]);
			widths[i] = widths[i] > width ? widths[i] : width;
		}
	LIST_EACH (rows, row)
		print_row(row, widths, d->gap);
}

/* Takes each container as it is found. */
struct output {
	struct context *ctx;
	void (*add)(struct output *, const struct oci_state *);
	row_list rows;
	struct json_writer json;
	size_t count;
};

static void add_id(struct output *out, const struct oci_state *s)
{
	(void)out;
	(void)puts(s->id);
}

static void add_object(struct output *out, const struct oci_state *s)
{
	json_struct(&out->json, out->ctx->dialect->row, s);
}

static void add_row(struct output *out, const struct oci_state *s)
{
	struct context *ctx = out->ctx;
	*list_add(&ctx->arena, &out->rows) = (struct row){ { s->id,
		arena_printf(&ctx->arena, "%lld", (long long)s->pid.value), s->status, printable(ctx, s->bundle),
		printable(ctx, tell_created(ctx, s->created)), printable(ctx, s->owner) } };
}

/* What all containers share is looked up once. */
struct place {
	int root;
	struct cgroup_host host;
};

static int list_one(struct output *out, const struct place *place, const char *id, struct error *err)
{
	int result = 0;
	struct container c = { .root = place->root, .dir = -1, .cgroup_host = &place->host };
	/* a container that is deleted meanwhile is not listed */
	if (container_open(&c, out->ctx->state_root, id, CONTAINER_GLANCE, err) == 0) {
		enum status status = container_status(&c, err);
		struct oci_state state = container_state(&c, status);
		if (status)
			out->add(out, &state);
		out->count++;
		result = status ? 0 : -1;
	} else if (c.damaged || err->errnum == ENOTDIR || err->errnum == ELOOP) {
		log_warn("%s", err->text);
	} else if (!c.absent) {
		result = -1;
	}
	c.root = -1; /* the place's */
	container_close(&c);
	if (result == 0)
		error_clear(err);
	return result;
}

static int list_all(struct output *out, struct error *err)
{
	struct context *ctx = out->ctx;
	struct place place = { .host = { .mount = "" } };
	char **ids;
	size_t len;
	if (match_list(&ctx->arena, ctx->state_root, &ids, &len, err) < 0)
		return -1;
	if (len == 0)
		return 0;
	FD(root) = container_open_root(ctx->state_root, false, err);
	/* without it a paused container would be listed as running */
	if (root < 0 || cgroup_probe(&place.host, err) < 0)
		return -1;
	place.root = root;
	for (size_t i = 0; i < len; i++)
		if (list_one(out, &place, ids[i], err) < 0)
			return -1;
	return 0;
}

static int list_json(struct output *out, struct error *err)
{
	const struct dialect *d = out->ctx->dialect;
	out->add = add_object;
	json_begin(&out->json, &out->ctx->arena, d->pretty_list);
	json_array(&out->json);
	if (list_all(out, err) < 0)
		return -1;
	json_end(&out->json);
	return out->count ? print_json(&out->json, err) : print_text(d->empty, strlen(d->empty), err);
}

static int list_table(struct output *out, struct error *err)
{
	const struct dialect *d = out->ctx->dialect;
	struct row *heading = list_add(&out->ctx->arena, &out->rows);
	for (int i = 0; i < LIST_COLUMNS; i++)
		heading->cells[i] = d->columns[i].heading;
	heading->cells[LIST_COLUMNS] = "OWNER";
	out->add = add_row;
	if (list_all(out, err) < 0)
		return -1;
	print_table(d, &out->rows);
	return print_end(err);
}

static int run(struct context *ctx, struct error *err)
{
	const struct list_options *o = ctx->options;
	struct output out = { .ctx = ctx, .add = add_id };
	if (o->quiet)
		return list_all(&out, err) < 0 ? -1 : print_end(err);
	return word_value(formats, o->format) == FORMAT_JSON ? list_json(&out, err) : list_table(&out, err);
}

const struct command list_command = {
	.name = "list",
	.alias = "ls",
	.operands = "",
	.summary = "list containers",
	TAKES_OPTIONS(options),
	.run = run,
};
