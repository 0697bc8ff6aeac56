/*
 * The events of a container, each a line of JSON. The kernel reports OOM kills, pressure and the end by waking
 * poll(2); only statistics are printed at intervals.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/proc.h"
#include "cgroups/path.h"
#include "cmd/cmd.h"
#include "cmd/interval.h"
#include "cmd/stats-json.h"
#include "container/container.h"

enum { DEFAULT_INTERVAL_MS = 5000 };

struct events_options {
	const char *interval;
	bool stats;
};
#define OPTIONS struct events_options

static const struct option_row options[] = {
	TEXT(0, "interval", "TIME", interval, "time between two lines of statistics (5s)"),
	FLAG(0, "stats", stats, "print the statistics once, and no events"),
	OPTIONS_END,
};

enum source { SOURCE_INIT, SOURCE_CGROUP, SOURCE_MEMORY, SOURCE_PRESSURE };
enum { SOURCES = SOURCE_PRESSURE + CGROUP_PRESSURES };

struct watch {
	const struct container *container;
	const char *id;
	int cgroup;
	struct pollfd fds[SOURCES];
	uint64_t oom_kills;
};

static void close_watch(struct watch *w)
{
	for (size_t i = 0; i < SOURCES; i++)
		close_fd(&w->fds[i].fd);
}

static void begin_event(struct json_writer *json, struct arena *arena, const char *type, const char *id)
{
	json_begin(json, arena, false);
	json_object(json);
	json_string(json_key(json, "type"), type);
	json_string(json_key(json, "id"), id);
	json_key(json, "data");
}

static int end_event(struct json_writer *json, struct error *err)
{
	json_end(json);
	return print_json(json, err);
}

static int print_stats(const struct watch *w, struct error *err)
{
	ARENA(arena);
	struct cgroup_stats stats;
	struct traffic traffic;
	struct json_writer json;
	/* The network comes first: if the container is deleted meanwhile, reading its cgroup fails, and no incomplete
	 * statistics are printed. */
	traffic_read(&arena, w->container, &traffic);
	if (cgroup_stats_read(&arena, w->cgroup, &stats, err) < 0)
		return -1;
	begin_event(&json, &arena, "stats", w->id);
	stats_write(&json, &stats, &traffic);
	return end_event(&json, err);
}

static int print_oom(const struct watch *w, const struct cgroup_stats *stats, struct arena *arena, struct error *err)
{
	struct json_writer json;
	begin_event(&json, arena, "oom", w->id);
	json_object(&json);
	json_uint(json_key(&json, "events"), stats->memory.oom.value);
	json_uint(json_key(&json, "kills"), stats->memory.oom_kill.value);
	json_end(&json);
	return end_event(&json, err);
}

/* Prints one line whenever the count has grown, by however much. */
static int check_oom(struct watch *w, struct error *err)
{
	ARENA(arena);
	struct cgroup_stats stats;
	if (w->fds[SOURCE_MEMORY].fd < 0 || cgroup_stats_read(&arena, w->cgroup, &stats, NULL) < 0 ||
		stats.memory.oom_kill.value <= w->oom_kills)
		return 0;
	w->oom_kills = stats.memory.oom_kill.value;
	return print_oom(w, &stats, &arena, err);
}

static int print_pressure(const struct watch *w, size_t which, struct error *err)
{
	ARENA(arena);
	struct cgroup_stats stats;
	struct json_writer json;
	if (cgroup_stats_read(&arena, w->cgroup, &stats, NULL) < 0)
		return 0; /* the cgroup has gone, which has_ended() notices */
	begin_event(&json, &arena, "pressure", w->id);
	json_object(&json);
	stats_write_pressure(&json, cgroup_pressures[which].name, cgroup_pressure_of(&stats, &cgroup_pressures[which]));
	json_end(&json);
	return end_event(&json, err);
}

/* psi.rst: reports a tenth of two seconds stalled, at most once in two seconds, the shortest window for an
 * unprivileged user. -1 if the kernel has no triggers, or the user may not write the file: then there are no such
 * events. */
static int open_trigger(int cgroup, const char *file)
{
	static const char trigger[] = "some 200000 2000000";
	FD(fd) = openat(cgroup, file, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || write(fd, trigger, sizeof(trigger)) < 0)
		return -1;
	return take_fd(&fd);
}

/* Reading a kernfs file arms its notification. */
static void arm(int fd)
{
	char text[512];
	if (fd >= 0)
		(void)!pread(fd, text, sizeof(text), 0);
}

