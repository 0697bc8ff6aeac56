#include "cgroups/stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/path.h"

/* clang-format off */
#define ROW(file, key, member, ...) { file, key, offsetof(struct cgroup_stats, member), __VA_ARGS__ }
#define IO(key, member, ...) { key, offsetof(struct cgroup_io_device, member), __VA_ARGS__ }
#define PRESSURE(name) { #name, #name ".pressure", offsetof(struct cgroup_stats, name.pressure) }

const struct cgroup_number cgroup_numbers[] = {
	ROW("cgroup.events", "populated", populated, 0, NULL, NULL, NULL),
	ROW("cpu.stat", "usage_usec", cpu.usage, STAT_USEC | STAT_COUNTER, "cpu.usage.total",
		"hull_cpu_seconds", "CPU time"),
	ROW(NULL, NULL, cpu.system, STAT_USEC | STAT_ALWAYS, "cpu.usage.kernel", NULL, NULL),
	ROW("cpu.stat", "user_usec", cpu.user, STAT_USEC | STAT_COUNTER | STAT_ALWAYS, "cpu.usage.user",
		"hull_cpu_user_seconds", "CPU time in user mode"),
	ROW("cpu.stat", "system_usec", cpu.system, STAT_USEC | STAT_COUNTER, NULL,
		"hull_cpu_system_seconds", "CPU time in the kernel"),
	ROW("cpu.stat", "nr_periods", cpu.periods, STAT_COUNTER, "cpu.throttling.periods",
		"hull_cpu_periods", "Periods of the CPU quota"),
	ROW("cpu.stat", "nr_throttled", cpu.throttled_periods, STAT_COUNTER, "cpu.throttling.throttledPeriods",
		"hull_cpu_throttled_periods", "Periods in which the quota was used up"),
	ROW("cpu.stat", "throttled_usec", cpu.throttled, STAT_USEC | STAT_COUNTER, "cpu.throttling.throttledTime",
		"hull_cpu_throttled_seconds", "Time throttled by the quota"),
	ROW(NULL, NULL, memory.limit, STAT_ALWAYS, "memory.usage.limit", NULL, NULL),
	ROW("memory.current", NULL, memory.current, 0, "memory.usage.usage",
		"hull_memory_bytes", "Memory in use"),
	ROW("memory.peak", NULL, memory.peak, 0, "memory.usage.max",
		"hull_memory_peak_bytes", "Most memory that was in use"),
	ROW("memory.max", NULL, memory.limit, 0, NULL,
		"hull_memory_limit_bytes", "Limit of memory"),
	ROW("memory.stat", "file", memory.cache, 0, "memory.cache",
		"hull_memory_cache_bytes", "Page cache"),
	ROW("memory.stat", "kernel", memory.kernel, 0, NULL, NULL, NULL),
	ROW(NULL, NULL, none, STAT_ALWAYS, "memory.kernel.limit", NULL, NULL),
	ROW(NULL, NULL, memory.kernel, 0, "memory.kernel.usage", NULL, NULL),
	ROW(NULL, NULL, none, STAT_ALWAYS, "memory.kernel.failcnt", NULL, NULL),
	ROW(NULL, NULL, none, STAT_ALWAYS, "memory.kernelTCP.limit", NULL, NULL),
	ROW(NULL, NULL, none, STAT_ALWAYS, "memory.kernelTCP.failcnt", NULL, NULL),
	ROW("memory.swap.current", NULL, memory.swap, 0, NULL,
		"hull_memory_swap_bytes", "Swap in use"),
	ROW("memory.swap.peak", NULL, memory.swap_peak, 0, NULL, NULL, NULL),
	ROW("memory.swap.max", NULL, memory.swap_limit, 0, NULL, NULL, NULL),
	ROW(NULL, NULL, memory.with_swap_limit, STAT_ALWAYS, "memory.swap.limit", NULL, NULL),
	ROW(NULL, NULL, memory.with_swap, 0, "memory.swap.usage", NULL, NULL),
	ROW("memory.swap.events", "max", memory.swap_failures, STAT_ALWAYS, "memory.swap.failcnt", NULL, NULL),
	ROW("memory.events", "max", memory.max_events, STAT_ALWAYS, "memory.usage.failcnt", NULL, NULL),
	ROW("memory.events", "oom", memory.oom, STAT_COUNTER, "memory.oom.events",
		"hull_memory_ooms", "Times that the memory limit could not be kept by reclaim"),
	ROW("memory.events", "oom_kill", memory.oom_kill, STAT_COUNTER, "memory.oom.kills",
		"hull_memory_oom_kills", "Processes killed for want of memory"),
	ROW("pids.current", NULL, pids.current, 0, "pids.current",
		"hull_pids", "Tasks"),
	ROW("pids.peak", NULL, pids.peak, 0, NULL, NULL, NULL),
	ROW("pids.max", NULL, pids.limit, 0, NULL,
		"hull_pids_limit", "Limit of the number of tasks"),
	ROW("pids.events", "max", pids.max_events, STAT_COUNTER, NULL,
		"hull_pids_refusals", "Forks refused by the limit"),
};
const size_t cgroup_number_count = sizeof(cgroup_numbers) / sizeof(cgroup_numbers[0]);

