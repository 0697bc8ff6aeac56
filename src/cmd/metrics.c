#include "cmd/metrics.h"

#include <stddef.h>

enum type { GAUGE, COUNTER };
enum scale { AS_IT_IS, USEC_TO_SECONDS };

/* The families in one place: those of one number, those of pressure, those of each disk. */
#define AT(member) offsetof(struct cgroup_stats, member)

static const struct family {
	const char *name, *unit;
	enum type type;
	enum scale scale;
	size_t member; /* a struct oci_uint */
	const char *help;
} families[] = {
	{ "hull_cpu_seconds", "seconds", COUNTER, USEC_TO_SECONDS, AT(cpu.usage), "CPU time" },
	{ "hull_cpu_user_seconds", "seconds", COUNTER, USEC_TO_SECONDS, AT(cpu.user),
		"CPU time in user mode" },
	{ "hull_cpu_system_seconds", "seconds", COUNTER, USEC_TO_SECONDS, AT(cpu.system),
		"CPU time in the kernel" },
	{ "hull_cpu_periods", NULL, COUNTER, AS_IT_IS, AT(cpu.periods),
		"Periods of the CPU quota" },
	{ "hull_cpu_throttled_periods", NULL, COUNTER, AS_IT_IS, AT(cpu.throttled_periods),
		"Periods in which the quota was used up" },
	{ "hull_cpu_throttled_seconds", "seconds", COUNTER, USEC_TO_SECONDS, AT(cpu.throttled),
		"Time throttled by the quota" },
	{ "hull_memory_bytes", "bytes", GAUGE, AS_IT_IS, AT(memory.current), "Memory in use" },
	{ "hull_memory_peak_bytes", "bytes", GAUGE, AS_IT_IS, AT(memory.peak),
		"Most memory that was in use" },
	{ "hull_memory_limit_bytes", "bytes", GAUGE, AS_IT_IS, AT(memory.limit),
		"Limit of memory" },
	{ "hull_memory_cache_bytes", "bytes", GAUGE, AS_IT_IS, AT(memory.cache), "Page cache" },
	{ "hull_memory_swap_bytes", "bytes", GAUGE, AS_IT_IS, AT(memory.swap), "Swap in use" },
	{ "hull_memory_ooms", NULL, COUNTER, AS_IT_IS, AT(memory.oom),
		"Times that the memory limit could not be kept by reclaim" },
	{ "hull_memory_oom_kills", NULL, COUNTER, AS_IT_IS, AT(memory.oom_kill),
		"Processes killed for want of memory" },
	{ "hull_pids", NULL, GAUGE, AS_IT_IS, AT(pids.current), "Tasks" },
	{ "hull_pids_limit", NULL, GAUGE, AS_IT_IS, AT(pids.limit),
		"Limit of the number of tasks" },
	{ "hull_pids_refusals", NULL, COUNTER, AS_IT_IS, AT(pids.max_events),
		"Forks refused by the limit" },
};

static const struct {
	const char *name;
	size_t member; /* a struct cgroup_pressure */
} pressures[] = {
	{ "cpu", AT(cpu.pressure) },
	{ "memory", AT(memory.pressure) },
	{ "io", AT(io.pressure) },
};

static const struct {
	const char *name, *unit, *help;
	size_t member; /* a struct oci_uint of struct cgroup_io_device */
} disk_families[] = {
	{ "hull_io_read_bytes", "bytes", "Bytes read", offsetof(struct cgroup_io_device, rbytes) },
	{ "hull_io_written_bytes", "bytes", "Bytes written",
		offsetof(struct cgroup_io_device, wbytes) },
	{ "hull_io_reads", NULL, "Read operations", offsetof(struct cgroup_io_device, rios) },
	{ "hull_io_writes", NULL, "Write operations", offsetof(struct cgroup_io_device, wios) },
};

static const struct {
	const char *name, *unit, *help;
	size_t member; /* a uint64_t of struct traffic_interface */
} network_families[] = {
	{ "hull_network_received_bytes", "bytes", "Bytes received", offsetof(struct traffic_interface, rx_bytes) },
	{ "hull_network_received_packets", NULL, "Packets received",
		offsetof(struct traffic_interface, rx_packets) },
	{ "hull_network_receive_errors", NULL, "Packets received with errors",
		offsetof(struct traffic_interface, rx_errors) },
	{ "hull_network_receive_drops", NULL, "Packets received and dropped",
		offsetof(struct traffic_interface, rx_dropped) },
	{ "hull_network_sent_bytes", "bytes", "Bytes sent", offsetof(struct traffic_interface, tx_bytes) },
	{ "hull_network_sent_packets", NULL, "Packets sent", offsetof(struct traffic_interface, tx_packets) },
	{ "hull_network_send_errors", NULL, "Packets not sent because of errors",
		offsetof(struct traffic_interface, tx_errors) },
	{ "hull_network_send_drops", NULL, "Packets dropped on sending",
		offsetof(struct traffic_interface, tx_dropped) },
};

