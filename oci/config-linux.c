/*
 * The tables of config-linux.md. Ranges are the specification's, or the kernel's where they are narrower: a
 * value beyond them could only fail later.
 */
#include "oci/schema.h"
#include "oci/words.h"

enum {
	MAX_MAJOR = (1 << 12) - 1, /* MINORBITS is 20: linux/kdev_t.h */
	MAX_MINOR = (1 << 20) - 1,
	MAX_DEVICE_MODE = 0177777, /* with the type bits, which engines leave in: they are ignored */
	MAX_NANOSECONDS = 999999999,
	MAX_WEIGHT = 1000,
	MAX_SYSCALL_ARG = 5,
};

#define MAX_ID (UINT32_MAX - 1) /* -1 means "leave as it is" to chown(2) */

static const struct property namespace_properties[] = {
	WORD(struct oci_namespace, type, "type", REQUIRED, oci_namespace_words, "kind of namespace"),
	STRING(struct oci_namespace, path, "path", 0,
		"file of a namespace to join, an absolute path on the host; a new one is made if absent"),
};
static const struct schema oci_namespace_schema = SCHEMA(oci_namespace, namespace_properties);

static const struct property time_offset_properties[] = {
	INT(struct oci_time_offset, secs, "secs", 0, INT64_MIN, INT64_MAX, "seconds added to the clock"),
	UINT(struct oci_time_offset, nanosecs, "nanosecs", 0, MAX_NANOSECONDS, "nanoseconds added to the clock"),
};
static const struct schema oci_time_offset_schema = SCHEMA(oci_time_offset, time_offset_properties);

static const struct property time_offsets_properties[] = {
	OBJECT(struct oci_time_offsets, boottime, oci_time_offset, "boottime", 0,
		"offset of CLOCK_BOOTTIME and the clocks that follow it"),
	OBJECT(struct oci_time_offsets, monotonic, oci_time_offset, "monotonic", 0,
		"offset of CLOCK_MONOTONIC and the clocks that follow it"),
};
static const struct schema oci_time_offsets_schema = SCHEMA(oci_time_offsets, time_offsets_properties);

static const struct property device_properties[] = {
	STRING(struct oci_device, type, "type", REQUIRED,
		"\"c\" or \"u\" for a character device, \"b\" for a block device, \"p\" for a fifo"),
	STRING(struct oci_device, path, "path", REQUIRED | AS_PATH,
		"path of the node, an absolute one inside the container"),
	INT(struct oci_device, major, "major", 0, 0, MAX_MAJOR, "major number; needed unless it is a fifo"),
	INT(struct oci_device, minor, "minor", 0, 0, MAX_MINOR, "minor number; needed unless it is a fifo"),
	UINT(struct oci_device, file_mode, "fileMode", 0, MAX_DEVICE_MODE,
		"permission bits, in decimal like every number in JSON; 438 (0666) if absent"),
	UINT(struct oci_device, uid, "uid", 0, MAX_ID, "its owner inside the container; 0 if absent"),
	UINT(struct oci_device, gid, "gid", 0, MAX_ID, "its group inside the container; 0 if absent"),
};
static const struct schema oci_device_schema = SCHEMA(oci_device, device_properties);

static const struct property net_device_properties[] = {
	STRING(struct oci_net_device, name, "name", 0, "its name in the container; unchanged if absent"),
};
static const struct schema oci_net_device_schema = SCHEMA(oci_net_device, net_device_properties);

static const struct property device_rule_properties[] = {
	BOOL(struct oci_device_rule, allow, "allow", REQUIRED, "whether access is allowed or denied"),
	STRING(struct oci_device_rule, type, "type", 0,
		"\"c\" for character devices, \"b\" for block devices, \"a\" for both; \"a\" if absent"),
	INT(struct oci_device_rule, major, "major", 0, -1, MAX_MAJOR, "major number; every one if absent or -1"),
	INT(struct oci_device_rule, minor, "minor", 0, -1, MAX_MINOR, "minor number; every one if absent or -1"),
	STRING(struct oci_device_rule, access, "access", 0,
		"accesses that the rule covers: \"r\" to read, \"w\" to write, \"m\" to make the node; \"rwm\" if "
		"absent"),
};
static const struct schema oci_device_rule_schema = SCHEMA(oci_device_rule, device_rule_properties);

