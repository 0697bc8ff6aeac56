/*
 * One more process in a container that exists.
 *
 *	EXECUTION(execution);
 *	execution_prepare(&execution, &request, &err);     reads, checks, plans, opens
 *	execution_launch(&execution, relay, &err);         the process is about to run its program
 *	launch_wait_executed(&execution.launch, &err);     it does
 *
 * The container is not locked meanwhile: a pidfd holds its init, and the end of the container ends this process too.
 */
#pragma once

#include "base/arena.h"
#include "base/typed.h"
#include "container/container.h"
#include "launch/launch.h"
#include "plan/host.h"
#include "plan/plan.h"
#include "run/interrupt.h"

struct exec_request {
	const char *id;
	const char *state_root;
	const char *process; /* file that describes a process; or NULL: the container's process, with these args */
	char **args;         /* NULL-terminated; empty with `process` */
	const char *cwd, *user, *process_label, *apparmor; /* or NULL */
	oci_strings env, groups, caps;
	struct oci_bool terminal; /* if it is set */
	bool no_new_privileges;
	const char *cgroup; /* below the container's: "[CONTROLLER:]PATH", or NULL */
	const char *console_socket, *pid_file, *pidfd_socket;
	bool detach;
	unsigned statuses; /* that the container may have: enum status, or'ed */
	unsigned preserve_fds;
};

struct execution {
	struct arena arena;
	const struct exec_request *request;
	struct oci_config *config;
	struct host host;
	struct plan plan;
	struct container container;
	struct launch launch;
	struct interrupt interrupt; /* open if the process may have to wait for long */
	bool traceable;             /* see plan_options */
	enum status status;
	const char *cgroup;  /* path of the cgroup that the process enters, or NULL */
	int init;            /* pidfd of the container's init */
	int root;            /* its root directory, or -1 */
	typed_list typed;    /* the properties of the process that the request has set */
	size_t image_groups; /* see struct process_plan */
};

#define EXECUTION(name)                                                     \
	struct execution name __attribute__((cleanup(execution_close))) = { \
		.container = { .root = -1, .dir = -1 },                     \
		.launch = LAUNCH_INIT,                                      \
		.interrupt.fd = -1,                                         \
		.init = -1,                                                 \
		.root = -1,                                                 \
	}

int execution_prepare(struct execution *execution, const struct exec_request *request, struct error *err);
int execution_launch(struct execution *execution, struct relay *relay, struct error *err);
void execution_close(struct execution *execution);
