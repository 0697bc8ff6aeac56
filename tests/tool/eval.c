#include "eval.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

int eval_fail(const struct scope *s, const struct node *n, const char *fmt, ...)
{
	char text[256];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	s->e->fatal = true;
	return fail(s->e->err, 0, "filter: character %zu: %s", n->at, text);
}

int eval_miss(const struct scope *s, const struct node *n, const char *fmt, ...)
{
	char text[256];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return fail(s->e->err, 0, "filter: character %zu: %s", n->at, text);
}

/* Forgets an error that an evaluation may have: 0; or -1 for any other. */
static int forgive(const struct scope *s, int code)
{
	if (code < 0 && !s->e->fatal && s->e->err)
		error_clear(s->e->err);
	return code < 0 && s->e->fatal ? -1 : 0;
}

int eval_values(const struct scope *s, const struct node *n, const struct value *input, value_list *ret)
{
	result_list results = { NULL };
	int code = eval_node(s, n, (struct result){ input, NULL }, &results);
	LIST_EACH (&results, r) {
		*list_add(s->e->arena, ret) = r->value;
	}
	return code;
}

int eval_places(const struct scope *s, const struct node *n, const struct value *input, result_list *ret)
{
	static const struct place root;
	if (eval_node(s, n, (struct result){ input, &root }, ret) < 0)
		return -1;
	LIST_EACH (ret, r) {
		if (!r->place)
			return eval_fail(s, n, "this computes a value instead of naming a place");
	}
	return 0;
}

/* The value of a filter that must have one or none; *ret is NULL if none. */
static int eval_one(const struct scope *s, const struct node *n, const struct value *input, const struct value **ret)
{
	value_list values = { NULL };
	if (eval_values(s, n, input, &values) < 0)
		return -1;
	if (values.len > 1)
		return eval_fail(s, n, "%zu results where one is expected", values.len);
	*ret = values.len ? values.items[0] : NULL;
	return 0;
}

static const struct place *place_below(const struct scope *s, const struct place *up, const struct value *key)
{
	if (!up)
		return NULL;
	struct place *place = arena_new(s->e->arena, struct place);
	place->up = up;
	place->key = key;
	return place;
}

static int eval_variable(const struct scope *s, const struct node *n, result_list *ret)
{
	for (const struct binding *b = s->bindings; b; b = b->up)
		if (b->value && str_eq(b->name, n->name)) {
			add_result(s, ret, b->value, NULL);
			return 0;
		}
	return eval_fail(s, n, "there is no $%s", n->name);
}

static int eval_string(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	char *text = NULL;
	size_t len = 0;
	LIST_EACH (&n->parts, part) {
		const struct value *v;
		if (eval_one(s, *part, input.value, &v) < 0)
			return -1;
		if (!v)
			return 0;
		size_t more = v->len;
		const char *added = v->kind == VALUE_STRING ? v->text : value_write(s->e->arena, v, 0, &more);
		char *both = arena_alloc(s->e->arena, len + more + 1);
		if (len)
			memcpy(both, text, len);
		memcpy(both + len, added, more);
		text = both;
		len += more;
	}
	add_result(s, ret, value_string(s->e->arena, text, len), NULL);
	return 0;
}

static int eval_index(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	result_list of = { NULL };
	value_list keys = { NULL };
	if (eval_node(s, n->left, input, &of) < 0 || eval_values(s, n->right, input.value, &keys) < 0)
		return -1;
	LIST_EACH (&of, o) {
		LIST_EACH (&keys, key) {
			const struct value *member;
			if (place_get(s, n, o->value, *key, &member) < 0)
				return -1;
			add_result(s, ret, member, place_below(s, o->place, *key));
		}
	}
	return 0;
}

static int eval_iterate(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	result_list of = { NULL };
	if (eval_node(s, n->left, input, &of) < 0)
		return -1;
	LIST_EACH (&of, o) {
		const struct value *v = o->value;
		if (v->kind < VALUE_ARRAY)
			return eval_miss(s, n, "a value of type %s has no members", value_kind_name(v));
		for (size_t i = 0; i < v->count; i++) {
			const struct value *key =
				v->kind == VALUE_OBJECT ? v->keys[i] : value_integer(s->e->arena, (int64_t)i);
			add_result(s, ret, v->items[i], place_below(s, o->place, key));
		}
	}
	return 0;
}

static int slice_end(const struct scope *s, const struct node *n, const struct value *input, size_t count, size_t *ret)
{
	const struct value *v = NULL;
	if (!n)
		return 0;
	if (eval_one(s, n, input, &v) < 0)
		return -1;
	if (!v || v->kind != VALUE_NUMBER || !v->exact)
		return eval_fail(s, n, "the end of a slice is an integer");
	int64_t at = v->integer < 0 ? v->integer + (int64_t)count : v->integer;
	*ret = at < 0 ? 0 : (uint64_t)at > count ? count : (size_t)at;
	return 0;
}

static bool is_ascii(const struct value *text)
{
	for (size_t i = 0; i < text->len; i++)
		if ((unsigned char)text->text[i] > 127)
			return false;
	return text->kind == VALUE_STRING;
}

