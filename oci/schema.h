/*
 * One table for the configuration, a row a property. It is used to read, check, write and explain a configuration, and
 * for the manual page.
 *
 *	static const struct property root_properties[] = {
 *		STRING(struct oci_root, path, "path", REQUIRED, "root filesystem of the container"),
 *		BOOL(struct oci_root, readonly, "readonly", 0, "true if it must be read-only"),
 *	};
 *	const struct schema oci_root_schema = SCHEMA(oci_root, root_properties);
 *
 * The type of each member is checked when the row is compiled.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "oci/config.h"

enum kind {
	KIND_STRING,     /* const char * */
	KIND_BOOL,       /* struct oci_bool */
	KIND_INT,        /* struct oci_int, range min..max */
	KIND_UINT,       /* struct oci_uint, range 0..max */
	KIND_WORD,       /* struct oci_int: one of `words` */
	KIND_FLAGS,      /* struct oci_uint: an array of words, or'ed */
	KIND_WORDS,      /* LIST(struct oci_int): an array of words, in order */
	KIND_STRINGS,    /* oci_strings */
	KIND_UINTS,      /* LIST(struct oci_uint) */
	KIND_OBJECT,     /* pointer to the struct of `object` */
	KIND_INLINE,     /* the struct of `object` itself, never absent */
	KIND_OBJECTS,    /* LIST of structs: an array of objects */
	KIND_MAP,        /* oci_map: an object of strings */
	KIND_OBJECT_MAP, /* LIST of structs whose first member is the key: an object of objects */
	KIND_SEEN,       /* struct oci_bool: set when present, the value itself is skipped */
};

enum {
	REQUIRED = 1,
	AS_PATH = 2, /* KIND_STRING, KIND_STRINGS: read without slashes, and components ".", at its end */
};

struct property {
	const char *name; /* as in JSON */
	enum kind kind;
	unsigned flags; /* REQUIRED, AS_PATH */
	size_t offset;
	int64_t min;  /* KIND_INT */
	uint64_t max; /* KIND_INT, KIND_UINT, KIND_UINTS */
	const struct word *words;
	const struct schema *object;
	const char *doc; /* one sentence for explain and man: lower case, no full stop */
};

struct schema {
	const char *name;
	size_t size;
	const struct property *properties;
	size_t count;
};

#define EACH_PROPERTY(schema, p) \
	for (const struct property *p = (schema)->properties; p < (schema)->properties + (schema)->count; p++)

/*
 * The rows. `s` is the struct, `m` its member, and `tag` the struct tag of a sub-object, whose schema is tag_schema:
 * OBJECT(struct oci_config, linux, oci_linux, "linux", 0, "…") needs oci_linux_schema.
 */

/* clang-format off */
#define STRING(s, m, name, flags, doc) \
	ROW(name, KIND_STRING, flags, MEMBER_AT(s, m, const char *), 0, 0, NULL, NULL, doc)
#define BOOL(s, m, name, flags, doc) \
	ROW(name, KIND_BOOL, flags, MEMBER_AT(s, m, struct oci_bool), 0, 0, NULL, NULL, doc)
#define SEEN(s, m, name, doc) \
	ROW(name, KIND_SEEN, 0, MEMBER_AT(s, m, struct oci_bool), 0, 0, NULL, NULL, doc)
#define INT(s, m, name, flags, min, max, doc) \
	ROW(name, KIND_INT, flags, MEMBER_AT(s, m, struct oci_int), min, max, NULL, NULL, doc)
#define UINT(s, m, name, flags, max, doc) \
	ROW(name, KIND_UINT, flags, MEMBER_AT(s, m, struct oci_uint), 0, max, NULL, NULL, doc)
#define WORD(s, m, name, flags, words, doc) \
	ROW(name, KIND_WORD, flags, MEMBER_AT(s, m, struct oci_int), 0, 0, words, NULL, doc)
#define FLAGS(s, m, name, flags, words, doc) \
	ROW(name, KIND_FLAGS, flags, MEMBER_AT(s, m, struct oci_uint), 0, 0, words, NULL, doc)
#define WORDS(s, m, name, flags, words, doc) \
	ROW(name, KIND_WORDS, flags, LIST_AT(s, m, struct oci_int), 0, 0, words, NULL, doc)
#define STRINGS(s, m, name, flags, doc) \
	ROW(name, KIND_STRINGS, flags, LIST_AT(s, m, const char *), 0, 0, NULL, NULL, doc)
