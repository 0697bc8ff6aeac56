/* The rules of config-linux.md, but for sysctl, seccomp and resources. */
#include "oci/check-rules.h"

#include <ctype.h>
#include <linux/mempolicy.h>
#include <string.h>

#include "base/str.h"
#include "base/sys.h"

static int check_namespace(const struct oci_namespace *ns, size_t i, int64_t seen, struct check *c)
{
	if (!ns->type.set)
		return fail_missing(check_at(c, ".linux.namespaces[%zu].type", i));
	if (seen & ns->type.value)
		return fail(check_at(c, ".linux.namespaces[%zu].type", i), 0, "this type was given before");
	return ns->path ? check_absolute(ns->path, c, ".linux.namespaces[%zu].path", i) : 0;
}

int check_namespaces(const struct oci_config *config, struct check *c)
{
	int64_t seen = 0;
	if (!config->linux)
		return 0;
	for (size_t i = 0; i < config->linux->namespaces.len; i++) {
		const struct oci_namespace *ns = &config->linux->namespaces.items[i];
		if (check_ends(c, check_namespace(ns, i, seen, c)))
			return -1;
		seen |= ns->type.value;
	}
	return 0;
}

/* Groups are left to setgroups(2): an annotation may keep the caller's in their stead. */
static int check_mapped_user(const struct oci_config *config, struct check *c)
{
	const struct oci_user *user = config->process ? &config->process->user : NULL;
	const struct {
		const char *where, *maps;
		const oci_id_mappings *list;
		uint64_t id;
	} ids[] = {
		{ ".process.user.uid", ".linux.uidMappings", &config->linux->uid_mappings, user ? user->uid.value : 0 },
		{ ".process.user.gid", ".linux.gidMappings", &config->linux->gid_mappings, user ? user->gid.value : 0 },
	};
	for (size_t i = 0; user && i < 2; i++) {
		if (ids[i].list->len == 0 || oci_mapping_of(ids[i].list, ids[i].id))
			continue;
		fail(check_at(c, "%s", ids[i].where), 0, "%llu is not mapped in the user namespace",
			(unsigned long long)ids[i].id);
		error_hint(&c->error, "add a range of %s that has it as containerID", ids[i].maps);
		if (check_ends(c, -1))
			return -1;
	}
	return 0;
}

/* A new user namespace without any mapping gets the caller's default one; one that is joined has its own, whatever is
 * given. */
static int check_id_maps(const struct oci_config *config, struct check *c)
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
		const char *where = maps[i].where;
		bool some = maps[i].list->len > 0;
		if (some && !user && check_ends(c, fail_needs_namespace(check_at(c, "%s", where), "user")))
			return -1;
		if (!some && any && user && !user->path) {
			fail(check_at(c, "%s", where), 0, "required by a new user namespace");
			error_hint(&c->error, "{\"containerID\": 0, \"hostID\": ..., \"size\": ...}");
			if (check_ends(c, -1))
				return -1;
		}
		if (check_ends(c, check_mappings(maps[i].list, where, c)))
			return -1;
	}
	return user && user->path ? 0 : check_mapped_user(config, c);
}

static int check_time_offsets(const struct oci_config *config, struct check *c)
{
	enum { LAST_NANOSECOND = 999999999 };
	const struct oci_time_offsets *offsets = config->linux->time_offsets;
	if (!offsets || (!offsets->boottime && !offsets->monotonic))
		return 0;
	const struct oci_namespace *time = oci_find_namespace(config, CLONE_NEWTIME);
	if (!time)
		return fail_needs_namespace(check_at(c, ".linux.timeOffsets"), "time");
	if (time->path) {
		fail(check_at(c, ".linux.timeOffsets"), 0, "the time namespace that is joined has its own");
		return error_hint(&c->error, "leave out the offsets, or the path of the namespace");
	}
	const struct oci_time_offset *clocks[] = { offsets->boottime, offsets->monotonic };
	for (size_t i = 0; i < 2; i++)
		if (clocks[i] && clocks[i]->nanosecs.value > LAST_NANOSECOND &&
			check_ends(c, fail_range(check_at(c, ".linux.timeOffsets.%s.nanosecs",
							 i == 0 ? "boottime" : "monotonic"),
					      (long long)clocks[i]->nanosecs.value, 0, LAST_NANOSECOND)))
			return -1;
	return 0;
}

/* makedev(3): the kernel has 12 bits for the major number and 20 for the minor one. */
static int check_device_number(
	struct oci_int number, const char *type, long long most, size_t i, const char *name, struct check *c)
{
	if (!number.set && *type != 'p')
		return fail_missing(check_at(c, ".linux.devices[%zu].%s", i, name));
	if (number.set && (number.value < 0 || number.value > most))
		return fail_range(check_at(c, ".linux.devices[%zu].%s", i, name), number.value, 0, most);
	return 0;
}

