#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "base/fd.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/report.h"
#include "cmd/signal-names.h"
#include "launch/create.h"
#include "launch/self.h"
#include "launch/start.h"
#include "run/hooks.h"
#include "run/notify.h"
#include "run/relay.h"

struct run_options {
	struct creation_options create;
	bool detach, keep, no_subreaper, dry_run;
	struct oci_bool rm;
	const char *report;
};
#define OPTIONS struct run_options

static const struct option_row options[] = {
	CREATE_OPTIONS(create),
	FLAG('d', "detach", detach, "return as soon as the process runs"),
	SWITCH(0, "rm", rm, "delete the container when its process has ended (the default)"),
	FLAG(0, "keep", keep, "keep the container when it has stopped"),
	FLAG(0, "no-subreaper", no_subreaper, "do not adopt orphaned processes of the container"),
	TEXT(0, "report", "FILE|FD", report, "file or descriptor for a report in JSON: how it ended, what it used",
		IS(FILE)),
	FLAG(0, "dry-run", dry_run, "print what would be done, and do nothing"),
	OPTIONS_END,
};

/* runtime.md "Lifecycle" steps 8 to 10; a failure of a poststart hook ends the container. */
static int start(struct creation *c, struct error *err)
{
	if (!c->request->detach && !c->container.record.has_poststart.value)
		return 0; /* wait_and_delete() asks whether the program was executed */
	if (launch_wait_executed(&c->launch, err) < 0)
		return -1;
	if (c->config->hooks && start_run_poststart(&c->container, c->config, err) < 0)
		return -1;
	return 0;
}

/* Records the exit status of a container that is kept. */
static void record_exit(struct context *ctx, struct creation *c, const struct relay *relay, int status)
{
	struct oci_exit *end = &c->container.record.exit;
	struct error why = { .errnum = 0 };
	if (!container_relock(&c->container)) /* it was deleted meanwhile */
		return;
	end->status = (struct oci_int){ true, status };
	end->signal = relay->signal ? signal_name(&ctx->arena, relay->signal) : NULL;
	if (oci_record_write(&ctx->arena, c->container.dir, &c->container.record, &why) < 0)
		log_failure(&why); /* the container's own status matters more */
}

static void collect(struct report *report, struct creation *c, const struct relay *relay, int status)
{
	warn_of_filter(c->request->id, &c->plan, relay);
	/* a SIGKILL may be an OOM kill, which is worth a warning */
	if (report->fd < 0 && relay->signal != SIGKILL)
		return;
	report->ended = true;
	report->status = status;
	report->signal = relay->signal;
	report->usage = relay->usage;
	report_collect(report, &c->container);
	const struct cgroup_stats *s = &report->stats;
	if (relay->signal == SIGKILL && s->memory.oom_kill.value > 0)
		log_warn("container %s was killed for want of memory: the limit is %llu bytes", c->request->id,
			(unsigned long long)s->memory.limit.value);
}

static int wait_and_delete(
	struct context *ctx, struct creation *c, struct relay *relay, struct report *report, struct error *err)
{
	const struct run_options *o = ctx->options;
	int status;
	relay->notify = c->notify;
	relay->executed = c->launch.sync;
	relay->notify_host = getenv("NOTIFY_SOCKET");
	relay->notify_pid = c->launch.pid;
	if (relay_run(relay, c->launch.pidfd, take_fd(&c->launch.console), &status, err) < 0)
		return -1;
	c->container.reaped = true;
	if (launch_wait_executed(&c->launch, err) < 0)
		return -1;
	collect(report, c, relay, status);
	if (o->keep) {
		record_exit(ctx, c, relay, status);
		creation_commit(c);
		return status;
	}
	c->made = false;
	close_fd(&c->launch.pidfd);
	if (!container_relock(&c->container)) /* it was deleted meanwhile */
		return status;
	struct error reason = { .errnum = 0 };
	if (container_destroy(&c->container, &reason) < 0) {
		log_failure(&reason); /* the container's own status matters more */
		return status ? status : 1;
	}
	return status;
}

static int run_container(struct context *ctx, struct report *report, struct error *err)
{
	const struct run_options *o = ctx->options;
	struct create_request request;
	struct relay relay = { .signal = 0 };
	CREATION(creation);
	if (!o->dry_run && self_protect(ctx->argv, err) < 0)
		return -1;
	if (request_fill(ctx, &o->create, &request, err) < 0)
		return -1;
	request.detach = o->detach;
	/* before anything can fail, so that the report of an earlier run is not taken for this one's */
	if (o->report && !o->dry_run && report_open(report, ctx, o->report, err) < 0)
		return -1;
	if (creation_prepare(&creation, &request, err) < 0)
		return -1;
	if (o->dry_run)
		return print_plan(&creation.plan, err);
	creation.launch.timings = report->timings;
	launch_mark(&creation.launch, "read and plan");
	if (!o->detach && !o->no_subreaper)
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans are then reaped here, not by the caller */
	if (creation_launch(&creation, o->detach ? NULL : &relay, err) < 0 || start(&creation, err) < 0)
		return -1;
	if (o->detach) {
		creation_commit(&creation);
		interrupt_close(&creation.interrupt);
		return creation.notify < 0 ? 0 :
		       sd_notify_forward_ready(creation.notify, getenv("NOTIFY_SOCKET"), creation.launch.pidfd,
			       creation.launch.pid, err) < 0 ?
					     -1 :
					     0;
	}
	/* other commands may inspect and kill it while it runs */
	container_unlock(&creation.container);
	return wait_and_delete(ctx, &creation, &relay, report, err);
}

/* Nobody waits for a detached container; --rm=false is --keep. */
static int settle_options(struct run_options *o, struct error *err)
{
	if (o->report && o->detach)
		return fail_hint(err, 0, "hull state tells the end of a detached container",
			"--report and --detach exclude each other");
	if (o->rm.value && o->detach)
		return fail_hint(err, 0, "nobody waits for its end: hull delete ID, once it has stopped",
			"--rm and --detach exclude each other");
	if (o->rm.value && o->keep)
		return fail(err, 0, "--rm and --keep exclude each other");
	o->keep |= o->rm.set && !o->rm.value;
	return 0;
}

static int run(struct context *ctx, struct error *err)
{
	struct run_options *o = ctx->options;
	REPORT(report);
	struct error why = { .errnum = 0 };
	if (settle_options(o, err) < 0)
		return -1;
	if (o->report && !(report.timings = timings_make(err)))
		return -1;
	int status = run_container(ctx, &report, err);
	if (report_write(&report, ctx->operands[0], status < 0 ? err : NULL, &why) < 0)
		log_failure(&why);
	return status;
}

const struct command run_command = {
	.name = "run",
	.operands = "ID [-- COMMAND [ARGUMENT…]]",
	.summary = "make a container, start it, wait for it and delete it",
	TAKES_OPTIONS(options),
	.min_operands = 1,
	.max_operands = 1,
	.values = { IS(TEXT), IS(PROGRAM), IS(FILE) },
	.changes = true,
	.takes_command = true,
	.run = run,
};
