#include "launch/init.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "launch/payload.h"
#include "launch/start.h"
#include "launch/sync.h"
#include "namespaces/anchor.h"
#include "namespaces/net.h"
#include "namespaces/paths.h"
#include "namespaces/rootfs.h"
#include "namespaces/sysctl.h"
#include "process/executable.h"
#include "process/streams.h"
#include "process/terminal.h"
#include "run/hooks.h"
#include "run/interrupt.h"
#include "run/timing.h"

extern char **environ;

/* A step that is one call. */
#define STEP(name, call)                                      \
	static int name(struct init *init, struct error *err) \
	{                                                     \
		(void)init;                                   \
		return call;                                  \
	}

/* Ours alone: no key and no terminal of the caller is reachable (CVE-2017-5226). */
STEP(lead_session, !defence_is_off("session") && setsid() < 0 ? fail(err, errno, "setsid") : 0)

/* What the caller left to us is not the program's: signals ignored or blocked, a umask; nor is his environment to be
 * read in our memory by who may trace us. */
static int begin(struct init *init, struct error *err)
{
	(void)err;
	for (char **variable = environ; *variable && !defence_is_off("environment"); variable++)
		explicit_bzero(*variable, strlen(*variable));
	/* they are blocked until then: none is lost */
	uint64_t handled = init->plan->target < 0 ? interrupt_ends_us() : 0;
	proc_reset_signals(init->ignored_signals & ~handled);
	init->umask = umask(0); /* modes are what the configuration says */
	return 0;
}

static int open_procfs(struct init *init, struct error *err)
{
	init->proc = procfs_open(err);
	return init->proc < 0 ? error_prefix(err, "a procfs of our own") : 0;
}

static int open_time_offsets(struct init *init, struct error *err)
{
	init->time_offsets = ns_open_time_offsets(err);
	return init->time_offsets < 0 ? -1 : 0;
}

STEP(join_namespaces, ns_join(&init->plan->ns, err))

/* Root of the user namespace, where it has one; CVE-2020-5291: where it has none, the later drop to the process's own
 * ids happens all the same. */
static int become_root(struct init *init, struct error *err)
{
	/* where there is no 0, the process's own ids are what files can be made with */
	gid_t gid = init->plan->process.gid;
	uid_t uid = init->plan->process.uid;
	if (setresgid(0, 0, 0) < 0 && (errno != EINVAL || setresgid(gid, gid, gid) < 0) && errno != EINVAL)
		return fail(err, errno, "become group 0 of the user namespace");
	if (setresuid(0, 0, 0) < 0 && (errno != EINVAL || setresuid(uid, uid, uid) < 0) && errno != EINVAL)
		return fail(err, errno, "become user 0 of the user namespace");
	/* a change of ids makes a process dumpable again or not by fs.suid_dumpable: say it */
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? fail(err, errno, "PR_SET_DUMPABLE") : 0;
}

/* All of them at once, those of the user namespace's with the rights that the host gives: setns(2) with a pidfd. The
 * pid namespace is entered by birth. */
static int enter_container(struct init *init, struct error *err)
{
	struct plan *plan = init->plan;
	if (plan->target_namespaces && setns(plan->target, (int)plan->target_namespaces) < 0)
		return errno == ESRCH ? fail(err, 0, "container %s: container not running", plan->options.id) :
					fail(err, errno, "join the namespaces of container %s", plan->options.id);
	if (plan->needs & NEED_USER_NS && become_root(init, err) < 0)
		return -1;
	if (plan->needs & NEED_CHROOT)
		return 0;
	plan->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return plan->root < 0 ? fail(err, errno, "open the container's root") : 0;
}

static int enter_user_namespace(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;
	if (plan->ns.new_user && !(plan->ns.clone_flags & CLONE_NEWUSER) && unshare(CLONE_NEWUSER) < 0)
		return fail(err, errno, "unshare the user namespace");
	if (plan->ns.new_user && sync_ask(init->sync, ASK_MAP_IDS, 0, -1, err) < 0)
		return -1;
	return become_root(init, err);
}

STEP(unshare_namespaces, ns_unshare(&init->plan->ns, err))

static int set_time_offsets(struct init *init, struct error *err)
{
	FD(offsets) = take_fd(&init->time_offsets);
	return ns_set_time_offsets(offsets, init->plan->linux->time_offsets, err);
}

