#include "advice/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/cgroup.h"
#include "plan/host.h"
#include "process/accounts.h"
#include "process/caps.h"
#include "process/idmap.h"

/* What the child found: an errno each, 0 for success, -1 for what it did not reach. `failed` is why it reached none of
 * it, or no filesystem. */
struct trial {
	int failed, user_namespace, namespaces, proc, sysfs, tmpfs, overlay, cgroup;
};

struct doctor {
	struct arena *arena;
	struct host host;
	struct trial trial;
	doctor_fn say;
	void *data;
};

static void tell(struct doctor *d, enum verdict verdict, const char *topic, const char *text, const char *remedy)
{
	struct diagnosis diagnosis = { verdict, topic, text, remedy };
	d->say(d->data, &diagnosis);
}

/* --- the trial --- */

/* Makes a filesystem of that type, and does not attach it. */
static int try_filesystem(const char *type)
{
	FD(fs) = sys_fsopen(type, FSOPEN_CLOEXEC);
	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return errno;
	FD(mount) = sys_fsmount(fs, FSMOUNT_CLOEXEC, 0);
	return mount < 0 ? errno : 0;
}

/* fsopen(2) alone tells: an overlay wants directories before it can be made. */
static int try_overlay(void)
{
	FD(fs) = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	return fs < 0 ? errno : 0;
}

static void try_mounts(struct trial *t)
{
	t->proc = try_filesystem("proc");
	t->sysfs = try_filesystem("sysfs");
	t->tmpfs = try_filesystem("tmpfs");
	t->cgroup = try_filesystem("cgroup2");
	t->overlay = try_overlay();
}

/* Begins as a container does: with a user namespace, then the others, then the first process of the pid namespace. */
static void __attribute__((noreturn)) run_trial(int result)
{
	const int others = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWCGROUP;
	struct trial t = { 0, -1, -1, -1, -1, -1, -1, -1 };
	t.user_namespace = unshare(CLONE_NEWUSER) < 0 ? errno : 0;
	if (t.user_namespace == 0)
		t.namespaces = unshare(others) < 0 ? errno : 0;
	pid_t first = t.namespaces == 0 ? fork() : -1;
	if (t.namespaces == 0 && first < 0)
		t.failed = errno;
	if (first == 0 || first < 0) {
		if (first == 0)
			try_mounts(&t);
		_exit(write_all(result, &t, sizeof(t)) < 0);
	}
	_exit(proc_wait(first));
}

static struct trial make_trial(void)
{
	struct trial t = { EIO, -1, -1, -1, -1, -1, -1, -1 };
	int pair[2];
	if (pipe2(pair, O_CLOEXEC) < 0) {
		t.failed = errno;
		return t;
	}
	FD(reader) = pair[0];
	FD(writer) = pair[1];
	pid_t pid = fork();
	if (pid < 0)
		t.failed = errno;
	if (pid == 0)
		run_trial(writer);
	close_fd(&writer);
	if (pid > 0) {
		struct trial found;
		if (read(reader, &found, sizeof(found)) == (ssize_t)sizeof(found))
			t = found;
		(void)proc_wait(pid);
	}
	return t;
}

/* --- what it means --- */

