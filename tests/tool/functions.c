/* The functions of filters: those of values, and those whose arguments are filters. */
#include <regex.h>
#include <string.h>

#include "base/str.h"
#include "eval.h"
#include "functions.h"

/* Functions of values. Each gets its arguments as values, and returns NULL for types that it does not accept. */

typedef const struct value *(*value_fn)(struct arena *arena, const struct value *of, const struct value *const *args);

static const struct value *fn_length(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)args;
	size_t count = of->count;
	if (of->kind == VALUE_STRING) /* in characters: bytes that begin one */
		for (size_t i = 0; i < of->len; i++)
			count += ((unsigned char)of->text[i] & 0xc0) != 0x80;
	bool known = of->kind == VALUE_NULL || of->kind >= VALUE_STRING;
	return known ? value_integer(arena, (int64_t)count) : NULL;
}

static const struct value *fn_keys(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)args;
	value_list indexes = { NULL };
	if (of->kind == VALUE_OBJECT)
		return value_keys(arena, of);
	for (size_t i = 0; i < of->count; i++)
		*list_add(arena, &indexes) = value_integer(arena, (int64_t)i);
	return of->kind == VALUE_ARRAY ? value_array(arena, &indexes) : NULL;
}

static const struct value *fn_not(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)arena, (void)args;
	return value_bool(!value_holds(of));
}

static const struct value *fn_type(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)args;
	const char *name = value_kind_name(of);
	return value_string(arena, name, strlen(name));
}

static const struct value *fn_tojson(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)args;
	size_t len;
	const char *text = value_write(arena, of, 0, &len);
	return value_string(arena, text, len);
}

static const struct value *fn_tostring(struct arena *arena, const struct value *of, const struct value *const *args)
{
	return of->kind == VALUE_STRING ? of : fn_tojson(arena, of, args);
}

static const struct value *fn_tonumber(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)args;
	value_list all = { NULL };
	if (of->kind == VALUE_STRING && value_read(arena, of->text, of->len, &all, NULL) == 0 && all.len == 1)
		of = all.items[0];
	return of->kind == VALUE_NUMBER ? of : NULL;
}

static const struct value *fn_sort(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)args;
	return of->kind == VALUE_ARRAY ? value_sorted(arena, of, false) : NULL;
}

static const struct value *fn_unique(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)args;
	return of->kind == VALUE_ARRAY ? value_sorted(arena, of, true) : NULL;
}

static const struct value *fn_last(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)arena, (void)args;
	if (of->kind != VALUE_ARRAY)
		return NULL;
	return of->count ? of->items[of->count - 1] : &value_null;
}

static const struct value *fn_first(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)arena, (void)args;
	if (of->kind != VALUE_ARRAY)
		return NULL;
	return of->count ? of->items[0] : &value_null;
}

static const struct value *fn_has(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)arena;
	if (of->kind == VALUE_OBJECT && args[0]->kind == VALUE_STRING)
		return value_bool(value_get(of, args[0]));
	if (of->kind == VALUE_ARRAY && args[0]->exact)
		return value_bool(args[0]->integer >= 0 && (uint64_t)args[0]->integer < of->count);
	return NULL;
}

/* Of an array and an item of it. */
static const struct value *fn_index(struct arena *arena, const struct value *of, const struct value *const *args)
{
	if (of->kind != VALUE_ARRAY || args[0]->kind == VALUE_ARRAY)
		return NULL;
	for (size_t i = 0; i < of->count; i++)
		if (value_compare(of->items[i], args[0]) == 0)
			return value_integer(arena, (int64_t)i);
	return &value_null;
}

/* Of strings. */
static const struct value *fn_contains(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)arena;
	if (of->kind != VALUE_STRING || args[0]->kind != VALUE_STRING)
		return NULL;
	return value_bool(memmem(of->text, of->len, args[0]->text, args[0]->len));
}

static const struct value *fn_startswith(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)arena;
	if (of->kind != VALUE_STRING || args[0]->kind != VALUE_STRING)
		return NULL;
	return value_bool(of->len >= args[0]->len && memcmp(of->text, args[0]->text, args[0]->len) == 0);
}