/* Slices of arrays, and of strings in which characters and bytes are the same. */
static int eval_slice(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	value_list of = { NULL };
	if (eval_values(s, n->left, input.value, &of) < 0)
		return -1;
	LIST_EACH (&of, o) {
		const struct value *v = *o;
		size_t from = 0, to = v->kind == VALUE_STRING ? v->len : v->count, count = to;
		if (v->kind != VALUE_ARRAY && v->kind != VALUE_NULL && !is_ascii(v))
			return eval_fail(s, n, "slices are known of arrays and ASCII strings alone, not of this %s",
				value_kind_name(v));
		if (slice_end(s, n->right, input.value, count, &from) < 0 ||
			slice_end(s, n->third, input.value, count, &to) < 0)
			return -1;
		if (v->kind == VALUE_STRING) {
			add_result(s, ret, value_string(s->e->arena, v->text + from, to > from ? to - from : 0), NULL);
			continue;
		}
		value_list items = { NULL };
		for (size_t i = from; i < to; i++)
			*list_add(s->e->arena, &items) = v->items[i];
		add_result(s, ret, v->kind == VALUE_NULL ? v : value_array(s->e->arena, &items), NULL);
	}
	return 0;
}

static int eval_try(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	return forgive(s, eval_node(s, n->left, input, ret));
}

static int eval_array(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	value_list items = { NULL };
	if (n->left && eval_values(s, n->left, input.value, &items) < 0)
		return -1;
	add_result(s, ret, value_array(s->e->arena, &items), NULL);
	return 0;
}

static int eval_object(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	value_list keys = { NULL }, items = { NULL };
	for (size_t i = 0; i < n->parts.len; i += 2) {
		const struct value *key, *item;
		if (eval_one(s, n->parts.items[i], input.value, &key) < 0 ||
			eval_one(s, n->parts.items[i + 1], input.value, &item) < 0)
			return -1;
		if (!key || !item)
			return 0;
		if (key->kind != VALUE_STRING)
			return eval_fail(
				s, n->parts.items[i], "a key is a string, not of type %s", value_kind_name(key));
		*list_add(s->e->arena, &keys) = key;
		*list_add(s->e->arena, &items) = item;
	}
	add_result(s, ret, value_object(s->e->arena, &keys, &items), NULL);
	return 0;
}

static int eval_negate(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	value_list values = { NULL };
	if (eval_values(s, n->left, input.value, &values) < 0)
		return -1;
	LIST_EACH (&values, v) {
		if ((*v)->kind != VALUE_NUMBER)
			return eval_fail(s, n, "a value of type %s cannot be negated", value_kind_name(*v));
		add_result(s, ret,
			(*v)->exact && (*v)->integer != INT64_MIN ? value_integer(s->e->arena, -(*v)->integer) :
								    value_double(s->e->arena, -(*v)->number),
			NULL);
	}
	return 0;
}

static int eval_pipe(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	result_list between = { NULL };
	int code = eval_node(s, n->left, input, &between);
	LIST_EACH (&between, b) {
		if (eval_node(s, n->right, *b, ret) < 0)
			return -1;
	}
	return code;
}

static int eval_comma(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	if (eval_node(s, n->left, input, ret) < 0)
		return -1;
	return eval_node(s, n->right, input, ret);
}

/* The results of the left side that are neither null nor false, nor an error; or else those of the right. */
static int eval_otherwise(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	result_list left = { NULL };
	size_t before = ret->len;
	if (forgive(s, eval_node(s, n->left, input, &left)) < 0)
		return -1;
	LIST_EACH (&left, l) {
		if (value_holds(l->value))
			add_result(s, ret, l->value, l->place);
	}
	return ret->len > before ? 0 : eval_node(s, n->right, input, ret);
}

static int eval_logic(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	value_list left = { NULL };
	bool decisive = n->kind == NODE_OR;
	if (eval_values(s, n->left, input.value, &left) < 0)
		return -1;
	LIST_EACH (&left, l) {
		value_list right = { NULL };
		if (value_holds(*l) == decisive) {
			add_result(s, ret, value_bool(decisive), NULL);
			continue;
		}
		if (eval_values(s, n->right, input.value, &right) < 0)
			return -1;
		LIST_EACH (&right, r) {
			add_result(s, ret, value_bool(value_holds(*r)), NULL);
		}
	}
	return 0;
}

static bool compares(enum node_op op, int order)
{
	switch (op) {
	case OP_EQ:
		return order == 0;
	case OP_NE:
		return order != 0;
	case OP_LT:
		return order < 0;
	case OP_LE:
		return order <= 0;
	case OP_GT:
		return order > 0;
	default:
		return order >= 0;
	}
}

