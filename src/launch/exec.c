#include "launch/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/container.h"
#include "launch/self.h"
#include "oci/annotations.h"
#include "oci/check.h"
#include "oci/json-read.h"
#include "process/accounts.h"

/* Whether the configuration lets a process of the container have CAP_SYS_PTRACE. */
static bool is_traceable(const struct oci_process *process)
{
	const struct oci_capabilities *caps = process->capabilities;
	const oci_strings *sets[] = { caps ? &caps->bounding : NULL, caps ? &caps->permitted : NULL };
	for (size_t i = 0; caps && i < sizeof(sets) / sizeof(sets[0]); i++)
		LIST_EACH (sets[i], name)
			if (str_eq(*name, "CAP_SYS_PTRACE"))
				return true;
	return false;
}

static int fail_ended(const struct execution *e, struct error *err)
{
	return fail(err, 0, "cannot exec in container %s: container not running", e->container.id);
}

/* Improves an error: by the option that has set the property at fault, or by the end of the container. An error with an
 * exit status is the program's own. */
static int blame_end(const struct execution *e, struct error *err)
{
	(void)typed_blame(&e->typed, err);
	return err->status ? -1 : container_blame(&e->container, "exec in", err);
}

static int open_container(struct execution *e, struct error *err)
{
	const struct exec_request *request = e->request;
	struct container *c = &e->container;
	struct error why = { .errnum = 0 };
	if (container_open(c, request->state_root, request->id, CONTAINER_UNLOCKED, err) < 0)
		return -1;
	c->cgroup_host = &e->host.cgroup;
	e->init = proc_pidfd((pid_t)c->record.pid.value, c->record.pid_start.value, &why);
	if (e->init < 0 && why.errnum != ESRCH) {
		*err = why;
		return -1;
	}
	c->held = e->init >= 0;
	if (container_require(c, request->statuses, "exec in", &e->status, err) < 0)
		return e->status == STATUS_PAUSED ? error_hint(err, "hull resume %s, or --ignore-paused", c->id) : -1;
	e->launch.may_wait = e->status == STATUS_PAUSED;
	if (e->init < 0)
		return fail_ended(e, err);
	if (container_config(c, &e->config, err) < 0)
		return -1;
	e->traceable = is_traceable(e->config->process);
	return 0;
}

/* Opens init's root by the pid of init, which is still its own if init lives afterwards. */
static int open_root(struct execution *e, struct error *err)
{
	char path[32];
	if (e->root >= 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)e->container.record.pid.value);
	FD(root) = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int saved = errno;
	if (sys_pidfd_send_signal(e->init, 0) < 0 || (root < 0 && saved == ENOENT)) /* gone, or a zombie */
		return fail_ended(e, err);
	if (root < 0)
		return fail_hint(err, saved,
			saved != EACCES ?
				NULL :
			e->status == STATUS_CREATED ?
				"only root may look at an init that waits for hull start" :
				"only root may look at init: its program cannot be read, or it has changed its ids",
			"open the root of container %s", e->container.id);
	e->root = take_fd(&root);
	return 0;
}

static int read_process(struct execution *e, struct oci_process *ret, struct error *err)
{
	const char *path = e->request->process, *slash = strrchr(path, '/');
	const struct json_source source = { .name = slash ? slash + 1 : path };
	char *text;
	ssize_t len = read_file_at(&e->arena, AT_FDCWD, path, JSON_MAX_SIZE, &text, err);
	if (len < 0)
		return error_prefix(err, "--process");
	if (json_read(&e->arena, &source, &oci_process_schema, text, (size_t)len, ret, err) < 0)
		return -1;
	return oci_process_check(ret, "", err);
}

static void add_typed(struct execution *e, const char *where, const char *option, const char *value)
{
	typed_add(&e->arena, &e->typed, where, arena_printf(&e->arena, "%s %.64s", option, value));
}

