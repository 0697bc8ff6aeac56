/*
 * The plan of exec, which makes no namespaces and joins all of the container's.
 */
#include <sched.h>

#include "base/defences.h"
#include "base/sys.h"
#include "plan/plan.h"

/* The needs that concern only the process. */
enum {
	EXEC_NEEDS = NEED_CONSOLE | NEED_KEYRING | NEED_SCHEDULING | NEED_LISTENER | NEED_EARLY_SECCOMP |
		     NEED_LATE_SECCOMP | NEED_LSM | NEED_NO_NEW_PRIVS | NEED_LIMITS,
};

/* Whether the filter is loaded before the second clone. A process that may trace another gets its capabilities, so the
 * CAP_SYS_ADMIN that loads a filter without no_new_privs must be dropped before other processes of the container can
 * see the new one. The filter must then allow clone and all that follows it, so other processes load it later. In a
 * user namespace processes of the container may not trace the new one. */
static bool is_filtered_unborn(const struct plan *plan)
{
	return !defence_is_off("unborn-filter") && plan->options.traceable && !plan->process.no_new_privs &&
	       !(plan->caps.permitted & caps_mask("CAP_SYS_ADMIN")) && !(plan->target_namespaces & CLONE_NEWUSER) &&
	       (plan->target_namespaces & CLONE_NEWPID);
}

/* In a mount namespace that the container has joined, its root is a directory of that namespace. */
static bool has_own_mounts(const struct plan *plan)
{
	LIST_EACH (&plan->linux->namespaces, ns)
		if (ns->type.value == CLONE_NEWNS && !ns->path)
			return true;
	return false;
}

static unsigned exec_needs(const struct plan *plan)
{
	const uint64_t by_birth = CLONE_NEWPID | CLONE_NEWTIME;
	unsigned needs = plan_process_needs(plan) & EXEC_NEEDS;
	if (needs & NEED_LSM)
		needs |= NEED_PROC;
	if (plan->target_namespaces & CLONE_NEWUSER)
		needs |= NEED_USER_NS;
	if (plan->target_namespaces & by_birth)
		needs |= NEED_SECOND_CLONE;
	if (!has_own_mounts(plan))
		needs |= NEED_CHROOT;
	if (needs & NEED_EARLY_SECCOMP && is_filtered_unborn(plan))
		needs ^= NEED_EARLY_SECCOMP | NEED_UNBORN_SECCOMP;
	return needs;
}

int plan_make_exec(struct arena *arena, const struct oci_config *config, const struct plan_options *options,
	const struct host *host, struct plan *ret_plan, struct error *err)
{
	static const struct oci_linux no_linux;
	struct plan plan = { .config = config,
		.linux = config->linux ? config->linux : &no_linux,
		.options = *options,
		.target = -1,
		.root = -1,
		.null = -1,
		.streams = { -1, -1, -1 } };
	LIST_EACH (&plan.linux->namespaces, ns)
		plan.target_namespaces |= (uint64_t)ns->type.value;
	if (plan_process(arena, &plan, host, err) < 0)
		return -1;
	plan.needs = exec_needs(&plan);
	if (plan.needs & NEED_LISTENER && is_filtered_unborn(&plan)) {
		return fail_at_hint(err, 0, ".linux.seccomp.listenerPath", "use --no-new-privs",
			"loading the filter would lend CAP_SYS_ADMIN to processes with CAP_SYS_PTRACE");
	}
	*ret_plan = plan;
	return 0;
}
