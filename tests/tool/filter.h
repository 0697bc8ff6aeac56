/*
 * The part of jq(1)'s language that the tests use.
 *
 *	const struct node *filter;
 *	if (filter_parse(&arena, ".process.args[0] |= . + \"x\"", &filter, &err) < 0) ...
 *	struct filter_run run = { .arena = &arena };
 *	if (filter_apply(&run, filter, input, &results, &err) < 0) ...
 *
 * Anything else is refused, with the number of the character. All results of a filter are gathered before the next
 * filter of a pipe takes them, so filters without end are not possible.
 */
#pragma once

#include "value.h"

enum node_kind {
	NODE_IDENTITY,  /* . */
	NODE_LITERAL,   /* value */
	NODE_VARIABLE,  /* $name */
	NODE_STRING,    /* of parts */
	NODE_INDEX,     /* left[right] */
	NODE_ITERATE,   /* left[] */
	NODE_SLICE,     /* left[right:third], either of which may be NULL */
	NODE_TRY,       /* left? */
	NODE_ARRAY,     /* [left], which may be NULL */
	NODE_OBJECT,    /* parts: a key, its value, the next key ... */
	NODE_NEGATE,    /* -left */
	NODE_PIPE,      /* left | right */
	NODE_COMMA,     /* left, right */
	NODE_OTHERWISE, /* left // right */
	NODE_AND,
	NODE_OR,
	NODE_COMPARE, /* by op */
	NODE_ARITHMETIC,
	NODE_ASSIGN,  /* left = right */
	NODE_UPDATE,  /* left |= right */
	NODE_COMBINE, /* left op= right */
	NODE_IF,      /* left then right else third */
	NODE_BIND,    /* left as $name | right */
	NODE_DEFINE,  /* def name: left; right */
	NODE_CALL,    /* name(parts) */
};

enum node_op {
	OP_ADD,
	OP_SUBTRACT,
	OP_MULTIPLY,
	OP_DIVIDE,
	OP_MODULO,
	OP_OTHERWISE,
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE
};

struct node {
	enum node_kind kind;
	enum node_op op;
	size_t at; /* the character of the text where it begins, from 1 */
	const char *name;
	const struct value *value;
	const struct node *left, *right, *third;
	LIST(const struct node *) parts;
};

int filter_parse(struct arena *arena, const char *text, const struct node **ret_filter, struct error *err);

struct binding {
	const struct binding *up;
	const char *name;
	const struct value *value; /* of a variable */
	const struct node *body;   /* of a function, which sees what is bound above */
};

struct filter_run {
	struct arena *arena;
	const struct binding *bindings; /* of the command line */
	value_list inputs;              /* what `inputs` takes */
};

int filter_apply(struct filter_run *run, const struct node *filter, const struct value *input, value_list *ret,
	struct error *err);
