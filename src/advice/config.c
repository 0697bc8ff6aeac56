#include "advice/config-checks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "cgroups/controllers.h"
#include "cgroups/resources.h"
#include "namespaces/ns.h"
#include "process/executable.h"
#include "process/seccomp.h"

void advice_say(const struct error_sink *to, const char *where, int errnum, const char *hint, const char *fmt, ...)
{
	struct error finding = { .errnum = 0 };
	char text[sizeof(finding.text)];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args); /* a cut message is still one */
	va_end(args);
	(void)fail_at_hint(&finding, errnum, where, hint, "%s", text);
	to->say(to->data, &finding);
}

static void check_root(struct advice *a)
{
	if (!a->has_root)
		return;
	a->root = open(a->plan.rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (a->root < 0)
		advice_say(a->errors, ".root.path", errno, "relative to the bundle", "no root filesystem at %s",
			a->config->root->path);
	a->has_root = a->root >= 0;
}

static void check_namespaces(struct advice *a)
{
	LIST_EACH (&a->plan.ns.joins, join) {
		struct error err = { .errnum = 0 };
		struct ns_plan one = { .joins = { join, 1 } };
		(void)errors_end(a->errors, ns_open(&one, &err), &err);
	}
}

/* Limits need a cgroup. A container without limits runs without one where the caller may not make it. */
static void check_cgroup(struct advice *a)
{
	const char *mount = a->host->cgroup.mount;
	if (!a->plan.cgroup_path || a->options->cgroup_manager != CGROUP_MANAGER_CGROUPFS)
		return;
	char *above = arena_printf(a->arena, "%s%s", mount, a->plan.cgroup_path), *slash;
	do {
		if (!(slash = strrchr(above + strlen(mount), '/')))
			return;
		*slash = '\0';
	} while (access(above, F_OK) < 0);
	if (access(above, W_OK) < 0)
		advice_say(a->errors, ".linux.cgroupsPath", errno,
			"limits need a cgroup: hull --systemd-cgroup gets one from your own systemd",
			"make cgroup %s under %s", a->plan.cgroup_path, mount);
}

/* Checks each write alone, since controllers_check() stops at the first that fails. */
static void check_controllers(struct advice *a)
{
	struct error err = { .errnum = 0 };
	cgroup_writes writes = { NULL, 0 };
	if (!a->linux->resources || a->options->cgroup_manager == CGROUP_MANAGER_DISABLED)
		return;
	if (resources_plan(a->arena, a->linux->resources, &writes, &err) < 0)
		a->errors->say(a->errors->data, &err);
	if (writes.len)
		check_cgroup(a);
	for (size_t i = 0; i < writes.len; i++) {
		cgroup_writes one = { &writes.items[i], 1 };
		error_clear(&err);
		(void)errors_end(a->errors, controllers_check(&a->host->cgroup, &one, &err), &err);
	}
}

/* Warns of unknown names. They are no errors, since engines' profiles name the calls of all kernels. */
static void check_call_names(struct advice *a)
{
	for (size_t i = 0; i < a->linux->seccomp->syscalls.len; i++) {
		const oci_strings *names = &a->linux->seccomp->syscalls.items[i].names;
		for (size_t j = 0; j < names->len; j++) {
			const char *nearest, *name = names->items[j];
			if (!*name || seccomp_knows_call(a->arena, name, &nearest))
				continue;
			advice_say(a->warnings, arena_printf(a->arena, ".linux.seccomp.syscalls[%zu].names[%zu]", i, j),
				0, nearest ? arena_printf(a->arena, "did you mean \"%s\"?", nearest) : NULL,
				"unknown system call \"%.64s\", which is ignored", name);
		}
	}
}

static void check_seccomp(struct advice *a)
{
	struct error err = { .errnum = 0 };
	struct seccomp_program program;
	if (!a->linux->seccomp)
		return;
	if (!a->linux->seccomp->fail_unknown)
		check_call_names(a);
	if (seccomp_compile(a->arena, a->linux->seccomp, -1, &program, &err) < 0)
		a->errors->say(a->errors->data, &err);
	else if (a->linux->seccomp->flags.value & ~(uint64_t)seccomp_supported_flags())
		advice_say(a->errors, ".linux.seccomp.flags", 0, NULL, "this kernel does not know all of them");
}

static bool nothing_hides(void *data, const char *path)
{
	(void)data, (void)path;
	return false;
}

static int check_hook(const char *path, struct error *err)
{
	struct stat st;
	if (access(path, X_OK) < 0 || stat(path, &st) < 0)
		return fail(err, errno, "the hook %s", path);
	if (!S_ISREG(st.st_mode))
		return fail(err, EACCES, "the hook %s is not a regular file", path);
	return executable_judge(AT_FDCWD, path, path, nothing_hides, NULL, err);
}

static void check_hooks_of(const oci_hook_list *hooks, const char *name, const struct error_sink *to)
{
	for (size_t i = 0; i < hooks->len; i++) {
		struct error err = { .errnum = 0 };
		(void)snprintf(err.where, sizeof(err.where), ".hooks.%s[%zu].path", name, i);
		if (*hooks->items[i].path == '/')
			(void)errors_end(to, check_hook(hooks->items[i].path, &err), &err);
	}
}

/* A startContainer hook runs in the container, where a mount may bring it: config-program.c. The failure of a hook
 * after start is only logged, so it is a warning here. */
static void check_hooks(struct advice *a)
{
	const struct oci_hooks *h = a->config->hooks;
	if (!h)
		return;
	check_hooks_of(&h->prestart, "prestart", a->errors);
	check_hooks_of(&h->create_runtime, "createRuntime", a->errors);
	check_hooks_of(&h->create_container, "createContainer", a->errors);
	check_hooks_of(&h->poststart, "poststart", a->warnings);
	check_hooks_of(&h->poststop, "poststop", a->warnings);
}

/* Sets each limit as run does, on a child that only waits. */
static void check_rlimits(struct advice *a)
{
	const struct process_plan *p = &a->plan.process;
	pid_t pid = p->rlimits.len ? fork() : -1;
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* fails for a bad signal alone */
		for (;;)
			(void)pause();
	}
	if (pid < 0)
		return;
	for (size_t i = 0; i < p->rlimits.len; i++) {
		struct error err = { .errnum = 0 };
		struct process_plan one = { .rlimits = { &p->rlimits.items[i], 1 } };
		if (process_set_rlimits(&one, pid, &err) == 0)
			continue;
		(void)snprintf(err.where, sizeof(err.where), ".process.rlimits[%zu]", i);
		a->errors->say(a->errors->data, &err);
	}
	if (kill(pid, SIGKILL) == 0)
		(void)proc_wait(pid);
}

