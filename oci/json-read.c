/*
 * yajl hands over one token at a time; a stack of frames says where in the structs the next value
 * belongs. A value of an unknown property is passed over by counting its brackets.
 */
#include "oci/json-read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yajl/yajl_parse.h>

#include "base/fd.h"
#include "base/log.h"
#include "oci/json-error.h"

enum frame_kind { FRAME_OBJECT, FRAME_LIST, FRAME_MAP };

/* An object, array or map that is open. `row` is, in an object, the property whose value is
 * next (NULL: pass it over), and in the others the property that they are the value of. */
struct frame {
	enum frame_kind kind;
	const struct property *row;
	void *base;                  /* the struct, or the list */
	const struct schema *schema; /* object */
	uint64_t seen, given;        /* object: rows met, and those of them that were not null */
	size_t start;                /* object: offset in the text */
	size_t index;                /* list: of the next item */
	const char *key;             /* map */
};

struct reader {
	struct arena *arena;
	const struct json_source *source;
	const struct schema *schema;
	void *top;
	struct error *err;
	yajl_handle yajl;
	const char *text;
	size_t len;
	bool ended; /* all text was handed over */
	int line;   /* of line_start, for counting on from there */
	size_t line_start;
	unsigned depth; /* of brackets open */
	unsigned skip;  /* of those, the ones in a value that is passed over */
	unsigned frame_count;
	struct frame frames[JSON_MAX_DEPTH];
};

enum token { TOKEN_STRING, TOKEN_NUMBER, TOKEN_BOOL, TOKEN_ARRAY, TOKEN_OBJECT, TOKEN_NULL };

static const char *const expected_words[] = { "a string", "an integer", "a boolean", "an array", "an object" };
static const char *const found_words[] = { "a string", "a number", "a boolean", "an array", "an object", "null" };

/* What a kind looks like in JSON: itself, and what is in it. An item's size is 0 where the
 * schema has it. */
static const struct shape {
	enum token value, item;
	size_t item_size;
} shapes[] = {
	[KIND_STRING] = { TOKEN_STRING },
	[KIND_BOOL] = { TOKEN_BOOL },
	[KIND_INT] = { TOKEN_NUMBER },
	[KIND_UINT] = { TOKEN_NUMBER },
	[KIND_WORD] = { TOKEN_STRING },
	[KIND_FLAGS] = { TOKEN_ARRAY, TOKEN_STRING },
	[KIND_WORDS] = { TOKEN_ARRAY, TOKEN_STRING, sizeof(struct oci_int) },
	[KIND_STRINGS] = { TOKEN_ARRAY, TOKEN_STRING, sizeof(char *) },
	[KIND_UINTS] = { TOKEN_ARRAY, TOKEN_NUMBER, sizeof(struct oci_uint) },
	[KIND_OBJECT] = { TOKEN_OBJECT },
	[KIND_INLINE] = { TOKEN_OBJECT },
	[KIND_OBJECTS] = { TOKEN_ARRAY, TOKEN_OBJECT },
	[KIND_MAP] = { TOKEN_OBJECT, TOKEN_STRING, sizeof(struct oci_pair) },
	[KIND_OBJECT_MAP] = { TOKEN_OBJECT, TOKEN_OBJECT },
};

enum { STOP = 0, GO_ON = 1 }; /* what a callback tells yajl */
enum { SHOWN = 64 };          /* bytes of a value that an error quotes */

/* Where: lines and paths */

static size_t current_offset(const struct reader *r)
{
	return r->ended ? r->len : yajl_get_bytes_consumed(r->yajl);
}

static int line_at(struct reader *r, size_t offset)
{
	if (offset > r->len)
		offset = r->len;
	if (offset < r->line_start || !r->line) {
		r->line_start = 0;
		r->line = 1;
	}
	const char *end = r->text + offset, *at = r->text + r->line_start, *newline;
	while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
		at = newline + 1;
		r->line++;
	}
	r->line_start = (size_t)(at - r->text);
	return r->line;
}