static const struct property memory_properties[] = {
	INT(struct oci_memory, limit, "limit", 0, -1, INT64_MAX,
		"most memory in bytes, beyond which the kernel reclaims memory or kills processes; -1 is unlimited"),
	INT(struct oci_memory, reservation, "reservation", 0, -1, INT64_MAX,
		"bytes that are reclaimed last when the host runs short of memory; -1 is unlimited"),
	INT(struct oci_memory, swap, "swap", 0, -1, INT64_MAX,
		"most memory and swap together in bytes; -1 is unlimited"),
	INT(struct oci_memory, kernel, "kernel", 0, -1, INT64_MAX,
		"limit of kernel memory in bytes; deprecated, cgroup v2 counts it as memory"),
	INT(struct oci_memory, kernel_tcp, "kernelTCP", 0, -1, INT64_MAX,
		"limit of TCP buffers in bytes; cgroup v2 counts them as memory"),
	UINT(struct oci_memory, swappiness, "swappiness", 0, 100, "tendency to swap, 0 to 100; cgroup v1 only"),
	BOOL(struct oci_memory, disable_oom_killer, "disableOOMKiller", 0,
		"whether processes are stopped, not killed, when memory runs out; cgroup v1 only"),
	BOOL(struct oci_memory, use_hierarchy, "useHierarchy", 0,
		"whether memory of the cgroups below counts as well; it always does with cgroup v2"),
	BOOL(struct oci_memory, check_before_update, "checkBeforeUpdate", 0,
		"whether an update refuses a limit below what is in use"),
};
static const struct schema oci_memory_schema = SCHEMA(oci_memory, memory_properties);

static const struct property cpu_properties[] = {
	UINT(struct oci_cpu, shares, "shares", 0, INT64_MAX,
		"share of the CPU time relative to siblings; 1024 is usual"),
	INT(struct oci_cpu, quota, "quota", 0, -1, INT64_MAX,
		"microseconds of CPU time allowed in each period; -1 is unlimited"),
	UINT(struct oci_cpu, burst, "burst", 0, INT64_MAX, "microseconds of unused quota that may be saved up"),
	UINT(struct oci_cpu, period, "period", 0, INT64_MAX, "length of a period in microseconds"),
	INT(struct oci_cpu, realtime_runtime, "realtimeRuntime", 0, -1, INT64_MAX,
		"microseconds of real-time scheduling allowed in each period; cgroup v1 only"),
	UINT(struct oci_cpu, realtime_period, "realtimePeriod", 0, INT64_MAX,
		"length of a real-time period in microseconds; cgroup v1 only"),
	STRING(struct oci_cpu, cpus, "cpus", 0, "CPUs that may be used, such as 0-3,7"),
	STRING(struct oci_cpu, mems, "mems", 0, "memory nodes that may be used, such as 0-1"),
	INT(struct oci_cpu, idle, "idle", 0, 0, 1, "1: its processes run only when no others want to"),
};
static const struct schema oci_cpu_schema = SCHEMA(oci_cpu, cpu_properties);

static const struct property weight_device_properties[] = {
	INT(struct oci_weight_device, major, "major", REQUIRED, 0, MAX_MAJOR, "major number"),
	INT(struct oci_weight_device, minor, "minor", REQUIRED, 0, MAX_MINOR, "minor number"),
	UINT(struct oci_weight_device, weight, "weight", 0, MAX_WEIGHT, "weight for this device, 10 to 1000"),
	UINT(struct oci_weight_device, leaf_weight, "leafWeight", 0, MAX_WEIGHT,
		"weight against the cgroups below; cgroup v1 only"),
};
static const struct schema oci_weight_device_schema = SCHEMA(oci_weight_device, weight_device_properties);

static const struct property throttle_device_properties[] = {
	INT(struct oci_throttle_device, major, "major", REQUIRED, 0, MAX_MAJOR, "major number"),
	INT(struct oci_throttle_device, minor, "minor", REQUIRED, 0, MAX_MINOR, "minor number"),
	UINT(struct oci_throttle_device, rate, "rate", REQUIRED, UINT64_MAX, "bytes or operations per second"),
};
static const struct schema oci_throttle_device_schema = SCHEMA(oci_throttle_device, throttle_device_properties);

