#include "launch/create.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/defences.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/cgroup.h"
#include "launch/self.h"
#include "oci/annotations.h"
#include "oci/check.h"
#include "oci/json-read.h"
#include "process/caps.h"
#include "process/idmap.h"
#include "run/hooks.h"
#include "run/notify.h"

/* sd_listen_fds(3): the descriptors are meant for LISTEN_PID, and the variables may outlive them. If another process,
 * such as a wrapper, has passed them on to us, they are there all the same. */
static unsigned listen_fds(void)
{
	const char *text = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint64_t count, number;
	if (!text || !str_to_u64(text, PRESERVE_FDS_MAX, &count))
		return 0;
	bool ours = pid && str_to_u64(pid, INT_MAX, &number) && (pid_t)number == getpid();
	int flags = ours ? 0 : fcntl(3, F_GETFD);
	return flags < 0 || (flags & FD_CLOEXEC) ? 0 : (unsigned)count;
}

static int enter_bundle(struct creation *c, struct error *err)
{
	char path[PATH_MAX];
	const char *bundle = c->request->bundle;
	if (bundle && chdir(bundle) < 0)
		return fail(err, errno, "--bundle %s", bundle);
	if (!getcwd(path, sizeof(path)))
		return fail(err, errno, "name the bundle's directory");
	c->options.bundle = arena_strdup(&c->arena, path);
	return 0;
}

/* The specification's commandLine is for Windows. */
static void apply_request(struct creation *c)
{
	const struct create_request *r = c->request;
	if (!c->config->process && r->command)
		c->config->process = oci_no_process(&c->arena);
	struct oci_process *process = c->config->process;
	if (process && r->command) {
		process->args.items = (const char **)r->command;
		for (process->args.len = 0; r->command[process->args.len];)
			process->args.len++;
		typed_add(&c->arena, &c->typed, ".process.args", "");
	}
	if (process && r->terminal.set) {
		process->terminal = r->terminal;
		typed_add(&c->arena, &c->typed, ".process.terminal", "--tty");
	}
}

static int read_config(struct creation *c, int cwd, struct oci_config **ret_config, char **ret_text, size_t *ret_len,
	struct error *err)
{
	const char *path = c->request->config ? c->request->config : CONTAINER_CONFIG;
	const char *name = strrchr(path, '/');
	struct json_source source = { .name = name ? name + 1 : path, .regular = !c->request->config };
	if (oci_config_read(&c->arena, cwd, path, &source, ret_config, ret_text, ret_len, err) == 0)
		return 0;
	if (c->request->config && err->errnum)
		return error_prefix(err, "--config");
	if (err->errnum == ENOENT && !err->where[0])
		return error_hint(err, "a bundle is a directory with config.json and a root filesystem: hull spec "
				       "makes the first");
	return -1;
}

int creation_begin(struct creation *c, const struct create_request *request, struct error *err)
{
	unsigned listeners = listen_fds();
	c->request = request;
	c->options = (struct plan_options){
		.id = request->id,
		.cgroup_manager = request->cgroup_manager,
		.has_console_socket = request->console_socket != NULL,
		.detach = request->detach,
		.wait = request->wait,
		.no_pivot = request->no_pivot,
		.overlay = request->overlay,
		.idmap_rootfs = request->idmap_rootfs,
		.network = request->network,
		.no_new_keyring = request->no_new_keyring,
		.preserve_fds = request->preserve_fds + listeners,
		.listen_fds = listeners,
		.typed = &c->typed,
	};
	if (container_check_id(request->id, err) < 0 || self_close_leaked(c->options.preserve_fds, listeners, err) < 0)
		return -1;
	return enter_bundle(c, err);
}

/* What of the host this configuration needs in addition. */
static void probe_further(struct creation *c)
{
	const struct oci_linux *l = c->config->linux;
	const struct oci_process *process = c->config->process;
	if (!host_is_root(&c->host) && c->request->cgroup_manager == CGROUP_MANAGER_CGROUPFS)
		host_probe_delegated(&c->host, &c->arena);
	if (process->apparmor_profile || process->selinux_label || (l && l->mount_label))
		host_probe_lsm(&c->host);
	if (l && l->intel_rdt)
		host_probe_rdt(&c->host);
}

