/* The rules of config-linux.md "Control groups" that need no host. */
#include "oci/check-rules.h"

#include <stdio.h>

#include "base/str.h"

/* "Allowed Device list". Writers of configurations put "" for what they leave out. */
static void check_device_rules(const struct oci_resources *resources, const char *where, struct check *c)
{
	for (size_t i = 0; i < resources->devices.len; i++) {
		const struct oci_device_rule *rule = &resources->devices.items[i];
		const char *type = rule->type ? rule->type : "", *access = rule->access ? rule->access : "";
		if (*type && (!strchr("abc", *type) || type[1]))
			refuse(at(c, "%s.devices[%zu].type", where, i), "one of a, b, c", "unknown value \"%s\"", type);
		if (access[strspn(access, "rwm")])
			refuse(at(c, "%s.devices[%zu].access", where, i), "r is read, w is write, m is mknod",
				"\"%s\" has other letters than r, w and m", access);
	}
}

static void check_cpu(const struct oci_cpu *cpu, const char *where, struct check *c)
{
	if (cpu->quota.value > 0 && cpu->burst.value > (uint64_t)cpu->quota.value)
		refuse(at(c, "%s.cpu.burst", where), NULL, "%llu is more than the quota, %lld",
			(unsigned long long)cpu->burst.value, (long long)cpu->quota.value);
	check_number_list(cpu->cpus, where, ".cpu.cpus", c);
	check_number_list(cpu->mems, where, ".cpu.mems", c);
}

static void check_block_io(const struct oci_block_io *io, const char *where, struct check *c)
{
	for (size_t i = 0; i < io->weight_device.len; i++)
		if (!io->weight_device.items[i].weight.set && !io->weight_device.items[i].leaf_weight.set)
			refuse(at(c, "%s.blockIO.weightDevice[%zu]", where, i), NULL,
				"weight or leafWeight is required");
}

/* The schema's pattern: ^[1-9][0-9]*[KMG]B$. It becomes a part of a file's name. */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	return digits > 0 && digits < 20 && *text != '0' && text[digits] && strchr("KMG", text[digits]) &&
	       str_eq(text + digits + 1, "B");
}

static void check_huge_pages(const struct oci_resources *resources, const char *where, struct check *c)
{
	for (size_t i = 0; i < resources->hugepage_limits.len; i++) {
		const char *size = resources->hugepage_limits.items[i].page_size;
		if (!is_page_size(size))
			refuse(at(c, "%s.hugepageLimits[%zu].pageSize", where, i), "write it as 64KB, 2MB or 1GB",
				"\"%s\" is not a page size", size);
	}
}

static void check_rdma(const struct oci_resources *resources, const char *where, struct check *c)
{
	char list[192];
	(void)snprintf(list, sizeof(list), "%s.rdma", where);
	LIST_EACH (&resources->rdma, device) {
		if (strpbrk(device->key, " \t\n"))
			refuse(at_key(c, list, device->key), NULL, "\"%s\" is no device name", device->key);
		if (!device->hca_handles.set && !device->hca_objects.set)
			refuse(at_key(c, list, device->key), NULL, "hcaHandles or hcaObjects is required");
	}
}

/* Files that hold no limit but act on processes: "cgroup.procs" would take any process of the host into the
 * container. */
static bool is_action(const char *file)
{
	static const char *const actions[] = { "cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze",
		"cgroup.type" };
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (str_eq(file, actions[i]))
			return true;
	return false;
}

/* A key is a file of the container's own cgroup: no path leads elsewhere. */
static void check_unified(const struct oci_resources *resources, const char *where, struct check *c)
{
	char list[192];
	(void)snprintf(list, sizeof(list), "%s.unified", where);
	LIST_EACH (&resources->unified, entry) {
		if (strchr(entry->key, '/') || !strchr(entry->key, '.') || *entry->key == '.')
			refuse(at_key(c, list, entry->key), NULL, "is not the name of a file in a cgroup");
		else if (is_action(entry->key))
			refuse(at_key(c, list, entry->key), NULL, "acts on processes, and is no limit of resources");
	}
}

void check_resources(const struct oci_resources *resources, const char *where, struct check *c)
{
	check_device_rules(resources, where, c);
	if (resources->cpu)
		check_cpu(resources->cpu, where, c);
	if (resources->block_io)
		check_block_io(resources->block_io, where, c);
	check_huge_pages(resources, where, c);
	check_rdma(resources, where, c);
	check_unified(resources, where, c);
}
