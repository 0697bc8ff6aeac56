#include "oci/schema.h"

#include "base/nearest.h"

const struct property *schema_row(const struct schema *schema, const char *name, size_t len)
{
	EACH_PROPERTY (schema, p)
		if (strlen(p->name) == len && memcmp(p->name, name, len) == 0)
			return p;
	return NULL;
}

/* Past one "[…]", in which a quoted key may hold brackets itself; NULL if it does not end. */
static const char *skip_index(const char *at)
{
	bool quoted = false;
	for (at++; *at && (quoted || *at != ']'); at++) {
		if (quoted && *at == '\\' && at[1])
			at++;
		else if (*at == '"')
			quoted = !quoted;
	}
	return *at ? at + 1 : NULL;
}

size_t property_item_size(const struct property *row)
{
	switch (row->kind) {
	case KIND_WORDS:
		return sizeof(struct oci_int);
	case KIND_STRINGS:
		return sizeof(const char *);
	case KIND_UINTS:
		return sizeof(struct oci_uint);
	case KIND_MAP:
		return sizeof(struct oci_pair);
	case KIND_OBJECTS:
	case KIND_OBJECT_MAP:
		return row->object ? row->object->size : 0;
	default:
		return 0;
	}
}

static bool takes_index(const struct property *row)
{
	return row->kind == KIND_FLAGS || property_item_size(row);
}

const struct property *schema_find(const struct schema *root, const char *path, const struct schema **ret_schema)
{
	const struct property *row = NULL;
	const struct schema *at = root;
	bool key = false; /* a key of a map of objects may be next: .linux.netDevices.eth0.name */
	*ret_schema = NULL;
	path += *path == '.';
	while (*path) {
		size_t len = strcspn(path, ".[");
		const struct property *found = at ? schema_row(at, path, len) : NULL;
		if (!found && !(key && len))
			return NULL;
		key = found && found->kind == KIND_OBJECT_MAP && path[len] == '.';
		row = found ? found : row;
		path += len;
		if (*path == '[')
			path = takes_index(row) ? skip_index(path) : NULL;
		else if (*path == '.' && row->kind == KIND_MAP)
			path += strlen(path); /* any key */
		if (!path || (*path && (*path != '.' || !path[1])))
			return NULL;
		path += *path == '.';
		at = row->object;
	}
	*ret_schema = at;
	return row;
}

const char *schema_nearest(const struct schema *schema, const char *name)
{
	struct nearest near = nearest_to(name);
	EACH_PROPERTY (schema, p)
		(void)nearest_try(&near, p->name);
	return near.name;
}
