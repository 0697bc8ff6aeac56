#include "run/timing.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>

/* Reads the only clock without an offset in a time namespace: time_namespaces(7). It may be set meanwhile. */
static int64_t now(void)
{
	struct timespec time;
	(void)clock_gettime(CLOCK_REALTIME, &time); /* cannot fail for this clock */
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct timings *timings_make(struct error *err)
{
	struct timings *timings =
		mmap(NULL, sizeof(*timings), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (timings == MAP_FAILED) {
		(void)fail(err, errno, "map memory for timings");
		return NULL;
	}
	timing_begin(&timings->parent);
	return timings;
}

void timing_begin(struct timing_log *log)
{
	if (log)
		log->begin = log->last = now();
}

void timing_mark(struct timing_log *log, const char *name)
{
	if (!log || log->len == TIMING_MAX)
		return;
	int64_t time = now();
	log->items[log->len].name = name;
	log->items[log->len].nsec = time > log->last ? time - log->last : 0;
	log->len++;
	log->last = time;
}
