#include "oci/json-write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/str.h"

/* All memory is the arena's, yajl's as well: a short text needs no malloc, and nothing is freed. */

static void *allocate(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void *reallocate(void *arena, void *ptr, size_t size)
{
	(void)arena;
	(void)ptr;
	(void)size;
	abort(); /* only yajl's own output buffer grows, and it is not used */
}

static void release(void *arena, void *ptr)
{
	(void)arena;
	(void)ptr;
}

static void append_plain(struct json_writer *w, const char *text, size_t len)
{
	if (w->room - w->len <= len) { /* a byte is left for the NUL */
		size_t room = w->room * 2 > w->len + len ? w->room * 2 : (w->len + len) * 2;
		char *more = arena_alloc(w->arena, room);
		memcpy(more, w->text, w->len);
		w->text = more;
		w->room = room;
	}
	memcpy(w->text + w->len, text, len);
	w->len += len;
}

/* yajl escapes only the control characters below U+0020. U+007F to U+009F act on a terminal too. They occur only in
 * strings. */
static void append(void *data, const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t done = 0;
	for (size_t i = 0; i < len; i++) {
		bool two = at[i] == 0xc2 && i + 1 < len && at[i + 1] < 0xa0;
		char escape[8];
		if (at[i] != 0x7f && !two)
			continue;
		(void)snprintf(escape, sizeof(escape), "\\u%04x", at[i + two]);
		append_plain(data, text + done, i - done);
		append_plain(data, escape, strlen(escape));
		i += two;
		done = i + 1;
	}
	append_plain(data, text + done, len - done);
}

/* yajl refuses only errors of the program: a value in place of a key, or 128 levels. */
static void must(yajl_gen_status status)
{
	if (status != yajl_gen_status_ok)
		abort();
}

void json_begin(struct json_writer *w, struct arena *arena, bool pretty)
{
	enum { FIRST_ROOM = 1008 };
	yajl_alloc_funcs functions = { allocate, reallocate, release, arena };
	*w = (struct json_writer){ .arena = arena,
		.gen = yajl_gen_alloc(&functions),
		.text = arena_alloc(arena, FIRST_ROOM),
		.room = FIRST_ROOM };
	yajl_gen_config(w->gen, yajl_gen_print_callback, append, w);
	if (pretty) {
		yajl_gen_config(w->gen, yajl_gen_beautify, 1);
		yajl_gen_config(w->gen, yajl_gen_indent_string, "\t");
	}
}

/* The bracket waits for the first member, since yajl would write an empty object on three lines. */
static void write_opening(struct json_writer *w)
{
	if (!w->opening)
		return;
	must(w->opening[0] == '{' ? yajl_gen_map_open(w->gen) : yajl_gen_array_open(w->gen));
	w->opening = NULL;
}

void json_object(struct json_writer *w)
{
	write_opening(w);
	w->opening = "{}";
	w->objects = w->objects << 1 | 1;
}

void json_array(struct json_writer *w)
{
	write_opening(w);
	w->opening = "[]";
	w->objects <<= 1;
}

void json_end(struct json_writer *w)
{
	if (w->opening) /* yajl writes numbers unchanged */
		must(yajl_gen_number(w->gen, w->opening, 2));
	else
		must(w->objects & 1 ? yajl_gen_map_close(w->gen) : yajl_gen_array_close(w->gen));
	w->opening = NULL;
	w->objects >>= 1;
}

/* The first byte that is no UTF-8, or the end. */
static const char *skip_utf8(const char *text)
{
	for (size_t len; (len = str_utf8_length(text)) > 0;)
		text += len;
	return text;
}

bool json_holds(const char *text)
{
	return !*skip_utf8(text);
}

/* The text itself where it is UTF-8, else a copy with U+FFFD for each byte that is not. */
static const char *as_utf8(struct arena *arena, const char *text, size_t *ret_len)
{
	const char *at = skip_utf8(text);
	size_t len;
	*ret_len = (size_t)(at - text);
	if (!*at)
		return text;
	char *copy = arena_alloc(arena, strlen(text) * 3 + 1), *end = copy;
	for (at = text; *at; at += len ? len : 1) {
		len = str_utf8_length(at);
		memcpy(end, len ? at : "\xef\xbf\xbd", len ? len : 3);
		end += len ? len : 3;
	}
	*ret_len = (size_t)(end - copy);
	return copy;
}

struct json_writer *json_key(struct json_writer *w, const char *name)
{
	json_string(w, name);
	return w;
}

void json_string(struct json_writer *w, const char *text)
{
	size_t len;
	write_opening(w);
	if (!text) {
		must(yajl_gen_null(w->gen));
		return;
	}
	text = as_utf8(w->arena, text, &len);
	must(yajl_gen_string(w->gen, (const unsigned char *)text, len));
}

void json_int(struct json_writer *w, int64_t value)
{
	write_opening(w);
	must(yajl_gen_integer(w->gen, value));
}

void json_uint(struct json_writer *w, uint64_t value)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	write_opening(w);
	must(yajl_gen_number(w->gen, text, (size_t)len));
}

