/*
 * What containers use: a live table for people, JSON and OpenMetrics for programs.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cgroups/path.h"
#include "cmd/cmd.h"
#include "cmd/format.h"
#include "cmd/match.h"
#include "cmd/metrics.h"
#include "cmd/stats-json.h"
#include "container-cgroup.h"

enum { DEFAULT_INTERVAL_MS = 2000, FIRST_SAMPLE_MS = 500, NAME_WIDTH_MAX = 40 };
enum { FORMAT_TABLE, FORMAT_JSON, FORMAT_OPENMETRICS };

static const struct word formats[] = { { "table", FORMAT_TABLE }, { "json", FORMAT_JSON },
	{ "openmetrics", FORMAT_OPENMETRICS }, { NULL } };

static const struct option_row options[] = {
	TEXT('f', "format", "FORMAT", format, "table, json or openmetrics", ONE_OF(formats)),
	TEXT(0, "interval", "TIME", interval, "time between two samples (2s)"),
	FLAG(0, "no-stream", no_stream, "print one sample"),
	OPTIONS_END,
};

struct samples {
	struct arena arena;
	sample_list list;
	int64_t time_ms;
};

/* One that vanishes meanwhile, or has no cgroup, is passed over, unless it alone was asked for. */
static int take_sample(struct context *ctx, struct samples *s, const char *id, struct error *err)
{
	CONTAINER(c);
	struct sample sample = { .id = arena_strdup(&s->arena, id) };
	if (container_open(&c, ctx->state_root, id, CONTAINER_UNLOCKED, err) < 0)
		return -1;
	sample.status = status_name(container_status(&c, err));
	FD(cgroup) = container_open_cgroup(&c, NULL, err);
	if (cgroup < 0 || cgroup_stats_read(&s->arena, cgroup, &sample.stats, err) < 0)
		return container_blame(&c, "read the statistics of", err);
	*list_add(&s->arena, &s->list) = sample;
	return 0;
}

