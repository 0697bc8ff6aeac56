/* The rules of oci/check.h on structs made by hand; tests/config has them as files. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/resource.h>

#include "base/sys.h"
#include "oci/check.h"

/* After ours: its macro fail() hides the function. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ITEMS(type, ...)                                                  \
	{                                                                 \
		(type[]){ __VA_ARGS__ }, COUNT(((type[]){ __VA_ARGS__ })) \
	}
#define STRINGS_OF(...) ITEMS(const char *, __VA_ARGS__)
#define SET(number)          \
	{                    \
		true, number \
	}
#define BASE                                               \
	.oci_version = "1.3.0", .root = &(struct oci_root) \
	{                                                  \
		.path = "rootfs"                           \
	}
#define LINUX(...)                         \
	BASE, .linux = &(struct oci_linux) \
	{                                  \
		__VA_ARGS__                \
	}
#define PROCESS(...)                                              \
	BASE, .process = &(struct oci_process)                    \
	{                                                         \
		.cwd = "/", .args = STRINGS_OF("sh"), __VA_ARGS__ \
	}
#define NAMESPACE(ns) .namespaces = ITEMS(struct oci_namespace, { .type = SET(ns) })
#define JOINED(ns) .namespaces = ITEMS(struct oci_namespace, { .type = SET(ns), .path = "/proc/1/ns/x" })
#define MAPPING(inside, outside, count)               \
	{                                             \
		SET(inside), SET(outside), SET(count) \
	}
#define SIXTY_FIVE "12345678901234567890123456789012345678901234567890123456789012345"

struct row {
	struct oci_config config;
	const char *expect; /* the error line, or NULL */
};

static void run(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct error err = { 0 };
		char line[1024] = "";
		int result = oci_config_check(&rows[i].config, 0, &err);
		if (result < 0)
			error_line(&err, line, sizeof(line));
		assert_string_equal(line, rows[i].expect ? rows[i].expect : "");
		assert_int_equal(result, rows[i].expect ? -1 : 0);
	}
}

/* clang-format off */

static const struct row version_rows[] = {
	{ { BASE } },
	{ { .root = &(struct oci_root){ .path = "r" } }, ".ociVersion: required property is missing" },
	{ { .oci_version = "1.0.0", .root = &(struct oci_root){ .path = "r" } } },
	{ { .oci_version = "1.0.0-rc5-dev", .root = &(struct oci_root){ .path = "r" } } },
	{ { .oci_version = "1.99.12-rc.1+build.5", .root = &(struct oci_root){ .path = "r" } } },
	{ { .oci_version = "" }, ".ociVersion: \"\" is not a semantic version" },
	{ { .oci_version = "1.0" }, ".ociVersion: \"1.0\" is not a semantic version" },
	{ { .oci_version = "1.0.0." }, ".ociVersion: \"1.0.0.\" is not a semantic version" },
	{ { .oci_version = "1.0.0-" }, ".ociVersion: \"1.0.0-\" is not a semantic version" },
	{ { .oci_version = "1.0.0-a..b" }, ".ociVersion: \"1.0.0-a..b\" is not a semantic version" },
	{ { .oci_version = "1.0.0+" }, ".ociVersion: \"1.0.0+\" is not a semantic version" },
	{ { .oci_version = "v1.0.0" }, ".ociVersion: \"v1.0.0\" is not a semantic version" },
	{ { .oci_version = "1.01.0" }, ".ociVersion: \"1.01.0\" is not a semantic version" },
	{ { .oci_version = "0.5.0-dev" }, ".ociVersion: version 0.5.0-dev is not supported" },
	{ { .oci_version = "2.0.0" }, ".ociVersion: version 2.0.0 is not supported" },
	{ { .oci_version = "10.0.0" }, ".ociVersion: version 10.0.0 is not supported" },
};

static const struct row top_rows[] = {
	{ { .oci_version = "1.0.0" }, ".root: required property is missing" },
	{ { .oci_version = "1.0.0", .root = &(struct oci_root){ } }, ".root.path: required property is missing" },
	{ { .oci_version = "1.0.0", .root = &(struct oci_root){ .path = "" } }, ".root.path: the path is empty" },
	{ { BASE, .has_vm = { true } }, ".vm: a container in a virtual machine is not supported" },
	{ { BASE, .has_zos = { true } }, ".zos: the bundle is for z/OS, not for Linux" },
	{ { BASE, .has_freebsd = { true } }, ".freebsd: the bundle is for FreeBSD, not for Linux" },
	{ { BASE, .has_windows = { true } }, ".windows: the bundle is for Windows, not for Linux" },
	{ { BASE, .has_solaris = { true } }, ".solaris: the bundle is for Solaris, not for Linux" },
	{ { LINUX(), .has_solaris = { true } } },
	{ { BASE, .hostname = "" } },
	{ { BASE, .hostname = "a" }, ".hostname: needs a \"uts\" namespace" },
	{ { BASE, .domainname = "a" }, ".domainname: needs a \"uts\" namespace" },
	{ { LINUX(NAMESPACE(CLONE_NEWUTS)), .hostname = "a", .domainname = "b" } },
	{ { LINUX(JOINED(CLONE_NEWUTS)), .hostname = "a" } },
	{ { LINUX(NAMESPACE(CLONE_NEWUTS)), .hostname = SIXTY_FIVE }, ".hostname: 65 bytes, the kernel takes at most 64" },
	{ { LINUX(NAMESPACE(CLONE_NEWUTS)), .hostname = &SIXTY_FIVE[1] } },
	{ { BASE, .annotations = ITEMS(struct oci_pair, { "a", "" }) } },
	{ { BASE, .annotations = ITEMS(struct oci_pair, { "", "x" }) }, ".annotations[\"\"]: the name is empty" },
};

#define MOUNT(...) BASE, .mounts = ITEMS(struct oci_mount, { __VA_ARGS__ })
#define BIND_MOUNT(...) MOUNT(.destination = "/a", .source = "a", .options = STRINGS_OF("rbind"), __VA_ARGS__)
#define ROOT_TEXT(d) ".mounts[0].destination: \"" d "\" is the root of the container"

