/*
 * The leftovers of a test, or of a whole file of tests: entries of the state directory, cgroups named after the id,
 * mounts of the working directory, processes with a mark in their environment.
 *
 *	struct traces traces = { .state = "/tmp/x/state", .tree = "/tmp/x", .id = "t12-bind", .marks = { "HULL_TEST_ID=t12-bind" } };
 *	size_t count = sweep_look(&arena, &traces, stdout);
 *	sweep_clear(&arena, &traces);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/arena.h"

enum { TRACES_MARKS = 2 };

struct traces {
	const char *cgroups; /* where cgroup2 is mounted */
	const char *state;   /* or NULL */
	const char *tree;
	const char *id;
	const char *marks[TRACES_MARKS]; /* NULL where there is no further one */
};

/* Prints a line for each if `out` is not NULL, and counts them. */
size_t sweep_look(struct arena *arena, const struct traces *traces, FILE *out);

/* Once: kills the processes, detaches the mounts, removes the cgroups. */
void sweep_clear(struct arena *arena, const struct traces *traces);

/* Calls `found` for each process with one of the marks, except this one. */
typedef void (*sweep_process_fn)(void *data, pid_t pid);
void sweep_processes(const struct traces *traces, sweep_process_fn found, void *data);

/* Does not cross into other filesystems. Whatever cannot be removed stays: 0 or -1. */
int remove_tree(struct arena *arena, const char *path);

void sleep_ms(unsigned ms);

const char *find_cgroup2(void);
