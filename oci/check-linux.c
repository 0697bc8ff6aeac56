/* The rules of config-linux.md, but for sysctl, seccomp and resources. */
#include "oci/check-rules.h"

#include <ctype.h>
#include <linux/mempolicy.h>
#include <stdio.h>

#include "base/str.h"
#include "base/sys.h"

void check_namespaces(const struct oci_config *config, struct check *c)
{
	int64_t seen = 0;
	for (size_t i = 0; config->linux && i < config->linux->namespaces.len; i++) {
		const struct oci_namespace *ns = &config->linux->namespaces.items[i];
		if (seen & ns->type.value)
			refuse(at(c, ".linux.namespaces[%zu].type", i), NULL, "this type was given before");
		else if (ns->path && *ns->path != '/')
			refuse_relative(at(c, ".linux.namespaces[%zu].path", i), ns->path);
		seen |= ns->type.value;
	}
}

/* Groups are left to setgroups(2): an annotation may keep the caller's in their stead. */
static void check_mapped_user(const struct oci_config *config, struct check *c)
{
	const struct oci_user *user = &config->process->user;
	const struct {
		const char *where, *hint;
		const oci_id_mappings *list;
		uint64_t id;
	} ids[] = {
		{ ".process.user.uid", "add a range of .linux.uidMappings that has it as containerID",
			&config->linux->uid_mappings, user->uid.value },
		{ ".process.user.gid", "add a range of .linux.gidMappings that has it as containerID",
			&config->linux->gid_mappings, user->gid.value },
	};
	for (size_t i = 0; i < 2; i++)
		if (ids[i].list->len && !oci_mapping_of(ids[i].list, ids[i].id))
			refuse(at(c, "%s", ids[i].where), ids[i].hint, "%llu is not mapped in the user namespace",
				(unsigned long long)ids[i].id);
}

/* A new user namespace without any mapping gets the caller's default one. A namespace that is joined has its own. */
void check_id_maps(const struct oci_config *config, struct check *c)
{
	const struct oci_namespace *user = oci_find_namespace(config, CLONE_NEWUSER);
	const struct {
		const char *where;
		const oci_id_mappings *list;
	} maps[] = {
		{ ".linux.uidMappings", &config->linux->uid_mappings },
		{ ".linux.gidMappings", &config->linux->gid_mappings },
	};
	bool any = maps[0].list->len || maps[1].list->len;
	for (size_t i = 0; i < 2; i++) {
		if (maps[i].list->len && !user)
			refuse_without_namespace(at(c, "%s", maps[i].where), CLONE_NEWUSER);
		if (!maps[i].list->len && any && user && !user->path)
			refuse(at(c, "%s", maps[i].where), "{\"containerID\": 0, \"hostID\": ..., \"size\": ...}",
				"required by a new user namespace");
		check_mappings(maps[i].list, maps[i].where, c);
	}
	if (config->process && !(user && user->path))
		check_mapped_user(config, c);
}

void check_time_offsets(const struct oci_config *config, struct check *c)
{
	const struct oci_time_offsets *offsets = config->linux->time_offsets;
	const struct oci_namespace *time = oci_find_namespace(config, CLONE_NEWTIME);
	if (!offsets || (!offsets->boottime && !offsets->monotonic))
		return;
	if (!time)
		refuse_without_namespace(at(c, ".linux.timeOffsets"), CLONE_NEWTIME);
	else if (time->path)
		refuse(at(c, ".linux.timeOffsets"), "leave out the offsets, or the path of the namespace",
			"the time namespace that is joined has its own");
}

static void check_device(const struct oci_device *device, size_t i, struct check *c)
{
	if (strlen(device->type) != 1 || !strchr("cbup", *device->type)) {
		refuse(at(c, ".linux.devices[%zu].type", i), "one of c, b, u, p", "unknown value \"%s\"", device->type);
		return;
	}
	if (*device->path != '/')
		refuse_relative(at(c, ".linux.devices[%zu].path", i), device->path);
	if (!device->major.set && *device->type != 'p')
		refuse_missing(at(c, ".linux.devices[%zu].major", i));
	if (!device->minor.set && *device->type != 'p')
		refuse_missing(at(c, ".linux.devices[%zu].minor", i));
}

