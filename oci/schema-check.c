#include "oci/schema.h"

#include <inttypes.h>
#include <stdio.h>

#include "oci/json-error.h"

bool property_is_set(const struct property *row, const void *member)
{
	switch (row->kind) {
	case KIND_STRING:
	case KIND_OBJECT:
		return *(const void *const *)member != NULL;
	case KIND_BOOL:
		return ((const struct oci_bool *)member)->set;
	case KIND_INT:
	case KIND_WORD:
		return ((const struct oci_int *)member)->set;
	case KIND_UINT:
	case KIND_FLAGS:
		return ((const struct oci_uint *)member)->set;
	case KIND_INLINE:
		EACH_PROPERTY (row->object, p)
			if (property_is_set(p, (const char *)member + p->offset))
				return true;
		return false;
	case KIND_SEEN: /* the value itself was not kept */
		return false;
	default:
		return ((const struct raw_list *)member)->len > 0;
	}
}

bool property_takes(const struct property *row, bool negative, uint64_t magnitude)
{
	if (negative)
		return (int64_t)(0 - magnitude) >= row->min;
	return magnitude <= row->max && (row->min <= 0 || magnitude >= (uint64_t)row->min);
}

/* Each level has a copy of the path: a value is named from the end of its object's path. */
static int check_struct(const struct schema *schema, const char *object, struct json_path path, struct error *err);

static int check_int(const struct property *row, int64_t value, const char *where, struct error *err)
{
	if (row->words && !word_name(row->words, value))
		return fail_at(err, 0, where, "unknown value %" PRId64, value);
	if (row->words || property_takes(row, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value))
		return 0;
	return fail_at(err, 0, where, "%" PRId64 " is out of range, allowed is %" PRId64 " to %" PRIu64, value,
		row->min, row->max);
}

static int check_uint(const struct property *row, uint64_t value, const char *where, struct error *err)
{
	if (property_takes(row, false, value))
		return 0;
	return fail_at(err, 0, where, "%" PRIu64 " is out of range, allowed is %" PRId64 " to %" PRIu64, value,
		row->min, row->max);
}

static int check_item(const struct property *row, const char *item, size_t i, struct json_path path, struct error *err)
{
	if (row->kind == KIND_MAP || row->kind == KIND_OBJECT_MAP) {
		const char *key = *(const char *const *)item;
		json_path_key(&path, key, strlen(key));
		if (!*key)
			return fail_at(err, 0, path.buf, "the name is empty");
	} else {
		json_path_index(&path, i);
	}
	if (row->kind == KIND_UINTS)
		return check_uint(row, ((const struct oci_uint *)item)->value, path.buf, err);
	if (row->kind == KIND_WORDS)
		return check_int(row, ((const struct oci_int *)item)->value, path.buf, err);
	return row->object ? check_struct(row->object, item, path, err) : 0;
}

static int check_value(const struct property *row, const void *member, struct json_path path, struct error *err)
{
	const struct raw_list *list = member;
	size_t size = row->kind == KIND_STRINGS ? 0 : property_item_size(row); /* any strings will do */
	for (size_t i = 0; size && i < list->len; i++)
		if (check_item(row, (const char *)list->items + i * size, i, path, err) < 0)
			return -1;
	if (row->kind == KIND_INT || row->kind == KIND_WORD)
		return check_int(row, ((const struct oci_int *)member)->value, path.buf, err);
	if (row->kind == KIND_UINT)
		return check_uint(row, ((const struct oci_uint *)member)->value, path.buf, err);
	if (row->kind == KIND_OBJECT)
		return check_struct(row->object, *(const void *const *)member, path, err);
	return row->kind == KIND_INLINE ? check_struct(row->object, member, path, err) : 0;
}

static int check_struct(const struct schema *schema, const char *object, struct json_path path, struct error *err)
{
	EACH_PROPERTY (schema, row) {
		struct json_path below = path;
		const void *member = object + row->offset;
		bool set = property_is_set(row, member);
		if (!set && !(row->flags & REQUIRED))
			continue;
		json_path_key(&below, row->name, strlen(row->name));
		if (!set && !property_item_size(row)) /* a list may be there and empty */
			return fail_at(err, 0, below.buf, "required property is missing");
		if (check_value(row, member, below, err) < 0)
			return -1;
	}
	return 0;
}

int schema_check(const struct schema *schema, const void *object, const char *where, struct error *err)
{
	char buf[sizeof(err->where)];
	struct json_path path = { .buf = buf, .size = sizeof(buf), .len = strlen(where) };
	(void)snprintf(buf, sizeof(buf), "%s", where);
	return check_struct(schema, object, path, err);
}