static const struct property block_io_properties[] = {
	UINT(struct oci_block_io, weight, "weight", 0, MAX_WEIGHT,
		"share of I/O relative to siblings, 10 to 1000; 0 leaves it as it is"),
	UINT(struct oci_block_io, leaf_weight, "leafWeight", 0, MAX_WEIGHT,
		"weight against the cgroups below; cgroup v1 only"),
	OBJECTS(struct oci_block_io, weight_device, oci_weight_device, "weightDevice", 0, "weights for single devices"),
	OBJECTS(struct oci_block_io, throttle_read_bps_device, oci_throttle_device, "throttleReadBpsDevice", 0,
		"most bytes read per second, by device"),
	OBJECTS(struct oci_block_io, throttle_write_bps_device, oci_throttle_device, "throttleWriteBpsDevice", 0,
		"most bytes written per second, by device"),
	OBJECTS(struct oci_block_io, throttle_read_iops_device, oci_throttle_device, "throttleReadIOPSDevice", 0,
		"most read operations per second, by device"),
	OBJECTS(struct oci_block_io, throttle_write_iops_device, oci_throttle_device, "throttleWriteIOPSDevice", 0,
		"most write operations per second, by device"),
};
static const struct schema oci_block_io_schema = SCHEMA(oci_block_io, block_io_properties);

static const struct property hugepage_limit_properties[] = {
	STRING(struct oci_hugepage_limit, page_size, "pageSize", REQUIRED,
		"page size, a number and KB, MB or GB, such as 2MB"),
	UINT(struct oci_hugepage_limit, limit, "limit", REQUIRED, UINT64_MAX, "most bytes in pages of that size"),
};
static const struct schema oci_hugepage_limit_schema = SCHEMA(oci_hugepage_limit, hugepage_limit_properties);

static const struct property interface_priority_properties[] = {
	STRING(struct oci_interface_priority, name, "name", REQUIRED, "the interface"),
	UINT(struct oci_interface_priority, priority, "priority", REQUIRED, UINT32_MAX,
		"priority of packets sent through it"),
};
static const struct schema oci_interface_priority_schema =
	SCHEMA(oci_interface_priority, interface_priority_properties);

static const struct property network_properties[] = {
	UINT(struct oci_network, class_id, "classID", 0, UINT32_MAX,
		"traffic class of packets that the container sends; cgroup v1 only"),
	OBJECTS(struct oci_network, priorities, oci_interface_priority, "priorities", 0,
		"priorities of packets, by interface; cgroup v1 only"),
};
static const struct schema oci_network_schema = SCHEMA(oci_network, network_properties);

/* The specification's schema requires the limit, but its own Go types leave an unset one out. */
static const struct property pids_properties[] = {
	INT(struct oci_pids, limit, "limit", 0, -1, INT64_MAX, "most tasks at one time; -1 is unlimited"),
};
static const struct schema oci_pids_schema = SCHEMA(oci_pids, pids_properties);

static const struct property rdma_properties[] = {
	UINT(struct oci_rdma, hca_handles, "hcaHandles", 0, UINT32_MAX, "most handles open at one time"),
	UINT(struct oci_rdma, hca_objects, "hcaObjects", 0, UINT32_MAX, "most objects at one time"),
};
static const struct schema oci_rdma_schema = SCHEMA(oci_rdma, rdma_properties);

static const struct property resources_properties[] = {
	OBJECTS(struct oci_resources, devices, oci_device_rule, "devices", 0,
		"devices that may be used; the last matching rule decides"),
	OBJECT(struct oci_resources, memory, oci_memory, "memory", 0, "limits of memory"),
	OBJECT(struct oci_resources, cpu, oci_cpu, "cpu", 0, "limits of CPU time, and placement"),
	OBJECT(struct oci_resources, block_io, oci_block_io, "blockIO", 0, "limits of disk I/O"),
	OBJECTS(struct oci_resources, hugepage_limits, oci_hugepage_limit, "hugepageLimits", 0,
		"limits of huge pages, by page size"),
	OBJECT(struct oci_resources, network, oci_network, "network", 0, "marks on packets that the container sends"),
	OBJECT(struct oci_resources, pids, oci_pids, "pids", 0, "limit of the number of tasks"),
	OBJECT_MAP(struct oci_resources, rdma, oci_rdma, "rdma", 0, "limits of RDMA, by device name"),
	MAP(struct oci_resources, unified, "unified", 0, "cgroup v2 files by name, and the text written to each"),
};
const struct schema oci_resources_schema = SCHEMA(oci_resources, resources_properties);

