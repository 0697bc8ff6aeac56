#include "container/container.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "oci/json-read.h"
#include "oci/annotations.h"
#include "run/hooks.h"
#include "run/interrupt.h"

static const struct word status_words[] = {
	{ "creating", STATUS_CREATING },
	{ "created", STATUS_CREATED },
	{ "running", STATUS_RUNNING },
	{ "paused", STATUS_PAUSED },
	{ "stopped", STATUS_STOPPED },
	{ NULL },
};

const char *status_name(enum status status)
{
	return word_name(status_words, status);
}

static int is_frozen(struct container *c, struct error *err)
{
	const char *path = c->record.cgroup_path;
	const struct cgroup_host *host = path ? container_cgroup_host(c, err) : NULL;
	if (!path || (host && !host->mount[0]))
		return 0;
	int frozen = host ? cgroup_is_frozen(host, path) : -1;
	return frozen < 0 && host ? fail(err, errno, "look whether cgroup %s is frozen", path) : frozen;
}

static int has_start_socket(const struct container *c, struct error *err)
{
	char path[NAME_MAX + sizeof("/" CONTAINER_START_SOCKET)];
	(void)snprintf(path, sizeof(path), "%s/%s", c->id, CONTAINER_START_SOCKET);
	int status =
		c->dir >= 0 ? faccessat(c->dir, CONTAINER_START_SOCKET, F_OK, 0) : faccessat(c->root, path, F_OK, 0);
	return status == 0 ? 1 : errno == ENOENT ? 0 : fail(err, errno, "look for %s", path);
}

/* The status if init is alive. */
static enum status status_alive(struct container *c, struct error *err)
{
	if (c->record.creating.value)
		return STATUS_CREATING;
	int frozen = is_frozen(c, err), waits = frozen == 0 ? has_start_socket(c, err) : 0;
	return frozen < 0 || waits < 0 ? 0 : frozen ? STATUS_PAUSED : waits ? STATUS_CREATED : STATUS_RUNNING;
}

enum status container_status(struct container *c, struct error *err)
{
	if (c->record.creating.value && !c->record.pid.value)
		return STATUS_CREATING;
	enum status status = status_alive(c, err);
	/* last, because delete ends init before it removes what the other tests look at */
	int alive = c->held ? 1 : container_is_alive(c, err);
	return alive < 0 ? 0 : alive ? status : STATUS_STOPPED;
}

int container_is_alive(const struct container *c, struct error *err)
{
	int alive = proc_is_alive((pid_t)c->record.pid.value, c->record.pid_start.value, err);
	return alive < 0 ? error_prefix(err, "container %s", c->id) : alive;
}

static int fail_ended(const struct container *c, const char *verb, struct error *err)
{
	error_clear(err);
	return fail(err, 0, "cannot %s container %s: container not running", verb, c->id);
}

int container_blame(const struct container *c, const char *verb, struct error *err)
{
	if (c->dir >= 0 && container_is_deleted(c)) {
		error_clear(err);
		return fail(err, 0, "container does not exist: %s", c->id);
	}
	return !c->record.pid.value || container_is_alive(c, NULL) != 0 ? -1 : fail_ended(c, verb, err);
}

int container_require(
	struct container *c, unsigned allowed, const char *verb, enum status *ret_status, struct error *err)
{
	enum status status = container_status(c, err);
	if (ret_status)
		*ret_status = status;
	if (!status || (status & allowed))
		return status ? 0 : -1;
	if ((allowed & STATUS_RUNNING) && status == STATUS_STOPPED)
		return fail_ended(c, verb, err);
	return fail(err, 0, "cannot %s container %s: it is %s", verb, c->id, status_name(status));
}

struct oci_state container_state(struct container *c, enum status status)
{
	const struct oci_record *r = &c->record;
	return (struct oci_state){
		.oci_version = OCI_VERSION,
		.id = c->id,
		.pid = { true, status == STATUS_STOPPED ? 0 : r->pid.value },
		.status = status_name(status),
		.bundle = r->bundle,
		.rootfs = r->rootfs,
		.created = r->created,
		/* other names are known to plugins of the C library, which a static program does not have */
		.owner = r->owner.value == 0 ? "root" :
					       arena_printf(&c->arena, "%llu", (unsigned long long)r->owner.value),
		.annotations = r->annotations,
	};
}

int container_config(struct container *c, struct oci_config **ret_config, struct error *err)
{
	struct json_source source = { .name = CONTAINER_CONFIG };
	if (oci_config_read(&c->arena, c->dir, CONTAINER_CONFIG, &source, ret_config, NULL, NULL, err) < 0)
		return -1;
	if (!(*ret_config)->process)
		(*ret_config)->process = oci_no_process(&c->arena);
	return 0;
}

int container_run_hooks(struct container *c, const struct oci_config *config, const oci_hook_list *hooks,
	const char *where, enum status status, struct error *err)
{
	struct hooks_options options = { .interrupt = -1 };
	struct error why = { .errnum = 0 };
	INTERRUPT(interrupt);
	size_t len;
	if (!hooks->len)
		return 0;
	if (hooks_open_output(oci_annotation(config, ANNOTATION_HOOKS_STDOUT),
		    oci_annotation(config, ANNOTATION_HOOKS_STDERR), &options, &why) < 0 ||
		interrupt_open(&interrupt, &why) < 0) {
		if (err) {
			*err = why;
			return -1;
		}
		log_failure(&why);
	}
	options.interrupt = interrupt.fd;
	options.inherit = true;
	struct oci_state state = container_state(c, status);
	char *text = oci_state_json(&c->arena, &state, false, &len);
	int result = 0;
	if (err)
		result = hooks_run(hooks, where, text, len, &options, err);
	else
		(void)hooks_run_all(hooks, where, text, len, &options); /* it logs failures */
	close_fd(&options.stdout_fd);
	close_fd(&options.stderr_fd);
	return result;
}
