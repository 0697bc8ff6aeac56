#include "launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "base/clone.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sys.h"
#include "launch/answers.h"
#include "launch/init.h"
#include "launch/payload.h"
#include "process/process.h"
#include "run/interrupt.h"

struct child {
	struct launch *launch;
	const int *pair;
	uint64_t ignored_signals;
};

/* Runs in the child, which may share our memory: it changes nothing that the parent goes on with. */
static void __attribute__((noreturn)) run_child(void *data)
{
	const struct child *child = data;
	const struct launch *l = child->launch;
	struct init init = { .arena = l->arena,
		.plan = l->plan,
		.container = l->container,
		.payload = l->payload,
		.hook_output = &l->hook_output,
		.timing = l->timings ? &l->timings->init : NULL,
		.ignored_signals = child->ignored_signals,
		.sync = child->pair[1],
		.listen = l->listen,
		.proc = -1,
		.time_offsets = -1,
		.peer = -1,
		.listener = -1,
		.shares_memory = l->shared,
		.late = l->late,
		.granted = l->granted };
	/* the death of the parent must be an end of file for us, and release its lock */
	(void)close(child->pair[0]);
	(void)close(l->container->dir);
	init_main(&init);
}

static int fail_clone(struct error *err)
{
	static const struct {
		int errnum;
		const char *hint;
	} causes[] = {
		{ EPERM, "creating these namespaces needs CAP_SYS_ADMIN, or a user namespace among them, and no "
			 "seccomp filter against it: hull check --host" },
		{ EACCES, "a user needs a cgroup delegated that holds both the caller and the container's: call from "
			  "within it" },
		{ ENOSYS, "a seccomp filter that we run under does this; it must allow clone3" },
		{ ENOENT, "the cgroup has been removed meanwhile" },
		{ ENODEV, "the cgroup has been removed meanwhile" },
		{ EBUSY, "the cgroup enables controllers for its children, so no process may be in it" },
	};
	(void)fail(err, errno, "clone init");
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (causes[i].errnum == err->errnum)
			return error_hint(err, "%s", causes[i].hint);
	return ns_hint_limit(err);
}

static pid_t clone_init(struct launch *l, struct child *child, bool placed)
{
	struct clone_args args = {
		.flags = l->plan->ns.clone_flags | CLONE_PIDFD | (placed ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&l->pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)(placed ? l->cgroup : 0),
	};
	pid_t pid = l->shared ? clone_sharing(&args, run_child, child) : sys_clone3_or_clone(&args);
	if (pid == 0)
		run_child(child);
	return pid;
}

/* A process that has to be attached waits for an answer meanwhile. */
static int fork_init(struct launch *l, const int pair[2], struct error *err)
{
	struct child child = { l, pair, proc_ignored_signals() };
	bool placed = l->cgroup >= 0 && !l->late;
	pid_t pid = clone_init(l, &child, placed);
	if (pid < 0 && placed && errno == EACCES && l->attach) {
		placed = false;
		pid = clone_init(l, &child, false);
	}
	if (pid < 0)
		return fail_clone(err);
	l->pid = pid;
	if (placed || l->cgroup < 0 || (l->late && launch_is_born_last(l)) || launch_attach(l, err) == 0)
		return 0;
	launch_kill(l);
	return -1;
}

/* oom_score_adj is inherited: ours is set to that of init while init is cloned. */
static int fork_scored(struct launch *l, const int pair[2], struct error *err)
{
	int before = 0, ignored;
	if (l->oom_score >= 0 &&
		process_swap_oom_score_adj(l->oom_score, l->plan->process.oom_score_adj, &before, err) < 0)
		return -1;
	int status = fork_init(l, pair, err);
	if (l->oom_score >= 0)
		(void)process_swap_oom_score_adj(
			l->oom_score, before, &ignored, NULL); /* a value that we had is allowed */
	return status;
}

/* The first child of exec lives for a moment, asks nothing, and is out of the container's reach. It then needs no
 * memory of its own, which is most of its cost; its own child has some. A process that shares memory cannot join a time
 * namespace (time_namespaces(7)). */
static bool can_share_memory(const struct launch *l)
{
	const struct plan *plan = l->plan;
	return launch_is_born_last(l) && clone_sharing_works() && !l->attach && !l->late &&
	       !(plan->needs & NEED_CONSOLE) && !plan->rdt.set && !launch_sets_limits(l) &&
	       !(plan->target_namespaces & CLONE_NEWTIME) && !l->may_wait && !log_wants(LOG_LEVEL_DEBUG);
}

/* The last message of the child before it executes the program, unless it fails. */
static enum message_kind last_message(const struct launch *l)
{
	if (l->plan->target < 0)
		return ASK_READY;
	if (l->plan->needs & NEED_LISTENER)
		return ASK_NOTIFY;
	return !launch_is_born_last(l) ? ASK_READY : l->late ? ASK_ADOPT : TELL_BORN;
}

