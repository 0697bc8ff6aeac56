/*
 * The state of a reading, for the files of oci/json-read.h alone: where it is in the text and in the structs.
 *
 * yajl hands over one token at a time. A stack of frames says where in the structs the next value belongs. A value of
 * an unknown property is passed over by counting its brackets.
 */
#pragma once

#include <yajl/yajl_parse.h>

#include "oci/json-read.h"

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
	const struct json_source *source; /* may be NULL */
	const struct schema *schema;
	void *top;
	struct error *err;
	yajl_handle yajl;
	const char *text;
	size_t len;
	size_t lone; /* where the next surrogate without its other half is, or len */
	bool ended;  /* all text was handed over */
	int line;    /* of line_start, for counting on from there */
	size_t line_start;
	unsigned depth; /* of brackets open */
	unsigned skip;  /* of those, the ones in a value that is passed over */
	unsigned frame_count;
	struct frame frames[JSON_MAX_DEPTH];
};

enum token { TOKEN_STRING, TOKEN_NUMBER, TOKEN_BOOL, TOKEN_ARRAY, TOKEN_OBJECT, TOKEN_NULL };

/* What a callback tells yajl, which goes on unless it is 0. */
enum verdict { STOP, GO_ON, TAKE };

/* The offset of the token in the text, and its line. */
size_t reader_offset(const struct reader *r);
int reader_line(struct reader *r, size_t offset);
/* The path to the value that is being read, and to `key` in it unless NULL. */
void reader_path(const struct reader *r, const char *key, size_t len, char *buf, size_t size);
/* Tells the source of the place that the reading has reached. */
void reader_report_place(struct reader *r);
/* The base name of the file. */
const char *reader_file(const struct reader *r);

/* Fills the error. Unless all that is refused is wanted, the reading ends with it: STOP, else GO_ON. */
__attribute__((format(printf, 3, 4))) enum verdict reader_fail(struct reader *r, size_t offset, const char *fmt, ...);
enum verdict reader_refuse(struct reader *r);
#define refuse(r, ...) (reader_fail(r, reader_offset(r), __VA_ARGS__), reader_refuse(r))

/* Finds `lone` from that offset on. */
void reader_find_lone(struct reader *r, size_t offset);
/* What no string may hold and this one does, or NULL. */
const char *reader_judge_string(struct reader *r, const unsigned char *bytes, size_t len);

/* The innermost frame, or NULL. */
struct frame *reader_top(struct reader *r);
struct frame *reader_push(struct reader *r, enum frame_kind kind, const struct property *row, void *base);
/* Adds an item to the list or map of the frame; returns where its value goes. */
void *reader_add_item(struct reader *r, struct frame *f);
/* An object whose required strings were refused has empty ones: the rules and the plan count on them. */
void reader_fill_strings(const struct schema *schema, void *base);

/* Decides about the value that begins: TAKE it to *ret_place as *ret_row says, GO_ON without it, or STOP. The text's
 * first value has no row. */
enum verdict reader_place(struct reader *r, enum token found, const struct property **ret_row, void **ret_place);
