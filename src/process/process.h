/*
 * A process apart from its namespaces, capabilities and filters: ids, limits, scheduling, memory policy.
 *
 *	process_plan_make(arena, process, linux, &plan, &err);       parent, before clone3
 *	process_open_oom_score_adj(&plan, &fd, &err);                parent, before self_hide
 *	process_swap_oom_score_adj(fd, value, &before, &err);        parent, around clone3
 *	process_set_rlimits(&plan, 0, &err);                         init, before setresuid
 *	process_set_scheduling(&plan, &err);
 *	process_own_streams(&plan);
 *	process_set_user(&plan, keep_groups, &err);                  between caps_keep and caps_set
 *
 * config.md "POSIX process", "Linux Process"; config-linux.md "Memory Policy", "Personality".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

enum {
	CPU_WORDS = 128, /* 8192 CPUs, the most that a Linux kernel is built for */
	NODE_WORDS = 16, /* 1024 memory nodes, likewise */
};

struct process_cpus {
	bool set;
	uint64_t mask[CPU_WORDS];
};

struct process_rlimit {
	int resource; /* RLIMIT_* */
	struct rlimit64 limit;
};

/* sched_setattr(2); the C library has no name for it in all its releases. */
struct process_sched {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max; /* the specification has flags for them, and no values */
};

struct process_plan {
	uid_t uid;
	gid_t gid;
	mode_t umask; /* 0022 where the configuration has none, as runc and crun */
	gid_t *groups;
	size_t group_count, image_groups; /* the first image_groups of them come from the image's files */
	bool no_new_privs;
	bool in_user_ns; /* not the first one; set by the caller */

	LIST(struct process_rlimit) rlimits;

	bool set_oom_score_adj;
	int oom_score_adj;

	bool set_sched;
	struct process_sched sched;
	bool set_ioprio;
	int ioprio; /* IOPRIO_PRIO_VALUE(class, level) */
	bool set_personality;
	unsigned long personality;
	bool set_mempolicy;
	int mempolicy; /* MPOL_*, with MPOL_F_* */
	uint64_t mempolicy_nodes[NODE_WORDS];

	struct process_cpus cpus_initial, cpus_final; /* execCPUAffinity: exec alone uses them */
};

/* Pure. `process` and `linux`, which may be NULL, have passed oci/check.h. Errors name the property. */
int process_plan_make(struct arena *arena, const struct oci_process *process, const struct oci_linux *linux,
	struct process_plan *ret_plan, struct error *err);

/* Sets the limits of process pid, 0 for the caller. */
int process_set_rlimits(const struct process_plan *plan, pid_t pid, struct error *err);
/* Raises the hard limits of process pid that are lower than the plan's, so that the process can set the plan's itself.
 * */
int process_raise_rlimits(const struct process_plan *plan, pid_t pid, struct error *err);
/* Fails as process_set_rlimits() would, for a caller without the right to raise a hard limit. */
int process_check_rlimits(const struct process_plan *plan, struct error *err);
/* Raises the soft limit of the caller's descriptors if it is below `count`, and plans that the process gets the old one
 * back, unless the configuration names another. Returns whether the plan has limits. */
bool process_raise_descriptors(struct arena *arena, struct process_plan *plan, size_t count);

/* Sets memory policy, I/O priority, scheduler and personality of the caller, as far as the plan has them. */
int process_set_scheduling(const struct process_plan *plan, struct error *err);

/* Opens the caller's oom_score_adj, or leaves -1 where the plan sets none. A child inherits the value. That is the
 * only way for a user to give it to a child that is not dumpable, whose files in procfs are root's. The caller's own
 * files become root's with self_hide(). */
int process_open_oom_score_adj(const struct process_plan *plan, int *ret_fd, struct error *err);
/* Writes the value, unless the file has it already, and returns the previous one. Lowering it below the value that was
 * last set with CAP_SYS_RESOURCE takes that capability (EACCES). */
int process_swap_oom_score_adj(int fd, int value, int *ret_before, struct error *err);

/* Makes the plan's user, unless that is 0, the owner of the pipes, sockets and files among the standard streams, so
 * that /dev/stdout can be opened again. Devices keep their owner, and so do files whose owner is not mapped or whose
 * filesystem is read-only. */
void process_own_streams(const struct process_plan *plan);

/* Sets umask, groups, gid and uid of the caller. keep_groups leaves the supplementary groups unchanged. Where
 * setgroups(2) is denied (a user namespace made without privilege), an empty list leaves them too, since they cannot
 * be dropped, and a list that differs is an error. Those of image_groups that cannot be set are left out. */
int process_set_user(const struct process_plan *plan, bool keep_groups, struct error *err);

/* Lets this process run on every CPU that its cpuset has: an engine may be confined to fewer, but not its
 * containers. */
void process_reset_affinity(void);
/* Sets the affinity of process pid, 0 for the caller. Does nothing if the mask is not set. */
int process_set_affinity(const struct process_cpus *cpus, pid_t pid, struct error *err);

/* Reads "0-3,7" (numbers and inclusive ranges, commas, blanks around them) into a mask of `words` words, zeroed first.
 * An empty list is an error. The error has no `where`: the caller knows the property. */
int cpu_list_parse(const char *text, uint64_t *mask, size_t words, struct error *err);
