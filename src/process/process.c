#include "process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "oci/words.h"

/* Words that older kernel headers lack. */
#ifndef MPOL_F_NUMA_BALANCING
#define MPOL_F_NUMA_BALANCING (1 << 13)
#endif
enum { PREFERRED_MANY = 5, WEIGHTED_INTERLEAVE = 6 };

int cpu_list_parse(const char *text, uint64_t *mask, size_t words, struct error *err)
{
	uint64_t first, last, max = words * 64 - 1;
	int more;
	memset(mask, 0, words * sizeof(*mask));
	for (const char *at = text; (more = str_next_range(&at, max, &first, &last)) > 0;)
		for (; first <= last; first++)
			mask[first / 64] |= UINT64_C(1) << (first % 64);
	return more < 0 ? fail(err, 0, "\"%.64s\" is no list of numbers up to %llu", text, (unsigned long long)max) : 0;
}

static bool is_blank(const char *list)
{
	return !list || !list[strspn(list, " \t\n")];
}

static int plan_cpus(const char *text, const char *where, struct process_cpus *ret, struct error *err)
{
	if (is_blank(text))
		return 0;
	if (cpu_list_parse(text, ret->mask, CPU_WORDS, err) < 0)
		return error_at(err, where);
	ret->set = true;
	return 0;
}

/* --- the plan --- */

/* (uid_t)-1 means "unchanged" to setresuid(2); asking for it must not leave the caller's own id. */
static int check_id(const struct oci_uint *id, const char *where, struct error *err)
{
	if (id->value >= UINT32_MAX)
		return fail_at(err, 0, where, "%llu is no id", (unsigned long long)id->value);
	return 0;
}

static int plan_user(struct arena *arena, const struct oci_user *user, struct process_plan *plan, struct error *err)
{
	if (check_id(&user->uid, ".process.user.uid", err) < 0 || check_id(&user->gid, ".process.user.gid", err) < 0)
		return -1;
	if (user->umask.set && user->umask.value > 0777)
		return fail_at(
			err, 0, ".process.user.umask", "%#llo is above 0777", (unsigned long long)user->umask.value);
	plan->uid = (uid_t)user->uid.value;
	plan->gid = (gid_t)user->gid.value;
	plan->umask = user->umask.set ? (mode_t)user->umask.value : 0022;
	plan->group_count = user->additional_gids.len;
	plan->groups = arena_array(arena, plan->group_count, sizeof(gid_t));
	for (size_t i = 0; i < plan->group_count; i++) {
		char where[64];
		(void)snprintf(where, sizeof(where), ".process.user.additionalGids[%zu]", i);
		if (check_id(&user->additional_gids.items[i], where, err) < 0)
			return -1;
		plan->groups[i] = (gid_t)user->additional_gids.items[i].value;
	}
	return 0;
}

static int plan_rlimits(
	struct arena *arena, const struct oci_process *process, struct process_plan *plan, struct error *err)
{
	for (size_t i = 0; i < process->rlimits.len; i++) {
		const struct oci_rlimit *given = &process->rlimits.items[i];
		const char *name = word_name(oci_rlimit_words, given->type.value);
		char where[40];
		(void)snprintf(where, sizeof(where), ".process.rlimits[%zu]", i);
		/* config.md "POSIX process": a duplicate must be an error */
		LIST_EACH (&plan->rlimits, earlier)
			if (earlier->resource == given->type.value)
				return fail_at(err, 0, where, "%s is given twice", name);
		if (given->soft.value > given->hard.value)
			return fail_at(err, 0, where, "%s: soft limit %llu is above the hard limit %llu", name,
				(unsigned long long)given->soft.value, (unsigned long long)given->hard.value);
		struct process_rlimit *limit = list_add(arena, &plan->rlimits);
		limit->resource = (int)given->type.value;
		limit->limit.rlim_cur = given->soft.value;
		limit->limit.rlim_max = given->hard.value;
	}
	return 0;
}

