/* From the text of a filter to its nodes, by recursive descent. */
#include "filter.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

struct parser {
	struct arena *arena;
	const char *text;
	size_t pos;
	unsigned depth;
	struct error *err;
};

enum { MAX_NESTED = 200 };

static const struct node *parse_pipe(struct parser *p);
static const struct node *parse_binary(struct parser *p, int floor);

static const struct node *refuse(struct parser *p, const char *what)
{
	const char *rest = p->text + p->pos;
	(void)fail(p->err, 0, "filter: character %zu: %s: %s", p->pos + 1, what, *rest ? rest : "the end");
	return NULL;
}

static struct node *node_at(struct parser *p, enum node_kind kind, size_t at)
{
	struct node *n = arena_new(p->arena, struct node);
	n->kind = kind;
	n->at = at + 1;
	return n;
}

static char look(struct parser *p)
{
	while (isspace((unsigned char)p->text[p->pos]))
		p->pos++;
	return p->text[p->pos];
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool take(struct parser *p, const char *token)
{
	(void)look(p);
	if (!str_starts(p->text + p->pos, token))
		return false;
	size_t len = strlen(token);
	if (is_word(token[0]) && is_word(p->text[p->pos + len]))
		return false;
	p->pos += len;
	return true;
}

static const struct node *expect(struct parser *p, const struct node *n, const char *token)
{
	if (!n || take(p, token))
		return n;
	char what[64];
	(void)snprintf(what, sizeof(what), "\"%s\" is missing before", token);
	return refuse(p, what);
}

/* An identifier here, or NULL. */
static const char *take_name(struct parser *p)
{
	size_t from = p->pos;
	if (isdigit((unsigned char)p->text[from]))
		return NULL;
	while (is_word(p->text[p->pos]))
		p->pos++;
	return p->pos > from ? arena_strndup(p->arena, p->text + from, p->pos - from) : NULL;
}

static const struct node *literal_node(struct parser *p, size_t at, const struct value *v)
{
	struct node *n = node_at(p, NODE_LITERAL, at);
	n->value = v;
	return n;
}

/* The end of a string's part: at its closing quote or at "\(". */
static size_t part_end(const char *text, size_t at)
{
	while (text[at] && text[at] != '"' && !(text[at] == '\\' && text[at + 1] == '('))
		at += text[at] == '\\' && text[at + 1] ? 2 : 1;
	return at;
}

/* A string of JSON. A filter may contain characters that JSON wants escaped: a string may continue on the next line. */
static char *quoted_part(struct parser *p, size_t end)
{
	char *text = arena_alloc(p->arena, 6 * (end - p->pos) + 3), *to = text;
	*to++ = '"';
	for (size_t i = p->pos; i < end; i++)
		if ((unsigned char)p->text[i] < ' ')
			to += sprintf(to, "\\u%04x", (unsigned)p->text[i]);
		else
			*to++ = p->text[i];
	*to++ = '"';
	*to = '\0';
	return text;
}

static const struct node *parse_part(struct parser *p, size_t end)
{
	value_list all = { NULL };
	struct error err = { 0 };
	char *quoted = quoted_part(p, end);
	if (value_read(p->arena, quoted, strlen(quoted), &all, &err) < 0 || all.len != 1)
		return refuse(p, "this is no string of JSON");
	const struct node *n = literal_node(p, p->pos, all.items[0]);
	p->pos = end;
	return n;
}

/* After the opening quote. */
static const struct node *parse_string(struct parser *p)
{
	struct node *n = node_at(p, NODE_STRING, p->pos - 1);
	for (;;) {
		const struct node *part = parse_part(p, part_end(p->text, p->pos));
		if (!part)
			return NULL;
		*list_add(p->arena, &n->parts) = part;
		if (p->text[p->pos] == '"') {
			p->pos++;
			return n->parts.len == 1 ? part : n;
		}
		if (!p->text[p->pos])
			return refuse(p, "the string has no end before");
		p->pos += 2;
		part = expect(p, parse_pipe(p), ")");
		if (!part)
			return NULL;
		*list_add(p->arena, &n->parts) = part;
	}
}

static const struct node *parse_number(struct parser *p)
{
	size_t at = p->pos;
	value_list all = { NULL };
	size_t len = strspn(p->text + at, "0123456789.eE");
	if (strchr("eE", p->text[at + len - 1]) && strchr("+-", p->text[at + len]))
		len += 1 + strspn(p->text + at + len + 1, "0123456789");
	if (value_read(p->arena, p->text + at, len, &all, NULL) < 0 || all.len != 1)
		return refuse(p, "this is no number of JSON");
	p->pos += len;
	return literal_node(p, at, all.items[0]);
}

/* `{a: 1, "b": 2, ($c): 3, $d, e}`: one key and its value. */
static bool parse_member(struct parser *p, struct node *object)
{
	const struct node *key = NULL, *item = NULL;
	char c = look(p);
	size_t at = p->pos;
	if (c == '(') {
		p->pos++;
		key = expect(p, parse_pipe(p), ")");
	} else if (c == '"') {
		p->pos++;
		key = parse_string(p);
	} else {
		bool variable = take(p, "$");
		const char *name = take_name(p);
		if (!name)
			return refuse(p, "a key is missing before");
		key = literal_node(p, at, value_string(p->arena, name, strlen(name)));
		struct node *same = node_at(p, variable ? NODE_VARIABLE : NODE_INDEX, at);
		same->name = name;
		same->left = node_at(p, NODE_IDENTITY, at);
		same->right = key;
		if (variable || look(p) != ':')
			item = same;
	}
	if (key && !item)
		item = take(p, ":") ? parse_binary(p, 2) : refuse(p, "\":\" is missing before");
	if (!item)
		return false;
	*list_add(p->arena, &object->parts) = key;
	*list_add(p->arena, &object->parts) = item;
	return true;
}

static const struct node *parse_object(struct parser *p)
{
	struct node *n = node_at(p, NODE_OBJECT, p->pos - 1);
	if (take(p, "}"))
		return n;
	do {
		if (!parse_member(p, n))
			return NULL;
	} while (take(p, ","));
	return expect(p, n, "}");
}

static const struct node *parse_array(struct parser *p)
{
	struct node *n = node_at(p, NODE_ARRAY, p->pos - 1);
	if (take(p, "]"))
		return n;
	n->left = parse_pipe(p);
	return n->left ? expect(p, n, "]") : NULL;
}

/* After "if" or "elif". */
static const struct node *parse_if(struct parser *p, size_t at)
{
	struct node *n = node_at(p, NODE_IF, at);
	n->left = expect(p, parse_pipe(p), "then");
	if (!n->left)
		return NULL;
	n->right = parse_pipe(p);
	if (!n->right)
		return NULL;
	if (take(p, "elif")) {
		n->third = parse_if(p, p->pos - 4);
		return n->third ? n : NULL;
	}
	n->third = take(p, "else") ? parse_pipe(p) : node_at(p, NODE_IDENTITY, p->pos);
	return n->third ? expect(p, n, "end") : NULL;
}

static const struct node *parse_call(struct parser *p)
{
	static const char *const reserved[] = { "reduce", "foreach", "try", "catch", "label", "import", "include",
		"then", "elif", "else", "end", "and", "or", "as", "__loc__" };
	struct node *n = node_at(p, NODE_CALL, p->pos);
	n->name = take_name(p);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (str_eq(n->name, reserved[i])) {
			p->pos = n->at - 1;
			return refuse(p, "this word is not known here");
		}
	if (!take(p, "("))
		return n;
	do {
		const struct node *argument = parse_pipe(p);
		if (!argument)
			return NULL;
		*list_add(p->arena, &n->parts) = argument;
	} while (take(p, ";"));
	return expect(p, n, ")");
}

static const struct node *index_node(struct parser *p, size_t at, const struct node *of, const struct node *by)
{
	struct node *n = node_at(p, NODE_INDEX, at);
	n->left = of;
	n->right = by;
	return by ? n : NULL;
}

/* After a dot: .name or ."name". */
static const struct node *parse_field(struct parser *p, const struct node *of)
{
	size_t at = p->pos - 1;
	if (p->text[p->pos] == '"') {
		p->pos++;
		return index_node(p, at, of, parse_string(p));
	}
	const char *name = take_name(p);
	if (!name)
		return refuse(p, "a name is missing before");
	return index_node(p, at, of, literal_node(p, at, value_string(p->arena, name, strlen(name))));
}

/* After a bracket that follows a term. */
static const struct node *parse_bracket(struct parser *p, const struct node *of)
{
	struct node *n = node_at(p, NODE_ITERATE, p->pos - 1);
	n->left = of;
	if (take(p, "]"))
		return n;
	n->kind = NODE_INDEX;
	if (look(p) != ':' && !(n->right = parse_pipe(p)))
		return NULL;
	if (take(p, ":")) {
		n->kind = NODE_SLICE;
		if (look(p) != ']' && !(n->third = parse_pipe(p)))
			return NULL;
	}
	return expect(p, n, "]");
}

/* Before a question mark: in .a[]?, only the last step may fail, once for each value that reaches it. */
static const struct node *try_node(struct parser *p, size_t at, const struct node *of)
{
	bool computed = of->kind == NODE_SLICE || (of->kind == NODE_INDEX && of->right->kind != NODE_LITERAL);
	if (computed)
		return refuse(p, "not known after a computed index");
	p->pos++;
	struct node *attempt = node_at(p, NODE_TRY, at);
	attempt->left = of;
	if (of->kind != NODE_INDEX && of->kind != NODE_ITERATE)
		return attempt;
	struct node *step = node_at(p, of->kind, of->at - 1), *pipe = node_at(p, NODE_PIPE, of->at - 1);
	step->left = node_at(p, NODE_IDENTITY, of->at - 1);
	step->right = of->right;
	attempt->left = step;
	pipe->left = of->left;
	pipe->right = attempt;
	return pipe;
}

static const struct node *parse_suffixes(struct parser *p, const struct node *n)
{
	while (n) {
		char c = look(p);
		size_t at = p->pos;
		char next = c ? p->text[p->pos + 1] : '\0';
		if (c == '[') {
			p->pos++;
			n = parse_bracket(p, n);
		} else if (c == '.' && next == '[') {
			p->pos += 2;
			n = parse_bracket(p, n);
		} else if (c == '.' && (next == '"' || (is_word(next) && !isdigit((unsigned char)next)))) {
			p->pos++;
			n = parse_field(p, n);
		} else if (c == '?' && !str_starts(p->text + p->pos, "?//")) {
			n = try_node(p, at, n);
		} else {
			break;
		}
	}
	return n;
}

static const struct node *parse_dot(struct parser *p)
{
	const struct node *self = node_at(p, NODE_IDENTITY, p->pos);
	if (take(p, ".."))
		return refuse(p, "\"..\" is not known before");
	p->pos++;
	char next = p->text[p->pos];
	if (next == '"' || (is_word(next) && !isdigit((unsigned char)next)))
		return parse_field(p, self);
	return isdigit((unsigned char)next) ? refuse(p, "a number begins with a digit before") : self;
}

static const struct node *parse_primary(struct parser *p)
{
	char c = look(p);
	size_t at = p->pos;
	if (c == '.')
		return parse_dot(p);
	if (isdigit((unsigned char)c))
		return parse_number(p);
	if (take(p, "if"))
		return parse_if(p, at);
	if (take(p, "null"))
		return literal_node(p, at, &value_null);
	if (take(p, "true") || take(p, "false"))
		return literal_node(p, at, value_bool(c == 't'));
	if (is_word(c))
		return parse_call(p);
	if (!c || !strchr("\"[{($", c))
		return refuse(p, "a filter is missing before");
	p->pos++;
	switch (c) {
	case '"':
		return parse_string(p);
	case '[':
		return parse_array(p);
	case '{':
		return parse_object(p);
	case '(':
		return expect(p, parse_pipe(p), ")");
	default:;
		struct node *n = node_at(p, NODE_VARIABLE, at);
		n->name = take_name(p);
		return n->name ? n : refuse(p, "a name is missing before");
	}
}

/* After "def": a function without arguments, and the filter that knows it. */
static const struct node *parse_define(struct parser *p, size_t at)
{
	struct node *n = node_at(p, NODE_DEFINE, at);
	(void)look(p);
	n->name = take_name(p);
	if (!n->name || !take(p, ":"))
		return refuse(p, "a function has a name and no arguments, then a \":\", before");
	n->left = expect(p, parse_pipe(p), ";");
	if (!n->left)
		return NULL;
	n->right = parse_pipe(p);
	return n->right ? n : NULL;
}

/* A term with its suffixes; `as` binds everything that follows. */
static const struct node *parse_term(struct parser *p)
{
	(void)look(p);
	size_t at = p->pos;
	if (take(p, "def"))
		return parse_define(p, at);
	if (take(p, "-")) {
		struct node *n = node_at(p, NODE_NEGATE, at);
		n->left = parse_suffixes(p, parse_primary(p));
		if (!n->left || n->left->kind != NODE_LITERAL || n->left->value->kind != VALUE_NUMBER)
			return n->left ? n : NULL;
		const char *digits = arena_printf(p->arena, "-%s", n->left->value->text);
		return literal_node(p, at, value_literal(p->arena, digits, strlen(digits)));
	}
	const struct node *term = parse_suffixes(p, parse_primary(p));
	if (!term || !take(p, "as"))
		return term;
	struct node *n = node_at(p, NODE_BIND, at);
	n->left = expect(p, term, "$");
	if (!n->left)
		return NULL;
	n->name = take_name(p);
	if (!n->name)
		return refuse(p, "a name is missing before");
	n->right = expect(p, n, "|") ? parse_pipe(p) : NULL;
	return n->right ? n : NULL;
}

/* Operators, the longer first where one begins with another. */
static const struct operator
{
	const char *token;
	int level;
	enum { LEFT, RIGHT, ALONE } side;
	enum node_kind kind;
	enum node_op op;
}
operators[] = {
	{ "|=", 3, ALONE, NODE_UPDATE, 0 },
	{ "|", 0, RIGHT, NODE_PIPE, 0 },
	{ ",", 1, LEFT, NODE_COMMA, 0 },
	{ "//=", 3, ALONE, NODE_COMBINE, OP_OTHERWISE },
	{ "//", 2, RIGHT, NODE_OTHERWISE, 0 },
	{ "==", 6, ALONE, NODE_COMPARE, OP_EQ },
	{ "=", 3, ALONE, NODE_ASSIGN, 0 },
	{ "+=", 3, ALONE, NODE_COMBINE, OP_ADD },
	{ "-=", 3, ALONE, NODE_COMBINE, OP_SUBTRACT },
	{ "*=", 3, ALONE, NODE_COMBINE, OP_MULTIPLY },
	{ "/=", 3, ALONE, NODE_COMBINE, OP_DIVIDE },
	{ "%=", 3, ALONE, NODE_COMBINE, OP_MODULO },
	{ "or", 4, LEFT, NODE_OR, 0 },
	{ "and", 5, LEFT, NODE_AND, 0 },
	{ "!=", 6, ALONE, NODE_COMPARE, OP_NE },
	{ "<=", 6, ALONE, NODE_COMPARE, OP_LE },
	{ "<", 6, ALONE, NODE_COMPARE, OP_LT },
	{ ">=", 6, ALONE, NODE_COMPARE, OP_GE },
	{ ">", 6, ALONE, NODE_COMPARE, OP_GT },
	{ "+", 7, LEFT, NODE_ARITHMETIC, OP_ADD },
	{ "-", 7, LEFT, NODE_ARITHMETIC, OP_SUBTRACT },
	{ "*", 8, LEFT, NODE_ARITHMETIC, OP_MULTIPLY },
	{ "/", 8, LEFT, NODE_ARITHMETIC, OP_DIVIDE },
	{ "%", 8, LEFT, NODE_ARITHMETIC, OP_MODULO },
};

static const struct operator* take_operator(struct parser *p, int floor)
{
	size_t before = p->pos;
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
		if (!take(p, operators[i].token))
			continue;
		if (operators[i].level >= floor)
			return &operators[i];
		break;
	}
	p->pos = before;
	return NULL;
}

