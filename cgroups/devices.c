#include "cgroups/devices.h"

#include <string.h>

#include "base/str.h"

/* config-linux.md "Default Devices", and making a node of any kind, which alone gives no access; as runc has it,
 * these win over the configuration's rules. /dev/console is a pseudoterminal in a container, so the system's own,
 * 5:1, is not among them. */
static const struct device_rule default_rules[] = {
	{ true, 0, BPF_DEVCG_ACC_MKNOD, DEVICE_ANY, DEVICE_ANY },
	{ true, BPF_DEVCG_DEV_CHAR, DEVICE_ALL_ACCESS, 136, DEVICE_ANY }, /* /dev/pts */
	{ true, BPF_DEVCG_DEV_CHAR, DEVICE_ALL_ACCESS, 5, 2 },            /* /dev/ptmx */
	{ true, BPF_DEVCG_DEV_CHAR, DEVICE_ALL_ACCESS, 5, 0 },            /* /dev/tty */
	{ true, BPF_DEVCG_DEV_CHAR, DEVICE_ALL_ACCESS, 1, 8 },            /* /dev/random */
	{ true, BPF_DEVCG_DEV_CHAR, DEVICE_ALL_ACCESS, 1, 7 },            /* /dev/full */
	{ true, BPF_DEVCG_DEV_CHAR, DEVICE_ALL_ACCESS, 1, 5 },            /* /dev/zero */
	{ true, BPF_DEVCG_DEV_CHAR, DEVICE_ALL_ACCESS, 1, 9 },            /* /dev/urandom */
	{ true, BPF_DEVCG_DEV_CHAR, DEVICE_ALL_ACCESS, 1, 3 },            /* /dev/null */
};

static const struct word types[] = {
	{ "a", 0 },
	{ "b", BPF_DEVCG_DEV_BLOCK },
	{ "c", BPF_DEVCG_DEV_CHAR },
	{ NULL },
};

/* Of a rule that oci/check.h accepts. Left out, or left empty by writers of configurations, access is all of it; so
 * with the type. */
static struct device_rule read_rule(const struct oci_device_rule *rule)
{
	const char *access = rule->access && *rule->access ? rule->access : "rwm";
	return (struct device_rule){
		.allow = rule->allow.value,
		.type = rule->type ? (uint8_t)word_value(types, rule->type) : 0,
		.access = (uint8_t)((strchr(access, 'r') ? BPF_DEVCG_ACC_READ : 0) |
				    (strchr(access, 'w') ? BPF_DEVCG_ACC_WRITE : 0) |
				    (strchr(access, 'm') ? BPF_DEVCG_ACC_MKNOD : 0)),
		.major = rule->major.set ? rule->major.value : DEVICE_ANY,
		.minor = rule->minor.set ? rule->minor.value : DEVICE_ANY,
	};
}

int device_rules_plan(
	struct arena *arena, const struct oci_resources *resources, device_rules *ret_rules, struct error *err)
{
	device_rules rules = { NULL, 0 };
	size_t own_count = resources ? resources->devices.len : 0;
	if (own_count > DEVICE_RULES_MAX)
		return fail_at(err, 0, ".linux.resources.devices", "more than %d device rules", DEVICE_RULES_MAX);
	for (size_t i = 0; i < own_count; i++)
		*list_add(arena, &rules) = read_rule(&resources->devices.items[i]);
	for (size_t i = 0; i < sizeof(default_rules) / sizeof(*default_rules) && own_count > 0; i++)
		*list_add(arena, &rules) = default_rules[i];
	*ret_rules = rules;
	return 0;
}