/* The rules of sched(7) and sched_setattr(2) that hold on every machine. */
static int plan_scheduler(const struct oci_scheduler *given, struct process_plan *plan, struct error *err)
{
	if (!given)
		return 0;
	int64_t policy = given->policy.value;
	bool realtime = policy == SCHED_FIFO || policy == SCHED_RR;
	const char *name = word_name(oci_scheduler_policy_words, policy);
	if (realtime && (given->priority.value < 1 || given->priority.value > 99))
		return fail_at(err, 0, ".process.scheduler.priority", "%s needs a priority from 1 to 99", name);
	if (!realtime && given->priority.value != 0)
		return fail_at(err, 0, ".process.scheduler.priority",
			"%s has no priority; only SCHED_FIFO and SCHED_RR have", name);
	if (given->nice.value < -20 || given->nice.value > 19)
		return fail_at(
			err, 0, ".process.scheduler.nice", "%lld is not from -20 to 19", (long long)given->nice.value);
	if (policy != SCHED_DEADLINE && (given->deadline.value || given->period.value))
		return fail_at(err, 0, ".process.scheduler",
			"deadline and period are for SCHED_DEADLINE, the policy is %s", name);
	if (policy == SCHED_DEADLINE && !given->runtime.value)
		return fail_at(err, 0, ".process.scheduler.runtime", "SCHED_DEADLINE needs a runtime");
	plan->set_sched = true;
	plan->sched = (struct process_sched){
		.size = sizeof(plan->sched),
		.policy = (uint32_t)policy,
		.flags = given->flags.value,
		.nice = (int32_t)given->nice.value,
		.priority = (uint32_t)given->priority.value,
		.runtime = given->runtime.value,
		.deadline = given->deadline.value,
		.period = given->period.value,
	};
	return 0;
}

static int plan_io_priority(const struct oci_io_priority *given, struct process_plan *plan, struct error *err)
{
	if (!given)
		return 0;
	if (given->priority.value < 0 || given->priority.value > 7)
		return fail_at(err, 0, ".process.ioPriority.priority", "%lld is not from 0 to 7",
			(long long)given->priority.value);
	plan->set_ioprio = true;
	plan->ioprio = IOPRIO_PRIO_VALUE((int)given->class.value, (int)given->priority.value);
	return 0;
}

/* set_mempolicy(2): which modes need nodes and which must have none. */
static int check_memory_nodes(const struct oci_memory_policy *given, struct error *err)
{
	int64_t mode = given->mode.value;
	uint64_t flags = given->flags.value;
	const char *name = word_name(oci_memory_policy_words, mode);
	bool nodes = !is_blank(given->nodes);
	bool none = mode == MPOL_DEFAULT || mode == MPOL_LOCAL;
	if (none && nodes)
		return fail_at(err, 0, ".linux.memoryPolicy.nodes", "%s takes no nodes", name);
	if (!none && mode != MPOL_PREFERRED && !nodes)
		return fail_at(err, 0, ".linux.memoryPolicy.nodes", "%s needs nodes", name);
	if ((flags & MPOL_F_STATIC_NODES) && (flags & MPOL_F_RELATIVE_NODES))
		return fail_at(err, 0, ".linux.memoryPolicy.flags",
			"MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
	if (!nodes && (flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES)))
		return fail_at(err, 0, ".linux.memoryPolicy.flags", "flags about nodes need nodes");
	if ((flags & MPOL_F_NUMA_BALANCING) && mode != MPOL_BIND && mode != PREFERRED_MANY)
		return fail_at(err, 0, ".linux.memoryPolicy.flags",
			"MPOL_F_NUMA_BALANCING goes with MPOL_BIND or MPOL_PREFERRED_MANY alone");
	return 0;
}

