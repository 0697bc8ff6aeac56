#include "launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clone.h"
#include "base/defences.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sys.h"
#include "cgroups/delegate.h"
#include "cgroups/resctrl.h"
#include "cgroups/stats.h"
#include "launch/init.h"
#include "launch/payload.h"
#include "launch/sync.h"
#include "namespaces/net.h"
#include "oci/state.h"
#include "process/idmap.h"
#include "process/process.h"
#include "process/terminal.h"
#include "run/interrupt.h"
#include "run/network.h"
#include "run/notify.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

struct child {
	struct launch *launch;
	const int *pair;
	uint64_t ignored_signals;
};

/* In the child, which may share our memory: nothing that the parent goes on with is changed. */
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
		.granted = l->granted };
	/* a parent that is killed is to be an end of file for us, and not to leave its lock behind */
	(void)close(child->pair[0]);
	(void)close(l->container->dir);
	init_main(&init);
}

static int fail_clone(struct error *err)
{
	(void)fail(err, errno, "clone init");
	if (err->errnum == EPERM)
		return error_hint(err, "creating these namespaces needs CAP_SYS_ADMIN, or a user namespace among "
				       "them, and no seccomp filter against it: hull check --host");
	if (err->errnum == EACCES)
		return error_hint(err,
			"a user needs a cgroup delegated that holds both the caller and the container's: "
			"call from within it");
	if (err->errnum == ENOSYS)
		return error_hint(err, "a seccomp filter that we run under does this; it must allow clone3");
	if (err->errnum == ENOENT || err->errnum == ENODEV)
		return error_hint(err, "the cgroup has been removed meanwhile");
	return err->errnum == EBUSY ? error_hint(err, "the cgroup enables controllers for its children, so no "
						      "process may be in it") :
				      ns_hint_limit(err);
}

static pid_t clone_init(struct launch *l, struct child *child, bool placed)
{
	struct clone_args args = {
		.flags = l->plan->ns.clone_flags | CLONE_PIDFD | (placed ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&l->pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)(placed ? l->cgroup : 0),
	};
	pid_t pid = l->shared ? clone_sharing(&args, run_child, child) : sys_clone3(&args);
	/* a filter, Docker's for one, of which flags it can read only the older call's */
	if (pid < 0 && errno == ENOSYS && !placed && !l->shared)
		pid = (pid_t)syscall(SYS_clone, (unsigned long)args.flags | SIGCHLD, 0, &l->pidfd, 0, 0);
	if (pid == 0)
		run_child(child);
	return pid;
}

/* A process that is to be attached waits for an answer meanwhile. */
static int fork_init(struct launch *l, const int pair[2], struct error *err)
{
	struct child child = { l, pair, proc_ignored_signals() };
	bool placed = l->cgroup >= 0;
	pid_t pid = clone_init(l, &child, placed);
	if (pid < 0 && placed && errno == EACCES && l->attach) {
		placed = false;
		pid = clone_init(l, &child, false);
	}
	if (pid < 0)
		return fail_clone(err);
	l->pid = pid;
	if (placed || l->cgroup < 0 || l->attach(l->data, pid, err) == 0)
		return 0;
	launch_kill(l);
	return -1;
}

/* oom_score_adj is inherited: ours is that of init for as long as that takes. */
static int fork_scored(struct launch *l, const int pair[2], struct error *err)
{
	int before = 0, ignored;
	if (l->oom_score >= 0 &&
		process_swap_oom_score_adj(l->oom_score, l->plan->process.oom_score_adj, &before, err) < 0)
		return -1;
	int status = fork_init(l, pair, err);
	if (l->oom_score >= 0)
		(void)process_swap_oom_score_adj(l->oom_score, before, &ignored, NULL); /* what it was is allowed */
	return status;
}

/* What is written for a process that may be looked at: it becomes undumpable with its ids, and its files are root's
 * then. */
