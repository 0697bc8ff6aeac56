/* The table of stats, from invented samples; the order of samples; the kernel's table of interfaces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/metrics.h"
#include "cmd/sample.h"
#include "cmd/stats-json.h"
#include "cmd/stats-table.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct traffic_interface wires[] = {
	{ .name = "lo", .numbers[RX_BYTES] = 5000000, .numbers[TX_BYTES] = 5000000 },
	{ .name = "eth0", .numbers[RX_BYTES] = 1536, .numbers[TX_BYTES] = 99 },
	{ .name = "eth1", .numbers[RX_BYTES] = 1536, .numbers[TX_BYTES] = 1 },
};
static struct cgroup_io_device disks[] = { { .rbytes = { true, 4096 }, .wbytes = { true, 1 << 20 } } };

/* A container with every figure known. */
static struct sample full(const char *id)
{
	struct sample s = { .id = id, .status = "running", .has_cgroup = true, .has_share = true, .cpu_share = 12.34 };
	s.host_memory = 1ULL << 32;
	s.stats.memory.current = (struct oci_uint){ true, 64 << 20 };
	s.stats.memory.limit = (struct oci_uint){ true, 128 << 20 };
	s.stats.pids.current = (struct oci_uint){ true, 3 };
	s.stats.pids.limit = (struct oci_uint){ true, 4194304 };
	s.stats.cpu.pressure.some = (struct cgroup_stall){ true, 1.6, 0, 0, 1 };
	s.stats.memory.pressure.some = (struct cgroup_stall){ true, 0, 0, 0, 0 };
	s.stats.io.pressure.some = (struct cgroup_stall){ true, 100, 0, 0, 0 };
	s.stats.io.counted = true;
	s.stats.io.devices.items = disks;
	s.stats.io.devices.len = COUNT(disks);
	s.traffic.kind = TRAFFIC_OWN;
	s.traffic.interfaces.items = wires;
	s.traffic.interfaces.len = COUNT(wires);
	return s;
}

/* Characters up to the end of the line. */
static size_t width_of(const char *line)
{
	size_t width = 0;
	for (; *line && *line != '\n'; line++)
		width += ((unsigned char)*line & 0xc0) != 0x80;
	return width;
}

/* No line is wider than promised. */
static char *print(struct sample *samples, size_t len)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const sample_list list = { samples, len };
	stats_table_print(&list, out);
	assert_int_equal(fclose(out), 0);
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		if (width_of(line) > STATS_TABLE_WIDTH)
			fail_msg("%zu characters: %s", width_of(line), line);
	return text;
}

static void assert_table(struct sample *samples, size_t len, const char *expected)
{
	char *text = print(samples, len);
	assert_string_equal(text, expected);
	free(text);
}

static void test_full(void **state)
{
	(void)state;
	struct sample s = full("web");
	assert_table(&s, 1,
		"ID           STATUS  CPU % MEMORY LIMIT MEM % PIDS  MAX NET RX   TX READ WROTE "
		"STALL C/M/I\n"
		"web          running  12.3    64M  128M  50.0    3 4.2M   3.0K 100B 4.0K  1.0M "
		"2/0/100\n");
}

/* An empty io.stat means no I/O, not unknown I/O; without a limit, the host's memory counts. */
static void test_nothing_used(void **state)
{
	(void)state;
	struct sample s = full("web");
	s.cpu_share = 12800;
	s.stats.memory.limit.value = CGROUP_NO_LIMIT;
	s.stats.pids.limit.value = CGROUP_NO_LIMIT;
	s.stats.io.devices.len = 0;
	s.traffic.interfaces.len = 1;
	assert_table(&s, 1,
		"ID           STATUS  CPU % MEMORY LIMIT MEM % PIDS MAX NET RX TX READ WROTE STALL "
		"C/M/I\n"
		"web          running 12800    64M   max   1.6    3 max     0B 0B   0B    0B "
		"2/0/100\n");
}

static void test_no_containers(void **state)
{
	(void)state;
	assert_table(NULL, 0,
		"ID           STATUS CPU % MEMORY LIMIT MEM % PIDS MAX NET RX TX READ WROTE STALL "
		"C/M/I\n");
}