static pid_t clone_sibling(const struct plan *plan, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = plan->ns.second_flags | CLONE_PARENT | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
	};
	pid_t pid = sys_clone3(&args);
	/* filters know the older call, whose flags they can read: an outer container's, or the container's own */
	bool filtered = errno == ENOSYS || (errno == EPERM && plan->needs & NEED_UNBORN_SECCOMP);
	if (pid < 0 && filtered)
		return (pid_t)syscall(SYS_clone, (unsigned long)args.flags, 0, ret_pidfd, 0, 0);
	return pid;
}

static int fail_birth(const struct plan *plan, struct error *err)
{
	int errnum = errno;
	if (plan->target >= 0 && errnum == ENOMEM) /* pid_namespaces(7): its init has ended */
		return fail(err, 0, "container %s: container not running", plan->options.id);
	(void)fail(err, errnum, "clone into the namespaces");
	if (plan->needs & NEED_UNBORN_SECCOMP)
		return error_hint(err, "the container's seccomp filter must allow clone, or the process have "
				       "noNewPrivileges");
	return ns_hint_limit(err);
}

/* The first child ends here; init goes on in the second one, a child of the parent like the first. */
static int be_born(struct init *init, enum message_kind message, struct error *err)
{
	int pidfd = -1;
	pid_t pid = clone_sibling(init->plan, &pidfd);
	if (pid < 0)
		return fail_birth(init->plan, err);
	if (pid > 0) {
		int status = sync_send(init->sync, message, pid, pidfd);
		if (status < 0)
			(void)sys_pidfd_send_signal(pidfd, SIGKILL);
		_exit(status < 0);
	}
	return 0;
}

STEP(clone_last, be_born(init, TELL_BORN, err))

static int clone_again(struct init *init, struct error *err)
{
	if (be_born(init, ASK_ADOPT, err) < 0)
		return -1;
	struct message answer;
	FD(unexpected) = -1;
	if (sync_receive(init->sync, &answer, &unexpected, err) <= 0 || answer.kind != ANSWER)
		_exit(1); /* nobody is left to hear why */
	return 0;
}

/* Names of the host's, as the configuration has them: nobody else is in these namespaces yet. */
STEP(open_mounts, plan_open_mounts(init->arena, init->plan, err))
STEP(attach_rootfs, rootfs_attach(init->plan->root, init->plan->rootfs, err))

/* The container's root and the mounts in it. */
static struct anchors anchors(const struct init *init)
{
	const struct plan *plan = init->plan;
	return (struct anchors){ .root = plan->root, .mounts = plan->mounts, .count = plan->mount_count };
}

static int perform_mounts(struct init *init, struct error *err)
{
	struct plan *plan = init->plan;
	/* hooks begin where the runtime was called; mounting moves the working directory */
	bool hooks_follow = plan->needs & NEED_CREATE_HOOKS;
	FD(cwd) = hooks_follow ? open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	struct anchors made = { .root = plan->root, .mounts = plan->mounts };
	for (; made.count < plan->mount_count; made.count++)
		if (mount_perform(&made, &plan->mounts[made.count], &init->batch, err) < 0)
			return -1;
	if (hooks_follow && fchdir(cwd) < 0)
		return fail(err, errno, "return to the bundle");
	return 0;
}

static int make_devices(struct init *init, struct error *err)
{
	struct anchors made = anchors(init);
	return devices_make(&made, init->plan->devices, init->plan->device_count, err);
}

static int take_console(struct init *init, struct error *err)
{
	FD(peer) = take_fd(&init->peer);
	return terminal_take(peer, err);
}

static int open_console(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;
	struct anchors made = anchors(init);
	FD(master) = terminal_open(&made, plan->config->process->console_size, plan->process.uid, &init->peer, err);
	if (master < 0 || terminal_bind_console(&made, init->peer, err) < 0)
		return error_at(err, ".process.terminal");
	if (sync_ask(init->sync, ASK_CONSOLE, 0, master, err) < 0)
		return -1;
	return take_console(init, err);
}

/* exec's terminal is no /dev/console; it is taken by the process that leads the session. */
static int offer_console(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;
	struct anchors made = anchors(init);
	FD(master) = terminal_open(&made, plan->config->process->console_size, plan->process.uid, &init->peer, err);
	if (master < 0)
		return error_at(err, ".process.terminal");
	return sync_ask(init->sync, ASK_CONSOLE, 0, master, err) < 0 ? -1 : 0;
}