static const struct property intel_rdt_properties[] = {
	STRING(struct oci_intel_rdt, clos_id, "closID", 0, "name of the resctrl group; the container's id if absent"),
	STRINGS(struct oci_intel_rdt, schemata, "schemata", 0,
		"lines for the group's schemata file, written after the two below"),
	STRING(struct oci_intel_rdt, l3_cache_schema, "l3CacheSchema", 0,
		"line of the schemata file for the L3 cache, such as L3:0=ff"),
	STRING(struct oci_intel_rdt, mem_bw_schema, "memBwSchema", 0,
		"line of the schemata file for memory bandwidth, such as MB:0=50"),
	BOOL(struct oci_intel_rdt, enable_cmt, "enableCMT", 0,
		"whether cache use is monitored; replaced by enableMonitoring in 1.3"),
	BOOL(struct oci_intel_rdt, enable_mbm, "enableMBM", 0,
		"whether memory bandwidth is monitored; replaced by enableMonitoring in 1.3"),
	BOOL(struct oci_intel_rdt, enable_monitoring, "enableMonitoring", 0,
		"whether a monitoring group is made for the container"),
};
static const struct schema oci_intel_rdt_schema = SCHEMA(oci_intel_rdt, intel_rdt_properties);

static const struct property memory_policy_properties[] = {
	WORD(struct oci_memory_policy, mode, "mode", REQUIRED, oci_memory_policy_words,
		"which nodes pages come from, as in set_mempolicy(2)"),
	STRING(struct oci_memory_policy, nodes, "nodes", 0, "the memory nodes, such as 0-3,7"),
	FLAGS(struct oci_memory_policy, flags, "flags", 0, oci_memory_policy_flag_words,
		"how the nodes are interpreted, as in set_mempolicy(2)"),
};
static const struct schema oci_memory_policy_schema = SCHEMA(oci_memory_policy, memory_policy_properties);

static const struct property seccomp_arg_properties[] = {
	UINT(struct oci_seccomp_arg, index, "index", REQUIRED, MAX_SYSCALL_ARG, "which argument, counted from 0"),
	UINT(struct oci_seccomp_arg, value, "value", REQUIRED, UINT64_MAX,
		"value to compare with, or the mask for SCMP_CMP_MASKED_EQ"),
	UINT(struct oci_seccomp_arg, value_two, "valueTwo", 0, UINT64_MAX,
		"value that the masked argument must equal for SCMP_CMP_MASKED_EQ"),
	WORD(struct oci_seccomp_arg, op, "op", REQUIRED, oci_seccomp_operator_words, "the comparison"),
};
static const struct schema oci_seccomp_arg_schema = SCHEMA(oci_seccomp_arg, seccomp_arg_properties);

static const struct property seccomp_syscall_properties[] = {
	STRINGS(struct oci_seccomp_syscall, names, "names", REQUIRED, "the system calls"),
	WORD(struct oci_seccomp_syscall, action, "action", REQUIRED, oci_seccomp_action_words,
		"action on a call of one of them whose arguments all match"),
	UINT(struct oci_seccomp_syscall, errno_ret, "errnoRet", 0, UINT16_MAX,
		"errno for SCMP_ACT_ERRNO, or message to the tracer for SCMP_ACT_TRACE; EPERM if absent"),
	OBJECTS(struct oci_seccomp_syscall, args, oci_seccomp_arg, "args", 0,
		"comparisons of arguments, all of which must hold"),
};
static const struct schema oci_seccomp_syscall_schema = SCHEMA(oci_seccomp_syscall, seccomp_syscall_properties);