static int check_and_plan(struct creation *c, struct error *err)
{
	apply_request(c);
	if (oci_config_check(c->config, c->options.wait ? 0 : OCI_CHECK_PROCESS, err) < 0 ||
		host_probe(&c->host, err) < 0)
		return -1;
	if (!c->config->process)
		c->config->process = oci_no_process(&c->arena);
	if (c->config->linux)
		idmap_fill(&c->arena, c->config->linux);
	probe_further(c);
	const char *notify = getenv("NOTIFY_SOCKET"); /* sd_notify(3): empty is as good as unset */
	if (notify && *notify)
		c->options.notify_dir =
			arena_printf(&c->arena, "%s/%s/" SD_NOTIFY_DIR, c->request->state_root, c->request->id);
	return plan_make(&c->arena, c->config, &c->options, &c->host, &c->plan, err);
}

int creation_take(struct creation *c, struct oci_config *config, const char *text, size_t len, struct error *err)
{
	c->config = config;
	c->config_text = text;
	c->config_len = len;
	return check_and_plan(c, err) < 0 ? typed_blame(&c->typed, err) : 0;
}

int creation_prepare(struct creation *c, const struct create_request *request, struct error *err)
{
	struct oci_config *config;
	char *text;
	size_t len;
	/* --config is relative to the caller's working directory, every path in the file to the bundle */
	FD(cwd) = request->config ? open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) : AT_FDCWD;
	if (creation_begin(c, request, err) < 0 || read_config(c, cwd, &config, &text, &len, err) < 0)
		return -1;
	return creation_take(c, config, text, len, err);
}

/* Written before anything is made: from then on delete finds everything by it, wherever we are killed. */
static void begin_record(struct creation *c)
{
	const char *path = c->plan.cgroup_path;
	/* the default path has one component, which is ours */
	bool is_default = path && !c->plan.linux->cgroups_path && !strchr(path + 1, '/');
	c->container.record = (struct oci_record){
		.id = c->request->id,
		.bundle = c->plan.options.bundle,
		.rootfs = c->plan.rootfs,
		.created = clock_timestamp(arena_alloc(&c->arena, TIMESTAMP_SIZE)),
		.owner = { true, c->host.euid },
		.pid = { true, 0 },
		.pid_start = { true, 0 },
		.cgroup_path = path,
		.cgroup_components = { true, is_default ? 1 :
					     path       ? cgroup_missing(&c->host.cgroup, path) :
							  0 },
		.systemd_cgroup = { true, c->plan.unit.name != NULL },
		.creating = { true, true },
	};
}

static void complete_record(struct creation *c)
{
	static const struct oci_hooks none;
	const struct oci_hooks *hooks = c->config->hooks ? c->config->hooks : &none;
	struct oci_record *record = &c->container.record;
	record->cgroup_path = c->plan.cgroup_path;
	record->cgroup_components = (struct oci_uint){ true, c->launch.cgroup_made.components };
	record->terminal = c->config->process->terminal;
	record->no_process = (struct oci_bool){ true, c->config->process->args.len == 0 };
	record->has_poststart = (struct oci_bool){ true, hooks->poststart.len > 0 };
	record->has_poststop = (struct oci_bool){ true, hooks->poststop.len > 0 };
	record->annotations = c->config->annotations;
}

static int write_config_copy(void *data, struct error *err)
{
	const struct creation *c = data;
	FD(file) =
		openat(c->container.dir, CONTAINER_CONFIG, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0 || write_all(file, c->config_text, c->config_len) < 0)
		return fail(err, errno, "write the copy of the configuration");
	return 0;
}

/* The socket is bound from within its directory, so that a path of any length will do. */
static int make_start_socket(struct creation *c, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = CONTAINER_START_SOCKET };
	FD(sock) = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0 || fchdir(c->container.dir) < 0 || bind(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
		listen(sock, 1) < 0)
		return fail(err, errno, "make the socket for start");
	if (chdir(c->plan.options.bundle) < 0)
		return fail(err, errno, "enter the bundle %s", c->plan.options.bundle);
	c->launch.listen = take_fd(&sock);
	return 0;
}

static int make_notify_socket(struct creation *c, struct error *err)
{
	if (!c->plan.options.notify_dir)
		return 0;
	c->notify = sd_notify_prepare(c->container.dir, err);
	return c->notify < 0 ? -1 : 0;
}

static int open_hook_output(struct creation *c, struct error *err)
{
	if (!c->config->hooks)
		return 0;
	return hooks_open_output(oci_annotation(c->config, ANNOTATION_HOOKS_STDOUT),
		oci_annotation(c->config, ANNOTATION_HOOKS_STDERR), &c->launch.hook_output, err);
}

