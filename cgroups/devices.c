#include "cgroups/devices.h"

#include <errno.h>
#include <stdio.h>

#include "base/str.h"

/* config-linux.md "Default Devices", and making a node of any kind, which alone gives no access; as runc has it, these
 * win over the configuration's rules. /dev/console is a pseudoterminal in a container, so the system's own, 5:1, is not
 * among them. */
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

/* ".linux.resources.devices[3].NAME" */
static int fail_rule(struct error *err, size_t index, const char *name, const char *what, const char *value)
{
	char where[64];
	(void)snprintf(where, sizeof(where), ".linux.resources.devices[%zu].%s", index, name);
	return fail_at(err, 0, where, what, value);
}

/* Left out, or left empty by writers of configurations, it is all of them; so with the type. */
static int read_access(const char *text, size_t index, uint8_t *ret_access, struct error *err)
{
	uint8_t access = 0;
	for (const char *at = text && *text ? text : "rwm"; *at; at++) {
		if (*at == 'r')
			access |= BPF_DEVCG_ACC_READ;
		else if (*at == 'w')
			access |= BPF_DEVCG_ACC_WRITE;
		else if (*at == 'm')
			access |= BPF_DEVCG_ACC_MKNOD;
		else
			access = 0;
		if (!access)
			break;
	}
	if (!access)
		return fail_rule(err, index, "access", "expected letters of r, w and m, found \"%s\"", text);
	*ret_access = access;
	return 0;
}

/* Unset is "all"; so is -1, which older writers of configurations use. */
static int read_number(
	const struct oci_int *number, size_t index, const char *name, int64_t *ret_number, struct error *err)
{
	char text[24];
	if (!number->set || number->value == DEVICE_ANY) {
		*ret_number = DEVICE_ANY;
		return 0;
	}
	(void)snprintf(text, sizeof(text), "%lld", (long long)number->value);
	if (number->value < 0 || number->value > UINT32_MAX)
		return fail_rule(err, index, name, "no device has the number %s", text);
	*ret_number = number->value;
	return 0;
}

static int read_rule(const struct oci_device_rule *rule, size_t index, struct device_rule *ret_rule, struct error *err)
{
	struct device_rule read = { .allow = rule->allow.value };
	const struct word *type = word_find(types, rule->type && *rule->type ? rule->type : "a");
	if (!type || str_eq(type->name, "u"))
		return fail_rule(err, index, "type", "expected a, b or c, found \"%s\"", rule->type);
	read.type = (uint8_t)type->value;
	if (read_number(&rule->major, index, "major", &read.major, err) < 0 ||
		read_number(&rule->minor, index, "minor", &read.minor, err) < 0 ||
		read_access(rule->access, index, &read.access, err) < 0)
		return -1;
	*ret_rule = read;
	return 0;
}

/* Every device that b speaks of, a speaks of too. */
static bool covers(const struct device_rule *a, const struct device_rule *b)
{
	return (!a->type || a->type == b->type) && (a->major == DEVICE_ANY || a->major == b->major) &&
	       (a->minor == DEVICE_ANY || a->minor == b->minor);
}

/* A container that is given a node may use it, unless a rule says how: "c 10:229 r" beside the node /dev/fuse. */
static void add_node(struct arena *arena, const struct oci_device *node, size_t own_count, device_rules *rules)
{
	const struct word *type = word_find(types, node->type ? node->type : "");
	if (!type || !type->value)
		return; /* a fifo; what is no type is an error elsewhere */
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
		if (read_rule(&resources->devices.items[i], i, list_add(arena, &rules), err) < 0)
			return -1;
	for (size_t i = 0; i < node_count && own_count > 0; i++)
		add_node(arena, &nodes[i], own_count, &rules);
	for (size_t i = 0; i < sizeof(default_rules) / sizeof(*default_rules) && own_count > 0; i++)
		*list_add(arena, &rules) = default_rules[i];
	*ret_rules = rules;
	return 0;
}
