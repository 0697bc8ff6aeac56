#include "launch/init.h"

#include <unistd.h>

#include "base/defences.h"
#include "base/log.h"
#include "launch/steps.h"
#include "launch/sync.h"
#include "run/timing.h"

struct step {
	const char *name;
	unsigned need; /* enum need; NEED_ALWAYS */
	int (*perform)(struct init *, struct error *);
};

static const struct step create_steps[] = {
	{ "begin", NEED_ALWAYS, step_begin },
	{ "lead a session", NEED_ALWAYS, step_lead_session },
	{ "open the time offsets", NEED_TIME, step_open_time_offsets },
	{ "join namespaces", NEED_JOIN, step_join_namespaces },
	{ "enter the user namespace", NEED_USER_NS, step_enter_user_namespace },
	{ "unshare namespaces", NEED_UNSHARE, step_unshare_namespaces },
	{ "set time offsets", NEED_TIME, step_set_time_offsets },
	{ "clone into the namespaces", NEED_SECOND_CLONE, step_clone_again },
	{ "lead a session there", NEED_SECOND_CLONE, step_lead_session },
	{ "open a procfs of our own", NEED_PROC, step_open_procfs },
	{ "open what is mounted", NEED_OPEN_INSIDE, step_open_mounts },
	{ "attach the root filesystem", NEED_ROOTFS, step_attach_rootfs },
	{ "perform mounts", NEED_ROOTFS, step_perform_mounts },
	{ "make devices", NEED_ROOTFS, step_make_devices },
	{ "open the console", NEED_CONSOLE, step_open_console },
	{ "raise the loopback interface", NEED_LOOPBACK, step_raise_loopback },
	{ "ask for a network", NEED_NETWORK, step_ask_for_network },
	{ "set the host name", NEED_HOSTNAME, step_set_hostname },
	{ "ask for the runtime's hooks", NEED_PARENT_HOOKS, step_ask_for_hooks },
	{ "write kernel parameters", NEED_SYSCTL, step_write_sysctl },
	{ "run createContainer hooks", NEED_CREATE_HOOKS, step_run_create_hooks },
	{ "mask paths", NEED_MASKS, step_mask_paths },
	{ "make paths read-only", NEED_READONLY_PATHS, step_make_paths_readonly },
	{ "pivot the root", NEED_ROOTFS, step_pivot },
	{ "change the root", NEED_CHROOT, step_change_root },
	{ "enter the working directory", NEED_ALWAYS, step_enter_working_directory },
	{ "finish the root filesystem", NEED_ROOTFS, step_finish_rootfs },
	{ "take the streams", NEED_ALWAYS, step_take_streams },
	{ "find the executable", NEED_ALWAYS, step_find_executable },
	{ "join a session keyring", NEED_KEYRING, step_join_keyring },
	{ "set the affinity", NEED_ALWAYS, step_reset_affinity },
	{ "set scheduling", NEED_SCHEDULING, step_set_scheduling },
	{ "hand over the seccomp listener", NEED_LISTENER, step_hand_over_listener },
	{ "close what does not wait", NEED_START, step_close_before_wait },
	{ "report ready", NEED_ALWAYS, step_report_ready },
	{ "wait for start", NEED_START, step_wait_for_start },
	{ "set the label", NEED_LSM, step_set_label },
	{ "close descriptors", NEED_ALWAYS, step_close_descriptors },
	{ "set limits", NEED_LIMITS, step_set_limits },
	{ "load seccomp", NEED_EARLY_SECCOMP, step_load_seccomp },
	{ "drop privileges", NEED_ALWAYS, step_drop_privileges },
	{ "refuse new privileges", NEED_NO_NEW_PRIVS, step_refuse_new_privileges },
	{ "run startContainer hooks", NEED_START_HOOKS, step_run_start_hooks },
	{ "set limits late", NEED_LATE_LIMITS, step_set_late_limits },
	{ "load seccomp", NEED_LATE_SECCOMP, step_load_seccomp },
	{ "execute", NEED_ALWAYS, step_execute },
	{ NULL, NEED_ALWAYS, NULL },
};

/* One more process in a container that exists. It enters the container's pid namespace with the second clone, so that
 * no process there can reach it before. The process that is born then has no descriptor and no capability that the
 * container's own processes lack (CVE-2016-9962). */
static const struct step exec_steps[] = {
	{ "leave the caller's session", NEED_SECOND_CLONE, step_lead_session },
	{ "begin", NEED_ALWAYS, step_begin },
	{ "open a procfs of our own", NEED_PROC, step_open_procfs },
	{ "enter the container", NEED_ALWAYS, step_enter_container },
	{ "change the root", NEED_CHROOT, step_change_root },
	{ "open the console", NEED_CONSOLE, step_open_console },
	{ "enter the working directory", NEED_ALWAYS, step_enter_working_directory },
	{ "take the streams", NEED_ALWAYS, step_take_streams },
	{ "find the executable", NEED_ALWAYS, step_find_executable },
	{ "join a session keyring", NEED_KEYRING, step_join_keyring },
	{ "set the affinity", NEED_ALWAYS, step_set_final_affinity },
	{ "set scheduling", NEED_SCHEDULING, step_set_scheduling },
	{ "set the label", NEED_LSM, step_set_label },
	{ "close descriptors", NEED_ALWAYS, step_close_descriptors },
	{ "set limits", NEED_LIMITS, step_set_limits },
	{ "drop privileges", NEED_ALWAYS, step_drop_privileges },
	{ "report ready", NEED_ALWAYS, step_report_ready },
	{ "load seccomp", NEED_UNBORN_SECCOMP, step_load_seccomp },
	{ "drop what that took", NEED_UNBORN_SECCOMP, step_drop_kept_privileges },
	{ "clone into the namespaces", NEED_SECOND_CLONE, step_clone_last },
	{ "lead a session", NEED_ALWAYS, step_lead_session },
	{ "take the console", NEED_CONSOLE, step_take_console },
	{ "refuse new privileges", NEED_NO_NEW_PRIVS, step_refuse_new_privileges },
	{ "hand over the seccomp listener", NEED_LISTENER, step_hand_over_listener },
	{ "set limits late", NEED_LATE_LIMITS, step_set_late_limits },
	{ "load seccomp", NEED_EARLY_SECCOMP, step_load_seccomp },
	{ "drop what that took", NEED_EARLY_SECCOMP | NEED_LISTENER, step_drop_kept_privileges },
	{ "load seccomp", NEED_LATE_SECCOMP, step_load_seccomp },
	{ "execute", NEED_ALWAYS, step_execute },
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

/* For the tests of attacks: the second clone of exec as the first step. */
static int clone_too_early(struct init *init, struct error *err)
{
	if (!defence_is_off("late-clone") || init->plan->target < 0)
		return 0;
	if (!(init->plan->needs & NEED_SECOND_CLONE) || step_enter_container(init, err) < 0)
		return -1;
	init->plan->needs &= ~(unsigned)NEED_SECOND_CLONE;
	return step_clone_last(init, err);
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