/* Each reason once, with all columns that lack a figure for it. */
static void test_reasons(void **state)
{
	(void)state;
	struct sample samples[] = { full("hybrid"), full("bare"), full("new"), full("ended") };
	samples[0].stats = (struct cgroup_stats){ .cpu.usage = { true, 1 } };
	samples[1] = (struct sample){ .id = "bare", .status = "running", .traffic.kind = TRAFFIC_SHARED };
	samples[2].has_share = false;
	samples[2].stats.memory.pressure.some.set = false;
	samples[3].status = "stopped";
	samples[3].traffic = (struct traffic){ .kind = TRAFFIC_NONE };
	assert_table(samples, 4,
		"ID           STATUS  CPU % MEMORY LIMIT MEM % PIDS  MAX NET RX   TX READ WROTE "
		"STALL C/M/I\n"
		"hybrid       running  12.3      -     -     -    -    -   3.0K 100B    -     - -\n"
		"bare         running     -      -     -     -    -    -      -    -    -     - -\n"
		"new          running     -    64M  128M  50.0    3 4.2M   3.0K 100B 4.0K  1.0M "
		"2/-/100\n"
		"ended        stopped  12.3    64M  128M  50.0    3 4.2M      -    - 4.0K  1.0M "
		"2/0/100\n"
		"- in MEMORY, LIMIT, MEM %: no memory controller in its cgroup\n"
		"- in PIDS, MAX: no pids controller in its cgroup\n"
		"- in READ, WROTE: no io controller in its cgroup\n"
		"- in STALL C/M/I: this kernel tells no pressure (psi=1)\n"
		"- in CPU %, MEMORY, LIMIT, MEM %, PIDS, MAX, READ, WROTE, STALL C/M/I: no cgroup "
		"of its own\n"
		"- in NET RX, TX: no network namespace of its own\n"
		"- in CPU %: no earlier sample to compare with\n"
		"- in NET RX, TX: its first process has ended, or cannot be inspected\n");
}

#define ID_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* The widest cells beside ids of each length: print() sees that no line is wider than promised. */
static void test_width(void **state)
{
	(void)state;
	char id[1025];
	struct traffic_interface loud = {
		.name = "eth0", .numbers[RX_BYTES] = 999 << 10, .numbers[TX_BYTES] = 999 << 10
	};
	struct cgroup_io_device busy = { .rbytes = { true, 999 << 10 }, .wbytes = { true, 999 << 10 } };
	for (size_t len = 1; len < sizeof(id); len++) {
		memset(id, 'x', len);
		id[len] = '\0';
		struct sample samples[] = { full(id), full(ID_64), full("0123456789ab" ID_64 "bcdef") };
		samples[0].status = "creating";
		samples[0].cpu_share = 9999;
		samples[0].stats.memory.current.value = samples[0].stats.memory.limit.value = 999ULL << 20;
		samples[0].stats.pids.current.value = samples[0].stats.pids.limit.value = 99999;
		samples[0].stats.io.devices.items = &busy;
		samples[0].stats.io.devices.len = 1;
		samples[0].traffic.interfaces.items = &loud;
		samples[0].traffic.interfaces.len = 1;
		samples[0].stats.cpu.pressure.some.avg10 = samples[0].stats.memory.pressure.some.avg10 = 100;
		free(print(samples, 3));
	}
}

/* The first word of each row distinguishes it from the others. */
static void test_ids(void **state)
{
	(void)state;
	static const struct {
		const char *ids[3], *shown[5];
	} rows[] = {
		{ { "a", "exactly-22-characters-" }, { "a", "exactly-22-characters-" } },
		{ { ID_64, "23-characters-and-no-22" }, { "0123456789abcd…bcdef", "23-characters-…no-22" } },
		/* names that differ at either end */
		{ { "long-common-prefix-of-names-1", "long-common-prefix-of-names-2" },
			{ "long-common-pr…mes-1", "long-common-pr…mes-2" } },
		/* names that differ only in the middle: both are shown, and no others */
		{ { "0123456789abcd-one-end-of-it", "0123456789abcd-two-end-of-it", ID_64 },
			{ "0123456789abcd-one-end-of-it", "running", "0123456789abcd-two-end-of-it", "running",
				"0123456789abcd…bcdef" } },
		/* asked twice, the answer is the same */
		{ { ID_64, ID_64 }, { "0123456789abcd…bcdef", "0123456789abcd…bcdef" } },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sample samples[3];
		size_t len = 0;
		for (; len < 3 && rows[i].ids[len]; len++)
			samples[len] = full(rows[i].ids[len]);
		char *text = print(samples, len), *save = NULL;
		(void)strtok_r(text, "\n", &save);
		for (size_t n = 0; n < 5 && rows[i].shown[n]; n++) {
			char *line = strtok_r(NULL, "\n", &save);
			assert_non_null(line);
			line += strspn(line, " ");
			line[strcspn(line, " ")] = '\0';
			assert_string_equal(line, rows[i].shown[n]);
		}
		assert_null(strtok_r(NULL, "\n", &save));
		free(text);
	}
}

static const struct {
	enum sample_order by;
	const char *order;
} sorts[] = {
	{ SAMPLES_AS_GIVEN, "cab" },
	{ SAMPLES_BY_NAME, "abc" },
	{ SAMPLES_BY_CPU, "bac" },
	{ SAMPLES_BY_MEMORY, "bca" },
	{ SAMPLES_BY_MEMORY_SHARE, "acb" },
	{ SAMPLES_BY_PIDS, "cab" },
	{ SAMPLES_BY_NET, "bca" },
	{ SAMPLES_BY_IO, "abc" },
};

