#include "cmd/sample.h"

#include <stdlib.h>
#include <string.h>

double sample_memory_share(const struct sample *s)
{
	struct oci_uint limit = s->stats.memory.limit;
	uint64_t whole = limit.set && limit.value < s->host_memory ? limit.value : s->host_memory;
	return whole ? 100 * (double)s->stats.memory.current.value / (double)whole : 0;
}

/* Samples without a share come after the others, sorted by their total time. */
static double cpu(const struct sample *s)
{
	return s->has_share ? s->cpu_share : (double)s->stats.cpu.usage.value / 1e15;
}

static double memory(const struct sample *s)
{
	return (double)s->stats.memory.current.value;
}

static double pids(const struct sample *s)
{
	return (double)s->stats.pids.current.value;
}

static double net(const struct sample *s)
{
	uint64_t received, sent;
	traffic_sum(&s->traffic, &received, &sent);
	return (double)received + (double)sent;
}

static double io(const struct sample *s)
{
	uint64_t read, written;
	cgroup_stats_io(&s->stats, &read, &written);
	return (double)read + (double)written;
}

const struct word sample_orders[] = {
	{ "name", SAMPLES_BY_NAME },
	{ "cpu", SAMPLES_BY_CPU },
	{ "memory", SAMPLES_BY_MEMORY },
	{ "mem%", SAMPLES_BY_MEMORY_SHARE },
	{ "pids", SAMPLES_BY_PIDS },
	{ "net", SAMPLES_BY_NET },
	{ "io", SAMPLES_BY_IO },
	{ NULL },
};

static double (*const uses[])(const struct sample *) = {
	[SAMPLES_BY_CPU] = cpu,
	[SAMPLES_BY_MEMORY] = memory,
	[SAMPLES_BY_MEMORY_SHARE] = sample_memory_share,
	[SAMPLES_BY_PIDS] = pids,
	[SAMPLES_BY_NET] = net,
	[SAMPLES_BY_IO] = io,
};

static int compare(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;
	return x->key != y->key ? (x->key < y->key) - (x->key > y->key) : strcmp(x->id, y->id);
}

void sample_sort(sample_list *list, enum sample_order order)
{
	if (order == SAMPLES_AS_GIVEN || !list->len)
		return;
	LIST_EACH (list, s)
		s->key = uses[order] ? uses[order](s) : 0;
	qsort(list->items, list->len, sizeof(*list->items), compare);
}