static const struct value *fn_endswith(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)arena;
	if (of->kind != VALUE_STRING || args[0]->kind != VALUE_STRING)
		return NULL;
	return value_bool(
		of->len >= args[0]->len && memcmp(of->text + of->len - args[0]->len, args[0]->text, args[0]->len) == 0);
}

static const struct value *fn_split(struct arena *arena, const struct value *of, const struct value *const *args)
{
	return of->kind == VALUE_STRING && args[0]->kind == VALUE_STRING ? split_string(arena, of, args[0]) : NULL;
}

static const struct value *fn_join(struct arena *arena, const struct value *of, const struct value *const *args)
{
	if (of->kind != VALUE_ARRAY || args[0]->kind != VALUE_STRING)
		return NULL;
	const struct value *all = value_string(arena, "", 0);
	for (size_t i = 0; i < of->count; i++) {
		if (of->items[i]->kind != VALUE_STRING)
			return NULL;
		all = join_strings(arena, i ? join_strings(arena, all, args[0]) : all, of->items[i]);
	}
	return all;
}

/* jq has Oniguruma's expressions, and this has POSIX's extended ones: tests use the common part. */
static bool compile_pattern(const struct value *of, const struct value *pattern, regex_t *ret)
{
	if (of->kind != VALUE_STRING || pattern->kind != VALUE_STRING || strlen(of->text) != of->len)
		return false;
	for (const char *c = strchr(pattern->text, '\\'); c; c = strchr(c + 2, '\\'))
		if (!c[1] || !strchr(".[]()*+?{}|^$/", c[1]))
			return false;
	return !strstr(pattern->text, "(?") && !strstr(pattern->text, "[[") && !strstr(pattern->text, "?+") &&
	       !strstr(pattern->text, "*?") && regcomp(ret, pattern->text, REG_EXTENDED) == 0;
}

static const struct value *fn_test(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)arena;
	regex_t pattern;
	if (!compile_pattern(of, args[0], &pattern))
		return NULL;
	int code = regexec(&pattern, of->text, 0, NULL, 0);
	regfree(&pattern);
	return value_bool(code == 0);
}

/* Replaces the first match by a text. */
static const struct value *fn_sub(struct arena *arena, const struct value *of, const struct value *const *args)
{
	regex_t pattern;
	regmatch_t match;
	if (args[1]->kind != VALUE_STRING || !compile_pattern(of, args[0], &pattern))
		return NULL;
	int code = regexec(&pattern, of->text, 1, &match, 0);
	regfree(&pattern);
	if (code != 0)
		return of;
	const struct value *before = value_string(arena, of->text, (size_t)match.rm_so);
	const struct value *after = value_string(arena, of->text + match.rm_eo, of->len - (size_t)match.rm_eo);
	return join_strings(arena, join_strings(arena, before, args[1]), after);
}

/* An object of every {key, value}. */
static const struct value *fn_from_entries(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)args;
	value_list keys = { NULL }, items = { NULL };
	const struct value key = { .kind = VALUE_STRING, .text = "key", .len = 3 };
	const struct value value = { .kind = VALUE_STRING, .text = "value", .len = 5 };
	if (of->kind != VALUE_ARRAY)
		return NULL;
	for (size_t i = 0; i < of->count; i++) {
		const struct value *entry = of->items[i];
		const struct value *name = entry->kind == VALUE_OBJECT ? value_get(entry, &key) : NULL;
		if (!name || name->kind != VALUE_STRING)
			return NULL;
		const struct value *member = value_get(entry, &value);
		*list_add(arena, &keys) = name;
		*list_add(arena, &items) = member ? member : &value_null;
	}
	return value_object(arena, &keys, &items);
}

static const struct value *fn_to_entries(struct arena *arena, const struct value *of, const struct value *const *args)
{
	(void)args;
	value_list entries = { NULL };
	if (of->kind != VALUE_OBJECT)
		return NULL;
	for (size_t i = 0; i < of->count; i++) {
		const struct value *entry =
			value_with_key(arena, &value_null, value_string(arena, "key", 3), of->keys[i]);
		entry = value_with_key(arena, entry, value_string(arena, "value", 5), of->items[i]);
		*list_add(arena, &entries) = entry;
	}
	return value_array(arena, &entries);
}