static const struct row mount_rows[] = {
	{ { MOUNT(.destination = "/proc", .type = "proc") } },
	{ { MOUNT(.destination = "relative") } },
	{ { MOUNT(.destination = "/a/../b") } },
	{ { MOUNT(.destination = "/...") } },
	{ { MOUNT(.source = "x") }, ".mounts[0].destination: required property is missing" },
	{ { MOUNT(.destination = "/") } },
	{ { MOUNT(.destination = "//") }, ROOT_TEXT("//") },
	{ { MOUNT(.destination = "") }, ROOT_TEXT("") },
	{ { MOUNT(.destination = ".") }, ROOT_TEXT(".") },
	{ { MOUNT(.destination = "/a/..") }, ROOT_TEXT("/a/..") },
	{ { MOUNT(.destination = "/../a/./..//") }, ROOT_TEXT("/../a/./..//") },
	{ { MOUNT(.destination = "/a", .options = STRINGS_OF("ro", "bind")) }, ".mounts[0].source: a bind mount needs a source" },
	{ { MOUNT(.destination = "/a", .type = "bind", .source = "") }, ".mounts[0].source: a bind mount needs a source" },
	{ { BIND_MOUNT(.uid_mappings = ITEMS(struct oci_id_mapping, MAPPING(0, 5, 1)),
		.gid_mappings = ITEMS(struct oci_id_mapping, MAPPING(0, 5, 1))) } },
	{ { BIND_MOUNT(.uid_mappings = ITEMS(struct oci_id_mapping, MAPPING(0, 5, 1))) },
		".mounts[0].gidMappings: required together with uidMappings" },
	{ { BIND_MOUNT(.gid_mappings = ITEMS(struct oci_id_mapping, MAPPING(0, 5, 1))) },
		".mounts[0].uidMappings: required together with gidMappings" },
	{ { MOUNT(.destination = "/a", .type = "proc", .gid_mappings = ITEMS(struct oci_id_mapping, MAPPING(0, 5, 1))) },
		".mounts[0]: proc cannot be id-mapped" },
	{ { LINUX(JOINED(CLONE_NEWUSER)), .mounts = ITEMS(struct oci_mount,
		{ .destination = "/a", .type = "sysfs", .options = STRINGS_OF("idmap") }) },
		".mounts[0]: sysfs cannot be id-mapped" },
	{ { MOUNT(.destination = "/a", .type = "tmpfs", .uid_mappings = ITEMS(struct oci_id_mapping, MAPPING(0, 5, 1)),
		.gid_mappings = ITEMS(struct oci_id_mapping, MAPPING(0, 5, 1))) } },
	{ { BIND_MOUNT(.uid_mappings = ITEMS(struct oci_id_mapping, MAPPING(0, 5, 1)),
		.gid_mappings = ITEMS(struct oci_id_mapping, MAPPING(0, 5, 0))) },
		".mounts[0].gidMappings[0].size: a mapping of no ids" },
	{ { MOUNT(.destination = "/a", .source = "a", .options = STRINGS_OF("bind", "ridmap")) },
		".mounts[0].options[1]: \"ridmap\" without a mapping" },
	{ { LINUX(JOINED(CLONE_NEWUSER)), .mounts = ITEMS(struct oci_mount,
		{ .destination = "/a", .source = "a", .options = STRINGS_OF("bind", "idmap") }) } },
};

#define HOOK(...) BASE, .hooks = &(struct oci_hooks){ .poststop = ITEMS(struct oci_hook, { .path = "/a" }, { __VA_ARGS__ }) }

static const struct row hook_rows[] = {
	{ { HOOK(.path = "/b", .timeout = SET(1), .env = STRINGS_OF("A=1", "B=", "C==")) } },
	{ { HOOK(.path = "b") }, ".hooks.poststop[1].path: \"b\" is not an absolute path" },
	{ { HOOK(.path = "/b", .timeout = SET(0)) }, ".hooks.poststop[1].timeout: 0 is out of range, allowed is 1 to 2147483647" },
	{ { HOOK(.path = "/b", .timeout = SET(-1)) }, ".hooks.poststop[1].timeout: -1 is out of range, allowed is 1 to 2147483647" },
	{ { HOOK(.path = "/b", .env = STRINGS_OF("A=1", "B")) }, ".hooks.poststop[1].env[1]: \"B\" has no \"=\"" },
	{ { HOOK(.path = "/b", .env = STRINGS_OF("=1")) }, ".hooks.poststop[1].env[0]: \"=1\" has no name" },
};

#define SCHEDULER(...) PROCESS(.scheduler = &(struct oci_scheduler){ __VA_ARGS__ })
#define AFFINITY(list) PROCESS(.exec_cpu_affinity = &(struct oci_exec_cpu_affinity){ .final = list })
#define AFFINITY_TEXT(list) ".process.execCPUAffinity.final: \"" list "\" is not a list of numbers"

