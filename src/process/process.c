#include "process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/str.h"
#include "oci/words.h"
#include "process/caps.h"

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

static void plan_user(struct arena *arena, const struct oci_user *user, struct process_plan *plan)
{
	plan->uid = (uid_t)user->uid.value;
	plan->gid = (gid_t)user->gid.value;
	plan->umask = user->umask.set ? (mode_t)user->umask.value : 0022;
	plan->groups = arena_array(arena, user->additional_gids.len, sizeof(gid_t));
	LIST_EACH (&user->additional_gids, gid) {
		size_t i = 0, len = plan->group_count;
		while (i < len && plan->groups[i] != (gid_t)gid->value)
			i++;
		if (i < len) /* each group once, at its last place */
			memmove(&plan->groups[i], &plan->groups[i + 1], (--len - i) * sizeof(gid_t));
		plan->groups[len] = (gid_t)gid->value;
		plan->group_count = len + 1;
	}
}

static void plan_rlimits(struct arena *arena, const struct oci_process *process, struct process_plan *plan)
{
	LIST_EACH (&process->rlimits, given)
		*list_add(arena, &plan->rlimits) = (struct process_rlimit){ .resource = (int)given->type.value,
			.limit = { .rlim_cur = given->soft.value, .rlim_max = given->hard.value } };
}

static void plan_scheduler(const struct oci_scheduler *given, struct process_plan *plan)
{
	if (!given)
		return;
	plan->set_sched = true;
	plan->sched = (struct process_sched){
		.size = sizeof(plan->sched),
		.policy = (uint32_t)given->policy.value,
		.flags = given->flags.value,
		.nice = (int32_t)given->nice.value,
		.priority = (uint32_t)given->priority.value,
		.runtime = given->runtime.value,
		.deadline = given->deadline.value,
		.period = given->period.value,
	};
}

static int plan_memory_policy(const struct oci_memory_policy *given, struct process_plan *plan, struct error *err)
{
	if (!given || !given->mode.set) /* refused, and hull check goes on */
		return 0;
	if (!is_blank(given->nodes) && cpu_list_parse(given->nodes, plan->mempolicy_nodes, NODE_WORDS, err) < 0)
		return error_at(err, ".linux.memoryPolicy.nodes");
	plan->set_mempolicy = true;
	plan->mempolicy = (int)(given->mode.value | (int64_t)given->flags.value);
	return 0;
}

