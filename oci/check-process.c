/*
 * The rules of config.md "Process". Capabilities have none: what cannot be granted is a warning,
 * not an error ("Linux Process"), and configurations whose ambient capabilities are not inheritable
 * are common.
 */
#include "oci/check-rules.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

static int check_args(const struct oci_process *process, const char *where, struct check *c)
{
	if (process->args.len == 0)
		return fail(check_at(c, "%s.args", where), 0, "at least one argument is required");
	if (!*process->args.items[0])
		return fail(check_at(c, "%s.args[0]", where), 0,
			"executable file not found in $PATH: its name is empty"); /* as engines know it */
	return 0;
}

static int check_cwd(const struct oci_process *process, const char *where, struct check *c)
{
	return check_absolute(process->cwd, c, "%s.cwd", where);
}

static int check_env(const struct oci_process *process, const char *where, struct check *c)
{
	char env[192];
	(void)snprintf(env, sizeof(env), "%s.env", where);
	return check_environment(&process->env, env, c);
}

/* setresuid(2) takes 2^32 - 1 for "leave it as it is": the process would stay root. */
static int check_id(struct oci_uint id, struct error *err)
{
	if (id.set && id.value >= UINT32_MAX)
		return fail(err, 0, "%llu is not an id", (unsigned long long)id.value);
	return 0;
}

static int check_user(const struct oci_process *process, const char *where, struct check *c)
{
	enum { MOST = 65536 }; /* NGROUPS_MAX of the kernel */
	const struct oci_user *user = &process->user;
	if (user->username && !user->uid.set) { /* whoever that is, it is not root */
		fail(check_at(c, "%s.user.username", where), 0, "is for Windows only");
		return error_hint(&c->error, "use uid and gid");
	}
	if (user->uid.value >= UINT32_MAX && check_ends(c, check_id(user->uid, check_at(c, "%s.user.uid", where))))
		return -1;
	if (user->gid.value >= UINT32_MAX && check_ends(c, check_id(user->gid, check_at(c, "%s.user.gid", where))))
		return -1;
	if (user->additional_gids.len > MOST)
		return fail(check_at(c, "%s.user.additionalGids", where), 0, "%zu groups, the kernel takes at most %d",
			user->additional_gids.len, MOST);
	for (size_t i = 0; i < user->additional_gids.len; i++)
		if (user->additional_gids.items[i].value >= UINT32_MAX &&
			check_ends(c, check_id(user->additional_gids.items[i],
					      check_at(c, "%s.user.additionalGids[%zu]", where, i))))
			return -1;
	return 0;
}

/* The kernel keeps 16 bits of each (ioctl_tty(2) TIOCSWINSZ); without a terminal the size is
 * ignored. */
static int check_console(const struct oci_process *process, const char *where, struct check *c)
{
	const struct oci_console_size *size = process->console_size;
	if (!process->terminal.value || !size)
		return 0;
	const struct {
		const char *name;
		uint64_t value;
	} sides[] = { { "height", size->height.value }, { "width", size->width.value } };
	for (size_t i = 0; i < 2; i++)
		if (sides[i].value > UINT16_MAX &&
			check_ends(c, fail(check_at(c, "%s.consoleSize.%s", where, sides[i].name), 0,
					      "%llu is out of range, allowed is 0 to 65535",
					      (unsigned long long)sides[i].value)))
			return -1;
	return 0;
}

/* config.md "POSIX process": duplicated types are an error. The kernel wants soft <= hard. */
static int check_rlimits(const struct oci_process *process, const char *where, struct check *c)
{
	uint64_t seen = 0;
	for (size_t i = 0; i < process->rlimits.len; i++) {
		const struct oci_rlimit *limit = &process->rlimits.items[i];
		uint64_t bit = limit->type.set ? UINT64_C(1) << (limit->type.value & 63) : 0;
		if ((seen & bit) && check_ends(c, fail(check_at(c, "%s.rlimits[%zu].type", where, i), 0,
							  "this limit was given before")))
			return -1;
		seen |= bit;
		if (limit->soft.value > limit->hard.value &&
			check_ends(c,
				fail(check_at(c, "%s.rlimits[%zu].soft", where, i), 0,
					"%llu is more than the hard limit, %llu", (unsigned long long)limit->soft.value,
					(unsigned long long)limit->hard.value)))
			return -1;
	}
	return 0;
}

/* Which numbers a policy takes: sched(7). */
struct policy_use {
	bool nice, priority, deadline;
};

