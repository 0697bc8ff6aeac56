#include "cmd/stats-json.h"

#include <stdio.h>

static void write_number(struct json_writer *json, const char *key, uint64_t value)
{
	json_key(json, key);
	json_uint(json, value);
}

/* Left out where the kernel has no such number. */
static void write_uint(
	struct json_writer *json, const char *key, struct oci_uint number, uint64_t scale)
{
	if (number.set)
		write_number(json, key, number.value * scale);
}

static void open_object(struct json_writer *json, const char *key)
{
	json_key(json, key);
	json_object(json);
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
	open_object(json, key);
	for (size_t i = 0; i < 3; i++) {
		json_key(json, averages[i].key);
		json_decimal(json, averages[i].value);
	}
	write_number(json, "total", stall->total);
	json_end(json);
}

void stats_write_pressure(
	struct json_writer *json, const char *key, const struct cgroup_pressure *pressure)
{
	if (!pressure->some.set && !pressure->full.set)
		return;
	open_object(json, key);
	write_stall(json, "some", &pressure->some);
	write_stall(json, "full", &pressure->full);
	json_end(json);
}

static void write_cpu(struct json_writer *json, const struct cgroup_stats *s)
{
	enum { NSEC_PER_USEC = 1000 };
	open_object(json, "cpu");
	open_object(json, "usage");
	write_uint(json, "total", s->cpu.usage, NSEC_PER_USEC);
	write_number(json, "kernel", s->cpu.system.value * NSEC_PER_USEC);
	write_number(json, "user", s->cpu.user.value * NSEC_PER_USEC);
	json_end(json);
	open_object(json, "throttling");
	write_uint(json, "periods", s->cpu.periods, 1);
	write_uint(json, "throttledPeriods", s->cpu.throttled_periods, 1);
	write_uint(json, "throttledTime", s->cpu.throttled, NSEC_PER_USEC);
	json_end(json);
	stats_write_pressure(json, "psi", &s->cpu.pressure);
	json_end(json);
}

/* "0-2,5" as the array [0, 1, 2, 5]. */
static void write_list(struct json_writer *json, const char *key, const char *list)
{
	unsigned first, last;
	int len;
	if (!list || !*list)
		return;
	json_key(json, key);
	json_array(json);
	for (; sscanf(list, "%u%n", &first, &len) == 1; list += *list == ',') {
		list += len;
		last = first;
		if (*list == '-' && sscanf(list, "-%u%n", &last, &len) == 1)
			list += len;
		for (; first <= last && last <= UINT16_MAX; first++)
			json_uint(json, first);
	}
	json_end(json);
}

static void write_memory_entry(struct json_writer *json, const char *key, struct oci_uint limit,
	struct oci_uint usage, struct oci_uint peak, struct oci_uint failures)
{
	open_object(json, key);
	write_number(json, "limit", limit.value);
	write_uint(json, "usage", usage, 1);
	write_uint(json, "max", peak, 1);
	write_number(json, "failcnt", failures.value);
	json_end(json);
}

/* Memory and swap together, which is what "swap" meant in cgroup v1 and still means to readers. */
static struct oci_uint add(struct oci_uint a, struct oci_uint b)
{
	if (!a.set || !b.set)
		return (struct oci_uint){ false, 0 };
	bool unlimited = a.value == CGROUP_NO_LIMIT || b.value == CGROUP_NO_LIMIT;
	return (struct oci_uint){ true, unlimited ? CGROUP_NO_LIMIT : a.value + b.value };
}

static void write_memory(struct json_writer *json, const struct cgroup_stats *s)
{
	static const struct oci_uint unset;
	open_object(json, "memory");
	write_uint(json, "cache", s->memory.cache, 1);
	write_memory_entry(json, "usage", s->memory.limit, s->memory.current, s->memory.peak,
		s->memory.max_events);
	write_memory_entry(json, "swap", add(s->memory.limit, s->memory.swap_limit),
		add(s->memory.current, s->memory.swap), unset, s->memory.swap_failures);
	write_memory_entry(json, "kernel", unset, s->memory.kernel, unset, unset);
	write_memory_entry(json, "kernelTCP", unset, unset, unset, unset);
	if (s->memory.raw.len) {
		open_object(json, "raw");
		LIST_EACH (&s->memory.raw, entry)
			write_number(json, entry->key, entry->value);
		json_end(json);
	}
	if (s->memory.oom.set) {
		open_object(json, "oom");
		write_uint(json, "events", s->memory.oom, 1);
		write_uint(json, "kills", s->memory.oom_kill, 1);
		json_end(json);
	}
	stats_write_pressure(json, "psi", &s->memory.pressure);
	json_end(json);
}