STEP(raise_loopback, net_loopback_up(err))

/* Our own, by the procfs that we still see: no other process could look at us. */
static int ask_for_network(struct init *init, struct error *err)
{
	FD(netns) = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return fail(err, errno, "open the network namespace");
	return sync_ask(init->sync, ASK_NETWORK, 0, netns, err) < 0 ? -1 : 0;
}

static int set_hostname(struct init *init, struct error *err)
{
	const struct oci_config *c = init->plan->config;
	if (c->hostname && *c->hostname && sethostname(c->hostname, strlen(c->hostname)) < 0)
		return fail_at(err, errno, ".hostname", "set the host name");
	if (c->domainname && *c->domainname && setdomainname(c->domainname, strlen(c->domainname)) < 0)
		return fail_at(err, errno, ".domainname", "set the domain name");
	return 0;
}

STEP(ask_for_hooks, sync_ask(init->sync, ASK_HOOKS, 0, -1, err))
STEP(write_sysctl, sysctl_write(init->proc, &init->plan->linux->sysctl, err))

/* runtime.md "State": to hooks in the container's namespaces the pid is that which the container sees. */
static int run_hooks(
	struct init *init, const oci_hook_list *hooks, const char *where, enum status status, struct error *err)
{
	size_t len;
	init->container->record.pid = (struct oci_int){ true, getpid() };
	struct oci_state state = container_state(init->container, status);
	char *text = oci_state_json(init->arena, &state, false, &len);
	struct hooks_options options = *init->hook_output;
	options.interrupt = -1; /* they end with us */
	/* Where init loads its filter after its hooks, each hook loads it too: every process has it. */
	bool unfiltered = status == STATUS_CREATED && init->plan->needs & NEED_LATE_SECCOMP;
	options.filter = unfiltered && !defence_is_off("hook-filter") ? &init->plan->seccomp : NULL;
	return hooks_run(hooks, where, text, len, &options, err);
}

static int run_create_hooks(struct init *init, struct error *err)
{
	(void)umask(init->umask);
	int status = run_hooks(
		init, &init->plan->config->hooks->create_container, ".hooks.createContainer", STATUS_CREATING, err);
	(void)umask(0);
	return status;
}

static int mask_paths(struct init *init, struct error *err)
{
	struct anchors made = anchors(init);
	return paths_mask(&made, &init->plan->linux->masked_paths, init->plan->null, &init->batch, err);
}

static int make_paths_readonly(struct init *init, struct error *err)
{
	struct anchors made = anchors(init);
	return paths_make_readonly(&made, &init->plan->linux->readonly_paths, &init->batch, err);
}

STEP(pivot, init->plan->options.no_pivot ? rootfs_move(init->arena, init->plan->root, err) :
					   rootfs_pivot(init->plan->root, err))