static int answer_map_ids(struct launch *l, int fd, int32_t value, struct error *err)
{
	(void)fd;
	(void)value;
	FD(proc) = proc_open(l->pid, err);
	return proc < 0 ? -1 : idmap_write(l->arena, l->pid, proc, l->plan->linux, l->plan->own_caps, err);
}

static bool is_our_child(idtype_t type, int id)
{
	siginfo_t info;
	return waitid(type, (id_t)id, &info, WEXITED | WNOWAIT | WNOHANG | __WALL) == 0;
}

/* Init is the first child's sibling now; the first child has nothing more to do. Whoever traces init in the container
 * may have sent this: what is no child of ours would have limits set, and be killed, by a number of his choice. */
static int adopt(struct launch *l, int fd, int32_t value, struct error *err)
{
	bool foreign = fd < 0 || value <= 0 || !is_our_child(P_PIDFD, fd) || !is_our_child(P_PID, value);
	if (l->first >= 0 || (foreign && !defence_is_off("questions")))
		return fail(err, EPROTO, "adopt init");
	l->first = take_fd(&l->pidfd);
	l->pidfd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	l->pid = value;
	return l->pidfd < 0 ? fail(err, errno, "keep the pidfd of init") : 0;
}

/* Who waits for any child, as the relay does, may have reaped it already. */
static void reap_first(struct launch *l)
{
	if (l->first < 0)
		return;
	(void)proc_reap(l->first, NULL);
	close_fd(&l->first);
}

static int answer_adopt(struct launch *l, int fd, int32_t value, struct error *err)
{
	if (adopt(l, fd, value, err) < 0)
		return -1;
	reap_first(l);
	return 0;
}

/* The record names init, so it is written once init is known for good: before hooks that may ask for it, or when it is
 * ready. */
static int write_record(struct launch *l, struct error *err)
{
	struct oci_record *record = &l->container->record;
	uint64_t start;
	if (l->recorded || l->plan->target >= 0)
		return 0;
	if (proc_start_time(l->pid, &start, NULL, err) < 0)
		return -1;
	record->pid = (struct oci_int){ true, l->pid };
	record->pid_start = (struct oci_uint){ true, start };
	if (oci_record_write(l->arena, l->container->dir, record, err) < 0)
		return -1;
	l->container->has_record = true;
	l->recorded = true;
	return 0;
}

static int move_net_devices(struct launch *l, struct error *err)
{
	const struct oci_linux *config = l->plan->linux;
	if (!config->net_devices.len)
		return 0;
	FD(proc) = proc_open(l->pid, err);
	FD(netns) = proc < 0 ? -1 : openat(proc, "ns/net", O_RDONLY | O_CLOEXEC);
	if (netns < 0) {
		(void)fail_at(err, errno, ".linux.netDevices", "open the network namespace of init");
		return errno == EACCES ? error_hint(err, "devices of the host are root's to move") : -1;
	}
	return net_devices_move(config->net_devices.items, config->net_devices.len, netns, err);
}

static int answer_hooks(struct launch *l, int fd, int32_t value, struct error *err)
{
	(void)fd;
	(void)value;
	static const struct oci_hooks none;
	const struct oci_hooks *hooks = l->plan->config->hooks ? l->plan->config->hooks : &none;
	size_t len;
	if (move_net_devices(l, err) < 0)
		return -1;
	if (!hooks->prestart.len && !hooks->create_runtime.len)
		return 0;
	l->container->record.creating = (struct oci_bool){ true, true };
	if (write_record(l, err) < 0)
		return -1;
	struct oci_state state = container_state(l->container, STATUS_CREATING);
	char *text = oci_state_json(l->arena, &state, false, &len);
	if (hooks_run(&hooks->prestart, ".hooks.prestart", text, len, &l->hook_output, err) < 0 ||
		hooks_run(&hooks->create_runtime, ".hooks.createRuntime", text, len, &l->hook_output, err) < 0)
		return -1;
	return 0;
}

