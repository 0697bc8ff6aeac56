/* The reader of configurations: its results for good text, and its exact words about bad text. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "base/sys.h"
#include "oci/json-error.h"
#include "oci/json-read.h"
#include "oci/words.h"

/* After our own: its macro fail() would hide the function of base/error.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct json_source source = { .name = "/some/bundle/config.json" };

/* The error as the terminal shows it: the line, and the hint below it. */
static void expect_error(const char *text, size_t len, const char *expected)
{
	ARENA(arena);
	struct error err = { 0 };
	struct oci_config config, untouched;
	char line[1024], shown[1400];
	memset(&config, 0x5a, sizeof(config));
	untouched = config;
	assert_int_equal(json_read(&arena, &source, &oci_config_schema, text, len, &config, &err), -1);
	error_line(&err, line, sizeof(line));
	snprintf(shown, sizeof(shown), "%s%s%s", line, err.hint[0] ? "\n  hint: " : "", err.hint);
	assert_string_equal(shown, expected);
	assert_memory_equal(&config, &untouched, sizeof(config));
	assert_int_equal(json_read(&arena, &source, &oci_config_schema, text, len, &config, NULL), -1);
}

#define IN_PROCESS(text) "{\"ociVersion\":\"1\",\"process\":{\"cwd\":\"/\"," text "}}"
#define IN_LINUX(text) "{\"ociVersion\":\"1\",\"linux\":{" text "}}"

