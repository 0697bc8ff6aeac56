/* The features document. */
#include <stdio.h>
#include <string.h>

#include "oci/features.h"
#include "oci/json-read.h"

/* After ours: its macro fail() hides the function. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Features as an engine reads them: features.md, features-linux.md. */
struct enabled {
	struct oci_bool enabled, schemata, monitoring;
};

struct cgroup {
	struct oci_bool v1, v2, systemd, systemd_user, rdma;
};

struct seccomp {
	struct oci_bool enabled;
	oci_strings actions, operators, archs, known_flags, supported_flags;
};

struct memory_policy {
	oci_strings modes, flags;
};

struct mount_extensions {
	struct enabled *idmap;
};

struct linux_features {
	oci_strings namespaces, capabilities;
	struct cgroup *cgroup;
	struct seccomp *seccomp;
	struct enabled *apparmor, *selinux, *intel_rdt, *net_devices;
	struct memory_policy *memory_policy;
	struct mount_extensions *mount_extensions;
};

struct features {
	const char *min, *max;
	oci_strings hooks, mount_options, unsafe;
	oci_map annotations;
	struct linux_features *linux;
};

static const struct property enabled_properties[] = {
	BOOL(struct enabled, enabled, "enabled", REQUIRED, ""),
	BOOL(struct enabled, schemata, "schemata", 0, ""),
	BOOL(struct enabled, monitoring, "monitoring", 0, ""),
};
static const struct schema enabled_schema = SCHEMA(enabled, enabled_properties);

static const struct property cgroup_properties[] = {
	BOOL(struct cgroup, v1, "v1", REQUIRED, ""),
	BOOL(struct cgroup, v2, "v2", REQUIRED, ""),
	BOOL(struct cgroup, systemd, "systemd", REQUIRED, ""),
	BOOL(struct cgroup, systemd_user, "systemdUser", REQUIRED, ""),
	BOOL(struct cgroup, rdma, "rdma", REQUIRED, ""),
};
static const struct schema cgroup_schema = SCHEMA(cgroup, cgroup_properties);

static const struct property seccomp_properties[] = {
	BOOL(struct seccomp, enabled, "enabled", REQUIRED, ""),
	STRINGS(struct seccomp, actions, "actions", REQUIRED, ""),
	STRINGS(struct seccomp, operators, "operators", REQUIRED, ""),
	STRINGS(struct seccomp, archs, "archs", REQUIRED, ""),
	STRINGS(struct seccomp, known_flags, "knownFlags", REQUIRED, ""),
	STRINGS(struct seccomp, supported_flags, "supportedFlags", REQUIRED, ""),
};
static const struct schema seccomp_schema = SCHEMA(seccomp, seccomp_properties);

static const struct property memory_policy_properties[] = {
	STRINGS(struct memory_policy, modes, "modes", REQUIRED, ""),
	STRINGS(struct memory_policy, flags, "flags", REQUIRED, ""),
};
static const struct schema memory_policy_schema = SCHEMA(memory_policy, memory_policy_properties);

static const struct property mount_extensions_properties[] = {
	OBJECT(struct mount_extensions, idmap, enabled, "idmap", REQUIRED, ""),
};
static const struct schema mount_extensions_schema = SCHEMA(mount_extensions, mount_extensions_properties);

static const struct property linux_properties[] = {
	STRINGS(struct linux_features, namespaces, "namespaces", REQUIRED, ""),
	STRINGS(struct linux_features, capabilities, "capabilities", REQUIRED, ""),
	OBJECT(struct linux_features, cgroup, cgroup, "cgroup", REQUIRED, ""),
	OBJECT(struct linux_features, seccomp, seccomp, "seccomp", REQUIRED, ""),
	OBJECT(struct linux_features, apparmor, enabled, "apparmor", REQUIRED, ""),
	OBJECT(struct linux_features, selinux, enabled, "selinux", REQUIRED, ""),
	OBJECT(struct linux_features, intel_rdt, enabled, "intelRdt", REQUIRED, ""),
	OBJECT(struct linux_features, memory_policy, memory_policy, "memoryPolicy", REQUIRED, ""),
	OBJECT(struct linux_features, mount_extensions, mount_extensions, "mountExtensions", REQUIRED, ""),
	OBJECT(struct linux_features, net_devices, enabled, "netDevices", REQUIRED, ""),
};
static const struct schema linux_features_schema = SCHEMA(linux_features, linux_properties);

