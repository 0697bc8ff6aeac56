/*
 * The parent: clones init into its cgroup, answers its questions, and stays until it is ready.
 *
 *	struct launch launch = { .arena = arena, .plan = &plan, .container = &c, ... };
 *	if (launch_start(&launch, &err) < 0) ...
 *
 * launch.pidfd is the container's init, or the new process of exec.
 */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "container/container.h"
#include "plan/plan.h"
#include "run/hooks.h"
#include "run/relay.h"
#include "run/timing.h"

struct launch {
	struct arena *arena;
	struct plan *plan;
	struct container *container;
	struct relay *relay; /* prepared when init is ready; or NULL */
	struct hooks_options hook_output;
	int interrupt;                                        /* ends the waiting for init (interrupt.h), or -1 */
	struct timings *timings;                              /* or NULL */
	const char *console_socket, *pid_file, *pidfd_socket; /* or NULL */
	int cgroup;                                           /* directory for CLONE_INTO_CGROUP, or -1 */
	int delegate;  /* cgroup below it to which init is moved before it is ready; none if not above 0 */
	int listen;    /* start.sock for init, or -1 */
	int oom_score; /* of process_open_oom_score_adj(), or -1 */
	struct cgroup_made cgroup_made;

	bool may_wait; /* exec in a paused container: its process waits until the container is resumed */
	/* exec in a full container: the process enters the cgroup and gets its limits once it is born, and does not
	 * inherit them from a first child that they would count as well. */
	bool late;

	/* Moves the process into `cgroup` if it cannot be cloned into it (EACCES), before it does anything; or NULL. */
	int (*attach)(void *data, pid_t pid, struct error *err);
	/* Called while init is at work, before it may be ready; or NULL. */
	int (*meanwhile)(void *data, struct error *err);
	void *data; /* for both */

	/* The rest is launch_start()'s own. The caller may read pid, pidfd, sync and console. */
	const struct payload *payload;
	pid_t pid;
	int pidfd;
	int first;   /* the first child, which ends as soon as init is born; or -1 */
	int sync;    /* end of file on it: the program runs */
	int console; /* the terminal's master for the relay, or -1 */
	int pid_dir; /* directory of pid_file, or -1 */
	const char *pid_name;
	int pidfd_sock; /* connected to pidfd_socket, or -1 */
	int asked_fd;   /* that came with the question at hand, or -1 */
	int32_t asked_value;
	bool shared;  /* the first child shares our memory */
	bool granted; /* ASK_READY was answered in advance */
};

#define LAUNCH_INIT                                                                                        \
	{                                                                                                  \
		.interrupt = -1, .cgroup = -1, .delegate = -1, .listen = -1, .oom_score = -1, .pidfd = -1, \
		.first = -1, .sync = -1, .console = -1, .pid_dir = -1, .pidfd_sock = -1                    \
	}

/* Returns when init is ready: waiting for start, or about to execute. On failure init is gone; the error is init's own
 * if it had one. */
int launch_start(struct launch *launch, struct error *err);

/* Waits until init executes its program (end of file on the socket); a failure to execute it is the error. For an init
 * that has ended, and may have been reaped, this tells whether its program ever ran. Not for an init that waits for
 * start. */
int launch_wait_executed(struct launch *launch, struct error *err);

/* Names the interval that ends here in the timings of the parent. */
void launch_mark(struct launch *launch, const char *name);

/* Kills init and reaps it. */
void launch_kill(struct launch *launch);

/* Closes every descriptor of the launch. */
void launch_close(struct launch *launch);
