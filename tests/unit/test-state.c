/* The state that engines, hooks and seccomp agents see, and hull's own record on disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "oci/state.h"

/* After ours: its macro fail() hides the function. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_state(void **unused)
{
	struct oci_pair pairs[] = { { "org.example.a", "1" }, { "b", "" } };
	const struct {
		struct oci_state state;
		const char *expected;
	} rows[] = {
		{ { .id = "c1", .status = "stopped", .bundle = "/b" },
			"{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"pid\":0,\"status\":\"stopped\","
			"\"bundle\":\"/b\"}" },
		{ { .oci_version = "1.0.2",
			  .id = "c1",
			  .pid = { true, 4422 },
			  .status = "running",
			  .bundle = "/b",
			  .rootfs = "/b/rootfs",
			  .created = "2026-01-02T03:04:05.000000006Z",
			  .owner = "root",
			  .annotations = { pairs, 2 } },
			"{\"ociVersion\":\"1.0.2\",\"id\":\"c1\",\"pid\":4422,\"status\":"
			"\"running\","
			"\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\","
			"\"created\":\"2026-01-02T03:04:05.000000006Z\",\"owner\":\"root\","
			"\"annotations\":{\"org.example.a\":\"1\",\"b\":\"\"}}" },
	};
	(void)unused;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA(arena);
		size_t len;
		char *text = oci_state_json(&arena, &rows[i].state, false, &len);
		assert_string_equal(text, rows[i].expected);
		assert_int_equal(len, strlen(text));
	}
}

static void test_process_state(void **unused)
{
	ARENA(arena);
	struct oci_state state = { .id = "c1", .pid = { true, 4422 }, .status = "creating", .bundle = "/b" };
	size_t len;
	(void)unused;
	assert_string_equal(oci_process_state_json(&arena, &state, 4423, "who=me", &len),
		"{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":4423,"
		"\"metadata\":\"who=me\",\"state\":{\"ociVersion\":\"1.3.0\",\"id\":\"c1\","
		"\"pid\":4422,\"status\":\"creating\",\"bundle\":\"/b\"}}");
	assert_string_equal(oci_process_state_json(&arena, &state, 1, NULL, &len),
		"{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":1,"
		"\"state\":{\"ociVersion\":\"1.3.0\",\"id\":\"c1\","
		"\"pid\":4422,\"status\":\"creating\",\"bundle\":\"/b\"}}");
}

/* A directory that is removed when the test ends. */
static int make_directory(void **state)
{
	static char path[] = "/tmp/hull-test-state-XXXXXX";
	*state = mkdtemp(path);
	return *state ? 0 : -1;
}

static int remove_directory(void **state)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "%s/%s", (const char *)*state, OCI_RECORD_NAME);
	(void)unlink(path); /* not every test leaves one */
	return rmdir(*state);
}

static void test_record(void **state)
{
	struct oci_pair pairs[] = { { "k", "v" } };
	struct oci_record record = {
		.id = "c1",
		.bundle = "/b",
		.rootfs = "/b/rootfs",
		.created = "2026-01-02T03:04:05Z",
		.owner = { true, UINT32_MAX },
		.pid = { true, 4422 },
		.pid_start = { true, UINT64_MAX },
		.cgroup_path = "/hull-c1",
		.cgroup_components = { true, 2 },
		.systemd_cgroup = { true, true },
		.intel_rdt_group = "/sys/fs/resctrl/c1",
		.terminal = { true, false },
		.has_poststart = { true, true },
		.annotations = { pairs, 1 },
	};
	struct oci_record back;
	ARENA(arena);
	FD(dir) = open(*state, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	assert_int_equal(oci_record_write(&arena, dir, &record, NULL), 0);
	assert_int_equal(oci_record_read(&arena, dir, &back, NULL), 0);
	assert_string_equal(back.oci_version, OCI_VERSION);
	assert_string_equal(back.id, record.id);
	assert_string_equal(back.bundle, record.bundle);
	assert_string_equal(back.rootfs, record.rootfs);
	assert_string_equal(back.created, record.created);
	assert_true(back.owner.value == UINT32_MAX);
	assert_int_equal(back.pid.value, 4422);
	assert_true(back.pid_start.value == UINT64_MAX);
	assert_string_equal(back.cgroup_path, record.cgroup_path);
	assert_int_equal(back.cgroup_components.value, 2);
	assert_true(back.systemd_cgroup.value);
	assert_string_equal(back.intel_rdt_group, record.intel_rdt_group);
	assert_true(back.terminal.set && !back.terminal.value);
	assert_true(back.has_poststart.value);
	assert_false(back.has_poststop.set);
	assert_int_equal(back.annotations.len, 1);
	assert_string_equal(back.annotations.items[0].value, "v");
}

/* A missing or malformed record leaves the caller's struct unchanged. */
static void test_record_fails(void **state)
{
	static const struct {
		const char *text, *where;
	} rows[] = {
		{ NULL, "" },
		{ "", "" },
		{ "[]", "" },
		{ "{\"id\":\"c1\"}", ".ociVersion" },
		{ "{\"ociVersion\":\"1.3.0\",\"id\":1}", ".id" },
		{ "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"bundle\":\"/b\",\"owner\":0,"
		  "\"pid\":-1,\"pidStart\":1}",
			".pid" },
	};
	FD(dir) = open(*state, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA(arena);
		struct oci_record record = { .id = "kept" };
		struct error err = { 0 };
		(void)unlinkat(dir, OCI_RECORD_NAME, 0);
		if (rows[i].text)
			assert_int_equal(
				replace_file_at(dir, OCI_RECORD_NAME, rows[i].text, strlen(rows[i].text), 0600, NULL),
				0);
		assert_int_equal(oci_record_read(&arena, dir, &record, &err), -1);
		assert_int_equal(err.errnum, !rows[i].text ? ENOENT : !*rows[i].text ? ENODATA : 0);
		assert_string_equal(err.where, rows[i].where);
		assert_string_equal(record.id, "kept");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_process_state),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_record_fails),
	};
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
