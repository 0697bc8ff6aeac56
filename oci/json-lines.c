#include "oci/json-lines.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "oci/json-error.h"
#include "oci/json-read.h"

enum { PATH_SIZE = sizeof(((struct error *)0)->where) }; /* longer paths are cut as in an error */

struct level {
	size_t len; /* of the path to the object or array itself */
	bool full, array;
	size_t index; /* of its next item */
};

struct finder {
	yajl_handle yajl;
	const char *text;
	size_t counted; /* bytes whose newlines are in `line` */
	int line;
	struct json_line *known; /* sorted by path */
	size_t count;
	char path[PATH_SIZE];
	struct json_path at;
	unsigned depth;
	struct level levels[JSON_MAX_DEPTH];
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct json_line *)a)->path, ((const struct json_line *)b)->path);
}

/* Where the last component begins: ".a[0]" is ".a" and "[0]". */
static size_t last_component(const char *path)
{
	size_t start = 0;
	bool quoted = false;
	for (size_t i = 0; path[i]; i++) {
		if (quoted && path[i] == '\\' && path[i + 1])
			i++;
		else if (path[i] == '"')
			quoted = !quoted;
		else if (!quoted && (path[i] == '.' || (path[i] == '[' && i > 0 && path[i - 1] != '.')))
			start = i;
	}
	return start;
}

/* Records the line of the property or item that begins here, with the path `at`. */
static void note(struct finder *f)
{
	struct json_line key = { .path = f->at.len ? f->path : "" };
	struct json_line *known = bsearch(&key, f->known, f->count, sizeof(key), compare);
	size_t end = yajl_get_bytes_consumed(f->yajl);
	for (; f->counted < end; f->counted++)
		f->line += f->text[f->counted] == '\n';
	if (known && !known->line)
		known->line = f->line;
}

/* Cuts the path back to the innermost open object or array. */
static struct level *rewind_path(struct finder *f)
{
	struct level *level = f->depth ? &f->levels[f->depth - 1] : NULL;
	f->at = (struct json_path){
		.buf = f->path, .size = sizeof(f->path), .len = level ? level->len : 0, .full = level && level->full
	};
	f->path[f->at.len] = '\0';
	return level;
}

/* Records an item of an array. A property was recorded by its name. */
static void begin_value(struct finder *f)
{
	struct level *level = f->depth ? &f->levels[f->depth - 1] : NULL;
	if (level && !level->array)
		return;
	if (rewind_path(f))
		json_path_index(&f->at, level->index++);
	note(f);
}

static int on_scalar(void *ctx)
{
	begin_value(ctx);
	return 1;
}

static int on_boolean(void *ctx, int value)
{
	(void)value;
	return on_scalar(ctx);
}

static int on_number(void *ctx, const char *text, size_t len)
{
	(void)text, (void)len;
	return on_scalar(ctx);
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
	(void)text, (void)len;
	return on_scalar(ctx);
}

static int open_level(struct finder *f, bool array)
{
	begin_value(f);
	if (f->depth == JSON_MAX_DEPTH)
		return 0;
	f->levels[f->depth++] = (struct level){ .len = f->at.len, .full = f->at.full, .array = array };
	return 1;
}

static int on_start_map(void *ctx)
{
	return open_level(ctx, false);
}

static int on_start_array(void *ctx)
{
	return open_level(ctx, true);
}

static int on_map_key(void *ctx, const unsigned char *key, size_t len)
{
	struct finder *f = ctx;
	(void)rewind_path(f);
	json_path_key(&f->at, (const char *)key, len);
	note(f);
	return 1;
}

static int on_end(void *ctx)
{
	struct finder *f = ctx;
	f->depth--;
	return 1;
}

/* The table holds each path, and the paths of the objects and arrays around it. */
static void add_paths(struct arena *arena, struct finder *f, const struct json_line *lines, size_t count)
{
	LIST(struct json_line) all = { NULL, 0 };
	list_add(arena, &all)->path = "";
	for (size_t i = 0; i < count; i++) {
		char *path = arena_strdup(arena, lines[i].path);
		for (; *path; path = arena_strndup(arena, path, last_component(path)))
			list_add(arena, &all)->path = path;
	}
	qsort(all.items, all.len, sizeof(*all.items), compare);
	for (size_t i = 0; i < all.len; i++)
		if (i == 0 || compare(&all.items[i], &f->known[f->count - 1]) != 0)
			f->known = all.items, f->known[f->count++] = all.items[i];
}

void json_find_lines(struct arena *arena, const char *text, size_t len, struct json_line *lines, size_t count)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_scalar,
		.yajl_boolean = on_boolean,
		.yajl_number = on_number,
		.yajl_string = on_string,
		.yajl_start_map = on_start_map,
		.yajl_map_key = on_map_key,
		.yajl_end_map = on_end,
		.yajl_start_array = on_start_array,
		.yajl_end_array = on_end,
	};
	struct finder f = { .text = text, .line = 1 };
	f.yajl = yajl_alloc(&callbacks, NULL, &f);
	if (!f.yajl)
		abort();
	add_paths(arena, &f, lines, count);
	(void)yajl_parse(f.yajl, (const unsigned char *)text, len); /* as far as it can be read */
	yajl_free(f.yajl);
	for (size_t i = 0; i < count; i++) {
		struct json_line key = { .path = lines[i].path }, *known = NULL;
		while (*lines[i].path == '.' && !(known && known->line)) {
			known = bsearch(&key, f.known, f.count, sizeof(key), compare);
			if (!*key.path)
				break;
			key.path = arena_strndup(arena, key.path, last_component(key.path));
		}
		lines[i].line = known ? known->line : 0;
	}
}