static int add_groups(struct execution *e, struct oci_process *process, struct error *err)
{
	LIST_EACH (&e->request->groups, list) {
		char *save = NULL, *copy = arena_strdup(&e->arena, *list);
		for (char *one = strtok_r(copy, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
			uint64_t gid;
			if (!str_to_u64(one, UINT32_MAX - 1, &gid))
				return fail(err, 0, "--additional-gids: \"%.64s\" is no group id", one);
			add_typed(e,
				arena_printf(&e->arena, ".process.user.additionalGids[%zu]",
					process->user.additional_gids.len),
				"--additional-gids", one);
			*list_add(&e->arena, &process->user.additional_gids) = (struct oci_uint){ true, gid };
		}
	}
	return 0;
}

static int fail_capability(const char *name, struct error *err)
{
	char known[40];
	(void)fail_hint(err, 0, "capabilities(7) has their names; hull features lists those of this kernel",
		"--cap %.64s: no such capability", name);
	return caps_nearest(name, known, sizeof(known)) ? error_hint(err, "did you mean %s?", known) : -1;
}

static bool has_own_users(const struct execution *e)
{
	const struct oci_linux *linux = e->config->linux;
	for (size_t i = 0; linux && i < linux->namespaces.len; i++)
		if (linux->namespaces.items[i].type.value == CLONE_NEWUSER)
			return true;
	return false;
}

/* A capability in a configuration that cannot be granted is left out with a warning, as config.md wants. One that the
 * user has typed is an error. */
static int check_capability(const struct execution *e, const char *name, struct error *err)
{
	uint64_t mask = caps_mask(name);
	if (!mask)
		return fail_capability(name, err);
	if (has_own_users(e) || (e->host.own_caps & mask))
		return 0;
	return fail_hint(err, 0, "hull itself does not have it", "--cap %s: cannot be granted here", name);
}

/* The inheritable and the ambient set stay as they are: CVE-2022-29162. */
static int add_capabilities(struct execution *e, struct oci_process *process, struct error *err)
{
	if (!e->request->caps.len)
		return 0;
	struct oci_capabilities *caps = arena_new(&e->arena, struct oci_capabilities);
	if (process->capabilities)
		*caps = *process->capabilities;
	LIST_EACH (&e->request->caps, name) {
		if (check_capability(e, *name, err) < 0)
			return -1;
		*list_add(&e->arena, &caps->bounding) = *name;
		*list_add(&e->arena, &caps->permitted) = *name;
		*list_add(&e->arena, &caps->effective) = *name;
	}
	process->capabilities = caps;
	return 0;
}

static void add_variables(struct execution *e, struct oci_process *process)
{
	LIST_EACH (&e->request->env, assignment) {
		add_typed(e, arena_printf(&e->arena, ".process.env[%zu]", process->env.len), "--env", *assignment);
		*list_add(&e->arena, &process->env) = *assignment;
	}
}

/* The options that replace one property each. */
static void replace_properties(struct execution *e, struct oci_process *process)
{
	const struct exec_request *r = e->request;
	const struct {
		const char *value, **member, *where, *option;
	} rows[] = {
		{ r->cwd, &process->cwd, ".process.cwd", "--cwd" },
		{ r->process_label, &process->selinux_label, ".process.selinuxLabel", "--process-label" },
		{ r->apparmor, &process->apparmor_profile, ".process.apparmorProfile", "--apparmor" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i].value)
			continue;
		*rows[i].member = rows[i].value;
		add_typed(e, rows[i].where, rows[i].option, rows[i].value);
	}
	if (r->no_new_privileges) {
		process->no_new_privileges = (struct oci_bool){ true, true };
		typed_add(&e->arena, &e->typed, ".process.noNewPrivileges", "--no-new-privs");
	}
	if (r->terminal.set)
		process->terminal = r->terminal;
	if (r->terminal.set || !r->process)
		typed_add(&e->arena, &e->typed, ".process.terminal", r->terminal.value ? "--tty" : "");
}

/* Applies the command line to the process, whether the container's or that of --process. */
static int apply_options(struct execution *e, struct oci_process *process, struct error *err)
{
	const struct exec_request *r = e->request;
	const struct oci_uint *given = process->user.additional_gids.items;
	replace_properties(e, process);
	add_variables(e, process);
	if (r->user) {
		if (open_root(e, err) < 0 || account_find(&e->arena, e->root, r->user, &process->user, err) < 0)
			return error_prefix(err, "--user");
		add_typed(e, ".process.user.uid", "--user", r->user);
		add_typed(e, ".process.user.gid", "--user", r->user);
	}
	if (process->user.additional_gids.items != given) { /* those of a user's name */
		e->image_groups = process->user.additional_gids.len;
		add_typed(e, ".process.user.additionalGids", "--user", r->user);
	}
	return add_capabilities(e, process, err) < 0 ? -1 : add_groups(e, process, err);
}