static const struct row process_rows[] = {
	{ { PROCESS() } },
	{ { BASE, .process = &(struct oci_process){ .cwd = "/" } }, ".process.args: at least one argument is required" },
	{ { BASE, .process = &(struct oci_process){ .args = STRINGS_OF("sh") } }, ".process.cwd: required property is missing" },
	{ { BASE, .process = &(struct oci_process){ .cwd = "/", .args = STRINGS_OF("") } }, ".process.args[0]: executable file `` not found in $PATH: No such file or directory" },
	{ { BASE, .process = &(struct oci_process){ .cwd = "tmp", .args = STRINGS_OF("sh") } }, ".process.cwd: \"tmp\" is not an absolute path" },
	{ { PROCESS(.command_line = "sh") } },
	{ { PROCESS(.env = STRINGS_OF("A=b", "=b")) }, ".process.env[1]: \"=b\" has no name" },
	{ { PROCESS(.env = STRINGS_OF("")) }, ".process.env[0]: \"\" has no \"=\"" },
	{ { PROCESS(.user = { .username = "root" }) }, ".process.user.username: is for Windows only" },
	{ { PROCESS(.user = { .username = "root", .uid = SET(5) }) } },
	{ { PROCESS(.user = { .uid = SET(4294967294), .umask = SET(0777) }) } },
	{ { PROCESS(.user = { .umask = SET(01000) }) }, ".process.user.umask: 512 is out of range, allowed is 0 to 511" },
	{ { PROCESS(.oom_score_adj = SET(1001)) }, ".process.oomScoreAdj: 1001 is out of range, allowed is -1000 to 1000" },
	{ { PROCESS(.user = { .uid = SET(4294967295) }) }, ".process.user.uid: 4294967295 is out of range, allowed is 0 to 4294967294" },
	{ { PROCESS(.user = { .gid = SET(UINT64_MAX) }) }, ".process.user.gid: 18446744073709551615 is out of range, allowed is 0 to 4294967294" },
	{ { PROCESS(.user = { .additional_gids = ITEMS(struct oci_uint, SET(1), SET(4294967295)) }) },
		".process.user.additionalGids[1]: 4294967295 is out of range, allowed is 0 to 4294967294" },
	{ { PROCESS(.terminal = SET(true), .console_size = &(struct oci_console_size){ SET(1), SET(65536) }) },
		".process.consoleSize.width: 65536 is out of range, allowed is 0 to 65535" },
	{ { PROCESS(.rlimits = ITEMS(struct oci_rlimit, { SET(RLIMIT_CORE), SET(0), SET(UINT64_MAX) }, { SET(RLIMIT_NOFILE), SET(1), SET(1) })) } },
	{ { PROCESS(.rlimits = ITEMS(struct oci_rlimit, { SET(RLIMIT_CORE), SET(1), SET(1) }, { SET(RLIMIT_CORE), SET(1), SET(1) })) },
		".process.rlimits[1].type: this limit was given before" },
	{ { PROCESS(.rlimits = ITEMS(struct oci_rlimit, { SET(RLIMIT_CORE), SET(2), SET(1) })) },
		".process.rlimits[0].soft: 2 is more than the hard limit, 1" },
	{ { PROCESS(.capabilities = &(struct oci_capabilities){ .effective = STRINGS_OF("x"), .ambient = STRINGS_OF("CAP_KILL") }) } }, /* warnings, elsewhere */
	{ { SCHEDULER(.nice = SET(1)) }, ".process.scheduler.policy: required property is missing" },
	{ { SCHEDULER(.policy = SET(SCHED_OTHER), .nice = SET(-20)) } },
	{ { SCHEDULER(.policy = SET(SCHED_BATCH), .nice = SET(20)) }, ".process.scheduler.nice: 20 is out of range, allowed is -20 to 19" },
	{ { SCHEDULER(.policy = SET(SCHED_IDLE), .nice = SET(1)) }, ".process.scheduler.nice: has no meaning for this policy" },
	{ { SCHEDULER(.policy = SET(SCHED_FIFO), .priority = SET(1)) } },
	{ { SCHEDULER(.policy = SET(SCHED_RR), .priority = SET(99), .nice = SET(0)) } },
	{ { SCHEDULER(.policy = SET(SCHED_RR)) }, ".process.scheduler.priority: 0 is out of range, allowed is 1 to 99" },
	{ { SCHEDULER(.policy = SET(SCHED_RR), .priority = SET(100)) }, ".process.scheduler.priority: 100 is out of range, allowed is 0 to 99" },
	{ { SCHEDULER(.policy = SET(SCHED_OTHER), .priority = SET(5)) }, ".process.scheduler.priority: has no meaning for this policy" },
	{ { SCHEDULER(.policy = SET(SCHED_OTHER), .runtime = SET(5)) }, ".process.scheduler.runtime: has no meaning for this policy" },
	{ { SCHEDULER(.policy = SET(SCHED_OTHER), .period = SET(UINT64_MAX)) }, ".process.scheduler.period: has no meaning for this policy" },
	{ { SCHEDULER(.policy = SET(SCHED_DEADLINE), .runtime = SET(2000), .deadline = SET(2000)) } },
	{ { SCHEDULER(.policy = SET(SCHED_DEADLINE), .runtime = SET(2000), .deadline = SET(3000), .period = SET(3000)) } },
	{ { SCHEDULER(.policy = SET(SCHED_DEADLINE), .runtime = SET(1023), .deadline = SET(3000)) },
		".process.scheduler.runtime: SCHED_DEADLINE needs at least 1024 nanoseconds" },
	{ { SCHEDULER(.policy = SET(SCHED_DEADLINE), .runtime = SET(2000), .deadline = SET(1999)) },
		".process.scheduler.deadline: less than the runtime" },
	{ { SCHEDULER(.policy = SET(SCHED_DEADLINE), .runtime = SET(2000), .deadline = SET(3000), .period = SET(2999)) },
		".process.scheduler.period: less than the deadline" },
	{ { PROCESS(.io_priority = &(struct oci_io_priority){ SET(IOPRIO_CLASS_BE), SET(7) }) } },
	{ { PROCESS(.io_priority = &(struct oci_io_priority){ SET(IOPRIO_CLASS_BE), SET(8) }) },
		".process.ioPriority.priority: 8 is out of range, allowed is 0 to 7" },
	{ { PROCESS(.io_priority = &(struct oci_io_priority){ SET(IOPRIO_CLASS_IDLE), SET(4) }) } },
	{ { PROCESS(.io_priority = &(struct oci_io_priority){ }) }, ".process.ioPriority.class: required property is missing" },
	{ { AFFINITY("") } },
	{ { AFFINITY(" 0 - 3 , 7") } },
	{ { AFFINITY("5") } },
	{ { AFFINITY("3-0") }, AFFINITY_TEXT("3-0") },
	{ { AFFINITY("1,") }, AFFINITY_TEXT("1,") },
	{ { AFFINITY(",1") }, AFFINITY_TEXT(",1") },
	{ { AFFINITY("1-") }, AFFINITY_TEXT("1-") },
	{ { AFFINITY("-1") }, AFFINITY_TEXT("-1") },
	{ { AFFINITY("1 2") }, AFFINITY_TEXT("1 2") },
	{ { AFFINITY("1234567890") }, AFFINITY_TEXT("1234567890") },
	{ { AFFINITY("a") }, AFFINITY_TEXT("a") },
};

