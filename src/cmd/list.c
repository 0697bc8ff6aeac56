#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/match.h"
#include "container.h"
#include "oci/json-write.h"

static const struct option_row options[] = {
	TEXT('f', "format", "FORMAT", format, "table or json"),
	FLAG('q', "quiet", quiet, "print ids alone"),
	OPTIONS_END,
};

typedef LIST(struct oci_state) state_list;

static int collect(struct context *ctx, state_list *states, struct error *err)
{
	char **ids;
	size_t len;
	if (match_list(&ctx->arena, ctx->state_root, &ids, &len, err) < 0)
		return -1;
	for (size_t i = 0; i < len; i++) {
		struct error reason = { .errnum = 0 };
		struct container c = { .arena = ctx->arena, .root = -1, .dir = -1 };
		/* one that is deleted meanwhile is not listed */
		bool opened = container_open(&c, ctx->state_root, ids[i], CONTAINER_UNLOCKED,
				      &reason) == 0;
		if (opened)
			*list_add(&c.arena, states) =
				container_state(&c, container_status(&c, &reason));
		else if (reason.errnum)
			log_warn("%s", reason.text);
		ctx->arena = c.arena; /* the strings are its own now */
		c.arena.blocks = NULL;
		container_close(&c);
	}
	return 0;
}

static void print_table(const state_list *states)
{
	int id = 2, bundle = 6;
	LIST_EACH(states, s) {
		int id_len = (int)strlen(s->id), bundle_len = (int)strlen(s->bundle ? s->bundle : "");
		id = id_len > id ? id_len : id;
		bundle = bundle_len > bundle ? bundle_len : bundle;
	}
	(void)printf("%-*s  %-8s %-8s %-*s  %-30s  %s\n", id, "ID", "PID", "STATUS", bundle, "BUNDLE",
		"CREATED", "OWNER");
	LIST_EACH(states, s)
		(void)printf("%-*s  %-8lld %-8s %-*s  %-30s  %s\n", id, s->id,
			(long long)s->pid.value, s->status, bundle, s->bundle ? s->bundle : "",
			s->created ? s->created : "", s->owner);
}

static int print_json(struct context *ctx, const state_list *states, struct error *err)
{
	size_t len;
	struct json_writer json;
	json_begin(&json, &ctx->arena, true);
	json_array(&json);
	LIST_EACH(states, s)
		json_struct(&json, &oci_state_schema, s);
	json_end(&json);
	char *text = json_finish(&json, &len);
	return print_text(text, len, err);
}

static int run(struct context *ctx, struct error *err)
{
	state_list states = { NULL, 0 };
	const char *format = ctx->options.format ? ctx->options.format : "table";
	if (!str_eq(format, "table") && !str_eq(format, "json")) {
		(void)fail(err, 0, "list: unknown format \"%.32s\"", format);
		return error_hint(err, "one of table, json");
	}
	if (collect(ctx, &states, err) < 0)
		return -1;
	if (ctx->options.quiet) {
		LIST_EACH(&states, s)
			(void)puts(s->id);
		return print_end(err);
	}
	if (str_eq(format, "json"))
		return print_json(ctx, &states, err);
	print_table(&states);
	return print_end(err);
}

const struct command list_command = {
	.name = "list",
	.operands = "",
	.summary = "list containers",
	.options = options,
	.run = run,
};
