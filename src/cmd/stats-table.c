#include "cmd/stats-table.h"

#include <stddef.h>
#include <string.h>

#include "base/str.h"
#include "cmd/human.h"

/* A shortened id keeps both ends: ids of engines differ in the first characters, names given by people often in the
 * last. */
enum { ID_MIN = 12, ID_TAIL = 5, ID_SHORTEST = 18, CELL_SIZE = 24, NOTES_MAX = 16 };

static const char no_cgroup[] = "no cgroup of its own";
static const char no_memory[] = "no memory controller in its cgroup";
static const char no_pids[] = "no pids controller in its cgroup";
static const char no_io[] = "no io controller in its cgroup";
static const char no_earlier[] = "no earlier sample to compare with";
static const char no_pressure[] = "this kernel tells no pressure (psi=1)";
static const char no_network[] = "no network namespace of its own";
static const char no_process[] = "its first process has ended, or cannot be inspected";

/* The numbers that columns show. */
struct figures {
	struct oci_uint memory, limit, pids, max, received, sent, read, written;
};

/* print() writes to buf, which holds CELL_SIZE bytes and at first "-". It returns why the text, or a part of it,
 * remains "-"; or NULL. */
struct column {
	const char *heading;
	bool left; /* cells are aligned left */
	const char *(*print)(const struct column *, const struct sample *, const struct figures *, char *buf);
	const char *reason; /* why the container may have no such figure */
	size_t member;      /* offset of the number in struct figures */
};

static const char *print_status(const struct column *column, const struct sample *s, const struct figures *f, char *buf)
{
	(void)column, (void)f;
	(void)snprintf(buf, CELL_SIZE, "%s", s->status);
	return NULL;
}

/* Per cent of one CPU: two busy CPUs are 200 %. */
static const char *print_cpu(const struct column *column, const struct sample *s, const struct figures *f, char *buf)
{
	(void)f;
	if (!s->has_share)
		return column->reason;
	(void)snprintf(buf, CELL_SIZE, s->cpu_share < 1000 ? "%.1f" : "%.0f", s->cpu_share);
	return NULL;
}

static struct oci_uint figure_of(const struct column *column, const struct figures *f)
{
	return *(const struct oci_uint *)((const char *)f + column->member);
}

static const char *print_size(const struct column *column, const struct sample *s, const struct figures *f, char *buf)
{
	struct oci_uint size = figure_of(column, f);
	(void)s;
	return size.set ? human_size(size.value, buf), NULL : column->reason;
}

static const char *print_count(const struct column *column, const struct sample *s, const struct figures *f, char *buf)
{
	struct oci_uint count = figure_of(column, f);
	(void)s;
	return count.set ? human_count(count.value, buf), NULL : column->reason;
}

static const char *print_memory_share(
	const struct column *column, const struct sample *s, const struct figures *f, char *buf)
{
	if (!f->memory.set)
		return column->reason;
	(void)snprintf(buf, CELL_SIZE, "%.1f", sample_memory_share(s));
	return NULL;
}

static const char *print_traffic(
	const struct column *column, const struct sample *s, const struct figures *f, char *buf)
{
	return s->traffic.kind == TRAFFIC_SHARED ? no_network : print_size(column, s, f, buf);
}

static const char *print_pressure(
	const struct column *column, const struct sample *s, const struct figures *f, char *buf)
{
	const struct cgroup_stall *stalls[] = { &s->stats.cpu.pressure.some, &s->stats.memory.pressure.some,
		&s->stats.io.pressure.some };
	size_t len = 0;
	(void)f;
	if (!stalls[0]->set && !stalls[1]->set && !stalls[2]->set)
		return column->reason;
	bool all = stalls[0]->set && stalls[1]->set && stalls[2]->set;
	for (size_t i = 0; i < 3 && len < CELL_SIZE; i++)
		len += (size_t)snprintf(
			buf + len, CELL_SIZE - len, stalls[i]->set ? "%s%.0f" : "%s-", i ? "/" : "", stalls[i]->avg10);
	return all ? NULL : column->reason;
}

#define AT(member) offsetof(struct figures, member)

