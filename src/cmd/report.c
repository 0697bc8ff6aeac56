#include "cmd/report.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/signal-names.h"
#include "container/container.h"
#include "oci/json-write.h"

int report_open(struct report *report, struct context *ctx, const char *target, struct error *err)
{
	uint64_t number;
	bool is_number = str_to_u64(target, INT_MAX, &number);
	target = is_number ? target : absolute_path(ctx, target);
	int fd = is_number ? fcntl((int)number, F_DUPFD_CLOEXEC, 3) :
			     open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail(err, errno, "--report %s", target);
	report->fd = fd;
	return 0;
}

void report_close(struct report *report)
{
	close_fd(&report->fd);
	arena_free(&report->arena);
}

void report_collect(struct report *report, struct container *c)
{
	struct cgroup_stats stats;
	FD(cgroup) = container_open_cgroup(c, NULL, NULL);
	if (cgroup >= 0 && cgroup_stats_read(&report->arena, cgroup, &stats, NULL) == 0)
		report->stats = stats;
}

static void write_uint(struct json_writer *json, const char *key, struct oci_uint number)
{
	if (number.set)
		json_uint(json_key(json, key), number.value);
}

static void write_int(struct json_writer *json, const char *key, int64_t number)
{
	json_int(json_key(json, key), number);
}

static struct oci_uint usec(struct timeval time)
{
	return (struct oci_uint){ true, (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec };
}

/* The cgroup counts all processes. Without its numbers, those of init and its children serve. */
static void write_used(struct json_writer *json, const struct report *r)
{
	const struct cgroup_stats *s = &r->stats;
	struct oci_uint user = s->cpu.usage.set ? s->cpu.user : usec(r->usage.ru_utime);
	struct oci_uint system = s->cpu.usage.set ? s->cpu.system : usec(r->usage.ru_stime);
	if (s->memory.oom_kill.set) {
		json_object(json_key(json, "oom"));
		write_uint(json, "kills", s->memory.oom_kill);
		json_bool(json_key(json, "init"), s->memory.oom_kill.value > 0 && r->signal == SIGKILL);
		json_end(json);
	}
	json_object(json_key(json, "memory"));
	write_uint(json, "peak", s->memory.peak);
	write_uint(json, "swapPeak", s->memory.swap_peak);
	write_uint(json, "limit", s->memory.limit);
	write_int(json, "maxResident", (int64_t)r->usage.ru_maxrss * 1024);
	json_end(json);
	json_object(json_key(json, "cpu"));
	write_uint(
		json, "total", s->cpu.usage.set ? s->cpu.usage : (struct oci_uint){ true, user.value + system.value });
	write_uint(json, "user", user);
	write_uint(json, "system", system);
	write_uint(json, "throttled", s->cpu.throttled);
	json_end(json);
	if (s->pids.peak.set || s->pids.max_events.set) {
		json_object(json_key(json, "pids"));
		write_uint(json, "peak", s->pids.peak);
		write_uint(json, "refusals", s->pids.max_events);
		json_end(json);
	}
}

static void write_log(struct json_writer *json, const char *process, const struct timing_log *log)
{
	for (unsigned i = 0; i < log->len && i < TIMING_MAX; i++) {
		json_object(json);
		json_string(json_key(json, "process"), process);
		json_string(json_key(json, "name"), log->items[i].name);
		write_int(json, "usec", log->items[i].nsec / 1000);
		json_end(json);
	}
}

static void write_failure(struct json_writer *json, const struct error *failure)
{
	char line[1024];
	json_string(json_key(json, "error"), error_line(failure, line, sizeof(line)));
}

int report_write(struct report *r, const char *id, const struct error *failure, struct error *err)
{
	size_t len;
	struct json_writer json;
	if (r->fd < 0)
		return 0;
	json_begin(&json, &r->arena, true);
	json_object(&json);
	json_string(json_key(&json, "id"), id);
	if (r->ended) {
		write_int(&json, "status", r->status);
		if (r->signal)
			json_string(json_key(&json, "signal"), signal_name(&r->arena, r->signal));
		write_used(&json, r);
	}
	if (failure)
		write_failure(&json, failure);
	json_array(json_key(&json, "phases"));
	write_log(&json, "runtime", &r->timings->parent);
	write_log(&json, "init", &r->timings->init);
	json_end(&json);
	json_end(&json);
	char *text = json_finish(&json, &len);
	return write_all(r->fd, text, len) < 0 ? fail(err, errno, "--report: write") : 0;
}
