#include "plan/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/cgroup.h"
#include "namespaces/paths.h"
#include "namespaces/rootfs.h"
#include "oci/annotations.h"
#include "oci/check.h"
#include "process/accounts.h"
#include "process/env.h"
#include "process/idmap.h"

static const struct oci_linux no_linux;
static const struct oci_hooks no_hooks;

static bool is_created(const struct plan *plan, uint64_t type)
{
	return (plan->ns.created & type) != 0;
}

/* Mounting needs a new mount namespace, since in a joined one or the runtime's it would change what other processes
 * see. */
static int check_mount_namespace(const struct plan *plan, struct error *err)
{
	const struct oci_config *config = plan->config;
	if (is_created(plan, CLONE_NEWNS))
		return 0;
	const struct {
		const char *where;
		bool given;
	} properties[] = {
		{ ".mounts", config->mounts.len },
		{ ".linux.maskedPaths", plan->linux->masked_paths.len },
		{ ".linux.readonlyPaths", plan->linux->readonly_paths.len },
		{ ".root.readonly", config->root->readonly.value },
		{ ".linux.rootfsPropagation", plan->linux->rootfs_propagation.set },
		{ ".process.terminal", config->process->terminal.value },
		{ ".linux.devices", plan->linux->devices.len },
	};
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (properties[i].given)
			return fail_at_hint(err, 0, properties[i].where,
				"add { \"type\": \"mount\" } to .linux.namespaces", "needs a new mount namespace");
	return 0;
}

/* Warns of parameters for a filesystem on a bind, which makes none. They are no error, since engines leave words there
 * (Podman's "nocopy"). */
static void warn_unused(struct arena *arena, const struct mount_op *op)
{
	LIST_EACH (&op->options.params, param) {
		struct error warning = { .errnum = 0 };
		const char *hint = mount_option_hint(arena, param);
		(void)fail_at(&warning, 0, mount_param_where(arena, op, param),
			"option \"%s\" has no effect on a bind mount", param->key);
		if (hint)
			(void)error_hint(&warning, "%s", hint);
		log_warning(&warning);
	}
}

static bool ends(const struct plan *plan, int result, struct error *err)
{
	return errors_end(plan->options.errors, result, err);
}

/* Whether an earlier mount covers the source, which then lies in the container. */
static const char *find_inside(const struct plan *plan, size_t i, const char *source)
{
	const char *inside = path_rest(plan->rootfs, source);
	for (size_t j = 0; inside && j < i; j++)
		if (plan->mounts[j].kind != MOUNT_REMOUNT && path_rest(plan->mounts[j].destination, inside))
			return inside;
	return NULL;
}

static int plan_mount(struct arena *arena, const struct oci_mount *mount, size_t i, const struct mount_facts *facts,
	struct mount_op *op, struct error *err)
{
	if (mount_plan(arena, i, mount, facts, op, err) < 0)
		return -1;
	if (op->source == facts->cgroup_mount && !*facts->cgroup_mount)
		return fail_at(err, 0, op->where, "cgroup2 is mounted nowhere on this host");
	if (op->kind == MOUNT_BIND && op->source != facts->cgroup_mount)
		warn_unused(arena, op);
	return 0;
}

static int plan_mounts(struct arena *arena, struct plan *plan, const struct host *host, struct error *err)
{
	const struct oci_config *config = plan->config;
	if (host->lsm.selinux && plan->linux->mount_label) {
		const char *type = oci_annotation(config, ANNOTATION_MOUNT_CONTEXT_TYPE);
		plan->mount_label = (struct mount_param){ type ? type : "context", plan->linux->mount_label, 0 };
	}
	struct mount_facts facts = {
		.bundle = plan->options.bundle,
		.cgroup_mount = host->cgroup.mount,
		.new_cgroup_ns = is_created(plan, CLONE_NEWCGROUP),
		.new_user_ns = plan->ns.new_user,
		.label = plan->mount_label,
		.idmap = plan_idmap_facts(plan),
	};
	size_t extra = plan->options.notify_dir ? 1 : 0;
	plan->mounts = arena_array(arena, config->mounts.len + extra, sizeof(*plan->mounts));
	for (size_t i = 0; i < config->mounts.len; i++) {
		struct mount_op *op = &plan->mounts[plan->mount_count];
		int result = plan_mount(arena, &config->mounts.items[i], i, &facts, op, err);
		if (ends(plan, result, err))
			return -1;
		if (result == 0 && op->kind == MOUNT_BIND && !(op->options.extra & MOUNT_EXTRA_COPY_SYMLINK))
			op->inside = find_inside(plan, plan->mount_count, op->source);
		plan->mount_count += result == 0;
	}
	if (extra)
		plan->mounts[plan->mount_count++] = (struct mount_op){ .where = "NOTIFY_SOCKET",
			.kind = MOUNT_BIND,
			.destination = "/run/notify",
			.type = "bind",
			.source = plan->options.notify_dir,
			.directory = true,
			.options = { .attr.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						      MOUNT_ATTR_NOEXEC },
			.tree = -1 };
	return 0;
}