int process_plan_make(struct arena *arena, const struct oci_process *process, const struct oci_linux *linux,
	struct process_plan *ret_plan, struct error *err)
{
	const struct oci_io_priority *io = process->io_priority;
	const struct oci_exec_cpu_affinity *affinity = process->exec_cpu_affinity;
	struct process_plan plan = {
		.no_new_privs = process->no_new_privileges.value,
		.set_oom_score_adj = process->oom_score_adj.set,
		.oom_score_adj = (int)process->oom_score_adj.value,
		.set_ioprio = io,
		.ioprio = io ? IOPRIO_PRIO_VALUE((int)io->class.value, (int)io->priority.value) : 0,
		.set_personality = linux && linux->personality,
	};
	plan_user(arena, &process->user, &plan);
	plan_rlimits(arena, process, &plan);
	plan_scheduler(process->scheduler, &plan);
	if (linux && linux->personality)
		plan.personality = (unsigned long)linux->personality->domain.value;
	if (affinity &&
		(plan_cpus(affinity->initial, ".process.execCPUAffinity.initial", &plan.cpus_initial, err) < 0 ||
			plan_cpus(affinity->final, ".process.execCPUAffinity.final", &plan.cpus_final, err) < 0))
		return -1;
	if (linux && plan_memory_policy(linux->memory_policy, &plan, err) < 0)
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

int process_raise_rlimits(const struct process_plan *plan, pid_t pid, struct error *err)
{
	for (size_t i = 0; i < plan->rlimits.len; i++) {
		const struct process_rlimit *wanted = &plan->rlimits.items[i];
		struct rlimit64 now;
		/* whoever may not look may not raise it either, and the process reports that */
		if (prlimit64(pid, wanted->resource, NULL, &now) < 0 || wanted->limit.rlim_max <= now.rlim_max)
			continue;
		now.rlim_max = wanted->limit.rlim_max;
		if (prlimit64(pid, wanted->resource, &now, NULL) < 0)
			return fail_rlimit(wanted, i, pid, err);
	}
	return 0;
}

bool process_raise_descriptors(struct arena *arena, struct process_plan *plan, size_t count)
{
	struct rlimit64 now, raised;
	if (prlimit64(0, RLIMIT_NOFILE, NULL, &now) < 0 || now.rlim_cur >= count || now.rlim_cur == now.rlim_max)
		return plan->rlimits.len > 0;
	raised = (struct rlimit64){ .rlim_cur = now.rlim_max, .rlim_max = now.rlim_max };
	if (prlimit64(0, RLIMIT_NOFILE, &raised, NULL) < 0)
		return plan->rlimits.len > 0; /* a call that needs more says so */
	bool given = false;
	LIST_EACH (&plan->rlimits, limit)
		given |= limit->resource == RLIMIT_NOFILE;
	if (!given)
		*list_add(arena, &plan->rlimits) = (struct process_rlimit){ .resource = RLIMIT_NOFILE, .limit = now };
	return true;
}

int process_check_rlimits(const struct process_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->rlimits.len; i++) {
		const struct process_rlimit *wanted = &plan->rlimits.items[i];
		struct rlimit64 now;
		if (prlimit64(0, wanted->resource, NULL, &now) < 0 || wanted->limit.rlim_max <= now.rlim_max)
			continue; /* the first is said when the limit is set */
		errno = EPERM;
		return fail_rlimit(wanted, i, 0, err);
	}
	return 0;
}

static int set_memory_policy(const struct process_plan *plan, struct error *err)
{
	/* The kernel reads one bit less than the number that it is given: set_mempolicy(2), BUGS. */
	if (syscall(SYS_set_mempolicy, plan->mempolicy, plan->mempolicy_nodes, sizeof(plan->mempolicy_nodes) * 8 + 1) ==
		0)
		return 0;
	const char *hint = NULL;
	if (errno == ENOSYS)
		hint = "the kernel is built without CONFIG_NUMA";
	else if (errno == EINVAL)
		hint = "the nodes must be online and in the cgroup's cpuset.mems, and the kernel must know the mode";
	return fail_at_hint(err, errno, ".linux.memoryPolicy", hint, "set_mempolicy");
}

static int set_scheduler(const struct process_sched *sched, struct error *err)
{
	if (syscall(SYS_sched_setattr, 0, sched, 0) == 0)
		return 0;
	const char *hint = NULL;
	if (errno == EPERM)
		hint = "it needs CAP_SYS_NICE, or a higher RLIMIT_RTPRIO or RLIMIT_NICE; SCHED_DEADLINE also all CPUs";
	else if (errno == EOPNOTSUPP)
		hint = "SCHED_FLAG_UTIL_CLAMP_MIN and _MAX need a kernel with CONFIG_UCLAMP_TASK";
	else if (errno == EINVAL && sched->policy == OCI_SCHED_ISO)
		hint = "Linux has reserved the number of SCHED_ISO and never implemented it";
	return fail_at_hint(err, errno, ".process.scheduler", hint, "sched_setattr to %s",
		word_name(oci_scheduler_policy_words, (int64_t)sched->policy));
}

