/* A creation from a configuration that was never a file. It is only checked and planned; nothing is made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "launch/create.h"
#include "launch/payload.h"
#include "oci/default.h"
#include "oci/json-write.h"

#include <cmocka.h> /* last: it has a macro named fail */

/* Creates as a front-end does. The bundle has no root filesystem, which only the start of a container opens. */
static int create_from_memory(
	struct creation *creation, struct create_request *request, struct oci_config *config, struct error *err)
{
	size_t len;
	const char *text = json_write(&creation->arena, &oci_config_schema, config, true, &len);
	request->state_root = "/nonexistent/states";
	request->bundle = "/usr";
	request->detach = true;
	request->cgroup_manager = CGROUP_MANAGER_DISABLED;
	assert_int_equal(creation_begin(creation, request, err), 0);
	int status = creation_take(creation, config, text, len, err);
	assert_ptr_equal(creation->config_text, text);
	assert_int_equal(creation->config_len, len);
	return status;
}

static struct oci_config *default_config(struct arena *arena)
{
	struct oci_config *config = oci_default_config(arena, &(struct oci_default){ .rootless = true });
	config->process->terminal.value = false;
	return config;
}

static void test_take(void **state)
{
	struct create_request request = { .id = "memory" };
	struct error err = { 0 };
	CREATION(creation);
	(void)state;
	struct oci_config *config = default_config(&creation.arena);
	assert_int_equal(create_from_memory(&creation, &request, config, &err), 0);
	assert_ptr_equal(creation.plan.config, config);
	assert_string_equal(creation.plan.options.id, "memory");
	assert_string_equal(creation.plan.rootfs, "/usr/rootfs");
	assert_string_equal(config->process->args.items[0], "sh");
	assert_string_equal(payload_find(config, -1)->name, "execve");
}

/* The request overrides the configuration; the text stays unchanged. */
static void test_request(void **state)
{
	char *command[] = { "one", "two", NULL };
	struct create_request request = { .id = "memory", .command = command };
	struct error err = { 0 };
	CREATION(creation);
	(void)state;
	struct oci_config *config = default_config(&creation.arena);
	assert_int_equal(create_from_memory(&creation, &request, config, &err), 0);
	assert_int_equal(config->process->args.len, 2);
	assert_string_equal(config->process->args.items[1], "two");
	assert_null(strstr(creation.config_text, "\"two\""));
}

/* Even a configuration that hull itself wrote is checked; an option is named as the user typed it. */
static void test_refused(void **state)
{
	struct create_request request = { .id = "memory", .terminal = { true, true } };
	struct error err = { 0 };
	(void)state;
	{
		CREATION(creation);
		struct oci_config *config = default_config(&creation.arena);
		config->process->cwd = "not/absolute";
		assert_int_equal(create_from_memory(&creation, &request, config, &err), -1);
		assert_string_equal(err.where, ".process.cwd");
	}
	error_clear(&err);
	CREATION(creation);
	struct oci_config *config = default_config(&creation.arena);
	assert_int_equal(create_from_memory(&creation, &request, config, &err), -1);
	assert_string_equal(err.where, "--tty");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