/* The path to the value that is being read, and to `key` in it unless NULL. */
static void write_path(const struct reader *r, const char *key, size_t len, char *buf, size_t size)
{
	struct json_path path = { .buf = buf, .size = size };
	buf[0] = '\0';
	for (unsigned i = 0; i < r->frame_count; i++) {
		const struct frame *f = &r->frames[i];
		if (f->kind == FRAME_OBJECT && f->row)
			json_path_key(&path, f->row->name, strlen(f->row->name));
		else if (f->kind == FRAME_LIST && f->index)
			json_path_index(&path, f->index - 1);
		else if (f->kind == FRAME_MAP && f->key)
			json_path_key(&path, f->key, strlen(f->key));
	}
	if (key)
		json_path_key(&path, key, len);
}

static const char *file_name(const struct reader *r)
{
	const char *name = r->source && r->source->name ? r->source->name : "";
	const char *slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

__attribute__((format(printf, 3, 4))) static int stop_at(struct reader *r, size_t offset, const char *fmt, ...)
{
	if (!r->err)
		return STOP;
	char text[sizeof(r->err->text)], where[sizeof(r->err->where)];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args); /* a cut message is still one */
	va_end(args);
	write_path(r, NULL, 0, where, sizeof(where));
	(void)fail_at(r->err, 0, where, "%s", text);
	(void)snprintf(r->err->file, sizeof(r->err->file), "%s", file_name(r));
	r->err->line = line_at(r, offset);
	return STOP;
}

/* What a callback returns after stop(): whether the reading goes on, as the caller wants all that is refused. */
static int refused(struct reader *r)
{
	return errors_end(r->source ? r->source->refused : NULL, -1, r->err) ? STOP : GO_ON;
}

#define stop(r, ...) stop_at(r, current_offset(r), __VA_ARGS__)

/* Frames */

static struct frame *top_frame(struct reader *r)
{
	return r->frame_count ? &r->frames[r->frame_count - 1] : NULL;
}

/* The depth was checked when the bracket was met, so there is room. */
static struct frame *push(struct reader *r, enum frame_kind kind, const struct property *row, void *base)
{
	struct frame *f = &r->frames[r->frame_count++];
	*f = (struct frame){ .kind = kind, .row = row, .base = base };
	return f;
}

static int push_object(struct reader *r, const struct schema *schema, void *base)
{
	struct frame *f = push(r, FRAME_OBJECT, NULL, base);
	f->schema = schema;
	f->start = current_offset(r);
	return GO_ON;
}

static void *add_item(struct reader *r, struct frame *f)
{
	const struct shape *shape = &shapes[f->row->kind];
	if (f->row->kind == KIND_FLAGS)
		return f->base;
	void *item = list_add_raw(r->arena, f->base, shape->item_size ? shape->item_size : f->row->object->size);
	if (f->kind != FRAME_MAP)
		return item;
	*(const char **)item = f->key;
	return f->row->kind == KIND_MAP ? (void *)&((struct oci_pair *)item)->value : item;
}

enum verdict { TAKE, PASS, REFUSE };

/* Where the reading goes on without a required string, it is empty: the rules and the plan count on it. */
static void fill_strings(const struct schema *schema, void *base)
{
	for (const struct property *row = schema->properties; row->name; row++) {
		const char **text = (const char **)((char *)base + row->offset);
		if ((row->flags & REQUIRED) && row->kind == KIND_STRING && !*text)
			*text = "";
	}
}

/* Of a value that cannot be the one that is wanted here. What follows in the array keeps its index. */
static enum verdict pass_refused(struct reader *r, struct frame *f)
{
	if (!f || !refused(r))
		return REFUSE;
	if (f->kind == FRAME_LIST) {
		void *item = add_item(r, f);
		if (f->row->kind == KIND_STRINGS)
			*(const char **)item = "";
		else if (f->row->kind == KIND_OBJECTS)
			fill_strings(f->row->object, item);
	}
	return PASS;
}

