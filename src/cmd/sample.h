/*
 * The resource use of a container at one moment, for the formats of `stats`.
 *
 *	sample_sort(&samples, (enum sample_order)word_value(sample_orders, "memory"));
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "cgroups/stats.h"
#include "container/traffic.h"

struct sample {
	const char *id, *status;
	bool has_cgroup;      /* without one `stats` is zeroed */
	bool has_share;       /* there is an earlier sample */
	double cpu_share;     /* per cent of one CPU since then */
	double key;           /* the use by which it is sorted */
	uint64_t host_memory; /* bytes */
	struct cgroup_stats stats;
	struct traffic traffic;
};
typedef LIST(struct sample) sample_list;

/* Memory as per cent of its limit, or of the host's memory if that is less. */
double sample_memory_share(const struct sample *s);

enum sample_order {
	SAMPLES_BY_NAME,
	SAMPLES_BY_CPU,
	SAMPLES_BY_MEMORY,
	SAMPLES_BY_MEMORY_SHARE,
	SAMPLES_BY_PIDS,
	SAMPLES_BY_NET,
	SAMPLES_BY_IO,
	SAMPLES_AS_GIVEN,
};

/* The words for all of them but the last; ends with a NULL name. */
extern const struct word sample_orders[];

/* Sorts by the largest use first, and by id where equal; or all by id. */
void sample_sort(sample_list *list, enum sample_order order);
