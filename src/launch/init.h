/*
 * The child: from clone3 to the execve of the container's program, as one table of steps.
 *
 *	struct init init = { .plan = &plan, .sync = pair[1], ... };
 *	if (sys_clone3(&args) == 0)
 *		init_main(&init);
 *
 * After clone3 nothing is parsed, no name is looked up, no path of the host is opened.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/fd.h"
#include "container/container.h"
#include "plan/plan.h"

struct init {
	struct arena *arena;
	struct plan *plan;
	struct container *container; /* for the state that hooks read */
	const struct payload *payload;
	const struct hooks_options *hook_output;
	uint64_t ignored_signals;  /* by the caller */
	struct timing_log *timing; /* or NULL */
	int sync;                  /* socket to the parent, and later the connection to start */
	int listen;                /* start.sock, or -1 */

	/* the child's own */
	struct fd_batch batch; /* descriptors that mounting leaves open; closed when full, or by the exec */
	mode_t umask;          /* of the caller, for hooks */
	int proc;              /* detached procfs, or -1 */
	int time_offsets;      /* file of procfs, or -1 */
	int peer;              /* the terminal, or -1 */
	int listener;          /* of seccomp, or -1 */
	bool shares_memory;    /* with the parent, which is suspended */
	bool late;             /* see struct launch */
	bool granted;          /* the parent is ready already: do not wait for it */
	const char *executable, *search_rest;
};

/* Never returns. */
void init_main(struct init *init) __attribute__((noreturn));

/* Prints the names of the steps that a plan needs, one a line: --dry-run, after the plan itself. */
void init_print_steps(const struct plan *plan, FILE *out);