int process_set_scheduling(const struct process_plan *plan, struct error *err)
{
	if (plan->set_mempolicy && set_memory_policy(plan, err) < 0)
		return -1;
	if (plan->set_ioprio && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, plan->ioprio) < 0) {
		return fail_at_hint(err, errno, ".process.ioPriority",
			"IOPRIO_CLASS_RT needs CAP_SYS_ADMIN or CAP_SYS_NICE", "ioprio_set");
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
	/* Where hull's own file is not readable, its files in procfs cannot be written; the value may be right
	 * already. */
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
						     "hull's executable must be readable by its caller");
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
	for (size_t i = 0; same && i < count; i++) { /* `held` is sorted, `groups` is not */
		bool found = false;
		for (size_t j = 0; j < count && !found; j++)
			found = held[j] == groups[i];
		same = found;
	}
	free(held);
	return same;
}

/* Whether EPERM of setgroups(2) means "deny" in /proc/PID/setgroups, which forbids to drop a group because a group may
 * deny access (user_namespaces(7)). Its other cause is a lack of CAP_SETGID. */
static bool is_denied(const struct process_plan *plan)
{
	return defence_is_off("setgroups") || (plan->in_user_ns && (caps_held() & caps_mask("CAP_SETGID")));
}

/* Returns 0 or an errno. Where groups cannot be dropped, an empty list means the present ones. */
static int try_groups(const struct process_plan *plan, const gid_t *groups, size_t count)
{
	if (setgroups(count, groups) == 0)
		return 0;
	int saved = errno;
	bool granted = saved == EPERM && (has_groups(groups, count) || (count == 0 && is_denied(plan)));
	return granted ? 0 : saved;
}

/* Like try_groups(), but leaves out groups from the image's files that cannot be set. */
static int try_groups_there_are(const struct process_plan *plan)
{
	size_t count = 0;
	gid_t *groups = calloc(plan->group_count, sizeof(*groups));
	if (!groups)
		abort();
	for (size_t i = 0; i < plan->group_count; i++)
		if (i >= plan->image_groups || setgroups(1, &plan->groups[i]) == 0)
			groups[count++] = plan->groups[i];
	int status = try_groups(plan, groups, count);
	free(groups);
	return status;
}

static int set_groups(const struct process_plan *plan, struct error *err)
{
	int saved = try_groups(plan, plan->groups, plan->group_count);
	if (saved && plan->image_groups)
		saved = try_groups_there_are(plan);
	if (!saved)
		return 0;
	const char *hint = NULL;
	if (saved == EINVAL)
		hint = "is each group mapped in .linux.gidMappings?";
	else if (saved == EPERM && is_denied(plan))
		hint = "a user namespace made without privilege may not change its groups; "
		       "run.oci.keep_original_groups keeps them";
	else if (saved == EPERM)
		hint = "it needs CAP_SETGID; run.oci.keep_original_groups keeps the caller's groups";
	return fail_at_hint(
		err, saved, ".process.user.additionalGids", hint, "setgroups to %zu groups", plan->group_count);
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
	if (setresgid(plan->gid, plan->gid, plan->gid) < 0)
		return fail_at_hint(err, errno, ".process.user.gid",
			errno == EINVAL ? "map it in .linux.gidMappings" : NULL, "setresgid %u", plan->gid);
	if (setresuid(plan->uid, plan->uid, plan->uid) < 0)
		return fail_at_hint(err, errno, ".process.user.uid",
			errno == EINVAL ? "map it in .linux.uidMappings" : NULL, "setresuid %u", plan->uid);
	return 0;
}

void process_reset_affinity(void)
{
	uint64_t all[CPU_WORDS];
	memset(all, 0xff, sizeof(all));
	/* the kernel leaves out what the cpuset lacks; a failure leaves the caller's */
	(void)syscall(SYS_sched_setaffinity, 0, sizeof(all), all);
}

int process_set_affinity(const struct process_cpus *cpus, pid_t pid, struct error *err)
{
	if (!cpus->set)
		return 0;
	if (syscall(SYS_sched_setaffinity, pid, sizeof(cpus->mask), cpus->mask) == 0)
		return 0;
	return fail_at_hint(err, errno, ".process.execCPUAffinity",
		errno == EINVAL ? "none of these CPUs is online and in the cpuset" : NULL, "sched_setaffinity");
}
