/*
 * The plan of exec: nothing is made, all is joined.
 */
#include <sched.h>

#include "base/sys.h"
#include "plan.h"

/* Those of a process's needs that concern the process alone. */
enum {
	EXEC_NEEDS = NEED_CONSOLE | NEED_KEYRING | NEED_SCHEDULING | NEED_LISTENER |
		NEED_EARLY_SECCOMP | NEED_LATE_SECCOMP | NEED_LSM | NEED_NO_NEW_PRIVS | NEED_LIMITS,
};

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
	if (!(plan->target_namespaces & CLONE_NEWNS))
		needs |= NEED_CHROOT;
	return needs;
}

int plan_make_exec(struct arena *arena, const struct oci_config *config,
	const struct plan_options *options, const struct host *host, struct plan *ret_plan,
	struct error *err)
{
	static const struct oci_linux no_linux;
	struct plan plan = { .config = config,
		.linux = config->linux ? config->linux : &no_linux,
		.options = *options,
		.target = -1,
		.root = -1,
		.null = -1 };
	LIST_EACH(&plan.linux->namespaces, ns)
		plan.target_namespaces |= (uint64_t)ns->type.value;
	if (plan_process(arena, &plan, host, err) < 0)
		return -1;
	plan.needs = exec_needs(&plan);
	*ret_plan = plan;
	return 0;
}