/* Sets the environment: the configuration's variables, then those of socket activation and readiness. */
static void plan_env(struct arena *arena, struct plan *plan)
{
	const oci_strings *env = &plan->config->process->env;
	const char **copy = arena_array(arena, env->len + 5, sizeof(*copy));
	size_t len = env->len;
	if (len)
		memcpy(copy, env->items, len * sizeof(*copy));
	if (plan->options.listen_fds) {
		copy[len++] = arena_printf(arena, "LISTEN_FDS=%u", plan->options.listen_fds);
		copy[len++] = "LISTEN_PID=1";
	}
	if (plan->options.notify_dir)
		copy[len++] = "NOTIFY_SOCKET=/run/notify/notify.sock";
	len = env_keep_last(arena, copy, len);
	plan->env = copy;
	for (size_t i = 0; i < len; i++)
		if (str_starts(copy[i], "PATH="))
			plan->search_path = copy[i] + 5;
}

static unsigned when(bool condition, unsigned need)
{
	return condition ? need : 0;
}

bool plan_has_user_namespace(const struct plan *plan)
{
	return plan->ns.new_user || ns_joins(&plan->ns, CLONE_NEWUSER) || (plan->target_namespaces & CLONE_NEWUSER);
}

static unsigned namespace_needs(const struct plan *plan)
{
	const struct ns_plan *ns = &plan->ns;
	return when(ns->joins.len, NEED_JOIN) | when(plan_has_user_namespace(plan), NEED_USER_NS) |
	       when(ns->unshare_flags, NEED_UNSHARE) | when(plan->linux->time_offsets, NEED_TIME) |
	       when(ns->second_clone, NEED_SECOND_CLONE) | when(is_created(plan, CLONE_NEWNS), NEED_ROOTFS) |
	       when(!is_created(plan, CLONE_NEWNS), NEED_CHROOT) |
	       when(is_created(plan, CLONE_NEWNS) &&
			       (plan->foreign_mounts || ((ns->new_user || ns_joins(ns, CLONE_NEWUSER)) &&
								!(plan->own_caps & caps_mask("CAP_SYS_ADMIN")))),
		       NEED_OPEN_INSIDE) |
	       when(plan->options.network, NEED_NETWORK) | when(is_created(plan, CLONE_NEWNET), NEED_LOOPBACK);
}

static unsigned hook_needs(const struct plan *plan)
{
	const struct oci_hooks *hooks = plan->config->hooks ? plan->config->hooks : &no_hooks;
	return when(hooks->prestart.len || hooks->create_runtime.len || plan->linux->net_devices.len,
		       NEED_PARENT_HOOKS) |
	       when(hooks->create_container.len, NEED_CREATE_HOOKS) |
	       when(hooks->start_container.len, NEED_START_HOOKS);
}