static const struct column columns[] = {
	{ "STATUS", true, print_status },
	{ "CPU %", false, print_cpu, no_earlier },
	{ "MEMORY", false, print_size, no_memory, AT(memory) },
	{ "LIMIT", false, print_size, no_memory, AT(limit) },
	{ "MEM %", false, print_memory_share, no_memory },
	{ "PIDS", false, print_count, no_pids, AT(pids) },
	{ "MAX", false, print_count, no_pids, AT(max) },
	{ "NET RX", false, print_traffic, no_process, AT(received) },
	{ "TX", false, print_traffic, no_process, AT(sent) },
	{ "READ", false, print_size, no_io, AT(read) },
	{ "WROTE", false, print_size, no_io, AT(written) },
	{ "STALL C/M/I", true, print_pressure, no_pressure },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct cells {
	char text[COLUMNS][CELL_SIZE];
};

struct table {
	LIST(struct cells) rows;
	int widths[COLUMNS], id_width;
	/* why cells are "-", and in which columns */
	struct {
		const char *reason;
		unsigned columns;
	} notes[NOTES_MAX];
	size_t note_count;
};

static void take_note(struct table *t, const char *reason, size_t column)
{
	size_t i = 0;
	while (i < t->note_count && t->notes[i].reason != reason)
		i++;
	if (i == NOTES_MAX)
		return;
	t->note_count = i == t->note_count ? i + 1 : t->note_count;
	t->notes[i].reason = reason;
	t->notes[i].columns |= 1U << column;
}

static void print_notes(const struct table *t, FILE *out)
{
	for (size_t i = 0; i < t->note_count; i++) {
		const char *before = "- in ";
		for (size_t c = 0; c < COLUMNS; c++)
			if (t->notes[i].columns >> c & 1) {
				(void)fprintf(out, "%s%s", before, columns[c].heading);
				before = ", ";
			}
		(void)fprintf(out, ": %s\n", t->notes[i].reason);
	}
}

static struct figures figures_of(const struct sample *s)
{
	bool own = s->traffic.kind == TRAFFIC_OWN, counted = s->stats.io.counted;
	struct figures f = {
		.memory = s->stats.memory.current,
		.limit = s->stats.memory.limit,
		.pids = s->stats.pids.current,
		.max = s->stats.pids.limit,
		.received = { own, 0 },
		.sent = { own, 0 },
		.read = { counted, 0 },
		.written = { counted, 0 },
	};
	traffic_sum(&s->traffic, &f.received.value, &f.sent.value);
	cgroup_stats_io(&s->stats, &f.read.value, &f.written.value);
	return f;
}

static void fill_row(struct table *t, const struct sample *s, struct cells *cells)
{
	struct figures figures = figures_of(s);
	for (size_t i = 0; i < COLUMNS; i++) {
		char *cell = strcpy(cells->text[i], "-");
		const char *reason = columns[i].print(&columns[i], s, &figures, cell);
		if (reason && !s->has_cgroup && columns[i].print != print_traffic)
			reason = no_cgroup;
		if (reason)
			take_note(t, reason, i);
		int width = (int)strlen(cell);
		t->widths[i] = width > t->widths[i] ? width : t->widths[i];
	}
}

/* Ids get the room that other columns leave, but at least enough to be recognized. */
static void measure_ids(struct table *t, const sample_list *samples)
{
	static const char ellipsis[] = "…";
	int longest = ID_MIN, room = STATS_TABLE_WIDTH;
	LIST_EACH (samples, s)
		longest = (int)strlen(s->id) > longest ? (int)strlen(s->id) : longest;
	for (size_t i = 0; i < COLUMNS; i++)
		room -= 1 + t->widths[i];
	if (longest > room)
		room -= (int)strlen(ellipsis) - 1; /* narrow enough even if bytes are counted */
	room = room > ID_SHORTEST ? room : ID_SHORTEST;
	t->id_width = longest < room ? longest : room;
}

/* Whether two ids would be shortened to the same text. */
static bool look_alike(const char *a, const char *b, size_t width)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	return a_len > width && b_len > width && !str_eq(a, b) && strncmp(a, b, width - 1 - ID_TAIL) == 0 &&
	       str_eq(a + a_len - ID_TAIL, b + b_len - ID_TAIL);
}

static void print_id(const struct table *t, const sample_list *samples, const char *id, FILE *out)
{
	size_t len = strlen(id), width = (size_t)t->id_width;
	bool alike = false;
	LIST_EACH (samples, s)
		alike = alike || look_alike(id, s->id, width);
	if (len > width && !alike) {
		(void)fprintf(out, "%.*s…%s", (int)width - 1 - ID_TAIL, id, id + len - ID_TAIL);
		return;
	}
	for (size_t at = 0; alike && at < len; at += STATS_TABLE_WIDTH)
		(void)fprintf(out, "%.*s\n", STATS_TABLE_WIDTH, id + at);
	(void)fprintf(out, "%-*s", (int)width, alike ? "" : id);
}

static void print_cell(const struct table *t, size_t column, const char *text, FILE *out)
{
	bool last = column == COLUMNS - 1;
	(void)fprintf(out, columns[column].left ? " %-*s" : " %*s", last ? 0 : t->widths[column], text);
}

void stats_table_print(const sample_list *samples, FILE *out)
{
	ARENA(arena);
	struct table t = { .rows = { NULL, 0 } };
	for (size_t i = 0; i < COLUMNS; i++)
		t.widths[i] = (int)strlen(columns[i].heading);
	LIST_EACH (samples, s)
		fill_row(&t, s, list_add(&arena, &t.rows));
	measure_ids(&t, samples);
	(void)fprintf(out, "%-*s", t.id_width, "ID");
	for (size_t i = 0; i < COLUMNS; i++)
		print_cell(&t, i, columns[i].heading, out);
	(void)fputc('\n', out);
	for (size_t n = 0; n < t.rows.len; n++) {
		print_id(&t, samples, samples->items[n].id, out);
		for (size_t i = 0; i < COLUMNS; i++)
			print_cell(&t, i, t.rows.items[n].text[i], out);
		(void)fputc('\n', out);
	}
	print_notes(&t, out);
}