const struct cgroup_io_number cgroup_io_numbers[] = {
	IO("rbytes", rbytes, "ioServiceBytesRecursive", "Read", "hull_io_read_bytes", "Bytes read"),
	IO("wbytes", wbytes, "ioServiceBytesRecursive", "Write", "hull_io_written_bytes", "Bytes written"),
	IO("dbytes", dbytes, "ioServiceBytesRecursive", "Discard", NULL, NULL),
	IO("rios", rios, "ioServicedRecursive", "Read", "hull_io_reads", "Read operations"),
	IO("wios", wios, "ioServicedRecursive", "Write", "hull_io_writes", "Write operations"),
	IO("dios", dios, "ioServicedRecursive", "Discard", NULL, NULL),
};
const size_t cgroup_io_number_count = sizeof(cgroup_io_numbers) / sizeof(cgroup_io_numbers[0]);

const struct cgroup_pressure_file cgroup_pressures[CGROUP_PRESSURES] = {
	PRESSURE(cpu),
	PRESSURE(memory),
	PRESSURE(io),
};
/* clang-format on */

struct reader {
	struct arena *arena;
	int dir;
	struct cgroup_stats *stats;
	struct error *err;
	bool failed;
};

/* NULL where the file is not there, or the kernel has nothing to say: pressure can be switched off (EOPNOTSUPP). */
static char *read_text(struct reader *r, const char *file)
{
	char *text;
	struct error why = { 0 };
	if (r->failed)
		return NULL;
	if (read_file_at(r->arena, r->dir, file, CGROUP_FILE_MAX, &text, &why) >= 0)
		return text;
	if (why.errnum != ENOENT && why.errnum != EOPNOTSUPP) {
		(void)fail(r->err, why.errnum, "%s", why.text);
		r->failed = true;
	}
	return NULL;
}

static struct oci_uint parse_number(const char *text)
{
	uint64_t value = CGROUP_NO_LIMIT;
	bool known = str_starts(text, "max") || str_skip_number(text, UINT64_MAX, &value);
	return (struct oci_uint){ known, known ? value : 0 };
}

/* The value of "KEY VALUE" on a line of its own. */
static struct oci_uint find_key(const char *text, const char *key)
{
	size_t len = strlen(key);
	for (const char *line = text; *line; line += *line == '\n') {
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return parse_number(line + len + 1);
		line += strcspn(line, "\n");
	}
	return (struct oci_uint){ false, 0 };
}

/* Memory and swap together, which is what "swap" meant in cgroup v1 and still means to readers. */
static struct oci_uint add(struct oci_uint a, struct oci_uint b)
{
	if (!a.set || !b.set)
		return (struct oci_uint){ false, 0 };
	bool unlimited = a.value == CGROUP_NO_LIMIT || b.value == CGROUP_NO_LIMIT;
	return (struct oci_uint){ true, unlimited ? CGROUP_NO_LIMIT : a.value + b.value };
}

/* Rows of one file that stand together read it once. */
static void read_numbers(struct reader *r)
{
	const char *text = NULL, *file = "";
	for (const struct cgroup_number *row = cgroup_numbers; row < cgroup_numbers + cgroup_number_count; row++) {
		if (!row->file)
			continue;
		if (!str_eq(row->file, file))
			text = read_text(r, file = row->file);
		struct oci_uint *member = (struct oci_uint *)((char *)r->stats + row->member);
		if (text)
			*member = row->key ? find_key(text, row->key) : parse_number(text);
	}
	r->stats->memory.with_swap = add(r->stats->memory.current, r->stats->memory.swap);
	r->stats->memory.with_swap_limit = add(r->stats->memory.limit, r->stats->memory.swap_limit);
}

/* All lines of memory.stat. */
static void read_raw(struct reader *r)
{
	char *text = read_text(r, "memory.stat"), *save = NULL;
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		char *space = strchr(line, ' ');
		if (!space)
			continue;
		*space = '\0';
		struct cgroup_stat_entry *entry = list_add(r->arena, &r->stats->memory.raw);
		*entry = (struct cgroup_stat_entry){ line, parse_number(space + 1).value };
	}
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static void parse_stall(const char *text, const char *kind, struct cgroup_stall *ret_stall)
{
	struct cgroup_stall stall = { .set = true };
	unsigned long long total;
	char form[64];
	const char *line = strstr(text, kind);
	(void)snprintf(form, sizeof(form), "%s avg10=%%lf avg60=%%lf avg300=%%lf total=%%llu", kind);
	if (!line || sscanf(line, form, &stall.avg10, &stall.avg60, &stall.avg300, &total) != 4)
		return;
	stall.total = total;
	*ret_stall = stall;
}

static void read_pressure(struct reader *r)
{
	for (size_t i = 0; i < CGROUP_PRESSURES; i++) {
		const char *text = read_text(r, cgroup_pressures[i].file);
		struct cgroup_pressure *pressure =
			(struct cgroup_pressure *)((char *)r->stats + cgroup_pressures[i].member);
		if (!text)
			continue;
		parse_stall(text, "some", &pressure->some);
		parse_stall(text, "full", &pressure->full);
	}
}

