/*
 * JSON values of the filters: trees that never change, so that they may share their branches. An arena owns them.
 *
 *	const struct value *config;
 *	if (value_read(&arena, text, len, &all, &err) < 0) ...
 *	char *line = value_write(&arena, all.items[0], VALUE_PRETTY, &len);
 *
 * A number that was read keeps its text, so all its digits are written again; integers are compared and added with 64
 * bits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* In the order in which jq(1) sorts them. */
enum value_kind {
	VALUE_NULL,
	VALUE_FALSE,
	VALUE_TRUE,
	VALUE_NUMBER,
	VALUE_STRING,
	VALUE_ARRAY,
	VALUE_OBJECT,
};

struct value {
	enum value_kind kind;
	const char *text; /* of a string, or of a number that was read; a NUL byte follows */
	size_t len;
	double number;
	bool exact; /* the number is an integer, in `integer` */
	int64_t integer;
	const struct value *const *items; /* of an array; of an object, the values of the keys */
	const struct value *const *keys;  /* strings, each once, in the order in which they were given */
	size_t count;
};

typedef LIST(const struct value *) value_list;

extern const struct value value_null, value_false, value_true;

static inline const struct value *value_bool(bool truth)
{
	return truth ? &value_true : &value_false;
}

static inline bool value_holds(const struct value *v)
{
	return v->kind > VALUE_FALSE;
}

const struct value *value_string(struct arena *arena, const char *text, size_t len);
const struct value *value_integer(struct arena *arena, int64_t integer);
const struct value *value_double(struct arena *arena, double number);
/* A number from its text, which is valid JSON. */
const struct value *value_literal(struct arena *arena, const char *text, size_t len);
const struct value *value_array(struct arena *arena, const value_list *items);
/* Of a key that is given twice, the last value counts. */
const struct value *value_object(struct arena *arena, const value_list *keys, const value_list *items);

/* -1, 0 or 1, in the order of jq(1). */
int value_compare(const struct value *a, const struct value *b);
/* By value_compare; `unique` leaves one of those that are equal. */
const struct value *value_sorted(struct arena *arena, const struct value *array, bool unique);
/* The object's keys, sorted. */
const struct value *value_keys(struct arena *arena, const struct value *object);
/* NULL where the object has no such key. */
const struct value *value_get(const struct value *object, const struct value *key);
/* Copies in which one member is another, or is gone. Of null, value_with_key() and value_with_index() make an object or
 * array. */
const struct value *value_with_key(
	struct arena *arena, const struct value *object, const struct value *key, const struct value *member);
const struct value *value_with_index(
	struct arena *arena, const struct value *array, size_t index, const struct value *member);
const struct value *value_without(struct arena *arena, const struct value *from, size_t place);
/* The place of a key in the object, or its count. */
size_t value_place(const struct value *object, const struct value *key);

const char *value_kind_name(const struct value *v);

/* Appends the values of a text, which may be several. */
int value_read(struct arena *arena, const char *text, size_t len, value_list *ret, struct error *err);

enum {
	VALUE_PRETTY = 1 << 0, /* over lines, indented by two spaces */
	VALUE_SORTED = 1 << 1, /* objects by their keys */
};

char *value_write(struct arena *arena, const struct value *v, unsigned how, size_t *ret_len);
