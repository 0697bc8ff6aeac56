/*
 * The resource use of containers: a live table, JSON, or OpenMetrics.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "cgroups/path.h"
#include "cmd/cmd.h"
#include "cmd/interval.h"
#include "cmd/match.h"
#include "cmd/metrics.h"
#include "cmd/stats-json.h"
#include "cmd/stats-table.h"
#include "container/container.h"

enum { DEFAULT_INTERVAL_MS = 2000, FIRST_SAMPLE_MS = 500 };
enum { FORMAT_TABLE, FORMAT_JSON, FORMAT_OPENMETRICS };

static const struct word formats[] = { { "table", FORMAT_TABLE }, { "json", FORMAT_JSON },
	{ "openmetrics", FORMAT_OPENMETRICS }, { NULL } };

struct stats_options {
	const char *format, *interval, *sort;
	bool no_stream;
};
#define OPTIONS struct stats_options

static const struct option_row options[] = {
	TEXT('f', "format", "FORMAT", format, "format of the output (table)", ONE_OF(formats)),
	TEXT(0, "interval", "TIME", interval, "time between two samples (2s)"),
	FLAG(0, "no-stream", no_stream, "print one sample"),
	TEXT(0, "sort", "KEY", sort, "sort by name, or by the largest value of a column first", ONE_OF(sample_orders)),
	OPTIONS_END,
};

static uint64_t host_memory(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

struct samples {
	struct arena arena;
	sample_list list;
	int64_t time_ms;
};

/* The values of the options. */
struct request {
	int format, interval_ms;
	enum sample_order order; /* SAMPLES_AS_GIVEN: in the order of the operands, or of the ids */
};

/* Fails for a container that vanishes meanwhile and, except for the table, for one without a cgroup. */
static int take_sample(
	struct context *ctx, const struct request *r, struct samples *s, const char *id, struct error *err)
{
	CONTAINER(c);
	struct sample sample = { .id = arena_strdup(&s->arena, id), .host_memory = host_memory() };
	if (container_open(&c, ctx->state_root, id, CONTAINER_UNLOCKED, err) < 0)
		return -1;
	enum status status = container_status(&c, err);
	if (!status)
		return -1;
	sample.status = status_name(status);
	sample.has_cgroup = r->format != FORMAT_TABLE || c.record.cgroup_path;
	FD(cgroup) = sample.has_cgroup ? container_open_cgroup(&c, NULL, err) : -1;
	traffic_read(&s->arena, &c, &sample.traffic); /* first: reading the cgroup fails if the container has gone */
	if (sample.has_cgroup && (cgroup < 0 || cgroup_stats_read(&s->arena, cgroup, &sample.stats, err) < 0))
		return container_blame(&c, "read the statistics of", err);
	*list_add(&s->arena, &s->list) = sample;
	return 0;
}

static int take_samples(struct context *ctx, const struct request *r, struct samples *ret, struct error *err)
{
	char **ids = ctx->operands;
	size_t len = (size_t)ctx->operand_count;
	struct samples s = { .time_ms = clock_now_ms() };
	bool all = len == 0;
	if (all && match_list(&s.arena, ctx->state_root, &ids, &len, err) < 0)
		return -1;
	for (size_t i = 0; i < len; i++) {
		struct error why = { 0 };
		if (take_sample(ctx, r, &s, ids[i], &why) == 0)
			continue;
		if (!all) {
			*err = why;
			arena_free(&s.arena);
			return -1;
		}
		log_debug("stats: %s", why.text);
	}
	*ret = s;
	return 0;
}

static const struct sample *find_sample(const struct samples *s, const char *id)
{
	LIST_EACH (&s->list, sample)
		if (str_eq(sample->id, id))
			return sample;
	return NULL;
}

/* Computes the share of CPU time since the earlier samples, if there are any. */
static void compare_samples(struct samples *now, const struct samples *before)
{
	int64_t passed_ms = before ? now->time_ms - before->time_ms : 0;
	LIST_EACH (&now->list, sample) {
		const struct sample *earlier = passed_ms > 0 ? find_sample(before, sample->id) : NULL;
		struct oci_uint usage = sample->stats.cpu.usage;
		if (!earlier || !usage.set || usage.value < earlier->stats.cpu.usage.value)
			continue;
		sample->has_share = true;
		sample->cpu_share = (double)(usage.value - earlier->stats.cpu.usage.value) / (double)passed_ms / 10;
	}
}

static int print_array(struct samples *s, struct error *err)
{
	struct json_writer json;
	json_begin(&json, &s->arena, false);
	json_array(&json);
	LIST_EACH (&s->list, sample) {
		json_object(&json);
		json_string(json_key(&json, "id"), sample->id);
		json_string(json_key(&json, "status"), sample->status);
		json_key(&json, "data");
		stats_write(&json, &sample->stats, &sample->traffic);
		json_end(&json);
	}
	json_end(&json);
	return print_json(&json, err);
}

static int print_samples(const struct request *r, struct samples *now, const struct samples *before, struct error *err)
{
	compare_samples(now, before);
	sample_sort(&now->list, r->order);
	if (r->format == FORMAT_JSON)
		return print_array(now, err);
	if (r->format == FORMAT_OPENMETRICS)
		metrics_print(&now->list, stdout);
	else
		stats_table_print(&now->list, stdout);
	return print_end(err);
}

/* Prints a sample, or with `stream` one after the other. The shares of CPU are differences, so a table needs two. */
static int watch(struct context *ctx, const struct request *r, bool stream, struct error *err)
{
	static const char home_and_clear[] = "\033[H\033[J";
	struct samples before = { .time_ms = 0 }, now;
	bool table = r->format == FORMAT_TABLE, screen = table && stream && isatty(STDOUT_FILENO);
	int status;
	for (bool first = true; (status = take_samples(ctx, r, &now, err)) == 0; first = false) {
		bool shown = !table || !first;
		if (screen && !first)
			(void)fputs(home_and_clear, stdout);
		if (shown)
			status = print_samples(r, &now, first ? NULL : &before, err);
		arena_free(&before.arena);
		before = now;
		if (status < 0 || (shown && !stream))
			break;
		(void)poll(NULL, 0, shown ? r->interval_ms : FIRST_SAMPLE_MS);
	}
	arena_free(&before.arena);
	return status;
}

static int run(struct context *ctx, struct error *err)
{
	const struct stats_options *o = ctx->options;
	struct request r = {
		.format = (int)word_value(formats, o->format),
		.interval_ms = interval_parse(o->interval, DEFAULT_INTERVAL_MS, err),
		.order = o->sort ? (enum sample_order)word_value(sample_orders, o->sort) : SAMPLES_AS_GIVEN,
	};
	if (r.interval_ms < 0)
		return -1;
	/* OpenMetrics is the answer to a single scrape */
	return watch(ctx, &r, !o->no_stream && r.format != FORMAT_OPENMETRICS, err);
}

const struct command stats_command = {
	.name = "stats",
	.operands = "[ID…]",
	.summary = "show what containers use: CPU, memory, tasks, network, I/O, pressure",
	TAKES_OPTIONS(options),
	.max_operands = 4096,
	.values = { ANY_CONTAINER, ANY_CONTAINER, ANY_CONTAINER },
	.run = run,
};
