/* The numbers of tables: sizes, counts, ages. And the words of a command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "cgroups/stats.h"
#include "cmd/command-line.h"
#include "cmd/human.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	uint64_t bytes;
	const char *text;
} sizes[] = {
	{ 0, "0B" },
	{ 1, "1B" },
	{ 999, "999B" },
	{ 1000, "1.0K" },
	{ 1023, "1.0K" },
	{ 1024, "1.0K" },
	{ 1536, "1.5K" },
	{ 10188, "9.9K" },
	{ 10189, "10K" },
	{ 15 << 10, "15K" },
	{ 1022975, "999K" },
	{ 1023488, "1.0M" },
	{ 134217728, "128M" },
	{ 1ULL << 30, "1.0G" },
	{ 1ULL << 40, "1.0T" },
	{ 1ULL << 50, "1.0P" },
	{ 1ULL << 60, "1.0E" },
	{ UINT64_MAX - 1, "16E" },
	{ CGROUP_NO_LIMIT, "max" },
};

static void test_sizes(void **state)
{
	(void)state;
	char buf[HUMAN_SIZE];
	for (size_t i = 0; i < COUNT(sizes); i++) {
		assert_string_equal(human_size(sizes[i].bytes, buf), sizes[i].text);
		assert_true(strlen(buf) <= 4);
	}
}

static const struct {
	uint64_t count;
	const char *text;
} counts[] = {
	{ 0, "0" },
	{ 7, "7" },
	{ 99999, "99999" },
	{ 100000, "100k" },
	{ 999499, "999k" },
	{ 999500, "1.0M" },
	{ 4194304, "4.2M" },
	{ UINT64_MAX - 1, "18E" },
	{ CGROUP_NO_LIMIT, "max" },
};

static void test_counts(void **state)
{
	(void)state;
	char buf[HUMAN_SIZE];
	for (size_t i = 0; i < COUNT(counts); i++) {
		assert_string_equal(human_count(counts[i].count, buf), counts[i].text);
		assert_true(strlen(buf) <= 5);
	}
}

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static const struct {
	int64_t seconds;
	const char *text;
} ages[] = {
	{ 0, "less than a second ago" },
	{ 1, "1 second ago" },
	{ 2, "2 seconds ago" },
	{ MINUTE - 1, "59 seconds ago" },
	{ MINUTE, "1 minute ago" },
	{ 2 * MINUTE - 1, "1 minute ago" },
	{ 2 * MINUTE, "2 minutes ago" },
	{ HOUR - 1, "59 minutes ago" },
	{ HOUR, "1 hour ago" },
	{ DAY - 1, "23 hours ago" },
	{ DAY, "1 day ago" },
	{ 14 * DAY - 1, "13 days ago" },
	{ 14 * DAY, "2 weeks ago" },
	{ 60 * DAY - 1, "8 weeks ago" },
	{ 60 * DAY, "2 months ago" },
	{ 365 * DAY - 1, "12 months ago" },
	{ 365 * DAY, "1 year ago" },
	{ 731LL * DAY, "2 years ago" },
	{ INT64_MAX, "292471208677 years ago" },
};

static void test_ages(void **state)
{
	(void)state;
	char buf[HUMAN_SIZE];
	for (size_t i = 0; i < COUNT(ages); i++)
		assert_string_equal(human_age(ages[i].seconds, buf), ages[i].text);
}

static const struct {
	const char *text;
	bool good;
	int64_t seconds;
} timestamps[] = {
	{ "1970-01-01T00:00:00Z", true, 0 },
	{ "1970-01-01T00:00:00.999999999Z", true, 0 },
	{ "1969-12-31T23:59:59Z", true, -1 },
	{ "2000-02-29T12:30:45.5Z", true, 951827445 },
	{ "2000-03-01T00:00:00Z", true, 951868800 },
	{ "2026-11-30T03:43:46.123456789Z", true, 1796010226 },
	{ "2100-03-01T00:00:00Z", true, 4107542400 },
	{ "9999-12-31T23:59:60Z", true, 253402300800 },
	{ "2026-11-30T03:43:46", false, 0 },
	{ "2026-11-30T03:43:46+01:00", false, 0 },
	{ "2026-11-30T03:43:46Zx", false, 0 },
	{ "2026-13-30T03:43:46Z", false, 0 },
	{ "2026-00-30T03:43:46Z", false, 0 },
	{ "2026-11-00T03:43:46Z", false, 0 },
	{ "2026-11-30T24:00:00Z", false, 0 },
	{ "0000-11-30T03:43:46Z", false, 0 },
	{ "yesterday", false, 0 },
	{ "", false, 0 },
};

static void test_timestamps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(timestamps); i++) {
		int64_t seconds = 0;
		assert_int_equal(clock_read_timestamp(timestamps[i].text, &seconds), timestamps[i].good);
		assert_true(seconds == timestamps[i].seconds);
	}
}

/* Each day of four centuries agrees with the C library. */
static void test_each_day(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 146097; day++) {
		char text[TIMESTAMP_SIZE];
		time_t then = (time_t)(day * DAY);
		int64_t seconds;
		struct tm tm;
		assert_non_null(gmtime_r(&then, &tm));
		assert_true(strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
		assert_true(clock_read_timestamp(text, &seconds) && seconds == then);
	}
}

