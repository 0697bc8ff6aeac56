#include "oci/check-rules.h"
#include "oci/check.h"
#include "oci/json-error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

struct error *check_at(struct check *c, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(c->error.where, sizeof(c->error.where), fmt, args);
	va_end(args);
	return &c->error;
}

struct error *check_at_key(struct check *c, const char *where, const char *key)
{
	struct error *err = check_at(c, "%s", where);
	struct json_path path = {
		.buf = err->where,
		.size = sizeof(err->where),
		.len = strlen(err->where),
	};
	json_path_key(&path, key, strlen(key));
	return err;
}

bool check_ends(struct check *c, int result)
{
	if (result < 0 && c->sink)
		str_make_printable(c->error.text); /* it quotes what was read */
	return errors_end(c->sink, result, &c->error);
}

int fail_found(struct error *err, struct error *found)
{
	str_make_printable(found->text); /* it quotes what was read */
	if (err)
		*err = *found;
	return -1;
}

int fail_missing(struct error *err)
{
	return fail(err, 0, "required property is missing");
}

int fail_range(struct error *err, long long value, long long min, long long max)
{
	return fail(err, 0, "%lld is out of range, allowed is %lld to %lld", value, min, max);
}

int check_absolute(const char *path, struct check *c, const char *fmt, ...)
{
	if (path && *path == '/')
		return 0;
	char where[sizeof(c->error.where)];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(where, sizeof(where), fmt, args);
	va_end(args);
	if (!path)
		return fail_missing(check_at(c, "%s", where));
	return fail(check_at(c, "%s", where), 0, "\"%s\" is not an absolute path", path);
}

int check_absolute_all(const oci_strings *paths, const char *where, struct check *c)
{
	for (size_t i = 0; i < paths->len; i++)
		if (check_ends(c, check_absolute(paths->items[i], c, "%s[%zu]", where, i)))
			return -1;
	return 0;
}

int check_environment(const oci_strings *env, const char *where, struct check *c)
{
	for (size_t i = 0; i < env->len; i++) {
		const char *entry = env->items[i];
		if (*entry != '=' && strchr(entry, '='))
			continue;
		if (*entry == '=')
			fail(check_at(c, "%s[%zu]", where, i), 0, "\"%s\" has no name", entry);
		else
			fail(check_at(c, "%s[%zu]", where, i), 0, "\"%s\" has no \"=\"", entry);
		if (check_ends(c, error_hint(&c->error, "an entry is NAME=value")))
			return -1;
	}
	return 0;
}

/* user_namespaces(7): 340 lines since Linux 4.15; the last id, 2^32 - 1, stands for "none". */
static int check_mapping(const struct oci_id_mapping *m, const char *where, size_t i, struct check *c)
{
	if (m->size.value == 0)
		return fail(check_at(c, "%s[%zu].size", where, i), 0, "a mapping of no ids");
	if (m->container_id.value + m->size.value > UINT32_MAX)
		return fail(
			check_at(c, "%s[%zu].containerID", where, i), 0, "the range goes past the last id, 4294967294");
	if (m->host_id.value + m->size.value > UINT32_MAX)
		return fail(check_at(c, "%s[%zu].hostID", where, i), 0, "the range goes past the last id, 4294967294");
	return 0;
}

static bool ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static int check_overlap(const oci_id_mappings *mappings, const char *where, size_t i, struct check *c)
{
	const struct oci_id_mapping *m = &mappings->items[i];
	for (size_t j = 0; j < i; j++) {
		const struct oci_id_mapping *n = &mappings->items[j];
		if (ranges_overlap(m->container_id.value, m->size.value, n->container_id.value, n->size.value))
			return fail(check_at(c, "%s[%zu].containerID", where, i), 0,
				"overlaps with the range of %s[%zu]", where, j);
		if (ranges_overlap(m->host_id.value, m->size.value, n->host_id.value, n->size.value))
			return fail(check_at(c, "%s[%zu].hostID", where, i), 0, "overlaps with the range of %s[%zu]",
				where, j);
	}
	return 0;
}