static int eval_operator(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	value_list left = { NULL }, right = { NULL };
	if (eval_values(s, n->right, input.value, &right) < 0 || eval_values(s, n->left, input.value, &left) < 0)
		return -1;
	LIST_EACH (&right, r) {
		LIST_EACH (&left, l) {
			const struct value *v;
			if (n->kind == NODE_COMPARE)
				v = value_bool(compares(n->op, value_compare(*l, *r)));
			else if (eval_arithmetic(s, n, *l, *r, &v) < 0)
				return -1;
			add_result(s, ret, v, NULL);
		}
	}
	return 0;
}

/* The new value of a place, from its old one. For `=` and `op=`, `right` holds the value of the right side for the
 * whole input. */
static int new_member(const struct scope *s, const struct node *n, const struct value *old, const struct value *right,
	const struct value **ret)
{
	*ret = right;
	if (n->kind == NODE_ASSIGN)
		return 0;
	if (n->kind == NODE_COMBINE && n->op == OP_OTHERWISE) {
		*ret = value_holds(old) ? old : right;
		return 0;
	}
	if (n->kind == NODE_COMBINE)
		return eval_arithmetic(s, n, old, right, ret);
	if (eval_one(s, n->right, old, ret) < 0)
		return -1;
	return *ret ? 0 : eval_fail(s, n, "no value to put there");
}

static int change_places(const struct scope *s, const struct node *n, const struct value *root,
	const struct value *right, const struct value **ret)
{
	result_list places = { NULL };
	if (eval_places(s, n->left, root, &places) < 0)
		return -1;
	LIST_EACH (&places, p) {
		const struct value *path = place_path(s->e->arena, p->place), *old = root, *member;
		for (size_t i = 0; i < path->count; i++)
			if (place_get(s, n, old, path->items[i], &old) < 0)
				return -1;
		if (new_member(s, n, old, right, &member) < 0 || place_set(s, n, root, p->place, member, &root) < 0)
			return -1;
	}
	*ret = root;
	return 0;
}

static int eval_change(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	value_list right = { NULL };
	if (n->kind == NODE_UPDATE)
		*list_add(s->e->arena, &right) = &value_null; /* once */
	else if (eval_values(s, n->right, input.value, &right) < 0)
		return -1;
	LIST_EACH (&right, r) {
		const struct value *changed;
		if (change_places(s, n, input.value, *r, &changed) < 0)
			return -1;
		add_result(s, ret, changed, NULL);
	}
	return 0;
}

static int eval_if(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	value_list conditions = { NULL };
	if (eval_values(s, n->left, input.value, &conditions) < 0)
		return -1;
	LIST_EACH (&conditions, c) {
		if (eval_node(s, value_holds(*c) ? n->right : n->third, input, ret) < 0)
			return -1;
	}
	return 0;
}

static int eval_bind(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	value_list values = { NULL };
	if (eval_values(s, n->left, input.value, &values) < 0)
		return -1;
	LIST_EACH (&values, v) {
		const struct binding bound = { .up = s->bindings, .name = n->name, .value = *v };
		const struct scope inner = { s->e, &bound };
		if (eval_node(&inner, n->right, input, ret) < 0)
			return -1;
	}
	return 0;
}

static int eval_define(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	const struct binding bound = { .up = s->bindings, .name = n->name, .body = n->left };
	const struct scope inner = { s->e, &bound };
	return eval_node(&inner, n->right, input, ret);
}

typedef int (*node_fn)(const struct scope *s, const struct node *n, struct result input, result_list *ret);

int eval_node(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	static const node_fn by_kind[] = {
		[NODE_STRING] = eval_string,
		[NODE_INDEX] = eval_index,
		[NODE_ITERATE] = eval_iterate,
		[NODE_SLICE] = eval_slice,
		[NODE_TRY] = eval_try,
		[NODE_ARRAY] = eval_array,
		[NODE_OBJECT] = eval_object,
		[NODE_NEGATE] = eval_negate,
		[NODE_PIPE] = eval_pipe,
		[NODE_COMMA] = eval_comma,
		[NODE_OTHERWISE] = eval_otherwise,
		[NODE_AND] = eval_logic,
		[NODE_OR] = eval_logic,
		[NODE_COMPARE] = eval_operator,
		[NODE_ARITHMETIC] = eval_operator,
		[NODE_ASSIGN] = eval_change,
		[NODE_UPDATE] = eval_change,
		[NODE_COMBINE] = eval_change,
		[NODE_IF] = eval_if,
		[NODE_BIND] = eval_bind,
		[NODE_DEFINE] = eval_define,
		[NODE_CALL] = eval_call,
	};
	switch (n->kind) {
	case NODE_IDENTITY:
		add_result(s, ret, input.value, input.place);
		return 0;
	case NODE_LITERAL:
		add_result(s, ret, n->value, NULL);
		return 0;
	case NODE_VARIABLE:
		return eval_variable(s, n, ret);
	default:
		return by_kind[n->kind](s, n, input, ret);
	}
}

int filter_apply(struct filter_run *run, const struct node *filter, const struct value *input, value_list *ret,
	struct error *err)
{
	struct eval e = { .arena = run->arena, .run = run, .err = err };
	const struct scope s = { .e = &e, .bindings = run->bindings };
	return eval_values(&s, filter, input, ret);
}
