/*
 * The tables of config.md. Ranges are the specification's, or the kernel's where they are narrower: a
 * value beyond them could only fail later.
 */
#include "oci/schema.h"
#include "oci/words.h"

enum {
	MAX_TERMINAL = 65535, /* struct winsize has unsigned shorts: ioctl_tty(2) */
	MAX_UMASK = 0777,
};

#define MAX_ID (UINT32_MAX - 1) /* -1 means "leave as it is" to setresuid(2) and chown(2) */

static const struct property console_size_properties[] = {
	UINT(struct oci_console_size, height, "height", REQUIRED, MAX_TERMINAL, "in characters"),
	UINT(struct oci_console_size, width, "width", REQUIRED, MAX_TERMINAL, "in characters"),
};
static const struct schema oci_console_size_schema = SCHEMA(oci_console_size, console_size_properties);

static const struct property user_properties[] = {
	UINT(struct oci_user, uid, "uid", 0, MAX_ID, "user id inside the container; 0 if absent"),
	UINT(struct oci_user, gid, "gid", 0, MAX_ID, "group id inside the container; 0 if absent"),
	UINT(struct oci_user, umask, "umask", 0, MAX_UMASK,
		"file mode creation mask, in decimal like every number in JSON; that of the caller if absent"),
	UINTS(struct oci_user, additional_gids, "additionalGids", 0, MAX_ID,
		"supplementary group ids inside the container"),
	STRING(struct oci_user, username, "username", 0, "user name on Windows; Linux takes uid"),
};
static const struct schema oci_user_schema = SCHEMA(oci_user, user_properties);

static const struct property capabilities_properties[] = {
	STRINGS(struct oci_capabilities, bounding, "bounding", 0,
		"the most that a program executed in the container can gain"),
	STRINGS(struct oci_capabilities, effective, "effective", 0, "those that the kernel checks permissions against"),
	STRINGS(struct oci_capabilities, inheritable, "inheritable", 0,
		"those kept across execve for files that have them in their inheritable set"),
	STRINGS(struct oci_capabilities, permitted, "permitted", 0, "those that the process may make effective"),
	STRINGS(struct oci_capabilities, ambient, "ambient", 0,
		"those kept across execve of ordinary programs by a user other than root; each must be permitted and "
		"inheritable as well"),
};
static const struct schema oci_capabilities_schema = SCHEMA(oci_capabilities, capabilities_properties);

static const struct property rlimit_properties[] = {
	WORD(struct oci_rlimit, type, "type", REQUIRED, oci_rlimit_words, "the resource, as in getrlimit(2)"),
	UINT(struct oci_rlimit, soft, "soft", REQUIRED, UINT64_MAX,
		"the limit that the kernel enforces; 18446744073709551615 is unlimited"),
	UINT(struct oci_rlimit, hard, "hard", REQUIRED, UINT64_MAX,
		"the ceiling up to which the process may raise the soft limit"),
};
static const struct schema oci_rlimit_schema = SCHEMA(oci_rlimit, rlimit_properties);

static const struct property scheduler_properties[] = {
	WORD(struct oci_scheduler, policy, "policy", REQUIRED, oci_scheduler_policy_words,
		"the scheduling policy, as in sched(7)"),
	INT(struct oci_scheduler, nice, "nice", 0, -20, 19, "nice value for SCHED_OTHER and SCHED_BATCH"),
	INT(struct oci_scheduler, priority, "priority", 0, 0, 99,
		"static priority, 1 to 99 for SCHED_FIFO and SCHED_RR, 0 for every other policy"),
	FLAGS(struct oci_scheduler, flags, "flags", 0, oci_scheduler_flag_words, "flags of sched_setattr(2)"),
	UINT(struct oci_scheduler, runtime, "runtime", 0, UINT64_MAX,
		"nanoseconds of CPU time in each period, for SCHED_DEADLINE"),
	UINT(struct oci_scheduler, deadline, "deadline", 0, UINT64_MAX,
		"nanoseconds from the start of a period until the runtime must have been received, for SCHED_DEADLINE"),
	UINT(struct oci_scheduler, period, "period", 0, UINT64_MAX,
		"length of a period in nanoseconds, for SCHED_DEADLINE"),
};
static const struct schema oci_scheduler_schema = SCHEMA(oci_scheduler, scheduler_properties);

