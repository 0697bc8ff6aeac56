/*
 * The rules of config.md "Process". Capabilities have none: what cannot be granted is a warning, not an error ("Linux
 * Process"), and configurations whose ambient capabilities are not inheritable are common.
 */
#include "oci/check-rules.h"

#include <sched.h>
#include <stdio.h>

#include "base/sys.h"

static void check_args(const struct oci_process *process, const char *where, struct check *c)
{
	if (process->args.len == 0)
		refuse(at(c, "%s.args", where), NULL, "at least one argument is required");
	else if (!*process->args.items[0])
		refuse(at(c, "%s.args[0]", where), NULL,
			"executable file `` not found in $PATH: No such file or directory"); /* the words of crun, which engines look for */
}

static void check_user(const struct oci_process *process, const char *where, struct check *c)
{
	enum { MOST = 65536 }; /* NGROUPS_MAX of the kernel */
	const struct oci_user *user = &process->user;
	if (user->username && !user->uid.set) /* whoever that is, it is not root */
		refuse(at(c, "%s.user.username", where), "use uid and gid", "is for Windows only");
	if (user->additional_gids.len > MOST)
		refuse(at(c, "%s.user.additionalGids", where), NULL, "%zu groups, the kernel takes at most %d",
			user->additional_gids.len, MOST);
}

/* config.md "POSIX process": duplicated types are an error. The kernel wants soft <= hard. */
static void check_rlimits(const struct oci_process *process, const char *where, struct check *c)
{
	uint64_t seen = 0;
	for (size_t i = 0; i < process->rlimits.len; i++) {
		const struct oci_rlimit *limit = &process->rlimits.items[i];
		uint64_t bit = limit->type.set ? UINT64_C(1) << (limit->type.value & 63) : 0;
		if (seen & bit)
			refuse(at(c, "%s.rlimits[%zu].type", where, i), NULL, "this limit was given before");
		seen |= bit;
		if (limit->soft.value > limit->hard.value)
			refuse(at(c, "%s.rlimits[%zu].soft", where, i), NULL, "%llu is more than the hard limit, %llu",
				(unsigned long long)limit->soft.value, (unsigned long long)limit->hard.value);
	}
}

/* sched_setattr(2): runtime <= deadline <= period, where a period of zero is the deadline; 1024 ns is the least. */
static void check_deadline(const struct oci_scheduler *s, const char *where, struct check *c)
{
	enum { LEAST = 1024 };
	uint64_t period = s->period.value ? s->period.value : s->deadline.value;
	if (s->runtime.value < LEAST)
		refuse(at(c, "%s.scheduler.runtime", where), NULL, "SCHED_DEADLINE needs at least %d nanoseconds",
			LEAST);
	else if (s->deadline.value < s->runtime.value)
		refuse(at(c, "%s.scheduler.deadline", where), NULL, "less than the runtime");
	else if (period < s->deadline.value)
		refuse(at(c, "%s.scheduler.period", where), NULL, "less than the deadline");
}

/* sched(7): which numbers a policy takes. A zero asks for nothing: some writers of configurations print every
 * number. */
static void check_scheduler(const struct oci_process *process, const char *where, struct check *c)
{
	const struct oci_scheduler *s = process->scheduler;
	if (!s || !s->policy.set)
		return;
	int64_t policy = s->policy.value;
	bool fair = policy == SCHED_OTHER || policy == SCHED_BATCH;
	bool realtime = policy == SCHED_FIFO || policy == SCHED_RR, deadline = policy == SCHED_DEADLINE;
	const struct {
		const char *name, *hint;
		bool given, used;
	} numbers[] = {
		{ "nice", "it belongs to SCHED_OTHER and SCHED_BATCH", s->nice.value, fair || deadline },
		{ "priority", "it belongs to SCHED_FIFO and SCHED_RR", s->priority.value, realtime },
		{ "runtime", "it belongs to SCHED_DEADLINE", s->runtime.value, deadline },
		{ "deadline", "it belongs to SCHED_DEADLINE", s->deadline.value, deadline },
		{ "period", "it belongs to SCHED_DEADLINE", s->period.value, deadline },
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].given && !numbers[i].used)
			refuse(at(c, "%s.scheduler.%s", where, numbers[i].name), numbers[i].hint,
				"has no meaning for this policy");
	if (realtime && s->priority.value < 1)
		refuse_range(at(c, "%s.scheduler.priority", where), s->priority.value, 1, 99);
	if (deadline)
		check_deadline(s, where, c);
}

void check_process(const struct oci_process *process, const char *where, struct check *c)
{
	static const struct oci_exec_cpu_affinity any;
	const struct oci_exec_cpu_affinity *cpus = process->exec_cpu_affinity ? process->exec_cpu_affinity : &any;
	char env[192];
	(void)snprintf(env, sizeof(env), "%s.env", where);
	check_args(process, where, c);
	if (*process->cwd != '/')
		refuse_relative(at(c, "%s.cwd", where), process->cwd);
	check_environment(&process->env, env, c);
	check_user(process, where, c);
	check_rlimits(process, where, c);
	check_scheduler(process, where, c);
	check_number_list(cpus->initial, where, ".execCPUAffinity.initial", c);
	check_number_list(cpus->final, where, ".execCPUAffinity.final", c);
}
