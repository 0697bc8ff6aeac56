#include "base/fd.h"
#include "cmd/cmd.h"
#include "container/container-cgroup.h"

enum { FREEZE_TIMEOUT_MS = 10000 };

static int freeze(struct context *ctx, bool frozen, struct error *err)
{
	CONTAINER(c);
	if (container_open(&c, ctx->state_root, ctx->operands[0], CONTAINER_LOCKED, err) < 0 ||
		container_require(&c, operand_statuses(ctx), frozen ? "pause" : "resume", NULL, err) < 0)
		return -1;
	FD(cgroup) = container_open_cgroup(&c, NULL, err);
	if (cgroup < 0 || cgroup_freeze(cgroup, frozen, FREEZE_TIMEOUT_MS, err) < 0)
		return -1;
	return 0;
}

static int pause_it(struct context *ctx, struct error *err)
{
	return freeze(ctx, true, err);
}

static int resume(struct context *ctx, struct error *err)
{
	return freeze(ctx, false, err);
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
	.run = pause_it,
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
	.run = resume,
};