static int start_watch(struct watch *w, const struct container *c, struct error *err)
{
	ARENA(arena);
	struct cgroup_stats stats;
	for (size_t i = 0; i < SOURCES; i++)
		w->fds[i] = (struct pollfd){ .fd = -1, .events = POLLPRI };
	w->fds[SOURCE_INIT].events = POLLIN;
	w->fds[SOURCE_INIT].fd = proc_pidfd((pid_t)c->record.pid.value, c->record.pid_start.value, err);
	if (w->fds[SOURCE_INIT].fd < 0)
		return -1;
	w->fds[SOURCE_CGROUP].fd = openat(w->cgroup, "cgroup.events", O_RDONLY | O_CLOEXEC);
	w->fds[SOURCE_MEMORY].fd = openat(w->cgroup, "memory.events", O_RDONLY | O_CLOEXEC);
	arm(w->fds[SOURCE_CGROUP].fd);
	arm(w->fds[SOURCE_MEMORY].fd);
	for (size_t i = 0; i < CGROUP_PRESSURES; i++)
		w->fds[SOURCE_PRESSURE + i].fd = open_trigger(w->cgroup, cgroup_pressures[i].file);
	/* after arming, so that no later event is missed */
	if (cgroup_stats_read(&arena, w->cgroup, &stats, err) < 0)
		return -1;
	w->oom_kills = stats.memory.oom_kill.value;
	return 0;
}

static bool has_ended(const struct watch *w)
{
	struct cgroup_events events;
	return w->fds[SOURCE_INIT].revents ||
	       (w->fds[SOURCE_CGROUP].revents && (cgroup_read_events(w->cgroup, &events) < 0 || !events.populated));
}

/* 1 when the container has ended. */
static int handle(struct watch *w, struct error *err)
{
	if (w->fds[SOURCE_MEMORY].revents)
		arm(w->fds[SOURCE_MEMORY].fd);
	if (w->fds[SOURCE_CGROUP].revents)
		arm(w->fds[SOURCE_CGROUP].fd);
	bool ended = has_ended(w);
	if ((ended || w->fds[SOURCE_MEMORY].revents) && check_oom(w, err) < 0)
		return -1;
	for (size_t i = 0; i < CGROUP_PRESSURES && !ended; i++) {
		struct pollfd *item = &w->fds[SOURCE_PRESSURE + i];
		if (item->revents & POLLERR) /* the cgroup is being removed */
			item->fd = -1;
		else if (item->revents && print_pressure(w, i, err) < 0)
			return -1;
	}
	return ended;
}

static int stream(struct watch *w, int interval, struct error *err)
{
	int64_t next = clock_now_ms() + interval;
	for (;;) {
		int n = poll(w->fds, SOURCES, clock_left_ms(next));
		if (n < 0 && errno != EINTR)
			return fail(err, errno, "poll");
		int ended = n > 0 ? handle(w, err) : 0;
		if (ended)
			return ended < 0 ? -1 : 0;
		if (clock_left_ms(next) > 0)
			continue;
		next += interval;
		if (print_stats(w, err) < 0)
			return cgroup_read_events(w->cgroup, &(struct cgroup_events){ 0 }) < 0 ? 0 : -1;
	}
}

static int run(struct context *ctx, struct error *err)
{
	const struct events_options *o = ctx->options;
	CONTAINER(c);
	struct watch watch __attribute__((cleanup(close_watch))) = { .container = &c, .id = ctx->operands[0] };
	for (size_t i = 0; i < SOURCES; i++)
		watch.fds[i].fd = -1;
	int interval = interval_parse(o->interval, DEFAULT_INTERVAL_MS, err);
	if (interval < 0 || container_open(&c, ctx->state_root, ctx->operands[0], CONTAINER_UNLOCKED, err) < 0 ||
		container_require(&c, operand_statuses(ctx), "watch", NULL, err) < 0)
		return -1;
	FD(cgroup) = container_open_cgroup(&c, NULL, err);
	watch.cgroup = cgroup;
	if (cgroup < 0 || (o->stats ? print_stats(&watch, err) : start_watch(&watch, &c, err)) < 0)
		return container_blame(&c, "watch", err);
	return o->stats ? 0 : stream(&watch, interval, err);
}

const struct command events_command = {
	.name = "events",
	.operands = "ID",
	.summary = "print statistics and events of a container as lines of JSON until it ends",
	TAKES_OPTIONS(options),
	.min_operands = 1,
	.max_operands = 1,
	.values = { CONTAINER_IN(STATUS_CREATED | STATUS_RUNNING | STATUS_PAUSED) },
	.run = run,
};
