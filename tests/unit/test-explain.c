/* Explanations of properties, and the reference of all properties. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "oci/explain.h"
#include "oci/schema.h"

/* After ours: its macro fail() hides the function. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Compares the beginning of the output; the sentences belong to the tables. */
static void test_explain(void **state)
{
	static const struct {
		const char *path, *begins, *holds;
	} rows[] = {
		{ ".", ".: object\n", "\n  ociVersion " },
		{ "", ".: object\n", "\n  linux " },
		{ ".ociVersion", ".ociVersion: string, required\n", "" },
		{ "ociVersion", ".ociVersion: string, required\n", "" },
		{ ".linux.namespaces", ".linux.namespaces: array of objects\n", "\n  path " },
		{ ".linux.namespaces[0]", ".linux.namespaces[0]: array of objects\n", "\n  type " },
		{ ".linux.namespaces[].type", ".linux.namespaces[].type: word, required\n",
			"\n  one of pid, network, mount, ipc, uts, user, cgroup, time\n" },
		{ ".linux.seccomp.flags", ".linux.seccomp.flags: array of words\n",
			"\n  any of SECCOMP_FILTER_FLAG_TSYNC, " },
		{ ".linux.seccomp.architectures", ".linux.seccomp.architectures: array of words\n",
			"\n  any of SCMP_ARCH_X86, " },
		{ ".process.oomScoreAdj", ".process.oomScoreAdj: integer\n", "\n  -1000 to 1000\n" },
		{ ".process.user.uid", ".process.user.uid: integer", "\n  0 to 4294967294\n" },
		{ ".annotations", ".annotations: object of strings\n", "" },
		{ ".annotations[\"a.b]\"]", ".annotations[\"a.b]\"]: object of strings\n", "" },
		{ ".linux.netDevices[\"eth0\"].name", ".linux.netDevices[\"eth0\"].name: string\n", "" },
		{ ".linux.sysctl.kernel", ".linux.sysctl.kernel: object of strings\n", "" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);
		assert_int_equal(oci_explain(rows[i].path, out, NULL), 0);
		(void)fclose(out);
		assert_memory_equal(text, rows[i].begins, strlen(rows[i].begins));
		assert_non_null(strstr(text, rows[i].holds));
		free(text);
	}
}

static void test_unknown(void **state)
{
	static const struct {
		const char *path, *where, *hint;
	} rows[] = {
		{ ".linux.namespace", ".linux.namespace", "did you mean .linux.namespaces?" },
		{ "linux.namespace", ".linux.namespace", "did you mean .linux.namespaces?" },
		{ ".hostnam", ".hostnam", "did you mean .hostname?" },
		{ "hostnam", ".hostnam", "did you mean .hostname?" },
		{ ".linux.resources.memroy.limit", ".linux.resources.memroy.limit",
			"did you mean .linux.resources.memory?" },
		{ ".linux.xyzzy", ".linux.xyzzy", ".linux lists those that exist" },
		{ ".xyzzy", ".xyzzy", ". lists those that exist" },
		{ ".foo", ".foo", ". lists those that exist" },
		{ ".hostname.x", ".hostname.x", ".hostname has no members" },
		{ ".linux[0]", ".linux[0]", "did you mean .linux?" },
		{ "..", "..", ". lists those that exist" },
		{ ".linux.", ".linux.", ".linux lists those that exist" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = { 0 };
		assert_int_equal(oci_explain(rows[i].path, stderr, &err), -1);
		assert_string_equal(err.where, rows[i].where);
		assert_string_equal(err.text, "no such property");
		assert_string_equal(err.hint, rows[i].hint);
	}
}

static void test_too_long(void **state)
{
	char path[2000];
	struct error err = { 0 };
	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(oci_explain(path, stderr, &err), -1);
	assert_string_equal(err.text, "no such property");
}

/* Each property and object is in the reference, no line is too long, and none is a roff request by accident. */
static void test_reference(void **state)
{
	static const char *const requests[] = { ".Ss .", ".It Cm ", ".Bl -tag -width Ds", ".El", ".Sx ." };
	char *text = NULL;
	size_t len, items = 0;
	(void)state;
	FILE *out = open_memstream(&text, &len);
	oci_reference_mdoc(out);
	(void)fclose(out);
	assert_non_null(strstr(text, "\n\"c\" or \"u\" for a character device, "));
	assert_non_null(strstr(text, "\nOne of pid, network, "));
	assert_non_null(strstr(text, "\nAny of MPOL_F_NUMA_BALANCING, "));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(strlen(line) <= 80);
		assert_true(*line != '\'');
		bool known = *line != '.';
		for (size_t i = 0; i < COUNT(requests); i++)
			known |= strncmp(line, requests[i], strlen(requests[i])) == 0;
		assert_true(known);
		items += strncmp(line, ".It", 3) == 0;
	}
	free(text);
	assert_true(items > 150);
}

/* The first word of a sentence gets a capital in the reference, which a literal without quotes would not survive. */
static bool begins_with_literal(const char *doc)
{
	static const char *const literals[] = { "true", "false", "null" };
	size_t len = strcspn(doc, " ,;");
	for (size_t i = 0; i < COUNT(literals); i++)
		if (len == strlen(literals[i]) && strncmp(doc, literals[i], len) == 0)
			return true;
	return *doc >= 'a' && *doc <= 'z' && (len == 1 || strcspn(doc, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_=:/.") < len);
}

/* The printers rely on the form of the sentences. */
static void check_docs(const struct schema *schema)
{
	EACH_PROPERTY (schema, p) {
		assert_non_null(p->doc);
		size_t len = strlen(p->doc);
		if (!len || p->doc[len - 1] == '.' || strstr(p->doc, ". "))
			fail_msg("%s.%s: \"%s\" is no single sentence without a full stop", schema->name, p->name,
				p->doc);
		if (begins_with_literal(p->doc))
			fail_msg("%s.%s: \"%s\" begins with a literal", schema->name, p->name, p->doc);
		if (p->object)
			check_docs(p->object);
	}
}

static void test_docs(void **state)
{
	(void)state;
	check_docs(&oci_config_schema);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_reference),
		cmocka_unit_test(test_docs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
