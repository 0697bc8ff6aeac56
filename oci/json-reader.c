#include "oci/json-reader.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "oci/json-error.h"

static const char *const expected_words[] = { "a string", "an integer", "a boolean", "an array", "an object" };
static const char *const found_words[] = { "a string", "a number", "a boolean", "an array", "an object", "null" };

/* What a kind looks like in JSON: itself, and what is in it. */
static const struct shape {
	enum token value, item;
} shapes[] = {
	[KIND_STRING] = { TOKEN_STRING },
	[KIND_BOOL] = { TOKEN_BOOL },
	[KIND_INT] = { TOKEN_NUMBER },
	[KIND_UINT] = { TOKEN_NUMBER },
	[KIND_WORD] = { TOKEN_STRING },
	[KIND_FLAGS] = { TOKEN_ARRAY, TOKEN_STRING },
	[KIND_WORDS] = { TOKEN_ARRAY, TOKEN_STRING },
	[KIND_STRINGS] = { TOKEN_ARRAY, TOKEN_STRING },
	[KIND_UINTS] = { TOKEN_ARRAY, TOKEN_NUMBER },
	[KIND_OBJECT] = { TOKEN_OBJECT },
	[KIND_INLINE] = { TOKEN_OBJECT },
	[KIND_OBJECTS] = { TOKEN_ARRAY, TOKEN_OBJECT },
	[KIND_MAP] = { TOKEN_OBJECT, TOKEN_STRING },
	[KIND_OBJECT_MAP] = { TOKEN_OBJECT, TOKEN_OBJECT },
};

size_t reader_offset(const struct reader *r)
{
	return r->ended ? r->len : yajl_get_bytes_consumed(r->yajl);
}

int reader_line(struct reader *r, size_t offset)
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

void reader_path(const struct reader *r, const char *key, size_t len, char *buf, size_t size)
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

void reader_report_place(struct reader *r)
{
	char where[sizeof(r->err->where)];
	if (!r->source || !r->source->place)
		return;
	reader_path(r, NULL, 0, where, sizeof(where));
	r->source->place(r->source->data, reader_line(r, reader_offset(r)), where);
}

const char *reader_file(const struct reader *r)
{
	const char *name = r->source && r->source->name ? r->source->name : "";
	const char *slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

enum verdict reader_fail(struct reader *r, size_t offset, const char *fmt, ...)
{
	if (!r->err)
		return STOP;
	char text[sizeof(r->err->text)], where[sizeof(r->err->where)];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args); /* a cut message is still one */
	va_end(args);
	reader_path(r, NULL, 0, where, sizeof(where));
	(void)fail_at(r->err, 0, where, "%s", text);
	(void)snprintf(r->err->file, sizeof(r->err->file), "%s", reader_file(r));
	r->err->line = reader_line(r, offset);
	return STOP;
}

enum verdict reader_refuse(struct reader *r)
{
	return errors_end(r->source ? r->source->refused : NULL, -1, r->err) ? STOP : GO_ON;
}

/* The number of the escape \uXXXX at `at`, or 0. */
static unsigned unicode_escape(const char *at, const char *end)
{
	unsigned value = 0;
	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return 0;
	for (const char *digit = at + 2; digit < at + 6; digit++) {
		if (!isxdigit((unsigned char)*digit))
			return 0;
		value = value * 16 + (unsigned)(*digit <= '9' ? *digit - '0' : (*digit | 0x20) - 'a' + 10);
	}
	return value;
}

/* A backslash is in a string, since a text with one elsewhere is refused. yajl takes a lone surrogate for another
 * character. */
void reader_find_lone(struct reader *r, size_t offset)
{
	const char *at = r->text + offset, *end = r->text + r->len;
	while ((at = memchr(at, '\\', (size_t)(end - at)))) {
		unsigned first = unicode_escape(at, end), kind = first & 0xfc00;
		bool pair = kind == 0xd800 && (unicode_escape(at + 6, end) & 0xfc00) == 0xdc00;
		if (kind == 0xdc00 || (kind == 0xd800 && !pair))
			break;
		at += pair ? 12 : 2;
		if (at > end)
			at = end;
	}
	r->lone = at ? (size_t)(at - r->text) : r->len;
}

const char *reader_judge_string(struct reader *r, const unsigned char *bytes, size_t len)
{
	if (r->lone < reader_offset(r)) {
		reader_find_lone(r, reader_offset(r));
		return "half of a surrogate pair";
	}
	return memchr(bytes, '\0', len) ? "a NUL character" : NULL;
}

struct frame *reader_top(struct reader *r)
{
	return r->frame_count ? &r->frames[r->frame_count - 1] : NULL;
}

/* The depth was checked when the bracket was met, so there is room. */
struct frame *reader_push(struct reader *r, enum frame_kind kind, const struct property *row, void *base)
{
	struct frame *f = &r->frames[r->frame_count++];
	*f = (struct frame){ .kind = kind, .row = row, .base = base };
	return f;
}

void *reader_add_item(struct reader *r, struct frame *f)
{
	if (f->row->kind == KIND_FLAGS)
		return f->base;
	void *item = list_add_raw(r->arena, f->base, property_item_size(f->row));
	if (f->kind != FRAME_MAP)
		return item;
	*(const char **)item = f->key;
	return f->row->kind == KIND_MAP ? (void *)&((struct oci_pair *)item)->value : item;
}

void reader_fill_strings(const struct schema *schema, void *base)
{
	EACH_PROPERTY (schema, row) {
		const char **text = (const char **)((char *)base + row->offset);
		if ((row->flags & REQUIRED) && row->kind == KIND_STRING && !*text)
			*text = "";
	}
}

/* A value of another kind than the one that belongs here. What follows in the array keeps its index. */
static enum verdict pass_refused(struct reader *r, struct frame *f)
{
	if (!f || reader_refuse(r) == STOP)
		return STOP;
	if (f->kind == FRAME_LIST) {
		void *item = reader_add_item(r, f);
		if (f->row->kind == KIND_STRINGS)
			*(const char **)item = "";
		else if (f->row->kind == KIND_OBJECTS)
			reader_fill_strings(f->row->object, item);
	}
	return GO_ON;
}

enum verdict reader_place(struct reader *r, enum token found, const struct property **ret_row, void **ret_place)
{
	struct frame *f = reader_top(r);
	enum token wanted = TOKEN_OBJECT;
	if (r->skip)
		return GO_ON;
	if (f && f->kind == FRAME_OBJECT) {
		if (f->row && f->row->kind == KIND_SEEN && found != TOKEN_NULL) {
			*(struct oci_bool *)((char *)f->base + f->row->offset) = (struct oci_bool){ true, true };
			return GO_ON;
		}
		if (!f->row || found == TOKEN_NULL)
			return GO_ON;
		wanted = shapes[f->row->kind].value;
		f->given |= UINT64_C(1) << (f->row - f->schema->properties);
	} else if (f) {
		if (f->kind == FRAME_MAP && found == TOKEN_NULL)
			return GO_ON;
		f->index++;
		if (f->kind == FRAME_LIST)
			reader_report_place(r);
		wanted = shapes[f->row->kind].item;
	}
	if (found != wanted) {
		(void)reader_fail(
			r, reader_offset(r), "expected %s, found %s", expected_words[wanted], found_words[found]);
		return pass_refused(r, f);
	}
	*ret_row = f ? f->row : NULL;
	if (!f)
		*ret_place = r->top;
	else if (f->kind == FRAME_OBJECT)
		*ret_place = (char *)f->base + f->row->offset;
	else
		*ret_place = reader_add_item(r, f);
	return TAKE;
}