static int answer_console(struct launch *l, int fd, int32_t value, struct error *err)
{
	(void)value;
	if (fd < 0)
		return fail(err, EPROTO, "receive the console");
	if (l->console_socket)
		return terminal_send(l->console_socket, fd, err);
	l->console = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (l->console < 0)
		return fail(err, errno, "keep the console");
	terminal_copy_size(l->console); /* before the program can ask; the relay follows its changes */
	return 0;
}

static int answer_notify(struct launch *l, int fd, int32_t value, struct error *err)
{
	(void)value;
	const struct oci_seccomp *seccomp = l->plan->linux->seccomp;
	size_t len;
	if (fd < 0)
		return fail(err, EPROTO, "receive the seccomp listener");
	bool is_init = l->plan->target < 0;
	if (is_init)
		l->container->record.pid = (struct oci_int){ true, l->pid };
	struct oci_state state = container_state(l->container, is_init ? STATUS_CREATING : STATUS_RUNNING);
	char *text = oci_process_state_json(l->arena, &state, l->pid, seccomp->listener_metadata, &len);
	return notify_seccomp_agent(seccomp->listener_path, fd, text, len, err);
}

static int answer_network(struct launch *l, int fd, int32_t value, struct error *err)
{
	(void)value;
	if (fd < 0)
		return fail(err, EPROTO, "receive the network namespace");
	return network_start(l->plan->options.network, fd, l->pidfd, err);
}

static int join_rdt(struct launch *l, struct error *err)
{
	const struct rdt_plan *rdt = &l->plan->rdt;
	if (!rdt->set)
		return 0;
	struct rdt_made made = { .group = false };
	FD(root) = rdt_open(err);
	if (root >= 0 && l->plan->target >= 0)
		return rdt_join(rdt, root, l->pid, err);
	if (root < 0 || rdt_create(rdt, root, l->pid, &made, err) < 0)
		return error_at(err, ".linux.intelRdt");
	if (made.group)
		l->container->record.intel_rdt_group = rdt->group;
	return 0;
}

/* In a user namespace init has no right to raise its limits: then they are set from here, at the very last. */
static bool sets_limits(const struct launch *l)
{
	return (l->plan->needs & NEED_USER_NS) && l->plan->process.rlimits.len;
}

/* A file of that name is replaced, never written through: a link in its place leads nowhere. What is neither a file nor
 * a link was not meant to be replaced: /dev/null. */