/* An id has no character that would have to be escaped in a label. The name of an interface may have: the container chooses it. */
static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++)
		(void)fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void print_head(
	FILE *out, const char *name, const char *unit, enum type type, const char *help)
{
	(void)fprintf(out, "# TYPE %s %s\n", name, type == COUNTER ? "counter" : "gauge");
	if (unit)
		(void)fprintf(out, "# UNIT %s %s\n", name, unit);
	(void)fprintf(out, "# HELP %s %s.\n", name, help);
}

static void print_family(FILE *out, const struct family *family, const sample_list *samples)
{
	bool headed = false;
	LIST_EACH (samples, s) {
		const struct oci_uint *n =
			(const struct oci_uint *)((const char *)&s->stats + family->member);
		if (!n->set)
			continue;
		if (!headed)
			print_head(out, family->name, family->unit, family->type, family->help);
		headed = true;
		(void)fprintf(out, "%s%s{id=\"%s\"} ", family->name,
			family->type == COUNTER ? "_total" : "", s->id);
		if (n->value == CGROUP_NO_LIMIT)
			(void)fprintf(out, "+Inf\n");
		else if (family->scale == USEC_TO_SECONDS)
			(void)fprintf(out, "%llu.%06llu\n", (unsigned long long)n->value / 1000000,
				(unsigned long long)n->value % 1000000);
		else
			(void)fprintf(out, "%llu\n", (unsigned long long)n->value);
	}
}

static void print_stall(FILE *out, const char *id, const char *resource, const char *kind,
	const struct cgroup_stall *stall)
{
	if (stall->set)
		(void)fprintf(out,
			"hull_pressure_seconds_total{id=\"%s\",resource=\"%s\",kind=\"%s\"} "
			"%llu.%06llu\n",
			id, resource, kind, (unsigned long long)stall->total / 1000000,
			(unsigned long long)stall->total % 1000000);
}

static void print_pressures(FILE *out, const sample_list *samples)
{
	if (samples->len)
		print_head(out, "hull_pressure_seconds", "seconds", COUNTER,
			"Time in which some or all tasks waited for a resource");
	LIST_EACH (samples, s)
		for (size_t i = 0; i < sizeof(pressures) / sizeof(pressures[0]); i++) {
			const struct cgroup_pressure *p =
				(const struct cgroup_pressure *)((const char *)&s->stats +
								 pressures[i].member);
			print_stall(out, s->id, pressures[i].name, "some", &p->some);
			print_stall(out, s->id, pressures[i].name, "full", &p->full);
		}
}

static void print_disks(FILE *out, size_t row, const sample_list *samples)
{
	bool headed = false;
	LIST_EACH (samples, s)
		LIST_EACH (&s->stats.io.devices, d) {
			const struct oci_uint *n =
				(const struct oci_uint *)((const char *)d +
							  disk_families[row].member);
			if (!n->set)
				continue;
			if (!headed)
				print_head(out, disk_families[row].name, disk_families[row].unit,
					COUNTER, disk_families[row].help);
			headed = true;
			(void)fprintf(out, "%s_total{id=\"%s\",device=\"%llu:%llu\"} %llu\n",
				disk_families[row].name, s->id, (unsigned long long)d->major,
				(unsigned long long)d->minor, (unsigned long long)n->value);
		}
}

static void print_interfaces(FILE *out, size_t row, const sample_list *samples)
{
	bool headed = false;
	LIST_EACH (samples, s)
		LIST_EACH (&s->traffic.interfaces, i) {
			const uint64_t *n =
				(const uint64_t *)((const char *)i + network_families[row].member);
			if (!headed)
				print_head(out, network_families[row].name, network_families[row].unit,
					COUNTER, network_families[row].help);
			headed = true;
			(void)fprintf(out, "%s_total{id=\"%s\",interface=\"", network_families[row].name, s->id);
			print_escaped(out, i->name);
			(void)fprintf(out, "\"} %llu\n", (unsigned long long)*n);
		}
}

void metrics_print(const sample_list *samples, FILE *out)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		print_family(out, &families[i], samples);
	print_pressures(out, samples);
	for (size_t i = 0; i < sizeof(disk_families) / sizeof(disk_families[0]); i++)
		print_disks(out, i, samples);
	for (size_t i = 0; i < sizeof(network_families) / sizeof(network_families[0]); i++)
		print_interfaces(out, i, samples);
	(void)fprintf(out, "# EOF\n");
}
