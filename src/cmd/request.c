#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "launch/create.h"
#include "launch/init.h"
#include "run/relay.h"

const char *absolute_path(struct context *ctx, const char *path)
{
	char cwd[4096];
	if (!path || *path == '/' || !getcwd(cwd, sizeof(cwd)))
		return path;
	return arena_printf(&ctx->arena, "%s/%s", cwd, path);
}

/* -i has no effect, since hull always connects standard input; -i=false cannot be honoured. */
int interactive_check(const struct process_options *options, struct error *err)
{
	if (!options->interactive.set || options->interactive.value)
		return 0;
	return fail_hint(err, 0, "redirect it: </dev/null", "--interactive=false: standard input is always connected");
}

int preserve_fds_parse(const char *text, uint64_t *ret_count, struct error *err)
{
	*ret_count = 0;
	if (text && !str_to_u64(text, PRESERVE_FDS_MAX, ret_count))
		return fail(
			err, 0, "--preserve-fds: expected a number up to %d, found \"%.64s\"", PRESERVE_FDS_MAX, text);
	return 0;
}

int request_fill(
	struct context *ctx, const struct creation_options *o, struct create_request *request, struct error *err)
{
	const struct process_options *process = &o->process;
	uint64_t preserve;
	if (preserve_fds_parse(process->preserve_fds, &preserve, err) < 0 || interactive_check(process, err) < 0)
		return -1;
	if (o->overlay && !*o->overlay)
		return fail(err, 0, "--overlay: expected a directory or \"tmp\", found \"\"");
	*request = (struct create_request){
		.id = ctx->operands[0],
		.state_root = absolute_path(ctx, ctx->state_root),
		.command = ctx->args,
		.terminal = process->tty,
		.bundle = o->bundle.dir,
		.config = o->bundle.config,
		.console_socket = absolute_path(ctx, process->console_socket),
		.pid_file = absolute_path(ctx, process->pid_file),
		.pidfd_socket = absolute_path(ctx, process->pidfd_socket),
		.cgroup_manager = ctx->cgroup_manager,
		.no_pivot = o->no_pivot,
		.overlay = o->overlay && word_find(overlay_words, o->overlay) ? o->overlay :
										absolute_path(ctx, o->overlay),
		.idmap_rootfs = o->idmap_rootfs,
		.network = (enum network)word_value(network_words, o->network),
		.no_new_keyring = o->no_new_keyring,
		.preserve_fds = (unsigned)preserve,
	};
	return 0;
}

/* Such an end may come before the program runs, and looks as if the program had chosen it. */
void warn_of_filter(const char *id, const struct plan *plan, const struct relay *relay)
{
	if (relay->signal == SIGSYS && plan->linux->seccomp)
		log_warn("a process of container %s was killed by its seccomp filter, perhaps before its program ran",
			id);
}

int print_plan(const struct plan *plan, struct error *err)
{
	plan_print(plan, stdout);
	(void)fputs("init:\n", stdout);
	init_print_steps(plan, stdout);
	return print_end(err);
}