static const struct property seccomp_properties[] = {
	WORD(struct oci_seccomp, default_action, "defaultAction", 0, oci_seccomp_action_words,
		"action on a call that no entry of syscalls matches; required if there are entries"),
	UINT(struct oci_seccomp, default_errno_ret, "defaultErrnoRet", 0, UINT16_MAX,
		"errno or message to the tracer for the default action; EPERM if absent"),
	WORDS(struct oci_seccomp, architectures, "architectures", 0, oci_seccomp_arch_words,
		"architectures whose system calls are filtered, in addition to the machine's own"),
	FLAGS(struct oci_seccomp, flags, "flags", 0, oci_seccomp_flag_words, "flags of seccomp(2)"),
	STRING(struct oci_seccomp, listener_path, "listenerPath", 0,
		"unix socket of the agent for SCMP_ACT_NOTIFY, an absolute path on the host"),
	STRING(struct oci_seccomp, listener_metadata, "listenerMetadata", 0, "string passed to that agent unchanged"),
	OBJECTS(struct oci_seccomp, syscalls, oci_seccomp_syscall, "syscalls", 0,
		"system calls and the action on each"),
};
const struct schema oci_seccomp_schema = SCHEMA(oci_seccomp, seccomp_properties);

static const struct property personality_properties[] = {
	WORD(struct oci_personality, domain, "domain", REQUIRED, oci_personality_words,
		"execution domain; with LINUX32 uname(2) reports a 32-bit machine"),
	STRINGS(struct oci_personality, flags, "flags", 0, "must be empty: none is defined yet"),
};
static const struct schema oci_personality_schema = SCHEMA(oci_personality, personality_properties);

static const struct property linux_properties[] = {
	OBJECTS(struct oci_linux, namespaces, oci_namespace, "namespaces", 0,
		"namespaces made or joined; a kind that is not listed is shared with the caller"),
	OBJECTS(struct oci_linux, uid_mappings, oci_id_mapping, "uidMappings", 0,
		"user ids of a new user namespace; for a joined one, the mappings that it has"),
	OBJECTS(struct oci_linux, gid_mappings, oci_id_mapping, "gidMappings", 0,
		"group ids of a new user namespace; for a joined one, the mappings that it has"),
	OBJECT(struct oci_linux, time_offsets, oci_time_offsets, "timeOffsets", 0,
		"clock offsets of a new time namespace"),
	OBJECTS(struct oci_linux, devices, oci_device, "devices", 0,
		"device nodes made in addition to the default ones; rules in resources.devices must allow them"),
	OBJECT_MAP(struct oci_linux, net_devices, oci_net_device, "netDevices", 0,
		"network devices moved into the container, by their name on the host"),
	STRING(struct oci_linux, cgroups_path, "cgroupsPath", 0,
		"the container's cgroup, or SLICE:PREFIX:NAME for the systemd manager; /hull-ID if absent"),
	OBJECT(struct oci_linux, resources, oci_resources, "resources", 0, "limits of the container's cgroup"),
	OBJECT(struct oci_linux, intel_rdt, oci_intel_rdt, "intelRdt", 0,
		"cache and memory bandwidth, set through the resctrl filesystem"),
	OBJECT(struct oci_linux, memory_policy, oci_memory_policy, "memoryPolicy", 0,
		"NUMA memory policy of the process"),
	MAP(struct oci_linux, sysctl, "sysctl", 0, "kernel parameters of the container's namespaces, by name"),
	OBJECT(struct oci_linux, seccomp, oci_seccomp, "seccomp", 0, "filter of system calls; an empty object is none"),
	WORD(struct oci_linux, rootfs_propagation, "rootfsPropagation", 0, oci_propagation_words,
		"propagation of the root mount; the r-forms include all mounts below it"),
	STRINGS(struct oci_linux, masked_paths, "maskedPaths", AS_PATH,
		"absolute paths in the container that read as empty; those that do not exist are skipped"),
	STRINGS(struct oci_linux, readonly_paths, "readonlyPaths", AS_PATH,
		"absolute paths in the container that are read-only; those that do not exist are skipped"),
	STRING(struct oci_linux, mount_label, "mountLabel", 0, "SELinux context of the container's mounts"),
	OBJECT(struct oci_linux, personality, oci_personality, "personality", 0,
		"execution domain of the process, as in personality(2)"),
};
const struct schema oci_linux_schema = SCHEMA(oci_linux, linux_properties);

const char *oci_mappings_text(struct arena *arena, const oci_id_mappings *mappings)
{
	const char *text = "";
	LIST_EACH (mappings, m)
		text = arena_printf(arena, "%s%llu %llu %llu\n", text, (unsigned long long)m->container_id.value,
			(unsigned long long)m->host_id.value, (unsigned long long)m->size.value);
	return text;
}