static struct policy_use policy_uses(int64_t policy)
{
	return (struct policy_use){
		.nice = policy == SCHED_OTHER || policy == SCHED_BATCH,
		.priority = policy == SCHED_FIFO || policy == SCHED_RR,
		.deadline = policy == SCHED_DEADLINE,
	};
}

/* A zero asks for nothing: some writers of configurations print every number. */
static int check_unused(
	bool used, int64_t value, const char *name, const char *users, const char *where, struct check *c)
{
	if (used || value == 0)
		return 0;
	fail(check_at(c, "%s.scheduler.%s", where, name), 0, "has no meaning for this policy");
	return error_hint(&c->error, "it belongs to %s", users);
}

/* sched_setattr(2): runtime <= deadline <= period, where a period of zero is the deadline; 1024
 * ns is the least. */
static int check_deadline(const struct oci_scheduler *s, const char *where, struct check *c)
{
	enum { LEAST = 1024 };
	uint64_t period = s->period.value ? s->period.value : s->deadline.value;
	if (s->runtime.value < LEAST)
		return fail(check_at(c, "%s.scheduler.runtime", where), 0,
			"SCHED_DEADLINE needs at least %d nanoseconds", LEAST);
	if (s->deadline.value < s->runtime.value)
		return fail(check_at(c, "%s.scheduler.deadline", where), 0, "less than the runtime");
	if (period < s->deadline.value)
		return fail(check_at(c, "%s.scheduler.period", where), 0, "less than the deadline");
	return 0;
}

static int check_scheduler(const struct oci_process *process, const char *where, struct check *c)
{
	static const char fair[] = "SCHED_OTHER and SCHED_BATCH", realtime[] = "SCHED_FIFO and SCHED_RR",
			  deadline[] = "SCHED_DEADLINE";
	const struct oci_scheduler *s = process->scheduler;
	if (!s)
		return 0;
	if (!s->policy.set)
		return fail_missing(check_at(c, "%s.scheduler.policy", where));
	struct policy_use use = policy_uses(s->policy.value);
	const struct {
		const char *name, *users;
		int64_t value;
		bool used;
	} numbers[] = {
		{ "nice", fair, s->nice.value, use.nice },
		{ "priority", realtime, s->priority.value, use.priority },
		{ "runtime", deadline, (int64_t)s->runtime.value, use.deadline },
		{ "deadline", deadline, (int64_t)s->deadline.value, use.deadline },
		{ "period", deadline, (int64_t)s->period.value, use.deadline },
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (check_ends(c, check_unused(numbers[i].used, numbers[i].value, numbers[i].name, numbers[i].users,
					  where, c)))
			return -1;
	if (use.nice && (s->nice.value < -20 || s->nice.value > 19))
		return fail_range(check_at(c, "%s.scheduler.nice", where), s->nice.value, -20, 19);
	if (use.priority && (s->priority.value < 1 || s->priority.value > 99))
		return fail_range(check_at(c, "%s.scheduler.priority", where), s->priority.value, 1, 99);
	return use.deadline ? check_deadline(s, where, c) : 0;
}

/* ioprio_set(2): eight levels; the idle class has none, and the kernel takes any for it. */
static int check_io_priority(const struct oci_process *process, const char *where, struct check *c)
{
	const struct oci_io_priority *io = process->io_priority;
	if (!io)
		return 0;
	if (!io->class.set)
		return fail_missing(check_at(c, "%s.ioPriority.class", where));
	if (io->priority.value < 0 || io->priority.value > 7)
		return fail_range(check_at(c, "%s.ioPriority.priority", where), io->priority.value, 0, 7);
	return 0;
}

static int check_affinity(const struct oci_process *process, const char *where, struct check *c)
{
	const struct oci_exec_cpu_affinity *cpus = process->exec_cpu_affinity;
	if (!cpus)
		return 0;
	if (check_ends(c, check_number_list(cpus->initial, c, "%s.execCPUAffinity.initial", where)))
		return -1;
	return check_number_list(cpus->final, c, "%s.execCPUAffinity.final", where);
}

int check_process(const struct oci_process *process, const char *where, struct check *c)
{
	static int (*const rules[])(const struct oci_process *, const char *, struct check *) = {
		check_args,
		check_cwd,
		check_env,
		check_user,
		check_console,
		check_rlimits,
		check_scheduler,
		check_io_priority,
		check_affinity,
	};
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (check_ends(c, rules[i](process, where, c)))
			return -1;
	return 0;
}

int oci_process_check(const struct oci_process *process, const char *where, struct error *err)
{
	struct check c = { .sink = NULL };
	return check_process(process, where, &c) < 0 ? fail_found(err, &c.error) : 0;
}