/* Decides about the value that begins: TAKE it to *ret_place as *ret_row says, PASS over it,
 * or REFUSE it (the error is then filled). The very first value has no row. */
static enum verdict place_value(struct reader *r, enum token found, const struct property **ret_row, void **ret_place)
{
	struct frame *f = top_frame(r);
	enum token wanted = TOKEN_OBJECT;
	if (r->skip)
		return PASS;
	if (f && f->kind == FRAME_OBJECT) {
		if (f->row && f->row->kind == KIND_SEEN && found != TOKEN_NULL) {
			*(struct oci_bool *)((char *)f->base + f->row->offset) = (struct oci_bool){ true, true };
			return PASS;
		}
		if (!f->row || found == TOKEN_NULL)
			return PASS;
		wanted = shapes[f->row->kind].value;
		f->given |= UINT64_C(1) << (f->row - f->schema->properties);
	} else if (f) {
		if (f->kind == FRAME_MAP && found == TOKEN_NULL)
			return PASS;
		f->index++;
		wanted = shapes[f->row->kind].item;
	}
	if (found != wanted) {
		stop(r, "expected %s, found %s", expected_words[wanted], found_words[found]);
		return pass_refused(r, f);
	}
	*ret_row = f ? f->row : NULL;
	if (!f)
		*ret_place = r->top;
	else if (f->kind == FRAME_OBJECT)
		*ret_place = (char *)f->base + f->row->offset;
	else
		*ret_place = add_item(r, f);
	return TAKE;
}

/* Scalars */

static const struct word *find_word(const struct word *words, const char *text, size_t len)
{
	for (; words->name; words++)
		if (strncmp(words->name, text, len) == 0 && !words->name[len])
			return words;
	return NULL;
}

/* Where the reading goes on, *ret_word is the word that was probably meant, or NULL. */
static int refuse_word(
	struct reader *r, const struct property *row, const char *text, size_t len, const struct word **ret_word)
{
	char shown[SHOWN], hint[sizeof(r->err->hint)];
	stop(r, "unknown value \"%s\"", json_show(shown, sizeof(shown), text, len));
	const char *nearest = word_nearest(row->words, shown);
	word_list(row->words, hint, sizeof(hint));
	if (nearest && strstr(hint, "…")) /* too many to name them all */
		(void)error_hint(r->err, "did you mean \"%s\"?", nearest);
	else
		(void)error_hint(r->err, "%s", hint);
	*ret_word = nearest ? word_find(row->words, nearest) : NULL;
	return refused(r);
}

static int on_string(void *ctx, const unsigned char *bytes, size_t len)
{
	struct reader *r = ctx;
	const struct property *row;
	const char *text = (const char *)bytes;
	void *place;
	enum verdict verdict = place_value(r, TOKEN_STRING, &row, &place);
	if (verdict != TAKE)
		return verdict == PASS ? GO_ON : STOP;
	if (memchr(text, '\0', len)) {
		stop(r, "the string holds a NUL character");
		if (!row->words)
			*(const char **)place = "";
		return refused(r);
	}
	if (!row->words) {
		*(const char **)place = arena_strndup(r->arena, text, len);
		return GO_ON;
	}
	const struct word *word = find_word(row->words, text, len);
	int result = word ? GO_ON : refuse_word(r, row, text, len, &word);
	if (word && row->kind == KIND_FLAGS)
		((struct oci_uint *)place)->value |= (uint64_t)word->value;
	else if (word)
		*(struct oci_int *)place = (struct oci_int){ true, word->value };
	return result;
}

enum number { INTEGER, TOO_LARGE, NO_INTEGER };