#define ONE_MAP(...) .uid_mappings = ITEMS(struct oci_id_mapping, MAPPING(0, 0, 1)), .gid_mappings = ITEMS(struct oci_id_mapping, __VA_ARGS__)
#define MAPPED_USER(u, g) .process = &(struct oci_process){ .cwd = "/", .args = STRINGS_OF("sh"), .user = { .uid = SET(u), .gid = SET(g) } }
#define OFFSETS(...) .time_offsets = &(struct oci_time_offsets){ .boottime = &(struct oci_time_offset){ __VA_ARGS__ } }

static const struct row namespace_rows[] = {
	{ { LINUX(JOINED(CLONE_NEWPID)) } },
	{ { LINUX(.namespaces = ITEMS(struct oci_namespace, { })) }, ".linux.namespaces[0].type: required property is missing" },
	{ { LINUX(.namespaces = ITEMS(struct oci_namespace, { .type = SET(CLONE_NEWPID) }, { .type = SET(CLONE_NEWNS) }, { .type = SET(CLONE_NEWPID) })) },
		".linux.namespaces[2].type: this type was given before" },
	{ { LINUX(.namespaces = ITEMS(struct oci_namespace, { .type = SET(CLONE_NEWPID), .path = "" })) },
		".linux.namespaces[0].path: \"\" is not an absolute path" },
	{ { LINUX(ONE_MAP(MAPPING(0, 0, 1))) }, ".linux.uidMappings: needs a \"user\" namespace" },
	{ { LINUX(NAMESPACE(CLONE_NEWUSER), ONE_MAP(MAPPING(0, 0, 1))) } },
	{ { LINUX(JOINED(CLONE_NEWUSER)) } },
	{ { LINUX(JOINED(CLONE_NEWUSER), ONE_MAP(MAPPING(0, 0, 1))) } }, /* whether they are its own is seen when it is opened */
	{ { LINUX(NAMESPACE(CLONE_NEWUSER)) } }, /* the default ones */
	{ { LINUX(NAMESPACE(CLONE_NEWUSER), .uid_mappings = ITEMS(struct oci_id_mapping, MAPPING(0, 0, 1))) },
		".linux.gidMappings: required by a new user namespace" },
	{ { LINUX(NAMESPACE(CLONE_NEWUSER), ONE_MAP(MAPPING(0, 0, 10), MAPPING(10, 10, 5), MAPPING(20, 15, 4294967275))) } },
	{ { LINUX(NAMESPACE(CLONE_NEWUSER), ONE_MAP(MAPPING(0, 0, 10), MAPPING(9, 10, 5))) },
		".linux.gidMappings[1].containerID: overlaps with the range of .linux.gidMappings[0]" },
	{ { LINUX(NAMESPACE(CLONE_NEWUSER), ONE_MAP(MAPPING(0, 5, 10), MAPPING(10, 0, 6))) },
		".linux.gidMappings[1].hostID: overlaps with the range of .linux.gidMappings[0]" },
	{ { LINUX(NAMESPACE(CLONE_NEWUSER), ONE_MAP(MAPPING(0, 5, 0))) }, ".linux.gidMappings[0].size: a mapping of no ids" },
	{ { LINUX(NAMESPACE(CLONE_NEWUSER), ONE_MAP(MAPPING(1, 0, 4294967295))) },
		".linux.gidMappings[0].containerID: the range goes past the last id, 4294967294" },
	{ { LINUX(NAMESPACE(CLONE_NEWUSER), ONE_MAP(MAPPING(0, 4294967295, 1))) },
		".linux.gidMappings[0].hostID: the range goes past the last id, 4294967294" },
	{ { LINUX(NAMESPACE(CLONE_NEWUSER), ONE_MAP(MAPPING(5, 5, 2))), MAPPED_USER(0, 6) } },
	{ { LINUX(NAMESPACE(CLONE_NEWUSER), ONE_MAP(MAPPING(5, 5, 2))), MAPPED_USER(0, 7) },
		".process.user.gid: 7 is not mapped in the user namespace" },
	{ { LINUX(NAMESPACE(CLONE_NEWUSER), ONE_MAP(MAPPING(0, 5, 2))), MAPPED_USER(1, 0) },
		".process.user.uid: 1 is not mapped in the user namespace" },
	{ { LINUX(NAMESPACE(CLONE_NEWUSER)), MAPPED_USER(1, 1) } },
	{ { LINUX(.time_offsets = &(struct oci_time_offsets){ }) } },
	{ { LINUX(OFFSETS(.secs = SET(1))) }, ".linux.timeOffsets: needs a \"time\" namespace" },
	{ { LINUX(NAMESPACE(CLONE_NEWTIME), OFFSETS(.secs = SET(-1), .nanosecs = SET(999999999))) } },
	{ { LINUX(JOINED(CLONE_NEWTIME), OFFSETS(.secs = SET(1))) }, ".linux.timeOffsets: the time namespace that is joined has its own" },
	{ { LINUX(NAMESPACE(CLONE_NEWTIME), OFFSETS(.nanosecs = SET(1000000000))) },
		".linux.timeOffsets.boottime.nanosecs: 1000000000 is out of range, allowed is 0 to 999999999" },
};

#define DEVICES(...) LINUX(.devices = ITEMS(struct oci_device, __VA_ARGS__))
#define NET(...) LINUX(NAMESPACE(CLONE_NEWNET), .net_devices = ITEMS(struct oci_net_device, __VA_ARGS__))
#define NET_TEXT(place, name) ".linux.netDevices" place ": \"" name "\" is not the name of a device"