/* The container's process with other arguments and without its terminal, or the process that --process describes. */
static int make_process(struct execution *e, struct error *err)
{
	const struct exec_request *r = e->request;
	struct oci_process *process = arena_new(&e->arena, struct oci_process);
	if (r->process && read_process(e, process, err) < 0)
		return -1;
	if (!r->process) {
		*process = *e->config->process;
		process->terminal = (struct oci_bool){ false, false };
		process->args.items = (const char **)r->args;
		for (process->args.len = 0; r->args[process->args.len];)
			process->args.len++;
		typed_add(&e->arena, &e->typed, ".process.args", "");
	}
	if (apply_options(e, process, err) < 0)
		return -1;
	e->config->process = process;
	return oci_process_check(process, ".process", err);
}

/* The groups of the plan that the image's files name, and --additional-gids does not: the first ones. */
static size_t count_image_groups(const struct execution *e)
{
	const struct oci_user *user = &e->config->process->user;
	size_t count = 0;
	for (size_t i = 0; i < e->plan.process.group_count; i++) {
		bool given = false;
		for (size_t j = e->image_groups; j < user->additional_gids.len; j++)
			given |= user->additional_gids.items[j].value == e->plan.process.groups[i];
		count += !given;
	}
	return count;
}

static int make_plan(struct execution *e, struct error *err)
{
	const struct exec_request *r = e->request;
	const struct oci_process *process = e->config->process;
	const struct plan_options options = {
		.id = r->id,
		.bundle = e->container.record.bundle,
		.has_console_socket = r->console_socket != NULL,
		.detach = r->detach,
		.preserve_fds = r->preserve_fds,
		.traceable = e->traceable,
		.typed = &e->typed,
	};
	if (process->apparmor_profile || process->selinux_label)
		host_probe_lsm(&e->host);
	if (e->config->linux && e->config->linux->intel_rdt)
		host_probe_rdt(&e->host);
	if (plan_make_exec(&e->arena, e->config, &options, &e->host, &e->plan, err) < 0)
		return -1;
	e->plan.process.image_groups = count_image_groups(e);
	return 0;
}

static int open_plan(struct execution *e, struct error *err)
{
	struct plan *plan = &e->plan;
	FD(cache) = plan->linux->seccomp ? container_open_cache(&e->container) : -1;
	if (open_root(e, err) < 0 || plan_open_streams(plan, err) < 0 ||
		seccomp_compile(&e->arena, plan->linux->seccomp, cache, &plan->seccomp, err) < 0)
		return -1;
	plan_add_home(&e->arena, plan, e->root);
	plan->target = e->init;
	plan->root = e->root; /* where the container has no mount namespace of its own */
	return 0;
}

int execution_prepare(struct execution *e, const struct exec_request *request, struct error *err)
{
	e->request = request;
	if (self_close_leaked(request->preserve_fds, 0, err) < 0 || host_probe(&e->host, err) < 0 ||
		open_container(e, err) < 0 || make_process(e, err) < 0 || make_plan(e, err) < 0 ||
		process_open_oom_score_adj(&e->plan.process, &e->launch.oom_score, err) < 0 || self_hide(err) < 0 ||
		open_plan(e, err) < 0)
		return blame_end(e, err);
	return 0;
}

/* runc's form is "[CONTROLLER:]PATH". */
static const char *sub_path(const char *text)
{
	const char *colon = strchr(text, ':'), *path = colon ? colon + 1 : text;
	return path + strspn(path, "/");
}

static int open_sub_cgroup(int cgroup, const char *text, struct error *err)
{
	const char *colon = strchr(text, ':'), *path = sub_path(text);
	if (colon && colon != text) {
		(void)fail(err, 0, "--cgroup %.64s: cgroup v2 has no controller to choose", text);
		return error_hint(err, "it is a path alone: %s", colon + 1);
	}
	int fd = path_try_resolve(cgroup, *path ? path : ".", O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH);
	return fd >= 0 ?
		       fd :
		       fail_hint(err, errno, "it must be there, below the container's own cgroup", "--cgroup %s", text);
}

