#include "launch/answers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/proc.h"
#include "cgroups/delegate.h"
#include "cgroups/resctrl.h"
#include "cgroups/stats.h"
#include "namespaces/net.h"
#include "oci/state.h"
#include "process/idmap.h"
#include "process/process.h"
#include "process/terminal.h"
#include "run/network.h"
#include "run/notify.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

bool launch_is_born_last(const struct launch *l)
{
	return l->plan->target >= 0 && (l->plan->needs & NEED_SECOND_CLONE);
}

bool launch_sets_limits(const struct launch *l)
{
	return (l->plan->needs & NEED_USER_NS) && l->plan->process.rlimits.len;
}

int launch_attach(struct launch *l, struct error *err)
{
	char text[16];
	if (l->attach)
		return l->attach(l->data, l->pid, err);
	(void)snprintf(text, sizeof(text), "%d", (int)l->pid);
	return write_file_at(l->cgroup, "cgroup.procs", text, err);
}

/* Init becomes undumpable when its ids change, and its files in procfs root's: the maps are written before. */
static int answer_map_ids(struct launch *l, struct error *err)
{
	FD(proc) = proc_open(l->pid, err);
	return proc < 0 ? -1 : idmap_write(l->arena, l->pid, proc, l->plan->linux, l->plan->own_caps, err);
}

static bool is_our_child(idtype_t type, int id)
{
	siginfo_t info;
	return waitid(type, (id_t)id, &info, WEXITED | WNOWAIT | WNOHANG | __WALL) == 0;
}

int launch_adopt(struct launch *l, int pidfd, pid_t pid, struct error *err)
{
	bool foreign = pidfd < 0 || pid <= 0 || !is_our_child(P_PIDFD, pidfd) || !is_our_child(P_PID, pid);
	if (l->first >= 0 || (foreign && !defence_is_off("questions")))
		return fail(err, EPROTO, "adopt init");
	l->first = take_fd(&l->pidfd);
	l->pidfd = fcntl(pidfd, F_DUPFD_CLOEXEC, 3);
	l->pid = pid;
	return l->pidfd < 0 ? fail(err, errno, "keep the pidfd of init") : 0;
}

static int answer_adopt(struct launch *l, struct error *err)
{
	if (launch_adopt(l, l->asked_fd, l->asked_value, err) < 0)
		return -1;
	launch_reap_first(l);
	if (!l->late)
		return 0;
	if ((l->cgroup >= 0 && launch_attach(l, err) < 0) || process_raise_rlimits(&l->plan->process, l->pid, err) < 0)
		return -1;
	return publish(l, err);
}

/* Init is known for good by now: before hooks, which may ask for it, or when it is ready. */
static int write_record(struct launch *l, bool creating, struct error *err)
{
	struct oci_record *record = &l->container->record;
	uint64_t start;
	if (l->plan->target >= 0)
		return 0;
	if (proc_start_time(l->pid, &start, NULL, err) < 0)
		return -1;
	record->pid = (struct oci_int){ true, l->pid };
	record->pid_start = (struct oci_uint){ true, start };
	record->creating = (struct oci_bool){ true, creating };
	return oci_record_write(l->arena, l->container->dir, record, err);
}