static const struct row device_rows[] = {
	{ { DEVICES({ "c", "/dev/a", SET(1), SET(3) }, { "p", "/dev/b" }, { "b", "/dev/c", SET(4095), SET(1048575) }) } },
	{ { DEVICES({ "c", "/dev/a", SET(1), SET(3) }, { "u", "/dev/a", SET(1), SET(3) }) } },
	{ { DEVICES({ "c", "/dev/a", SET(1), SET(3) }, { "b", "/dev/a", SET(1), SET(3) }) },
		".linux.devices[1].path: /dev/a was given before as another device" },
	{ { DEVICES({ "p", "/dev/a" }, { "p", "/dev/a" }) } },
	{ { DEVICES({ "x", "/dev/a" }) }, ".linux.devices[0].type: unknown value \"x\"" },
	{ { DEVICES({ "", "/dev/a" }) }, ".linux.devices[0].type: unknown value \"\"" },
	{ { DEVICES({ "cb", "/dev/a" }) }, ".linux.devices[0].type: unknown value \"cb\"" },
	{ { DEVICES({ "p", "dev/a" }) }, ".linux.devices[0].path: \"dev/a\" is not an absolute path" },
	{ { DEVICES({ "c", "/dev/a" }) }, ".linux.devices[0].major: required property is missing" },
	{ { DEVICES({ "b", "/dev/a", SET(1) }) }, ".linux.devices[0].minor: required property is missing" },
	{ { DEVICES({ "c", "/dev/a", SET(4096), SET(0) }) }, ".linux.devices[0].major: 4096 is out of range, allowed is 0 to 4095" },
	{ { DEVICES({ "c", "/dev/a", SET(1), SET(-1) }) }, ".linux.devices[0].minor: -1 is out of range, allowed is 0 to 1048575" },
	{ { LINUX(.net_devices = ITEMS(struct oci_net_device, { "eth0", NULL })) }, ".linux.netDevices: needs a \"network\" namespace" },
	{ { NET({ "eth0", NULL }, { "eth1", "eth2" }, { "eth3", "x%d" }, { "eth4", "x%d" }) } },
	{ { NET({ "eth0", "eth1" }, { "eth1", NULL }) }, ".linux.netDevices.eth1: another device is given the name \"eth1\"" },
	{ { NET({ "eth 0", NULL }) }, NET_TEXT("[\"eth 0\"]", "eth 0") },
	{ { NET({ "eth%d", NULL }) }, NET_TEXT("[\"eth%d\"]", "eth%d") },
	{ { NET({ "eth0", "a%db" }) }, NET_TEXT(".eth0", "a%db") },
	{ { NET({ "eth0", "%d" }) }, NET_TEXT(".eth0", "%d") },
	{ { NET({ "eth0", "" }) }, NET_TEXT(".eth0", "") },
	{ { NET({ "eth0", "1234567890123456" }) }, NET_TEXT(".eth0", "1234567890123456") },
};

#define RDT(...) LINUX(.intel_rdt = &(struct oci_intel_rdt){ __VA_ARGS__ })
#define POLICY(...) LINUX(.memory_policy = &(struct oci_memory_policy){ __VA_ARGS__ })

static const struct row linux_rows[] = {
	{ { LINUX(.cgroups_path = "/a/b") } },
	{ { LINUX(.cgroups_path = "system.slice:hull:..x") } },
	{ { LINUX(.cgroups_path = "/a/../b") }, ".linux.cgroupsPath: \"..\" is not allowed in the path of a cgroup" },
	{ { LINUX(.cgroups_path = "..") }, ".linux.cgroupsPath: \"..\" is not allowed in the path of a cgroup" },
	{ { RDT(.clos_id = "/") } },
	{ { RDT(.clos_id = "a", .l3_cache_schema = "L3:0=f", .mem_bw_schema = "MB:0=20", .schemata = STRINGS_OF("L2:0=f")) } },
	{ { RDT(.clos_id = "..") }, ".linux.intelRdt.closID: \"..\" is not the name of a class" },
	{ { RDT(.clos_id = "a/b") }, ".linux.intelRdt.closID: \"a/b\" is not the name of a class" },
	{ { RDT(.l3_cache_schema = "L2:0=f") }, ".linux.intelRdt.l3CacheSchema: \"L2:0=f\" does not begin with \"L3\"" },
	{ { RDT(.mem_bw_schema = "MB:0=20\nL3:0=1") }, ".linux.intelRdt.memBwSchema: has more than one line" },
	{ { RDT(.schemata = STRINGS_OF("a", "b\n")) }, ".linux.intelRdt.schemata[1]: has more than one line" },
	{ { RDT(.enable_cmt = SET(false)) } },
	{ { RDT(.enable_mbm = SET(true)) }, ".linux.intelRdt.enableMBM: no longer in the specification" },
	{ { POLICY() }, ".linux.memoryPolicy.mode: required property is missing" },
	{ { POLICY(.mode = SET(MPOL_DEFAULT), .nodes = "") } },
	{ { POLICY(.mode = SET(MPOL_PREFERRED)) } },
	{ { POLICY(.mode = SET(MPOL_BIND), .nodes = "0-1", .flags = SET(MPOL_F_STATIC_NODES | MPOL_F_NUMA_BALANCING)) } },
	{ { POLICY(.mode = SET(MPOL_LOCAL), .nodes = "0") }, ".linux.memoryPolicy.nodes: the mode takes no nodes" },
	{ { POLICY(.mode = SET(MPOL_LOCAL), .flags = SET(MPOL_F_STATIC_NODES)) }, ".linux.memoryPolicy.flags: the mode takes no nodes for these flags to apply to" },
	{ { POLICY(.mode = SET(MPOL_INTERLEAVE), .nodes = " ") }, ".linux.memoryPolicy.nodes: the mode needs nodes" },
	{ { POLICY(.mode = SET(MPOL_PREFERRED), .flags = SET(MPOL_F_RELATIVE_NODES)) }, ".linux.memoryPolicy.nodes: the mode needs nodes" },
	{ { POLICY(.mode = SET(MPOL_BIND), .nodes = "x") }, ".linux.memoryPolicy.nodes: \"x\" is not a list of numbers" },
	{ { POLICY(.mode = SET(MPOL_BIND), .nodes = "0", .flags = SET(MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES)) },
		".linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other" },
	{ { POLICY(.mode = SET(MPOL_INTERLEAVE), .nodes = "0", .flags = SET(MPOL_F_NUMA_BALANCING)) },
		".linux.memoryPolicy.flags: the mode does not take MPOL_F_NUMA_BALANCING" },
	{ { LINUX(NAMESPACE(CLONE_NEWNS), .masked_paths = STRINGS_OF("/a"), .readonly_paths = STRINGS_OF("/")) } },
	{ { LINUX(.masked_paths = STRINGS_OF("/a")) }, ".linux.maskedPaths: needs a \"mount\" namespace" },
	{ { LINUX(.readonly_paths = STRINGS_OF("/a")) }, ".linux.readonlyPaths: needs a \"mount\" namespace" },
	{ { LINUX(NAMESPACE(CLONE_NEWNS), .readonly_paths = STRINGS_OF("/a", "b")) }, ".linux.readonlyPaths[1]: \"b\" is not an absolute path" },
	{ { LINUX(.personality = &(struct oci_personality){ }) }, ".linux.personality.domain: required property is missing" },
	{ { LINUX(.personality = &(struct oci_personality){ SET(0), STRINGS_OF("x") }) }, ".linux.personality.flags[0]: the specification knows no flags" },
};