static void test_sort(void **state)
{
	(void)state;
	sample_sort(&(sample_list){ NULL, 0 }, SAMPLES_BY_CPU);
	struct traffic_interface loud = { .name = "eth0", .numbers[TX_BYTES] = 1 << 30 };
	struct cgroup_io_device busy = { .rbytes = { true, 1 << 30 } };
	for (size_t i = 0; i < COUNT(sorts); i++) {
		struct sample samples[] = { full("c"), full("a"), full("b") };
		sample_list list = { samples, 3 };
		/* c is new: it has no share, whatever its CPU time */
		samples[0].has_share = false;
		samples[0].stats.cpu.usage = (struct oci_uint){ true, 1ULL << 40 };
		samples[2].cpu_share = 99;
		samples[1].stats.memory.limit.value = 1 << 20;
		samples[1].stats.memory.current.value = 1 << 20;
		samples[2].stats.memory.current.value = 1 << 30;
		samples[2].stats.memory.limit.value = CGROUP_NO_LIMIT;
		samples[0].stats.pids.current.value = 5;
		samples[1].stats.pids.current.value = 4;
		samples[2].traffic.interfaces.items = &loud;
		samples[2].traffic.interfaces.len = 1;
		samples[1].traffic = (struct traffic){ .kind = TRAFFIC_NONE };
		samples[1].stats.io.devices.items = &busy;
		sample_sort(&list, sorts[i].by);
		for (size_t n = 0; n < 3; n++)
			if (*samples[n].id != sorts[i].order[n])
				fail_msg("by %s, number %zu is %s", word_name(sample_orders, sorts[i].by), n,
					samples[n].id);
	}
}

static void test_interfaces(void **state)
{
	(void)state;
	ARENA(arena);
	struct traffic traffic = { .kind = TRAFFIC_OWN };
	uint64_t received, sent;
	char text[] = "Inter-|   Receive                                                |  Transmit\n"
		      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    "
		      "packets errs drop fifo colls carrier compressed\n"
		      "    lo:     840      10    0    0    0     0          0         0      840      "
		      "10    0    0    0     0       0          0\n"
		      "  eth0:18446744073709551615 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
		      "a:b:1 1 1 1 1 1 1 1 7 1 1 1 1 1 1 1\n"
		      "short: 1 2 3\n"
		      "words: a b c d e f g h i\n\n";
	traffic_parse(&arena, text, &traffic.interfaces);
	assert_int_equal(traffic.interfaces.len, 3);
	const struct traffic_interface *i = traffic.interfaces.items;
	assert_string_equal(i[0].name, "lo");
	assert_int_equal(i[0].numbers[RX_PACKETS], 10);
	assert_string_equal(i[1].name, "eth0");
	assert_true(i[1].numbers[RX_BYTES] == UINT64_MAX);
	assert_int_equal(i[1].numbers[RX_PACKETS], 2);
	assert_int_equal(i[1].numbers[RX_ERRORS], 3);
	assert_int_equal(i[1].numbers[RX_DROPPED], 4);
	assert_int_equal(i[1].numbers[TX_BYTES], 9);
	assert_int_equal(i[1].numbers[TX_PACKETS], 10);
	assert_int_equal(i[1].numbers[TX_ERRORS], 11);
	assert_int_equal(i[1].numbers[TX_DROPPED], 12);
	assert_string_equal(i[2].name, "a:b");
	traffic_sum(&traffic, &received, &sent);
	assert_true(received == 0 && sent == 16); /* it wraps as the kernel's own counters do */
}

/* The container chooses the name of an interface: the name ends no label and begins no line. */
static void test_metrics_of_a_hostile_name(void **state)
{
	(void)state;
	struct traffic_interface hostile = { .name = "a\"} 1\\", .numbers[RX_BYTES] = 7 };
	struct sample s = full("web");
	const sample_list list = { &s, 1 };
	char *text = NULL;
	size_t size;
	s.traffic.interfaces.items = &hostile;
	s.traffic.interfaces.len = 1;
	FILE *out = open_memstream(&text, &size);
	metrics_print(&list, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "\nhull_network_received_bytes_total{id=\"web\",interface=\"a\\\"} 1\\\\\"} 7\n"));
	free(text);
}

/* The keys are runc's: types.NetworkInterface of its events. */
static void test_json(void **state)
{
	(void)state;
	ARENA(arena);
	struct json_writer json;
	size_t len;
	struct sample s = full("web");
	struct traffic_interface one = { "eth0", { 1, 2, 3, 4, 5, 6, 7, 8 } };
	s.traffic.interfaces.items = &one;
	s.traffic.interfaces.len = 1;
	json_begin(&json, &arena, false);
	stats_write(&json, &s.stats, &s.traffic);
	assert_non_null(strstr(json_finish(&json, &len),
		"\"network_interfaces\":[{\"Name\":\"eth0\",\"RxBytes\":1,\"RxPackets\":2,"
		"\"RxErrors\":3,\"RxDropped\":4,"
		"\"TxBytes\":5,\"TxPackets\":6,\"TxErrors\":7,\"TxDropped\":8}]"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_nothing_used),
		cmocka_unit_test(test_no_containers),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_metrics_of_a_hostile_name),
		cmocka_unit_test(test_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
