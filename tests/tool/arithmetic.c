/* + - * / % of numbers, and their meaning for strings, arrays and objects. */
#include <math.h>
#include <string.h>

#include "eval.h"
#include "functions.h"

static int add_numbers(const struct scope *s, const struct node *n, const struct value *a, const struct value *b,
	const struct value **ret)
{
	struct arena *arena = s->e->arena;
	bool exact = a->exact && b->exact;
	int64_t integer;
	switch (n->op) {
	case OP_ADD:
		exact = exact && !__builtin_add_overflow(a->integer, b->integer, &integer);
		*ret = exact ? value_integer(arena, integer) : value_double(arena, a->number + b->number);
		return 0;
	case OP_SUBTRACT:
		exact = exact && !__builtin_sub_overflow(a->integer, b->integer, &integer);
		*ret = exact ? value_integer(arena, integer) : value_double(arena, a->number - b->number);
		return 0;
	case OP_MULTIPLY:
		exact = exact && !__builtin_mul_overflow(a->integer, b->integer, &integer);
		*ret = exact ? value_integer(arena, integer) : value_double(arena, a->number * b->number);
		return 0;
	default:
		break;
	}
	if (b->number == 0)
		return eval_fail(s, n, "division by zero");
	if (n->op == OP_DIVIDE) {
		exact = exact && b->integer != -1 && a->integer % b->integer == 0;
		*ret = exact ? value_integer(arena, a->integer / b->integer) :
			       value_double(arena, a->number / b->number);
		return 0;
	}
	if (!exact || b->integer == -1)
		return eval_fail(s, n, "%% is known of integers alone");
	*ret = value_integer(arena, a->integer % b->integer);
	return 0;
}

const struct value *join_strings(struct arena *arena, const struct value *a, const struct value *b)
{
	char *text = arena_alloc(arena, a->len + b->len + 1);
	memcpy(text, a->text, a->len);
	memcpy(text + a->len, b->text, b->len);
	return value_string(arena, text, a->len + b->len);
}

static bool holds_item(const struct value *array, const struct value *item)
{
	for (size_t i = 0; i < array->count; i++)
		if (value_compare(array->items[i], item) == 0)
			return true;
	return false;
}

/* The items of both arrays; with `subtract`, the items of the first that the second one lacks. */
static const struct value *combine_arrays(
	struct arena *arena, const struct value *a, const struct value *b, bool subtract)
{
	value_list items = { NULL };
	for (size_t i = 0; i < a->count; i++)
		if (!subtract || !holds_item(b, a->items[i]))
			*list_add(arena, &items) = a->items[i];
	for (size_t i = 0; !subtract && i < b->count; i++)
		*list_add(arena, &items) = b->items[i];
	return value_array(arena, &items);
}

static const struct value *merge_objects(struct arena *arena, const struct value *a, const struct value *b, bool deep)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct value *old = deep ? value_get(a, b->keys[i]) : NULL, *member = b->items[i];
		if (old && old->kind == VALUE_OBJECT && member->kind == VALUE_OBJECT)
			member = merge_objects(arena, old, member, true);
		a = value_with_key(arena, a, b->keys[i], member);
	}
	return a;
}

const struct value *split_string(struct arena *arena, const struct value *text, const struct value *by)
{
	value_list parts = { NULL };
	const char *at = text->text, *end = at + text->len, *found;
	if (by->len == 0 || text->len == 0)
		return text->len ? NULL : value_array(arena, &parts);
	while ((found = memmem(at, (size_t)(end - at), by->text, by->len))) {
		*list_add(arena, &parts) = value_string(arena, at, (size_t)(found - at));
		at = found + by->len;
	}
	*list_add(arena, &parts) = value_string(arena, at, (size_t)(end - at));
	return value_array(arena, &parts);
}

enum { REPEAT_MAX = 10000000 };

/* Repeats a string; zero times gives null. */
static const struct value *repeat(struct arena *arena, const struct value *text, int64_t times)
{
	if (times <= 0)
		return &value_null;
	char *all = arena_array(arena, (size_t)times, text->len + 1);
	for (size_t i = 0; i < (size_t)times; i++)
		memcpy(all + i * text->len, text->text, text->len);
	return value_string(arena, all, (size_t)times * text->len);
}

static const struct value *combine_others(
	struct arena *arena, enum node_op op, const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_STRING && b->kind == VALUE_STRING)
		return op == OP_ADD ? join_strings(arena, a, b) : op == OP_DIVIDE ? split_string(arena, a, b) : NULL;
	if (a->kind == VALUE_ARRAY && b->kind == VALUE_ARRAY && (op == OP_ADD || op == OP_SUBTRACT))
		return combine_arrays(arena, a, b, op == OP_SUBTRACT);
	if (a->kind == VALUE_OBJECT && b->kind == VALUE_OBJECT && (op == OP_ADD || op == OP_MULTIPLY))
		return merge_objects(arena, a, b, op == OP_MULTIPLY);
	if (a->kind == VALUE_STRING && b->kind == VALUE_NUMBER && b->exact && b->integer < REPEAT_MAX &&
		op == OP_MULTIPLY)
		return repeat(arena, a, b->integer);
	return NULL;
}

int eval_arithmetic(const struct scope *s, const struct node *n, const struct value *left, const struct value *right,
	const struct value **ret)
{
	static const char operators[] = {
		[OP_ADD] = '+', [OP_SUBTRACT] = '-', [OP_MULTIPLY] = '*', [OP_DIVIDE] = '/', [OP_MODULO] = '%'
	};
	if (n->op == OP_ADD && (left->kind == VALUE_NULL || right->kind == VALUE_NULL)) {
		*ret = left->kind == VALUE_NULL ? right : left;
		return 0;
	}
	if (left->kind == VALUE_NUMBER && right->kind == VALUE_NUMBER)
		return add_numbers(s, n, left, right, ret);
	const struct value *v = combine_others(s->e->arena, n->op, left, right);
	if (!v)
		return eval_fail(s, n, "%s %c %s: not known of these types", value_kind_name(left), operators[n->op],
			value_kind_name(right));
	*ret = v;
	return 0;
}
