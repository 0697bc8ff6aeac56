/*
 * The configuration, in the order of the specification: config.md and config-linux.md of runtime-spec 1.3 and main.
 * oci/json-read.h reads it by the tables in oci/config.c and oci/config-linux.c.
 *
 * Everything belongs to the arena that it was read into. An absent object or string is NULL, an absent number has `set`
 * false, and an absent list is empty. Words ("IOPRIO_CLASS_BE") are the kernel's or libseccomp's numbers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct oci_int {
	bool set;
	int64_t value;
};

struct oci_uint {
	bool set;
	uint64_t value;
};

struct oci_bool {
	bool set;
	bool value;
};

typedef LIST(const char *) oci_strings; /* a NULL follows the items, so that they serve as argv and environ */

struct oci_pair {
	const char *key;
	const char *value;
};
typedef LIST(struct oci_pair) oci_map;

/* config.md "Process" */

struct oci_console_size {
	struct oci_uint height, width;
};

struct oci_user {
	struct oci_uint uid, gid;
	struct oci_uint umask;
	LIST(struct oci_uint) additional_gids;
	const char *username; /* Windows only */
};

struct oci_capabilities { /* names; the plan makes masks of them */
	oci_strings bounding, effective, inheritable, permitted, ambient;
};

struct oci_rlimit {
	struct oci_int type; /* RLIMIT_* */
	struct oci_uint soft, hard;
};

struct oci_scheduler {
	struct oci_int policy; /* SCHED_* */
	struct oci_int nice, priority;
	struct oci_uint flags;                     /* SCHED_FLAG_* or'ed */
	struct oci_uint runtime, deadline, period; /* nanoseconds */
};

struct oci_io_priority {
	struct oci_int class; /* IOPRIO_CLASS_*: 1 RT, 2 BE, 3 IDLE */
	struct oci_int priority;
};

struct oci_exec_cpu_affinity {
	const char *initial, *final; /* cpu lists: "0-3,7" */
};

struct oci_process {
	struct oci_bool terminal;
	struct oci_console_size *console_size;
	const char *cwd;
	oci_strings env;
	oci_strings args;
	const char *command_line; /* Windows only */
	LIST(struct oci_rlimit) rlimits;
	const char *apparmor_profile;
	struct oci_capabilities *capabilities;
	struct oci_bool no_new_privileges;
	struct oci_int oom_score_adj;
	struct oci_scheduler *scheduler;
	const char *selinux_label;
	struct oci_io_priority *io_priority;
	struct oci_exec_cpu_affinity *exec_cpu_affinity;
	struct oci_user user;
};

/* What a container without .process has until start demands one: root in "/", no program. */
struct oci_process *oci_no_process(struct arena *arena);

/* config.md "Root", "Mounts" */

struct oci_root {
	const char *path;
	struct oci_bool readonly;
};

struct oci_id_mapping {
	struct oci_uint container_id, host_id, size;
};
typedef LIST(struct oci_id_mapping) oci_id_mappings;

/* The text of uid_map or gid_map: user_namespaces(7). */
const char *oci_mappings_text(struct arena *arena, const oci_id_mappings *mappings);
/* The range with that id of the container, or NULL. */
static inline const struct oci_id_mapping *oci_mapping_of(const oci_id_mappings *mappings, uint64_t id)
{
	LIST_EACH (mappings, m)
		if (id >= m->container_id.value && id - m->container_id.value < m->size.value)
			return m;
	return NULL;
}

struct oci_mount {
	const char *destination;
	const char *source;
	const char *type;
	oci_strings options;
	oci_id_mappings uid_mappings, gid_mappings;
};

/* config.md "POSIX-platform Hooks" */

struct oci_hook {
	const char *path;
	oci_strings args;
	oci_strings env;
	struct oci_int timeout; /* seconds */
};
typedef LIST(struct oci_hook) oci_hook_list;

struct oci_hooks {
	oci_hook_list prestart, create_runtime, create_container, start_container, poststart, poststop;
};

/* config-linux.md */

struct oci_namespace {
	struct oci_int type; /* CLONE_NEW* */
	const char *path;
};

struct oci_time_offset {
	struct oci_int secs;
	struct oci_uint nanosecs;
};

struct oci_time_offsets {
	struct oci_time_offset *boottime, *monotonic;
};

struct oci_device {
	const char *type; /* "c", "b", "u" or "p" */
	const char *path;
	struct oci_int major, minor;
	struct oci_uint file_mode, uid, gid;
};

struct oci_net_device {
	const char *key;  /* name in the runtime's network namespace */
	const char *name; /* name in the container, or NULL for the same */
};

/* config-linux.md "Control groups": .linux.resources */

struct oci_device_rule {
	struct oci_bool allow;
	const char *type; /* "a", "c", "b" */
	struct oci_int major, minor;
	const char *access;
};

