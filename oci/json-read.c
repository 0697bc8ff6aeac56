#include "oci/json-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "oci/annotations.h"
#include "oci/json-error.h"

enum { SHOWN = 64 }; /* bytes of a value that an error quotes */

/* Scalars */

/* *ret_word is the word that was probably meant, or NULL, for a reading that goes on. */
static enum verdict refuse_word(
	struct reader *r, const struct property *row, const char *text, const struct word **ret_word)
{
	char shown[SHOWN], hint[sizeof(r->err->hint)];
	reader_fail(r, reader_offset(r), "unknown value \"%s\"", json_show(shown, sizeof(shown), text, strlen(text)));
	const char *nearest = word_nearest(row->words, shown);
	word_list(row->words, hint, sizeof(hint));
	if (nearest && strstr(hint, "…")) /* too many to name them all */
		(void)error_hint(r->err, "did you mean \"%s\"?", nearest);
	else
		(void)error_hint(r->err, "%s", hint);
	*ret_word = nearest ? word_find(row->words, nearest) : NULL;
	return reader_refuse(r);
}

/* "/proc/keys/." as "/proc/keys": a file that is no directory has no path that ends so, and would count as absent. */
static const char *trim(struct arena *arena, const char *path)
{
	size_t len = strlen(path);
	while (len > 1 && (path[len - 1] == '/' || (path[len - 1] == '.' && path[len - 2] == '/')))
		len--;
	return arena_strndup(arena, path, len);
}

static int on_string(void *ctx, const unsigned char *bytes, size_t len)
{
	struct reader *r = ctx;
	const struct property *row;
	void *place;
	enum verdict verdict = reader_place(r, TOKEN_STRING, &row, &place);
	const char *fault = reader_judge_string(r, bytes, len);
	if (fault && verdict == TAKE && !row->words)
		*(const char **)place = "";
	if (fault && verdict != STOP)
		return refuse(r, "the string holds %s", fault);
	if (verdict != TAKE)
		return verdict;
	/* Go's encoder writes "" for what is unset. A required word, then, is missing. */
	if (len == 0 && (row->kind == KIND_WORD || (row->kind == KIND_STRING && !(row->flags & REQUIRED)))) {
		struct frame *f = reader_top(r);
		f->given &= ~(UINT64_C(1) << (f->row - f->schema->properties));
		return GO_ON;
	}
	const char *text = arena_strndup(r->arena, (const char *)bytes, len);
	if (!row->words) {
		*(const char **)place = row->flags & AS_PATH ? trim(r->arena, text) : text;
		return GO_ON;
	}
	const struct word *word = word_find(row->words, text);
	if (!word)
		verdict = refuse_word(r, row, text, &word);
	if (word && row->kind == KIND_FLAGS)
		((struct oci_uint *)place)->value |= (uint64_t)word->value;
	else if (word)
		*(struct oci_int *)place = (struct oci_int){ true, word->value };
	return verdict;
}

enum number { INTEGER, TOO_LARGE, NO_INTEGER };

/* Sign and magnitude, so that both int64_t and uint64_t fit. */
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
	enum verdict verdict = reader_place(r, TOKEN_NUMBER, &row, &place);
	if (verdict != TAKE)
		return verdict;
	char shown[SHOWN];
	bool negative = false;
	uint64_t magnitude = 0;
	enum number number = parse_integer(text, len, &negative, &magnitude);
	json_show(shown, sizeof(shown), text, len);
	if (number == NO_INTEGER)
		return refuse(r, "expected an integer, found %s", shown);
	if (number == TOO_LARGE || !property_takes(row, negative, magnitude))
		return refuse(r, "%s is out of range, allowed is %" PRId64 " to %" PRIu64, shown, row->min, row->max);
	if (row->kind == KIND_INT)
		*(struct oci_int *)place = (struct oci_int){ true, (int64_t)(negative ? 0 - magnitude : magnitude) };
	else
		*(struct oci_uint *)place = (struct oci_uint){ true, magnitude };
	return GO_ON;
}

static int on_boolean(void *ctx, int value)
{
	const struct property *row;
	void *place;
	enum verdict verdict = reader_place(ctx, TOKEN_BOOL, &row, &place);
	if (verdict == TAKE)
		*(struct oci_bool *)place = (struct oci_bool){ true, value };
	return verdict;
}