static int compare_devices(const void *a, const void *b)
{
	const struct oci_device *x = a, *y = b;
	return strcmp(x->path, y->path);
}

/* Engines may list a device twice: that is harmless as long as both are the same. */
static bool devices_differ(const void *a, const void *b)
{
	const struct oci_device *x = a, *y = b;
	bool fifo = *x->type == 'p';
	return (*x->type == 'b') != (*y->type == 'b') || fifo != (*y->type == 'p') ||
	       (!fifo && (x->major.value != y->major.value || x->minor.value != y->minor.value));
}

void check_devices(const struct oci_config *config, struct check *c)
{
	for (size_t i = 0; i < config->linux->devices.len; i++)
		check_device(&config->linux->devices.items[i], i, c);
	long twice = check_find_clash(config->linux->devices.items, config->linux->devices.len,
		sizeof(struct oci_device), compare_devices, devices_differ);
	if (twice >= 0)
		refuse(at(c, ".linux.devices[%ld].path", twice), NULL, "%s was given before as another device",
			config->linux->devices.items[twice].path);
}

/* dev_valid_name() of the kernel; "%" would be taken as a template. */
bool oci_net_name_is_valid(const char *name)
{
	enum { LONGEST = 15 };
	size_t len = strlen(name);
	if (len > LONGEST || !str_is_component(name))
		return false;
	for (; *name; name++)
		if (strchr(":%", *name) || isspace((unsigned char)*name))
			return false;
	return true;
}

/* "Network Devices": the new name may end with "%d", for which the kernel puts a free number. */
static bool is_net_target(const char *name)
{
	char stem[16];
	size_t len = strlen(name);
	if (len > 2 && len < sizeof(stem) && str_eq(name + len - 2, "%d")) {
		memcpy(stem, name, len - 2);
		stem[len - 2] = '\0';
		return oci_net_name_is_valid(stem);
	}
	return oci_net_name_is_valid(name);
}

static const char *target_name(const struct oci_net_device *device)
{
	return device->name ? device->name : device->key;
}

static int compare_targets(const void *a, const void *b)
{
	return strcmp(target_name(a), target_name(b));
}

static bool is_taken_once(const void *a, const void *b)
{
	(void)b;
	return !strchr(target_name(a), '%');
}

void check_net_devices(const struct oci_config *config, struct check *c)
{
	static const char where[] = ".linux.netDevices";
	const size_t count = config->linux->net_devices.len;
	const struct oci_net_device *devices = config->linux->net_devices.items;
	if (count && !oci_find_namespace(config, CLONE_NEWNET)) {
		refuse_without_namespace(at(c, where), CLONE_NEWNET);
		return;
	}
	LIST_EACH (&config->linux->net_devices, d) {
		bool valid = oci_net_name_is_valid(d->key);
		if (!valid || (d->name && !is_net_target(d->name)))
			refuse(at_key(c, where, d->key),
				"at most 15 bytes, without \"/\", \":\", \"%\" or blanks; \"%d\" may end a new name",
				"\"%s\" is not the name of a device", valid ? d->name : d->key);
	}
	long twice = check_find_clash(devices, count, sizeof(*devices), compare_targets, is_taken_once);
	if (twice >= 0)
		refuse(at_key(c, where, devices[twice].key), NULL, "another device is given the name \"%s\"",
			target_name(&devices[twice]));
}

/* cgroup_path() says what else makes a path unfit. ".." would lead out of the hierarchy. */
void check_cgroups_path(const struct oci_config *config, struct check *c)
{
	for (const char *path = config->linux->cgroups_path; path && *path;) {
		size_t len = strcspn(path, "/");
		if (len == 2 && path[0] == '.' && path[1] == '.') {
			refuse(at(c, ".linux.cgroupsPath"), NULL, "\"..\" is not allowed in the path of a cgroup");
			return;
		}
		path += len + (path[len] == '/');
	}
}

/* A line of schemata begins with the name of a resource: "L3:0=7f0;1=1f". */
static void check_schema(const char *schema, const char *prefix, struct check *c)
{
	if (schema && strchr(schema, '\n'))
		refuse(c, NULL, "has more than one line");
	else if (schema && !str_starts(schema, prefix))
		refuse(c, NULL, "\"%s\" does not begin with \"%s\"", schema, prefix);
}

