/*
 * Where the time of a start goes, step by step, when somebody asks: run --report.
 *
 *	struct timings *timings = timings_make(&err);       before clone3: parent and init share it
 *	timing_mark(timings ? &timings->parent : NULL, "make the cgroup");
 *
 * A mark costs a reading of the clock, without a system call; none is made where nobody asks.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"

enum { TIMING_MAX = 60 };

struct timing_log {
	int64_t begin, last; /* nanoseconds */
	unsigned len;
	struct {
		const char *name; /* of the program's text: the same in parent and init */
		int64_t nsec;
	} items[TIMING_MAX];
};

/* Each is written by one process alone. */
struct timings {
	struct timing_log parent, init;
};

/* Memory that stays one and the same after clone3. The first interval begins now. */
struct timings *timings_make(struct error *err);
/* Begins the first interval of a log. NULL does nothing. */
void timing_begin(struct timing_log *log);
/* Ends the interval that began at the last mark, and names it. NULL does nothing. */
void timing_mark(struct timing_log *log, const char *name);
