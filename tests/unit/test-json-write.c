/* The writer: every kind of property, the free forms, and texts that JSON cannot hold as they are. */
#include <stdio.h>
#include <string.h>

#include "oci/json-read.h"
#include "oci/json-write.h"

/* After ours: its macro fail() hides the function. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct leaf {
	const char *key;
	struct oci_int number;
};

struct everything {
	const char *string;
	struct oci_bool boolean, seen;
	struct oci_int integer, word;
	struct oci_uint natural, flags;
	LIST(struct oci_int) words;
	oci_strings strings;
	LIST(struct oci_uint) naturals;
	struct leaf *object;
	struct leaf inlined;
	LIST(struct leaf) objects, object_map;
	oci_map map;
};

static const struct word colours[] = {
	{ "red", 1 },
	{ "crimson", 1 },
	{ "green", 2 },
	{ "blue", 4 },
	{ NULL },
};

static const struct property leaf_properties[] = {
	INT(struct leaf, number, "number", 0, INT64_MIN, INT64_MAX, "a number"),
};
static const struct schema leaf_schema = SCHEMA(leaf, leaf_properties);

static const struct property everything_properties[] = {
	STRING(struct everything, string, "string", 0, ""),
	BOOL(struct everything, boolean, "boolean", 0, ""),
	SEEN(struct everything, seen, "seen", ""),
	INT(struct everything, integer, "integer", 0, INT64_MIN, INT64_MAX, ""),
	WORD(struct everything, word, "word", 0, colours, ""),
	UINT(struct everything, natural, "natural", 0, UINT64_MAX, ""),
	FLAGS(struct everything, flags, "flags", 0, colours, ""),
	WORDS(struct everything, words, "words", 0, colours, ""),
	STRINGS(struct everything, strings, "strings", 0, ""),
	UINTS(struct everything, naturals, "naturals", 0, UINT64_MAX, ""),
	OBJECT(struct everything, object, leaf, "object", 0, ""),
	INLINE(struct everything, inlined, leaf, "inlined", 0, ""),
	OBJECTS(struct everything, objects, leaf, "objects", 0, ""),
	OBJECT_MAP(struct everything, object_map, leaf, "objectMap", 0, ""),
	MAP(struct everything, map, "map", 0, ""),
};
static const struct schema everything_schema = SCHEMA(everything, everything_properties);

static void assert_written(const struct everything *value, bool pretty, const char *expected)
{
	ARENA(arena);
	size_t len;
	char *text = json_write(&arena, &everything_schema, value, pretty, &len);
	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(expected));
}

/* One kind at a time. */
static void test_kinds(void **state)
{
	struct leaf leaf = { "a.b", { true, -1 } }, empty = { "c", { false, 0 } };
	struct leaf leaves[] = { leaf, empty };
	struct oci_int words[] = { { true, 4 }, { true, 1 } };
	struct oci_uint naturals[] = { { true, 0 }, { true, UINT64_MAX } };
	const char *strings[] = { "x", "", NULL };
	struct oci_pair pairs[] = { { "k", "v" }, { "", "" } };
	const struct {
		struct everything value;
		const char *expected;
	} rows[] = {
		{ { .string = NULL }, "{}" },
		{ { .string = "" }, "{\"string\":\"\"}" },
		{ { .boolean = { true, false } }, "{\"boolean\":false}" },
		{ { .boolean = { true, true } }, "{\"boolean\":true}" },
		{ { .seen = { true, true } }, "{}" },
		{ { .integer = { true, 0 } }, "{\"integer\":0}" },
		{ { .integer = { true, INT64_MIN } }, "{\"integer\":-9223372036854775808}" },
		{ { .integer = { true, INT64_MAX } }, "{\"integer\":9223372036854775807}" },
		{ { .integer = { false, 3 } }, "{}" },
		{ { .natural = { true, UINT64_MAX } }, "{\"natural\":18446744073709551615}" },
		{ { .word = { true, 1 } }, "{\"word\":\"red\"}" },
		{ { .word = { true, 99 } }, "{}" },
		{ { .flags = { true, 0 } }, "{\"flags\":[]}" },
		{ { .flags = { true, 5 } }, "{\"flags\":[\"red\",\"blue\"]}" },
		{ { .words = { words, 2 } }, "{\"words\":[\"blue\",\"red\"]}" },
		{ { .strings = { strings, 2 } }, "{\"strings\":[\"x\",\"\"]}" },
		{ { .strings = { strings, 0 } }, "{}" },
		{ { .naturals = { naturals, 2 } }, "{\"naturals\":[0,18446744073709551615]}" },
		{ { .object = &leaf }, "{\"object\":{\"number\":-1}}" },
		{ { .object = &empty }, "{\"object\":{}}" },
		{ { .inlined = leaf }, "{\"inlined\":{\"number\":-1}}" },
		{ { .inlined = empty }, "{}" },
		{ { .objects = { leaves, 2 } }, "{\"objects\":[{\"number\":-1},{}]}" },
		{ { .object_map = { leaves, 2 } }, "{\"objectMap\":{\"a.b\":{\"number\":-1},\"c\":{}}}" },
		{ { .map = { pairs, 2 } }, "{\"map\":{\"k\":\"v\",\"\":\"\"}}" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_written(&rows[i].value, false, rows[i].expected);
}

static void test_pretty(void **state)
{
	struct leaf leaf = { "a", { true, 7 } }, empty = { "b", { false, 0 } };
	struct leaf leaves[] = { leaf, empty };
	const char *strings[] = { "x", "y", NULL };
	struct everything value = { .string = "s", .strings = { strings, 2 }, .object_map = { leaves, 2 } };
	(void)state;
	assert_written(&(struct everything){ .string = NULL }, true, "{}\n");
	assert_written(&value, true,
		"{\n"
		"\t\"string\": \"s\",\n"
		"\t\"strings\": [\n"
		"\t\t\"x\",\n"
		"\t\t\"y\"\n"
		"\t],\n"
		"\t\"objectMap\": {\n"
		"\t\t\"a\": {\n"
		"\t\t\t\"number\": 7\n"
		"\t\t},\n"
		"\t\t\"b\": {}\n"
		"\t}\n"
		"}\n");
}

static void test_text(void **state)
{
	static const struct {
		const char *text, *written;
	} rows[] = {
		{ "a\"b\\c/d", "a\\\"b\\\\c/d" },
		{ "tab\tline\nbell\a", "tab\\tline\\nbell\\u0007" },
		{ "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x9a\xa2",
			"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x9a\xa2" },
		{ "\x7f\xc2\x9b"
		  "31m\xc2\xa0\xc2\x80",
			"\\u007f\\u009b31m\xc2\xa0\\u0080" },
		{ "\xff", "\xef\xbf\xbd" },
		{ "a\xc3", "a\xef\xbf\xbd" },
		{ "\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xe0\x80\x80z", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xf0\x9f\x9a", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char expected[128];
		(void)snprintf(expected, sizeof(expected), "{\"string\":\"%s\"}", rows[i].written);
		assert_written(&(struct everything){ .string = rows[i].text }, false, expected);
	}
}

static void test_free_form(void **state)
{
	ARENA(arena);
	struct leaf leaf = { NULL, { true, 3 } };
	struct json_writer w;
	size_t len;
	(void)state;
	json_begin(&w, &arena, false);
	json_array(&w);
	json_object(&w), json_end(&w);
	json_array(&w), json_end(&w);
	json_object(&w);
	json_key(&w, "null"), json_string(&w, NULL);
	json_key(&w, "int"), json_int(&w, -5);
	json_key(&w, "uint"), json_uint(&w, UINT64_MAX);
	json_key(&w, "decimal"), json_decimal(&w, 1.5);
	json_key(&w, "bool"), json_bool(&w, true);
	json_key(&w, "empty"), json_array(&w), json_end(&w);
	json_key(&w, "struct"), json_struct(&w, &leaf_schema, &leaf);
	json_end(&w);
	json_end(&w);
	assert_string_equal(json_finish(&w, &len),
		"[{},[],{\"null\":null,\"int\":-5,\"uint\":18446744073709551615,\"decimal\":1.50,"
		"\"bool\":true,\"empty\":[],\"struct\":{\"number\":3}}]");
	json_begin(&w, &arena, true);
	json_array(&w), json_end(&w);
	assert_string_equal(json_finish(&w, &len), "[]\n");
}

/* The buffer grows past its first room, also in one step. */
static void test_long(void **state)
{
	enum { LENGTH = 100000 };
	static char text[LENGTH + 1], expected[LENGTH + 32];
	(void)state;
	memset(text, 'x', LENGTH);
	(void)snprintf(expected, sizeof(expected), "{\"string\":\"%s\"}", text);
	assert_written(&(struct everything){ .string = text }, false, expected);
	ARENA(arena);
	struct json_writer w;
	size_t len;
	json_begin(&w, &arena, false);
	json_array(&w);
	for (int i = 0; i < LENGTH; i++)
		json_int(&w, 7);
	json_end(&w);
	const char *numbers = json_finish(&w, &len);
	assert_int_equal(len, 2 * LENGTH + 1);
	assert_int_equal(strlen(numbers), len);
}

/* Written text is read back as the same values, and is written the same again. */
static void test_round_trip(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"string\":\"\\u00e4\\n\",\"boolean\":true,\"integer\":-9223372036854775808,"
		"\"word\":\"green\",\"natural\":18446744073709551615,\"flags\":[\"red\",\"blue\"],"
		"\"words\":[\"blue\",\"blue\"],\"strings\":[\"\",\"b\"],\"naturals\":[1,2,3],"
		"\"object\":{},\"inlined\":{\"number\":1},\"objects\":[{},{\"number\":2}],"
		"\"objectMap\":{\"x\":{\"number\":3},\"y\":{}},\"map\":{\"k\":\"v\"}}",
	};
	static const struct json_source source = { .name = "test" };
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		ARENA(arena);
		struct everything first = { 0 }, second = { 0 };
		size_t len, len_again;
		assert_int_equal(
			json_read(&arena, &source, &everything_schema, texts[i], strlen(texts[i]), &first, NULL), 0);
		char *text = json_write(&arena, &everything_schema, &first, true, &len);
		assert_int_equal(json_read(&arena, &source, &everything_schema, text, len, &second, NULL), 0);
		char *again = json_write(&arena, &everything_schema, &second, true, &len_again);
		assert_string_equal(text, again);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_free_form),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
