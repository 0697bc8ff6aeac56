#include "base/fd.h"
#include "cgroups/stats.h"
#include "cgroups/systemd.h"
#include "cmd/cmd.h"
#include "cmd/dialect.h"
#include "container/container.h"

/* Adds what a stopped container has used, from its cgroup, which exists until the container is deleted. */
static void add_end(struct container *c, struct oci_state *state)
{
	struct cgroup_stats s;
	FD(cgroup) = container_open_cgroup(c, NULL, NULL);
	state->exit = c->record.exit;
	if (cgroup < 0 || cgroup_stats_read(&c->arena, cgroup, &s, NULL) < 0)
		return;
	state->resources = (struct oci_used){ s.memory.oom_kill, s.memory.peak, s.cpu.usage, s.cpu.user, s.cpu.system };
}

static int run(struct context *ctx, struct error *err)
{
	CONTAINER(c);
	size_t len;
	if (container_open(&c, ctx->state_root, ctx->operands[0], CONTAINER_UNLOCKED, err) < 0)
		return -1;
	enum status status = container_status(&c, err);
	if (!status)
		return -1;
	struct oci_state state = container_state(&c, status);
	const char *below;
	state.scope = c.record.systemd_cgroup.value ? systemd_unit_of(&c.arena, c.record.cgroup_path, &below) :
						      ctx->dialect->no_scope;
	if (status == STATUS_STOPPED)
		add_end(&c, &state);
	char *text = oci_state_json(&c.arena, &state, true, &len);
	return print_text(text, len, err);
}

const struct command state_command = {
	.name = "state",
	.operands = "ID",
	.summary = "print the state of a container as JSON",
	TAKES_NO_OPTIONS,
	.min_operands = 1,
	.max_operands = 1,
	.values = { ANY_CONTAINER },
	.run = run,
};
