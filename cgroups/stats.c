#include "cgroups/stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/path.h"

#define AT(member) offsetof(struct cgroup_stats, member)

/* Rows of one file stand together: it is read once. A row without a key is a file of one number. */
static const struct row {
	const char *file, *key;
	size_t member; /* a struct oci_uint */
} rows[] = {
	{ "cgroup.events", "populated", AT(populated) },
	{ "cgroup.events", "frozen", AT(frozen) },
	{ "cpu.stat", "usage_usec", AT(cpu.usage) },
	{ "cpu.stat", "user_usec", AT(cpu.user) },
	{ "cpu.stat", "system_usec", AT(cpu.system) },
	{ "cpu.stat", "nr_periods", AT(cpu.periods) },
	{ "cpu.stat", "nr_throttled", AT(cpu.throttled_periods) },
	{ "cpu.stat", "throttled_usec", AT(cpu.throttled) },
	{ "cpu.weight", NULL, AT(cpu.weight) },
	{ "memory.current", NULL, AT(memory.current) },
	{ "memory.peak", NULL, AT(memory.peak) },
	{ "memory.max", NULL, AT(memory.limit) },
	{ "memory.low", NULL, AT(memory.low) },
	{ "memory.high", NULL, AT(memory.high) },
	{ "memory.swap.current", NULL, AT(memory.swap) },
	{ "memory.swap.peak", NULL, AT(memory.swap_peak) },
	{ "memory.swap.max", NULL, AT(memory.swap_limit) },
	{ "memory.swap.events", "max", AT(memory.swap_failures) },
	{ "memory.stat", "file", AT(memory.cache) },
	{ "memory.stat", "kernel", AT(memory.kernel) },
	{ "memory.stat", "inactive_file", AT(memory.inactive_file) },
	{ "memory.events", "max", AT(memory.max_events) },
	{ "memory.events", "oom", AT(memory.oom) },
	{ "memory.events", "oom_kill", AT(memory.oom_kill) },
	{ "memory.events", "oom_group_kill", AT(memory.oom_group_kill) },
	{ "pids.current", NULL, AT(pids.current) },
	{ "pids.peak", NULL, AT(pids.peak) },
	{ "pids.max", NULL, AT(pids.limit) },
	{ "pids.events", "max", AT(pids.max_events) },
};

static const struct {
	const char *file;
	size_t member; /* a struct cgroup_pressure */
} pressure_rows[] = {
	{ "cpu.pressure", AT(cpu.pressure) },
	{ "memory.pressure", AT(memory.pressure) },
	{ "io.pressure", AT(io.pressure) },
};

static const struct {
	const char *file;
	size_t member; /* a string */
} text_rows[] = {
	{ "cpu.max", AT(cpu.max) },
	{ "cpuset.cpus.effective", AT(cpu.cpus) },
	{ "cpuset.mems.effective", AT(cpu.mems) },
};

static const struct {
	const char *key;
	size_t member; /* a struct oci_uint of struct cgroup_io_device */
} io_rows[] = {
	{ "rbytes", offsetof(struct cgroup_io_device, rbytes) },
	{ "wbytes", offsetof(struct cgroup_io_device, wbytes) },
	{ "dbytes", offsetof(struct cgroup_io_device, dbytes) },
	{ "rios", offsetof(struct cgroup_io_device, rios) },
	{ "wios", offsetof(struct cgroup_io_device, wios) },
	{ "dios", offsetof(struct cgroup_io_device, dios) },
};

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
	char *end;
	if (str_starts(text, "max"))
		return (struct oci_uint){ true, CGROUP_NO_LIMIT };
	uint64_t value = strtoull(text, &end, 10);
	return (struct oci_uint){ end != text, value };
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

static void read_rows(struct reader *r)
{
	const char *text = NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		if (i == 0 || !str_eq(row->file, rows[i - 1].file))
			text = read_text(r, row->file);
		struct oci_uint *member = (struct oci_uint *)((char *)r->stats + row->member);
		if (text)
			*member = row->key ? find_key(text, row->key) : parse_number(text);
	}
}

