/* Values from text, by yajl, and back. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "value.h"

enum { MAX_DEPTH = 256 };

struct level {
	bool object;
	value_list keys, items;
};

struct builder {
	struct arena *arena;
	struct level levels[MAX_DEPTH + 1]; /* the first gathers the values of the text */
	size_t depth;
};

static int add(struct builder *b, const struct value *v)
{
	*list_add(b->arena, &b->levels[b->depth].items) = v;
	return 1;
}

static int on_null(void *ctx)
{
	return add(ctx, &value_null);
}

static int on_boolean(void *ctx, int truth)
{
	return add(ctx, value_bool(truth));
}

static int on_number(void *ctx, const char *text, size_t len)
{
	struct builder *b = ctx;
	return add(b, value_literal(b->arena, text, len));
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
	struct builder *b = ctx;
	return add(b, value_string(b->arena, (const char *)text, len));
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
	struct builder *b = ctx;
	*list_add(b->arena, &b->levels[b->depth].keys) = value_string(b->arena, (const char *)text, len);
	return 1;
}

static int on_start(struct builder *b, bool object)
{
	if (b->depth == MAX_DEPTH)
		return 0;
	b->levels[++b->depth] = (struct level){ .object = object };
	return 1;
}

static int on_start_array(void *ctx)
{
	return on_start(ctx, false);
}

static int on_start_object(void *ctx)
{
	return on_start(ctx, true);
}

static int on_end(void *ctx)
{
	struct builder *b = ctx;
	const struct level *l = &b->levels[b->depth--];
	return add(b, l->object ? value_object(b->arena, &l->keys, &l->items) : value_array(b->arena, &l->items));
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end,
};

static int complain(yajl_handle yajl, const char *text, size_t len, struct error *err)
{
	unsigned char *said = yajl_get_error(yajl, 1, (const unsigned char *)text, len);
	(void)fail(err, 0, "not JSON: %s", (const char *)said);
	yajl_free_error(yajl, said);
	return -1;
}

int value_read(struct arena *arena, const char *text, size_t len, value_list *ret, struct error *err)
{
	struct builder *b = arena_new(arena, struct builder);
	b->arena = arena;
	yajl_handle yajl = yajl_alloc(&callbacks, NULL, b);
	if (!yajl)
		abort();
	(void)yajl_config(yajl, yajl_allow_multiple_values, 1);
	yajl_status status = yajl_parse(yajl, (const unsigned char *)text, len);
	if (status == yajl_status_ok && strspn(text, " \t\r\n") < len)
		status = yajl_complete_parse(yajl);
	int result = status == yajl_status_ok ? 0 : complain(yajl, text, len, err);
	yajl_free(yajl);
	for (size_t i = 0; result == 0 && i < b->levels[0].items.len; i++)
		*list_add(arena, ret) = b->levels[0].items.items[i];
	return result;
}

struct printer {
	struct arena *arena;
	unsigned how;
	FILE *out;
};

static void put_string(FILE *out, const struct value *v)
{
	static const char escaped[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	(void)fputc('"', out);
	for (size_t i = 0; i < v->len; i++) {
		unsigned char c = (unsigned char)v->text[i];
		const char *special = c ? strchr(escaped, c) : NULL;
		if (special)
			(void)fprintf(out, "\\%c", letters[special - escaped]);
		else if (c < 0x20 || c == 0x7f)
			(void)fprintf(out, "\\u%04x", c);
		else
			(void)fputc(c, out);
	}
	(void)fputc('"', out);
}

/* A computed number, with as many digits as distinguish it from its neighbours. */
static void put_number(FILE *out, const struct value *v)
{
	char text[64];
	if (v->text) {
		(void)fputs(v->text, out);
		return;
	}
	if (v->exact) {
		(void)fprintf(out, "%lld", (long long)v->integer);
		return;
	}
	if (!isfinite(v->number)) {
		(void)fputs(isnan(v->number) ? "null" :
			    v->number > 0    ? "1.7976931348623157e+308" :
					       "-1.7976931348623157e+308",
			out);
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, v->number);
		if (strtod(text, NULL) == v->number)
			break;
	}
	(void)fputs(text, out);
}

static void put_break(struct printer *p, int depth)
{
	if (p->how & VALUE_PRETTY)
		(void)fprintf(p->out, "\n%*s", depth * 2, "");
}

static void put(struct printer *p, const struct value *v, int depth)
{
	static const char *const words[] = { [VALUE_NULL] = "null", [VALUE_FALSE] = "false", [VALUE_TRUE] = "true" };
	if (v->kind <= VALUE_TRUE) {
		(void)fputs(words[v->kind], p->out);
		return;
	}
	if (v->kind <= VALUE_STRING) {
		(v->kind == VALUE_STRING ? put_string : put_number)(p->out, v);
		return;
	}
	bool object = v->kind == VALUE_OBJECT;
	const struct value *keys = object && (p->how & VALUE_SORTED) ? value_keys(p->arena, v) : NULL;
	(void)fputc(object ? '{' : '[', p->out);
	for (size_t i = 0; i < v->count; i++) {
		if (i)
			(void)fputc(',', p->out);
		put_break(p, depth + 1);
		if (object) {
			put_string(p->out, keys ? keys->items[i] : v->keys[i]);
			(void)fputs(p->how & VALUE_PRETTY ? ": " : ":", p->out);
		}
		put(p, keys ? value_get(v, keys->items[i]) : v->items[i], depth + 1);
	}
	if (v->count)
		put_break(p, depth);
	(void)fputc(object ? '}' : ']', p->out);
}

char *value_write(struct arena *arena, const struct value *v, unsigned how, size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0;
	struct printer p = { .arena = arena, .how = how, .out = open_memstream(&text, &len) };
	if (!p.out)
		abort();
	put(&p, v, 0);
	if (fclose(p.out) != 0)
		abort();
	char *copy = arena_strndup(arena, text, len);
	free(text);
	*ret_len = len;
	return copy;
}