static int take_samples(struct context *ctx, struct samples *ret, struct error *err)
{
	char **ids = ctx->operands;
	size_t len = (size_t)ctx->operand_count;
	struct samples s = { .time_ms = cgroup_now_ms() };
	bool all = len == 0;
	if (all && match_list(&s.arena, ctx->state_root, &ids, &len, err) < 0)
		return -1;
	for (size_t i = 0; i < len; i++) {
		struct error why = { 0 };
		if (take_sample(ctx, &s, ids[i], &why) == 0)
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

/* "1.5M"; "-" where the kernel does not count it. */
static const char *print_size(struct oci_uint bytes, char *buf, size_t size)
{
	static const char units[] = "BKMGTP";
	double value = (double)bytes.value;
	size_t unit = 0;
	if (!bytes.set || bytes.value == CGROUP_NO_LIMIT) {
		(void)snprintf(buf, size, "%s", bytes.set ? "max" : "-");
		return buf;
	}
	for (; value >= 1000 && unit < sizeof(units) - 2; unit++)
		value /= 1024;
	(void)snprintf(buf, size, unit && value < 10 ? "%.1f%c" : "%.0f%c", value, units[unit]);
	return buf;
}

static const char *print_count(struct oci_uint count, char *buf, size_t size)
{
	if (!count.set || count.value == CGROUP_NO_LIMIT)
		(void)snprintf(buf, size, "%s", count.set ? "max" : "-");
	else
		(void)snprintf(buf, size, "%llu", (unsigned long long)count.value);
	return buf;
}

/* Of one CPU, so that two busy ones are 200 %. */
static const char *print_cpu(const struct sample *now, const struct sample *before,
	int64_t passed_ms, char *buf, size_t size)
{
	if (!before || passed_ms <= 0 ||
		now->stats.cpu.usage.value < before->stats.cpu.usage.value) {
		(void)snprintf(buf, size, "-");
		return buf;
	}
	double used = (double)(now->stats.cpu.usage.value - before->stats.cpu.usage.value);
	(void)snprintf(buf, size, "%.1f", used / (double)passed_ms / 10);
	return buf;
}

static const char *print_pressure(const struct cgroup_stats *s, char *buf, size_t size)
{
	const struct cgroup_stall *stalls[] = { &s->cpu.pressure.some, &s->memory.pressure.some,
		&s->io.pressure.some };
	size_t len = 0;
	for (size_t i = 0; i < 3 && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, stalls[i]->set ? "%s%.0f" : "%s-",
			i ? "/" : "", stalls[i]->avg10);
	return buf;
}

static void print_row(
	const struct sample *s, const struct sample *before, int64_t passed_ms, int width)
{
	char cpu[24], used[24], limit[24], pids[24], most[24], read[24], written[24], pressure[40];
	struct oci_uint in = { s->stats.io.devices.len > 0, 0 }, out = in;
	cgroup_stats_io(&s->stats, &in.value, &out.value);
	(void)printf("%-*.*s %-8s %6s %7s %7s %6s %6s %7s %7s  %s\n", width, NAME_WIDTH_MAX, s->id,
		s->status, print_cpu(s, before, passed_ms, cpu, sizeof(cpu)),
		print_size(s->stats.memory.current, used, sizeof(used)),
		print_size(s->stats.memory.limit, limit, sizeof(limit)),
		print_count(s->stats.pids.current, pids, sizeof(pids)),
		print_count(s->stats.pids.limit, most, sizeof(most)),
		print_size(in, read, sizeof(read)), print_size(out, written, sizeof(written)),
		print_pressure(&s->stats, pressure, sizeof(pressure)));
}

static void print_table(const struct samples *now, const struct samples *before)
{
	int width = 12;
	int64_t passed_ms = before ? now->time_ms - before->time_ms : 0;
	LIST_EACH (&now->list, sample) {
		int len = (int)strlen(sample->id);
		len = len > NAME_WIDTH_MAX ? NAME_WIDTH_MAX : len;
		width = len > width ? len : width;
	}
	(void)printf("%-*s %-8s %6s %7s %7s %6s %6s %7s %7s  %s\n", width, "ID", "STATUS", "CPU %",
		"MEMORY", "LIMIT", "PIDS", "LIMIT", "READ", "WRITTEN", "STALLED % CPU/MEM/IO");
	LIST_EACH (&now->list, sample)
		print_row(
			sample, before ? find_sample(before, sample->id) : NULL, passed_ms, width);
}

static int print_json(struct samples *s, struct error *err)
{
	size_t len;
	struct json_writer json;
	json_begin(&json, &s->arena, false);
	json_array(&json);
	LIST_EACH (&s->list, sample) {
		json_object(&json);
		json_key(&json, "id");
		json_string(&json, sample->id);
		json_key(&json, "status");
		json_string(&json, sample->status);
		json_key(&json, "data");
		stats_write(&json, &sample->stats);
		json_end(&json);
	}
	json_end(&json);
	char *text = json_finish(&json, &len);
	return print_text(arena_printf(&s->arena, "%s\n", text), len + 1, err);
}

/* A table of one sample needs two, the shares of CPU being differences. */
static int print_once(struct context *ctx, int format, struct error *err)
{
	struct samples now, before = { .time_ms = 0 };
	if (format == FORMAT_TABLE) {
		if (take_samples(ctx, &before, err) < 0)
			return -1;
		(void)poll(NULL, 0, FIRST_SAMPLE_MS);
	}
	int status = take_samples(ctx, &now, err);
	if (status == 0) {
		if (format == FORMAT_TABLE)
			print_table(&now, &before);
		else if (format == FORMAT_OPENMETRICS)
			metrics_print(&now.list, stdout);
		status = format == FORMAT_JSON ? print_json(&now, err) : print_end(err);
		arena_free(&now.arena);
	}
	arena_free(&before.arena);
	return status;
}

static int stream(struct context *ctx, int format, int interval, struct error *err)
{
	static const char home_and_clear[] = "\033[H\033[J";
	struct samples before = { .time_ms = 0 };
	bool screen = format == FORMAT_TABLE && isatty(STDOUT_FILENO);
	for (bool first = true;; first = false) {
		struct samples now;
		if (take_samples(ctx, &now, err) < 0)
			break;
		if (screen)
			(void)fputs(home_and_clear, stdout);
		if (format == FORMAT_TABLE)
			print_table(&now, first ? NULL : &before);
		arena_free(&before.arena);
		before = now;
		if ((format == FORMAT_JSON ? print_json(&before, err) : print_end(err)) < 0)
			break;
		(void)poll(NULL, 0, first && format == FORMAT_TABLE ? FIRST_SAMPLE_MS : interval);
	}
	arena_free(&before.arena);
	return -1;
}

static int run(struct context *ctx, struct error *err)
{
	int format = (int)word_value(formats, ctx->options.format);
	int interval = interval_parse(ctx->options.interval, DEFAULT_INTERVAL_MS, err);
	if (interval < 0)
		return -1;
	/* OpenMetrics is what one scrape reads */
	if (ctx->options.no_stream || format == FORMAT_OPENMETRICS)
		return print_once(ctx, format, err);
	return stream(ctx, format, interval, err);
}

const struct command stats_command = {
	.name = "stats",
	.operands = "[ID…]",
	.summary = "show what containers use: CPU, memory, tasks, I/O, pressure",
	.options = options,
	.max_operands = 4096,
	.values = { ANY_CONTAINER, ANY_CONTAINER, ANY_CONTAINER },
	.run = run,
};