void json_decimal(struct json_writer *w, double value)
{
	char text[400];
	int len = snprintf(text, sizeof(text), "%.2f", value);
	write_opening(w);
	must(yajl_gen_number(w->gen, text, (size_t)len));
}

void json_bool(struct json_writer *w, bool value)
{
	write_opening(w);
	must(yajl_gen_bool(w->gen, value));
}

char *json_finish(struct json_writer *w, size_t *ret_len)
{
	w->text[w->len] = '\0';
	*ret_len = w->len;
	return w->text;
}

/* A struct by its table. */

static void write_flags(struct json_writer *w, const struct word *words, uint64_t flags)
{
	json_array(w);
	for (; words->name; words++) {
		uint64_t bits = (uint64_t)words->value;
		if (bits && (flags & bits) == bits) {
			json_string(w, words->name);
			flags &= ~bits; /* a second name of the same bit is not written */
		}
	}
	json_end(w);
}

/* NULL for a number that the table does not know: nothing is written for it. */
static const char *word_of(const struct property *p, const void *value)
{
	return word_name(p->words, ((const struct oci_int *)value)->value);
}

/* The value of a property, or one item of a list. */
static void write_value(struct json_writer *w, const struct property *p, const void *value)
{
	switch (p->kind) {
	case KIND_STRING:
	case KIND_STRINGS:
		return json_string(w, *(const char *const *)value);
	case KIND_BOOL:
		return json_bool(w, ((const struct oci_bool *)value)->value);
	case KIND_INT:
		return json_int(w, ((const struct oci_int *)value)->value);
	case KIND_UINT:
	case KIND_UINTS:
		return json_uint(w, ((const struct oci_uint *)value)->value);
	case KIND_WORD:
	case KIND_WORDS:
		return json_string(w, word_of(p, value));
	case KIND_FLAGS:
		return write_flags(w, p->words, ((const struct oci_uint *)value)->value);
	case KIND_MAP:
		return json_string(w, ((const struct oci_pair *)value)->value);
	case KIND_OBJECT:
		return json_struct(w, p->object, *(const void *const *)value);
	default:
		return json_struct(w, p->object, value);
	}
}

static void write_list(struct json_writer *w, const struct property *p, const struct raw_list *list)
{
	bool keys = p->kind == KIND_MAP || p->kind == KIND_OBJECT_MAP;
	if (keys)
		json_object(w);
	else
		json_array(w);
	for (size_t i = 0; i < list->len; i++) {
		const char *item = (const char *)list->items + i * property_item_size(p);
		if (keys)
			json_key(w, *(const char *const *)item);
		if (p->kind != KIND_WORDS || word_of(p, item))
			write_value(w, p, item);
	}
	json_end(w);
}

void json_struct(struct json_writer *w, const struct schema *schema, const void *value)
{
	json_object(w);
	EACH_PROPERTY (schema, p) {
		const void *member = (const char *)value + p->offset;
		if (!property_is_set(p, member) || (p->kind == KIND_WORD && !word_of(p, member)))
			continue;
		json_key(w, p->name);
		if (property_item_size(p))
			write_list(w, p, member);
		else
			write_value(w, p, member);
	}
	json_end(w);
}

char *json_write(struct arena *arena, const struct schema *schema, const void *value, bool pretty, size_t *ret_len)
{
	struct json_writer w;
	json_begin(&w, arena, pretty);
	json_struct(&w, schema, value);
	return json_finish(&w, ret_len);
}
