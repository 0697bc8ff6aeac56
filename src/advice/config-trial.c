#include "advice/config-checks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/nearest.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "namespaces/mount-new.h"
#include "namespaces/sysctl.h"
#include "oci/check.h"
#include "process/idmap.h"

/* An error holds no pointers: the child sends it as it is. */
static void send_error(void *data, const struct error *error)
{
	(void)write_all(*(const int *)data, (const char *)error, sizeof(*error)); /* the parent is gone */
}

/* A parameter may name a network interface that a hook or .linux.netDevices brings. */
static bool may_appear(const struct advice *a, const char *key)
{
	const struct oci_hooks *hooks = a->config->hooks;
	return oci_sysctl_namespace(key) == CLONE_NEWNET &&
	       (a->linux->net_devices.len || (hooks && (hooks->prestart.len || hooks->create_runtime.len)));
}

/* A joined namespace belongs to others: its parameters are looked for, not written. */
static int look_for(int proc, const struct oci_pair *pair, struct error *err)
{
	char path[512] = "sys/";
	if (!oci_sysctl_path(pair->key, path + 4, sizeof(path) - 4))
		return 0;
	FD(fd) = procfs_open_file(proc, path, O_PATH);
	if (fd >= 0 || errno != ENOENT)
		return 0;
	return fail_hint(err, ENOENT, "this kernel has no such parameter", "open /proc/%s", path);
}

/* Names the parameter of the same directory that was probably meant. */
static void hint_parameter(struct advice *a, int proc, const char *key, struct error *err)
{
	char path[512] = "sys/";
	if (!oci_sysctl_path(key, path + 4, sizeof(path) - 4))
		return;
	char *name = strrchr(path, '/');
	*name++ = '\0';
	FD(fd) = procfs_open_file(proc, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return;
	(void)take_fd(&fd);
	struct nearest near = nearest_to(name);
	for (struct dirent *entry; (entry = readdir(dir));)
		(void)nearest_try(&near, arena_strdup(a->arena, entry->d_name));
	(void)closedir(dir);
	if (near.name)
		(void)error_hint(err, "did you mean \"%.*s%s\"?", (int)(strlen(key) - strlen(name)), key, near.name);
}

static void try_parameters(struct advice *a, const struct error_sink *errors)
{
	struct error err = { .errnum = 0 };
	FD(proc) = a->linux->sysctl.len ? procfs_open(&err) : -1;
	for (size_t i = 0; proc >= 0 && i < a->linux->sysctl.len; i++) {
		struct oci_pair *pair = &a->linux->sysctl.items[i];
		int64_t type = oci_sysctl_namespace(pair->key);
		oci_map one = { pair, 1 };
		error_clear(&err);
		if (!type)
			continue;
		int result = a->plan.ns.created & (uint64_t)type ? sysctl_write(proc, &one, &err) :
								   look_for(proc, pair, &err);
		if (result == 0 || (err.errnum == ENOENT && may_appear(a, pair->key)))
			continue;
		if (!err.where[0])
			(void)snprintf(err.where, sizeof(err.where), ".linux.sysctl[\"%s\"]", pair->key);
		if (err.errnum == ENOENT)
			hint_parameter(a, proc, pair->key, &err);
		errors->say(errors->data, &err);
	}
}

/* The child does this before it changes its ids: afterwards its files in /proc are root's. */
static void try_clocks(const struct advice *a, const struct error_sink *errors)
{
	struct error err = { .errnum = 0 };
	if (!a->linux->time_offsets || !(a->plan.ns.created & CLONE_NEWTIME) || unshare(CLONE_NEWTIME) < 0)
		return;
	FD(fd) = ns_open_time_offsets(&err);
	if (fd >= 0 && ns_set_time_offsets(fd, a->linux->time_offsets, &err) < 0)
		errors->say(errors->data, &err);
}

/* The child runs in namespaces like the container's. It waits until its ids are mapped. */
static void __attribute__((noreturn)) run_trial(struct advice *a, int end)
{
	const struct error_sink errors = { send_error, &end };
	char byte;
	try_clocks(a, &errors);
	if (read(end, &byte, 1) != 1)
		_exit(0);
	(void)!setregid(0, 0); /* fails if 0 is not mapped; the capabilities are there all the same */
	(void)!setreuid(0, 0);
	for (size_t i = 0; i < a->plan.mount_count && (a->plan.ns.created & CLONE_NEWNS); i++) {
		const char *nearest;
		bool device;
		const struct mount_op *op = &a->plan.mounts[i];
		if (op->kind == MOUNT_NEW && advice_has_filesystem(a, op->type, &device, &nearest))
			mount_try(a->arena, op, &errors);
	}
	try_parameters(a, &errors);
	struct error err = { .errnum = 0 };
	(void)errors_end(&errors, process_set_scheduling(&a->plan.process, &err), &err);
	_exit(0);
}

static int write_maps(struct advice *a, pid_t pid, struct error *err)
{
	if (!a->plan.ns.new_user)
		return 0;
	FD(proc) = proc_open(pid, err);
	return proc < 0 ? -1 : idmap_write(a->arena, pid, proc, a->linux, a->host->own_caps, err);
}

/* Makes all namespaces in one call. A container's take two calls, for the sake of their owner, which does not matter
 * here. */
static pid_t begin(struct advice *a)
{
	struct clone_args args = { .flags = a->plan.ns.created & ~(uint64_t)CLONE_NEWTIME, .exit_signal = SIGCHLD };
	return sys_clone3_or_clone(&args);
}

void advise_trial(struct advice *a)
{
	int pair[2];
	struct error err = { .errnum = 0 };
	bool may = a->plan.ns.new_user ||
		   (!ns_joins(&a->plan.ns, CLONE_NEWUSER) && (a->host->own_caps & caps_mask("CAP_SYS_ADMIN")));
	if (!may || !a->plan.ns.created || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	FD(ours) = pair[0];
	FD(theirs) = pair[1];
	pid_t pid = begin(a);
	if (pid == 0) {
		close_fd(&ours);
		run_trial(a, theirs);
	}
	if (pid < 0) {
		advice_say(a->errors, ".linux.namespaces", errno, "hull check --host reports what this host permits",
			"make namespaces like the container's");
		return;
	}
	close_fd(&theirs);
	if (write_maps(a, pid, &err) < 0)
		a->errors->say(a->errors->data, &err);
	else
		(void)!write(ours, "", 1); /* a child that has died reports nothing */
	(void)shutdown(ours, SHUT_WR);
	while (recv(ours, &err, sizeof(err), MSG_WAITALL) == (ssize_t)sizeof(err))
		a->errors->say(a->errors->data, &err);
	(void)proc_wait(pid);
}
