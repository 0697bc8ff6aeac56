#include "oci/check.h"

#include "oci/check-rules.h"
#include "oci/schema.h"

/* In the order of the messages: the first violation is the error. */
static void (*const config_rules[])(const struct oci_config *, struct check *) = {
	check_version,
	check_platform,
	check_namespaces,
	check_root,
	check_names,
	check_mounts,
	check_hooks,
	NULL,
};

static void check_own_resources(const struct oci_config *config, struct check *c)
{
	if (config->linux->resources)
		check_resources(config->linux->resources, ".linux.resources", c);
}

static void (*const linux_rules[])(const struct oci_config *, struct check *) = {
	check_id_maps,
	check_time_offsets,
	check_devices,
	check_net_devices,
	check_cgroups_path,
	check_own_resources,
	check_intel_rdt,
	check_memory_policy,
	check_sysctl,
	check_seccomp,
	check_paths,
	check_personality,
	NULL,
};

static void check_config(const struct oci_config *config, unsigned flags, struct check *c)
{
	for (size_t i = 0; config_rules[i]; i++)
		config_rules[i](config, c);
	for (size_t i = 0; config->linux && linux_rules[i]; i++)
		linux_rules[i](config, c);
	if (config->process)
		check_process(config->process, ".process", c);
	else if (flags & OCI_CHECK_PROCESS)
		refuse_missing(at(c, ".process"));
}

static int end(const struct check *c, struct error *err)
{
	if (c->failed && err)
		*err = c->first;
	return c->failed ? -1 : 0;
}

int oci_config_check(const struct oci_config *config, unsigned flags, struct error *err)
{
	struct check c = { .sink = NULL };
	if (schema_check(&oci_config_schema, config, "", err) < 0)
		return -1;
	check_config(config, flags, &c);
	return end(&c, err);
}

void oci_config_check_all(const struct oci_config *config, unsigned flags, const struct error_sink *sink)
{
	struct check c = { .sink = sink };
	check_config(config, flags, &c);
}

int oci_process_check(const struct oci_process *process, const char *where, struct error *err)
{
	struct check c = { .sink = NULL };
	if (schema_check(&oci_process_schema, process, where, err) < 0)
		return -1;
	check_process(process, where, &c);
	return end(&c, err);
}

int oci_resources_check(const struct oci_resources *resources, const char *where, struct error *err)
{
	struct check c = { .sink = NULL };
	if (schema_check(&oci_resources_schema, resources, where, err) < 0)
		return -1;
	check_resources(resources, where, &c);
	return end(&c, err);
}

int oci_mappings_check(const oci_id_mappings *mappings, const char *where, struct error *err)
{
	struct check c = { .sink = NULL };
	check_mappings(mappings, where, &c);
	return end(&c, err);
}
