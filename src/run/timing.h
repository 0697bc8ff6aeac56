/*
 * The time that each step of a start takes, for run --report.
 *
 *	struct timings *timings = timings_make(&err);       before clone3: parent and init share it
 *	timing_mark(timings ? &timings->parent : NULL, "make the cgroup");
 *
 * A mark reads the clock without a system call. Without --report there are no marks.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"

enum { TIMING_MAX = 60 };

struct timing_log {
	int64_t begin, last; /* nanoseconds */
	unsigned len;
	struct {
		const char *name; /* a constant, valid in parent and init */
		int64_t nsec;
	} items[TIMING_MAX];
};

/* Each log is written by one process. */
struct timings {
	struct timing_log parent, init;
};

/* Allocates memory that parent and init share after clone3, and begins the parent's first interval. */
struct timings *timings_make(struct error *err);
/* Begins the first interval of a log. NULL does nothing. */
void timing_begin(struct timing_log *log);
/* Ends the interval that began at the last mark, and names it. NULL does nothing. */
void timing_mark(struct timing_log *log, const char *name);
