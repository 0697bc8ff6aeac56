/* The default configurations: written, read back, accepted by every rule. */
#include <stdio.h>
#include <string.h>

#include "oci/check.h"
#include "oci/default.h"
#include "oci/json-read.h"
#include "oci/json-write.h"

/* After ours: its macro fail() hides the function. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_accepted(struct arena *arena, const struct oci_config *config)
{
	static const struct json_source source = { .name = "config.json" };
	struct error err = { 0 };
	char line[1024];
	size_t len, len_again;
	struct oci_config back = { 0 };
	char *text = json_write(arena, &oci_config_schema, config, true, &len);
	if (json_read(arena, &source, &oci_config_schema, text, len, &back, &err) < 0 ||
		oci_config_check(&back, OCI_CHECK_PROCESS, &err) < 0)
		fail_msg("%s", error_line(&err, line, sizeof(line)));
	char *again = json_write(arena, &oci_config_schema, &back, true, &len_again);
	assert_string_equal(text, again);
}

static void test_accepted(void **state)
{
	ARENA(arena);
	(void)state;
	assert_accepted(&arena, oci_default_config(&arena));
	assert_accepted(&arena, oci_default_config_rootless(&arena, 1000, 100));
}

/* What a set-capability file could gain from stays empty (CVE-2022-29162). */
static void test_capabilities(void **state)
{
	ARENA(arena);
	(void)state;
	const struct oci_capabilities *caps = oci_default_config(&arena)->process->capabilities;
	assert_int_equal(caps->inheritable.len, 0);
	assert_int_equal(caps->ambient.len, 0);
	assert_int_equal(caps->bounding.len, 3);
	assert_int_equal(caps->permitted.len, 3);
	assert_int_equal(caps->effective.len, 3);
}

static void test_rootless(void **state)
{
	ARENA(arena);
	(void)state;
	const struct oci_config *config = oci_default_config_rootless(&arena, 1000, 100);
	assert_null(config->linux->resources);
	assert_int_equal(config->linux->uid_mappings.items[0].host_id.value, 1000);
	assert_int_equal(config->linux->gid_mappings.items[0].host_id.value, 100);
	LIST_EACH (&config->mounts, mount) {
		if (strcmp(mount->destination, "/sys") == 0)
			assert_string_equal(mount->options.items[0], "rbind");
		LIST_EACH (&mount->options, option)
			assert_int_not_equal(strncmp(*option, "gid=", 4), 0);
	}
}

/* Lists may grow, and those of strings end with a NULL at every length. */
static void test_grow(void **state)
{
	ARENA(arena);
	(void)state;
	struct oci_config *config = oci_default_config(&arena);
	const oci_strings *lists[] = { &config->process->args, &config->process->env,
		&config->linux->masked_paths, &config->linux->readonly_paths,
		&config->mounts.items[2].options };
	for (size_t i = 0; i < COUNT(lists); i++)
		assert_null(lists[i]->items[lists[i]->len]);
	size_t count = config->mounts.len;
	for (int i = 0; i < 100; i++)
		list_add(&arena, &config->mounts)->destination = "/mnt";
	assert_int_equal(config->mounts.len, count + 100);
	assert_string_equal(config->mounts.items[0].destination, "/proc");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_rootless),
		cmocka_unit_test(test_grow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
