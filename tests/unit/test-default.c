/* The default configurations: written, read back, accepted by every rule. */
#include <sched.h>
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

static struct oci_id_mapping one_uid[] = { { { true, 0 }, { true, 1000 }, { true, 1 } } };
static struct oci_id_mapping one_gid[] = { { { true, 0 }, { true, 100 }, { true, 1 } } };
static struct oci_id_mapping many[] = { { { true, 0 }, { true, 1000 }, { true, 1 } },
	{ { true, 1 }, { true, 100000 }, { true, 65536 } } };

static const struct oci_default for_root = { .own_network = true }, with_host_network = { .own_network = false },
				rootless = { .rootless = true, .uids = { one_uid, 1 }, .gids = { one_gid, 1 } },
				rootless_network = { .rootless = true,
					.own_network = true,
					.uids = { one_uid, 1 },
					.gids = { one_gid, 1 } },
				rootless_many = { .rootless = true, .uids = { many, 2 }, .gids = { many, 2 } };

/* The differences between them: sysfs is bound if the network namespace is not the container's, and only root can set
 * the group of terminals. */
static const struct {
	const struct oci_default *how;
	bool network, user, resources;
	const char *sys_option;
} rows[] = {
	{ &for_root, true, false, true, "nosuid" },
	{ &with_host_network, false, false, true, "nosuid" },
	{ &rootless, false, true, false, "rbind" },
	{ &rootless_network, true, true, false, "nosuid" },
	{ &rootless_many, false, true, false, "rbind" },
};

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA(arena);
		assert_accepted(&arena, oci_default_config(&arena, rows[i].how));
	}
}

/* The sets from which a set-capability file could gain stay empty (CVE-2022-29162). */
static void test_capabilities(void **state)
{
	ARENA(arena);
	(void)state;
	const struct oci_capabilities *caps = oci_default_config(&arena, &for_root)->process->capabilities;
	assert_int_equal(caps->inheritable.len, 0);
	assert_int_equal(caps->ambient.len, 0);
	assert_int_equal(caps->bounding.len, 3);
	assert_int_equal(caps->permitted.len, 3);
	assert_int_equal(caps->effective.len, 3);
}

static bool has_namespace(const struct oci_config *config, int64_t type)
{
	bool found = false;
	LIST_EACH (&config->linux->namespaces, ns)
		found = found || ns->type.value == type;
	return found;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA(arena);
		const struct oci_config *config = oci_default_config(&arena, rows[i].how);
		bool group = false;
		assert_int_equal(has_namespace(config, CLONE_NEWNET), rows[i].network);
		assert_int_equal(has_namespace(config, CLONE_NEWUSER), rows[i].user);
		assert_int_equal(config->linux->resources != NULL, rows[i].resources);
		assert_int_equal(config->linux->uid_mappings.len, rows[i].how->uids.len);
		assert_int_equal(config->linux->gid_mappings.len, rows[i].how->gids.len);
		LIST_EACH (&config->mounts, mount) {
			if (strcmp(mount->destination, "/sys") == 0)
				assert_string_equal(mount->options.items[0], rows[i].sys_option);
			LIST_EACH (&mount->options, option)
				group = group || strncmp(*option, "gid=", 4) == 0;
		}
		assert_int_equal(group, !rows[i].how->rootless);
	}
}

/* Lists may grow, and those of strings end with a NULL at every length. */
static void test_grow(void **state)
{
	ARENA(arena);
	(void)state;
	struct oci_config *config = oci_default_config(&arena, &for_root);
	const oci_strings *lists[] = { &config->process->args, &config->process->env, &config->linux->masked_paths,
		&config->linux->readonly_paths, &config->mounts.items[2].options };
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
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_grow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