static const struct bad {
	const char *text, *expected;
} bads[] = {
	/* types */
	{ "[]", "config.json:1: expected an object, found an array" },
	{ "\"x\"", "config.json:1: expected an object, found a string" },
	{ "12", "config.json:1: expected an object, found a number" },
	{ "null", "config.json:1: expected an object, found null" },
	{ "{}", "config.json:1: .ociVersion: required property is missing" },
	{ "{\"ociVersion\": null}", "config.json:1: .ociVersion: required property is missing" },
	{ "{\"ociVersion\":\"1\",\n\"hostname\":3}", "config.json:2: .hostname: expected a string, found a number" },
	{ "{\"linux\":[]}", "config.json:1: .linux: expected an object, found an array" },
	{ "{\"mounts\":{}}", "config.json:1: .mounts: expected an array, found an object" },
	{ "{\"mounts\":[{\"destination\":\"/\"},\"x\"]}",
		"config.json:1: .mounts[1]: expected an object, found a string" },
	{ "{\"mounts\":[null]}", "config.json:1: .mounts[0]: expected an object, found null" },
	{ IN_PROCESS("\"terminal\":\"yes\""), "config.json:1: .process.terminal: expected a boolean, found a string" },
	{ IN_PROCESS("\"args\":[\"a\",\n\n[]]"), "config.json:3: .process.args[1]: expected a string, found an array" },
	{ IN_PROCESS("\"env\":[\"a\",null]"), "config.json:1: .process.env[1]: expected a string, found null" },
	{ IN_PROCESS("\"user\":{\"additionalGids\":[1,true]}"),
		"config.json:1: .process.user.additionalGids[1]: expected an integer, found a "
		"boolean" },
	{ IN_LINUX("\n\n\"resources\":{\n\"memory\":{\"limit\":\"512M\"}}"),
		"config.json:4: .linux.resources.memory.limit: expected an integer, found a "
		"string" },
	{ "{\"annotations\":{\"a.b\":7}}", "config.json:1: .annotations[\"a.b\"]: expected a string, found a number" },
	{ "{\"annotations\":{\"\\\"\\\\\\u0001é\":{}}}",
		"config.json:1: .annotations[\"\\\"\\\\\\u0001é\"]: expected a string, found an "
		"object" },
	{ IN_LINUX("\"netDevices\":{\"eth0\":{\"name\":23}}"),
		"config.json:1: .linux.netDevices.eth0.name: expected a string, found a number" },
	{ IN_LINUX("\"resources\":{\"rdma\":{\"mlx-5\":1}}"),
		"config.json:1: .linux.resources.rdma[\"mlx-5\"]: expected an object, found a "
		"number" },
	/* numbers */
	{ IN_PROCESS("\"oomScoreAdj\":1.5"), "config.json:1: .process.oomScoreAdj: expected an integer, found 1.5" },
	{ IN_PROCESS("\"oomScoreAdj\":1e2"), "config.json:1: .process.oomScoreAdj: expected an integer, found 1e2" },
	{ IN_PROCESS("\"oomScoreAdj\":-1001"), "config.json:1: .process.oomScoreAdj: -1001 is out "
					       "of range, allowed is -1000 to 1000" },
	{ IN_PROCESS("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}"),
		"config.json:1: .process.ioPriority.priority: 8 is out of range, allowed is 0 to "
		"7" },
	{ IN_PROCESS("\"user\":{\"uid\":-1}"), "config.json:1: .process.user.uid: -1 is out of "
					       "range, allowed is 0 to 4294967294" },
	{ IN_PROCESS("\"user\":{\"gid\":4294967295}"),
		"config.json:1: .process.user.gid: 4294967295 is out of range, allowed is 0 to "
		"4294967294" },
	{ IN_LINUX("\"resources\":{\"cpu\":{\"shares\":9223372036854775808}}"),
		"config.json:1: .linux.resources.cpu.shares: 9223372036854775808 is out of range, "
		"allowed is 0 to 9223372036854775807" },
	{ IN_LINUX("\"resources\":{\"hugepageLimits\":[{\"limit\":18446744073709551616}]}"),
		"config.json:1: .linux.resources.hugepageLimits[0].limit: 18446744073709551616 is out of range, "
		"allowed is 0 to 18446744073709551615" },
	{ IN_LINUX("\"timeOffsets\":{\"boottime\":{\"secs\":-9223372036854775809}}"),
		"config.json:1: .linux.timeOffsets.boottime.secs: -9223372036854775809 is out of "
		"range, "
		"allowed is -9223372036854775808 to 9223372036854775807" },
	{ IN_LINUX("\"timeOffsets\":{\"boottime\":{\"secs\":9223372036854775808}}"),
		"config.json:1: .linux.timeOffsets.boottime.secs: 9223372036854775808 is out of "
		"range, "
		"allowed is -9223372036854775808 to 9223372036854775807" },
	{ "{\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":0}]}}",
		"config.json:1: .hooks.poststop[0].timeout: 0 is out of range, allowed is 1 to "
		"2147483647" },
	/* words */
	{ IN_LINUX("\"namespaces\":[{\"type\":\"pid\"},\n{\"type\":\"uesr\"}]"),
		"config.json:2: .linux.namespaces[1].type: unknown value \"uesr\"\n"
		"  hint: one of pid, network, mount, ipc, uts, user, cgroup, time" },
	{ IN_LINUX("\"namespaces\":[{\"type\":\"\"}]"),
		"config.json:1: .linux.namespaces[0].type: required property is missing" },
	{ IN_LINUX("\"namespaces\":[{\"type\":\"pi\\u001b[31m\"}]"),
		"config.json:1: .linux.namespaces[0].type: unknown value \"pi?[31m\"\n"
		"  hint: one of pid, network, mount, ipc, uts, user, cgroup, time" },
	{ IN_LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_"
		   "ARCH_X68\"]}"),
		"config.json:1: .linux.seccomp.architectures[0]: unknown value \"SCMP_ARCH_X68\"\n"
		"  hint: did you mean \"SCMP_ARCH_X86\"?" },
	{ IN_LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"flags\":[\"x\"]}"),
		"config.json:1: .linux.memoryPolicy.flags[0]: unknown value \"x\"\n"
		"  hint: one of MPOL_F_NUMA_BALANCING, MPOL_F_RELATIVE_NODES, "
		"MPOL_F_STATIC_NODES" },
	/* a missing property is reported at the object's opening bracket */
	{ IN_LINUX("\"namespaces\":[\n{\"path\":\"/proc/1/ns/pid\"\n}]"),
		"config.json:2: .linux.namespaces[0].type: required property is missing" },
	{ "{\"ociVersion\":\"1\",\"root\":{}}", "config.json:1: .root.path: required property is missing" },
	{ "{\"ociVersion\":\"1\",\"process\":{}}", "config.json:1: .process.cwd: required property is missing" },
	{ IN_LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":0}]"),
		"config.json:1: .linux.uidMappings[0].size: required property is missing" },
	{ IN_LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[]}]"
		   "}"),
		"config.json:1: .linux.seccomp.syscalls[0].action: required property is missing" },
	/* names */
	{ "{\"ociVersion\":\"1\",\n\"ociVersion\":\"1\"}", "config.json:2: .ociVersion: property is given twice" },
	{ "{\"hostname\":null,\"hostname\":\"x\"}", "config.json:1: .hostname: property is given twice" },
	{ "{\"annotations\":{\"b\":\"1\",\"a\":\"1\",\n\"b\":\"2\"}}",
		"config.json:2: .annotations.b: property is given twice" },
	{ IN_LINUX("\"netDevices\":{\"a\":{},\"a\":{}}"),
		"config.json:1: .linux.netDevices.a: property is given twice" },
	{ "{\"annotations\":{\"\":\"1\"}}", "config.json:1: .annotations[\"\"]: the name is empty" },
	{ "{\"annotations\":{\"a\\u0000b\":\"1\"}}",
		"config.json:1: .annotations: the name of a property holds a NUL character" },
	{ IN_PROCESS("\"cwd\\u0000\":1"), "config.json:1: .process: the name of a property holds a NUL character" },
	{ "{\"hostname\":\"a\\u0000b\"}", "config.json:1: .hostname: the string holds a NUL character" },
	{ IN_PROCESS("\"args\":[\"a\",\"\\u0000\"]"),
		"config.json:1: .process.args[1]: the string holds a NUL character" },
	/* another name, as yajl reads them */
	{ "{\"hostname\":\"a\\ud800b\"}", "config.json:1: .hostname: the string holds half of a surrogate pair" },
	{ "{\"hostname\":\"\\uDC00\"}", "config.json:1: .hostname: the string holds half of a surrogate pair" },
	{ "{\"hostname\":\"\\udbff\\u0041\"}", "config.json:1: .hostname: the string holds half of a surrogate pair" },
	{ "{\"hostname\":\"\\ud83d\\ude00\\ude00\"}",
		"config.json:1: .hostname: the string holds half of a surrogate pair" },
	{ "{\"hostname\":\"\\\\ud800 is text\",\n\"unknown\":{\"a\":[\"\\ud83d\\ude00\",\"\\ud83d\"]}}",
		"config.json:2: the string holds half of a surrogate pair" },
	{ "{\"annotations\":{\"a\\ud800\":\"1\"}}",
		"config.json:1: .annotations: the name of a property holds half of a surrogate pair" },
	{ "{\"x\":{\"a\\ud800\":\"1\"}}", "config.json:1: the name of a property holds half of a surrogate pair" },
	/* syntax */
	{ "", "config.json:1: the file is empty" },
	{ "\n\n", "config.json:1: the file is empty" },
	{ "{", "config.json:1: the file ends in the middle\n  hint: a closing bracket is missing" },
	{ "{\"ociVersion\":\n\"1\"\n\n", "config.json:2: the file ends in the middle\n"
					 "  hint: a closing bracket is missing" },
	{ "{]", "config.json:1: expected the name of a property in quotes\n"
		"  hint: no comma follows the last property of an object" },
	{ "{\"ociVersion\":\"1\",\n}", "config.json:2: expected the name of a property in quotes\n"
				       "  hint: no comma follows the last property of an object" },
	{ "{\"mounts\":[\n],}", "config.json:2: expected the name of a property in quotes\n"
				"  hint: no comma follows the last property of an object" },
	{ "{\"mounts\":[{\"destination\":\"/a\"},\n]}",
		"config.json:2: expected a value\n  hint: no comma follows the last item of an "
		"array" },
	{ "{\"ociVersion\":\"1\"\n\"root\":{}}", "config.json:2: expected \",\" or \"}\" after a property" },
	{ "{\"mounts\":[{\"destination\":\"/\"}\n{}]}", "config.json:2: expected \",\" or \"]\" after an item" },
	{ "{\"ociVersion\" \"1\"}", "config.json:1: expected \":\" after the name of a property" },
	{ "{\"ociVersion\":\"1\"}\n{}", "config.json:2: something follows the end of the object" },
	{ "{\"ociVersion\":\"1\"}}", "config.json:1: something follows the end of the object" },
	{ "{\n\n\"ociVersion\":'1'}", "config.json:3: unexpected character" },
	{ "{\"a\":tru}", "config.json:1: malformed word\n  hint: the words of JSON are true, false "
			 "and null" },
	{ "{\"ociVersion\":-}", "config.json:1: malformed number" },
	{ "{\n\"ociVersion\":\"a\tb\"}", "config.json:2: control character in a string\n"
					 "  hint: line breaks and tabs are written \\n and \\t" },
	{ "{\"ociVersion\":\"\\x\"}", "config.json:1: unknown escape in a string\n"
				      "  hint: the escapes are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX" },
	{ "{\"ociVersion\":\"\\u12g4\"}", "config.json:1: \\u in a string needs four hexadecimal digits" },
	{ "{\n/* */}", "config.json:2: comments are no part of JSON" },
	{ "{\n\"ociVersion\":\"\xff\xfe\"}", "config.json:2: the text is not valid UTF-8" },
};

