/*
 * Configurations as files. Those in tests/config/good are read and pass the check; those in tests/config/bad give
 * exactly the error in NAME.expect beside them. The specification's own examples, if they are available, are accepted
 * or refused as the specification says.
 *
 * HULL_TEST_SOURCE is the source tree (default "."), HULL_SPEC_SCHEMA the folder schema/test of the specification
 * (default ../shared/spec/schema/test in the source tree). HULL_TEST_EXPECT=1 writes the missing .expect files, to be
 * read before they are committed.
 *
 * The first error of a file ends the reading or the check if the caller wants only one. The files in
 * tests/config/findings have many errors: NAME.expect holds each of them, with its line.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "oci/check.h"
#include "oci/json-lines.h"
#include "oci/json-read.h"

/* After ours: its macro fail() hides the function. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	return value && *value ? value : otherwise;
}

static int open_folder(const char *base, const char *name)
{
	char path[4096];
	(void)snprintf(path, sizeof(path), "%s/%s", base, name);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int is_json(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	return len > 5 && str_eq(entry->d_name + len - 5, ".json");
}

static int load(struct arena *arena, int dir, const char *name, struct oci_config **ret, struct error *err)
{
	const struct json_source source = { .name = name };
	return oci_config_read(arena, dir, name, &source, ret, NULL, NULL, err);
}

static int load_and_check(struct arena *arena, int dir, const char *name, struct error *err)
{
	struct oci_config *config;
	if (load(arena, dir, name, &config, err) < 0)
		return -1;
	return oci_config_check(config, 0, err);
}

/* The error as the commands print it. */
static void describe(const struct error *err, char *buf, size_t size)
{
	char line[1024];
	(void)snprintf(buf, size, "%s%s%s\n", error_line(err, line, sizeof(line)), err->hint[0] ? "\n  hint: " : "",
		err->hint);
}

