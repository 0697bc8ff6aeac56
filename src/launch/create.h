/*
 * Making a container: what create and run have in common.
 *
 *	CREATION(creation);
 *	creation_prepare(&creation, &request, &err);     reads, checks, plans: no side effects
 *	creation_launch(&creation, relay, &err);         makes it; whatever fails leaves nothing behind
 *	creation_commit(&creation);                      from here on it stays
 */
#pragma once

#include "base/arena.h"
#include "base/typed.h"
#include "container/container.h"
#include "launch/launch.h"
#include "plan/host.h"
#include "plan/plan.h"
#include "run/interrupt.h"

struct create_request {
	const char *id;
	const char *state_root;
	char **command;              /* in place of .process.args, NULL-terminated; or NULL */
	struct oci_bool terminal;    /* in place of .process.terminal, if it is set */
	const char *bundle, *config; /* NULL: the working directory, config.json in the bundle */
	const char *console_socket, *pid_file, *pidfd_socket;
	enum cgroup_manager cgroup_manager;
	const char *overlay; /* "tmp" or an absolute path, or NULL */
	bool detach, wait, no_pivot, no_new_keyring, idmap_rootfs;
	unsigned preserve_fds;
	enum network network;
};

struct creation {
	struct arena arena;
	const struct create_request *request;
	struct oci_config *config;
	typed_list typed;        /* the properties that the request has set */
	const char *config_text; /* its JSON, which is copied to the state directory */
	size_t config_len;
	struct plan_options options;
	struct host host;
	struct plan plan;
	struct container container;
	struct launch launch;
	int notify;                 /* proxied NOTIFY_SOCKET, or -1 */
	struct interrupt interrupt; /* open until it is committed */
	struct systemd_scope scope;
	const char *init_cgroup; /* that init enters: the scope, or a cgroup below it */
	bool made;               /* the state directory exists and is ours to remove */
};

#define CREATION(name)                                                    \
	struct creation name __attribute__((cleanup(creation_close))) = { \
		.container = { .root = -1, .dir = -1 },                   \
		.launch = LAUNCH_INIT,                                    \
		.interrupt.fd = -1,                                       \
		.notify = -1,                                             \
		.scope.release = -1,                                      \
	}

/* Reads the request's configuration. The working directory is the bundle afterwards. */
int creation_prepare(struct creation *creation, const struct create_request *request, struct error *err);
/* Its two halves, for a configuration that was never a file: creation_begin enters the bundle, creation_take checks the
 * configuration and plans. It changes `config`, which the request overrides; `text` is the JSON of `config` before
 * that. Both must outlive the creation. */
int creation_begin(struct creation *creation, const struct create_request *request, struct error *err);
int creation_take(
	struct creation *creation, struct oci_config *config, const char *text, size_t len, struct error *err);
int creation_launch(struct creation *creation, struct relay *relay, struct error *err);
/* Two steps of creation_launch. The first refuses limits that nothing would enforce; the second makes the cgroup, by
 * either driver, and sets its limits. */
int creation_check_resources(const struct creation *creation, struct error *err);
int creation_make_cgroup(struct creation *creation, struct error *err);
/* Keeps the container, and releases its lock. */
void creation_commit(struct creation *creation);
/* Undoes what was not committed. */
void creation_close(struct creation *creation);