/* Receives the next message: 1, or 0 if none will come because the child has closed its socket or is dead. In the
 * second case another process of the container holds the socket. */
static int receive(struct launch *l, struct message *message, int *fd, struct error *err)
{
	struct pollfd fds[] = { { .fd = l->sync, .events = POLLIN }, { .fd = l->pidfd, .events = POLLIN },
		{ .fd = l->interrupt, .events = POLLIN } };
	for (;;) {
		int n = poll(fds, 3, -1);
		if (n < 0 && errno != EINTR)
			return fail(err, errno, "poll");
		if (n <= 0)
			continue;
		if (fds[0].revents || (fds[1].revents && poll(fds, 1, 0) > 0))
			return sync_receive(l->sync, message, fd, err);
		if (fds[1].revents)
			return 0;
		if (interrupt_take(l->interrupt, err) < 0)
			return -1;
	}
}

static int converse(struct launch *l, struct error *err)
{
	const enum message_kind last = last_message(l);
	for (;;) {
		struct message message;
		FD(fd) = -1;
		int status = receive(l, &message, &fd, err);
		if (status < 0)
			return launch_blame(l, err);
		if (status == 0)
			return launch_fail_dead(l, err);
		if (message.kind == TELL_ERROR) {
			*err = message.error;
			return -1;
		}
		l->asked_fd = fd;
		if (!(message.kind == ASK_READY && l->granted) && answers_give(l, &message, err) < 0)
			return -1;
		if (message.kind == last)
			return 0;
	}
}

void launch_mark(struct launch *l, const char *name)
{
	timing_mark(l->timings ? &l->timings->parent : NULL, name);
}

int launch_start(struct launch *l, struct error *err)
{
	int pair[2];
	l->pidfd = l->first = l->sync = l->console = -1;
	l->granted = false;
	l->payload = payload_find(l->plan->config, l->plan->root);
	if (publish_open(l, err) < 0 || sync_pair(pair, err) < 0)
		return -1;
	FD(child_end) = pair[1];
	l->sync = pair[0];
	l->shared = can_share_memory(l);
	if ((l->shared && answers_in_advance(l, err) < 0) || fork_scored(l, pair, err) < 0) {
		close_fd(&l->sync);
		return -1;
	}
	close_fd(&child_end);
	launch_mark(l, "clone init");
	int status = l->shared ? 0 : answers_in_advance(l, err);
	if (status < 0)
		(void)launch_blame(l, err);
	if (status == 0 && converse(l, err) == 0) {
		launch_mark(l, "answer init");
		return 0;
	}
	launch_kill(l);
	return -1;
}

int launch_wait_executed(struct launch *l, struct error *err)
{
	struct message message;
	FD(fd) = -1;
	int status = receive(l, &message, &fd, err);
	launch_reap_first(l);
	if (status == 0)
		return 0;
	if (status > 0 && message.kind == TELL_ERROR)
		*err = message.error;
	else if (status > 0)
		(void)fail(err, 0, "init sent an unexpected message %u", message.kind);
	launch_kill(l);
	return -1;
}

static void reap(int *pidfd)
{
	if (*pidfd >= 0)
		(void)proc_reap(*pidfd, NULL); /* the relay, which waits for any child, may have reaped it already */
	close_fd(pidfd);
}

void launch_reap_first(struct launch *l)
{
	reap(&l->first);
}

/* Whether the first child of exec, which is dead, has told us before that the process was born. */
static bool was_born(struct launch *l)
{
	struct pollfd readable = { .fd = l->sync, .events = POLLIN };
	while (launch_is_born_last(l) && l->first < 0 && l->sync >= 0 && poll(&readable, 1, 0) > 0) {
		struct message message;
		FD(fd) = -1;
		if (sync_receive(l->sync, &message, &fd, NULL) <= 0)
			return false;
		if (message.kind == TELL_BORN || message.kind == ASK_ADOPT)
			return launch_adopt(l, fd, message.value, NULL) == 0;
	}
	return false;
}

static void kill_and_reap(struct launch *l)
{
	(void)sys_pidfd_send_signal(l->pidfd, SIGKILL); /* it may be gone already */
	reap(&l->pidfd);
}

void launch_kill(struct launch *l)
{
	reap(&l->first);
	if (l->pidfd < 0)
		return;
	kill_and_reap(l);
	if (was_born(l))
		kill_and_reap(l);
	close_fd(&l->first);
}

void launch_close(struct launch *l)
{
	int *const fds[] = { &l->pidfd, &l->sync, &l->console, &l->cgroup, &l->delegate, &l->listen, &l->oom_score,
		&l->pid_dir, &l->pidfd_sock };
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close_fd(fds[i]);
}
