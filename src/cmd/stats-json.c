#include "cmd/stats-json.h"

#include <string.h>

#include "base/str.h"

static void write_uint(struct json_writer *json, const char *key, uint64_t value)
{
	json_uint(json_key(json, key), value);
}

/* Left out where the kernel has no such number. */
static void write_number(struct json_writer *json, const char *key, struct oci_uint number)
{
	if (number.set)
		write_uint(json, key, number.value);
}

/* Writes the numbers of the object at `path`, without those of objects in it. */
static void write_members(struct json_writer *json, const struct cgroup_stats *s, const char *path)
{
	enum { NSEC_PER_USEC = 1000 };
	size_t len = strlen(path);
	for (size_t i = 0; i < cgroup_number_count; i++) {
		const struct cgroup_number *row = &cgroup_numbers[i];
		struct oci_uint number = cgroup_number_of(s, row);
		const char *dot = row->json ? strrchr(row->json, '.') : NULL;
		if (!dot || (size_t)(dot - row->json) != len || strncmp(row->json, path, len) != 0)
			continue;
		if (number.set || row->flags & STAT_ALWAYS)
			write_uint(json, dot + 1, number.value * (row->flags & STAT_USEC ? NSEC_PER_USEC : 1));
	}
}

static void write_object(struct json_writer *json, const struct cgroup_stats *s, const char *path)
{
	const char *dot = strrchr(path, '.');
	json_object(json_key(json, dot ? dot + 1 : path));
	write_members(json, s, path);
	json_end(json);
}

static void write_stall(struct json_writer *json, const char *key, const struct cgroup_stall *stall)
{
	const struct {
		const char *key;
		double value;
	} averages[] = {
		{ "avg10", stall->avg10 },
		{ "avg60", stall->avg60 },
		{ "avg300", stall->avg300 },
	};
	if (!stall->set)
		return;
	json_object(json_key(json, key));
	for (size_t i = 0; i < 3; i++)
		json_decimal(json_key(json, averages[i].key), averages[i].value);
	write_uint(json, "total", stall->total);
	json_end(json);
}

void stats_write_pressure(struct json_writer *json, const char *key, const struct cgroup_pressure *pressure)
{
	if (!pressure->some.set && !pressure->full.set)
		return;
	json_object(json_key(json, key));
	write_stall(json, "some", &pressure->some);
	write_stall(json, "full", &pressure->full);
	json_end(json);
}

static void write_cpu(struct json_writer *json, const struct cgroup_stats *s)
{
	json_object(json_key(json, "cpu"));
	write_object(json, s, "cpu.usage");
	write_object(json, s, "cpu.throttling");
	stats_write_pressure(json, "psi", &s->cpu.pressure);
	json_end(json);
}

/* "0-2,5" as the array [0, 1, 2, 5]. */
static void write_list(struct json_writer *json, const char *key, const char *list)
{
	uint64_t first, last;
	if (!list || !*list)
		return;
	json_array(json_key(json, key));
	while (str_next_range(&list, UINT16_MAX, &first, &last) > 0)
		for (; first <= last; first++)
			json_uint(json, first);
	json_end(json);
}

static void write_memory(struct json_writer *json, const struct cgroup_stats *s)
{
	static const char *const kinds[] = { "memory.usage", "memory.swap", "memory.kernel", "memory.kernelTCP" };
	json_object(json_key(json, "memory"));
	write_members(json, s, "memory");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		write_object(json, s, kinds[i]);
	if (s->memory.raw.len) {
		json_object(json_key(json, "raw"));
		LIST_EACH (&s->memory.raw, entry)
			write_uint(json, entry->key, entry->value);
		json_end(json);
	}
	if (s->memory.oom.set)
		write_object(json, s, "memory.oom");
	stats_write_pressure(json, "psi", &s->memory.pressure);
	json_end(json);
}

static void write_operations(struct json_writer *json, const struct cgroup_stats *s, const char *array)
{
	json_array(json_key(json, array));
	LIST_EACH (&s->io.devices, device)
		for (size_t i = 0; i < cgroup_io_number_count; i++) {
			const struct cgroup_io_number *row = &cgroup_io_numbers[i];
			struct oci_uint number = cgroup_io_number_of(device, row);
			if (!number.set || !str_eq(row->json, array))
				continue;
			json_object(json);
			write_uint(json, "major", device->major);
			write_uint(json, "minor", device->minor);
			json_string(json_key(json, "op"), row->op);
			write_uint(json, "value", number.value);
			json_end(json);
		}
	json_end(json);
}

static void write_blkio(struct json_writer *json, const struct cgroup_stats *s)
{
	json_object(json_key(json, "blkio"));
	if (s->io.devices.len) {
		write_operations(json, s, "ioServiceBytesRecursive");
		write_operations(json, s, "ioServicedRecursive");
	}
	stats_write_pressure(json, "psi", &s->io.pressure);
	json_end(json);
}

static void write_hugetlb(struct json_writer *json, const struct cgroup_stats *s)
{
	json_object(json_key(json, "hugetlb"));
	LIST_EACH (&s->hugetlb, huge) {
		json_object(json_key(json, huge->page_size));
		write_number(json, "usage", huge->current);
		write_number(json, "limit", huge->limit);
		write_uint(json, "failcnt", huge->failures.value);
		json_end(json);
	}
	json_end(json);
	if (!s->rdma.len)
		return;
	json_object(json_key(json, "rdma"));
	LIST_EACH (&s->rdma, device) {
		json_object(json_key(json, device->device));
		write_number(json, "hcaHandles", device->handles);
		write_number(json, "hcaObjects", device->objects);
		json_end(json);
	}
	json_end(json);
}

/* The keys are those of runc, which writes Go's names of these members. */
static void write_interfaces(struct json_writer *json, const struct traffic *traffic)
{
	json_array(json_key(json, "network_interfaces"));
	LIST_EACH (&traffic->interfaces, i) {
		json_object(json);
		json_string(json_key(json, "Name"), i->name);
		for (size_t n = 0; n < TRAFFIC_NUMBERS; n++)
			write_uint(json, traffic_numbers[n].json, i->numbers[n]);
		json_end(json);
	}
	json_end(json);
}

void stats_write(struct json_writer *json, const struct cgroup_stats *s, const struct traffic *traffic)
{
	json_object(json);
	write_cpu(json, s);
	json_object(json_key(json, "cpuset"));
	write_list(json, "cpus", s->cpu.cpus);
	write_list(json, "mems", s->cpu.mems);
	json_end(json);
	write_memory(json, s);
	json_object(json_key(json, "pids"));
	write_members(json, s, "pids");
	/* runc: 0 is no limit */
	if (s->pids.limit.set && s->pids.limit.value != CGROUP_NO_LIMIT)
		write_uint(json, "limit", s->pids.limit.value);
	json_end(json);
	write_blkio(json, s);
	write_hugetlb(json, s);
	json_object(json_key(json, "intel_rdt"));
	json_end(json);
	write_interfaces(json, traffic);
	json_end(json);
}