static int on_null(void *ctx)
{
	const struct property *row;
	void *place;
	return reader_place(ctx, TOKEN_NULL, &row, &place);
}

/* Objects and arrays */

static enum verdict open_bracket(struct reader *r, enum token found, const struct property **ret_row, void **ret_place)
{
	enum verdict verdict = reader_place(r, found, ret_row, ret_place);
	if (verdict == STOP)
		return STOP;
	if (++r->depth > JSON_MAX_DEPTH) {
		reader_fail(r, reader_offset(r), "nested deeper than %d levels", JSON_MAX_DEPTH);
		return STOP;
	}
	r->skip += verdict == GO_ON;
	return verdict;
}

/* The frame that ends, or NULL in a value that is passed over. */
static struct frame *close_bracket(struct reader *r)
{
	r->depth--;
	if (!r->skip)
		return reader_top(r);
	r->skip--;
	return NULL;
}

static int on_start_array(void *ctx)
{
	struct reader *r = ctx;
	const struct property *row;
	void *place;
	enum verdict verdict = open_bracket(r, TOKEN_ARRAY, &row, &place);
	if (verdict != TAKE)
		return verdict;
	if (row->kind == KIND_FLAGS)
		((struct oci_uint *)place)->set = true; /* even when it is empty */
	reader_push(r, FRAME_LIST, row, place);
	return GO_ON;
}

static int on_start_map(void *ctx)
{
	struct reader *r = ctx;
	const struct property *row;
	void *place;
	enum verdict verdict = open_bracket(r, TOKEN_OBJECT, &row, &place);
	if (verdict != TAKE)
		return verdict;
	bool map = row && (row->kind == KIND_MAP || row->kind == KIND_OBJECT_MAP);
	if (!row)
		reader_report_place(r);
	if (map && reader_top(r)->kind == FRAME_OBJECT) { /* not an object in a map of objects */
		reader_push(r, FRAME_MAP, row, place);
		return GO_ON;
	}
	if (row && row->kind == KIND_OBJECT)
		place = *(void **)place = arena_alloc(r->arena, row->object->size);
	struct frame *f = reader_push(r, FRAME_OBJECT, NULL, place);
	f->schema = row ? row->object : r->schema;
	f->start = reader_offset(r);
	return GO_ON;
}

