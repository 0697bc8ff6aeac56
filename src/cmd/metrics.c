#include "cmd/metrics.h"

#include <string.h>

#include "base/str.h"

/* The lines of one metric. Its unit is the last word of its name. */
struct family {
	FILE *out;
	const char *name, *help;
	bool counter;
	bool headed; /* the head is printed with the first line */
};

static const char *last_word(const struct family *f)
{
	const char *end = strrchr(f->name, '_');
	return end ? end + 1 : f->name;
}

static void print_head(struct family *f)
{
	const char *unit = last_word(f);
	if (f->headed)
		return;
	f->headed = true;
	(void)fprintf(f->out, "# TYPE %s %s\n", f->name, f->counter ? "counter" : "gauge");
	if (str_eq(unit, "seconds") || str_eq(unit, "bytes"))
		(void)fprintf(f->out, "# UNIT %s %s\n", f->name, unit);
	(void)fprintf(f->out, "# HELP %s %s.\n", f->name, f->help);
}

static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++)
		(void)fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
}

/* An id has no character that must be escaped in a label. The name of an interface, which the container chooses, may
 * have some. */
static void print_line(struct family *f, const char *id, const char *label, const char *text, uint64_t value)
{
	unsigned long long n = value;
	print_head(f);
	(void)fprintf(f->out, "%s%s{id=\"%s\"", f->name, f->counter ? "_total" : "", id);
	if (label) {
		(void)fprintf(f->out, ",%s=\"", label);
		print_escaped(f->out, text);
		(void)fputc('"', f->out);
	}
	if (!label && value == CGROUP_NO_LIMIT)
		(void)fputs("} +Inf\n", f->out);
	else if (str_eq(last_word(f), "seconds"))
		(void)fprintf(f->out, "} %llu.%06llu\n", n / 1000000, n % 1000000);
	else
		(void)fprintf(f->out, "} %llu\n", n);
}

static void print_number(FILE *out, const struct cgroup_number *row, const sample_list *samples)
{
	struct family family = { out, row->metric, row->help, row->flags & STAT_COUNTER, false };
	LIST_EACH (samples, s) {
		struct oci_uint number = cgroup_number_of(&s->stats, row);
		if (number.set)
			print_line(&family, s->id, NULL, NULL, number.value);
	}
}

static void print_stall(
	struct family *f, const char *id, const char *resource, const char *kind, const struct cgroup_stall *stall)
{
	if (stall->set)
		(void)fprintf(f->out, "%s_total{id=\"%s\",resource=\"%s\",kind=\"%s\"} %llu.%06llu\n", f->name, id,
			resource, kind, (unsigned long long)stall->total / 1000000,
			(unsigned long long)stall->total % 1000000);
}

static void print_pressures(FILE *out, const sample_list *samples)
{
	struct family family = { out, "hull_pressure_seconds", "Time in which some or all tasks waited for a resource",
		true, false };
	LIST_EACH (samples, s)
		for (size_t i = 0; i < CGROUP_PRESSURES; i++) {
			const struct cgroup_pressure *p = cgroup_pressure_of(&s->stats, &cgroup_pressures[i]);
			print_head(&family);
			print_stall(&family, s->id, cgroup_pressures[i].name, "some", &p->some);
			print_stall(&family, s->id, cgroup_pressures[i].name, "full", &p->full);
		}
}

static void print_devices(FILE *out, const struct cgroup_io_number *row, const sample_list *samples)
{
	struct family family = { out, row->metric, row->help, true, false };
	LIST_EACH (samples, s)
		LIST_EACH (&s->stats.io.devices, device) {
			char text[48];
			struct oci_uint number = cgroup_io_number_of(device, row);
			(void)snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)device->major,
				(unsigned long long)device->minor);
			if (number.set)
				print_line(&family, s->id, "device", text, number.value);
		}
}

static void print_interfaces(FILE *out, size_t which, const sample_list *samples)
{
	const struct traffic_number *row = &traffic_numbers[which];
	struct family family = { out, row->metric, row->help, true, false };
	LIST_EACH (samples, s)
		LIST_EACH (&s->traffic.interfaces, i)
			print_line(&family, s->id, "interface", i->name, i->numbers[which]);
}

void metrics_print(const sample_list *samples, FILE *out)
{
	for (size_t i = 0; i < cgroup_number_count; i++)
		if (cgroup_numbers[i].metric)
			print_number(out, &cgroup_numbers[i], samples);
	print_pressures(out, samples);
	for (size_t i = 0; i < cgroup_io_number_count; i++)
		if (cgroup_io_numbers[i].metric)
			print_devices(out, &cgroup_io_numbers[i], samples);
	for (size_t i = 0; i < TRAFFIC_NUMBERS; i++)
		print_interfaces(out, i, samples);
	(void)fprintf(out, "# EOF\n");
}