/* "IntelRdt": "/" is the root of resctrl. Any other name is one directory in it. */
static bool is_class(const char *id)
{
	return str_eq(id, "/") || (str_is_component(id) && !strchr(id, '\n'));
}

void check_intel_rdt(const struct oci_config *config, struct check *c)
{
	const struct oci_intel_rdt *rdt = config->linux->intel_rdt;
	if (!rdt)
		return;
	if (rdt->clos_id && !is_class(rdt->clos_id))
		refuse(at(c, ".linux.intelRdt.closID"), "a name without \"/\", or \"/\" alone for the default class",
			"\"%s\" is not the name of a class", rdt->clos_id);
	check_schema(rdt->l3_cache_schema, "L3", at(c, ".linux.intelRdt.l3CacheSchema"));
	check_schema(rdt->mem_bw_schema, "MB:", at(c, ".linux.intelRdt.memBwSchema"));
	for (size_t i = 0; i < rdt->schemata.len; i++)
		check_schema(rdt->schemata.items[i], "", at(c, ".linux.intelRdt.schemata[%zu]", i));
	if (rdt->enable_cmt.value || rdt->enable_mbm.value)
		refuse(at(c, ".linux.intelRdt.%s", rdt->enable_cmt.value ? "enableCMT" : "enableMBM"),
			"use enableMonitoring", "no longer in the specification");
}

/* set_mempolicy(2): which modes take nodes. */
static void check_policy_nodes(int64_t mode, bool nodes, bool shaped, struct check *c)
{
	bool bare = mode == MPOL_DEFAULT || mode == MPOL_LOCAL;
	if (bare && nodes)
		refuse(at(c, ".linux.memoryPolicy.nodes"), NULL, "the mode takes no nodes");
	else if (bare && shaped)
		refuse(at(c, ".linux.memoryPolicy.flags"), NULL, "the mode takes no nodes for these flags to apply to");
	else if (!bare && !nodes && (mode != MPOL_PREFERRED || shaped))
		refuse(at(c, ".linux.memoryPolicy.nodes"), NULL, "the mode needs nodes");
}

void check_memory_policy(const struct oci_config *config, struct check *c)
{
	const struct oci_memory_policy *policy = config->linux->memory_policy;
	if (!policy || !policy->mode.set)
		return;
	int64_t mode = policy->mode.value;
	uint64_t flags = policy->flags.value, both = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;
	bool nodes = policy->nodes && policy->nodes[strspn(policy->nodes, " \t")];
	check_number_list(policy->nodes, ".linux.memoryPolicy", ".nodes", c);
	/* MPOL_BIND since Linux 5.12, MPOL_PREFERRED_MANY since 6.9. */
	if ((flags & both) == both)
		refuse(at(c, ".linux.memoryPolicy.flags"), NULL,
			"MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
	else if ((flags & MPOL_F_NUMA_BALANCING) && mode != MPOL_BIND && mode != MPOL_PREFERRED_MANY)
		refuse(at(c, ".linux.memoryPolicy.flags"), "it belongs to MPOL_BIND and MPOL_PREFERRED_MANY",
			"the mode does not take MPOL_F_NUMA_BALANCING");
	else
		check_policy_nodes(mode, nodes, flags & both, c);
}

/* Without a mount namespace of its own the container would mask the files of the host. */
void check_paths(const struct oci_config *config, struct check *c)
{
	const struct {
		const char *where;
		const oci_strings *paths;
	} lists[] = {
		{ ".linux.maskedPaths", &config->linux->masked_paths },
		{ ".linux.readonlyPaths", &config->linux->readonly_paths },
	};
	for (size_t i = 0; i < 2; i++) {
		if (lists[i].paths->len > 0 && !oci_find_namespace(config, CLONE_NEWNS))
			refuse_without_namespace(at(c, "%s", lists[i].where), CLONE_NEWNS);
		check_absolute_all(lists[i].paths, lists[i].where, c);
	}
}

void check_personality(const struct oci_config *config, struct check *c)
{
	const struct oci_personality *personality = config->linux->personality;
	if (personality && personality->flags.len > 0)
		refuse(at(c, ".linux.personality.flags[0]"), NULL, "the specification knows no flags");
}