static bool file_says(struct doctor *d, const char *path, const char *value)
{
	char *text;
	if (read_file_at(d->arena, AT_FDCWD, path, 4096, &text, NULL) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return str_eq(text, value);
}

static bool is_filtered(void)
{
	char mode[8];
	return proc_status(0, "Seccomp", mode, sizeof(mode)) && str_eq(mode, "2");
}

static const char *why_no_namespace(struct doctor *d, int errnum, const char **ret_remedy)
{
	static const struct {
		const char *file, *value, *text, *remedy;
	} causes[] = {
		{ "/proc/sys/user/max_user_namespaces", "0", "the limit of user namespaces is 0",
			"sysctl user.max_user_namespaces=15000" },
		{ "/proc/sys/kernel/unprivileged_userns_clone", "0", "only root may make them on this host",
			"sysctl kernel.unprivileged_userns_clone=1" },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
			"AppArmor lets only programs with a profile use them",
			"give hull a profile with \"userns,\" in /etc/apparmor.d, or sysctl "
			"kernel.apparmor_restrict_unprivileged_userns=0" },
	};
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (file_says(d, causes[i].file, causes[i].value)) {
			*ret_remedy = causes[i].remedy;
			return causes[i].text;
		}
	*ret_remedy = NULL;
	if (errnum == ENOSPC || errnum == EUSERS) {
		*ret_remedy = "raise /proc/sys/user/max_*_namespaces";
		return "a limit of namespaces is reached";
	}
	if (errnum == EPERM && is_filtered()) {
		*ret_remedy = "run the outer container with a seccomp profile that allows clone, unshare and mount";
		return "the seccomp filter that hull runs under refuses it";
	}
	return arena_printf(d->arena, "%s", strerror(errnum));
}

static void check_kernel(struct doctor *d)
{
	struct utsname name;
	struct error err = { .errnum = 0 };
	bool known = uname(&name) == 0, ok = known && host_probe(&d->host, &err) == 0;
	tell(d, ok ? VERDICT_OK : VERDICT_MISSING, "kernel",
		ok ? arena_printf(d->arena, "Linux %s", name.release) : arena_strdup(d->arena, err.text),
		ok ? NULL : "Linux 5.14 or newer");
}

static void check_user_namespaces(struct doctor *d)
{
	const char *remedy = NULL;
	int errnum = d->trial.user_namespace ? d->trial.user_namespace : d->trial.namespaces;
	if (d->trial.failed) {
		tell(d, VERDICT_LIMITED, "user namespaces",
			arena_printf(d->arena, "could not be tried: %s", strerror(d->trial.failed)), NULL);
		return;
	}
	if (errnum == 0) {
		tell(d, VERDICT_OK, "user namespaces", "can be made, and others in them", NULL);
		return;
	}
	const char *why = why_no_namespace(d, errnum, &remedy);
	bool needs_none = d->host.own_caps & caps_mask("CAP_SYS_ADMIN");
	tell(d, needs_none ? VERDICT_LIMITED : VERDICT_MISSING, "user namespaces", why, remedy);
}

static void check_ids(struct doctor *d)
{
	struct oci_namespace user = { .type = { true, CLONE_NEWUSER } };
	struct oci_linux config = { .namespaces = { .items = &user, .len = 1 } };
	if (!idmap_needs_tools())
		return;
	idmap_fill(d->arena, &config);
	uint64_t more = 0;
	for (size_t i = 1; i < config.uid_mappings.len; i++)
		more += config.uid_mappings.items[i].size.value;
	if (more) {
		tell(d, VERDICT_OK, "subordinate ids",
			arena_printf(d->arena, "%llu beside your own", (unsigned long long)more), NULL);
		return;
	}
	const char *lack = idmap_tools_lack();
	tell(d, VERDICT_LIMITED, "subordinate ids", "none: a container has one user and one group, your own",
		arena_printf(d->arena, "%s%susermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER",
			lack ? lack : "", lack ? ", and perhaps " : ""));
}

static void check_filesystem(struct doctor *d, const char *topic, int errnum, const char *text, const char *remedy)
{
	if (errnum < 0)
		return; /* check_user_namespaces() tells why */
	tell(d, errnum ? VERDICT_LIMITED : VERDICT_OK, topic,
		errnum ? text : "can be mounted by a container without root", errnum ? remedy : NULL);
}

