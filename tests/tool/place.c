/* Members of values by key and index, and whole ways of them. */
#include <string.h>

#include "eval.h"

/* An index from the end is negative. */
static int64_t real_index(const struct value *array, const struct value *key)
{
	return key->integer < 0 ? key->integer + (int64_t)array->count : key->integer;
}

static int refuse_key(const struct scope *s, const struct node *n, const struct value *of, const struct value *key)
{
	if (key->kind == VALUE_STRING)
		return eval_miss(s, n, "a value of type %s has no key \"%s\"", value_kind_name(of), key->text);
	return eval_miss(s, n, "a value of type %s has no place of type %s", value_kind_name(of), value_kind_name(key));
}

static bool fits(const struct value *of, const struct value *key)
{
	if (of->kind == VALUE_NULL)
		return key->kind == VALUE_STRING || (key->kind == VALUE_NUMBER && key->exact);
	return (of->kind == VALUE_OBJECT && key->kind == VALUE_STRING) ||
	       (of->kind == VALUE_ARRAY && key->kind == VALUE_NUMBER && key->exact);
}

int place_get(const struct scope *s, const struct node *n, const struct value *of, const struct value *key,
	const struct value **ret)
{
	if (!fits(of, key))
		return refuse_key(s, n, of, key);
	const struct value *found = NULL;
	if (of->kind == VALUE_OBJECT) {
		found = value_get(of, key);
	} else if (of->kind == VALUE_ARRAY) {
		int64_t index = real_index(of, key);
		if (index >= 0 && (uint64_t)index < of->count)
			found = of->items[index];
	}
	*ret = found ? found : &value_null;
	return 0;
}

enum { INDEX_MAX = 1000000 };

static int set_member(const struct scope *s, const struct node *n, const struct value *of, const struct value *key,
	const struct value *member, const struct value **ret)
{
	if (!fits(of, key))
		return refuse_key(s, n, of, key);
	if (key->kind == VALUE_STRING) {
		*ret = value_with_key(s->e->arena, of, key, member);
		return 0;
	}
	int64_t index = real_index(of, key);
	if (index < 0 || index > INDEX_MAX)
		return eval_fail(s, n, "index %lld is out of range", (long long)key->integer);
	*ret = value_with_index(s->e->arena, of, (size_t)index, member);
	return 0;
}

const struct value *place_path(struct arena *arena, const struct place *place)
{
	value_list reversed = { NULL }, keys = { NULL };
	for (; place->up; place = place->up)
		*list_add(arena, &reversed) = place->key;
	for (size_t i = reversed.len; i > 0; i--)
		*list_add(arena, &keys) = reversed.items[i - 1];
	return value_array(arena, &keys);
}

static int set_below(const struct scope *s, const struct node *n, const struct value *of, const struct value *path,
	size_t from, const struct value *member, const struct value **ret)
{
	if (from == path->count) {
		*ret = member;
		return 0;
	}
	const struct value *old, *changed;
	if (place_get(s, n, of, path->items[from], &old) < 0 ||
		set_below(s, n, old, path, from + 1, member, &changed) < 0)
		return -1;
	return set_member(s, n, of, path->items[from], changed, ret);
}

int place_set(const struct scope *s, const struct node *n, const struct value *root, const struct place *place,
	const struct value *member, const struct value **ret)
{
	return set_below(s, n, root, place_path(s->e->arena, place), 0, member, ret);
}

/* A member that is not there is already removed. */
static int delete_below(const struct scope *s, const struct node *n, const struct value *of, const struct value *path,
	size_t from, const struct value **ret)
{
	const struct value *key = path->items[from], *old, *changed;
	*ret = of;
	if (of->kind == VALUE_NULL)
		return 0;
	if (place_get(s, n, of, key, &old) < 0)
		return -1;
	if (from + 1 < path->count) {
		if (old->kind == VALUE_NULL)
			return 0;
		if (delete_below(s, n, old, path, from + 1, &changed) < 0)
			return -1;
		return set_member(s, n, of, key, changed, ret);
	}
	size_t place = of->kind == VALUE_OBJECT ? value_place(of, key) : (size_t)real_index(of, key);
	*ret = value_without(s->e->arena, of, place);
	return 0;
}

int place_delete(const struct scope *s, const struct node *n, const struct value *root, const result_list *places,
	const struct value **ret)
{
	value_list paths = { NULL };
	LIST_EACH (places, place) {
		*list_add(s->e->arena, &paths) = place_path(s->e->arena, place->place);
	}
	const struct value unsorted = { .kind = VALUE_ARRAY, .items = paths.items, .count = paths.len };
	const struct value *sorted = value_sorted(s->e->arena, &unsorted, true);
	for (size_t i = sorted->count; i > 0; i--) {
		if (sorted->items[i - 1]->count == 0)
			root = &value_null;
		else if (delete_below(s, n, root, sorted->items[i - 1], 0, &root) < 0)
			return -1;
	}
	*ret = root;
	return 0;
}
