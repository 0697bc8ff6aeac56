#include "oci/check-rules.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "oci/json-error.h"
#include "oci/words.h"

struct check *at(struct check *c, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(c->where, sizeof(c->where), fmt, args);
	va_end(args);
	return c;
}

struct check *at_key(struct check *c, const char *where, const char *key)
{
	(void)at(c, "%s", where);
	struct json_path path = { .buf = c->where, .size = sizeof(c->where), .len = strlen(c->where) };
	json_path_key(&path, key, strlen(key));
	return c;
}

void refuse(struct check *c, const char *hint, const char *fmt, ...)
{
	struct error error = { .errnum = 0 };
	if (c->failed && !c->sink)
		return;
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(error.text, sizeof(error.text), fmt, args); /* a cut message is still one */
	va_end(args);
	str_make_printable(error.text); /* it quotes what was read */
	(void)error_at(&error, c->where);
	if (hint)
		(void)error_hint(&error, "%s", hint);
	if (c->sink)
		c->sink->say(c->sink->data, &error);
	else
		c->first = error;
	c->failed = true;
}

void refuse_missing(struct check *c)
{
	refuse(c, NULL, "required property is missing");
}

void refuse_range(struct check *c, int64_t value, int64_t min, int64_t max)
{
	refuse(c, NULL, "%" PRId64 " is out of range, allowed is %" PRId64 " to %" PRId64, value, min, max);
}

void refuse_relative(struct check *c, const char *path)
{
	refuse(c, NULL, "\"%s\" is not an absolute path", path);
}

void refuse_without_namespace(struct check *c, int64_t type)
{
	const char *name = word_name(oci_namespace_words, type);
	char hint[64];
	(void)snprintf(hint, sizeof(hint), "add {\"type\": \"%s\"} to .linux.namespaces", name);
	refuse(c, hint, "needs a \"%s\" namespace", name);
}

void check_absolute_all(const oci_strings *paths, const char *where, struct check *c)
{
	for (size_t i = 0; i < paths->len; i++)
		if (*paths->items[i] != '/')
			refuse_relative(at(c, "%s[%zu]", where, i), paths->items[i]);
}

void check_environment(const oci_strings *env, const char *where, struct check *c)
{
	static const char hint[] = "an entry is NAME=value";
	for (size_t i = 0; i < env->len; i++) {
		const char *entry = env->items[i];
		if (*entry == '=')
			refuse(at(c, "%s[%zu]", where, i), hint, "\"%s\" has no name", entry);
		else if (!strchr(entry, '='))
			refuse(at(c, "%s[%zu]", where, i), hint, "\"%s\" has no \"=\"", entry);
	}
}

static bool ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static void check_mapping(const struct oci_id_mapping *m, const char *where, size_t i, struct check *c)
{
	static const char past[] = "the range goes past the last id, 4294967294"; /* 2^32 - 1 stands for "none" */
	if (m->size.value == 0)
		refuse(at(c, "%s[%zu].size", where, i), NULL, "a mapping of no ids");
	else if (m->container_id.value + m->size.value > UINT32_MAX)
		refuse(at(c, "%s[%zu].containerID", where, i), NULL, "%s", past);
	else if (m->host_id.value + m->size.value > UINT32_MAX)
		refuse(at(c, "%s[%zu].hostID", where, i), NULL, "%s", past);
}

static void check_overlap(const oci_id_mappings *mappings, const char *where, size_t i, struct check *c)
{
	const struct oci_id_mapping *m = &mappings->items[i];
	for (size_t j = 0; j < i; j++) {
		const struct oci_id_mapping *n = &mappings->items[j];
		const char *side = NULL;
		if (ranges_overlap(m->container_id.value, m->size.value, n->container_id.value, n->size.value))
			side = "containerID";
		else if (ranges_overlap(m->host_id.value, m->size.value, n->host_id.value, n->size.value))
			side = "hostID";
		if (!side)
			continue;
		refuse(at(c, "%s[%zu].%s", where, i, side), NULL, "overlaps with the range of %s[%zu]", where, j);
		return;
	}
}

void check_mappings(const oci_id_mappings *mappings, const char *where, struct check *c)
{
	enum { MOST = 340 }; /* since Linux 4.15 */
	if (mappings->len > MOST)
		refuse(at(c, "%s", where), NULL, "%zu mappings, the kernel takes at most %d", mappings->len, MOST);
	for (size_t i = 0; i < mappings->len && mappings->len <= MOST; i++) {
		check_mapping(&mappings->items[i], where, i, c);
		check_overlap(mappings, where, i, c);
	}
}

void check_number_list(const char *text, const char *where, const char *name, struct check *c)
{
	enum { MAX_NUMBER = 999999999 };
	uint64_t first, last;
	const char *at_list = text ? text : "";
	int more;
	while ((more = str_next_range(&at_list, MAX_NUMBER, &first, &last)) > 0)
		;
	if (more < 0)
		refuse(at(c, "%s%s", where, name), "write it as 0-3,7", "\"%s\" is not a list of numbers", text);
}

/* Equal items stay in the order in which they were written. */
static int compare_places(const void *a, const void *b, void *data)
{
	int (**compare)(const void *, const void *) = data;
	const char *const *x = a, *const *y = b;
	int result = (*compare)(*x, *y);
	return result ? result : (*x > *y) - (*x < *y);
}

/* Sorted: to compare each item with all before it would take hours for a file of the allowed size. */
long check_find_clash(const void *items, size_t len, size_t size, int (*compare)(const void *a, const void *b),
	bool (*clash)(const void *a, const void *b))
{
	ARENA(arena);
	const char **places = arena_array(&arena, len, sizeof(*places));
	for (size_t i = 0; i < len; i++)
		places[i] = (const char *)items + i * size;
	qsort_r(places, len, sizeof(*places), compare_places, &compare);
	for (size_t i = 1; i < len; i++)
		if (compare(places[i - 1], places[i]) == 0 && clash(places[i - 1], places[i]))
			return (long)((size_t)(places[i] - (const char *)items) / size);
	return -1;
}

const struct oci_namespace *oci_find_namespace(const struct oci_config *config, int64_t type)
{
	if (config->linux)
		LIST_EACH (&config->linux->namespaces, ns)
			if (ns->type.value == type)
				return ns;
	return NULL;
}