static const struct property io_priority_properties[] = {
	WORD(struct oci_io_priority, class, "class", REQUIRED, oci_io_priority_words,
		"the I/O scheduling class, as in ioprio_set(2)"),
	INT(struct oci_io_priority, priority, "priority", 0, 0, 7, "priority within the class; 0 is the highest"),
};
static const struct schema oci_io_priority_schema = SCHEMA(oci_io_priority, io_priority_properties);

static const struct property exec_cpu_affinity_properties[] = {
	STRING(struct oci_exec_cpu_affinity, initial, "initial", 0,
		"CPUs for the runtime's process until it is in the container's cgroup, such as 0-3,7"),
	STRING(struct oci_exec_cpu_affinity, final, "final", 0,
		"CPUs for an executed process once it is in the container's cgroup"),
};
static const struct schema oci_exec_cpu_affinity_schema = SCHEMA(oci_exec_cpu_affinity, exec_cpu_affinity_properties);

static const struct property process_properties[] = {
	BOOL(struct oci_process, terminal, "terminal", 0,
		"whether the process gets a pseudoterminal as its controlling terminal and standard streams"),
	OBJECT(struct oci_process, console_size, oci_console_size, "consoleSize", 0,
		"initial size of the terminal; ignored without a terminal"),
	STRING(struct oci_process, cwd, "cwd", REQUIRED, "working directory, an absolute path inside the container"),
	STRINGS(struct oci_process, env, "env", 0, "the environment, each entry as NAME=value; empty if absent"),
	STRINGS(struct oci_process, args, "args", 0,
		"the program, searched for in the PATH of env unless it has a slash, and its arguments"),
	STRING(struct oci_process, command_line, "commandLine", 0, "command line on Windows; without effect on Linux"),
	OBJECTS(struct oci_process, rlimits, oci_rlimit, "rlimits", 0,
		"resource limits of the process, each type at most once; the caller's for other types"),
	STRING(struct oci_process, apparmor_profile, "apparmorProfile", 0,
		"name of the loaded AppArmor profile that confines the process; that of the caller if absent"),
	OBJECT(struct oci_process, capabilities, oci_capabilities, "capabilities", 0,
		"the five capability sets of the process, as in capabilities(7); a set that is absent is empty"),
	BOOL(struct oci_process, no_new_privileges, "noNewPrivileges", 0,
		"whether execve grants no privileges by set-user-ID bits or file capabilities"),
	INT(struct oci_process, oom_score_adj, "oomScoreAdj", 0, -1000, 1000,
		"adjusts the kernel's choice of a process to kill when memory runs out, -1000 for never; the "
		"caller's if absent"),
	OBJECT(struct oci_process, scheduler, oci_scheduler, "scheduler", 0, "CPU scheduling of the process"),
	STRING(struct oci_process, selinux_label, "selinuxLabel", 0, "SELinux context that the process runs in"),
	OBJECT(struct oci_process, io_priority, oci_io_priority, "ioPriority", 0, "I/O scheduling of the process"),
	OBJECT(struct oci_process, exec_cpu_affinity, oci_exec_cpu_affinity, "execCPUAffinity", 0,
		"CPUs for processes that are executed in the running container"),
	INLINE(struct oci_process, user, oci_user, "user", 0, "user that the process runs as; root if absent"),
};
const struct schema oci_process_schema = SCHEMA(oci_process, process_properties);

struct oci_process *oci_no_process(struct arena *arena)
{
	struct oci_process *process = arena_new(arena, struct oci_process);
	process->cwd = "/";
	return process;
}

static const struct property root_properties[] = {
	STRING(struct oci_root, path, "path", REQUIRED,
		"directory of the root filesystem, absolute or relative to the bundle"),
	BOOL(struct oci_root, readonly, "readonly", 0, "whether the root filesystem is read-only inside the container"),
};
static const struct schema oci_root_schema = SCHEMA(oci_root, root_properties);

static const struct property id_mapping_properties[] = {
	UINT(struct oci_id_mapping, container_id, "containerID", REQUIRED, UINT32_MAX,
		"first id of the range inside the container"),
	UINT(struct oci_id_mapping, host_id, "hostID", REQUIRED, UINT32_MAX, "first id of the range outside"),
	UINT(struct oci_id_mapping, size, "size", REQUIRED, UINT32_MAX, "number of ids in the range"),
};
const struct schema oci_id_mapping_schema = SCHEMA(oci_id_mapping, id_mapping_properties);