static void refuses_with_exact_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(bads); i++)
		expect_error(bads[i].text, strlen(bads[i].text), bads[i].expected);
}

static void refuses_depth_and_size(void **state)
{
	(void)state;
	char text[256] = "{\"ociVersion\":\"1\",\"x\":";
	size_t len = strlen(text);
	ARENA(arena);
	struct oci_config config;
	memset(text + len, '[', JSON_MAX_DEPTH - 1);
	memset(text + len + JSON_MAX_DEPTH - 1, ']', JSON_MAX_DEPTH - 1);
	strcpy(text + len + 2 * (JSON_MAX_DEPTH - 1), "}");
	assert_int_equal(json_read(&arena, &source, &oci_config_schema, text, strlen(text), &config, NULL), 0);
	memset(text + len, '[', JSON_MAX_DEPTH);
	expect_error(text, strlen(text), "config.json:1: nested deeper than 64 levels");

	size_t size = JSON_MAX_SIZE + 1;
	char *large = malloc(size);
	memset(large, ' ', size);
	expect_error(large, size, "config.json:1: larger than 16 MiB");
	memcpy(large, "{\"ociVersion\":\"1\"}", 18);
	assert_int_equal(json_read(&arena, &source, &oci_config_schema, large, size - 1, &config, NULL), 0);
	free(large);
}