/* Lists of strings serve as argv and environ: a NULL follows the last string, and does not count. */
static int on_end_array(void *ctx)
{
	struct reader *r = ctx;
	struct frame *f = close_bracket(r);
	if (!f)
		return GO_ON;
	if (f->row->kind == KIND_STRINGS) {
		reader_add_item(r, f);
		((struct raw_list *)f->base)->len--;
	}
	r->frame_count--;
	return GO_ON;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the keys: to compare each with all before it would take hours in a file of the allowed size. */
static enum verdict refuse_duplicate_keys(struct reader *r, struct frame *f)
{
	const struct raw_list *list = f->base;
	const char **keys = arena_array(r->arena, list->len, sizeof(*keys));
	for (size_t i = 0; i < list->len; i++)
		keys[i] = *(const char **)((char *)list->items + i * property_item_size(f->row));
	qsort(keys, list->len, sizeof(*keys), compare_strings);
	for (size_t i = 1; i < list->len; i++) {
		f->key = keys[i];
		if (str_eq(keys[i - 1], keys[i]) && refuse(r, "property is given twice") == STOP)
			return STOP;
	}
	return GO_ON;
}

static enum verdict refuse_missing(struct reader *r, struct frame *f)
{
	uint64_t bit = 1;
	EACH_PROPERTY (f->schema, row) {
		bool missing = (row->flags & REQUIRED) && !(f->given & bit);
		bit <<= 1;
		f->row = row;
		if (missing && (reader_fail(r, f->start, "required property is missing"), reader_refuse(r) == STOP))
			return STOP;
	}
	if (r->source && r->source->refused)
		reader_fill_strings(f->schema, f->base);
	return GO_ON;
}

static int on_end_map(void *ctx)
{
	struct reader *r = ctx;
	struct frame *f = close_bracket(r);
	if (!f)
		return GO_ON;
	if ((f->kind == FRAME_MAP ? refuse_duplicate_keys(r, f) : refuse_missing(r, f)) == STOP)
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
	reader_path(r, text, len, where, sizeof(where));
	const char *nearest = schema_nearest(schema, json_show(key, sizeof(key), text, len));
	int line = reader_line(r, reader_offset(r));
	if (r->source && r->source->unknown)
		r->source->unknown(r->source->data, line, where, nearest);
	else
		log_debug("%s:%d: %s: unknown property, not read%s%s%s", reader_file(r), line, where,
			nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static int on_map_key(void *ctx, const unsigned char *bytes, size_t len)
{
	struct reader *r = ctx;
	struct frame *f = reader_top(r);
	const char *key = (const char *)bytes;
	const char *fault = reader_judge_string(r, bytes, len);
	if (!r->skip && f->kind == FRAME_MAP)
		f->key = NULL;
	else if (!r->skip)
		f->row = NULL;
	if (fault) {
		reader_fail(r, reader_offset(r), "the name of a property holds %s", fault);
		return STOP;
	}
	if (r->skip)
		return GO_ON;
	if (f->kind == FRAME_MAP) {
		f->key = arena_strndup(r->arena, key, len);
		reader_report_place(r);
		return len ? GO_ON : refuse(r, "the name is empty");
	}
	f->row = schema_row(f->schema, key, len);
	if (!f->row) {
		report_unknown(r, f->schema, key, len);
		return GO_ON;
	}
	uint64_t bit = UINT64_C(1) << (f->row - f->schema->properties);
	if (f->seen & bit) {
		enum verdict verdict = refuse(r, "property is given twice");
		f->row = NULL;
		return verdict;
	}
	f->seen |= bit;
	reader_report_place(r);
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
		r->len--;   /* the text ends before the blank lines */
	r->frame_count = 0; /* jq(1) cannot follow a path in such a file */
	if (r->ended && r->len == 0)
		text = "the file is empty", hint = "";
	reader_fail(r, reader_offset(r), "%s", text);
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
		reader_fail(&r, 0, "larger than %d MiB", JSON_MAX_SIZE >> 20);
		return -1;
	}
	r.len = len;
	r.top = arena_alloc(arena, schema->size);
	reader_find_lone(&r, 0);
	r.yajl = yajl_alloc(&callbacks, NULL, &r);
	if (!r.yajl)
		abort();
	int result = parse(&r);
	yajl_free(r.yajl);
	if (result == 0)
		memcpy(ret, r.top, schema->size);
	return result;
}

/* O_NONBLOCK: a pipe without a writer would be opened for ever. */
static ssize_t read_regular(struct arena *arena, int dirfd, const char *path, char **ret_text, struct error *err)
{
	struct stat st;
	FD(fd) = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(err, errno, "open %s", path);
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) /* read(2) of a directory fails with EISDIR */
		return read_fd(arena, fd, path, JSON_MAX_SIZE, ret_text, err);
	return fail_hint(err, 0, "--config takes a configuration from elsewhere", "%s is not a regular file", path);
}

/* What stands elsewhere about the seccomp profile. As in runc, a profile that says nothing is none. */
static void complete(struct arena *arena, struct oci_config *config)
{
	const char *data = oci_annotation(config, ANNOTATION_SECCOMP_BPF_DATA);
	const char *unknown = oci_annotation(config, ANNOTATION_SECCOMP_FAIL_UNKNOWN);
	if (data && !config->linux)
		config->linux = arena_new(arena, struct oci_linux);
	if (!config->linux)
		return;
	struct oci_seccomp *seccomp = config->linux->seccomp;
	if (seccomp && !seccomp->default_action.set && !seccomp->syscalls.len)
		seccomp = NULL;
	if (data) {
		seccomp = arena_new(arena, struct oci_seccomp);
		seccomp->bpf_data = data;
	}
	if (seccomp)
		seccomp->fail_unknown = unknown && !str_eq(unknown, "0");
	config->linux->seccomp = seccomp;
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
	complete(arena, config);
	*ret_config = config;
	if (ret_text)
		*ret_text = text;
	if (ret_len)
		*ret_len = (size_t)len;
	return 0;
}