static void write_operation(struct json_writer *json, const struct cgroup_io_device *device,
	const char *op, struct oci_uint value)
{
	if (!value.set)
		return;
	json_object(json);
	write_number(json, "major", device->major);
	write_number(json, "minor", device->minor);
	json_key(json, "op");
	json_string(json, op);
	write_number(json, "value", value.value);
	json_end(json);
}

static void write_blkio(struct json_writer *json, const struct cgroup_stats *s)
{
	open_object(json, "blkio");
	if (s->io.devices.len) {
		json_key(json, "ioServiceBytesRecursive");
		json_array(json);
		LIST_EACH (&s->io.devices, d) {
			write_operation(json, d, "Read", d->rbytes);
			write_operation(json, d, "Write", d->wbytes);
			write_operation(json, d, "Discard", d->dbytes);
		}
		json_end(json);
		json_key(json, "ioServicedRecursive");
		json_array(json);
		LIST_EACH (&s->io.devices, d) {
			write_operation(json, d, "Read", d->rios);
			write_operation(json, d, "Write", d->wios);
			write_operation(json, d, "Discard", d->dios);
		}
		json_end(json);
	}
	stats_write_pressure(json, "psi", &s->io.pressure);
	json_end(json);
}

static void write_hugetlb(struct json_writer *json, const struct cgroup_stats *s)
{
	open_object(json, "hugetlb");
	LIST_EACH (&s->hugetlb, huge) {
		open_object(json, huge->page_size);
		write_uint(json, "usage", huge->current, 1);
		write_uint(json, "limit", huge->limit, 1);
		write_number(json, "failcnt", huge->failures.value);
		json_end(json);
	}
	json_end(json);
	if (!s->rdma.len)
		return;
	open_object(json, "rdma");
	LIST_EACH (&s->rdma, device) {
		open_object(json, device->device);
		write_uint(json, "hcaHandles", device->handles, 1);
		write_uint(json, "hcaObjects", device->objects, 1);
		json_end(json);
	}
	json_end(json);
}

/* The keys are runc's, which writes these as Go has them. */
static void write_interfaces(struct json_writer *json, const struct traffic *traffic)
{
	json_key(json, "network_interfaces");
	json_array(json);
	LIST_EACH (&traffic->interfaces, i) {
		json_object(json);
		json_key(json, "Name");
		json_string(json, i->name);
		write_number(json, "RxBytes", i->rx_bytes);
		write_number(json, "RxPackets", i->rx_packets);
		write_number(json, "RxErrors", i->rx_errors);
		write_number(json, "RxDropped", i->rx_dropped);
		write_number(json, "TxBytes", i->tx_bytes);
		write_number(json, "TxPackets", i->tx_packets);
		write_number(json, "TxErrors", i->tx_errors);
		write_number(json, "TxDropped", i->tx_dropped);
		json_end(json);
	}
	json_end(json);
}

void stats_write(struct json_writer *json, const struct cgroup_stats *s, const struct traffic *traffic)
{
	json_object(json);
	write_cpu(json, s);
	open_object(json, "cpuset");
	write_list(json, "cpus", s->cpu.cpus);
	write_list(json, "mems", s->cpu.mems);
	json_end(json);
	write_memory(json, s);
	open_object(json, "pids");
	write_uint(json, "current", s->pids.current, 1);
	/* runc: 0 is no limit */
	if (s->pids.limit.set && s->pids.limit.value != CGROUP_NO_LIMIT)
		write_number(json, "limit", s->pids.limit.value);
	json_end(json);
	write_blkio(json, s);
	write_hugetlb(json, s);
	open_object(json, "intel_rdt");
	json_end(json);
	write_interfaces(json, traffic);
	json_end(json);
}