static struct oci_config read_config(struct arena *arena, const char *text)
{
	struct oci_config config;
	struct error err = { 0 };
	if (json_read(arena, &source, &oci_config_schema, text, strlen(text), &config, &err) < 0)
		fail_msg("%s: %s", err.where, err.text);
	return config;
}

static void keeps_all_bits_of_numbers(void **state)
{
	(void)state;
	ARENA(arena);
	struct oci_config c = read_config(
		&arena, IN_LINUX("\"resources\":{\"memory\":{\"limit\":-1,\"swap\":9223372036854775807,"
				 "\"swappiness\":-0},"
				 "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":18446744073709551615}]},"
				 "\"timeOffsets\":{\"monotonic\":{\"secs\":-9223372036854775808}}"));
	const struct oci_resources *res = c.linux->resources;
	assert_true(res->memory->limit.set && res->memory->limit.value == -1);
	assert_true(res->memory->swap.value == INT64_MAX);
	assert_true(res->memory->swappiness.set && res->memory->swappiness.value == 0);
	assert_false(res->memory->reservation.set);
	assert_true(res->hugepage_limits.items[0].limit.value == UINT64_MAX);
	assert_true(c.linux->time_offsets->monotonic->secs.value == INT64_MIN);
	assert_null(c.linux->time_offsets->boottime);
}