#define UINTS(s, m, name, flags, max, doc) \
	ROW(name, KIND_UINTS, flags, LIST_AT(s, m, struct oci_uint), 0, max, NULL, NULL, doc)
#define OBJECT(s, m, tag, name, flags, doc) \
	ROW(name, KIND_OBJECT, flags, MEMBER_AT(s, m, struct tag *), 0, 0, NULL, &tag##_schema, doc)
#define INLINE(s, m, tag, name, flags, doc) \
	ROW(name, KIND_INLINE, flags, MEMBER_AT(s, m, struct tag), 0, 0, NULL, &tag##_schema, doc)
#define OBJECTS(s, m, tag, name, flags, doc) \
	ROW(name, KIND_OBJECTS, flags, LIST_AT(s, m, struct tag), 0, 0, NULL, &tag##_schema, doc)
#define OBJECT_MAP(s, m, tag, name, flags, doc) \
	ROW(name, KIND_OBJECT_MAP, flags, LIST_AT(s, m, struct tag) + KEY_FIRST(tag), 0, 0, NULL, \
		&tag##_schema, doc)
#define MAP(s, m, name, flags, doc) \
	ROW(name, KIND_MAP, flags, LIST_AT(s, m, struct oci_pair), 0, 0, NULL, NULL, doc)

/* The reader marks the rows it has seen in 64 bits. */
#define SCHEMA(tag, rows) \
	{ #tag, sizeof(struct tag) + sizeof(struct { _Static_assert( \
		sizeof(rows) <= 64 * sizeof(struct property), #rows " is too long"); }), rows, \
		sizeof(rows) / sizeof(struct property) }

#define ROW(name, kind, flags, offset, min, max, words, object, doc) \
	{ name, kind, flags, offset, min, max, words, object, doc }

/* offsetof, which the compiler refuses if the member has another type. The assertions have size 0. */
#define SAME_TYPE(a, b, text) \
	sizeof(struct { _Static_assert(__builtin_types_compatible_p(a, b), text); })
#define MEMBER_AT(s, m, type) \
	(offsetof(s, m) + SAME_TYPE(__typeof__(((s *)0)->m), type, #m " is no " #type))
#define LIST_AT(s, m, type) \
	(offsetof(s, m) + SAME_TYPE(__typeof__(((s *)0)->m.items), type *, #m " lists no " #type))
#define KEY_FIRST(tag) \
	(SAME_TYPE(char[offsetof(struct tag, key) + 1], char[1], "key is not first") + \
		SAME_TYPE(__typeof__(((struct tag *)0)->key), const char *, "key is no string"))
/* clang-format on */

extern const struct schema oci_config_schema;     /* struct oci_config */
extern const struct schema oci_process_schema;    /* struct oci_process: exec --process */
extern const struct schema oci_linux_schema;      /* struct oci_linux */
extern const struct schema oci_resources_schema;  /* struct oci_resources: update --resources */
extern const struct schema oci_seccomp_schema;    /* struct oci_seccomp: the key of its cache */
extern const struct schema oci_id_mapping_schema; /* struct oci_id_mapping */

/* The row of that name, or NULL. */
const struct property *schema_row(const struct schema *schema, const char *name, size_t len);

/* The row that a jq path names, such as ".linux.namespaces[].type", or NULL. The first dot and indexes are optional.
 * *ret_schema is that of the object, or of the objects in the list, and NULL for any other property. The path "." is
 * the root itself: NULL with *ret_schema set. */
const struct property *schema_find(const struct schema *root, const char *path, const struct schema **ret_schema);

/* The property that an unknown name was meant for, or NULL: base/nearest.h. */
const char *schema_nearest(const struct schema *schema, const char *name);

/* Whether the member has a value: it is set, not NULL, or not empty. */
bool property_is_set(const struct property *row, const void *member);

/* The size of one item of a list, or 0 if the property is no list. */
size_t property_item_size(const struct property *row);

/* Whether the number is in the range of the row. */
bool property_takes(const struct property *row, bool negative, uint64_t magnitude);

/* Applies the tables to a struct that was made in memory: ranges, words, and what is required. json_read() has done
 * so for what it has read. `where` is the path of the struct, or "". 0 or -1. */
int schema_check(const struct schema *schema, const void *object, const char *where, struct error *err);
