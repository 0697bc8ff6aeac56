/* Between the evaluation of filters (eval.c), of paths (path.c) and the functions that they call (functions.c). */
#pragma once

#include "filter.h"

/* A place in the input: the way back to its root, which has no key. */
struct place {
	const struct place *up;
	const struct value *key;
};

/* `place` is NULL for a computed value, and if the caller needs no places. */
struct result {
	const struct value *value;
	const struct place *place;
};

typedef LIST(struct result) result_list;

struct eval {
	struct arena *arena;
	struct filter_run *run;
	struct error *err;
	bool fatal; /* no "?" and no "//" has anything to say about it */
};

struct scope {
	struct eval *e;
	const struct binding *bindings;
};

/* Fails at the character of a node; -1. */
int eval_fail(const struct scope *s, const struct node *n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same for values without such a member: "?" and "//" catch it, as in jq(1). */
int eval_miss(const struct scope *s, const struct node *n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Appends the filter's results for the input. Places are followed if the input has one. On failure, earlier results
 * stay. */
int eval_node(const struct scope *s, const struct node *n, struct result input, result_list *ret);

/* As eval_node(), without places. */
int eval_values(const struct scope *s, const struct node *n, const struct value *input, value_list *ret);

/* The places of the input that a filter names. */
int eval_places(const struct scope *s, const struct node *n, const struct value *input, result_list *ret);

/* functions.c */
int eval_call(const struct scope *s, const struct node *n, struct result input, result_list *ret);
int eval_arithmetic(const struct scope *s, const struct node *n, const struct value *left, const struct value *right,
	const struct value **ret);

/* place.c */
int place_get(const struct scope *s, const struct node *n, const struct value *of, const struct value *key,
	const struct value **ret);
int place_set(const struct scope *s, const struct node *n, const struct value *root, const struct place *place,
	const struct value *member, const struct value **ret);
/* Without the places, the last of an array first. */
int place_delete(const struct scope *s, const struct node *n, const struct value *root, const result_list *places,
	const struct value **ret);
/* The keys from the root, as an array. */
const struct value *place_path(struct arena *arena, const struct place *place);

static inline void add_result(
	const struct scope *s, result_list *ret, const struct value *value, const struct place *place)
{
	*list_add(s->e->arena, ret) = (struct result){ value, place };
}
