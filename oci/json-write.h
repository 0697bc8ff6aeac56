/*
 * Writes JSON: a struct by its table, or free forms value by value. The only writer of the program.
 *
 *	char *text = json_write(&arena, &oci_config_schema, config, true, &len);
 *
 *	struct json_writer w;
 *	json_begin(&w, &arena, false);
 *	json_object(&w), json_key(&w, "type"), json_string(&w, "stats"), json_end(&w);
 *	const char *line = json_finish(&w, &len);
 *
 * Pretty text is indented by tabs and ends with a newline. Other text is one line without a newline. The text is the
 * arena's and ends with a NUL byte. Bytes of a string that are no UTF-8 become U+FFFD.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "oci/schema.h"

/* Writes the struct that `schema` describes. Absent values and empty lists are left out. */
char *json_write(struct arena *arena, const struct schema *schema, const void *value, bool pretty, size_t *ret_len);

/* Whether the text is UTF-8, so that a string of JSON can hold it. */
bool json_holds(const char *text);

struct json_writer {
	struct arena *arena;
	struct yajl_gen_t *gen;
	char *text;
	size_t len, room;
	const char *opening; /* "{}" or "[]": opened, but with nothing in it yet */
	uint64_t objects;    /* a bit a level, the innermost lowest: 1 for an object */
};

void json_begin(struct json_writer *w, struct arena *arena, bool pretty);
void json_object(struct json_writer *w);
void json_array(struct json_writer *w);
void json_end(struct json_writer *w);                                  /* of the innermost object or array */
struct json_writer *json_key(struct json_writer *w, const char *name); /* w: json_uint(json_key(w, "pid"), 1) */
void json_string(struct json_writer *w, const char *text);             /* NULL is null */
void json_int(struct json_writer *w, int64_t value);
void json_uint(struct json_writer *w, uint64_t value);
void json_decimal(struct json_writer *w, double value); /* two places, as pressure averages have */
void json_bool(struct json_writer *w, bool value);
void json_struct(struct json_writer *w, const struct schema *schema, const void *value);
char *json_finish(struct json_writer *w, size_t *ret_len);
