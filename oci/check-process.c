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

static int check_command(const struct oci_process *process, const char *where, struct error *err)
{
	if (process->args.len == 0)
		return fail(
			check_at(err, "%s.args", where), 0, "at least one argument is required");
	if (!*process->args.items[0])
		return fail(check_at(err, "%s.args[0]", where), 0,
			"executable file not found in $PATH: its name is empty"); /* as engines know it */
	return check_absolute(process->cwd, err, "%s.cwd", where);
}

static int check_env(const struct oci_process *process, const char *where, struct error *err)
{
	char env[192];
	(void)snprintf(env, sizeof(env), "%s.env", where);
	return check_environment(&process->env, env, err);
}

/* setresuid(2) takes 2^32 - 1 for "leave it as it is": the process would stay root. */
static int check_id(struct oci_uint id, struct error *err)
{
	if (id.set && id.value >= UINT32_MAX)
		return fail(err, 0, "%llu is not an id", (unsigned long long)id.value);
	return 0;
}

static int check_user(const struct oci_process *process, const char *where, struct error *err)
{
	enum { MOST = 65536 }; /* NGROUPS_MAX of the kernel */
	const struct oci_user *user = &process->user;
	if (user->username && !user->uid.set) { /* whoever that is, it is not root */
		fail(check_at(err, "%s.user.username", where), 0, "is for Windows only");
		return error_hint(err, "use uid and gid");
	}
	if (user->uid.value >= UINT32_MAX)
		return check_id(user->uid, check_at(err, "%s.user.uid", where));
	if (user->gid.value >= UINT32_MAX)
		return check_id(user->gid, check_at(err, "%s.user.gid", where));
	if (user->additional_gids.len > MOST)
		return fail(check_at(err, "%s.user.additionalGids", where), 0,
			"%zu groups, the kernel takes at most %d", user->additional_gids.len, MOST);
	for (size_t i = 0; i < user->additional_gids.len; i++)
		if (user->additional_gids.items[i].value >= UINT32_MAX)
			return check_id(user->additional_gids.items[i],
				check_at(err, "%s.user.additionalGids[%zu]", where, i));
	return 0;
}

/* The kernel keeps 16 bits of each (ioctl_tty(2) TIOCSWINSZ); without a terminal the size is
 * ignored. */
static int check_console(const struct oci_process *process, const char *where, struct error *err)
{
	const struct oci_console_size *size = process->console_size;
	if (!process->terminal.value || !size)
		return 0;
	if (size->height.value > UINT16_MAX)
		return fail(check_at(err, "%s.consoleSize.height", where), 0,
			"%llu is out of range, allowed is 0 to 65535",
			(unsigned long long)size->height.value);
	if (size->width.value > UINT16_MAX)
		return fail(check_at(err, "%s.consoleSize.width", where), 0,
			"%llu is out of range, allowed is 0 to 65535",
			(unsigned long long)size->width.value);
	return 0;
}