/* The process enters the cgroup that --cgroup names, or that of init: the container's, or the subgroup of its scope. If
 * that has been removed, init is elsewhere. */
static int open_cgroup(struct execution *e, struct error *err)
{
	struct container *c = &e->container;
	const char *below = e->request->cgroup, *subgroup = oci_annotation(e->config, ANNOTATION_SYSTEMD_SUBGROUP);
	e->cgroup = c->record.cgroup_path;
	if (!e->cgroup && !below)
		return 0;
	FD(cgroup) = container_open_cgroup(c, NULL, err);
	bool in_subgroup = !below && c->record.systemd_cgroup.value && subgroup && *subgroup;
	if (!below && (in_subgroup || (cgroup < 0 && err->errnum == ENOENT))) {
		error_clear(err);
		e->launch.cgroup = container_open_init_cgroup(c, &e->cgroup, err);
	} else if (below && cgroup >= 0) {
		e->launch.cgroup = open_sub_cgroup(cgroup, below, err);
		e->cgroup = arena_printf(&e->arena, "%s/%s", e->cgroup, sub_path(below));
	} else {
		e->launch.cgroup = take_fd(&cgroup);
	}
	return e->launch.cgroup < 0 ? -1 : 0;
}

static int attach_to_scope(void *data, pid_t pid, struct error *err)
{
	struct execution *e = data;
	return systemd_scope_attach(&e->arena, e->cgroup, true, pid, err);
}

/* If the container manages its cgroup, its processes are below it, and the kernel permits none in it: then the new
 * process goes where init is. If the container is full, so that its limits do not let the process be cloned, the
 * process gets them afterwards. */
static int launch(struct execution *e, struct error *err)
{
	struct launch *l = &e->launch;
	bool elsewhere = e->request->cgroup || l->cgroup < 0;
	while (launch_start(l, err) < 0) {
		if (l->pid <= 0 && err->errnum == EBUSY && !elsewhere) {
			elsewhere = true;
			close_fd(&l->cgroup);
			l->cgroup = container_open_init_cgroup(&e->container, &e->cgroup, err);
			if (l->cgroup < 0)
				return -1;
		} else if (!l->late && (err->errnum == EAGAIN || err->errnum == EMFILE)) {
			l->late = true;
			e->plan.needs = (e->plan.needs & ~(unsigned)NEED_LIMITS) | NEED_LATE_LIMITS;
		} else {
			return -1;
		}
		l->pid = 0;
		close_fd(&l->sync);
		close_fd(&l->console);
		error_clear(err);
	}
	return 0;
}

static int start_process(struct execution *e, struct relay *relay, struct error *err)
{
	struct launch *l = &e->launch;
	l->arena = &e->arena;
	l->plan = &e->plan;
	l->container = &e->container;
	l->relay = relay;
	l->console_socket = e->request->console_socket;
	l->pid_file = e->request->pid_file;
	l->pidfd_socket = e->request->pidfd_socket;
	if (open_cgroup(e, err) < 0)
		return -1;
	/* a cgroup below the container's may be frozen by itself */
	if (e->request->cgroup && cgroup_is_frozen(&e->host.cgroup, e->cgroup) > 0)
		l->may_wait = true;
	if (l->may_wait && interrupt_open(&e->interrupt, err) < 0)
		return -1;
	l->interrupt = e->interrupt.fd;
	if (e->container.record.systemd_cgroup.value && !proc_is_root()) {
		l->attach = attach_to_scope;
		l->data = e;
	}
	if (process_set_affinity(&e->plan.process.cpus_initial, 0, err) < 0)
		return -1;
	int status = launch(e, err);
	close_fd(&l->cgroup);
	return status;
}

int execution_launch(struct execution *e, struct relay *relay, struct error *err)
{
	return start_process(e, relay, err) < 0 ? blame_end(e, err) : 0;
}

void execution_close(struct execution *e)
{
	close_fd(&e->interrupt.fd); /* a signal that comes now is late */
	launch_close(&e->launch);
	close_fd(&e->init);
	close_fd(&e->root);
	container_close(&e->container);
	arena_free(&e->arena);
}