/* All lines of memory.stat. */
static void read_raw(struct reader *r)
{
	char *text = read_text(r, "memory.stat"), *save = NULL;
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
		line = strtok_r(NULL, "\n", &save)) {
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
	(void)snprintf(
		form, sizeof(form), "%s avg10=%%lf avg60=%%lf avg300=%%lf total=%%llu", kind);
	if (!line || sscanf(line, form, &stall.avg10, &stall.avg60, &stall.avg300, &total) != 4)
		return;
	stall.total = total;
	*ret_stall = stall;
}

static void read_pressure(struct reader *r)
{
	for (size_t i = 0; i < sizeof(pressure_rows) / sizeof(pressure_rows[0]); i++) {
		const char *text = read_text(r, pressure_rows[i].file);
		struct cgroup_pressure *pressure =
			(struct cgroup_pressure *)((char *)r->stats + pressure_rows[i].member);
		if (!text)
			continue;
		parse_stall(text, "some", &pressure->some);
		parse_stall(text, "full", &pressure->full);
	}
}

static void read_texts(struct reader *r)
{
	for (size_t i = 0; i < sizeof(text_rows) / sizeof(text_rows[0]); i++) {
		char *text = read_text(r, text_rows[i].file);
		if (!text)
			continue;
		text[strcspn(text, "\n")] = '\0';
		memcpy((char *)r->stats + text_rows[i].member, &text, sizeof(text));
	}
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
		for (size_t i = 0; i < sizeof(io_rows) / sizeof(io_rows[0]); i++) {
			size_t len = strlen(io_rows[i].key);
			if (str_starts(word, io_rows[i].key) && word[len] == '=')
				*(struct oci_uint *)((char *)device + io_rows[i].member) =
					parse_number(word + len + 1);
		}
}

static void read_io(struct reader *r)
{
	char *text = read_text(r, "io.stat"), *save = NULL;
	r->stats->io.counted = text != NULL;
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
		line = strtok_r(NULL, "\n", &save))
		parse_io(r, line);
}

/* "mlx4_0 hca_handle=2 hca_object=2000" */
static void read_rdma(struct reader *r)
{
	char *text = read_text(r, "rdma.current"), *save = NULL;
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
		line = strtok_r(NULL, "\n", &save)) {
		const char *handles = strstr(line, "hca_handle="),
			   *objects = strstr(line, "hca_object=");
		struct cgroup_rdma *device = list_add(r->arena, &r->stats->rdma);
		if (handles)
			device->handles = parse_number(handles + 11);
		if (objects)
			device->objects = parse_number(objects + 11);
		line[strcspn(line, " ")] = '\0';
		device->device = line;
	}
}

static struct oci_uint read_huge(
	struct reader *r, const char *size, const char *name, const char *key)
{
	char file[CGROUP_NAME_MAX + 16];
	(void)snprintf(file, sizeof(file), "hugetlb.%s.%s", size, name);
	const char *text = read_text(r, file);
	if (!text)
		return (struct oci_uint){ false, 0 };
	return key ? find_key(text, key) : parse_number(text);
}

/* One entry a page size, as the names of the files tell: "hugetlb.2MB.current". */
static void read_hugetlb(struct reader *r)
{
	static const char prefix[] = "hugetlb.";
	FD(own) = openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own < 0 ? NULL : fdopendir(own);
	if (!dir)
		return;
	own = -1; /* closedir closes it */
	for (struct dirent *entry; (entry = readdir(dir));) {
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
			.reserved = read_huge(r, size, "rsvd.current", NULL),
			.reserved_limit = read_huge(r, size, "rsvd.max", NULL),
		};
	}
	(void)closedir(dir); /* only read */
}

int cgroup_stats_read(
	struct arena *arena, int cgroup_fd, struct cgroup_stats *ret_stats, struct error *err)
{
	static void (*const readers[])(struct reader *) = {
		read_rows,
		read_texts,
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
