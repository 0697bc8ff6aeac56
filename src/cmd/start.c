#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "container/container.h"
#include "launch/start.h"
#include "run/notify.h"

static int run_poststart(struct container *c, struct error *err)
{
	struct oci_config *config;
	if (!c->record.has_poststart.value)
		return 0;
	if (container_config(c, &config, err) < 0)
		return -1;
	(void)!chdir(c->record.bundle); /* hooks start in the bundle, if it still exists */
	return start_run_poststart(c, config, err);
}

/* Binds the container's notify socket again, since that of `hull create` was closed. *ret_sock is -1 if there was
 * none. */
static int open_notify(const struct container *c, int *ret_sock, struct error *err)
{
	*ret_sock = -1;
	if (!getenv("NOTIFY_SOCKET") || faccessat(c->dir, SD_NOTIFY_DIR, F_OK, 0) < 0)
		return 0;
	*ret_sock = sd_notify_prepare(c->dir, err);
	return *ret_sock < 0 ? -1 : 0;
}

/* Waits until the container is ready or has ended, and tells the service manager, which watches this process. */
static int forward_ready(struct container *c, int notify, struct error *err)
{
	pid_t pid = (pid_t)c->record.pid.value;
	if (notify < 0)
		return 0;
	container_unlock(c); /* other commands may inspect and kill it meanwhile */
	FD(pidfd) = proc_pidfd(pid, c->record.pid_start.value, err);
	if (pidfd < 0 && err->errnum != ESRCH)
		return -1;
	error_clear(err);
	if (pidfd < 0)
		return 0;
	return sd_notify_forward_ready(notify, getenv("NOTIFY_SOCKET"), pidfd, pid, err) < 0 ? -1 : 0;
}

/* runtime.md "Lifecycle": a hook that fails is followed by the container's end and the poststop hooks. */
static int fail_start(struct container *c, const struct error *err)
{
	struct error why = { .errnum = 0 };
	if (err->status || !str_starts(err->where, ".hooks.")) /* a status: we were interrupted */
		return -1;
	(void)!chdir(c->record.bundle); /* hooks begin in the bundle, if it is still there */
	if (container_destroy(c, &why) < 0)
		log_failure(&why); /* the hook's failure is the error */
	return -1;
}

static int run(struct context *ctx, struct error *err)
{
	CONTAINER(c);
	FD(notify) = -1;
	if (container_open(&c, ctx->state_root, ctx->operands[0], CONTAINER_LOCKED, err) < 0 ||
		container_require(&c, operand_statuses(ctx), "start", NULL, err) < 0)
		return -1;
	if (c.record.no_process.value)
		return fail_at_hint(err, 0, ".process", "delete it, and create it with a process",
			"required by start, and the container was created without one");
	if (open_notify(&c, &notify, err) < 0 || start_init(&c, err) < 0 || run_poststart(&c, err) < 0)
		return fail_start(&c, err);
	return forward_ready(&c, notify, err);
}

const struct command start_command = {
	.name = "start",
	.operands = "ID",
	.summary = "start the process of a created container",
	TAKES_NO_OPTIONS,
	.min_operands = 1,
	.max_operands = 1,
	.values = { CONTAINER_IN(STATUS_CREATED) },
	.changes = true,
	.run = run,
};