/* config.md "POSIX process": duplicated types are an error. The kernel wants soft <= hard. */
static int check_rlimits(const struct oci_process *process, const char *where, struct error *err)
{
	uint64_t seen = 0;
	for (size_t i = 0; i < process->rlimits.len; i++) {
		const struct oci_rlimit *limit = &process->rlimits.items[i];
		uint64_t bit = UINT64_C(1) << (limit->type.value & 63);
		if (seen & bit)
			return fail(check_at(err, "%s.rlimits[%zu].type", where, i), 0,
				"this limit was given before");
		seen |= bit;
		if (limit->soft.value > limit->hard.value)
			return fail(check_at(err, "%s.rlimits[%zu].soft", where, i), 0,
				"%llu is more than the hard limit, %llu",
				(unsigned long long)limit->soft.value,
				(unsigned long long)limit->hard.value);
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
static int check_unused(bool used, int64_t value, const char *name, const char *users,
	const char *where, struct error *err)
{
	if (used || value == 0)
		return 0;
	fail(check_at(err, "%s.scheduler.%s", where, name), 0, "has no meaning for this policy");
	return error_hint(err, "it belongs to %s", users);
}

/* sched_setattr(2): runtime <= deadline <= period, where a period of zero is the deadline; 1024
 * ns is the least. */
static int check_deadline(const struct oci_scheduler *s, const char *where, struct error *err)
{
	enum { LEAST = 1024 };
	uint64_t period = s->period.value ? s->period.value : s->deadline.value;
	if (s->runtime.value < LEAST)
		return fail(check_at(err, "%s.scheduler.runtime", where), 0,
			"SCHED_DEADLINE needs at least %d nanoseconds", LEAST);
	if (s->deadline.value < s->runtime.value)
		return fail(
			check_at(err, "%s.scheduler.deadline", where), 0, "less than the runtime");
	if (period < s->deadline.value)
		return fail(
			check_at(err, "%s.scheduler.period", where), 0, "less than the deadline");
	return 0;
}

static int check_scheduler(const struct oci_process *process, const char *where, struct error *err)
{
	static const char fair[] = "SCHED_OTHER and SCHED_BATCH",
			  realtime[] = "SCHED_FIFO and SCHED_RR", deadline[] = "SCHED_DEADLINE";
	const struct oci_scheduler *s = process->scheduler;
	if (!s)
		return 0;
	if (!s->policy.set)
		return fail_missing(check_at(err, "%s.scheduler.policy", where));
	struct policy_use use = policy_uses(s->policy.value);
	if (check_unused(use.nice, s->nice.value, "nice", fair, where, err) < 0 ||
		check_unused(use.priority, s->priority.value, "priority", realtime, where, err) <
			0 ||
		check_unused(use.deadline, (int64_t)s->runtime.value, "runtime", deadline, where,
			err) < 0 ||
		check_unused(use.deadline, (int64_t)s->deadline.value, "deadline", deadline, where,
			err) < 0 ||
		check_unused(
			use.deadline, (int64_t)s->period.value, "period", deadline, where, err) < 0)
		return -1;
	if (s->nice.value < -20 || s->nice.value > 19)
		return fail_range(
			check_at(err, "%s.scheduler.nice", where), s->nice.value, -20, 19);
	if (use.priority && (s->priority.value < 1 || s->priority.value > 99))
		return fail_range(
			check_at(err, "%s.scheduler.priority", where), s->priority.value, 1, 99);
	return use.deadline ? check_deadline(s, where, err) : 0;
}

/* ioprio_set(2): eight levels; the idle class has none, and the kernel takes any for it. */
static int check_io_priority(
	const struct oci_process *process, const char *where, struct error *err)
{
	const struct oci_io_priority *io = process->io_priority;
	if (!io)
		return 0;
	if (!io->class.set)
		return fail_missing(check_at(err, "%s.ioPriority.class", where));
	if (io->priority.value < 0 || io->priority.value > 7)
		return fail_range(
			check_at(err, "%s.ioPriority.priority", where), io->priority.value, 0, 7);
	return 0;
}

static int check_affinity(const struct oci_process *process, const char *where, struct error *err)
{
	const struct oci_exec_cpu_affinity *cpus = process->exec_cpu_affinity;
	if (!cpus)
		return 0;
	if (check_number_list(cpus->initial, err, "%s.execCPUAffinity.initial", where) < 0)
		return -1;
	return check_number_list(cpus->final, err, "%s.execCPUAffinity.final", where);
}

int oci_process_check(const struct oci_process *process, const char *where, struct error *err)
{
	static int (*const rules[])(const struct oci_process *, const char *, struct error *) = {
		check_command,
		check_env,
		check_user,
		check_console,
		check_rlimits,
		check_scheduler,
		check_io_priority,
		check_affinity,
	};
	struct error found = { 0 };
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i](process, where, &found) < 0)
			return fail_found(err, &found);
	return 0;
}
