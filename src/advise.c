#include "advise.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/nearest.h"
#include "base/str.h"
#include "cgroups/controllers.h"
#include "cgroups/resources.h"
#include "idmap.h"
#include "namespaces/mount-options.h"
#include "namespaces/mount.h"
#include "namespaces/ns.h"
#include "seccomp.h"

struct advice {
	struct arena *arena;
	const struct oci_config *config;
	const struct oci_linux *linux;
	const struct plan_options *options;
	const struct host *host;
	struct plan plan;
	bool planned;
	advise_fn say;
	void *data;
};

static void found(struct advice *a, const char *where, int errnum, const char *hint, const char *text,
	const char *operand)
{
	struct error finding = { .errnum = 0 };
	(void)fail_at(&finding, errnum, where, text, operand);
	if (hint)
		(void)error_hint(&finding, "%s", hint);
	a->say(a->data, &finding);
}

static void check_plan(struct advice *a)
{
	struct error err = { .errnum = 0 };
	a->planned = plan_make(a->arena, a->config, a->options, a->host, &a->plan, &err) == 0;
	if (!a->planned)
		a->say(a->data, &err);
}

/* By making a namespace with them: what newuidmap(1) allows it alone knows. */
static void check_maps(struct advice *a)
{
	struct error err = { .errnum = 0 };
	if (a->planned && a->plan.ns.new_user && idmap_try(a->arena, a->linux, a->host->own_caps, &err) < 0)
		a->say(a->data, &err);
}

static void check_root(struct advice *a)
{
	struct stat st;
	const char *path = a->config->root->path;
	if (stat(path, &st) < 0)
		found(a, ".root.path", errno, "relative to the bundle", "no root filesystem at %s", path);
	else if (!S_ISDIR(st.st_mode))
		found(a, ".root.path", ENOTDIR, NULL, "no root filesystem at %s", path);
}

static bool kernel_has_filesystem(struct advice *a, const char *type)
{
	char *text, *save = NULL;
	if (read_file_at(a->arena, AT_FDCWD, "/proc/filesystems", 1 << 20, &text, NULL) < 0)
		return true;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *tab = strrchr(line, '\t');
		if (str_eq(tab ? tab + 1 : line, type))
			return true;
	}
	return false;
}

/* A word that no table knows goes to the filesystem, which may know it, or it is an option that was mistyped. */
static void check_parameters(struct advice *a, const struct mount_op *op)
{
	const char *const *names = mount_option_names(a->arena);
	LIST_EACH(&op->options.params, param) {
		struct nearest near = nearest_to(param->key);
		near.most = near.most > 1 ? 1 : near.most; /* nouuid of xfs is not meant for nosuid */
		for (size_t i = 0; !param->value && names[i]; i++)
			(void)nearest_try(&near, names[i]);
		if (near.name)
			found(a, op->where, 0, arena_printf(a->arena, "did you mean \"%s\"?", near.name),
				"unknown option \"%s\", left to the filesystem", param->key);
	}
}

static void check_mounts(struct advice *a)
{
	for (size_t i = 0; a->planned && i < a->plan.mount_count; i++) {
		const struct mount_op *op = &a->plan.mounts[i];
		if (op->kind == MOUNT_BIND && access(op->source, F_OK) < 0)
			found(a, op->where, errno, NULL, "the source %s of the bind", op->source);
		check_parameters(a, op);
		if (op->kind == MOUNT_NEW && !kernel_has_filesystem(a, op->type))
			found(a, op->where, 0, "a module may provide it: see modprobe(8)",
				"this kernel knows no filesystem \"%s\"", op->type);
	}
}

static void check_namespaces(struct advice *a)
{
	struct error err = { .errnum = 0 };
	if (a->planned && ns_open(&a->plan.ns, &err) < 0)
		a->say(a->data, &err);
}