static int change_root(struct init *init, struct error *err)
{
	if (fchdir(init->plan->root) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return fail_at(err, errno, ".root.path", "chroot");
	return 0;
}

/* The directory is made if it is missing, as all runtimes do; never reached by a magic link (CVE-2024-21626). */
static int enter_working_directory(struct init *init, struct error *err)
{
	const char *cwd = init->plan->config->process->cwd;
	if (str_eq(cwd, "/")) /* where pivoting left us */
		return 0;
	struct anchors made = anchors(init);
	FD(dir) = anchor_make(&made, cwd, PATH_DIRECTORY, 0755, err);
	if (dir < 0)
		return error_at(err, ".process.cwd");
	if (fchdir(dir) < 0)
		return fail_at(err, errno, ".process.cwd", "enter %s", cwd);
	return 0;
}

/* exec makes none: the container is its owner's. */
static int enter_existing_directory(struct init *init, struct error *err)
{
	const char *cwd = init->plan->config->process->cwd;
	if (str_eq(cwd, "/"))
		return 0;
	FD(dir) = path_open(init->plan->root, cwd, O_PATH | O_DIRECTORY, err);
	if (dir < 0)
		return error_at(err, ".process.cwd");
	if (fchdir(dir) < 0)
		return fail_at(err, errno, ".process.cwd", "enter %s", cwd);
	return 0;
}

static int finish_rootfs(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;
	for (size_t i = 0; i < plan->mount_count; i++)
		if (mount_finish(&plan->mounts[i], err) < 0)
			return -1;
	return rootfs_finish(plan->root, plan->readonly, plan->propagation, err);
}

STEP(take_streams, streams_take(init->plan->streams, err))
STEP(find_executable, executable_find(init->arena, init->plan->config->process->args.items[0], init->plan->search_path,
			      &init->executable, &init->search_rest, err))

/* KEYCTL_JOIN_SESSION_KEYRING: keys of the caller's session stay out of the container's reach. Without a name: one of
 * that name may be there already, another user's or another container's, and would be shared with it. */
static int join_keyring(struct init *init, struct error *err)
{
	enum { JOIN_SESSION_KEYRING = 1 };
	if (lsm_set_keys(&init->plan->lsm, init->proc, err) < 0)
		return -1;
	const char *name = defence_is_off("keyring") ? init->plan->options.id : NULL;
	/* a kernel without keys, or a filter of an outer container, has nothing to protect */
	if (syscall(SYS_keyctl, JOIN_SESSION_KEYRING, name) >= 0 || errno == ENOSYS || errno == EPERM)
		return 0;
	(void)fail(err, errno, "make a session keyring");
	return error_hint(err, "use --no-new-keyring");
}

STEP(set_scheduling, process_set_scheduling(&init->plan->process, err))

/* config.md "execCPUAffinity": once the process is in the container's cgroup. */
STEP(set_final_affinity, process_set_affinity(&init->plan->process.cpus_final, 0, err))

static int refuse_new_privileges(struct init *init, struct error *err)
{
	(void)init;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail_at(err, errno, ".process.noNewPrivileges", "PR_SET_NO_NEW_PRIVS");
	return 0;
}

STEP(load_seccomp, seccomp_install(&init->plan->seccomp, &init->listener, err))

static int hand_over_listener(struct init *init, struct error *err)
{
	if (load_seccomp(init, err) < 0)
		return -1;
	int status = sync_ask(init->sync, ASK_NOTIFY, 0, init->listener, err);
	close_fd(&init->listener);
	return status < 0 ? -1 : 0;
}

/* Neither the host's directories nor the other end of somebody's pipe is held by one that waits, perhaps for days; and
 * who is told that it is ready may look. */
static int close_before_wait(struct init *init, struct error *err)
{
	const int keep[] = { init->sync, init->listen, init->proc, init->hook_output->stdout_fd,
		init->hook_output->stderr_fd, log_fd() };
	if (!defence_is_off("leaked") && close_all_but(3 + (int)init->plan->options.preserve_fds, keep, 6) < 0)
		return fail(err, errno, "close descriptors");
	return 0;
}

STEP(report_ready, init->granted ? 0 : sync_ask(init->sync, ASK_READY, 0, -1, err))

STEP(wait_for_start, start_await(&init->sync, &init->listen, err))
STEP(set_label, lsm_set_exec(&init->plan->lsm, init->proc, err))

/* Only 0, 1, 2 and what the caller wants preserved are left, and the socket: a path through /proc/self/fd, were it that
 * of a "#!" line, leads nowhere (CVE-2024-21626). And what the start hooks write to: files, behind which no path goes
 * on. */
static int close_descriptors(struct init *init, struct error *err)
{
	bool hooks = init->plan->needs & NEED_START_HOOKS;
	const int keep[] = { init->sync, init->peer, hooks ? init->hook_output->stdout_fd : -1,
		hooks ? init->hook_output->stderr_fd : -1 };
	if (!init->shares_memory) /* else nothing is logged */
		log_stop();
	if (!defence_is_off("leaked") && close_all_but(3 + (int)init->plan->options.preserve_fds, keep, 4) < 0)
		return fail(err, errno, "close descriptors");
	return 0;
}

STEP(set_limits, process_set_rlimits(&init->plan->process, 0, err))

/* Without no_new_privs a filter is loaded by CAP_SYS_ADMIN alone, which a process of exec then keeps for it. */
static bool keeps_admin(const struct plan *plan)
{
	return plan->target >= 0 && !plan->process.no_new_privs &&
	       (plan->needs & (NEED_UNBORN_SECCOMP | NEED_EARLY_SECCOMP | NEED_LISTENER));
}

STEP(drop_kept_privileges, keeps_admin(init->plan) ? caps_set(&init->plan->caps, err) : 0)

static int drop_privileges(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;
	struct caps_plan caps = plan->caps;
	bool leaves_root = plan->process.uid != 0;
	if (keeps_admin(plan)) {
		caps.permitted |= caps_mask("CAP_SYS_ADMIN");
		caps.effective |= caps_mask("CAP_SYS_ADMIN");
	}
	if (plan->target < 0 || !(plan->needs & NEED_CONSOLE)) /* exec's own until it takes the console */
		process_own_streams(&plan->process);
	if (caps_drop_bounding(&plan->caps, caps_last(), err) < 0 || (leaves_root && caps_keep(true, err) < 0) ||
		process_set_user(&plan->process, plan->keep_groups, err) < 0)
		return -1;
	/* other ids make a process dumpable by fs.suid_dumpable, and its peers are let near once its capabilities are
	 * gone */
	if ((leaves_root || plan->process.gid != 0) && !defence_is_off("dumpable") && prctl(PR_SET_DUMPABLE, 0) < 0)
		return fail(err, errno, "PR_SET_DUMPABLE");
	return caps_set(&caps, err);
}

STEP(run_start_hooks,
	run_hooks(init, &init->plan->config->hooks->start_container, ".hooks.startContainer", STATUS_CREATED, err))

static int execute(struct init *init, struct error *err)
{
	if (init->plan->options.wait)
		(void)sync_send(init->sync, TELL_EXECING, 0, -1); /* its absence is noticed */
	return init->payload->execute(init, err);
}

struct step {
	const char *name;
	unsigned need; /* enum need; NEED_ALWAYS */
	int (*perform)(struct init *, struct error *);
};

static const struct step create_steps[] = {
	{ "begin", NEED_ALWAYS, begin },
	{ "lead a session", NEED_ALWAYS, lead_session },
	{ "open the time offsets", NEED_TIME, open_time_offsets },
	{ "join namespaces", NEED_JOIN, join_namespaces },
	{ "enter the user namespace", NEED_USER_NS, enter_user_namespace },
	{ "unshare namespaces", NEED_UNSHARE, unshare_namespaces },
	{ "set time offsets", NEED_TIME, set_time_offsets },
	{ "clone into the namespaces", NEED_SECOND_CLONE, clone_again },
	{ "lead a session there", NEED_SECOND_CLONE, lead_session },
	{ "open a procfs of our own", NEED_PROC, open_procfs },
	{ "open what is mounted", NEED_OPEN_INSIDE, open_mounts },
	{ "attach the root filesystem", NEED_ROOTFS, attach_rootfs },
	{ "perform mounts", NEED_ROOTFS, perform_mounts },
	{ "make devices", NEED_ROOTFS, make_devices },
	{ "open the console", NEED_CONSOLE, open_console },
	{ "raise the loopback interface", NEED_LOOPBACK, raise_loopback },
	{ "ask for a network", NEED_NETWORK, ask_for_network },
	{ "set the host name", NEED_HOSTNAME, set_hostname },
	{ "ask for the runtime's hooks", NEED_PARENT_HOOKS, ask_for_hooks },
	{ "write kernel parameters", NEED_SYSCTL, write_sysctl },
	{ "run createContainer hooks", NEED_CREATE_HOOKS, run_create_hooks },
	{ "mask paths", NEED_MASKS, mask_paths },
	{ "make paths read-only", NEED_READONLY_PATHS, make_paths_readonly },
	{ "pivot the root", NEED_ROOTFS, pivot },
	{ "change the root", NEED_CHROOT, change_root },
	{ "enter the working directory", NEED_ALWAYS, enter_working_directory },
	{ "finish the root filesystem", NEED_ROOTFS, finish_rootfs },
	{ "take the streams", NEED_ALWAYS, take_streams },
	{ "find the executable", NEED_ALWAYS, find_executable },
	{ "join a session keyring", NEED_KEYRING, join_keyring },
	{ "set scheduling", NEED_SCHEDULING, set_scheduling },
	{ "hand over the seccomp listener", NEED_LISTENER, hand_over_listener },
	{ "close what does not wait", NEED_START, close_before_wait },
	{ "report ready", NEED_ALWAYS, report_ready },
	{ "wait for start", NEED_START, wait_for_start },
	{ "set the label", NEED_LSM, set_label },
	{ "close descriptors", NEED_ALWAYS, close_descriptors },
	{ "set limits", NEED_LIMITS, set_limits },
	{ "load seccomp", NEED_EARLY_SECCOMP, load_seccomp },
	{ "drop privileges", NEED_ALWAYS, drop_privileges },
	{ "refuse new privileges", NEED_NO_NEW_PRIVS, refuse_new_privileges },
	{ "run startContainer hooks", NEED_START_HOOKS, run_start_hooks },
	{ "load seccomp", NEED_LATE_SECCOMP, load_seccomp },
	{ "execute", NEED_ALWAYS, execute },
	{ NULL, NEED_ALWAYS, NULL },
};

/* One more process in a container that exists. Until the second clone it is in none of the container's pid namespace,
 * so that nobody there can reach it: what is born there then has no descriptor and no capability that the container's
 * own have not (CVE-2016-9962). */
static const struct step exec_steps[] = {
	{ "leave the caller's session", NEED_SECOND_CLONE, lead_session },
	{ "begin", NEED_ALWAYS, begin },
	{ "open a procfs of our own", NEED_PROC, open_procfs },
	{ "enter the container", NEED_ALWAYS, enter_container },
	{ "change the root", NEED_CHROOT, change_root },
	{ "open the console", NEED_CONSOLE, offer_console },
	{ "enter the working directory", NEED_ALWAYS, enter_existing_directory },
	{ "take the streams", NEED_ALWAYS, take_streams },
	{ "find the executable", NEED_ALWAYS, find_executable },
	{ "join a session keyring", NEED_KEYRING, join_keyring },
	{ "set the affinity", NEED_ALWAYS, set_final_affinity },
	{ "set scheduling", NEED_SCHEDULING, set_scheduling },
	{ "set the label", NEED_LSM, set_label },
	{ "close descriptors", NEED_ALWAYS, close_descriptors },
	{ "set limits", NEED_LIMITS, set_limits },
	{ "drop privileges", NEED_ALWAYS, drop_privileges },
	{ "report ready", NEED_ALWAYS, report_ready },
	{ "load seccomp", NEED_UNBORN_SECCOMP, load_seccomp },
	{ "drop what that took", NEED_UNBORN_SECCOMP, drop_kept_privileges },
	{ "clone into the namespaces", NEED_SECOND_CLONE, clone_last },
	{ "lead a session", NEED_ALWAYS, lead_session },
	{ "take the console", NEED_CONSOLE, take_console },
	{ "refuse new privileges", NEED_NO_NEW_PRIVS, refuse_new_privileges },
	{ "hand over the seccomp listener", NEED_LISTENER, hand_over_listener },
	{ "load seccomp", NEED_EARLY_SECCOMP, load_seccomp },
	{ "drop what that took", NEED_EARLY_SECCOMP | NEED_LISTENER, drop_kept_privileges },
	{ "load seccomp", NEED_LATE_SECCOMP, load_seccomp },
	{ "execute", NEED_ALWAYS, execute },
	{ NULL, NEED_ALWAYS, NULL },
};

static const struct step *steps_of(const struct plan *plan)
{
	return plan->target < 0 ? create_steps : exec_steps;
}

static bool is_needed(const struct plan *plan, const struct step *step)
{
	return step->need == NEED_ALWAYS || (plan->needs & step->need);
}

/* For the tests of attacks: as if it came first in the table. */
static int clone_too_early(struct init *init, struct error *err)
{
	if (!defence_is_off("late-clone") || init->plan->target < 0)
		return 0;
	if (!(init->plan->needs & NEED_SECOND_CLONE) || enter_container(init, err) < 0)
		return -1;
	init->plan->needs &= ~(unsigned)NEED_SECOND_CLONE;
	return clone_last(init, err);
}

void init_main(struct init *init)
{
	struct error err = { .errnum = 0 };
	timing_begin(init->timing);
	(void)clone_too_early(init, &err);
	for (const struct step *step = steps_of(init->plan); step->name; step++) {
		if (!is_needed(init->plan, step))
			continue;
		log_debug("init: %s", step->name);
		if (step->perform(init, &err) < 0)
			break;
		timing_mark(init->timing, step->name);
	}
	if (err.text[0] && typed_blame(init->plan->options.typed, &err) < 0)
		sync_send_error(init->sync, &err);
	_exit(1);
}

void init_print_steps(const struct plan *plan, FILE *out)
{
	for (const struct step *step = steps_of(plan); step->name; step++)
		if (is_needed(plan, step))
			(void)fprintf(out, "  %s\n", step->name);
}