/* Sign and magnitude, since both int64_t and uint64_t must fit. */
static enum number parse_integer(const char *text, size_t len, bool *ret_negative, uint64_t *ret_magnitude)
{
	uint64_t value = 0;
	bool negative = len && text[0] == '-', large = false;
	for (size_t i = negative; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return NO_INTEGER;
		large = large || __builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value);
	}
	if (large || (negative && value > UINT64_C(1) << 63))
		return TOO_LARGE;
	*ret_negative = negative && value;
	*ret_magnitude = value;
	return INTEGER;
}

static int on_number(void *ctx, const char *text, size_t len)
{
	struct reader *r = ctx;
	const struct property *row;
	void *place;
	enum verdict verdict = place_value(r, TOKEN_NUMBER, &row, &place);
	if (verdict != TAKE)
		return verdict == PASS ? GO_ON : STOP;
	char shown[SHOWN];
	bool negative = false;
	uint64_t magnitude = 0;
	enum number number = parse_integer(text, len, &negative, &magnitude);
	json_show(shown, sizeof(shown), text, len);
	if (number == NO_INTEGER) {
		stop(r, "expected an integer, found %s", shown);
		return refused(r);
	}
	int64_t value = (int64_t)(negative ? 0 - magnitude : magnitude);
	bool fits = number == INTEGER && (negative ? value >= row->min : magnitude <= row->max);
	if (!fits || (!negative && row->min > 0 && magnitude < (uint64_t)row->min)) {
		stop(r, "%s is out of range, allowed is %" PRId64 " to %" PRIu64, shown, row->min, row->max);
		return refused(r);
	}
	if (row->kind == KIND_INT)
		*(struct oci_int *)place = (struct oci_int){ true, value };
	else
		*(struct oci_uint *)place = (struct oci_uint){ true, magnitude };
	return GO_ON;
}

static int on_boolean(void *ctx, int value)
{
	const struct property *row;
	void *place;
	enum verdict verdict = place_value(ctx, TOKEN_BOOL, &row, &place);
	if (verdict == TAKE)
		*(struct oci_bool *)place = (struct oci_bool){ true, value };
	return verdict == REFUSE ? STOP : GO_ON;
}

static int on_null(void *ctx)
{
	const struct property *row;
	void *place;
	return place_value(ctx, TOKEN_NULL, &row, &place) == REFUSE ? STOP : GO_ON;
}

/* Objects and arrays */

static enum verdict open_bracket(struct reader *r, enum token found, const struct property **ret_row, void **ret_place)
{
	enum verdict verdict = place_value(r, found, ret_row, ret_place);
	if (verdict == REFUSE)
		return REFUSE;
	if (++r->depth > JSON_MAX_DEPTH) {
		stop(r, "nested deeper than %d levels", JSON_MAX_DEPTH);
		return REFUSE;
	}
	r->skip += verdict == PASS;
	return verdict;
}

static int on_start_array(void *ctx)
{
	struct reader *r = ctx;
	const struct property *row;
	void *place;
	enum verdict verdict = open_bracket(r, TOKEN_ARRAY, &row, &place);
	if (verdict != TAKE)
		return verdict == PASS ? GO_ON : STOP;
	if (row->kind == KIND_FLAGS)
		((struct oci_uint *)place)->set = true; /* even when it is empty */
	push(r, FRAME_LIST, row, place);
	return GO_ON;
}

static int on_start_map(void *ctx)
{
	struct reader *r = ctx;
	const struct property *row;
	void *place;
	enum verdict verdict = open_bracket(r, TOKEN_OBJECT, &row, &place);
	if (verdict != TAKE)
		return verdict == PASS ? GO_ON : STOP;
	if (!row)
		return push_object(r, r->schema, place);
	bool value = top_frame(r)->kind == FRAME_OBJECT;
	if (value && (row->kind == KIND_MAP || row->kind == KIND_OBJECT_MAP)) {
		push(r, FRAME_MAP, row, place);
		return GO_ON;
	}
	if (row->kind == KIND_OBJECT)
		place = *(void **)place = arena_alloc(r->arena, row->object->size);
	return push_object(r, row->object, place);
}