static int plan_memory_policy(const struct oci_memory_policy *given, struct process_plan *plan, struct error *err)
{
	if (!given)
		return 0;
	if (!given->mode.set)
		return fail_at(err, 0, ".linux.memoryPolicy.mode", "missing");
	if (check_memory_nodes(given, err) < 0)
		return -1;
	if (!is_blank(given->nodes) && cpu_list_parse(given->nodes, plan->mempolicy_nodes, NODE_WORDS, err) < 0)
		return error_at(err, ".linux.memoryPolicy.nodes");
	plan->set_mempolicy = true;
	plan->mempolicy = (int)(given->mode.value | (int64_t)given->flags.value);
	return 0;
}

static int plan_personality(const struct oci_personality *given, struct process_plan *plan, struct error *err)
{
	if (!given)
		return 0;
	if (given->flags.len > 0)
		return fail_at(err, 0, ".linux.personality.flags[0]",
			"unknown flag \"%.64s\": the specification has none yet", given->flags.items[0]);
	plan->set_personality = true;
	plan->personality = (unsigned long)given->domain.value;
	return 0;
}

static int plan_oom(const struct oci_int *given, struct process_plan *plan, struct error *err)
{
	if (given->set && (given->value < -1000 || given->value > 1000))
		return fail_at(
			err, 0, ".process.oomScoreAdj", "%lld is not from -1000 to 1000", (long long)given->value);
	plan->set_oom_score_adj = given->set;
	plan->oom_score_adj = (int)given->value;
	return 0;
}

int process_plan_make(struct arena *arena, const struct oci_process *process, const struct oci_linux *linux,
	struct process_plan *ret_plan, struct error *err)
{
	struct process_plan plan = { .no_new_privs = process->no_new_privileges.value };
	const struct oci_exec_cpu_affinity *affinity = process->exec_cpu_affinity;
	if (plan_user(arena, &process->user, &plan, err) < 0 || plan_rlimits(arena, process, &plan, err) < 0 ||
		plan_oom(&process->oom_score_adj, &plan, err) < 0 ||
		plan_scheduler(process->scheduler, &plan, err) < 0 ||
		plan_io_priority(process->io_priority, &plan, err) < 0)
		return -1;
	if (affinity &&
		(plan_cpus(affinity->initial, ".process.execCPUAffinity.initial", &plan.cpus_initial, err) < 0 ||
			plan_cpus(affinity->final, ".process.execCPUAffinity.final", &plan.cpus_final, err) < 0))
		return -1;
	if (linux && (plan_memory_policy(linux->memory_policy, &plan, err) < 0 ||
			     plan_personality(linux->personality, &plan, err) < 0))
		return -1;
	*ret_plan = plan;
	return 0;
}

/* --- applying it --- */

static int fail_rlimit(const struct process_rlimit *wanted, size_t i, pid_t pid, struct error *err)
{
	int saved = errno;
	char where[40];
	struct rlimit64 now;
	(void)snprintf(where, sizeof(where), ".process.rlimits[%zu]", i);
	(void)fail_at(err, saved, where, "set %s to %llu, hard limit %llu",
		word_name(oci_rlimit_words, wanted->resource), (unsigned long long)wanted->limit.rlim_cur,
		(unsigned long long)wanted->limit.rlim_max);
	if (saved != EPERM || prlimit64(pid, wanted->resource, NULL, &now) < 0)
		return -1;
	return error_hint(
		err, "the hard limit is %llu now; raising it needs CAP_SYS_RESOURCE", (unsigned long long)now.rlim_max);
}

int process_set_rlimits(const struct process_plan *plan, pid_t pid, struct error *err)
{
	for (size_t i = 0; i < plan->rlimits.len; i++) {
		const struct process_rlimit *wanted = &plan->rlimits.items[i];
		if (prlimit64(pid, wanted->resource, &wanted->limit, NULL) < 0)
			return fail_rlimit(wanted, i, pid, err);
	}
	return 0;
}