static const struct value_function {
	const char *name;
	unsigned args;
	value_fn fn;
} value_functions[] = {
	{ "contains", 1, fn_contains },
	{ "endswith", 1, fn_endswith },
	{ "first", 0, fn_first },
	{ "from_entries", 0, fn_from_entries },
	{ "has", 1, fn_has },
	{ "index", 1, fn_index },
	{ "join", 1, fn_join },
	{ "keys", 0, fn_keys },
	{ "last", 0, fn_last },
	{ "length", 0, fn_length },
	{ "not", 0, fn_not },
	{ "sort", 0, fn_sort },
	{ "split", 1, fn_split },
	{ "startswith", 1, fn_startswith },
	{ "sub", 2, fn_sub },
	{ "test", 1, fn_test },
	{ "to_entries", 0, fn_to_entries },
	{ "tojson", 0, fn_tojson },
	{ "tonumber", 0, fn_tonumber },
	{ "tostring", 0, fn_tostring },
	{ "type", 0, fn_type },
	{ "unique", 0, fn_unique },
};

enum { MAX_ARGS = 2 };

/* For every value of the arguments from that argument on. */
static int call_with(const struct scope *s, const struct node *n, const struct value_function *f,
	const struct value *of, const struct value **args, size_t place, result_list *ret)
{
	value_list values = { NULL };
	if (place == f->args) {
		const struct value *v = f->fn(s->e->arena, of, args);
		if (!v)
			return eval_fail(s, n, "%s: not known of a value of type %s%s%s", f->name, value_kind_name(of),
				f->args ? " with one of type " : "", f->args ? value_kind_name(args[0]) : "");
		add_result(s, ret, v, NULL);
		return 0;
	}
	if (eval_values(s, n->parts.items[place], of, &values) < 0)
		return -1;
	LIST_EACH (&values, v) {
		args[place] = *v;
		if (call_with(s, n, f, of, args, place + 1, ret) < 0)
			return -1;
	}
	return 0;
}

/* Functions of filters */

typedef int (*filter_fn)(const struct scope *s, const struct node *n, struct result input, result_list *ret);

static int call_empty(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	(void)s, (void)n, (void)input, (void)ret;
	return 0;
}

static int call_select(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	value_list values = { NULL };
	if (eval_values(s, n->parts.items[0], input.value, &values) < 0)
		return -1;
	LIST_EACH (&values, v) {
		if (value_holds(*v))
			add_result(s, ret, input.value, input.place);
	}
	return 0;
}

static int check_members(const struct scope *s, const struct node *n, const struct value *of, bool array_only)
{
	if (of->kind == VALUE_ARRAY || (of->kind == VALUE_OBJECT && !array_only))
		return 0;
	return eval_fail(s, n, "%s: not known of a value of type %s", n->name, value_kind_name(of));
}

static int call_map(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	value_list items = { NULL };
	if (check_members(s, n, input.value, false) < 0)
		return -1;
	for (size_t i = 0; i < input.value->count; i++)
		if (eval_values(s, n->parts.items[0], input.value->items[i], &items) < 0)
			return -1;
	add_result(s, ret, value_array(s->e->arena, &items), NULL);
	return 0;
}

/* The first new value of each member; a member without one is removed. */
static int call_map_values(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	const struct value *of = input.value;
	value_list keys = { NULL }, items = { NULL };
	if (check_members(s, n, of, false) < 0)
		return -1;
	for (size_t i = 0; i < of->count; i++) {
		value_list now = { NULL };
		if (eval_values(s, n->parts.items[0], of->items[i], &now) < 0)
			return -1;
		if (!now.len)
			continue;
		*list_add(s->e->arena, &items) = now.items[0];
		if (of->kind == VALUE_OBJECT)
			*list_add(s->e->arena, &keys) = of->keys[i];
	}
	add_result(s, ret,
		of->kind == VALUE_OBJECT ? value_object(s->e->arena, &keys, &items) : value_array(s->e->arena, &items),
		NULL);
	return 0;
}

static int call_del(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	result_list places = { NULL };
	const struct value *without;
	if (eval_places(s, n->parts.items[0], input.value, &places) < 0 ||
		place_delete(s, n, input.value, &places, &without) < 0)
		return -1;
	add_result(s, ret, without, NULL);
	return 0;
}