/* Lists of strings serve as argv and environ, so a NULL follows the last that does not count. */
static int on_end_array(void *ctx)
{
	struct reader *r = ctx;
	r->depth--;
	if (r->skip) {
		r->skip--;
		return GO_ON;
	}
	struct frame *f = top_frame(r);
	if (f->row->kind == KIND_STRINGS) {
		add_item(r, f);
		((struct raw_list *)f->base)->len--;
	}
	r->frame_count--;
	return GO_ON;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted at the end: to compare each key with all before it would take hours for a file of the
 * allowed size. */
static int refuse_duplicate_keys(struct reader *r, struct frame *f)
{
	const struct raw_list *list = f->base;
	size_t size = shapes[f->row->kind].item_size;
	if (list->len < 2)
		return GO_ON;
	const char **keys = arena_array(r->arena, list->len, sizeof(*keys));
	for (size_t i = 0; i < list->len; i++)
		keys[i] = *(const char **)((char *)list->items + i * (size ? size : f->row->object->size));
	qsort(keys, list->len, sizeof(*keys), compare_strings);
	for (size_t i = 1; i < list->len; i++) {
		f->key = keys[i];
		if (!str_eq(keys[i - 1], keys[i]))
			continue;
		stop(r, "property is given twice");
		if (!refused(r))
			return STOP;
	}
	return GO_ON;
}

static int refuse_missing(struct reader *r, struct frame *f)
{
	uint64_t bit = 1;
	for (f->row = f->schema->properties; f->row->name; f->row++, bit <<= 1) {
		if (!(f->row->flags & REQUIRED) || (f->given & bit))
			continue;
		stop_at(r, f->start, "required property is missing");
		if (!refused(r))
			return STOP;
	}
	if (r->source && r->source->refused)
		fill_strings(f->schema, f->base);
	return GO_ON;
}

static int on_end_map(void *ctx)
{
	struct reader *r = ctx;
	r->depth--;
	if (r->skip) {
		r->skip--;
		return GO_ON;
	}
	struct frame *f = top_frame(r);
	if (!(f->kind == FRAME_MAP ? refuse_duplicate_keys(r, f) : refuse_missing(r, f)))
		return STOP;
	r->frame_count--;
	return GO_ON;
}

/* Names */

static void report_unknown(struct reader *r, const struct schema *schema, const char *text, size_t len)
{
	if (!(r->source && r->source->unknown) && !log_wants(LOG_LEVEL_DEBUG))
		return;
	char where[sizeof(r->err->where)], key[SHOWN];
	write_path(r, text, len, where, sizeof(where));
	const char *nearest = schema_nearest(schema, json_show(key, sizeof(key), text, len));
	int line = line_at(r, current_offset(r));
	if (r->source && r->source->unknown)
		r->source->unknown(r->source->data, line, where, nearest);
	else
		log_debug("%s:%d: %s: unknown property, not read%s%s%s", file_name(r), line, where,
			nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static const struct property *find_property(const struct schema *schema, const char *key, size_t len)
{
	for (const struct property *p = schema->properties; p->name; p++)
		if (strncmp(p->name, key, len) == 0 && !p->name[len])
			return p;
	return NULL;
}

static int on_map_key(void *ctx, const unsigned char *bytes, size_t len)
{
	struct reader *r = ctx;
	struct frame *f = top_frame(r);
	const char *key = (const char *)bytes;
	if (r->skip)
		return GO_ON;
	if (f->kind == FRAME_MAP)
		f->key = NULL;
	else
		f->row = NULL;
	if (memchr(key, '\0', len))
		return stop(r, "the name of a property holds a NUL character");
	if (f->kind == FRAME_MAP) {
		f->key = arena_strndup(r->arena, key, len);
		if (len)
			return GO_ON;
		stop(r, "the name is empty");
		return refused(r);
	}
	f->row = find_property(f->schema, key, len);
	if (!f->row) {
		report_unknown(r, f->schema, key, len);
		return GO_ON;
	}
	uint64_t bit = UINT64_C(1) << (f->row - f->schema->properties);
	if (f->seen & bit) {
		stop(r, "property is given twice");
		f->row = NULL;
		return refused(r);
	}
	f->seen |= bit;
	return GO_ON;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_map_key,
	.yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

/* The whole text */

static int refuse_syntax(struct reader *r)
{
	unsigned char *said = yajl_get_error(r->yajl, 0, NULL, 0);
	const char *hint, *text = json_complaint((const char *)said, &hint);
	yajl_free_error(r->yajl, said);
	while (r->ended && r->len && strchr(" \t\r\n", r->text[r->len - 1]))
		r->len--;   /* the end is where the text ends, not the blank lines after it */
	r->frame_count = 0; /* jq cannot go anywhere in such a file */
	if (r->ended && r->len == 0)
		text = "the file is empty", hint = "";
	(void)stop(r, "%s", text);
	return error_hint(r->err, "%s", hint);
}

static int parse(struct reader *r)
{
	yajl_status status = yajl_parse(r->yajl, (const unsigned char *)r->text, r->len);
	if (status == yajl_status_ok) {
		r->ended = true;
		status = yajl_complete_parse(r->yajl);
	}
	if (status == yajl_status_error)
		return refuse_syntax(r);
	return status == yajl_status_ok ? 0 : -1;
}

int json_read(struct arena *arena, const struct json_source *source, const struct schema *schema, const char *text,
	size_t len, void *ret, struct error *err)
{
	struct reader r = { .arena = arena, .source = source, .schema = schema, .err = err };
	r.text = text;
	if (len > JSON_MAX_SIZE) {
		(void)stop_at(&r, 0, "larger than %d MiB", JSON_MAX_SIZE >> 20);
		return -1;
	}
	r.len = len;
	r.top = arena_alloc(arena, schema->size);
	r.yajl = yajl_alloc(&callbacks, NULL, &r);
	if (!r.yajl)
		abort();
	int result = parse(&r);
	yajl_free(r.yajl);
	if (result == 0)
		memcpy(ret, r.top, schema->size);
	return result;
}

/* O_NONBLOCK: to open a pipe that nobody writes to would take for ever. */
static ssize_t read_regular(struct arena *arena, int dirfd, const char *path, char **ret_text, struct error *err)
{
	struct stat st;
	FD(fd) = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(err, errno, "open %s", path);
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) /* to read a directory is an error that says so */
		return read_fd(arena, fd, path, JSON_MAX_SIZE, ret_text, err);
	(void)fail(err, 0, "%s is not a regular file", path);
	return error_hint(err, "a configuration from elsewhere is given by --config");
}

int oci_config_read(struct arena *arena, int dirfd, const char *path, const struct json_source *source,
	struct oci_config **ret_config, char **ret_text, size_t *ret_len, struct error *err)
{
	const struct json_source by_path = { .name = path };
	char *text;
	ssize_t len = source && source->regular ? read_regular(arena, dirfd, path, &text, err) :
						  read_file_at(arena, dirfd, path, JSON_MAX_SIZE, &text, err);
	if (len < 0)
		return err && err->errnum == ENOENT ? error_hint(err, "`hull spec` writes one to start from") : -1;
	struct oci_config *config = arena_new(arena, struct oci_config);
	if (json_read(arena, source ? source : &by_path, &oci_config_schema, text, (size_t)len, config, err) < 0)
		return -1;
	*ret_config = config;
	if (ret_text)
		*ret_text = text;
	if (ret_len)
		*ret_len = (size_t)len;
	return 0;
}
