/* The filters of the tests' tool: the results of jq(1), and the refusals. */
#include <string.h>

#include "../tool/filter.h"

/* After ours: its macro fail() hides the function. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* The results, in compact form, with a blank between them; or the error. */
static const char *apply(struct arena *arena, const char *input, const char *filter)
{
	struct error err = { 0 };
	struct filter_run run = { .arena = arena };
	value_list inputs = { NULL }, results = { NULL };
	const struct node *parsed;
	const char *all = "";
	if (value_read(arena, input, strlen(input), &inputs, &err) < 0 ||
		filter_parse(arena, filter, &parsed, &err) < 0 ||
		filter_apply(&run, parsed, inputs.len ? inputs.items[0] : &value_null, &results, &err) < 0)
		return arena_printf(arena, "%s", err.text);
	LIST_EACH (&results, r) {
		size_t len;
		all = arena_printf(arena, "%s%s%s", all, *all ? " " : "", value_write(arena, *r, 0, &len));
	}
	return all;
}

/* Each result but those of long numbers was compared with that of jq 1.6. */
static const struct filter_row {
	const char *input, *filter, *want;
} rows[] = {
	/* places */
	{ "{\"a\":{\"b\":[1,2]}}", ".a.b[1]", "2" },
	{ "{\"a\":{\"b\":[1,2]}}", ".a[\"b\"][-1], .a.\"b\"[0]", "2 1" },
	{ "{\"a b\":1}", ".[\"a b\"], .\"a b\"", "1 1" },
	{ "null", "\"one\n\ttwo\\n\"", "\"one\\n\\ttwo\\n\"" }, /* over lines */
	{ "{}", ".a.b", "null" },
	{ "null", ".[3]", "null" },
	{ "[1]", ".[3], .[-3]", "null null" },
	{ "{\"a\":[1,2],\"b\":3}", ".[]", "[1,2] 3" },
	{ "[1,[2]]", ".[][]?", "2" },
	{ "[1,2,3,4]", "[.[:-1], .[1:], .[1:2], .[2:1], .[-2:]]", "[[1,2,3],[2,3,4],[2],[],[3,4]]" },
	{ "\"abcdef\"", ".[1:3], .[:-1], .[4:99]", "\"bc\" \"abcde\" \"ef\"" },
	/* literals keep their digits */
	{ "18446744073709551615", ".", "18446744073709551615" },
	{ "{}", ".secs = 9223372036854775807", "{\"secs\":9223372036854775807}" },
	{ "null", "-9223372036854775808, 1e3, 1.50", "-9223372036854775808 1e3 1.50" },
	{ "9223372036854775806", ". + 1, . == 9223372036854775807", "9223372036854775807 false" },
	/* strings */
	{ "{\"n\":\"x\",\"l\":[1,\"y\"]}", "\"a\\(.n)b\\(.l)c\"", "\"axb[1,\\\"y\\\"]c\"" },
	{ "null", "\"\\u00e9\\ud83d\\ude00\\n\\t\\\"\\\\\\u0000\\u001f\\u007f\"",
		"\"\303\251\360\237\230\200\\n\\t\\\"\\\\\\u0000\\u001f\\u007f\"" },
	{ "null", "\"\\(\"in \\(1 + 1)\") ner\"", "\"in 2 ner\"" },
	/* construction */
	{ "{\"a\":1,\"b\":2}", "{a, x: .b, \"y z\": 3, (\"k\" + \"l\"): null, \"\\(.a)\": true}",
		"{\"a\":1,\"x\":2,\"y z\":3,\"kl\":null,\"1\":true}" },
	{ "1", ". as $x | {$x, y: [$x, ($x, 2)]}", "{\"x\":1,\"y\":[1,1,2]}" },
	{ "null", "[], {}, [range(3)], [range(1; 4) | . * 2]", "[] {} [0,1,2] [2,4,6]" },
	{ "null", "[range(2) | {path: \"/dev/d\\(.)\", major: 1}]",
		"[{\"path\":\"/dev/d0\",\"major\":1},{\"path\":\"/dev/d1\",\"major\":1}]" },
	{ "null", "[(\"pid\", \"mount\") | {type: .}]", "[{\"type\":\"pid\"},{\"type\":\"mount\"}]" },
	{ "null", "{a: 1, a: 2}", "{\"a\":2}" },
	/* changes */
	{ "{\"a\":{\"b\":1}}", ".a.b = 2 | .c.d[1] = \"x\"", "{\"a\":{\"b\":2},\"c\":{\"d\":[null,\"x\"]}}" },
	{ "{\"a\":[1,2]}", ".a += [3] | .a[0] -= 5 | .b += 1 | .a[1] *= 4", "{\"a\":[-4,8,3],\"b\":1}" },
	{ "{\"a\":[1,2,1]}", ".a -= [1]", "{\"a\":[2]}" },
	{ "{\"m\":[{\"t\":1,\"o\":[\"ro\",\"x\"]},{\"t\":2,\"o\":[\"ro\"]}]}", "(.m[] | select(.t == 2)).o -= [\"ro\"]",
		"{\"m\":[{\"t\":1,\"o\":[\"ro\",\"x\"]},{\"t\":2,\"o\":[]}]}" },
	{ "{\"m\":[{\"t\":1,\"o\":[\"ro\",\"x\"]}]}", "(.m[] | select(.t == 1) | .o) |= map(select(. != \"ro\"))",
		"{\"m\":[{\"t\":1,\"o\":[\"x\"]}]}" },
	{ "{\"n\":[{\"t\":\"a\"},{\"t\":\"b\"}]}", ".n |= map(if .t == \"a\" then .p = \"/x\" else . end)",
		"{\"n\":[{\"t\":\"a\",\"p\":\"/x\"},{\"t\":\"b\"}]}" },
	{ "{\"n\":[1,2]}", ".n |= (map(select(. != 1)) + [3]) | .x = .n", "{\"n\":[2,3],\"x\":[2,3]}" },
	{ "{\"a\":1}", ".a //= 5 | .b //= 6 | .c = (.b // 7) | .d = (.z // 8)", "{\"a\":1,\"b\":6,\"c\":6,\"d\":8}" },
	{ "{\"c\":{\"x\":[1],\"y\":[]}}", ".c |= map_values(. + [2]) | .c[] += [3]",
		"{\"c\":{\"x\":[1,2,3],\"y\":[2,3]}}" },
	{ "{\"c\":{\"x\":1,\"y\":2}}", ".c[] = [0]", "{\"c\":{\"x\":[0],\"y\":[0]}}" },
	{ "{\"a\":1}", ".a = (2, 3)", "{\"a\":2} {\"a\":3}" },
	{ "{\"a\":null}", ".a = null | .process.x = null", "{\"a\":null,\"process\":{\"x\":null}}" },
	{ "{\"a\":{\"b\":1},\"c\":2}", ". += {a: {z: 1}} | .a * {z: {y: 2}}", "{\"z\":{\"y\":2}}" },
	{ "{\"a\":{\"b\":1,\"c\":2}}", ". * {a: {b: 3}}", "{\"a\":{\"b\":3,\"c\":2}}" },
	{ "{\"a\":1,\"b\":2,\"c\":{\"d\":3}}", "del(.a, .c.d, .x.y)", "{\"b\":2,\"c\":{}}" },
	{ "[1,2,3,4]", "del(.[0, 2], .[-1])", "[2]" },
	{ "{\"n\":[{\"t\":\"pid\"},{\"t\":\"ipc\"}]}", "del(.n[] | select(.t == \"pid\"))",
		"{\"n\":[{\"t\":\"ipc\"}]}" },
	/* operators and their order */
	{ "null", "1 + 2 * 3 - 4 / 2, 7 % 3, 10 / 4, -(1 + 1), 1 - 1", "5 1 2.5 -2 0" },
	{ "null", "0.1 + 0.2, 1e17 + 1", "0.30000000000000004 1e+17" },
	{ "null", "1, 2 | . + 1", "2 3" },
	{ "null", "(1, 2) + (10, 20)", "11 12 21 22" },
	{ "null", "true and false or true, (false or false), (null | not)", "true false true" },
	{ "null", "1 < 2, 2 <= 2, \"a\" > \"b\", [1] >= [0, 9], {} != {}, null < false, 1 == 1.0",
		"true true false true false true true" },
	{ "{\"hint\":\"h\",\"msg\":\"m (h)\"}",
		"(.hint | length > 0) and .hint as $h | .msg | endswith(\" (\" + $h + \")\")", "true" },
	{ "null", "\"a,b,\" / \",\" - [\"\"]", "[\"a\",\"b\"]" },
	{ "null", "\"ab\" * 3, \"x\" * 0", "\"ababab\" null" },
	{ "null", "null + 1, [1] + null, \"a\" + \"b\"", "1 [1] \"ab\"" },
	{ "null", "empty // 1, (false, null, 3) // 4, (.a.b // \"d\")", "1 3 \"d\"" },
	{ "5", "if . > 3 then \"big\" elif . > 1 then \"mid\" else \"small\" end", "\"big\"" },
	{ "null", "def f: split(\" \") | map(\"C_\" + .); \"a b\" | f", "[\"C_a\",\"C_b\"]" },
	{ "null", "1 as $x | 2 as $y | [$x, $y, (3 as $x | $x), $x]", "[1,2,3,1]" },
	/* functions */
	{ "[[1,2],{\"a\":1},\"\303\251x\",null]", "map(length)", "[2,1,2,0]" },
	{ "{\"b\":1,\"a\":2}", "keys, (keys - [\"a\"]), (to_entries | from_entries)",
		"[\"a\",\"b\"] [\"b\"] {\"b\":1,\"a\":2}" },
	{ "[3,\"a\",null,[1],{\"a\":1},false,2]", "sort, (. + [2] | unique | length)",
		"[null,false,2,3,\"a\",[1],{\"a\":1}] 7" },
	{ "[1,0,2]", "all(. >= 0), any(. > 1), all(.[]; . > 0), any(.[]; . == 0)", "true true false true" },
	{ "[]", "all, any, first, last", "true false null null" },
	{ "[\"user\",\"pid\"]", "index(\"pid\"), index(\"x\"), first, last", "1 null \"user\" \"pid\"" },
	{ "\"HULL_TEST\"", "startswith(\"HULL\"), endswith(\"ST\"), contains(\"_T\"), startswith(\"x\")",
		"true true true false" },
	{ "\"lowerdir=/a\"",
		"sub(\"lowerdir=\"; \"lowerdir=x:\"), test(\"^l.*a$\"), test(\"process[.]cwd\"), test(\"\\\\.\")",
		"\"lowerdir=x:/a\" true false false" },
	{ "\"1:2\"", "split(\":\") | map(tonumber)", "[1,2]" },
	{ "[\"a\",\"b\"]", "join(\"-\"), (\"\" | split(\"x\"))", "\"a-b\" []" },
	{ "{\"a\":[{\"b\":null}]}", "[paths]", "[[\"a\"],[\"a\",0],[\"a\",0,\"b\"]]" },
	{ "[1,null,\"a\"]", "map(type), (.[2] | tojson), (.[0] | tostring)",
		"[\"number\",\"null\",\"string\"] \"\\\"a\\\"\" \"1\"" },
	{ "{\"a\":1}", "has(\"a\"), has(\"b\"), ([1] | has(0))", "true false true" },
	{ "{\"a\":1}", "[.a.b?], (.a.b // 2), [.a[]?], [(.a | .b)?]", "[] 2 [] []" },
	/* refused, with the place */
	{ "null", "", "filter: character 1: a filter is missing before: the end" },
	{ "null", ".a | | .b", "filter: character 6: a filter is missing before: | .b" },
	{ "null", ".a = 1 = 2", "filter: character 9: two of these operators want parentheses before:  2" },
	{ "null", ".. | 1", "filter: character 3: \"..\" is not known before:  | 1" },
	{ "null", "[1, 2", "filter: character 6: \"]\" is missing before: the end" },
	{ "null", "reduce .[] as $x (0; 1)",
		"filter: character 1: this word is not known here: reduce .[] as $x (0; 1)" },
	{ "null", "\"a\\q\"", "filter: character 2: this is no string of JSON: a\\q\"" },
	{ "null", "\"a", "filter: character 3: the string has no end before: the end" },
	{ "null", "1 | nosuch(2)", "filter: character 5: nosuch/1 is not known" },
	{ "null", "[nosuch?], (nosuch // 1)", "filter: character 2: nosuch/0 is not known" },
	{ "null", "(nosuch // 1)", "filter: character 2: nosuch/0 is not known" },
	{ "null", "$x", "filter: character 1: there is no $x" },
	{ "{\"a\":1}", ".a.b", "filter: character 3: a value of type number has no key \"b\"" },
	{ "{}", ".[0]", "filter: character 2: a value of type object has no place of type number" },
	{ "{\"a\":1}", ".a[]", "filter: character 3: a value of type number has no members" },
	{ "{}", "(1 + 1) = 2", "filter: character 2: this computes a value instead of naming a place" },
	{ "{\"a\":1}", ".a |= empty", "filter: character 1: no value to put there" },
	{ "null", "{a: (1, 2)}", "filter: character 6: 2 results where one is expected" },
	{ "null", "{} - 1", "filter: character 1: object - number: not known of these types" },
	{ "null", "1 / 0", "filter: character 1: division by zero" },
	{ "\"a\"", "test(\"\\\\d\")",
		"filter: character 1: test: not known of a value of type string with one of type string" },
};

static void test_filters(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ARENA(arena);
		const char *got = apply(&arena, rows[i].input, rows[i].filter);
		if (strcmp(got, rows[i].want) != 0)
			print_error("%s | %s\n", rows[i].input, rows[i].filter);
		assert_string_equal(got, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