/* Operators of that level and of higher ones, which bind closer. */
static const struct node *parse_binary(struct parser *p, int floor)
{
	const struct operator* op;
	if (p->depth++ == MAX_NESTED)
		return refuse(p, "too deeply nested");
	const struct node *left = parse_term(p);
	int ceiling = 9; /* what stands alone has no neighbour of its level */
	while (left && (op = take_operator(p, floor))) {
		if (op->level >= ceiling)
			return refuse(p, "two of these operators want parentheses before");
		struct node *n = node_at(p, op->kind, left->at - 1);
		n->op = op->op;
		n->left = left;
		n->right = parse_binary(p, op->side == RIGHT ? op->level : op->level + 1);
		left = n->right ? n : NULL;
		ceiling = op->side == ALONE ? op->level : 9;
	}
	p->depth--;
	return left;
}

static const struct node *parse_pipe(struct parser *p)
{
	return parse_binary(p, 0);
}

int filter_parse(struct arena *arena, const char *text, const struct node **ret_filter, struct error *err)
{
	struct parser p = { .arena = arena, .text = text, .err = err };
	const struct node *n = parse_pipe(&p);
	if (n && look(&p))
		n = refuse(&p, "not understood from");
	if (!n)
		return -1;
	*ret_filter = n;
	return 0;
}