unsigned plan_process_needs(const struct plan *plan)
{
	const struct oci_process *process = plan->config->process;
	const struct process_plan *p = &plan->process;
	const struct oci_seccomp *seccomp = plan->linux->seccomp;
	bool listener = seccomp && seccomp_notifies(seccomp);
	return when(process->terminal.value, NEED_CONSOLE) |
	       when(plan->config->hostname || plan->config->domainname, NEED_HOSTNAME) |
	       when(plan->linux->sysctl.len, NEED_SYSCTL | NEED_PROC) |
	       when(!plan->options.no_new_keyring, NEED_KEYRING) |
	       when(p->set_sched || p->set_ioprio || p->set_personality || p->set_mempolicy, NEED_SCHEDULING) |
	       when(plan->options.wait, NEED_START) | when(listener, NEED_LISTENER) |
	       when(seccomp && !listener && !p->no_new_privs, NEED_EARLY_SECCOMP) |
	       when(seccomp && !listener && p->no_new_privs, NEED_LATE_SECCOMP) |
	       when(plan->lsm.apparmor || plan->lsm.selinux, NEED_LSM | NEED_PROC) |
	       when(plan->linux->masked_paths.len, NEED_MASKS) |
	       when(plan->linux->readonly_paths.len, NEED_READONLY_PATHS) |
	       when(p->rlimits.len && !plan_has_user_namespace(plan), NEED_LIMITS) |
	       when(p->no_new_privs, NEED_NO_NEW_PRIVS);
}

static int plan_terminal(const struct plan *plan, struct error *err)
{
	if (plan->config->process->terminal.value && plan->options.detach && !plan->options.has_console_socket) {
		return fail_at_hint(err, 0, ".process.terminal", "give --console-socket, or use --tty=false",
			"no process would hold the terminal");
	}
	if (!plan->config->process->terminal.value && plan->options.has_console_socket) {
		return fail_at_hint(err, 0, ".process.terminal", "give --tty, or leave out --console-socket",
			"--console-socket is given, but there is no terminal");
	}
	return 0;
}

static int check_network(const struct plan *plan, struct error *err)
{
	if (!plan->options.network || is_created(plan, CLONE_NEWNET))
		return 0;
	return fail_at_hint(err, 0, ".linux.namespaces", "add { \"type\": \"network\" }",
		"--network needs a new network namespace");
}

static int plan_cgroup(struct arena *arena, struct plan *plan, const struct host *host, struct error *err)
{
	if (plan->options.cgroup_manager == CGROUP_MANAGER_DISABLED)
		return 0;
	if (!host->cgroup.mount[0]) {
		return fail_hint(err, 0,
			"mount it (mount -t cgroup2 none /sys/fs/cgroup), or use "
			"--cgroup-manager disabled",
			"cgroup2 is mounted nowhere on this host");
	}
	if (plan->options.cgroup_manager == CGROUP_MANAGER_SYSTEMD)
		return systemd_unit_plan(
			arena, plan->linux->cgroups_path, plan->options.id, !host_is_root(host), &plan->unit, err);
	const char *path = plan->linux->cgroups_path;
	if (!path || !*path)
		path = cgroup_default_name(arena, plan->options.id);
	if (host->delegated && *path != '/')
		path = arena_printf(arena, "%s/%s", host->delegated, path);
	return cgroup_path(arena, path, plan->options.id, &plan->cgroup_path, err);
}

int plan_process(struct arena *arena, struct plan *plan, const struct host *host, struct error *err)
{
	const struct oci_process *process = plan->config->process;
	uint64_t grantable = plan_has_user_namespace(plan) ? (2ULL << host->last_cap) - 1 : host->own_caps;
	const char *keep = oci_annotation(plan->config, ANNOTATION_KEEP_ORIGINAL_GROUPS);
	plan->keep_groups = keep && !str_eq(keep, "0") && !str_eq(keep, "false");
	if (ends(plan, plan_terminal(plan, err), err) ||
		ends(plan, process_plan_make(arena, process, plan->linux, &plan->process, err), err) ||
		ends(plan, caps_plan_make(process->capabilities, grantable, &plan->caps, err), err) ||
		ends(plan,
			lsm_plan_make(process->apparmor_profile, process->selinux_label, plan->linux->mount_label,
				&host->lsm, &plan->lsm, err),
			err) ||
		ends(plan, rdt_plan_make(arena, plan->linux->intel_rdt, plan->options.id, &host->rdt, &plan->rdt, err),
			err))
		return -1;
	plan->process.in_user_ns = plan_has_user_namespace(plan) || host->in_user_namespace;
	plan_env(arena, plan);
	return 0;
}

static bool is_same_path(const char *a, const char *b)
{
	const char *rest = path_rest(a, b);
	return rest && !*rest;
}

