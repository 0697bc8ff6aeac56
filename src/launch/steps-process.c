#include <errno.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/log.h"
#include "launch/payload.h"
#include "launch/start.h"
#include "launch/self.h"
#include "launch/steps.h"
#include "launch/sync.h"
#include "run/hooks.h"

STEP(ask_for_hooks, sync_ask(init->sync, ASK_HOOKS, 0, -1, err))

/* runtime.md "State": hooks in the container's namespaces are told the pid in these. */
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
	options.inherit = false;
	return hooks_run(hooks, where, text, len, &options, err);
}

int step_run_create_hooks(struct init *init, struct error *err)
{
	(void)umask(init->umask);
	int status = run_hooks(
		init, &init->plan->config->hooks->create_container, ".hooks.createContainer", STATUS_CREATING, err);
	(void)umask(0);
	return status;
}

STEP(run_start_hooks,
	run_hooks(init, &init->plan->config->hooks->start_container, ".hooks.startContainer", STATUS_CREATED, err))

/* KEYCTL_JOIN_SESSION_KEYRING without a name: the container reaches no key of the caller's session, and shares no
 * keyring with another user or container that has made one of the same name before. */
int step_join_keyring(struct init *init, struct error *err)
{
	enum { JOIN_SESSION_KEYRING = 1 };
	if (lsm_set_keys(&init->plan->lsm, init->proc, err) < 0)
		return -1;
	const char *name = defence_is_off("keyring") ? init->plan->options.id : NULL;
	/* where the kernel, or the filter of an outer container, refuses the call, no key is in reach */
	if (syscall(SYS_keyctl, JOIN_SESSION_KEYRING, name) >= 0 || errno == ENOSYS || errno == EPERM)
		return 0;
	return fail_hint(err, errno, "use --no-new-keyring", "make a session keyring");
}

STEP(set_scheduling, process_set_scheduling(&init->plan->process, err))

int step_reset_affinity(struct init *init, struct error *err)
{
	(void)init, (void)err;
	process_reset_affinity();
	return 0;
}

/* config.md "execCPUAffinity": after the process has entered the container's cgroup. */
int step_set_final_affinity(struct init *init, struct error *err)
{
	const struct process_plan *plan = &init->plan->process;
	if (plan->cpus_initial.set || plan->cpus_final.set)
		return process_set_affinity(&plan->cpus_final, 0, err);
	return step_reset_affinity(init, err);
}

int step_refuse_new_privileges(struct init *init, struct error *err)
{
	(void)init;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail_at(err, errno, ".process.noNewPrivileges", "PR_SET_NO_NEW_PRIVS");
	return 0;
}

STEP(load_seccomp, seccomp_install(&init->plan->seccomp, &init->listener, err))

int step_hand_over_listener(struct init *init, struct error *err)
{
	if (step_load_seccomp(init, err) < 0)
		return -1;
	int status = sync_ask(init->sync, ASK_NOTIFY, 0, init->listener, err);
	close_fd(&init->listener);
	return status < 0 ? -1 : 0;
}

/* An init that waits for start, perhaps for days, holds neither directories of the host nor ends of pipes. They are
 * closed before it reports that it is ready, so that the caller may check. */
int step_close_before_wait(struct init *init, struct error *err)
{
	const int keep[] = { init->sync, init->listen, init->proc, init->hook_output->stdout_fd,
		init->hook_output->stderr_fd, log_fd() };
	return self_close_all_but(init->plan->options.preserve_fds, keep, sizeof(keep) / sizeof(keep[0]), err);
}

STEP(report_ready, init->granted ? 0 : sync_ask(init->sync, ASK_READY, 0, -1, err))
STEP(wait_for_start, start_await(&init->sync, &init->listen, err))
STEP(set_label, lsm_set_exec(&init->plan->lsm, init->proc, err))

/* A path through /proc/self/fd, even one in a "#!" line, leads nowhere on the host (CVE-2024-21626): beside 0, 1, 2 and
 * what the caller wants preserved, only the socket stays open, and the output of the start hooks, which is files and no
 * directories. */
int step_close_descriptors(struct init *init, struct error *err)
{
	bool hooks = init->plan->needs & NEED_START_HOOKS;
	const int keep[] = { init->sync, init->peer, hooks ? init->hook_output->stdout_fd : -1,
		hooks ? init->hook_output->stderr_fd : -1 };
	if (!init->shares_memory) /* otherwise nothing is logged */
		log_stop();
	return self_close_all_but(init->plan->options.preserve_fds, keep, sizeof(keep) / sizeof(keep[0]), err);
}

STEP(set_limits, (init->plan->needs & NEED_LATE_LIMITS) ? process_raise_rlimits(&init->plan->process, 0, err) :
							  process_set_rlimits(&init->plan->process, 0, err))
STEP(set_late_limits, process_set_rlimits(&init->plan->process, 0, err))

/* Without no_new_privs a filter can be loaded only with CAP_SYS_ADMIN, which a process of exec keeps until then. */
static bool keeps_admin(const struct plan *plan)
{
	return plan->target >= 0 && !plan->process.no_new_privs &&
	       (plan->needs & (NEED_UNBORN_SECCOMP | NEED_EARLY_SECCOMP | NEED_LISTENER));
}

STEP(drop_kept_privileges, keeps_admin(init->plan) ? caps_set(&init->plan->caps, err) : 0)

int step_drop_privileges(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;
	struct caps_plan caps = plan->caps;
	bool leaves_root = plan->process.uid != 0;
	if (keeps_admin(plan)) {
		caps.permitted |= caps_mask("CAP_SYS_ADMIN");
		caps.effective |= caps_mask("CAP_SYS_ADMIN");
	}
	if (plan->target < 0 || !(plan->needs & NEED_CONSOLE)) /* those of exec are still the caller's */
		process_own_streams(&plan->process);
	if (caps_drop_bounding(&plan->caps, caps_last(), err) < 0 || (leaves_root && caps_keep(true, err) < 0) ||
		process_set_user(&plan->process, plan->keep_groups, err) < 0)
		return -1;
	/* a change of ids may make the process dumpable, depending on fs.suid_dumpable; without capabilities other
	 * processes of its user could then trace it */
	if ((leaves_root || plan->process.gid != 0) && !defence_is_off("dumpable") && prctl(PR_SET_DUMPABLE, 0) < 0)
		return fail(err, errno, "PR_SET_DUMPABLE");
	return caps_set(&caps, err);
}

int step_execute(struct init *init, struct error *err)
{
	/* a start that is gone need not know; one that is not must not take this for our end */
	if (init->plan->options.wait && sync_send(init->sync, TELL_EXECING, 0, -1) < 0 && errno != EPIPE &&
		errno != ECONNRESET)
		return fail(err, errno, "tell start that the program runs");
	return init->payload->execute(init, err);
}
