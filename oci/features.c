#include "oci/features.h"

#include "oci/json-write.h"
#include "oci/schema.h"
#include "oci/state.h"
#include "oci/words.h"

/* Later versions are accepted: the specification is compatible within a major version. */
#define OCI_VERSION_MIN "1.0.0"

static void write_strings(struct json_writer *w, const char *name, const oci_strings *list)
{
	json_key(w, name);
	json_array(w);
	LIST_EACH (list, text)
		json_string(w, *text);
	json_end(w);
}

static void write_words(struct json_writer *w, const char *name, const struct word *words)
{
	json_key(w, name);
	json_array(w);
	for (; words->name; words++)
		json_string(w, words->name);
	json_end(w);
}

static void write_bool(struct json_writer *w, const char *name, bool value)
{
	json_key(w, name);
	json_bool(w, value);
}

static void open_object(struct json_writer *w, const char *name)
{
	json_key(w, name);
	json_object(w);
}

/* A feature without further members. */
static void write_enabled(struct json_writer *w, const char *name)
{
	open_object(w, name);
	write_bool(w, "enabled", true);
	json_end(w);
}

/* The hooks are the members of .hooks, in the order in which they run. */
static void write_hooks(struct json_writer *w)
{
	const struct schema *hooks;
	(void)schema_find(&oci_config_schema, ".hooks", &hooks); /* the row itself says nothing */
	json_key(w, "hooks");
	json_array(w);
	EACH_PROPERTY (hooks, p)
		json_string(w, p->name);
	json_end(w);
}

static void write_cgroup(struct json_writer *w)
{
	open_object(w, "cgroup");
	write_bool(w, "v1", false);
	write_bool(w, "v2", true);
	write_bool(w, "systemd", true);
	write_bool(w, "systemdUser", true);
	write_bool(w, "rdma", true);
	json_end(w);
}

static void write_seccomp(struct json_writer *w, const struct oci_features_facts *facts)
{
	open_object(w, "seccomp");
	write_bool(w, "enabled", true);
	write_words(w, "actions", oci_seccomp_action_words);
	write_words(w, "operators", oci_seccomp_operator_words);
	write_words(w, "archs", oci_seccomp_arch_words);
	write_words(w, "knownFlags", oci_seccomp_flag_words);
	write_strings(w, "supportedFlags", &facts->seccomp_supported_flags);
	json_end(w);
}

static void write_linux(struct json_writer *w, const struct oci_features_facts *facts)
{
	open_object(w, "linux");
	write_words(w, "namespaces", oci_namespace_words);
	write_strings(w, "capabilities", &facts->capabilities);
	write_cgroup(w);
	write_seccomp(w, facts);
	write_enabled(w, "apparmor");
	write_enabled(w, "selinux");
	open_object(w, "intelRdt");
	write_bool(w, "enabled", true);
	write_bool(w, "schemata", true);
	write_bool(w, "monitoring", true);
	json_end(w);
	open_object(w, "memoryPolicy");
	write_words(w, "modes", oci_memory_policy_words);
	write_words(w, "flags", oci_memory_policy_flag_words);
	json_end(w);
	open_object(w, "mountExtensions");
	write_enabled(w, "idmap");
	json_end(w);
	write_enabled(w, "netDevices");
	json_end(w);
}

char *oci_features_json(struct arena *arena, const struct oci_features_facts *facts, size_t *ret_len)
{
	struct json_writer w;
	json_begin(&w, arena, true);
	json_object(&w);
	json_key(&w, "ociVersionMin");
	json_string(&w, OCI_VERSION_MIN);
	json_key(&w, "ociVersionMax");
	json_string(&w, OCI_VERSION);
	write_hooks(&w);
	write_strings(&w, "mountOptions", &facts->mount_options);
	write_linux(&w, facts);
	open_object(&w, "annotations");
	json_end(&w);
	write_strings(&w, "potentiallyUnsafeConfigAnnotations", &facts->unsafe_annotations);
	json_end(&w);
	return json_finish(&w, ret_len);
}
