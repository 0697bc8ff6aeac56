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
	{ "u", BPF_DEVCG_DEV_CHAR }, /* mknod(1): a character device without buffer */
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

/* Whether rule a applies to every device that rule b applies to. */
static bool covers(const struct device_rule *a, const struct device_rule *b)
{
	return (!a->type || a->type == b->type) && (a->major == DEVICE_ANY || a->major == b->major) &&
	       (a->minor == DEVICE_ANY || a->minor == b->minor);
}

/* A container may use the nodes that it is given, unless a rule says otherwise: "c 10:229 r" for the node
 * /dev/fuse. */
static void add_node(struct arena *arena, const struct oci_device *node, size_t own_count, device_rules *rules)
{
	const struct word *type = word_find(types, node->type ? node->type : "");
	if (!type || !type->value)
		return; /* a fifo */
	struct device_rule rule = { true, (uint8_t)type->value, DEVICE_ALL_ACCESS, node->major.value,
		node->minor.value };
	for (size_t i = 0; i < own_count; i++)
		if (rules->items[i].major != DEVICE_ANY && covers(&rules->items[i], &rule))
			return;
	*list_add(arena, rules) = rule;
}

int device_rules_plan(struct arena *arena, const struct oci_resources *resources, const struct oci_device *nodes,
	size_t node_count, device_rules *ret_rules, struct error *err)
{
	device_rules rules = { NULL, 0 };
	size_t own_count = resources ? resources->devices.len : 0;
	if (own_count > DEVICE_RULES_MAX)
		return fail_at(err, 0, ".linux.resources.devices", "more than %d device rules", DEVICE_RULES_MAX);
	for (size_t i = 0; i < own_count; i++)
		*list_add(arena, &rules) = read_rule(&resources->devices.items[i]);
	for (size_t i = 0; i < node_count && own_count > 0; i++)
		add_node(arena, &nodes[i], own_count, &rules);
	for (size_t i = 0; i < sizeof(default_rules) / sizeof(*default_rules) && own_count > 0; i++)
		*list_add(arena, &rules) = default_rules[i];
	*ret_rules = rules;
	return 0;
}