static int check_device(const struct oci_device *device, size_t i, struct check *c)
{
	const char *type = device->type;
	if (!type)
		return fail_missing(check_at(c, ".linux.devices[%zu].type", i));
	if (strlen(type) != 1 || !strchr("cbup", *type)) {
		fail(check_at(c, ".linux.devices[%zu].type", i), 0, "unknown value \"%s\"", type);
		return error_hint(&c->error, "one of c, b, u, p");
	}
	if (check_ends(c, check_absolute(device->path, c, ".linux.devices[%zu].path", i)))
		return -1;
	if (check_ends(c, check_device_number(device->major, type, 4095, i, "major", c)))
		return -1;
	return check_device_number(device->minor, type, 1048575, i, "minor", c);
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

static int check_devices(const struct oci_config *config, struct check *c)
{
	bool whole = true;
	for (size_t i = 0; i < config->linux->devices.len; i++) {
		const struct oci_device *device = &config->linux->devices.items[i];
		if (check_ends(c, check_device(device, i, c)))
			return -1;
		whole &= device->path && device->type;
	}
	if (!whole)
		return 0;
	long twice = check_find_clash(config->linux->devices.items, config->linux->devices.len,
		sizeof(struct oci_device), compare_devices, devices_differ);
	if (twice < 0)
		return 0;
	return fail(check_at(c, ".linux.devices[%ld].path", twice), 0, "%s was given before as another device",
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

static int check_net_devices(const struct oci_config *config, struct check *c)
{
	static const char where[] = ".linux.netDevices";
	static const char hint[] = "at most 15 bytes, without \"/\", \":\", \"%\" or blanks; "
				   "\"%d\" may end a new name";
	if (config->linux->net_devices.len == 0)
		return 0;
	if (!oci_find_namespace(config, CLONE_NEWNET))
		return fail_needs_namespace(check_at(c, where), "network");
	LIST_EACH (&config->linux->net_devices, device) {
		if (oci_net_name_is_valid(device->key) && (!device->name || is_net_target(device->name)))
			continue;
		fail(check_at_key(c, where, device->key), 0, "\"%s\" is not the name of a device",
			oci_net_name_is_valid(device->key) ? device->name : device->key);
		if (check_ends(c, error_hint(&c->error, "%s", hint)))
			return -1;
	}
	long twice = check_find_clash(config->linux->net_devices.items, config->linux->net_devices.len,
		sizeof(struct oci_net_device), compare_targets, is_taken_once);
	if (twice < 0)
		return 0;
	const struct oci_net_device *device = &config->linux->net_devices.items[twice];
	return fail(
		check_at_key(c, where, device->key), 0, "another device is given the name \"%s\"", target_name(device));
}

/* cgroup_path() says what else makes a path unfit; this is the part that would lead out of the
 * hierarchy. */
static int check_cgroups_path(const struct oci_config *config, struct check *c)
{
	const char *path = config->linux->cgroups_path;
	while (path && *path) {
		size_t len = strcspn(path, "/");
		if (len == 2 && path[0] == '.' && path[1] == '.')
			return fail(
				check_at(c, ".linux.cgroupsPath"), 0, "\"..\" is not allowed in the path of a cgroup");
		path += len + (path[len] == '/');
	}
	return 0;
}

static int check_own_resources(const struct oci_config *config, struct check *c)
{
	if (!config->linux->resources)
		return 0;
	return check_resources(config->linux->resources, ".linux.resources", c);
}

/* A line of schemata begins with the name of a resource: "L3:0=7f0;1=1f". */
static int check_schema(const char *schema, const char *prefix, const char *name, struct check *c)
{
	if (schema && strchr(schema, '\n'))
		return fail(check_at(c, ".linux.intelRdt.%s", name), 0, "has more than one line");
	if (schema && !str_starts(schema, prefix))
		return fail(check_at(c, ".linux.intelRdt.%s", name), 0, "\"%s\" does not begin with \"%s\"", schema,
			prefix);
	return 0;
}

/* "IntelRdt": "/" is the root of resctrl, any other name is one directory in it. */
static int check_clos_id(const char *id, struct check *c)
{
	if (!id || str_eq(id, "/") || (str_is_component(id) && !strchr(id, '\n')))
		return 0;
	fail(check_at(c, ".linux.intelRdt.closID"), 0, "\"%s\" is not the name of a class", id);
	return error_hint(&c->error, "a name without \"/\", or \"/\" alone for the default class");
}

static int check_intel_rdt(const struct oci_config *config, struct check *c)
{
	const struct oci_intel_rdt *rdt = config->linux->intel_rdt;
	if (!rdt)
		return 0;
	if (check_ends(c, check_clos_id(rdt->clos_id, c)) ||
		check_ends(c, check_schema(rdt->l3_cache_schema, "L3", "l3CacheSchema", c)) ||
		check_ends(c, check_schema(rdt->mem_bw_schema, "MB:", "memBwSchema", c)))
		return -1;
	for (size_t i = 0; i < rdt->schemata.len; i++)
		if (strchr(rdt->schemata.items[i], '\n') &&
			check_ends(
				c, fail(check_at(c, ".linux.intelRdt.schemata[%zu]", i), 0, "has more than one line")))
			return -1;
	if (!rdt->enable_cmt.value && !rdt->enable_mbm.value)
		return 0;
	fail(check_at(c, ".linux.intelRdt.%s", rdt->enable_cmt.value ? "enableCMT" : "enableMBM"), 0,
		"no longer in the specification");
	return error_hint(&c->error, "use enableMonitoring");
}

/* set_mempolicy(2): which modes take nodes. */
static int check_policy_nodes(int64_t mode, bool nodes, uint64_t flags, struct check *c)
{
	bool bare = mode == MPOL_DEFAULT || mode == MPOL_LOCAL;
	bool shaped = flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES);
	if (bare && nodes)
		return fail(check_at(c, ".linux.memoryPolicy.nodes"), 0, "the mode takes no nodes");
	if (bare && shaped)
		return fail(check_at(c, ".linux.memoryPolicy.flags"), 0,
			"the mode takes no nodes for these flags to apply to");
	if (!bare && !nodes && (mode != MPOL_PREFERRED || shaped))
		return fail(check_at(c, ".linux.memoryPolicy.nodes"), 0, "the mode needs nodes");
	return 0;
}

static int check_memory_policy(const struct oci_config *config, struct check *c)
{
	const struct oci_memory_policy *policy = config->linux->memory_policy;
	if (!policy)
		return 0;
	if (!policy->mode.set)
		return fail_missing(check_at(c, ".linux.memoryPolicy.mode"));
	if (check_ends(c, check_number_list(policy->nodes, c, ".linux.memoryPolicy.nodes")))
		return -1;
	uint64_t flags = policy->flags.value;
	bool nodes = policy->nodes && policy->nodes[strspn(policy->nodes, " \t")];
	if ((flags & MPOL_F_STATIC_NODES) && (flags & MPOL_F_RELATIVE_NODES))
		return fail(check_at(c, ".linux.memoryPolicy.flags"), 0,
			"MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
	/* MPOL_BIND since Linux 5.12, MPOL_PREFERRED_MANY since 6.9. */
	if ((flags & MPOL_F_NUMA_BALANCING) && policy->mode.value != MPOL_BIND &&
		policy->mode.value != MPOL_PREFERRED_MANY) {
		fail(check_at(c, ".linux.memoryPolicy.flags"), 0, "the mode does not take MPOL_F_NUMA_BALANCING");
		return error_hint(&c->error, "it belongs to MPOL_BIND and MPOL_PREFERRED_MANY");
	}
	return check_policy_nodes(policy->mode.value, nodes, flags, c);
}

/* Without a mount namespace of its own the container would mask the files of the host. */
static int check_paths(const struct oci_config *config, struct check *c)
{
	const struct {
		const char *where;
		const oci_strings *paths;
	} lists[] = {
		{ ".linux.maskedPaths", &config->linux->masked_paths },
		{ ".linux.readonlyPaths", &config->linux->readonly_paths },
	};
	for (size_t i = 0; i < 2; i++) {
		if (lists[i].paths->len > 0 && !oci_find_namespace(config, CLONE_NEWNS) &&
			check_ends(c, fail_needs_namespace(check_at(c, "%s", lists[i].where), "mount")))
			return -1;
		if (check_ends(c, check_absolute_all(lists[i].paths, lists[i].where, c)))
			return -1;
	}
	return 0;
}

static int check_personality(const struct oci_config *config, struct check *c)
{
	const struct oci_personality *personality = config->linux->personality;
	if (!personality)
		return 0;
	if (!personality->domain.set && check_ends(c, fail_missing(check_at(c, ".linux.personality.domain"))))
		return -1;
	if (personality->flags.len > 0)
		return fail(check_at(c, ".linux.personality.flags[0]"), 0, "the specification knows no flags");
	return 0;
}

const struct check_rule check_linux_rules[] = {
	{ "id mappings", check_id_maps },
	{ "time offsets", check_time_offsets },
	{ "devices", check_devices },
	{ "network devices", check_net_devices },
	{ "cgroups path", check_cgroups_path },
	{ "resources", check_own_resources },
	{ "intel rdt", check_intel_rdt },
	{ "memory policy", check_memory_policy },
	{ "sysctl", check_sysctl },
	{ "seccomp", check_seccomp },
	{ "paths", check_paths },
	{ "personality", check_personality },
	{ NULL, NULL },
};
