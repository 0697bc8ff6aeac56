#include "cmd/cmd.h"
#include "launch/create.h"
#include "launch/self.h"

struct create_options {
	struct creation_options create;
	bool no_subreaper, dry_run;
};
#define OPTIONS struct create_options

static const struct option_row options[] = {
	CREATE_OPTIONS(create),
	FLAG(0, "no-subreaper", no_subreaper, "accepted for callers of runc; create leaves no process behind"),
	FLAG(0, "dry-run", dry_run, "print what would be done, and do nothing"),
	OPTIONS_END,
};

static int run(struct context *ctx, struct error *err)
{
	const struct create_options *o = ctx->options;
	struct create_request request;
	CREATION(creation);
	if (!o->dry_run && self_protect(ctx->argv, err) < 0)
		return -1;
	if (request_fill(ctx, &o->create, &request, err) < 0)
		return -1;
	request.detach = request.wait = true;
	if (creation_prepare(&creation, &request, err) < 0)
		return -1;
	if (o->dry_run)
		return print_plan(&creation.plan, err);
	if (creation_launch(&creation, NULL, err) < 0)
		return -1;
	creation_commit(&creation);
	return 0;
}

const struct command create_command = {
	.name = "create",
	.operands = "ID [-- COMMAND [ARGUMENT…]]",
	.summary = "make a container, ready to be started",
	TAKES_OPTIONS(options),
	.min_operands = 1,
	.max_operands = 1,
	.values = { IS(TEXT), IS(PROGRAM), IS(FILE) },
	.changes = true,
	.takes_command = true,
	.run = run,
};