static int move_net_devices(struct launch *l, struct error *err)
{
	const struct oci_linux *config = l->plan->linux;
	if (!config->net_devices.len)
		return 0;
	FD(proc) = proc_open(l->pid, err);
	FD(netns) = proc < 0 ? -1 : openat(proc, "ns/net", O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return fail_at_hint(err, errno, ".linux.netDevices",
			errno == EACCES ? "devices of the host are root's to move" : NULL,
			"open the network namespace of init");
	return net_devices_move(config->net_devices.items, config->net_devices.len, netns, err);
}

static int answer_hooks(struct launch *l, struct error *err)
{
	static const struct oci_hooks none;
	const struct oci_hooks *hooks = l->plan->config->hooks ? l->plan->config->hooks : &none;
	size_t len;
	if (move_net_devices(l, err) < 0)
		return -1;
	if (!hooks->prestart.len && !hooks->create_runtime.len)
		return 0;
	if (write_record(l, true, err) < 0)
		return -1;
	struct oci_state state = container_state(l->container, STATUS_CREATING);
	char *text = oci_state_json(l->arena, &state, false, &len);
	if (hooks_run(&hooks->prestart, ".hooks.prestart", text, len, &l->hook_output, err) < 0)
		return -1;
	return hooks_run(&hooks->create_runtime, ".hooks.createRuntime", text, len, &l->hook_output, err);
}

static int answer_console(struct launch *l, struct error *err)
{
	if (l->console_socket && !launch_is_born_last(l)) /* else when the process is born: publish() */
		return terminal_send(l->console_socket, l->asked_fd, err);
	l->console = fcntl(l->asked_fd, F_DUPFD_CLOEXEC, 3);
	if (l->console < 0)
		return fail(err, errno, "keep the console");
	/* before the program runs; the relay follows changes of the size */
	terminal_copy_size(l->console);
	if (!isatty(STDOUT_FILENO))
		terminal_bare_newlines(l->console);
	return 0;
}

static int answer_notify(struct launch *l, struct error *err)
{
	const struct oci_seccomp *seccomp = l->plan->linux->seccomp;
	size_t len;
	bool is_init = l->plan->target < 0;
	if (is_init)
		l->container->record.pid = (struct oci_int){ true, l->pid };
	struct oci_state state = container_state(l->container, is_init ? STATUS_CREATING : STATUS_RUNNING);
	char *text = oci_process_state_json(l->arena, &state, l->pid, seccomp->listener_metadata, &len);
	return notify_seccomp_agent(seccomp->listener_path, l->asked_fd, text, len, err);
}

static int answer_network(struct launch *l, struct error *err)
{
	return network_start(l->plan->options.network, l->asked_fd, l->pidfd, err);
}

static int join_rdt(struct launch *l, struct error *err)
{
	const struct rdt_plan *rdt = &l->plan->rdt;
	struct rdt_made made = { .group = false };
	if (!rdt->set)
		return 0;
	FD(root) = rdt_open(err);
	if (root >= 0 && l->plan->target >= 0)
		return rdt_join(rdt, root, l->pid, err);
	if (root < 0 || rdt_create(rdt, root, l->pid, &made, err) < 0)
		return error_at(err, ".linux.intelRdt");
	if (made.group)
		l->container->record.intel_rdt_group = rdt->group;
	return 0;
}

/* Does everything that must be in place before init goes on. The record comes near the end: it names what has to be
 * undone, and a container without `creating` is a created one. */
static int answer_ready(struct launch *l, struct error *err)
{
	bool raises = l->late ? !launch_is_born_last(l) : launch_sets_limits(l) && (l->plan->needs & NEED_LATE_LIMITS);
	if (raises && process_raise_rlimits(&l->plan->process, l->pid, err) < 0)
		return -1;
	if (launch_sets_limits(l) && !l->late && !raises && process_set_rlimits(&l->plan->process, l->pid, err) < 0)
		return -1;
	if (l->delegate > 0 && cgroup_enter_delegate(l->cgroup, l->delegate, l->pid, err) < 0)
		return error_at(err, ".annotations[\"run.oci.delegate-cgroup\"]");
	if ((l->meanwhile && l->meanwhile(l->data, err) < 0) || join_rdt(l, err) < 0 ||
		(l->relay && relay_prepare(l->relay, err) < 0) || write_record(l, false, err) < 0)
		return -1;
	return launch_is_born_last(l) ? 0 : publish(l, err);
}

/* The process of exec is born, and waits for nothing. */
static int hear_born(struct launch *l, struct error *err)
{
	return launch_adopt(l, l->asked_fd, l->asked_value, err) < 0 ? -1 : publish(l, err);
}

/* A process that is traced in the container may ask for anything: it is answered only if the plan needs the answer. */
static const struct {
	enum message_kind question;
	unsigned need;          /* enum need */
	const char *descriptor; /* that comes with the question; NULL for none */
	int (*answer)(struct launch *, struct error *err);
} answers[] = {
	{ ASK_MAP_IDS, NEED_USER_NS, NULL, answer_map_ids },
	{ ASK_ADOPT, NEED_SECOND_CLONE, "the pidfd of init", answer_adopt },
	{ ASK_HOOKS, NEED_PARENT_HOOKS, NULL, answer_hooks },
	{ ASK_CONSOLE, NEED_CONSOLE, "the console", answer_console },
	{ ASK_NETWORK, NEED_NETWORK, "the network namespace", answer_network },
	{ ASK_NOTIFY, NEED_LISTENER, "the seccomp listener", answer_notify },
	{ ASK_READY, NEED_ALWAYS, NULL, answer_ready },
	{ TELL_BORN, NEED_SECOND_CLONE, "the pidfd of the process", hear_born },
};

/* Why init was killed, as a hint: for want of memory, which the cgroup tells, or by another process. */
static int hint_killed(struct launch *l, struct error *err)
{
	struct cgroup_stats stats;
	if (l->cgroup < 0 || cgroup_stats_read(l->arena, l->cgroup, &stats, NULL) < 0 || !stats.memory.oom_kill.set)
		return error_hint(err, "a memory limit that is too small to start in does this");
	if (stats.memory.oom_kill.value == 0)
		return error_hint(err, "not for want of memory: somebody sent the signal");
	(void)fail_at(err, 0, ".linux.resources.memory.limit",
		"%llu bytes are too few to start in: the kernel killed init",
		(unsigned long long)stats.memory.limit.value);
	return error_hint(err, "raise it; the most in use was %llu bytes, a few MiB will do",
		(unsigned long long)stats.memory.peak.value);
}

int launch_fail_dead(struct launch *l, struct error *err)
{
	const char *name = l->plan->target < 0 ? "init" : "the process";
	siginfo_t info = { .si_pid = 0 };
	(void)waitid(P_PIDFD, (id_t)l->pidfd, &info, WEXITED | WNOWAIT | __WALL);
	if (info.si_code != CLD_KILLED && info.si_code != CLD_DUMPED)
		return fail(err, 0, "%s ended with status %d before it was ready", name, info.si_status);
	(void)fail(err, 0, "%s was killed by signal %d before it was ready", name, info.si_status);
	return info.si_status == SIGKILL ? hint_killed(l, err) : -1;
}

int launch_blame(struct launch *l, struct error *err)
{
	enum { MOMENT_MS = 1000 };
	struct pollfd end = { .fd = l->pidfd, .events = POLLIN };
	bool closed =
		err->errnum == EPIPE || err->errnum == ECONNRESET; /* its socket is closed a moment before its end */
	bool absent = err->errnum == ESRCH || err->errnum == ENOENT;
	if ((!closed && !absent) || poll(&end, 1, closed ? MOMENT_MS : 0) <= 0)
		return -1;
	error_clear(err);
	return launch_fail_dead(l, err);
}

static bool may_ask(const struct launch *l, unsigned need)
{
	return need == NEED_ALWAYS || (l->plan->needs & need) || defence_is_off("questions");
}

int answers_give(struct launch *l, const struct message *message, struct error *err)
{
	size_t i = 0;
	const size_t len = sizeof(answers) / sizeof(answers[0]);
	while (i < len && (answers[i].question != message->kind || !may_ask(l, answers[i].need)))
		i++;
	if (i == len)
		return fail(err, 0, "init sent an unexpected message %u", message->kind);
	l->asked_value = message->value;
	if ((answers[i].descriptor && l->asked_fd < 0 ? fail(err, EPROTO, "receive %s", answers[i].descriptor) :
							answers[i].answer(l, err)) < 0) {
		(void)launch_blame(l, err); /* now, because init may die of what it is told */
		sync_send_error(l->sync, err);
		return -1;
	}
	if (message->kind == TELL_BORN || sync_send(l->sync, ANSWER, l->pid, -1) == 0)
		return 0;
	(void)fail(err, errno, "answer init");
	return launch_blame(l, err);
}

int answers_in_advance(struct launch *l, struct error *err)
{
	const unsigned questions = l->plan->target >= 0 ?
					   NEED_CONSOLE :
					   NEED_USER_NS | NEED_SECOND_CLONE | NEED_PARENT_HOOKS | NEED_CREATE_HOOKS |
						   NEED_CONSOLE | NEED_LISTENER | NEED_NETWORK;
	if ((l->plan->needs & questions) || launch_sets_limits(l))
		return 0;
	if (answer_ready(l, err) < 0)
		return -1;
	l->granted = true;
	/* a child that shares our memory sees `granted`; that a child is dead is noticed later */
	if (!l->shared && sync_send(l->sync, ANSWER, l->pid, -1) < 0 && errno != EPIPE)
		return fail(err, errno, "answer init");
	return 0;
}