static const char *read_line(struct reader *r, const char *file)
{
	char *text = read_text(r, file);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

static void read_cpuset(struct reader *r)
{
	r->stats->cpu.cpus = read_line(r, "cpuset.cpus.effective");
	r->stats->cpu.mems = read_line(r, "cpuset.mems.effective");
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0" */
static void parse_io(struct reader *r, char *line)
{
	unsigned long long major, minor;
	char *save = NULL;
	if (sscanf(line, "%llu:%llu", &major, &minor) != 2)
		return;
	struct cgroup_io_device *device = list_add(r->arena, &r->stats->io.devices);
	*device = (struct cgroup_io_device){ .major = major, .minor = minor };
	(void)strtok_r(line, " ", &save);
	for (char *word; (word = strtok_r(NULL, " ", &save));)
		for (size_t i = 0; i < cgroup_io_number_count; i++) {
			size_t len = strlen(cgroup_io_numbers[i].key);
			if (str_starts(word, cgroup_io_numbers[i].key) && word[len] == '=')
				*(struct oci_uint *)((char *)device + cgroup_io_numbers[i].member) =
					parse_number(word + len + 1);
		}
}

static void read_io(struct reader *r)
{
	char *text = read_text(r, "io.stat"), *save = NULL;
	r->stats->io.counted = text != NULL;
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save))
		parse_io(r, line);
}

/* "mlx4_0 hca_handle=2 hca_object=2000" */
static void read_rdma(struct reader *r)
{
	char *text = read_text(r, "rdma.current"), *save = NULL;
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		const char *handles = strstr(line, "hca_handle="), *objects = strstr(line, "hca_object=");
		struct cgroup_rdma *device = list_add(r->arena, &r->stats->rdma);
		if (handles)
			device->handles = parse_number(handles + 11);
		if (objects)
			device->objects = parse_number(objects + 11);
		line[strcspn(line, " ")] = '\0';
		device->device = line;
	}
}

static struct oci_uint read_huge(struct reader *r, const char *size, const char *name, const char *key)
{
	char file[CGROUP_NAME_MAX + 16];
	(void)snprintf(file, sizeof(file), "hugetlb.%s.%s", size, name);
	const char *text = read_text(r, file);
	if (!text)
		return (struct oci_uint){ false, 0 };
	return key ? find_key(text, key) : parse_number(text);
}

static void fail_names(struct reader *r)
{
	r->failed = errno != ENOENT; /* as for a file */
	if (r->failed)
		(void)fail(r->err, errno, "list the files of the cgroup");
}

/* One entry a page size, as the names of the files tell: "hugetlb.2MB.current". */
static void read_hugetlb(struct reader *r)
{
	static const char prefix[] = "hugetlb.";
	FD(own) = openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own < 0 ? NULL : fdopendir(own);
	if (!dir) {
		fail_names(r);
		return;
	}
	(void)take_fd(&own); /* closedir closes it */
	for (struct dirent *entry; errno = 0, (entry = readdir(dir));) {
		const char *size = entry->d_name + strlen(prefix);
		const char *end = str_starts(entry->d_name, prefix) ? strchr(size, '.') : NULL;
		if (!end || !str_eq(end, ".current"))
			continue;
		size = arena_strndup(r->arena, size, (size_t)(end - size));
		struct cgroup_hugetlb *huge = list_add(r->arena, &r->stats->hugetlb);
		*huge = (struct cgroup_hugetlb){
			.page_size = size,
			.current = read_huge(r, size, "current", NULL),
			.limit = read_huge(r, size, "max", NULL),
			.failures = read_huge(r, size, "events", "max"),
		};
	}
	if (errno)
		fail_names(r);
	(void)closedir(dir); /* only read */
}

int cgroup_stats_read(struct arena *arena, int cgroup_fd, struct cgroup_stats *ret_stats, struct error *err)
{
	static void (*const readers[])(struct reader *) = {
		read_numbers,
		read_cpuset,
		read_pressure,
		read_raw,
		read_io,
		read_hugetlb,
		read_rdma,
	};
	struct cgroup_stats stats = { 0 };
	struct reader r = { .arena = arena, .dir = cgroup_fd, .stats = &stats, .err = err };
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]) && !r.failed; i++)
		readers[i](&r);
	if (r.failed)
		return -1;
	/* a cgroup that was removed while it is open has no files at all; the root has no cgroup.events */
	if (stats.populated.set ? faccessat(cgroup_fd, "cgroup.events", F_OK, 0) < 0 : !stats.cpu.usage.set)
		return fail(err, ENOENT, "read the statistics of the cgroup");
	*ret_stats = stats;
	return 0;
}

void cgroup_stats_io(const struct cgroup_stats *stats, uint64_t *ret_read, uint64_t *ret_written)
{
	uint64_t read = 0, written = 0;
	LIST_EACH (&stats->io.devices, device) {
		read += device->rbytes.value;
		written += device->wbytes.value;
	}
	*ret_read = read;
	*ret_written = written;
}
