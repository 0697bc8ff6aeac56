#include <signal.h>

#include "cmd/cmd.h"
#include "cmd/match.h"
#include "cmd/signal-names.h"
#include "container/container.h"

struct kill_options {
	bool all, regex;
};
#define OPTIONS struct kill_options

static const struct option_row options[] = {
	FLAG('a', "all", all, "signal all processes of the container"),
	FLAG('r', "regex", regex, "take ID as an extended regular expression: signal all that match"),
	OPTIONS_END,
};

static int kill_one(struct context *ctx, const char *id, void *data, struct error *err)
{
	const struct kill_options *o = ctx->options;
	int sig = *(int *)data;
	CONTAINER(c);
	enum status status;
	unsigned allowed = operand_statuses(ctx);
	if (sig == SIGKILL) /* processes may outlive the init of a stopped container */
		allowed |= STATUS_STOPPED;
	if (container_open(&c, ctx->state_root, id, CONTAINER_UNLOCKED, err) < 0)
		return -1;
	if (container_require(&c, allowed, "kill", &status, err) < 0)
		return -1;
	if (!o->all)
		return container_signal(&c, sig, err);
	return container_signal_all(&c, sig, err) < 0 ? container_blame(&c, "kill", err) : 0;
}

static int run(struct context *ctx, struct error *err)
{
	const struct kill_options *o = ctx->options;
	int sig = ctx->operand_count > 1 ? signal_parse(ctx->operands[1], err) : SIGTERM;
	return sig < 0 ? -1 : match_containers(ctx, o->regex, kill_one, &sig, err);
}

const struct command kill_command = {
	.name = "kill",
	.operands = "ID [SIGNAL]",
	.summary = "send a signal (TERM) to the process of a container",
	TAKES_OPTIONS(options),
	.min_operands = 1,
	.max_operands = 2,
	/* with --all: processes may outlive the init of a stopped container */
	.values = { CONTAINER_IN_OR_IF(STATUS_CREATED | STATUS_RUNNING | STATUS_PAUSED, all, STATUS_STOPPED),
		IS(SIGNAL) },
	.changes = true,
	.run = run,
};
