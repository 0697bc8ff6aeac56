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
	struct container *container; /* exec's is there already: nothing of it is written */
	struct relay *relay;         /* prepared when init is ready; or NULL */
	struct hooks_options hook_output;
	int interrupt;                                        /* ends the waiting for init (interrupt.h), or -1 */
	struct timings *timings;                              /* or NULL */
	const char *console_socket, *pid_file, *pidfd_socket; /* or NULL */
	int cgroup;                                           /* directory for CLONE_INTO_CGROUP, or -1 */
	int delegate;            /* cgroup below it that init moves to before it is ready; none if not above 0 */
	int listen;              /* start.sock for init, or -1 */
	int oom_score;           /* of process_open_oom_score_adj(), or -1 */
	int pid_dir, pidfd_sock; /* where pid_file goes, and pidfd_socket connected, or -1 */
	const char *pid_name;
	struct cgroup_made cgroup_made;

	bool may_wait; /* of exec: the container is paused, and its processes wait */

	/* Moves the process into `cgroup` where we may not clone it there (EACCES), before it does anything; or
	 * NULL. */
	int (*attach)(void *data, pid_t pid, struct error *err);
	/* What is to be done while init is at work, before it may be ready; or NULL. */
	int (*meanwhile)(void *data, struct error *err);
	void *data; /* of both */

	/* what launch_start finds */
	const struct payload *payload;
	pid_t pid;
	int pidfd;
	int first;   /* of exec's first child, which has ended, or is about to; or -1 */
	int sync;    /* end of file on it: the program runs */
	int console; /* the terminal's master for the relay, or -1 */
	bool shared; /* the first child is in our memory */
	bool recorded;
	bool granted; /* the answer to ASK_READY was given in advance */
};

/* Returns when init is ready: waiting for start, or about to execute. On failure init is gone; the error is init's own
 * if it had one. */
int launch_start(struct launch *launch, struct error *err);

/* Waits until init's program runs (end of file); its failure is the error. Not for an init that waits for start. After
 * init's end, which has been reaped, it tells whether the program ever ran. */
int launch_wait_executed(struct launch *launch, struct error *err);

/* Names the interval of the parent's that ends here, where timings are wanted. */
void launch_mark(struct launch *launch, const char *name);

/* Kills init and reaps it. */
void launch_kill(struct launch *launch);

/* Closes what it holds open. */
void launch_close(struct launch *launch);