static int open_pid_file(struct launch *l, struct error *err)
{
	char dir[4096];
	if (!l->pid_file || l->pid_dir >= 0)
		return 0;
	const char *slash = strrchr(l->pid_file, '/');
	size_t dir_len = slash ? (size_t)(slash - l->pid_file) + 1 : 0;
	if (dir_len >= sizeof(dir))
		return fail(err, ENAMETOOLONG, "--pid-file");
	(void)snprintf(dir, sizeof(dir), "%.*s", (int)dir_len, l->pid_file);
	FD(dir_fd) = open(dir_len ? dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return fail(err, errno, "--pid-file %s", l->pid_file);
	struct stat st;
	l->pid_name = l->pid_file + dir_len;
	if (fstatat(dir_fd, l->pid_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode) &&
		!S_ISLNK(st.st_mode) && !defence_is_off("pid-file")) {
		(void)fail(err, EEXIST, "--pid-file %s", l->pid_file);
		return error_hint(err, "what is there is no regular file");
	}
	l->pid_dir = take_fd(&dir_fd);
	return 0;
}

static int open_pidfd_socket(struct launch *l, struct error *err)
{
	if (!l->pidfd_socket || l->pidfd_sock >= 0)
		return 0;
	l->pidfd_sock = connect_unix(l->pidfd_socket, SOCK_STREAM, err);
	return l->pidfd_sock < 0 ? error_prefix(err, "--pidfd-socket") : 0;
}

static int write_pid_file(const struct launch *l, struct error *err)
{
	char text[16];
	if (!l->pid_file)
		return 0;
	int len = snprintf(text, sizeof(text), "%d", (int)l->pid);
	if (replace_file_at(l->pid_dir, l->pid_name, text, (size_t)len, 0644, err) < 0)
		return error_prefix(err, "--pid-file %s", l->pid_file);
	return 0;
}

static int send_pidfd(struct launch *l, struct error *err)
{
	const char *id = l->plan->options.id;
	FD(sock) = take_fd(&l->pidfd_sock);
	if (l->pidfd_socket && send_with_fd(sock, id, strlen(id), l->pidfd) < 0)
		return fail(err, errno, "--pidfd-socket: send the pidfd");
	return 0;
}

/* Whose number and descriptor the caller wants: the process's own, which exec's first child is not. */
static int publish(struct launch *l, struct error *err)
{
	return write_pid_file(l, err) < 0 || send_pidfd(l, err) < 0 ? -1 : 0;
}

/* The process of exec was born: nothing is left that it would have to wait for. */
static int hear_born(struct launch *l, int fd, int32_t value, struct error *err)
{
	return adopt(l, fd, value, err) < 0 || publish(l, err) < 0 ? -1 : 0;
}

static bool is_born_last(const struct launch *l)
{
	return l->plan->target >= 0 && (l->plan->needs & NEED_SECOND_CLONE);
}

/* Everything that must be in place before init goes on. */
static int get_ready(struct launch *l, struct error *err)
{
	struct oci_record *record = &l->container->record;
	if (l->delegate > 0 && cgroup_enter_delegate(l->cgroup, l->delegate, l->pid, err) < 0)
		return error_at(err, ".annotations[\"run.oci.delegate-cgroup\"]");
	if ((l->meanwhile && l->meanwhile(l->data, err) < 0) || join_rdt(l, err) < 0 ||
		(l->relay && relay_prepare(l->relay, err) < 0))
		return -1;
	/* what must be undone has to be on record, and who asks from here on finds it created */
	if (record->intel_rdt_group || record->creating.value)
		l->recorded = false;
	record->creating = (struct oci_bool){ false, false };
	return write_record(l, err) < 0 || (!is_born_last(l) && publish(l, err) < 0) ? -1 : 0;
}

static int answer_ready(struct launch *l, int fd, int32_t value, struct error *err)
{
	(void)fd;
	(void)value;
	if (sets_limits(l) && process_set_rlimits(&l->plan->process, l->pid, err) < 0)
		return -1;
	return get_ready(l, err);
}

/* What is asked, and by whose plan: a process that is traced in the container may ask for anything. */
static const struct {
	enum message_kind question;
	unsigned need; /* enum need */
	int (*answer)(struct launch *, int fd, int32_t value, struct error *err);
} answers[] = {
	{ ASK_MAP_IDS, NEED_USER_NS, answer_map_ids },
	{ ASK_ADOPT, NEED_SECOND_CLONE, answer_adopt },
	{ ASK_HOOKS, NEED_PARENT_HOOKS, answer_hooks },
	{ ASK_CONSOLE, NEED_CONSOLE, answer_console },
	{ ASK_NETWORK, NEED_NETWORK, answer_network },
	{ ASK_NOTIFY, NEED_LISTENER, answer_notify },
	{ ASK_READY, NEED_ALWAYS, answer_ready },
	{ TELL_BORN, NEED_SECOND_CLONE, hear_born },
};

/* Killed for want of memory, as the cgroup tells; or by somebody. */
static int hint_killed(struct launch *l, struct error *err)
{
	struct cgroup_stats stats;
	bool known = l->cgroup >= 0 && cgroup_stats_read(l->arena, l->cgroup, &stats, NULL) == 0 &&
		     stats.memory.oom_kill.set;
	if (!known)
		return error_hint(err, "a memory limit that is too small to start in does this");
	if (stats.memory.oom_kill.value == 0)
		return error_hint(err, "not for want of memory: somebody sent the signal");
	(void)fail_at(err, 0, ".linux.resources.memory.limit",
		"%llu bytes are too few to start in: the kernel killed init",
		(unsigned long long)stats.memory.limit.value);
	return error_hint(err, "raise it; the most in use was %llu bytes, a few MiB will do",
		(unsigned long long)stats.memory.peak.value);
}

static int fail_dead(struct launch *l, struct error *err)
{
	siginfo_t info = { .si_pid = 0 };
	(void)waitid(P_PIDFD, (id_t)l->pidfd, &info, WEXITED | WNOWAIT | __WALL);
	if (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED) {
		(void)fail(err, 0, "%s was killed by signal %d before it was ready",
			l->plan->target < 0 ? "init" : "the process", info.si_status);
		return info.si_status == SIGKILL ? hint_killed(l, err) : -1;
	}
	return fail(err, 0, "%s ended with status %d before it was ready", l->plan->target < 0 ? "init" : "the process",
		info.si_status);
}

static bool is_dead(const struct launch *l)
{
	siginfo_t info = { .si_pid = 0 };
	return waitid(P_PIDFD, (id_t)l->pidfd, &info, WEXITED | WNOWAIT | WNOHANG | __WALL) == 0 && info.si_pid;
}

/* What was to be done for init, or told to it, fails where that is dead: it has closed its socket a moment before. */
static int blame_death(struct launch *l, struct error *err)
{
	enum { MOMENT_MS = 1000 };
	struct pollfd end = { .fd = l->pidfd, .events = POLLIN };
	bool closed = err->errnum == EPIPE || err->errnum == ECONNRESET;
	bool absent = err->errnum == ESRCH || err->errnum == ENOENT;
	if ((!closed && !absent) || poll(&end, 1, closed ? MOMENT_MS : 0) <= 0)
		return -1;
	error_clear(err);
	return fail_dead(l, err);
}

static bool may_ask(const struct launch *l, unsigned need)
{
	return need == NEED_ALWAYS || (l->plan->needs & need) || defence_is_off("questions");
}

static int answer_one(struct launch *l, const struct message *message, int fd, struct error *err)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answers[i].question != message->kind || !may_ask(l, answers[i].need))
			continue;
		if (answers[i].answer(l, fd, message->value, err) < 0) {
			(void)blame_death(l, err); /* before it can die of what it is told */
			sync_send_error(l->sync, err);
			return -1;
		}
		if (message->kind == TELL_BORN || sync_send(l->sync, ANSWER, l->pid, -1) == 0)
			return 0;
		(void)fail(err, errno, "answer init");
		return blame_death(l, err);
	}
	return fail(err, 0, "init sent an unexpected message %u", message->kind);
}