#define SYSCTL(key, value) .sysctl = ITEMS(struct oci_pair, { key, value })
#define HOST(key) ".linux.sysctl[\"" key "\"]: belongs to no namespace: it would be set on the host"
#define NO_NAME(key) ".linux.sysctl[\"" key "\"]: is not the name of a kernel parameter"

static const struct row sysctl_rows[] = {
	{ { LINUX(NAMESPACE(CLONE_NEWNET), SYSCTL("net.ipv4.ip_forward", "1")) } },
	{ { LINUX(JOINED(CLONE_NEWNET), SYSCTL("net/ipv4/conf/eth0.1/forwarding", "1")) } },
	{ { LINUX(NAMESPACE(CLONE_NEWIPC), SYSCTL("kernel.sem", "1 2 3 4")) } },
	{ { LINUX(NAMESPACE(CLONE_NEWIPC), SYSCTL("fs/mqueue/msg_max", "")) } },
	{ { LINUX(NAMESPACE(CLONE_NEWUTS), SYSCTL("kernel.domainname", "a")) } },
	{ { LINUX(NAMESPACE(CLONE_NEWIPC), SYSCTL("net.ipv4.ip_forward", "1")) }, ".linux.sysctl[\"net.ipv4.ip_forward\"]: needs a \"network\" namespace" },
	{ { LINUX(NAMESPACE(CLONE_NEWUTS), SYSCTL("kernel.hostname", "a")) }, ".linux.sysctl[\"kernel.hostname\"]: is set by another property" },
	{ { LINUX(SYSCTL("user.max_user_namespaces", "1")) }, ".linux.sysctl[\"user.max_user_namespaces\"]: needs a \"user\" namespace" },
	{ { LINUX(NAMESPACE(CLONE_NEWNET), SYSCTL("vm.swappiness", "1")) }, HOST("vm.swappiness") },
	{ { LINUX(NAMESPACE(CLONE_NEWIPC), SYSCTL("kernel.shmmaxx", "1")) }, HOST("kernel.shmmaxx") },
	{ { LINUX(NAMESPACE(CLONE_NEWIPC), SYSCTL("kernel.sem.x", "1")) }, HOST("kernel.sem.x") },
	{ { LINUX(NAMESPACE(CLONE_NEWIPC), SYSCTL("fs.mqueuex", "1")) }, HOST("fs.mqueuex") },
	{ { LINUX(NAMESPACE(CLONE_NEWNET), SYSCTL("net/../kernel/core_pattern", "|x")) }, NO_NAME("net/../kernel/core_pattern") },
	{ { LINUX(NAMESPACE(CLONE_NEWNET), SYSCTL("net.//.kernel.core_pattern", "|x")) }, NO_NAME("net.//.kernel.core_pattern") },
	{ { LINUX(NAMESPACE(CLONE_NEWNET), SYSCTL("/net/a", "1")) }, NO_NAME("/net/a") },
	{ { LINUX(NAMESPACE(CLONE_NEWNET), SYSCTL("net.", "1")) }, NO_NAME("net.") },
	{ { LINUX(NAMESPACE(CLONE_NEWNET), SYSCTL("net..a", "1")) }, NO_NAME("net..a") },
	{ { LINUX(NAMESPACE(CLONE_NEWNET), SYSCTL("net.a", "1\n2")) }, ".linux.sysctl[\"net.a\"]: the value has more than one line" },
	{ { LINUX(NAMESPACE(CLONE_NEWNET), SYSCTL("net\n\"\\", "1")) }, ".linux.sysctl[\"net\\u000a\\\"\\\\\"]: belongs to no namespace: it would be set on the host" },
};

#define SECCOMP(...) LINUX(.seccomp = &(struct oci_seccomp){ .default_action = SET(OCI_ACT_ERRNO), __VA_ARGS__ })
#define CALL(...) SECCOMP(.syscalls = ITEMS(struct oci_seccomp_syscall, { .names = STRINGS_OF("read"), __VA_ARGS__ }))
#define ARGUMENT(i) { .index = SET(i), .value = SET(0), .op = SET(4) }
#define CALL_TEXT(what) ".linux.seccomp.syscalls[0]." what

static const struct row seccomp_rows[] = {
	{ { SECCOMP(.default_errno_ret = SET(4095)) } },
	{ { SECCOMP(.default_errno_ret = SET(4096)) }, ".linux.seccomp.defaultErrnoRet: 4096 is out of range, allowed is 0 to 4095" },
	{ { LINUX(.seccomp = &(struct oci_seccomp){ }) }, ".linux.seccomp.defaultAction: required property is missing" },
	{ { LINUX(.seccomp = &(struct oci_seccomp){ .default_action = SET(OCI_ACT_ALLOW), .default_errno_ret = SET(1) }) },
		".linux.seccomp.defaultErrnoRet: the action takes no errno" },
	{ { LINUX(.seccomp = &(struct oci_seccomp){ .default_action = SET(OCI_ACT_NOTIFY), .listener_path = "/s" }) },
		".linux.seccomp.defaultAction: SCMP_ACT_NOTIFY for every call would stop the container before it runs" },
	{ { CALL(.action = SET(OCI_ACT_TRACE), .errno_ret = SET(65535)) } },
	{ { CALL(.action = SET(OCI_ACT_ERRNO), .errno_ret = SET(65535)) }, CALL_TEXT("errnoRet: 65535 is out of range, allowed is 0 to 4095") },
	{ { CALL(.action = SET(OCI_ACT_KILL_PROCESS), .errno_ret = SET(1)) }, CALL_TEXT("errnoRet: the action takes no errno") },
	{ { SECCOMP(.syscalls = ITEMS(struct oci_seccomp_syscall, { .action = SET(OCI_ACT_LOG) })) }, CALL_TEXT("names: at least one name is required") },
	{ { SECCOMP(.syscalls = ITEMS(struct oci_seccomp_syscall, { .names = STRINGS_OF("a", ""), .action = SET(OCI_ACT_LOG) })) }, CALL_TEXT("names[1]: the name is empty") },
	{ { CALL(.action = SET(OCI_ACT_LOG), .args = ITEMS(struct oci_seccomp_arg, ARGUMENT(5), ARGUMENT(6))) },
		CALL_TEXT("args[1].index: 6 is out of range, allowed is 0 to 5") },
	{ { CALL(.action = SET(OCI_ACT_NOTIFY)) }, ".linux.seccomp.listenerPath: required by SCMP_ACT_NOTIFY" },
	{ { CALL(.action = SET(OCI_ACT_ALLOW)) } },
	{ { SECCOMP(.listener_path = "ignored", .listener_metadata = "x") } },
	{ { SECCOMP(.listener_metadata = "x") }, ".linux.seccomp.listenerMetadata: is set without a listener" },
	{ { SECCOMP(.listener_path = "s", .syscalls = ITEMS(struct oci_seccomp_syscall, { .names = STRINGS_OF("a"), .action = SET(OCI_ACT_NOTIFY) })) },
		".linux.seccomp.listenerPath: \"s\" is not an absolute path" },
};