static const struct property mount_properties[] = {
	STRING(struct oci_mount, destination, "destination", REQUIRED | AS_PATH,
		"mount point inside the container; a relative path is relative to the root"),
	STRING(struct oci_mount, source, "source", 0,
		"device, or the file or directory to bind, relative to the bundle unless absolute"),
	STRING(struct oci_mount, type, "type", 0,
		"filesystem type, one of /proc/filesystems; without effect for a bind mount"),
	STRINGS(struct oci_mount, options, "options", 0,
		"mount options, as in mount(8); those that are not flags go to the filesystem; one string may hold "
		"several, separated by commas; see ID-MAPPED MOUNTS"),
	OBJECTS(struct oci_mount, uid_mappings, oci_id_mapping, "uidMappings", 0,
		"user ids of the source's files (containerID) and the host's ids that they appear as (hostID); the "
		"option ridmap applies them to all mounts below as well"),
	OBJECTS(struct oci_mount, gid_mappings, oci_id_mapping, "gidMappings", 0,
		"group ids of the source's files and the host's ids that they appear as"),
};
static const struct schema oci_mount_schema = SCHEMA(oci_mount, mount_properties);

static const struct property hook_properties[] = {
	STRING(struct oci_hook, path, "path", REQUIRED, "the program, an absolute path"),
	STRINGS(struct oci_hook, args, "args", 0, "its arguments, the first of which is its own name"),
	STRINGS(struct oci_hook, env, "env", 0,
		"its environment, each entry as NAME=value; if absent that of the runtime, or in the container's "
		"namespaces none"),
	INT(struct oci_hook, timeout, "timeout", 0, 1, INT32_MAX,
		"seconds after which the hook is killed and counts as failed; unlimited if absent"),
};
static const struct schema oci_hook_schema = SCHEMA(oci_hook, hook_properties);

static const struct property hooks_properties[] = {
	OBJECTS(struct oci_hooks, prestart, oci_hook, "prestart", 0,
		"run on the host after the namespaces are made and before pivot_root; deprecated, use createRuntime"),
	OBJECTS(struct oci_hooks, create_runtime, oci_hook, "createRuntime", 0,
		"run on the host during create, after the namespaces are made and before pivot_root"),
	OBJECTS(struct oci_hooks, create_container, oci_hook, "createContainer", 0,
		"run in the container's namespaces during create, after the mounts and before pivot_root; their "
		"paths are the host's"),
	OBJECTS(struct oci_hooks, start_container, oci_hook, "startContainer", 0,
		"run in the container during start, before its program is executed; their paths are the container's"),
	OBJECTS(struct oci_hooks, poststart, oci_hook, "poststart", 0,
		"run on the host after the container's program was started"),
	OBJECTS(struct oci_hooks, poststop, oci_hook, "poststop", 0, "run on the host after the container was deleted"),
};
static const struct schema oci_hooks_schema = SCHEMA(oci_hooks, hooks_properties);

static const struct property config_properties[] = {
	STRING(struct oci_config, oci_version, "ociVersion", REQUIRED,
		"version of the runtime specification that the bundle follows"),
	OBJECT(struct oci_config, root, oci_root, "root", 0, "the root filesystem"),
	OBJECTS(struct oci_config, mounts, oci_mount, "mounts", 0,
		"filesystems mounted into the container, in this order"),
	OBJECT(struct oci_config, process, oci_process, "process", 0,
		"the process that the container runs; start fails without it"),
	STRING(struct oci_config, hostname, "hostname", 0,
		"host name inside the container, which needs a UTS namespace; that of the host if absent"),
	STRING(struct oci_config, domainname, "domainname", 0,
		"NIS domain name inside the container; needs a UTS namespace"),
	OBJECT(struct oci_config, hooks, oci_hooks, "hooks", 0,
		"programs run at points of the container's life cycle, with its state on their standard input"),
	MAP(struct oci_config, annotations, "annotations", 0,
		"arbitrary strings for programs that manage the container; state prints them"),
	OBJECT(struct oci_config, linux, oci_linux, "linux", 0, "settings specific to Linux"),
	SEEN(struct oci_config, has_vm, "vm", "settings of a virtual machine; refused"),
	SEEN(struct oci_config, has_windows, "windows", "settings for Windows; without effect on Linux"),
	SEEN(struct oci_config, has_solaris, "solaris", "settings for Solaris; without effect on Linux"),
	SEEN(struct oci_config, has_zos, "zos", "settings for z/OS; without effect on Linux"),
	SEEN(struct oci_config, has_freebsd, "freebsd", "settings for FreeBSD; without effect on Linux"),
};
const struct schema oci_config_schema = SCHEMA(oci_config, config_properties);