/* Where init has nothing to ask before it is ready, it is answered in advance, so that it need not wait: what is to be
 * done here is done while init is at work. */
static int grant_in_advance(struct launch *l, struct error *err)
{
	const unsigned questions = l->plan->target >= 0 ?
					   NEED_CONSOLE :
					   NEED_USER_NS | NEED_SECOND_CLONE | NEED_PARENT_HOOKS | NEED_CREATE_HOOKS |
						   NEED_CONSOLE | NEED_LISTENER | NEED_NETWORK;
	if ((l->plan->needs & questions) || sets_limits(l))
		return 0;
	if (get_ready(l, err) < 0)
		return -1;
	l->granted = true;
	/* who is not born yet sees it; who is dead will be noticed */
	if (!l->shared && sync_send(l->sync, ANSWER, l->pid, -1) < 0 && errno != EPIPE)
		return fail(err, errno, "answer init");
	return 0;
}

/* exec's first child lives for a moment, asks nothing, and is out of the container's reach: then it need not have
 * memory of its own, which is most of what it costs. Its own child has. A time namespace is not joined in shared memory
 * (time_namespaces(7)). */
static bool can_share_memory(const struct launch *l)
{
	const struct plan *plan = l->plan;
	return is_born_last(l) && clone_sharing_works() && !l->attach && !(plan->needs & NEED_CONSOLE) &&
	       !plan->rdt.set && !sets_limits(l) && !(plan->target_namespaces & CLONE_NEWTIME) && !l->may_wait &&
	       !log_wants(LOG_LEVEL_DEBUG);
}