/* Sets the score of this process as run does, and restores it. */
static void check_oom_score(struct advice *a)
{
	const struct process_plan *p = &a->plan.process;
	struct error err = { .errnum = 0 };
	int before, value;
	FD(fd) = -1;
	if (process_open_oom_score_adj(p, &fd, &err) < 0 ||
		(fd >= 0 && process_swap_oom_score_adj(fd, p->oom_score_adj, &before, &err) < 0))
		a->errors->say(a->errors->data, &err);
	else if (fd >= 0)
		(void)process_swap_oom_score_adj(
			fd, before, &value, NULL); /* lowering needs no privilege after raising */
}

static void check_net_devices(struct advice *a)
{
	LIST_EACH (&a->linux->net_devices, d)
		if (!strchr(d->key, '/') && access(arena_printf(a->arena, "/sys/class/net/%s", d->key), F_OK) < 0)
			advice_say(a->errors, arena_printf(a->arena, ".linux.netDevices[\"%s\"]", d->key), 0, NULL,
				"there is no network device %s", d->key);
}

static void check_listener(struct advice *a)
{
	const struct oci_seccomp *s = a->linux->seccomp;
	if (s && seccomp_notifies(s) && s->listener_path && access(s->listener_path, W_OK) < 0)
		advice_say(a->errors, ".linux.seccomp.listenerPath", errno,
			"the agent must listen there before the container is created", "%s", s->listener_path);
}

/* setgroups(2) refuses a group that is not mapped. */
static void check_groups(struct advice *a)
{
	const oci_id_mappings *maps = &a->linux->gid_mappings;
	const struct oci_user *user = &a->config->process->user;
	for (size_t i = 0; a->plan.ns.new_user && !a->plan.keep_groups && i < user->additional_gids.len; i++)
		if (user->additional_gids.items[i].set && !oci_mapping_of(maps, user->additional_gids.items[i].value))
			advice_say(a->errors, arena_printf(a->arena, ".process.user.additionalGids[%zu]", i), 0,
				"add a range of .linux.gidMappings that has it as containerID",
				"%llu is not mapped in the user namespace",
				(unsigned long long)user->additional_gids.items[i].value);
}

/* Fills in what plan_make() needs. Its absence has been reported. */
static void complete(struct advice *a, struct oci_config *config)
{
	static const struct oci_linux no_linux;
	static struct oci_root no_root = { .path = "/" };
	static struct oci_process no_process;
	a->has_root = config->root && config->root->path && *config->root->path;
	a->has_program = a->has_root && config->process && config->process->args.len;
	a->linux = config->linux ? config->linux : &no_linux;
	if (!a->has_root)
		config->root = &no_root;
	if (!config->process)
		config->process = &no_process;
	a->config = config;
}

void advise(struct arena *arena, const struct oci_config *config, const struct plan_options *options,
	const struct host *host, const struct error_sink *errors, const struct error_sink *warnings)
{
	void (*const checks[])(struct advice *) = { check_root, advise_mounts, check_namespaces, advise_trial,
		check_controllers, check_seccomp, check_listener, check_hooks, check_rlimits, check_oom_score,
		check_groups, check_net_devices, advise_program };
	struct oci_config whole = *config;
	struct plan_options all = *options;
	struct error err = { .errnum = 0 };
	struct advice a = {
		.arena = arena, .options = &all, .host = host, .errors = errors, .warnings = warnings, .root = -1
	};
	all.errors = errors;
	complete(&a, &whole);
	log_divert_warnings(warnings);
	if (plan_make(arena, &whole, &all, host, &a.plan, &err) < 0) {
		errors->say(errors->data, &err);
		return;
	}
	log_divert_warnings(NULL);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](&a);
	close_fd(&a.root);
}