/* Calls visit() for each *.json of the folder, in order; returns how many there were. */
static int each_file(int dir, int (*visit)(int dir, const char *name))
{
	struct dirent **entries;
	int wrong = 0, count = scandirat(dir, ".", &entries, is_json, alphasort);
	assert_true(count >= 0);
	for (int i = 0; i < count; i++) {
		wrong += visit(dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	assert_int_equal(wrong, 0);
	return count;
}

static int visit_good(int dir, const char *name)
{
	ARENA(arena);
	struct error err = { 0 };
	char text[2048];
	if (load_and_check(&arena, dir, name, &err) == 0)
		return 0;
	describe(&err, text, sizeof(text));
	print_error("good/%s: refused: %s", name, text);
	return 1;
}

static int compare_expected(int dir, const char *name, const char *text)
{
	ARENA(arena);
	char file[300], *expected;
	(void)snprintf(file, sizeof(file), "%.*s.expect", (int)strlen(name) - 5, name);
	if (faccessat(dir, file, F_OK, 0) < 0 && str_eq(setting("HULL_TEST_EXPECT", "0"), "1")) {
		FD(made) = openat(dir, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		assert_true(made >= 0);
		assert_int_equal(write_all(made, text, strlen(text)), 0);
		print_message("wrote %s\n", file);
		return 0;
	}
	if (read_file_at(&arena, dir, file, 4096, &expected, NULL) < 0) {
		print_error("%s: cannot be read\n", file);
		return 1;
	}
	if (str_eq(expected, text))
		return 0;
	print_error("%s: expected:\n%sfound:\n%s", name, expected, text);
	return 1;
}

struct all {
	struct arena *arena;
	struct error errors[100];
	size_t len;
};

static void keep(void *data, const struct error *error)
{
	struct all *all = data;
	assert_true(all->len < 100);
	all->errors[all->len++] = *error;
}

/* All errors of a file. */
static void load_all(struct all *all, int dir, const char *name)
{
	struct error err = { 0 };
	struct oci_config *config;
	const struct error_sink sink = { keep, all };
	const struct json_source source = { .name = name, .refused = &sink };
	char *text;
	size_t len;
	if (oci_config_read(all->arena, dir, name, &source, &config, &text, &len, &err) < 0) {
		keep(all, &err);
		return;
	}
	oci_config_check_all(config, 0, &sink);
	struct json_line lines[100];
	for (size_t i = 0; i < all->len; i++)
		lines[i].path = all->errors[i].where;
	json_find_lines(all->arena, text, len, lines, all->len);
	for (size_t i = 0; i < all->len; i++) {
		struct error *error = &all->errors[i];
		if (error->line)
			continue;
		error->line = lines[i].line;
		(void)snprintf(error->file, sizeof(error->file), "%s", name);
	}
}

static int visit_findings(int dir, const char *name)
{
	ARENA(arena);
	struct all all = { .arena = &arena };
	const char *text = "";
	load_all(&all, dir, name);
	for (size_t i = 0; i < all.len; i++) {
		char one[2048];
		describe(&all.errors[i], one, sizeof(one));
		text = arena_printf(&arena, "%s%s", text, one);
	}
	return compare_expected(dir, name, text);
}

/* The first error is the same, and has its line as well if a rule found it. */
static int visit_bad_for_all(int dir, const char *name)
{
	ARENA(arena);
	struct error first = { 0 };
	struct all all = { .arena = &arena };
	assert_int_equal(load_and_check(&arena, dir, name, &first), -1);
	load_all(&all, dir, name);
	assert_true(all.len > 0);
	if (str_eq(first.where, all.errors[0].where) && str_eq(first.text, all.errors[0].text) &&
		str_eq(first.hint, all.errors[0].hint) && all.errors[0].line >= first.line)
		return 0;
	print_error("bad/%s: the first error is %s: %s, of all %s: %s\n", name, first.where, first.text,
		all.errors[0].where, all.errors[0].text);
	return 1;
}

static int visit_bad(int dir, const char *name)
{
	ARENA(arena);
	struct error err = { 0 };
	char text[2048];
	if (load_and_check(&arena, dir, name, &err) == 0) {
		print_error("bad/%s: accepted\n", name);
		return 1;
	}
	describe(&err, text, sizeof(text));
	return compare_expected(dir, name, text);
}

static void test_good(void **state)
{
	(void)state;
	FD(dir) = open_folder(setting("HULL_TEST_SOURCE", "."), "tests/config/good");
	assert_true(dir >= 0);
	assert_true(each_file(dir, visit_good) >= 10);
}

static void test_bad(void **state)
{
	(void)state;
	FD(dir) = open_folder(setting("HULL_TEST_SOURCE", "."), "tests/config/bad");
	assert_true(dir >= 0);
	assert_true(each_file(dir, visit_bad) >= 60);
}

static void test_bad_for_all(void **state)
{
	(void)state;
	FD(dir) = open_folder(setting("HULL_TEST_SOURCE", "."), "tests/config/bad");
	assert_true(dir >= 0);
	assert_true(each_file(dir, visit_bad_for_all) >= 60);
}

static void test_findings(void **state)
{
	(void)state;
	FD(dir) = open_folder(setting("HULL_TEST_SOURCE", "."), "tests/config/findings");
	assert_true(dir >= 0);
	assert_true(each_file(dir, visit_findings) >= 3);
}

/* The folder of the specification's examples, or -1 after a message. */
static int open_examples(const char *name)
{
	char otherwise[4096];
	(void)snprintf(otherwise, sizeof(otherwise), "%s/../shared/spec/schema/test", setting("HULL_TEST_SOURCE", "."));
	const char *base = setting("HULL_SPEC_SCHEMA", otherwise);
	int dir = open_folder(base, name);
	if (dir < 0)
		print_message("SKIPPED: the examples of the specification are not in %s/%s: %s\n", base, name,
			strerror(errno));
	return dir;
}

/* Examples that are valid by the schema but ask for something that a Linux runtime cannot give. */
static const struct {
	const char *name, *where;
} refused[] = {
	{ "freebsd-example.json", ".freebsd" },
	{ "freebsd-minimal.json", ".freebsd" },
	{ "zos-example.json", ".zos" },
	{ "zos-minimal.json", ".zos" },
	{ "linux-netdevice.json", ".linux.netDevices" }, /* it has no network namespace */
	{ NULL, NULL },
};

static const char *refused_for(const char *name)
{
	for (size_t i = 0; refused[i].name; i++)
		if (str_eq(refused[i].name, name))
			return refused[i].where;
	return "";
}

static int visit_good_example(int dir, const char *name)
{
	ARENA(arena);
	struct error err = { 0 };
	struct oci_config *config = NULL;
	char text[2048];
	int result = load(&arena, dir, name, &config, &err);
	if (result == 0 && str_starts(config->oci_version, "0.")) { /* a draft by its label alone */
		assert_int_equal(oci_config_check(config, 0, &err), -1);
		assert_string_equal(err.where, ".ociVersion");
		error_clear(&err);
		config->oci_version = "1.0.0";
	}
	if (result == 0)
		(void)oci_config_check(config, 0, &err); /* err tells */
	if (str_eq(err.where, refused_for(name)))
		return 0;
	describe(&err, text, sizeof(text));
	print_error("example good/%s: found: %s", name, text);
	return 1;
}

static int visit_bad_example(int dir, const char *name)
{
	ARENA(arena);
	struct error err = { 0 };
	if (load_and_check(&arena, dir, name, &err) < 0)
		return 0;
	print_error("example bad/%s: accepted\n", name);
	return 1;
}

static void test_good_examples(void **state)
{
	(void)state;
	FD(dir) = open_examples("config/good");
	if (dir < 0)
		skip();
	assert_true(each_file(dir, visit_good_example) > 0);
}

static void test_bad_examples(void **state)
{
	(void)state;
	FD(dir) = open_examples("config/bad");
	if (dir < 0)
		skip();
	assert_true(each_file(dir, visit_bad_example) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bad_for_all),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_good_examples),
		cmocka_unit_test(test_bad_examples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