#define RESOURCES(...) LINUX(.resources = &(struct oci_resources){ __VA_ARGS__ })
#define UNIFIED(file) RESOURCES(.unified = ITEMS(struct oci_pair, { file, "1" }))
#define RES(what) ".linux.resources." what

static const struct row resource_rows[] = {
	{ { RESOURCES(.devices = ITEMS(struct oci_device_rule, { .allow = SET(true), .type = "a", .access = "rwm" },
		{ .allow = SET(false), .type = "", .access = "", .major = SET(-1) })) } },
	{ { RESOURCES(.devices = ITEMS(struct oci_device_rule, { .allow = SET(true), .type = "u" })) }, RES("devices[0].type: unknown value \"u\"") },
	{ { RESOURCES(.devices = ITEMS(struct oci_device_rule, { .allow = SET(true), .access = "rx" })) }, RES("devices[0].access: \"rx\" has other letters than r, w and m") },
	{ { RESOURCES(.devices = ITEMS(struct oci_device_rule, { .allow = SET(true), .minor = SET(-2) })) }, RES("devices[0].minor: -2 is out of range, allowed is -1 to 1048575") },
	{ { RESOURCES(.memory = &(struct oci_memory){ .swap = SET(-2) }) }, RES("memory.swap: -2 is out of range, allowed is -1 to 9223372036854775807") },
	{ { RESOURCES(.cpu = &(struct oci_cpu){ .quota = SET(-1), .burst = SET(9), .cpus = "0-3", .idle = SET(1) }) } },
	{ { RESOURCES(.cpu = &(struct oci_cpu){ .quota = SET(8), .burst = SET(9) }) }, RES("cpu.burst: 9 is more than the quota, 8") },
	{ { RESOURCES(.cpu = &(struct oci_cpu){ .idle = SET(2) }) }, RES("cpu.idle: 2 is out of range, allowed is 0 to 1") },
	{ { RESOURCES(.cpu = &(struct oci_cpu){ .mems = "0-" }) }, RES("cpu.mems: \"0-\" is not a list of numbers") },
	{ { RESOURCES(.block_io = &(struct oci_block_io){ .weight_device = ITEMS(struct oci_weight_device, { SET(8), SET(0) }) }) },
		RES("blockIO.weightDevice[0]: weight or leafWeight is required") },
	{ { RESOURCES(.block_io = &(struct oci_block_io){ .throttle_write_iops_device = ITEMS(struct oci_throttle_device, { SET(8), SET(0) }) }) },
		RES("blockIO.throttleWriteIOPSDevice[0].rate: required property is missing") },
	{ { RESOURCES(.hugepage_limits = ITEMS(struct oci_hugepage_limit, { "2MB", SET(1) }, { "64KB", SET(1) }, { "1GB", SET(0) })) } },
	{ { RESOURCES(.hugepage_limits = ITEMS(struct oci_hugepage_limit, { "64kB", SET(1) })) }, RES("hugepageLimits[0].pageSize: \"64kB\" is not a page size") },
	{ { RESOURCES(.hugepage_limits = ITEMS(struct oci_hugepage_limit, { "02MB", SET(1) })) }, RES("hugepageLimits[0].pageSize: \"02MB\" is not a page size") },
	{ { RESOURCES(.hugepage_limits = ITEMS(struct oci_hugepage_limit, { "2", SET(1) })) }, RES("hugepageLimits[0].pageSize: \"2\" is not a page size") },
	{ { RESOURCES(.hugepage_limits = ITEMS(struct oci_hugepage_limit, { "../2MB", SET(1) })) }, RES("hugepageLimits[0].pageSize: \"../2MB\" is not a page size") },
	{ { RESOURCES(.hugepage_limits = ITEMS(struct oci_hugepage_limit, { NULL, SET(1) })) }, RES("hugepageLimits[0].pageSize: required property is missing") },
	{ { RESOURCES(.rdma = ITEMS(struct oci_rdma, { .key = "a b", .hca_objects = SET(1) })) }, RES("rdma[\"a b\"]: \"a b\" is no device name") },
	{ { RESOURCES(.rdma = ITEMS(struct oci_rdma, { .key = "mlx5_1" })) }, RES("rdma.mlx5_1: hcaHandles or hcaObjects is required") },
	{ { UNIFIED("memory.high") } },
	{ { UNIFIED("cgroup.max.depth") } },
	{ { UNIFIED("../../x") }, RES("unified[\"../../x\"]: is not the name of a file in a cgroup") },
	{ { UNIFIED("a/memory.max") }, RES("unified[\"a/memory.max\"]: is not the name of a file in a cgroup") },
	{ { UNIFIED("..") }, RES("unified[\"..\"]: is not the name of a file in a cgroup") },
	{ { UNIFIED("child") }, RES("unified.child: is not the name of a file in a cgroup") },
	{ { UNIFIED("") }, RES("unified[\"\"]: the name is empty") },
	{ { UNIFIED("cgroup.procs") }, RES("unified[\"cgroup.procs\"]: acts on processes, and is no limit of resources") },
	{ { UNIFIED("cgroup.threads") }, RES("unified[\"cgroup.threads\"]: acts on processes, and is no limit of resources") },
	{ { UNIFIED("cgroup.freeze") }, RES("unified[\"cgroup.freeze\"]: acts on processes, and is no limit of resources") },
	{ { UNIFIED("cgroup.kill") }, RES("unified[\"cgroup.kill\"]: acts on processes, and is no limit of resources") },
	{ { UNIFIED("cgroup.type") }, RES("unified[\"cgroup.type\"]: acts on processes, and is no limit of resources") },
};

