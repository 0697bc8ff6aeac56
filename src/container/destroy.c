#include "container/container.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sys.h"
#include "cgroups/resctrl.h"
#include "cgroups/systemd.h"
#include "run/hooks.h"

enum { KILL_TIMEOUT_MS = 10000, STUCK_TIMEOUT_MS = 500 };

/* Kills init, and with it the processes of its pid namespace: 1, or 0 if init lives on. */
static int kill_init(struct container *c, struct error *err)
{
	struct error why = { .errnum = 0 };
	if (c->reaped)
		return 1;
	FD(pidfd) = proc_pidfd((pid_t)c->record.pid.value, c->record.pid_start.value, &why);
	if (pidfd < 0 && why.errnum != ESRCH) {
		*err = why;
		return -1;
	}
	if (pidfd < 0)
		return 1;
	if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno != ESRCH)
		return fail(err, errno, "kill init of container %s", c->id);
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };
	return poll(&poll_fd, 1, KILL_TIMEOUT_MS) != 0;
}

static int fail_stuck(const struct container *c, struct error *err)
{
	char text[160];
	(void)proc_describe((pid_t)c->record.pid.value, text, sizeof(text));
	(void)fail(err, 0, "init of container %s lives %d ms after it was killed", c->id, KILL_TIMEOUT_MS);
	/* A dead process that joined the pid namespace, and that its parent has not waited for, keeps the namespace. */
	return error_hint(err,
		strstr(text, "zap_pid_ns_processes") ?
			"%s for the parents of dead processes, hull exec for one, which may be stopped: "
			"continue or end those, then delete it again" :
			"%s; it dies when that wait ends: delete it again then",
		text);
}

/* The container's cgroup, and what of it may be removed. A create that was killed may have recorded a cgroup that it
 * never came to use; if the record is lost, the configuration leads to the cgroup. Then only its mark tells that it is
 * ours. */
static const char *find_cgroup(struct container *c, struct cgroup_made *ret_made)
{
	const struct oci_record *r = &c->record;
	struct oci_config *config = NULL;
	const char *path = r->cgroup_path;
	*ret_made = (struct cgroup_made){
		.components = c->damaged ? 1 : (unsigned)r->cgroup_components.value,
		.mark = container_mark(c),
		.marked_only = c->damaged || r->creating.value,
	};
	if (!c->damaged)
		return path;
	bool known = container_config(c, &config, NULL) == 0 && config->linux;
	return cgroup_path(&c->arena, known ? config->linux->cgroups_path : NULL, c->id, &path, NULL) < 0 ? NULL : path;
}

static int destroy_cgroup(struct container *c, int timeout_ms, struct error *err)
{
	struct cgroup_made made;
	const char *path = find_cgroup(c, &made);
	if (!path)
		return 0;
	const struct cgroup_host *host = container_cgroup_host(c, err);
	int status = host ? cgroup_destroy(host, path, made, timeout_ms, err) : -1;
	if (status != 0)
		return status < 0 ? -1 : 0;
	return c->record.systemd_cgroup.value ? systemd_scope_stop(&c->arena, path, !proc_is_root(), err) : 0;
}

static int destroy_rdt(struct container *c, struct error *err)
{
	if (!c->record.intel_rdt_group)
		return 0;
	FD(root) = rdt_open(err);
	struct rdt_plan plan = { .set = true, .group = c->record.intel_rdt_group };
	struct rdt_made made = { .group = true };
	return root < 0 ? -1 : rdt_destroy(&plan, root, made, err);
}

int container_destroy(struct container *c, struct error *err)
{
	struct error reason = { .errnum = 0 };
	struct oci_config *stored;
	const struct oci_config *config = c->record.has_poststop.value ? c->config : NULL;
	if (c->record.has_poststop.value && !config) {
		if (container_config(c, &stored, &reason) < 0)
			log_warn("poststop hooks cannot be run: %s", reason.text);
		else
			config = stored;
	}
	int killed = kill_init(c, err);
	if (killed < 0)
		return -1;
	/* The directory goes last: while something of the container is left, it can be deleted again. */
	if (destroy_cgroup(c, killed ? KILL_TIMEOUT_MS : STUCK_TIMEOUT_MS, err) < 0)
		return -1;
	if (!killed)
		return fail_stuck(c, err);
	if (destroy_rdt(c, err) < 0)
		return -1;
	if (!container_remove_directory(c))
		return fail(err, errno, "remove the directory of container %s", c->id);
	if (config && config->hooks)
		(void)container_run_hooks(/* what fails is logged */
			c, config, &config->hooks->poststop, ".hooks.poststop", STATUS_STOPPED, NULL);
	return 0;
}
