#include "value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

const struct value value_null = { .kind = VALUE_NULL };
const struct value value_false = { .kind = VALUE_FALSE };
const struct value value_true = { .kind = VALUE_TRUE };

const struct value *value_string(struct arena *arena, const char *text, size_t len)
{
	struct value *v = arena_new(arena, struct value);
	v->kind = VALUE_STRING;
	v->text = arena_strndup(arena, text, len);
	v->len = len;
	return v;
}

const struct value *value_integer(struct arena *arena, int64_t integer)
{
	struct value *v = arena_new(arena, struct value);
	v->kind = VALUE_NUMBER;
	v->number = (double)integer;
	v->exact = true;
	v->integer = integer;
	return v;
}

const struct value *value_double(struct arena *arena, double number)
{
	if (number == floor(number) && fabs(number) < 0x1p53)
		return value_integer(arena, (int64_t)number);
	struct value *v = arena_new(arena, struct value);
	v->kind = VALUE_NUMBER;
	v->number = number;
	return v;
}

const struct value *value_literal(struct arena *arena, const char *text, size_t len)
{
	struct value *v = arena_new(arena, struct value);
	v->kind = VALUE_NUMBER;
	v->text = arena_strndup(arena, text, len);
	v->len = len;
	v->number = strtod(v->text, NULL);
	v->exact = str_to_i64(v->text, INT64_MIN, INT64_MAX, &v->integer);
	return v;
}

const struct value *value_array(struct arena *arena, const value_list *items)
{
	struct value *v = arena_new(arena, struct value);
	v->kind = VALUE_ARRAY;
	v->items = items->items;
	v->count = items->len;
	return v;
}

const struct value *value_object(struct arena *arena, const value_list *keys, const value_list *items)
{
	value_list kept_keys = { NULL }, kept = { NULL };
	for (size_t i = 0; i < keys->len; i++) {
		size_t at = 0;
		while (at < kept_keys.len && value_compare(kept_keys.items[at], keys->items[i]) != 0)
			at++;
		if (at == kept_keys.len) {
			*list_add(arena, &kept_keys) = keys->items[i];
			*list_add(arena, &kept) = items->items[i];
		} else {
			kept.items[at] = items->items[i];
		}
	}
	struct value *v = arena_new(arena, struct value);
	v->kind = VALUE_OBJECT;
	v->keys = kept_keys.items;
	v->items = kept.items;
	v->count = kept.len;
	return v;
}

static int compare_strings(const struct value *a, const struct value *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = len ? memcmp(a->text, b->text, len) : 0;
	if (order == 0)
		order = (a->len > b->len) - (a->len < b->len);
	return (order > 0) - (order < 0);
}

static int compare_items(const struct value *a, const struct value *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		int order = value_compare(a->items[i], b->items[i]);
		if (order)
			return order;
	}
	return (a->count > b->count) - (a->count < b->count);
}

/* First by the sorted keys, then key by key. */
static int compare_objects(const struct value *a, const struct value *b)
{
	ARENA(arena);
	const struct value *keys = value_keys(&arena, a);
	int order = compare_items(keys, value_keys(&arena, b));
	for (size_t i = 0; order == 0 && i < keys->count; i++)
		order = value_compare(value_get(a, keys->items[i]), value_get(b, keys->items[i]));
	return order;
}

int value_compare(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	switch (a->kind) {
	case VALUE_NUMBER:
		if (a->exact && b->exact)
			return (a->integer > b->integer) - (a->integer < b->integer);
		return (a->number > b->number) - (a->number < b->number);
	case VALUE_STRING:
		return compare_strings(a, b);
	case VALUE_ARRAY:
		return compare_items(a, b);
	case VALUE_OBJECT:
		return compare_objects(a, b);
	default:
		return 0;
	}
}

static int compare_places(const void *a, const void *b)
{
	return value_compare(*(const struct value *const *)a, *(const struct value *const *)b);
}

const struct value *value_sorted(struct arena *arena, const struct value *array, bool unique)
{
	value_list all = { NULL };
	for (size_t i = 0; i < array->count; i++)
		*list_add(arena, &all) = array->items[i];
	if (all.len)
		qsort(all.items, all.len, sizeof(*all.items), compare_places);
	size_t kept = 0;
	for (size_t i = 0; i < all.len; i++)
		if (!unique || kept == 0 || value_compare(all.items[kept - 1], all.items[i]) != 0)
			all.items[kept++] = all.items[i];
	all.len = kept;
	return value_array(arena, &all);
}

const struct value *value_keys(struct arena *arena, const struct value *object)
{
	const struct value keys = { .kind = VALUE_ARRAY, .items = object->keys, .count = object->count };
	return value_sorted(arena, &keys, false);
}

size_t value_place(const struct value *object, const struct value *key)
{
	size_t at = 0;
	while (at < object->count && compare_strings(object->keys[at], key) != 0)
		at++;
	return at;
}

const struct value *value_get(const struct value *object, const struct value *key)
{
	size_t at = value_place(object, key);
	return at < object->count ? object->items[at] : NULL;
}

static value_list copy_list(struct arena *arena, const struct value *const *items, size_t count)
{
	value_list copy = { NULL };
	for (size_t i = 0; i < count; i++)
		*list_add(arena, &copy) = items[i];
	return copy;
}

const struct value *value_with_key(
	struct arena *arena, const struct value *object, const struct value *key, const struct value *member)
{
	value_list keys = copy_list(arena, object->keys, object->count);
	value_list items = copy_list(arena, object->items, object->count);
	*list_add(arena, &keys) = key;
	*list_add(arena, &items) = member;
	return value_object(arena, &keys, &items);
}

const struct value *value_with_index(
	struct arena *arena, const struct value *array, size_t index, const struct value *member)
{
	value_list items = copy_list(arena, array->items, array->count);
	while (items.len <= index)
		*list_add(arena, &items) = &value_null;
	items.items[index] = member;
	return value_array(arena, &items);
}

const struct value *value_without(struct arena *arena, const struct value *from, size_t place)
{
	value_list keys = { NULL }, items = { NULL };
	for (size_t i = 0; i < from->count; i++) {
		if (i == place)
			continue;
		*list_add(arena, &items) = from->items[i];
		if (from->kind == VALUE_OBJECT)
			*list_add(arena, &keys) = from->keys[i];
	}
	return from->kind == VALUE_OBJECT ? value_object(arena, &keys, &items) : value_array(arena, &items);
}

const char *value_kind_name(const struct value *v)
{
	static const char *const names[] = {
		[VALUE_NULL] = "null",
		[VALUE_FALSE] = "boolean",
		[VALUE_TRUE] = "boolean",
		[VALUE_NUMBER] = "number",
		[VALUE_STRING] = "string",
		[VALUE_ARRAY] = "array",
		[VALUE_OBJECT] = "object",
	};
	return names[v->kind];
}