static void ends_lists_of_strings_with_null(void **state)
{
	(void)state;
	for (size_t n = 0; n <= 70; n++) {
		ARENA(arena);
		char text[2048] = "{\"ociVersion\":\"1\",\"process\":{\"cwd\":\"/\",\"args\":[";
		for (size_t i = 0; i < n; i++)
			sprintf(text + strlen(text), "%s\"a%zu\"", i ? "," : "", i);
		strcat(text, "]}}");
		struct oci_config c = read_config(&arena, text);
		assert_int_equal(c.process->args.len, n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(atoi(c.process->args.items[i] + 1), i);
		assert_null(c.process->args.items[n]);
		assert_null(c.process->env.items); /* absent, not empty */
	}
}

static void fills_every_kind(void **state)
{
	(void)state;
	ARENA(arena);
	struct oci_config c =
		read_config(&arena, "{\"zos\":{\"deep\":[{},[]]},\"ociVersion\":\"1.3.0\",\"hostname\":null,\"vm\":"
				    "null,"
				    "\"annotations\":{\"k\":\"v\",\"gone\":null,\"\\u00e9\":\"\"},"
				    "\"process\":{\"cwd\":\"/"
				    "\",\"terminal\":false,\"user\":{\"uid\":5,\"additionalGids\":[1,2,3]},"
				    "\"scheduler\":{\"policy\":\"SCHED_RR\",\"flags\":[\"SCHED_FLAG_RECLAIM\",\"SCHED_"
				    "FLAG_KEEP_PARAMS\"]}},"
				    "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"user\",\"path\":\"/"
				    "p\"}],"
				    "\"netDevices\":{\"eth0\":{\"name\":\"e\"},\"eth1\":{}},"
				    "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"flags\":[]},"
				    "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_KILL\",\"architectures\":[\"SCMP_ARCH_"
				    "X86_64\",\"SCMP_ARCH_X32\"]}}}");
	assert_string_equal(c.oci_version, "1.3.0");
	assert_null(c.hostname);
	assert_true(c.has_zos.set && c.has_zos.value && !c.has_vm.set);
	assert_int_equal(c.annotations.len, 2);
	assert_string_equal(c.annotations.items[1].key, "é");
	assert_string_equal(c.annotations.items[1].value, "");
	assert_true(c.process->terminal.set && !c.process->terminal.value);
	assert_true(c.process->user.uid.set && !c.process->user.gid.set);
	assert_int_equal(c.process->user.additional_gids.items[2].value, 3);
	assert_int_equal(c.process->scheduler->policy.value, SCHED_RR);
	assert_int_equal(c.process->scheduler->flags.value, 0x12);
	assert_int_equal(c.linux->namespaces.items[1].type.value, CLONE_NEWUSER);
	assert_string_equal(c.linux->namespaces.items[1].path, "/p");
	assert_string_equal(c.linux->net_devices.items[0].key, "eth0");
	assert_string_equal(c.linux->net_devices.items[0].name, "e");
	assert_string_equal(c.linux->net_devices.items[1].key, "eth1");
	assert_null(c.linux->net_devices.items[1].name);
	assert_true(c.linux->memory_policy->flags.set && !c.linux->memory_policy->flags.value);
	assert_int_equal(c.linux->seccomp->default_action.value, OCI_ACT_KILL_THREAD);
	assert_int_equal(c.linux->seccomp->architectures.len, 2);
	assert_int_equal(c.linux->seccomp->architectures.items[1].value, 0x4000003e);
}

/* Unknown properties */

static void note_unknown(void *data, int line, const char *where, const char *nearest)
{
	char *text = data;
	sprintf(text + strlen(text), "%d %s %s\n", line, where, nearest ? nearest : "-");
}

/* A slash at the end of a path says nothing. Of other strings nothing is cut. */
static void trims_paths(void **state)
{
	(void)state;
	ARENA(arena);
	struct oci_config c = read_config(&arena,
		IN_LINUX("\"maskedPaths\":[\"/a/\",\"/b/././/\",\"/\",\"//\",\"/.\",\"\",\".\",\"/c.\",\"/d/..\"],"
			 "\"devices\":[{\"type\":\"p\",\"path\":\"/dev/x//\"}],\"cgroupsPath\":\"/a/\""));
	static const char *const expected[] = { "/a", "/b", "/", "/", "/", "", ".", "/c.", "/d/.." };
	assert_int_equal(c.linux->masked_paths.len, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < c.linux->masked_paths.len; i++)
		assert_string_equal(c.linux->masked_paths.items[i], expected[i]);
	assert_string_equal(c.linux->devices.items[0].path, "/dev/x");
	assert_string_equal(c.linux->cgroups_path, "/a/");
}

static void passes_over_unknown_properties(void **state)
{
	(void)state;
	static const char text[] = "{\"ociVersion\":\"1\",\"hostnam\":{\"root\":[{\"path\":1}]},\n"
				   "\"rooot\":1,\"Process\":null,\"id\":\"\",\"x y\":[[],{}],\n"
				   "\"process\":{\"cwd\":\"/"
				   "\",\"oomscoreadj\":3,\"consolesizes\":true,\"nothing\":1.5e9},\n"
				   "\"linux\":{\"namespaces\":[{\"type\":\"pid\",\"paths\":\"x\"}],\"netDevices\":{"
				   "\"e0\":{\"nam\":1}}}}";
	char noted[1024] = "";
	const struct json_source noting = { .name = "config.json", .unknown = note_unknown, .data = noted };
	ARENA(arena);
	struct oci_config c;
	struct error err = { 0 };
	assert_int_equal(json_read(&arena, &noting, &oci_config_schema, text, strlen(text), &c, &err), 0);
	assert_string_equal(noted, "1 .hostnam hostname\n"
				   "2 .rooot root\n"
				   "2 .Process process\n"
				   "2 .id -\n"
				   "2 .[\"x y\"] -\n"
				   "3 .process.oomscoreadj oomScoreAdj\n"
				   "3 .process.consolesizes consoleSize\n"
				   "3 .process.nothing -\n"
				   "4 .linux.namespaces[0].paths path\n"
				   "4 .linux.netDevices.e0.nam name\n");
	assert_null(c.hostname);
	assert_int_equal(c.linux->namespaces.len, 1);
}

/* A long path or value is cut between characters, and says so. */
static void cuts_what_is_too_long(void **state)
{
	(void)state;
	char where[24], shown[12];
	struct json_path path = { .buf = where, .size = sizeof(where) };
	json_path_key(&path, "annotations", 11);
	json_path_key(&path, "ééééééé", 14);
	json_path_index(&path, 7);
	assert_string_equal(where, ".annotations[\"ééé…");
	assert_string_equal(json_show(shown, sizeof(shown), "0123456789abcdef", 16), "01234567…");
	assert_string_equal(json_show(shown, sizeof(shown), "a\n\x7f", 3), "a??");
}

static void reads_a_large_map_quickly(void **state)
{
	(void)state;
	enum { COUNT = 400000 };
	char *text = malloc(COUNT * 16 + 64), *at = text;
	at += sprintf(at, "{\"ociVersion\":\"1\",\"annotations\":{\"a\":\"\"");
	for (int i = 0; i < COUNT; i++)
		at += sprintf(at, ",\"k%d\":\"\"", i);
	strcpy(at, "}}");
	ARENA(arena);
	assert_int_equal(read_config(&arena, text).annotations.len, COUNT + 1);
	strcpy(at, ",\"k7\":\"\"}}");
	expect_error(text, strlen(text), "config.json:1: .annotations.k7: property is given twice");
	free(text);
}

static void reads_a_file(void **state)
{
	(void)state;
	ARENA(arena);
	struct oci_config *config = NULL;
	struct error err = { 0 };
	char *text, line[512];
	size_t len;
	char name[] = "/tmp/hull-test-XXXXXX";
	int fd = mkstemp(name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "{\"ociVersion\":\"1\"}", 18), 18);
	close(fd);
	assert_int_equal(oci_config_read(&arena, AT_FDCWD, name, NULL, &config, &text, &len, &err), 0);
	assert_string_equal(config->oci_version, "1");
	assert_int_equal(len, 18);
	assert_string_equal(text, "{\"ociVersion\":\"1\"}");
	unlink(name);
	assert_int_equal(oci_config_read(&arena, AT_FDCWD, name, NULL, &config, NULL, NULL, &err), -1);
	assert_non_null(strstr(error_line(&err, line, sizeof(line)), "No such file or directory"));
	assert_string_equal(err.hint, "`hull spec` writes one to start from");
}