static int set_memory_policy(const struct process_plan *plan, struct error *err)
{
	/* the kernel reads one bit less than it is told: set_mempolicy(2), BUGS */
	if (syscall(SYS_set_mempolicy, plan->mempolicy, plan->mempolicy_nodes, sizeof(plan->mempolicy_nodes) * 8 + 1) ==
		0)
		return 0;
	int saved = errno;
	(void)fail_at(err, saved, ".linux.memoryPolicy", "set_mempolicy");
	if (saved == ENOSYS)
		return error_hint(err, "the kernel is built without CONFIG_NUMA");
	if (saved == EINVAL)
		return error_hint(err, "the nodes must be online and in the cgroup's cpuset.mems, "
				       "and the kernel must know the mode");
	return -1;
}

static int set_scheduler(const struct process_sched *sched, struct error *err)
{
	if (syscall(SYS_sched_setattr, 0, sched, 0) == 0)
		return 0;
	int saved = errno;
	(void)fail_at(err, saved, ".process.scheduler", "sched_setattr to %s",
		word_name(oci_scheduler_policy_words, (int64_t)sched->policy));
	if (saved == EPERM)
		return error_hint(err, "it needs CAP_SYS_NICE, or a higher RLIMIT_RTPRIO or "
				       "RLIMIT_NICE; SCHED_DEADLINE also all CPUs");
	if (saved == EOPNOTSUPP)
		return error_hint(err, "SCHED_FLAG_UTIL_CLAMP_MIN and _MAX need a kernel with "
				       "CONFIG_UCLAMP_TASK");
	if (saved == EINVAL && sched->policy == OCI_SCHED_ISO)
		return error_hint(err, "Linux has reserved its number and never implemented it");
	return -1;
}

int process_set_scheduling(const struct process_plan *plan, struct error *err)
{
	if (plan->set_mempolicy && set_memory_policy(plan, err) < 0)
		return -1;
	if (plan->set_ioprio && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, plan->ioprio) < 0) {
		(void)fail_at(err, errno, ".process.ioPriority", "ioprio_set");
		return error_hint(err, "IOPRIO_CLASS_RT needs CAP_SYS_ADMIN or CAP_SYS_NICE");
	}
	if (plan->set_sched && set_scheduler(&plan->sched, err) < 0)
		return -1;
	if (plan->set_personality && personality(plan->personality) < 0)
		return fail_at(err, errno, ".linux.personality", "personality %#lx", plan->personality);
	return 0;
}

int process_open_oom_score_adj(const struct process_plan *plan, int *ret_fd, struct error *err)
{
	const char *path = "/proc/self/oom_score_adj";
	if (!plan->set_oom_score_adj)
		return 0;
	*ret_fd = open(path, O_RDWR | O_CLOEXEC);
	/* A process whose program cannot be read is closed to us from its beginning; the value may be the right one. */
	if (*ret_fd < 0)
		*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? fail_at(err, errno, ".process.oomScoreAdj", "open %s", path) : 0;
}

int process_swap_oom_score_adj(int fd, int value, int *ret_before, struct error *err)
{
	char text[16];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
	if (len <= 0)
		return fail_at(err, len < 0 ? errno : EPROTO, ".process.oomScoreAdj", "read oom_score_adj");
	text[len] = '\0';
	*ret_before = atoi(text);
	if (*ret_before == value)
		return 0;
	len = snprintf(text, sizeof(text), "%d", value);
	if (pwrite(fd, text, (size_t)len, 0) == len)
		return 0;
	(void)fail_at(
		err, errno == EBADF ? EACCES : errno, ".process.oomScoreAdj", "write \"%d\" to oom_score_adj", value);
	if (!err || err->errnum != EACCES)
		return -1;
	return error_hint(err, value < *ret_before ? "lowering it needs CAP_SYS_RESOURCE" :
						     "hull's own file must be readable by who runs it");
}

