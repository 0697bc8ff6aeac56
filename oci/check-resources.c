/* The rules of config-linux.md "Control groups" that need no host. */
#include "oci/check-rules.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static int check_number(struct oci_int number, long long most, const char *where, const char *list, size_t i,
	const char *name, struct check *c)
{
	if (number.set && (number.value < -1 || number.value > most))
		return fail_range(check_at(c, "%s.%s[%zu].%s", where, list, i, name), number.value, -1, most);
	return 0;
}

static int check_rule_type(const struct oci_device_rule *rule, const char *where, size_t i, struct check *c)
{
	const char *type = rule->type ? rule->type : "";
	if (!*type || (strlen(type) == 1 && strchr("abc", *type)))
		return 0;
	fail(check_at(c, "%s.devices[%zu].type", where, i), 0, "unknown value \"%s\"", type);
	return error_hint(&c->error, "one of a, b, c");
}

static int check_rule_access(const struct oci_device_rule *rule, const char *where, size_t i, struct check *c)
{
	const char *access = rule->access;
	if (!access || !access[strspn(access, "rwm")])
		return 0;
	fail(check_at(c, "%s.devices[%zu].access", where, i), 0, "\"%s\" has other letters than r, w and m", access);
	return error_hint(&c->error, "r is read, w is write, m is mknod");
}

/* "Allowed Device list". Writers of configurations put -1 for any number, "" for what they leave
 * out. */
static int check_device_rules(const struct oci_resources *resources, const char *where, struct check *c)
{
	for (size_t i = 0; i < resources->devices.len; i++) {
		const struct oci_device_rule *rule = &resources->devices.items[i];
		if (check_ends(c, check_rule_type(rule, where, i, c)) ||
			check_ends(c, check_rule_access(rule, where, i, c)) ||
			check_ends(c, check_number(rule->major, 4095, where, "devices", i, "major", c)) ||
			check_ends(c, check_number(rule->minor, 1048575, where, "devices", i, "minor", c)))
			return -1;
	}
	return 0;
}

/* Whole numbers from -1, which means unlimited. */
static int check_memory(const struct oci_resources *resources, const char *where, struct check *c)
{
	const struct oci_memory *memory = resources->memory;
	if (!memory)
		return 0;
	const struct {
		const char *name;
		struct oci_int value;
	} limits[] = {
		{ "limit", memory->limit },
		{ "reservation", memory->reservation },
		{ "swap", memory->swap },
		{ "kernel", memory->kernel },
		{ "kernelTCP", memory->kernel_tcp },
	};
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i].value.value < -1 &&
			check_ends(c, fail(check_at(c, "%s.memory.%s", where, limits[i].name), 0,
					      "%lld is neither a size nor -1 for unlimited",
					      (long long)limits[i].value.value)))
			return -1;
	return 0;
}

static int check_cpu(const struct oci_resources *resources, const char *where, struct check *c)
{
	const struct oci_cpu *cpu = resources->cpu;
	if (!cpu)
		return 0;
	if (cpu->quota.value > 0 && cpu->burst.value > (uint64_t)cpu->quota.value &&
		check_ends(c, fail(check_at(c, "%s.cpu.burst", where), 0, "%llu is more than the quota, %lld",
				      (unsigned long long)cpu->burst.value, (long long)cpu->quota.value)))
		return -1;
	if ((cpu->idle.value < 0 || cpu->idle.value > 1) &&
		check_ends(c, fail_range(check_at(c, "%s.cpu.idle", where), cpu->idle.value, 0, 1)))
		return -1;
	if (check_ends(c, check_number_list(cpu->cpus, c, "%s.cpu.cpus", where)))
		return -1;
	return check_number_list(cpu->mems, c, "%s.cpu.mems", where);
}

static int check_throttle(const oci_throttle_list *list, const char *name, const char *where, struct check *c)
{
	for (size_t i = 0; i < list->len; i++)
		if (!list->items[i].rate.set &&
			check_ends(c, fail_missing(check_at(c, "%s.blockIO.%s[%zu].rate", where, name, i))))
			return -1;
	return 0;
}

static int check_block_io(const struct oci_resources *resources, const char *where, struct check *c)
{
	const struct oci_block_io *io = resources->block_io;
	if (!io)
		return 0;
	for (size_t i = 0; i < io->weight_device.len; i++)
		if (!io->weight_device.items[i].weight.set && !io->weight_device.items[i].leaf_weight.set &&
			check_ends(c, fail(check_at(c, "%s.blockIO.weightDevice[%zu]", where, i), 0,
					      "weight or leafWeight is required")))
			return -1;
	if (check_ends(c, check_throttle(&io->throttle_read_bps_device, "throttleReadBpsDevice", where, c)) ||
		check_ends(c, check_throttle(&io->throttle_write_bps_device, "throttleWriteBpsDevice", where, c)) ||
		check_ends(c, check_throttle(&io->throttle_read_iops_device, "throttleReadIOPSDevice", where, c)))
		return -1;
	return check_throttle(&io->throttle_write_iops_device, "throttleWriteIOPSDevice", where, c);
}

/* The schema's pattern: ^[1-9][0-9]*[KMG]B$ */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	return digits > 0 && *text != '0' && text[digits] && strchr("KMG", text[digits]) &&
	       str_eq(text + digits + 1, "B");
}

static int check_huge_pages(const struct oci_resources *resources, const char *where, struct check *c)
{
	for (size_t i = 0; i < resources->hugepage_limits.len; i++) {
		const char *size = resources->hugepage_limits.items[i].page_size;
		if (size && is_page_size(size))
			continue;
		struct error *err = check_at(c, "%s.hugepageLimits[%zu].pageSize", where, i);
		if (!size) {
			fail_missing(err);
		} else {
			fail(err, 0, "\"%s\" is not a page size", size);
			error_hint(err, "write it as 64KB, 2MB or 1GB");
		}
		if (check_ends(c, -1))
			return -1;
	}
	return 0;
}

static int check_rdma(const struct oci_resources *resources, const char *where, struct check *c)
{
	char list[192];
	(void)snprintf(list, sizeof(list), "%s.rdma", where);
	LIST_EACH (&resources->rdma, device)
		if (!device->hca_handles.set && !device->hca_objects.set &&
			check_ends(
				c, fail(check_at_key(c, list, device->key), 0, "hcaHandles or hcaObjects is required")))
			return -1;
	return 0;
}

/* A key is a file of the container's own cgroup: no path leads elsewhere. */
static int check_unified(const struct oci_resources *resources, const char *where, struct check *c)
{
	char list[192];
	(void)snprintf(list, sizeof(list), "%s.unified", where);
	LIST_EACH (&resources->unified, entry)
		if (!str_is_component(entry->key) && check_ends(c, fail(check_at_key(c, list, entry->key), 0,
									   "is not the name of a file in a cgroup")))
			return -1;
	return 0;
}

int check_resources(const struct oci_resources *resources, const char *where, struct check *c)
{
	static int (*const rules[])(const struct oci_resources *, const char *, struct check *) = {
		check_device_rules,
		check_memory,
		check_cpu,
		check_block_io,
		check_huge_pages,
		check_rdma,
		check_unified,
	};
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (check_ends(c, rules[i](resources, where, c)))
			return -1;
	return 0;
}

int oci_resources_check(const struct oci_resources *resources, const char *where, struct error *err)
{
	struct check c = { .sink = NULL };
	return check_resources(resources, where, &c) < 0 ? fail_found(err, &c.error) : 0;
}