static void test_own_timestamp(void **state)
{
	(void)state;
	char text[TIMESTAMP_SIZE];
	int64_t seconds, before = time(NULL);
	assert_true(clock_read_timestamp(clock_timestamp(text), &seconds));
	assert_true(seconds >= before && seconds <= time(NULL));
}

static const struct {
	const char *text, *words[8], *error;
} lines[] = {
	{ "", { NULL }, NULL },
	{ " \t\n", { NULL }, NULL },
	{ "sh", { "sh" }, NULL },
	{ "  echo  a\tb\n", { "echo", "a", "b" }, NULL },
	{ "sh -c 'echo  a; echo b'", { "sh", "-c", "echo  a; echo b" }, NULL },
	{ "sh -c \"echo 'a b'\"", { "sh", "-c", "echo 'a b'" }, NULL },
	{ "a'b c'd\"e f\"g", { "ab cde fg" }, NULL },
	{ "'' \"\" x", { "", "", "x" }, NULL },
	{ "a\\ b \\' \\\\", { "a b", "'", "\\" }, NULL },
	{ "\"a\\\"b\\\\c\\d\\$e\"", { "a\"b\\c\\d$e" }, NULL },
	{ "'a\\'", { "a\\" }, NULL },
	{ "echo $HOME * | # ; ~", { "echo", "$HOME", "*", "|", "#", ";", "~" }, NULL },
	{ "[ -f x ]", { "[", "-f", "x", "]" }, NULL },
	{ "a 'b", { NULL }, "the quote ' is not closed" },
	{ "a \"b'", { NULL }, "the quote \" is not closed" },
	{ "a \"b\\\"", { NULL }, "the quote \" is not closed" },
	{ "a \\", { NULL }, "nothing follows the backslash at the end" },
};

static void test_command_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		ARENA(arena);
		struct error err = { .errnum = 0 };
		oci_strings words = { NULL, 0 };
		assert_int_equal(command_line_split(&arena, lines[i].text, &words, &err), lines[i].error ? -1 : 0);
		if (lines[i].error) {
			assert_string_equal(err.text, lines[i].error);
			continue;
		}
		size_t count = 0;
		for (; count < 8 && lines[i].words[count]; count++) {
			assert_true(count < words.len);
			assert_string_equal(words.items[count], lines[i].words[count]);
		}
		assert_int_equal(words.len, count);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_ages),
		cmocka_unit_test(test_timestamps),
		cmocka_unit_test(test_each_day),
		cmocka_unit_test(test_own_timestamp),
		cmocka_unit_test(test_command_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
