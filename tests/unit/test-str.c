/*
 * base/str.h, base/nearest.h: numbers, lists of them, words, characters.
 */
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/str.h"

/* After ours: its macro fail() hides the function. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct {
	const char *text;
	uint64_t max, value;
	bool valid;
} unsigned_numbers[] = {
	{ "0", 10, 0, true },
	{ "10", 10, 10, true },
	{ "11", 10, 0, false },
	{ "007", 10, 7, true },
	{ "18446744073709551615", UINT64_MAX, UINT64_MAX, true },
	{ "18446744073709551616", UINT64_MAX, 0, false },
	{ "99999999999999999999999", UINT64_MAX, 0, false },
	{ "", 10, 0, false },
	{ "-1", 10, 0, false },
	{ "+1", 10, 0, false },
	{ " 1", 10, 0, false },
	{ "1 ", 10, 0, false },
	{ "0x1", 10, 0, false },
	{ "1.0", 10, 0, false },
	{ "1e1", 10, 0, false },
};

static const struct {
	const char *text;
	int64_t min, max, value;
	bool valid;
} signed_numbers[] = {
	{ "0", -1, 1, 0, true },
	{ "-1", -1, 1, -1, true },
	{ "-0", -1, 1, 0, true },
	{ "-2", -1, 1, 0, false },
	{ "2", -1, 1, 0, false },
	{ "9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX, true },
	{ "9223372036854775808", INT64_MIN, INT64_MAX, 0, false },
	{ "-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, true },
	{ "-9223372036854775809", INT64_MIN, INT64_MAX, 0, false },
	{ "--1", -1, 1, 0, false },
	{ "-", -1, 1, 0, false },
	{ "", -1, 1, 0, false },
};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(unsigned_numbers) / sizeof(unsigned_numbers[0]); i++) {
		uint64_t value = 77;
		assert_int_equal(str_to_u64(unsigned_numbers[i].text, unsigned_numbers[i].max, &value),
			unsigned_numbers[i].valid);
		assert_int_equal(value, unsigned_numbers[i].valid ? unsigned_numbers[i].value : 77);
	}
	for (size_t i = 0; i < sizeof(signed_numbers) / sizeof(signed_numbers[0]); i++) {
		int64_t value = 77;
		assert_int_equal(
			str_to_i64(signed_numbers[i].text, signed_numbers[i].min, signed_numbers[i].max, &value),
			signed_numbers[i].valid);
		assert_int_equal(value, signed_numbers[i].valid ? signed_numbers[i].value : 77);
	}
}

static void test_ranges(void **state)
{
	static const struct {
		const char *text, *ranges;
		int end;
	} rows[] = {
		{ "", "", 0 },
		{ " \n", "", 0 },
		{ "0-3,7\n", "0-3 7-7 ", 0 },
		{ " 0 - 3 ,\t7 ", "0-3 7-7 ", 0 },
		{ "99", "99-99 ", 0 },
		{ "100", "", -1 },
		{ "99999999999999999999999", "", -1 },
		{ "2,3-1", "2-2 ", -1 },
		{ "1,", "", -1 },
		{ ",1", "", -1 },
		{ "-1", "", -1 },
		{ "1-", "", -1 },
		{ "1 2", "", -1 },
		{ "0x1", "", -1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char ranges[64] = "";
		const char *at = rows[i].text;
		uint64_t first, last;
		int more;
		while ((more = str_next_range(&at, 99, &first, &last)) > 0)
			(void)sprintf(ranges + strlen(ranges), "%d-%d ", (int)first, (int)last);
		assert_string_equal(ranges, rows[i].ranges);
		assert_int_equal(more, rows[i].end);
	}
}

static void test_components(void **state)
{
	static const char *const good[] = { "a", "...", ".a", "a b", " " };
	static const char *const bad[] = { "", ".", "..", "/", "a/b", "a/" };
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(str_is_component(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(str_is_component(bad[i]));
}

static const struct {
	const char *typed, *known;
	bool near;
} slips[] = {
	{ "list", "list", true },
	/* one edit: changed, added, dropped, swapped */
	{ "lost", "list", true },
	{ "lists", "list", true },
	{ "lst", "list", true },
	{ "lsit", "list", true },
	/* two make another word of a short one */
	{ "lose", "list", false },
	{ "slti", "list", false },
	/* of a longer one they do not */
	{ "delte", "delete", true },
	{ "deltee", "delete", true },
	{ "memroy-swpa", "memory-swap", true },
	{ "meory-swpax", "memory-swap", false },
	{ "kitten", "sitting", false },
	/* of a very short one, one does already; case is no edit */
	{ "RO", "ro", true },
	{ "rp", "ro", false },
	{ "", "ro", false },
	{ "CAMLEcase", "camelCase", true },
	/* names beyond 63 bytes are never near, on either side */
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", true },
};

static void test_nearest(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		struct nearest near = nearest_to(slips[i].typed);
		if (nearest_try(&near, slips[i].known) != slips[i].near || !near.name == slips[i].near)
			fail_msg("\"%s\" and \"%s\"", slips[i].typed, slips[i].known);
	}
	struct nearest near = nearest_to("stat");
	assert_true(nearest_try(&near, "start"));
	assert_false(nearest_try(&near, "state")); /* no nearer than the first */
	assert_false(nearest_try(&near, "delete"));
	assert_true(nearest_try_as(&near, "STAT", "SIGSTAT"));
	assert_string_equal(near.name, "SIGSTAT");
	assert_false(nearest_try(&near, "stat")); /* nothing is nearer than a name itself */
}

static const struct word colours[] = { { "red", 1 }, { "green", -2 }, { "blue", 3 }, { NULL } };

static void test_words(void **state)
{
	(void)state;
	char list[64], small[20];
	assert_int_equal(word_find(colours, "green")->value, -2);
	assert_null(word_find(colours, "Green"));
	assert_null(word_find(colours, ""));
	assert_string_equal(word_name(colours, 3), "blue");
	assert_null(word_name(colours, 0));
	assert_string_equal(word_list(colours, list, sizeof(list)), "one of red, green, blue");
	assert_string_equal(word_list(colours, small, sizeof(small)), "one of red …");
	assert_string_equal(word_nearest(colours, "blu"), "blue");
	assert_string_equal(word_nearest(colours, "geren"), "green");
	assert_null(word_nearest(colours, "yellow"));
	assert_true(str_starts("abc", "ab") && str_starts("abc", "") && !str_starts("a", "ab"));
}

static void test_printable(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "plain text", "plain text" },
		{ "a\tb\nc\033[31m\177", "a?b?c?[31m?" },
		{ "\302\233"
		  "31m \302\205 \302\240",
			"??31m ?? \302\240" }, /* U+009B, U+0085, U+00A0 */
		{ "\233"
		  "31m",
			"?31m" },
		{ "\303\233 \342\200\246 \360\237\230\200", "\303\233 \342\200\246 \360\237\230\200" },
		{ "\342\200\033\233", "\342???" }, /* a character that breaks off */
		{ "\303\251\302\233", "\303\251??" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[32];
		(void)snprintf(text, sizeof(text), "%s", rows[i][0]);
		str_make_printable(text);
		assert_string_equal(text, rows[i][1]);
	}
}

static void test_print(void **state)
{
	(void)state;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	str_print(out, "a %s\n", "b\nc\033[1m\302\233");
	str_print(out, "%s\n", "d\n");
	str_print(out, "%s", "\n");
	str_print(out, "%s", "");
	str_print(out, "%d", 5);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "a b?c?[1m??\nd?\n?5");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_components),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_print),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