/* Whether the last mount on /dev is a bind. */
static bool has_given_dev(const struct plan *plan)
{
	bool given = false;
	for (size_t i = 0; i < plan->mount_count; i++)
		if (is_same_path(plan->mounts[i].destination, "/dev") && plan->mounts[i].kind != MOUNT_REMOUNT)
			given = plan->mounts[i].kind == MOUNT_BIND;
	return given;
}

/* Leaves out a default device that a mount replaces, such as /dev/urandom on /dev/random. */
static void leave_out_mounted(struct plan *plan)
{
	size_t kept = 0;
	for (size_t i = 0; i < plan->device_count; i++) {
		bool mounted = false;
		for (size_t j = 0; plan->devices[i].is_default && j < plan->mount_count; j++)
			mounted |= plan->mounts[j].kind != MOUNT_REMOUNT &&
				   is_same_path(plan->mounts[j].destination, plan->devices[i].path);
		if (!mounted)
			plan->devices[kept++] = plan->devices[i];
	}
	plan->device_count = kept;
}

/* Without a new mount namespace /dev belongs to others. */
static void plan_devices(struct arena *arena, struct plan *plan, const struct host *host)
{
	if (!is_created(plan, CLONE_NEWNS))
		return;
	bool bind =
		plan_has_user_namespace(plan) || host->in_user_namespace || !(host->own_caps & caps_mask("CAP_MKNOD"));
	devices_plan(arena, plan->linux, bind, has_given_dev(plan), &plan->devices, &plan->device_count);
	leave_out_mounted(plan);
}

static bool is_below(const char *dir, const oci_strings *paths)
{
	for (size_t i = 0; i < paths->len; i++)
		if (path_rest(dir, paths->items[i]))
			return true;
	return false;
}

/* Whether a later step goes through mount i: another mount, a device, the console, a mask, the working directory. */
static bool is_anchor(const struct plan *plan, size_t i)
{
	const char *dir = plan->mounts[i].destination;
	bool console = plan->config->process->terminal.value && path_rest(dir, "/dev/pts/ptmx");
	bool crossed = console || path_rest(dir, plan->config->process->cwd) ||
		       is_below(dir, &plan->linux->masked_paths) || is_below(dir, &plan->linux->readonly_paths);
	for (size_t j = i + 1; j < plan->mount_count && !crossed; j++)
		crossed = path_rest(dir, plan->mounts[j].destination) ||
			  (plan->mounts[j].inside && path_rest(dir, plan->mounts[j].inside));
	for (size_t j = 0; j < plan->device_count && !crossed; j++)
		crossed = path_rest(dir, plan->devices[j].path);
	return crossed;
}

static int check_rights(const struct plan *plan, struct error *err)
{
	if (!plan->ns.created || plan_has_user_namespace(plan) || (plan->own_caps & caps_mask("CAP_SYS_ADMIN")))
		return 0;
	return fail_at_hint(err, 0, ".linux.namespaces",
		"add { \"type\": \"user\" }, or start from hull spec --rootless",
		"without CAP_SYS_ADMIN, namespaces can be made only with a \"user\" namespace");
}

/* Where all errors are reported, the plan lacks the parts that failed. */
int plan_make(struct arena *arena, const struct oci_config *config, const struct plan_options *options,
	const struct host *host, struct plan *ret_plan, struct error *err)
{
	struct plan plan = { .config = config,
		.linux = config->linux ? config->linux : &no_linux,
		.options = *options,
		.root = -1,
		.target = -1,
		.nodes = -1,
		.null = -1,
		.streams = { -1, -1, -1 } };
	plan.rootfs = *config->root->path == '/' ? config->root->path :
						   arena_printf(arena, "%s/%s", options->bundle, config->root->path);
	/* An overlay is writable. It leaves the bundle's files unchanged in any case. */
	plan.readonly = config->root->readonly.value && !options->overlay;
	plan.propagation = (unsigned long)plan.linux->rootfs_propagation.value;
	plan.own_caps = host->own_caps;
	plan.foreign_mounts = host->foreign_mounts;
	ns_plan(arena, plan.linux, &plan.ns);
	if (ends(&plan, check_rights(&plan, err), err) || ends(&plan, check_mount_namespace(&plan, err), err) ||
		ends(&plan, plan_cgroup(arena, &plan, host, err), err) ||
		ends(&plan, plan_root(arena, &plan, err), err) ||
		ends(&plan, plan_mounts(arena, &plan, host, err), err) || ends(&plan, check_network(&plan, err), err) ||
		ends(&plan, plan_process(arena, &plan, host, err), err))
		return -1;
	plan_devices(arena, &plan, host);
	for (size_t i = 0; i < plan.mount_count; i++)
		plan.mounts[i].anchor = plan.mounts[i].kind == MOUNT_NEW && is_anchor(&plan, i);
	plan.needs = namespace_needs(&plan) | hook_needs(&plan) | plan_process_needs(&plan);
	*ret_plan = plan;
	return 0;
}

