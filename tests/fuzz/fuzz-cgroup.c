/*
 * Any bytes as the files of a cgroup: what is read of them can be printed as JSON that a reader takes, and as metrics.
 * The input is a list of files, each after a form feed: its name, a newline, its text.
 *
 *	make fuzzers && build/fuzz/fuzz-cgroup -max_total_time=60 CORPUS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/path.h"
#include "cgroups/stats.h"
#include "cmd/metrics.h"
#include "cmd/stats-json.h"
#include "fuzz.h"

#include <yajl/yajl_parse.h>

enum { NAME_SIZE = 40, MOST_FILES = 64 };

static struct folder folder;
static char names[MOST_FILES][NAME_SIZE];
static size_t count;

static void put_file(const char *text, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzMGKB0123456789_.";
	const char *end = memchr(text, '\n', size);
	if (!end || end == text || end - text >= NAME_SIZE || *text == '.' || count == MOST_FILES)
		return;
	char *name = names[count];
	(void)snprintf(name, NAME_SIZE, "%.*s", (int)(end - text), text);
	if (strlen(name) != (size_t)(end - text) || name[strspn(name, letters)])
		return;
	count++;
	folder_put(&folder, name, end + 1, size - (size_t)(end + 1 - text));
}

static void expect_json(const char *text, size_t len)
{
	yajl_handle reader = yajl_alloc(NULL, NULL, NULL);
	expect(yajl_parse(reader, (const unsigned char *)text, len) == yajl_status_ok &&
		yajl_complete_parse(reader) == yajl_status_ok);
	yajl_free(reader);
}

static void print(struct arena *arena, const struct cgroup_stats *stats)
{
	struct json_writer json;
	struct traffic traffic = { 0 };
	size_t len;
	json_begin(&json, arena, false);
	stats_write(&json, stats, &traffic);
	const char *text = json_finish(&json, &len);
	expect_json(text, len);
	struct sample sample = { .id = "a", .status = "running", .has_cgroup = true, .stats = *stats };
	sample_list list = { &sample, 1 };
	char *metrics;
	FILE *out = open_memstream(&metrics, &len);
	expect(out);
	metrics_print(&list, out);
	expect(fclose(out) == 0 && len > 6 && strcmp(metrics + len - 6, "# EOF\n") == 0);
	free(metrics);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!folder.path[0])
		folder_make(&folder);
	const char *at = (const char *)data, *end = at + size;
	while (at < end) {
		const char *next = memchr(at, '\f', (size_t)(end - at));
		put_file(at, (size_t)((next ? next : end) - at));
		at = next ? next + 1 : end;
	}
	ARENA(arena);
	struct error err = { 0 };
	struct cgroup_stats stats;
	if (cgroup_stats_read(&arena, folder.fd, &stats, &err) < 0)
		expect_line(&err);
	else
		print(&arena, &stats);
	struct cgroup_events events;
	(void)cgroup_read_events(folder.fd, &events);
	pid_t *pids;
	size_t len;
	if (cgroup_pids(&arena, folder.fd, &pids, &len, &err) == 0)
		for (size_t i = 0; i < len; i++)
			expect(pids[i] > 0);
	while (count)
		(void)unlinkat(folder.fd, names[--count], 0);
	return 0;
}