static const struct property features_properties[] = {
	STRING(struct features, min, "ociVersionMin", REQUIRED, ""),
	STRING(struct features, max, "ociVersionMax", REQUIRED, ""),
	STRINGS(struct features, hooks, "hooks", REQUIRED, ""),
	STRINGS(struct features, mount_options, "mountOptions", REQUIRED, ""),
	OBJECT(struct features, linux, linux_features, "linux", REQUIRED, ""),
	MAP(struct features, annotations, "annotations", REQUIRED, ""),
	STRINGS(struct features, unsafe, "potentiallyUnsafeConfigAnnotations", REQUIRED, ""),
};
static const struct schema features_schema = SCHEMA(features, features_properties);

/* An unknown property here is one that the specification does not have. */
static void refuse_unknown(void *data, int line, const char *where, const char *nearest)
{
	(void)data;
	(void)nearest;
	fail_msg("line %d: %s is not in the specification", line, where);
}

static void read_features(struct arena *arena, const struct oci_features_facts *facts, struct features *ret)
{
	static const struct json_source source = { .name = "features", .unknown = refuse_unknown };
	struct error err = { 0 };
	char line[1024];
	size_t len;
	char *text = oci_features_json(arena, facts, &len);
	assert_int_equal(len, strlen(text));
	*ret = (struct features){ 0 };
	if (json_read(arena, &source, &features_schema, text, len, ret, &err) < 0)
		fail_msg("%s", error_line(&err, line, sizeof(line)));
}

static bool holds(const oci_strings *list, const char *text)
{
	LIST_EACH (list, item)
		if (strcmp(*item, text) == 0)
			return true;
	return false;
}

static void test_words(void **state)
{
	ARENA(arena);
	struct features f;
	(void)state;
	read_features(&arena, &(struct oci_features_facts){ .mount_options.len = 0 }, &f);
	const struct {
		const oci_strings *list;
		const char *words[9];
	} rows[] = {
		{ &f.hooks,
			{ "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop" } },
		{ &f.linux->namespaces, { "pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time" } },
		{ &f.linux->seccomp->actions, { "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
						      "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE",
						      "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY" } },
		{ &f.linux->seccomp->operators, { "SCMP_CMP_NE", "SCMP_CMP_MASKED_EQ" } },
		{ &f.linux->seccomp->archs, { "SCMP_ARCH_X86_64", "SCMP_ARCH_RISCV64" } },
		{ &f.linux->seccomp->known_flags, { "SECCOMP_FILTER_FLAG_LOG" } },
		{ &f.linux->memory_policy->modes, { "MPOL_BIND", "MPOL_INTERLEAVE" } },
		{ &f.linux->memory_policy->flags, { "MPOL_F_STATIC_NODES" } },
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t j = 0; j < COUNT(rows[i].words) && rows[i].words[j]; j++)
			if (!holds(rows[i].list, rows[i].words[j]))
				fail_msg("%s is missing", rows[i].words[j]);
	assert_int_equal(f.hooks.len, 6);
	assert_string_equal(f.hooks.items[0], "prestart");
	assert_string_equal(f.min, "1.0.0");
	assert_string_equal(f.max, "1.3.0");
}

/* What every build of this runtime has. */
static void test_facts(void **state)
{
	ARENA(arena);
	struct features f;
	(void)state;
	read_features(&arena, &(struct oci_features_facts){ .mount_options.len = 0 }, &f);
	const struct linux_features *l = f.linux;
	const bool shown[] = { l->cgroup->v2.value, l->cgroup->systemd.value, l->cgroup->systemd_user.value,
		l->cgroup->rdma.value, l->seccomp->enabled.value, l->apparmor->enabled.value, l->selinux->enabled.value,
		l->intel_rdt->enabled.value, l->intel_rdt->schemata.value, l->intel_rdt->monitoring.value,
		l->mount_extensions->idmap->enabled.value, l->net_devices->enabled.value };
	for (size_t i = 0; i < COUNT(shown); i++)
		assert_true(shown[i]);
	assert_false(l->cgroup->v1.value);
}

static void test_lists(void **state)
{
	ARENA(arena);
	const char *options[] = { "ro", "rw", NULL }, *caps[] = { "CAP_CHOWN", NULL };
	const char *flags[] = { "SECCOMP_FILTER_FLAG_LOG", NULL }, *unsafe[] = { "run.oci.", NULL };
	struct oci_features_facts facts = {
		.mount_options = { options, 2 },
		.capabilities = { caps, 1 },
		.seccomp_supported_flags = { flags, 1 },
		.unsafe_annotations = { unsafe, 1 },
	};
	struct features f;
	(void)state;
	read_features(&arena, &facts, &f);
	assert_true(f.mount_options.len == 2 && holds(&f.mount_options, "rw"));
	assert_true(f.linux->capabilities.len == 1 && holds(&f.linux->capabilities, caps[0]));
	assert_true(f.linux->seccomp->supported_flags.len == 1);
	assert_true(f.unsafe.len == 1 && holds(&f.unsafe, "run.oci."));
	assert_int_equal(f.annotations.len, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