/* The tables themselves */

static void check_words(const struct word *words)
{
	assert_non_null(words[0].name);
	for (const struct word *w = words; w->name; w++)
		assert_ptr_equal(word_find(words, w->name), w);
}

static void check_schema(const struct schema *schema, unsigned depth)
{
	assert_true(depth < 10);
	EACH_PROPERTY (schema, p) {
		size_t len = p->doc ? strlen(p->doc) : 0;
		if (len < 8 || p->doc[len - 1] == '.' || p->offset >= schema->size)
			fail_msg("%s.%s: documentation or offset", schema->name, p->name);
		for (const struct property *other = schema->properties; other < p; other++)
			assert_string_not_equal(other->name, p->name);
		bool words = p->kind == KIND_WORD || p->kind == KIND_FLAGS || p->kind == KIND_WORDS;
		bool object = p->kind == KIND_OBJECT || p->kind == KIND_INLINE || p->kind == KIND_OBJECTS ||
			      p->kind == KIND_OBJECT_MAP;
		assert_int_equal(words, p->words != NULL);
		assert_int_equal(object, p->object != NULL);
		if (p->kind == KIND_INT)
			assert_true(p->max <= INT64_MAX && p->min < (int64_t)p->max);
		else if (p->kind == KIND_UINT || p->kind == KIND_UINTS)
			assert_true(p->min == 0 && p->max > 0);
		if (words)
			check_words(p->words);
		if (object)
			check_schema(p->object, depth + 1);
	}
}

