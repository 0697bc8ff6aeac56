#include "oci/default.h"

#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/str.h"
#include "oci/state.h"

enum { MAX_OPTIONS = 6 };

static const struct mount_row {
	const char *destination, *type, *source;
	const char *options[MAX_OPTIONS + 1];
} mount_rows[] = {
	{ "/proc", "proc", "proc", { NULL } },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ "/dev/pts", "devpts", "devpts",
		{ "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" } },
	{ "/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" } },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime", "ro" } },
};

/* Only the owner of the network namespace may mount sysfs. An unprivileged caller binds that of the host. */
static const struct mount_row bound_sys = { "/sys", "none", "/sys", { "rbind", "nosuid", "noexec", "nodev", "ro" } };

static const int64_t namespaces[] = { CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWNS,
	CLONE_NEWCGROUP, CLONE_NEWUSER };

static const char *const arguments[] = { "sh", NULL };
static const char *const environment[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"TERM=xterm", NULL };
static const char *const capabilities[] = { "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE", NULL };
static const char *const masked_paths[] = { "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
	"/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
	"/sys/firmware", "/sys/devices/virtual/powercap", "/sys/devices/virtual/tpm", NULL };
static const char *const readonly_paths[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
	NULL };

static void add_string(struct arena *arena, oci_strings *list, const char *text)
{
	*list_add(arena, list) = text;
	(void)list_add(arena, list); /* the NULL behind the last */
	list->len--;
}

static void add_strings(struct arena *arena, oci_strings *list, const char *const *texts)
{
	for (; *texts; texts++)
		add_string(arena, list, *texts);
}

/* The inheritable set is empty: files with inheritable capabilities would gain them (CVE-2022-29162). The ambient set
 * can hold no more than it. */
static void fill_process(struct arena *arena, struct oci_process *process)
{
	process->terminal = (struct oci_bool){ true, true };
	process->user.uid = (struct oci_uint){ true, 0 };
	process->user.gid = (struct oci_uint){ true, 0 };
	process->cwd = "/";
	process->no_new_privileges = (struct oci_bool){ true, true };
	add_strings(arena, &process->args, arguments);
	add_strings(arena, &process->env, environment);
	process->capabilities = arena_new(arena, struct oci_capabilities);
	add_strings(arena, &process->capabilities->bounding, capabilities);
	add_strings(arena, &process->capabilities->effective, capabilities);
	add_strings(arena, &process->capabilities->permitted, capabilities);
	*list_add(arena, &process->rlimits) = (struct oci_rlimit){
		.type = { true, RLIMIT_NOFILE },
		.soft = { true, 1024 },
		.hard = { true, 1024 },
	};
}

static void add_mount(
	struct arena *arena, struct oci_config *config, const struct mount_row *row, const struct oci_default *how)
{
	struct oci_mount *mount = list_add(arena, &config->mounts);
	mount->destination = row->destination;
	mount->type = row->type;
	mount->source = row->source;
	for (const char *const *option = row->options; *option; option++)
		if (!how->rootless || !str_starts(*option, "gid=")) /* the group may not be mapped */
			add_string(arena, &mount->options, *option);
}

/* No device may be used but the default ones: config-linux.md "Default Devices". */
static struct oci_resources *deny_devices(struct arena *arena)
{
	struct oci_resources *resources = arena_new(arena, struct oci_resources);
	*list_add(arena, &resources->devices) = (struct oci_device_rule){
		.allow = { true, false },
		.access = "rwm",
	};
	return resources;
}

static void fill_linux(struct arena *arena, struct oci_linux *linux, const struct oci_default *how)
{
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		if ((namespaces[i] != CLONE_NEWNET || how->own_network) &&
			(namespaces[i] != CLONE_NEWUSER || how->rootless))
			list_add(arena, &linux->namespaces)->type = (struct oci_int){ true, namespaces[i] };
	add_strings(arena, &linux->masked_paths, masked_paths);
	add_strings(arena, &linux->readonly_paths, readonly_paths);
	if (how->rootless) {
		linux->uid_mappings = how->uids;
		linux->gid_mappings = how->gids;
	} else {
		linux->resources = deny_devices(arena);
	}
}

struct oci_config *oci_default_config(struct arena *arena, const struct oci_default *how)
{
	struct oci_config *config = arena_new(arena, struct oci_config);
	config->oci_version = OCI_VERSION;
	config->process = arena_new(arena, struct oci_process);
	fill_process(arena, config->process);
	config->root = arena_new(arena, struct oci_root);
	config->root->path = "rootfs";
	config->root->readonly = (struct oci_bool){ true, true };
	config->hostname = "hull";
	for (size_t i = 0; i < sizeof(mount_rows) / sizeof(mount_rows[0]); i++) {
		bool bound =
			how->rootless && !how->own_network && str_eq(mount_rows[i].destination, bound_sys.destination);
		add_mount(arena, config, bound ? &bound_sys : &mount_rows[i], how);
	}
	config->linux = arena_new(arena, struct oci_linux);
	fill_linux(arena, config->linux, how);
	return config;
}
