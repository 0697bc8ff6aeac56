#include "base/fd.h"
#include "cmd/cmd.h"
#include "container/container.h"

enum { FREEZE_TIMEOUT_MS = 10000 };

extern const struct command pause_command, resume_command;

static int run(struct context *ctx, struct error *err)
{
	CONTAINER(c);
	bool frozen = ctx->command == &pause_command;
	if (container_open(&c, ctx->state_root, ctx->operands[0], CONTAINER_LOCKED, err) < 0 ||
		container_require(&c, operand_statuses(ctx), ctx->command->name, NULL, err) < 0)
		return -1;
	FD(cgroup) = container_open_cgroup(&c, NULL, err);
	return cgroup < 0 ? -1 : cgroup_freeze(cgroup, frozen, FREEZE_TIMEOUT_MS, err);
}

const struct command pause_command = {
	.name = "pause",
	.operands = "ID",
	.summary = "stop all processes of a container until it is resumed",
	TAKES_NO_OPTIONS,
	.min_operands = 1,
	.max_operands = 1,
	.values = { CONTAINER_IN(STATUS_CREATED | STATUS_RUNNING) },
	.changes = true,
	.run = run,
};

const struct command resume_command = {
	.name = "resume",
	.operands = "ID",
	.summary = "continue a paused container",
	TAKES_NO_OPTIONS,
	.min_operands = 1,
	.max_operands = 1,
	.values = { CONTAINER_IN(STATUS_PAUSED) },
	.changes = true,
	.run = run,
};