struct oci_memory {
	struct oci_int limit, reservation, swap, kernel, kernel_tcp; /* bytes; -1 is unlimited */
	struct oci_uint swappiness;
	struct oci_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct oci_cpu {
	struct oci_uint shares;
	struct oci_int quota;          /* microseconds */
	struct oci_uint burst, period; /* microseconds */
	struct oci_int realtime_runtime;
	struct oci_uint realtime_period;
	const char *cpus, *mems;
	struct oci_int idle;
};

struct oci_weight_device {
	struct oci_int major, minor;
	struct oci_uint weight, leaf_weight;
};

struct oci_throttle_device {
	struct oci_int major, minor;
	struct oci_uint rate;
};
typedef LIST(struct oci_throttle_device) oci_throttle_list;

struct oci_block_io {
	struct oci_uint weight, leaf_weight;
	LIST(struct oci_weight_device) weight_device;
	oci_throttle_list throttle_read_bps_device, throttle_write_bps_device;
	oci_throttle_list throttle_read_iops_device, throttle_write_iops_device;
};

struct oci_hugepage_limit {
	const char *page_size;
	struct oci_uint limit;
};

struct oci_interface_priority {
	const char *name;
	struct oci_uint priority;
};

struct oci_network {
	struct oci_uint class_id;
	LIST(struct oci_interface_priority) priorities;
};

struct oci_pids {
	struct oci_int limit;
};

struct oci_rdma {
	const char *key; /* device name */
	struct oci_uint hca_handles, hca_objects;
};

struct oci_resources {
	LIST(struct oci_device_rule) devices;
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct oci_block_io *block_io;
	LIST(struct oci_hugepage_limit) hugepage_limits;
	struct oci_network *network;
	struct oci_pids *pids;
	LIST(struct oci_rdma) rdma;
	oci_map unified;
};

struct oci_intel_rdt {
	const char *clos_id;
	oci_strings schemata;
	const char *l3_cache_schema, *mem_bw_schema;
	struct oci_bool enable_cmt, enable_mbm; /* before 1.3 */
	struct oci_bool enable_monitoring;
};

struct oci_memory_policy {
	struct oci_int mode;   /* MPOL_* */
	const char *nodes;     /* node list: "0-3,7" */
	struct oci_uint flags; /* MPOL_F_* or'ed */
};

struct oci_seccomp_arg {
	struct oci_uint index, value, value_two;
	struct oci_int op; /* SCMP_CMP_* of libseccomp */
};

struct oci_seccomp_syscall {
	oci_strings names;
	struct oci_int action; /* enum oci_seccomp_action */
	struct oci_uint errno_ret;
	LIST(struct oci_seccomp_arg) args;
};

enum oci_seccomp_action { /* process/seccomp.c makes SCMP_ACT_* of it, with the errno */
	OCI_ACT_KILL_THREAD,
	OCI_ACT_KILL_PROCESS,
	OCI_ACT_TRAP,
	OCI_ACT_ERRNO,
	OCI_ACT_TRACE,
	OCI_ACT_ALLOW,
	OCI_ACT_LOG,
	OCI_ACT_NOTIFY,
};

struct oci_seccomp {
	struct oci_int default_action; /* enum oci_seccomp_action */
	struct oci_uint default_errno_ret;
	LIST(struct oci_int) architectures; /* SCMP_ARCH_* of libseccomp */
	struct oci_uint flags;              /* SECCOMP_FILTER_FLAG_* or'ed */
	const char *listener_path, *listener_metadata;
	LIST(struct oci_seccomp_syscall) syscalls;
	/* From annotations, as in crun: */
	const char *bpf_data; /* the program itself in base64, in place of the rest; or NULL */
	bool fail_unknown;    /* an unknown system call is an error */
};

struct oci_personality {
	struct oci_int domain; /* PER_LINUX, PER_LINUX32 */
	oci_strings flags;
};

struct oci_linux {
	LIST(struct oci_namespace) namespaces;
	oci_id_mappings uid_mappings, gid_mappings;
	struct oci_time_offsets *time_offsets;
	LIST(struct oci_device) devices;
	LIST(struct oci_net_device) net_devices;
	const char *cgroups_path;
	struct oci_resources *resources;
	struct oci_intel_rdt *intel_rdt;
	struct oci_memory_policy *memory_policy;
	oci_map sysctl;
	struct oci_seccomp *seccomp;
	/* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE, MS_REC added for the r-forms */
	struct oci_int rootfs_propagation;
	oci_strings masked_paths, readonly_paths;
	const char *mount_label;
	struct oci_personality *personality;
};

struct oci_config {
	const char *oci_version;
	struct oci_root *root;
	LIST(struct oci_mount) mounts;
	struct oci_process *process;
	const char *hostname, *domainname;
	struct oci_hooks *hooks;
	oci_map annotations;
	struct oci_linux *linux;
	/* The objects of other platforms, by which oci/check.h refuses a bundle that is not for Linux. */
	struct oci_bool has_vm, has_windows, has_solaris, has_zos, has_freebsd;
};