static bool has_groups(const gid_t *groups, size_t count)
{
	int now = getgroups(0, NULL);
	if (now < 0 || (size_t)now != count)
		return false;
	gid_t *held = calloc(count + 1, sizeof(*held));
	if (!held)
		abort();
	bool same = getgroups(now, held) == now;
	for (size_t i = 0; same && i < count; i++) { /* the kernel keeps them sorted */
		bool found = false;
		for (size_t j = 0; j < count && !found; j++)
			found = held[j] == groups[i];
		same = found;
	}
	free(held);
	return same;
}

/* Returns 0 or an errno. user_namespaces(7): with "deny" in /proc/PID/setgroups no group may be dropped, for a group
 * may be what denies access. An empty list then means what is there already. */
static int try_groups(const gid_t *groups, size_t count)
{
	if (setgroups(count, groups) == 0)
		return 0;
	int saved = errno;
	return saved == EPERM && (count == 0 || has_groups(groups, count)) ? 0 : saved;
}

/* As try_groups(), without those that only the image's own files ask for and that are not mapped, or cannot be had at
 * all. */
static int try_groups_there_are(const struct process_plan *plan)
{
	size_t count = 0;
	gid_t *groups = calloc(plan->group_count, sizeof(*groups));
	if (!groups)
		abort();
	for (size_t i = 0; i < plan->group_count; i++)
		if (i >= plan->image_groups || setgroups(1, &plan->groups[i]) == 0)
			groups[count++] = plan->groups[i];
	int status = try_groups(groups, count);
	free(groups);
	return status;
}

static int set_groups(const struct process_plan *plan, struct error *err)
{
	int saved = try_groups(plan->groups, plan->group_count);
	if (saved && plan->image_groups)
		saved = try_groups_there_are(plan);
	if (!saved)
		return 0;
	(void)fail_at(err, saved, ".process.user.additionalGids", "setgroups to %zu groups", plan->group_count);
	if (saved == EINVAL)
		return error_hint(err, "is each group mapped in .linux.gidMappings?");
	if (saved == EPERM)
		return error_hint(err, "a user namespace made without privilege may not change its "
				       "groups; run.oci.keep_original_groups keeps them");
	return -1;
}

void process_own_streams(const struct process_plan *plan)
{
	struct stat st;
	for (int fd = 0; fd <= 2 && plan->uid != 0; fd++)
		if (fstat(fd, &st) == 0 && st.st_uid != plan->uid && !S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
			(void)!fchown(fd, plan->uid, (gid_t)-1);
}

int process_set_user(const struct process_plan *plan, bool keep_groups, struct error *err)
{
	(void)umask(plan->umask); /* always succeeds */
	if (!keep_groups && set_groups(plan, err) < 0)
		return -1;
	if (setresgid(plan->gid, plan->gid, plan->gid) < 0) {
		int saved = errno;
		(void)fail_at(err, saved, ".process.user.gid", "setresgid %u", plan->gid);
		return saved == EINVAL ? error_hint(err, "map it in .linux.gidMappings") : -1;
	}
	if (setresuid(plan->uid, plan->uid, plan->uid) < 0) {
		int saved = errno;
		(void)fail_at(err, saved, ".process.user.uid", "setresuid %u", plan->uid);
		return saved == EINVAL ? error_hint(err, "map it in .linux.uidMappings") : -1;
	}
	return 0;
}

int process_set_affinity(const struct process_cpus *cpus, pid_t pid, struct error *err)
{
	if (!cpus->set)
		return 0;
	if (syscall(SYS_sched_setaffinity, pid, sizeof(cpus->mask), cpus->mask) == 0)
		return 0;
	int saved = errno;
	(void)fail_at(err, saved, ".process.execCPUAffinity", "sched_setaffinity");
	return saved == EINVAL ? error_hint(err, "none of these CPUs is online and in the cpuset") : -1;
}