/* A mapping without text is that of the joined user namespace. */
static int open_idmaps(struct plan *plan, struct error *err)
{
	for (struct mount_idmap *idmap = plan->idmaps; idmap; idmap = idmap->next)
		LIST_EACH (&plan->ns.joins, join) {
			if (idmap->uid_map || join->type != CLONE_NEWUSER)
				continue;
			idmap->userns = fcntl(join->fd, F_DUPFD_CLOEXEC, 3);
			if (idmap->userns < 0)
				return fail_at(err, errno, join->where, "keep the user namespace");
		}
	return 0;
}

static int open_binds(struct arena *arena, struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->mount_count; i++)
		if (mount_open(arena, &plan->mounts[i], err) < 0)
			return -1;
	mount_idmap_close(plan->idmaps);
	for (size_t i = 0; i < plan->device_count; i++) {
		if (device_open(&plan->devices[i], plan->nodes, plan->linux, err) < 0)
			return -1;
		if (plan->devices[i].differs)
			log_warn("%s: the host's device is bound and keeps its fileMode, uid and gid",
				plan->devices[i].where);
	}
	if (plan->needs & NEED_MASKS) {
		plan->null = paths_open_null(err);
		if (plan->null < 0)
			return error_at(err, ".linux.maskedPaths");
	}
	return 0;
}

static bool has_variable(const char *const *env, const char *assignment)
{
	for (; *env; env++)
		if (str_starts(*env, assignment))
			return true;
	return false;
}

void plan_add_home(struct arena *arena, struct plan *plan, int root)
{
	if (has_variable(plan->env, "HOME="))
		return;
	const char **end = plan->env;
	while (*end)
		end++;
	*end = arena_printf(arena, "HOME=%s", account_home(arena, root, plan->process.uid));
}

int plan_open_streams(struct plan *plan, struct error *err)
{
	if (plan->config->process->terminal.value)
		return 0;
	return streams_open(plan_has_user_namespace(plan) ? &plan->linux->uid_mappings : NULL, plan->streams, err);
}

/* A joined namespace may be the host's own, whose parameters the container must not set. */
static int check_sysctl(struct arena *arena, const struct plan *plan, struct error *err)
{
	LIST_EACH (&plan->linux->sysctl, entry)
		if (plan->ns.joins.len && ns_joins_own(&plan->ns, (int)oci_sysctl_namespace(entry->key)))
			return fail_at(err, 0, arena_printf(arena, ".linux.sysctl[\"%s\"]", entry->key),
				"would be set on the host, whose namespace is joined");
	return 0;
}

int plan_open_mounts(struct arena *arena, struct plan *plan, struct error *err)
{
	return plan_open_root(arena, plan, err) < 0 || open_binds(arena, plan, err) < 0 ? -1 : 0;
}

int plan_open(struct arena *arena, struct plan *plan, int cache_dir, struct error *err)
{
	bool inside = plan->needs & NEED_OPEN_INSIDE;
	if (ns_open(&plan->ns, err) < 0 || open_idmaps(plan, err) < 0 ||
		(!inside && plan_open_mounts(arena, plan, err) < 0) || check_sysctl(arena, plan, err) < 0 ||
		plan_open_streams(plan, err) < 0 ||
		seccomp_compile(arena, plan->linux->seccomp, cache_dir, &plan->seccomp, err) < 0)
		return -1;
	FD(root) = inside ? open(plan->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	plan_add_home(arena, plan, inside ? root : plan->root);
	return 0;
}