/* Makes the state directory. From here on whatever fails is undone. */
static int make_container(struct creation *c, struct error *err)
{
	c->container.id = c->request->id;
	c->container.cgroup_host = &c->host.cgroup;
	c->container.config = c->config;
	begin_record(c);
	if (container_make(&c->container, c->request->state_root, err) < 0)
		return -1;
	c->made = true;
	return 0;
}

/* A mount or device holds up to three descriptors until init has attached it. Few of them fit into any limit. */
static void make_room(struct creation *c)
{
	enum { FEW = 256, OTHERS = 128 };
	struct plan *plan = &c->plan;
	size_t count = 3 * (plan->mount_count + plan->device_count) + OTHERS;
	if (count > FEW && process_raise_descriptors(&c->arena, &plan->process, count) &&
		!plan_has_user_namespace(plan))
		plan->needs |= NEED_LIMITS;
}

int creation_launch(struct creation *c, struct relay *relay, struct error *err)
{
	struct launch *l = &c->launch;
	l->arena = &c->arena;
	l->plan = &c->plan;
	l->container = &c->container;
	l->relay = relay;
	l->console_socket = c->request->console_socket;
	l->pid_file = c->request->pid_file;
	l->pidfd_socket = c->request->pidfd_socket ? c->request->pidfd_socket :
						     oci_annotation(c->config, ANNOTATION_PIDFD_RECEIVER);
	l->meanwhile = write_config_copy;
	l->data = c;
	make_room(c);
	bool raises = !c->host.in_user_namespace && (c->host.own_caps & caps_mask("CAP_SYS_RESOURCE"));
	/* in a user namespace no process has a right over us, and init's maps are written while it can be looked at */
	bool hide = !c->plan.ns.new_user || (c->plan.own_caps & caps_mask("CAP_SYS_ADMIN"));
	/* the files for the hooks come first: a fifo among them blocks */
	if (open_hook_output(c, err) < 0 || process_open_oom_score_adj(&c->plan.process, &l->oom_score, err) < 0 ||
		(hide && self_hide(err) < 0) || creation_check_resources(c, err) < 0 ||
		(!raises && (c->plan.needs & NEED_LIMITS) && process_check_rlimits(&c->plan.process, err) < 0) ||
		interrupt_open(&c->interrupt, err) < 0 || make_container(c, err) < 0)
		return -1;
	l->interrupt = l->hook_output.interrupt = c->interrupt.fd;
	l->hook_output.inherit = true;
	FD(cache) = c->plan.linux->seccomp ? container_open_cache(&c->container) : -1;
	c->plan.nodes = c->host.in_user_namespace ? -1 : c->container.dir;
	if (make_notify_socket(c, err) < 0 || plan_open(&c->arena, &c->plan, cache, err) < 0 ||
		(c->request->wait && make_start_socket(c, err) < 0))
		return -1;
	launch_mark(l, "open what the plan names");
	if (creation_make_cgroup(c, err) < 0)
		return -1;
	launch_mark(l, "make the cgroup");
	complete_record(c);
	int status = launch_start(l, err);
	devices_forget(c->plan.devices, c->plan.device_count, c->container.dir);
	systemd_scope_release(&c->scope); /* init is in it, or has failed */
	close_fd(&l->cgroup);
	close_fd(&l->delegate);
	close_fd(&l->listen);
	return status;
}

void creation_commit(struct creation *c)
{
	c->made = false;
	container_unlock(&c->container);
}

static void undo(struct creation *c)
{
	struct error ignored; /* the error that brought us here is the one to report */
	struct oci_record *record = &c->container.record;
	launch_kill(&c->launch);
	systemd_scope_release(&c->scope);
	if (!container_relock(&c->container))
		return;
	/* runtime.md "Lifecycle": a failure is followed by its step 12; step 13 is the poststop hooks */
	record->has_poststop.value &= c->launch.pid > 0;
	record->creating.value = false;
	c->container.reaped = true;
	/* a cgroup that was there before stays */
	record->cgroup_path = c->launch.cgroup_made.components ? c->plan.cgroup_path : NULL;
	record->cgroup_components.value = c->launch.cgroup_made.components;
	(void)container_destroy(&c->container, &ignored);
}

void creation_close(struct creation *c)
{
	if (c->made)
		undo(c);
	launch_close(&c->launch);
	close_fd(&c->notify);
	close_fd(&c->interrupt.fd); /* a signal that comes now is late */
	container_close(&c->container);
	arena_free(&c->arena);
}