int check_mappings(const oci_id_mappings *mappings, const char *where, struct check *c)
{
	enum { MOST = 340 };
	if (mappings->len > MOST)
		return fail(
			check_at(c, "%s", where), 0, "%zu mappings, the kernel takes at most %d", mappings->len, MOST);
	for (size_t i = 0; i < mappings->len; i++)
		if (check_ends(c, check_mapping(&mappings->items[i], where, i, c)) ||
			check_ends(c, check_overlap(mappings, where, i, c)))
			return -1;
	return 0;
}

int oci_mappings_check(const oci_id_mappings *mappings, const char *where, struct error *err)
{
	struct check c = { .sink = NULL };
	return check_mappings(mappings, where, &c) < 0 ? fail_found(err, &c.error) : 0;
}

int check_number_list(const char *text, struct check *c, const char *fmt, ...)
{
	enum { MAX_NUMBER = 999999999 };
	uint64_t first, last;
	const char *at = text ? text : "";
	int more;
	while ((more = str_next_range(&at, MAX_NUMBER, &first, &last)) > 0)
		;
	if (more == 0)
		return 0;
	char where[sizeof(c->error.where)];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(where, sizeof(where), fmt, args);
	va_end(args);
	fail(check_at(c, "%s", where), 0, "\"%s\" is not a list of numbers", text);
	return error_hint(&c->error, "write it as 0-3,7");
}

struct order {
	int (*compare)(const void *a, const void *b);
};

/* Equal items stay in the order in which they were written. */
static int compare_places(const void *a, const void *b, void *data)
{
	const struct order *order = data;
	const char *const *x = a, *const *y = b;
	int result = order->compare(*x, *y);
	return result ? result : (*x > *y) - (*x < *y);
}

static long find_clash_sorted(
	const char *base, size_t len, size_t size, struct order order, bool (*clash)(const void *a, const void *b))
{
	ARENA(arena);
	const char **places = arena_array(&arena, len, sizeof(*places));
	for (size_t i = 0; i < len; i++)
		places[i] = base + i * size;
	qsort_r(places, len, sizeof(*places), compare_places, &order);
	for (size_t i = 1; i < len; i++)
		if (order.compare(places[i - 1], places[i]) == 0 && clash(places[i - 1], places[i]))
			return (long)((size_t)(places[i] - base) / size);
	return -1;
}

long check_find_clash(const void *items, size_t len, size_t size, int (*compare)(const void *a, const void *b),
	bool (*clash)(const void *a, const void *b))
{
	enum { FEW = 32 };
	const char *base = items;
	if (len > FEW)
		return find_clash_sorted(base, len, size, (struct order){ compare }, clash);
	for (size_t i = 1; i < len; i++)
		for (size_t j = 0; j < i; j++)
			if (compare(base + j * size, base + i * size) == 0 && clash(base + j * size, base + i * size))
				return (long)i;
	return -1;
}

const struct oci_namespace *oci_find_namespace(const struct oci_config *config, int64_t type)
{
	if (!config->linux)
		return NULL;
	LIST_EACH (&config->linux->namespaces, ns)
		if (ns->type.value == type)
			return ns;
	return NULL;
}

int fail_needs_namespace(struct error *err, const char *type)
{
	fail(err, 0, "needs a \"%s\" namespace", type);
	return error_hint(err, "add {\"type\": \"%s\"} to .linux.namespaces", type);
}

static int run_rules(const struct check_rule *rules, const struct oci_config *config, struct check *c)
{
	for (const struct check_rule *rule = rules; rule->name; rule++)
		if (check_ends(c, rule->check(config, c))) {
			log_debug("check: refused by the rule of %s", rule->name);
			return -1;
		}
	return 0;
}

static int check_config(const struct oci_config *config, unsigned flags, struct check *c)
{
	if (run_rules(check_config_rules, config, c) < 0 ||
		(config->linux && run_rules(check_linux_rules, config, c) < 0))
		return -1;
	if (config->process)
		return check_process(config->process, ".process", c);
	return flags & OCI_CHECK_PROCESS ? fail_missing(check_at(c, ".process")) : 0;
}

int oci_config_check(const struct oci_config *config, unsigned flags, struct error *err)
{
	struct check c = { .sink = NULL };
	return check_config(config, flags, &c) < 0 ? fail_found(err, &c.error) : 0;
}

void oci_config_check_all(const struct oci_config *config, unsigned flags, const struct error_sink *sink)
{
	struct check c = { .sink = sink };
	(void)check_ends(&c, check_config(config, flags, &c)); /* all were said */
}