static void check_filesystems(struct doctor *d)
{
	check_filesystem(d, "/proc", d->trial.proc,
		"cannot be mounted anew: parts of the one here are hidden, as an outer container's are",
		"run the outer container with an unmasked /proc (podman --security-opt unmask=/proc/*; docker "
		"--security-opt systempaths=unconfined), or bind /proc");
	check_filesystem(d, "/sys", d->trial.sysfs, "cannot be mounted anew, but bound",
		"{\"type\": \"none\", \"source\": \"/sys\", \"options\": [\"rbind\", \"rro\"]}");
	check_filesystem(d, "tmpfs", d->trial.tmpfs, "cannot be mounted", NULL);
	check_filesystem(d, "overlay", d->trial.overlay, "cannot be mounted in a user namespace",
		"Linux 5.11 or newer with the module overlay");
}

static void check_cgroups(struct doctor *d)
{
	char none[] = "", *controllers = none;
	if (!d->host.cgroup.mount[0]) {
		tell(d, VERDICT_MISSING, "cgroup v2", "is mounted nowhere", "mount -t cgroup2 none /sys/fs/cgroup");
		return;
	}
	const char *below = proc_is_root() ? "/" : cgroup_find_delegated(d->arena, &d->host.cgroup);
	if (!*below) {
		tell(d, VERDICT_LIMITED, "cgroup v2", "none is delegated to you: no limits, no statistics, no pause",
			"systemd-run --user --scope -p Delegate=yes hull …, or hull --systemd-cgroup");
		return;
	}
	FD(cgroup) = cgroup_open(&d->host.cgroup, below, NULL);
	if (cgroup >= 0)
		(void)read_file_at(d->arena, cgroup, "cgroup.controllers", 4096, &controllers, NULL);
	controllers[strcspn(controllers, "\n")] = '\0';
	bool all = strstr(controllers, "memory") && strstr(controllers, "pids") && strstr(controllers, "cpu");
	const char *remedy = "Delegate=cpu memory pids io, see systemd.resource-control(5)";
	if (d->host.cgroup.hybrid)
		remedy = "the others are bound to version 1: systemd.unified_cgroup_hierarchy=1 on the kernel's line";
	tell(d, all ? VERDICT_OK : VERDICT_LIMITED, "cgroup v2",
		arena_printf(d->arena, "%s%s has %s", d->host.cgroup.mount, below,
			*controllers ? controllers : "no controllers"),
		all ? NULL : remedy);
}

static void check_capabilities(struct doctor *d)
{
	static const struct {
		unsigned number;
		const char *name, *text;
	} wanted[] = {
		{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "no namespaces but in a user namespace" },
		{ CAP_NET_ADMIN, "CAP_NET_ADMIN", "no network devices are moved" },
		{ CAP_MKNOD, "CAP_MKNOD", "devices are bound, not made" },
		{ CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE", "hard limits are not raised, oom_score_adj is not lowered" },
		{ CAP_BPF, "CAP_BPF", "device rules need it, or CAP_SYS_ADMIN" },
	};
	if (proc_euid() != 0)
		return;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!(d->host.own_caps & (1ULL << wanted[i].number)))
			tell(d, VERDICT_LIMITED, wanted[i].name,
				arena_printf(d->arena, "hull does not have it: %s", wanted[i].text), NULL);
}

static void check_modules(struct doctor *d)
{
	host_probe_lsm(&d->host);
	host_probe_rdt(&d->host);
	tell(d, VERDICT_OK, "security modules",
		arena_printf(d->arena, "AppArmor %s, SELinux %s", d->host.lsm.apparmor ? "on" : "off",
			d->host.lsm.selinux ? "on" : "off"),
		NULL);
	tell(d, VERDICT_OK, "resctrl", d->host.rdt.mounted ? "mounted" : "not here", NULL);
	if (is_filtered())
		tell(d, VERDICT_LIMITED, "seccomp", "hull runs under a filter, and so will every container", NULL);
}

void doctor(struct arena *arena, doctor_fn say, void *data)
{
	struct doctor d = { .arena = arena, .say = say, .data = data, .trial = make_trial() };
	void (*const checks[])(struct doctor *) = { check_kernel, check_user_namespaces, check_ids, check_filesystems,
		check_cgroups, check_capabilities, check_modules };
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](&d);
}