static void tables_are_sound(void **state)
{
	(void)state;
	check_schema(&oci_config_schema, 0);
}

static const struct place {
	const char *path, *name; /* of the row, or NULL if there is none */
} places[] = {
	{ ".linux.namespaces[1].type", "type" },
	{ ".linux.namespaces[].type", "type" },
	{ ".linux.namespaces.type", "type" },
	{ ".linux.netDevices", "netDevices" },
	{ ".linux.netDevices.eth0", "netDevices" },
	{ ".linux.netDevices.eth0.name", "name" },
	{ ".linux.netDevices[\"a.b\"].name", "name" },
	{ ".linux.netDevices.eth0.eth1.name", NULL },
	{ ".linux.resources.rdma.mlx5_1.hcaHandles", "hcaHandles" },
	{ ".annotations[\"a.b\"]", "annotations" },
	{ ".annotations.a.b", "annotations" },
	{ ".process.args[0]", "args" },
	{ ".process.cwd[0]", NULL },
	{ ".linux.", NULL },
	{ ".linux..namespaces", NULL },
	{ ".linux.namespaces[", NULL },
	{ ".nothing", NULL },
};

/* Every place that an error names can be looked up. */
static void finds_properties_by_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(places); i++) {
		const struct schema *schema;
		const struct property *row = schema_find(&oci_config_schema, places[i].path, &schema);
		if (!row != !places[i].name || (row && !str_eq(row->name, places[i].name)))
			fail_msg("%s: found %s", places[i].path, row ? row->name : "nothing");
	}
}

/* Not by its header: another file of that name may come first among the include paths. */
extern uint32_t seccomp_arch_resolve_name(const char *name);

static void architectures_are_those_of_libseccomp(void **state)
{
	(void)state;
	for (const struct word *w = oci_seccomp_arch_words; w->name; w++) {
		char name[32];
		snprintf(name, sizeof(name), "%s", w->name + strlen("SCMP_ARCH_"));
		for (char *c = name; *c; c++)
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
		uint32_t known = seccomp_arch_resolve_name(name);
		if (known) /* an older library knows fewer */
			assert_int_equal(w->value, known);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_with_exact_words),
		cmocka_unit_test(refuses_depth_and_size),
		cmocka_unit_test(keeps_all_bits_of_numbers),
		cmocka_unit_test(ends_lists_of_strings_with_null),
		cmocka_unit_test(fills_every_kind),
		cmocka_unit_test(trims_paths),
		cmocka_unit_test(passes_over_unknown_properties),
		cmocka_unit_test(cuts_what_is_too_long),
		cmocka_unit_test(reads_a_large_map_quickly),
		cmocka_unit_test(reads_a_file),
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(finds_properties_by_path),
		cmocka_unit_test(architectures_are_those_of_libseccomp),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