/* The last that is heard of it before it executes, unless it fails. */
static enum message_kind last_message(const struct launch *l)
{
	if (l->plan->target < 0)
		return ASK_READY;
	return l->plan->needs & NEED_LISTENER ? ASK_NOTIFY : is_born_last(l) ? TELL_BORN : ASK_READY;
}

/* False if the process is dead and nothing came: then somebody else in the container holds its socket. */
static bool wait_for_message(const struct launch *l)
{
	struct pollfd fds[] = { { .fd = l->sync, .events = POLLIN }, { .fd = l->pidfd, .events = POLLIN } };
	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return fds[0].revents || poll(fds, 1, 0) > 0;
}

/* 1; 0 if init has ended. */
static int next_message(struct launch *l, struct message *ret_message, int *ret_fd, struct error *err)
{
	if (interrupt_wait(l->interrupt, l->sync, err) < 0)
		return -1;
	return wait_for_message(l) ? sync_receive(l->sync, ret_message, ret_fd, err) : 0;
}

static int converse(struct launch *l, struct error *err)
{
	const enum message_kind last = last_message(l);
	for (;;) {
		struct message message;
		FD(fd) = -1;
		int status = next_message(l, &message, &fd, err);
		if (status < 0)
			return blame_death(l, err);
		if (status == 0)
			return fail_dead(l, err);
		if (message.kind == TELL_ERROR) {
			*err = message.error;
			return -1;
		}
		bool granted = message.kind == ASK_READY && l->granted;
		if (!granted && answer_one(l, &message, fd, err) < 0)
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
	/* what is to be told to whom, before there is somebody who runs something: a caller who hears of an error may
	 * try again */
	if (open_pid_file(l, err) < 0 || open_pidfd_socket(l, err) < 0)
		return -1;
	if (sync_pair(pair, err) < 0)
		return -1;
	FD(child_end) = pair[1];
	l->sync = pair[0];
	l->shared = can_share_memory(l);
	if ((l->shared && grant_in_advance(l, err) < 0) || fork_scored(l, pair, err) < 0) {
		close_fd(&l->sync);
		return -1;
	}
	close_fd(&child_end);
	launch_mark(l, "clone init");
	int status = l->shared ? 0 : grant_in_advance(l, err);
	if (status < 0 && is_dead(l)) /* which is why it cannot be prepared */
		(void)fail_dead(l, err);
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
	int status = next_message(l, &message, &fd, err);
	reap_first(l);
	if (status == 0)
		return 0;
	if (status > 0 && message.kind == TELL_ERROR)
		*err = message.error;
	else if (status > 0)
		(void)fail(err, 0, "init sent an unexpected message %u", message.kind);
	launch_kill(l);
	return -1;
}

static void kill_and_reap(int pidfd)
{
	(void)sys_pidfd_send_signal(pidfd, SIGKILL); /* it may be gone already */
	(void)proc_reap(pidfd, NULL);
}

/* exec's first child is dead: whether its own was born before, of which it has told us then. */
static bool was_born(struct launch *l)
{
	struct message message = { .kind = 0 };
	struct pollfd readable = { .fd = l->sync, .events = POLLIN };
	while (is_born_last(l) && l->first < 0 && l->sync >= 0 && poll(&readable, 1, 0) > 0) {
		FD(fd) = -1;
		if (sync_receive(l->sync, &message, &fd, NULL) <= 0)
			return false;
		if (message.kind == TELL_BORN)
			return adopt(l, fd, message.value, NULL) == 0;
	}
	return false;
}

void launch_kill(struct launch *l)
{
	reap_first(l);
	if (l->pidfd < 0)
		return;
	kill_and_reap(l->pidfd);
	if (was_born(l))
		kill_and_reap(l->pidfd);
	close_fd(&l->first);
	close_fd(&l->pidfd);
}

void launch_close(struct launch *l)
{
	int *const fds[] = { &l->pidfd, &l->sync, &l->console, &l->cgroup, &l->delegate, &l->listen, &l->oom_score,
		&l->pid_dir, &l->pidfd_sock };
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close_fd(fds[i]);
}