static void check_controllers(struct advice *a)
{
	struct error err = { .errnum = 0 };
	cgroup_writes writes;
	if (!a->linux->resources || a->options->cgroup_manager == CGROUP_MANAGER_DISABLED)
		return;
	if (resources_plan(a->arena, a->linux->resources, &writes, &err) < 0 ||
		controllers_check(&a->host->cgroup, &writes, &err) < 0)
		a->say(a->data, &err);
}

static void check_seccomp(struct advice *a)
{
	struct error err = { .errnum = 0 };
	struct seccomp_program program;
	if (!a->linux->seccomp)
		return;
	if (seccomp_compile(a->arena, a->linux->seccomp, -1, &program, &err) < 0)
		a->say(a->data, &err);
	else if (a->linux->seccomp->flags.value & ~(uint64_t)seccomp_supported_flags())
		found(a, ".linux.seccomp.flags", 0, NULL, "%s", "this kernel does not know all of them");
}

static void check_hooks_of(struct advice *a, const oci_hook_list *hooks, const char *name)
{
	for (size_t i = 0; i < hooks->len; i++)
		if (access(hooks->items[i].path, X_OK) < 0)
			found(a, arena_printf(a->arena, ".hooks.%s[%zu].path", name, i), errno, NULL,
				"the hook %s", hooks->items[i].path);
}

/* startContainer hooks are the container's own, and may come with a mount. */
static void check_hooks(struct advice *a)
{
	const struct oci_hooks *h = a->config->hooks;
	if (!h)
		return;
	check_hooks_of(a, &h->prestart, "prestart");
	check_hooks_of(a, &h->create_runtime, "createRuntime");
	check_hooks_of(a, &h->create_container, "createContainer");
	check_hooks_of(a, &h->poststart, "poststart");
	check_hooks_of(a, &h->poststop, "poststop");
}

static void check_rlimits(struct advice *a)
{
	enum { CAP_SYS_RESOURCE_NUMBER = 24 };
	const struct process_plan *p = &a->plan.process;
	if (!a->planned || (a->host->own_caps & (1ULL << CAP_SYS_RESOURCE_NUMBER)))
		return;
	for (size_t i = 0; i < p->rlimits.len; i++) {
		struct rlimit now;
		if (getrlimit((__rlimit_resource_t)p->rlimits.items[i].resource, &now) == 0 &&
			p->rlimits.items[i].limit.rlim_max > now.rlim_max)
			found(a, arena_printf(a->arena, ".process.rlimits[%zu].hard", i), EPERM,
				"raising a hard limit needs CAP_SYS_RESOURCE",
				"%s is above the limit that hull itself has", "it");
	}
}

static void check_net_devices(struct advice *a)
{
	LIST_EACH(&a->linux->net_devices, d)
		if (access(arena_printf(a->arena, "/sys/class/net/%s", d->key), F_OK) < 0)
			found(a, arena_printf(a->arena, ".linux.netDevices[\"%s\"]", d->key), 0, NULL,
				"there is no network device %s", d->key);
}

static void check_listener(struct advice *a)
{
	const struct oci_seccomp *s = a->linux->seccomp;
	if (s && seccomp_notifies(s) && access(s->listener_path, W_OK) < 0)
		found(a, ".linux.seccomp.listenerPath", errno,
			"the agent must listen there before the container is created", "%s",
			s->listener_path);
}

void advise(struct arena *arena, const struct oci_config *config, const struct plan_options *options,
	const struct host *host, advise_fn say, void *data)
{
	static const struct oci_linux none;
	struct advice a = { .arena = arena,
		.config = config,
		.linux = config->linux ? config->linux : &none,
		.options = options,
		.host = host,
		.say = say,
		.data = data };
	void (*const checks[])(struct advice *) = { check_plan, check_maps, check_root, check_mounts,
		check_namespaces, check_controllers, check_seccomp, check_listener, check_hooks,
		check_rlimits, check_net_devices };
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](&a);
}