/* clang-format on */

#define TABLE_TEST(name)                              \
	static void test_##name(void **state)         \
	{                                             \
		(void)state;                          \
		run(name##_rows, COUNT(name##_rows)); \
	}

TABLE_TEST(version)
TABLE_TEST(top)
TABLE_TEST(mount)
TABLE_TEST(hook)
TABLE_TEST(process)
TABLE_TEST(namespace)
TABLE_TEST(device)
TABLE_TEST(linux)
TABLE_TEST(sysctl)
TABLE_TEST(seccomp)
TABLE_TEST(resource)

static void test_flags_and_places(void **state)
{
	(void)state;
	const struct oci_config config = { BASE };
	const struct oci_process process = { .cwd = "x", .args = STRINGS_OF("a") };
	const struct oci_resources resources = { .cpu = &(struct oci_cpu){ .cpus = "x" } };
	struct error err = { 0 };
	assert_int_equal(oci_config_check(&config, 0, &err), 0);
	assert_string_equal(err.text, ""); /* untouched */
	assert_int_equal(oci_config_check(&config, OCI_CHECK_PROCESS, &err), -1);
	assert_string_equal(err.where, ".process");
	assert_int_equal(oci_process_check(&process, "", &err), -1);
	assert_string_equal(err.where, ".cwd");
	assert_int_equal(oci_resources_check(&resources, "", &err), -1);
	assert_string_equal(err.where, ".cpu.cpus");
	assert_int_equal(oci_resources_check(&resources, "", NULL), -1);
	assert_int_equal(oci_config_check(&config, OCI_CHECK_PROCESS, NULL), -1);
}

static void test_sysctl_path(void **state)
{
	(void)state;
	static const struct {
		const char *name, *path;
	} rows[] = {
		{ "net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding" },
		{ "net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding" },
		{ "kernel", "kernel" },
		{ "a.b", "a/b" },
		{ "", NULL },
		{ ".", NULL },
		{ "/", NULL },
		{ "..", NULL },
		{ "a.", NULL },
		{ "a/./b", NULL },
		{ "a./.b", NULL },
		{ "a/../b", NULL },
		{ "a...b", NULL },
		{ "12345678901234567890123456789012", NULL },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[32];
		assert_int_equal(oci_sysctl_path(rows[i].name, path, sizeof(path)), rows[i].path != NULL);
		if (rows[i].path)
			assert_string_equal(path, rows[i].path);
	}
}

/* Lists of hostile length stay cheap. The bound is generous: a quadratic loop takes minutes. */
static void test_long_lists(void **state)
{
	(void)state;
	enum { MANY = 100000 };
	ARENA(arena);
	struct oci_linux linux_part = { .namespaces = ITEMS(struct oci_namespace, { .type = SET(CLONE_NEWNET) }) };
	struct oci_config config = { BASE, .linux = &linux_part };
	for (size_t i = 0; i < MANY; i++) {
		struct oci_device *device = list_add(&arena, &linux_part.devices);
		*device = (struct oci_device){ "c", arena_printf(&arena, "/dev/%zu", i % (MANY - 1)), SET(1),
			SET(i == MANY - 1) };
		struct oci_net_device *net = list_add(&arena, &linux_part.net_devices);
		net->key = arena_printf(&arena, "n%zu", i);
		net->name = i == 77 ? "n5" : NULL;
		struct oci_mount *mount = list_add(&arena, &config.mounts);
		mount->destination = "/a";
		struct oci_pair *sysctl = list_add(&arena, &linux_part.sysctl);
		*sysctl = (struct oci_pair){ "net.a", "1" };
	}
	clock_t start = clock();
	struct error err = { 0 };
	assert_int_equal(oci_config_check(&config, 0, &err), -1);
	assert_string_equal(err.where, ".linux.devices[99999].path");
	linux_part.devices.len--;
	assert_int_equal(oci_config_check(&config, 0, &err), -1);
	assert_string_equal(err.where, ".linux.netDevices.n77");
	linux_part.net_devices.len = 77;
	assert_int_equal(oci_config_check(&config, 0, &err), 0);
	assert_true((clock() - start) / CLOCKS_PER_SEC < 5);
}

static void test_many_mappings(void **state)
{
	(void)state;
	ARENA(arena);
	struct oci_linux linux_part = { .namespaces = ITEMS(struct oci_namespace, { .type = SET(CLONE_NEWUSER) }) };
	struct oci_config config = { BASE, .linux = &linux_part };
	for (size_t i = 0; i < 341; i++)
		*list_add(&arena, &linux_part.uid_mappings) = (struct oci_id_mapping)MAPPING(i, i, 1);
	struct error err = { 0 };
	assert_int_equal(oci_config_check(&config, 0, &err), -1);
	assert_string_equal(err.text, "341 mappings, the kernel takes at most 340");
	linux_part.uid_mappings.len--;
	linux_part.gid_mappings = linux_part.uid_mappings;
	assert_int_equal(oci_config_check(&config, 0, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_mount),
		cmocka_unit_test(test_hook),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_namespace),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_linux),
		cmocka_unit_test(test_sysctl),
		cmocka_unit_test(test_seccomp),
		cmocka_unit_test(test_resource),
		cmocka_unit_test(test_flags_and_places),
		cmocka_unit_test(test_sysctl_path),
		cmocka_unit_test(test_long_lists),
		cmocka_unit_test(test_many_mappings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
