#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/match.h"
#include "container/container.h"

struct delete_options {
	bool force, regex;
};
#define OPTIONS struct delete_options

static const struct option_row options[] = {
	FLAG('f', "force", force, "kill the container first if it runs; no error if it does not exist"),
	FLAG('r', "regex", regex, "take ID as an extended regular expression: delete all that match"),
	OPTIONS_END,
};

/* A created container may be deleted without --force, since its only process is hull's own init. */
static int delete_one(struct context *ctx, const char *id, void *data, struct error *err)
{
	(void)data;
	const struct delete_options *o = ctx->options;
	CONTAINER(c);
	unsigned allowed = operand_statuses(ctx);
	enum container_lock lock = o->force ? CONTAINER_LOCKED_IN_TIME : CONTAINER_LOCKED;
	if (container_open(&c, ctx->state_root, id, lock, err) < 0) {
		if (!o->force || (!c.absent && !c.damaged))
			return -1;
		if (c.damaged)
			log_warn("%s: %s", err->text, "deleted by what is known without it");
		error_clear(err);
		if (c.absent)
			return 0;
	}
	allowed |= STATUS_CREATING; /* we hold the lock: the create that was at work was killed */
	if (container_require(&c, allowed, "delete", NULL, err) < 0)
		return o->force ? -1 : error_hint(err, "stop it first, or use --force");
	if (c.record.bundle)
		(void)!chdir(c.record.bundle); /* hooks start in the bundle, if it still exists */
	return container_destroy(&c, err);
}

static int run(struct context *ctx, struct error *err)
{
	const struct delete_options *o = ctx->options;
	return match_containers(ctx, o->regex, delete_one, NULL, err);
}

const struct command delete_command = {
	.name = "delete",
	.alias = "rm",
	.operands = "ID",
	.summary = "remove what is left of a stopped container",
	TAKES_OPTIONS(options),
	.min_operands = 1,
	.max_operands = 1,
	.values = { CONTAINER_IN_OR_IF(
		STATUS_STOPPED | STATUS_CREATED, force, STATUS_CREATING | STATUS_RUNNING | STATUS_PAUSED) },
	.changes = true,
	.run = run,
};
