#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"
#include "launch/steps.h"
#include "launch/sync.h"
#include "namespaces/net.h"
#include "namespaces/sysctl.h"
#include "run/interrupt.h"

extern char **environ;

/* In a session of its own the process reaches no key and no terminal of the caller (CVE-2017-5226). */
STEP(lead_session, !defence_is_off("session") && setsid() < 0 ? fail(err, errno, "setsid") : 0)

/* The program does not inherit the caller's ignored and blocked signals, nor its umask. The caller's environment is
 * erased, because a process that traces us could read it. */
int step_begin(struct init *init, struct error *err)
{
	(void)err;
	for (char **variable = environ; *variable && !defence_is_off("environment"); variable++)
		explicit_bzero(*variable, strlen(*variable));
	/* these are blocked until proc_reset_signals(): none is lost */
	uint64_t handled = init->plan->target < 0 ? interrupt_ends_us() : 0;
	proc_reset_signals(init->ignored_signals & ~handled);
	init->umask = umask(0); /* modes are those of the configuration */
	return 0;
}

int step_open_procfs(struct init *init, struct error *err)
{
	init->proc = procfs_open(err);
	return init->proc < 0 ? error_prefix(err, "a procfs of our own") : 0;
}

int step_open_time_offsets(struct init *init, struct error *err)
{
	init->time_offsets = ns_open_time_offsets(err);
	return init->time_offsets < 0 ? -1 : 0;
}

STEP(join_namespaces, ns_join(&init->plan->ns, err))

/* Becomes root of the user namespace. CVE-2020-5291: without a user namespace, the process drops to its own ids later
 * all the same. */
static int become_root(struct init *init, struct error *err)
{
	/* without an id 0 in the namespace, files can be made with the process's own ids */
	gid_t gid = init->plan->process.gid;
	uid_t uid = init->plan->process.uid;
	if (setresgid(0, 0, 0) < 0 && (errno != EINVAL || setresgid(gid, gid, gid) < 0) && errno != EINVAL)
		return fail(err, errno, "become group 0 of the user namespace");
	if (setresuid(0, 0, 0) < 0 && (errno != EINVAL || setresuid(uid, uid, uid) < 0) && errno != EINVAL)
		return fail(err, errno, "become user 0 of the user namespace");
	/* a change of ids may make the process dumpable again, depending on fs.suid_dumpable */
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? fail(err, errno, "PR_SET_DUMPABLE") : 0;
}

/* Joins all namespaces in one call, setns(2) with a pidfd, so that the rights on the host serve for those that belong
 * to the user namespace. The pid namespace is entered by birth. */
int step_enter_container(struct init *init, struct error *err)
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

int step_enter_user_namespace(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;
	if (plan->ns.new_user && !(plan->ns.clone_flags & CLONE_NEWUSER) && unshare(CLONE_NEWUSER) < 0)
		return fail(err, errno, "unshare the user namespace");
	if (plan->ns.new_user && sync_ask(init->sync, ASK_MAP_IDS, 0, -1, err) < 0)
		return -1;
	return become_root(init, err);
}

STEP(unshare_namespaces, ns_unshare(&init->plan->ns, err))

int step_set_time_offsets(struct init *init, struct error *err)
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
	pid_t pid = sys_clone3_or_clone(&args);
	/* the container's own filter may refuse clone3(2) in another way */
	return pid < 0 && errno == EPERM && plan->needs & NEED_UNBORN_SECCOMP ? sys_clone(&args) : pid;
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

/* Goes on in a second child, which is a child of the parent like the first. The first one ends here. */
static int be_born(struct init *init, enum message_kind message, struct error *err)
{
	int pidfd = -1;
	pid_t pid = clone_sibling(init->plan, &pidfd);
	if (pid < 0)
		return fail_birth(init->plan, err);
	if (pid == 0)
		return 0;
	int status = sync_send(init->sync, message, pid, pidfd);
	if (status < 0)
		(void)sys_pidfd_send_signal(pidfd, SIGKILL);
	_exit(status < 0);
}

int step_clone_again(struct init *init, struct error *err)
{
	struct message answer;
	FD(unexpected) = -1;
	if (be_born(init, ASK_ADOPT, err) < 0)
		return -1;
	if (sync_receive(init->sync, &answer, &unexpected, err) <= 0 || answer.kind != ANSWER)
		_exit(1); /* the parent is gone, or knows why */
	return 0;
}

STEP(clone_last, init->late ? step_clone_again(init, err) : be_born(init, TELL_BORN, err))

STEP(raise_loopback, net_loopback_up(err))

/* Opens our own namespace, through the procfs that is still visible: no other process may look at us. */
int step_ask_for_network(struct init *init, struct error *err)
{
	FD(netns) = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return fail(err, errno, "open the network namespace");
	return sync_ask(init->sync, ASK_NETWORK, 0, netns, err) < 0 ? -1 : 0;
}

int step_set_hostname(struct init *init, struct error *err)
{
	const struct oci_config *c = init->plan->config;
	if (c->hostname && *c->hostname && sethostname(c->hostname, strlen(c->hostname)) < 0)
		return fail_at(err, errno, ".hostname", "set the host name");
	if (c->domainname && *c->domainname && setdomainname(c->domainname, strlen(c->domainname)) < 0)
		return fail_at(err, errno, ".domainname", "set the domain name");
	return 0;
}
