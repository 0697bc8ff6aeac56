#include "launch/exec.h"

#include <limits.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "launch/self.h"
#include "run/relay.h"

enum { EXIT_BY_HULL = 255 }; /* runc's status for a failure before the program runs */

struct exec_options {
	struct process_options process;
	struct exec_request request;
	bool ignore_paused, no_subreaper;
};
#define OPTIONS struct exec_options

static const struct option_row options[] = {
	TEXT('p', "process", "FILE", request.process,
		"run the process that FILE describes, like .process in a configuration", IS(FILE)),
	FLAG('d', "detach", request.detach, "return as soon as the process runs"),
	TEXT('u', "user", "USER[:GROUP]", request.user,
		"user and group: ids, or names that the container knows (those of its process)", IS(USER)),
	MANY('g', "additional-gids", "GID[,GID]", request.groups, "add supplementary groups"),
	MANY('e', "env", "NAME=VALUE", request.env, "set an environment variable"),
	TEXT(0, "cwd", "DIR", request.cwd, "working directory (that of the container's process)"),
	MANY('c', "cap", "CAP", request.caps, "add a capability", IS(CAPABILITY)),
	FLAG(0, "no-new-privs", request.no_new_privileges,
		"set no_new_privs, so that the process cannot gain privileges"),
	TEXT(0, "process-label", "LABEL", request.process_label, "SELinux label"),
	TEXT(0, "apparmor", "PROFILE", request.apparmor, "AppArmor profile"),
	TEXT(0, "cgroup", "PATH", request.cgroup, "run in this cgroup below that of the container"),
	FLAG(0, "ignore-paused", ignore_paused, "accept a paused container; the process runs when it is resumed"),
	PROCESS_OPTIONS(process),
	FLAG(0, "no-subreaper", no_subreaper, "accepted for callers of runc; the container reaps its own orphans"),
	OPTIONS_END,
};

/* The program and its arguments, without a "--" before them. */
static char **program_of(const struct context *ctx)
{
	char **args = ctx->operands + 1;
	return *args && str_eq(*args, "--") ? args + 1 : args;
}

static int check_arguments(const struct context *ctx, const char *file, struct error *err)
{
	char **args = program_of(ctx);
	bool given = *args != NULL;
	if (given && args == ctx->operands + 1 && **args == '-')
		return fail_hint(err, 0, "options of exec stand before it; a program of that name stands after --",
			"exec: %.64s stands after the container's id", *args);
	if (!given && !file)
		return fail_hint(
			err, 0, "hull exec ID PROGRAM [ARGUMENT…], or --process FILE", "exec: no program is given");
	if (given && file)
		return fail(err, 0, "exec: a program and --process exclude each other");
	return 0;
}

/* Adds to the request what is not an option of exec alone. */
static int complete_request(struct context *ctx, struct exec_request *request, struct error *err)
{
	const struct exec_options *o = ctx->options;
	uint64_t preserve;
	if (check_arguments(ctx, request->process, err) < 0 || interactive_check(&o->process, err) < 0 ||
		preserve_fds_parse(o->process.preserve_fds, &preserve, err) < 0)
		return -1;
	request->id = ctx->operands[0];
	request->state_root = ctx->state_root;
	request->args = program_of(ctx);
	request->terminal = o->process.tty;
	request->console_socket = o->process.console_socket;
	request->pid_file = o->process.pid_file;
	request->pidfd_socket = o->process.pidfd_socket;
	request->statuses = operand_statuses(ctx);
	request->preserve_fds = (unsigned)preserve;
	return 0;
}

static int exec_process(struct context *ctx, struct error *err)
{
	struct exec_request *request = &((struct exec_options *)ctx->options)->request;
	struct relay relay = { .signal = 0 };
	int status;
	EXECUTION(execution);
	struct launch *l = &execution.launch;
	if (self_protect(ctx->argv, err) < 0 || complete_request(ctx, request, err) < 0 ||
		execution_prepare(&execution, request, err) < 0 ||
		execution_launch(&execution, request->detach ? NULL : &relay, err) < 0)
		return -1;
	if (request->detach)
		return launch_wait_executed(l, err);
	relay.executed = l->sync;
	if (relay_run(&relay, l->pidfd, take_fd(&l->console), &status, err) < 0 || launch_wait_executed(l, err) < 0)
		return -1;
	warn_of_filter(request->id, &execution.plan, &relay);
	return status;
}

static int run(struct context *ctx, struct error *err)
{
	int status = exec_process(ctx, err);
	if (status < 0 && !err->status)
		err->status = EXIT_BY_HULL;
	return status;
}

const struct command exec_command = {
	.name = "exec",
	.operands = "ID [PROGRAM [ARGUMENT…]]",
	.summary = "run one more process in a container",
	TAKES_OPTIONS(options),
	.min_operands = 1,
	.max_operands = INT_MAX,
	.values = { CONTAINER_IN_OR_IF(STATUS_CREATED | STATUS_RUNNING, ignore_paused, STATUS_PAUSED), IS(PROGRAM),
		IS(FILE) },
	.options_first = true,
	.changes = true,
	.run = run,
};