/* all and any: of the items; of a filter's results for each; of a filter's results for each result of another one. */
static int call_quantifier(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	bool wanted = str_eq(n->name, "any");
	value_list items = { NULL };
	if (n->parts.len == 2) {
		if (eval_values(s, n->parts.items[0], input.value, &items) < 0)
			return -1;
	} else if (check_members(s, n, input.value, true) < 0) {
		return -1;
	}
	bool found = false;
	size_t count = n->parts.len == 2 ? items.len : input.value->count;
	for (size_t i = 0; i < count && !found; i++) {
		const struct value *item = n->parts.len == 2 ? items.items[i] : input.value->items[i];
		value_list said = { NULL };
		if (n->parts.len == 0)
			*list_add(s->e->arena, &said) = item;
		else if (eval_values(s, n->parts.items[n->parts.len - 1], item, &said) < 0)
			return -1;
		LIST_EACH (&said, v) {
			found = found || value_holds(*v) == wanted;
		}
	}
	add_result(s, ret, value_bool(found == wanted), NULL);
	return 0;
}

static int call_range(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	value_list from = { NULL }, to = { NULL };
	const struct value zero = { .kind = VALUE_NUMBER, .exact = true };
	*list_add(s->e->arena, &from) = &zero;
	if (n->parts.len == 2) {
		from.len = 0;
		if (eval_values(s, n->parts.items[0], input.value, &from) < 0)
			return -1;
	}
	if (eval_values(s, n->parts.items[n->parts.len - 1], input.value, &to) < 0)
		return -1;
	if (from.len != 1 || to.len != 1 || !from.items[0]->exact || !to.items[0]->exact)
		return eval_fail(s, n, "range: from one integer to another");
	for (int64_t i = from.items[0]->integer; i < to.items[0]->integer; i++)
		add_result(s, ret, value_integer(s->e->arena, i), NULL);
	return 0;
}

static void add_paths(const struct scope *s, const struct value *of, const struct place *at, result_list *ret)
{
	if (at->up)
		add_result(s, ret, place_path(s->e->arena, at), NULL);
	for (size_t i = 0; i < of->count; i++) {
		const struct value *key =
			of->kind == VALUE_OBJECT ? of->keys[i] : value_integer(s->e->arena, (int64_t)i);
		const struct place below = { at, key };
		add_paths(s, of->items[i], &below, ret);
	}
}

static int call_paths(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	static const struct place root;
	(void)n;
	add_paths(s, input.value, &root, ret);
	return 0;
}

static int call_inputs(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	(void)n, (void)input;
	LIST_EACH (&s->e->run->inputs, i) {
		add_result(s, ret, *i, NULL);
	}
	s->e->run->inputs.len = 0;
	return 0;
}

static const struct filter_function {
	const char *name;
	unsigned args;
	filter_fn fn;
} filter_functions[] = {
	{ "all", 0, call_quantifier },
	{ "all", 1, call_quantifier },
	{ "all", 2, call_quantifier },
	{ "any", 0, call_quantifier },
	{ "any", 1, call_quantifier },
	{ "any", 2, call_quantifier },
	{ "del", 1, call_del },
	{ "empty", 0, call_empty },
	{ "inputs", 0, call_inputs },
	{ "map", 1, call_map },
	{ "map_values", 1, call_map_values },
	{ "paths", 0, call_paths },
	{ "range", 1, call_range },
	{ "range", 2, call_range },
	{ "select", 1, call_select },
};

int eval_call(const struct scope *s, const struct node *n, struct result input, result_list *ret)
{
	const struct value *args[MAX_ARGS];
	for (const struct binding *b = s->bindings; b && !n->parts.len; b = b->up)
		if (b->body && str_eq(b->name, n->name)) {
			const struct scope above = { s->e, b->up };
			return eval_node(&above, b->body, input, ret);
		}
	for (size_t i = 0; i < sizeof(value_functions) / sizeof(*value_functions); i++)
		if (str_eq(value_functions[i].name, n->name) && value_functions[i].args == n->parts.len)
			return call_with(s, n, &value_functions[i], input.value, args, 0, ret);
	for (size_t i = 0; i < sizeof(filter_functions) / sizeof(*filter_functions); i++)
		if (str_eq(filter_functions[i].name, n->name) && filter_functions[i].args == n->parts.len)
			return filter_functions[i].fn(s, n, input, ret);
	return eval_fail(s, n, "%s/%zu is not known", n->name, n->parts.len);
}
