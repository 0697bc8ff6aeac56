#include "oci/json-lines.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oci/json-read.h"

struct finder {
	struct json_line *known; /* sorted by path */
	size_t count;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct json_line *)a)->path, ((const struct json_line *)b)->path);
}

static struct json_line *find(const struct finder *f, const char *path)
{
	const struct json_line key = { .path = path };
	return bsearch(&key, f->known, f->count, sizeof(key), compare);
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

static void note(void *data, int line, const char *where)
{
	struct json_line *known = find(data, where);
	if (known && !known->line)
		known->line = line;
}

static void pass_unknown(void *data, int line, const char *where, const char *nearest)
{
	(void)data, (void)line, (void)where, (void)nearest;
}

static void pass_refused(void *data, const struct error *error)
{
	(void)data, (void)error;
}

void json_find_lines(struct arena *arena, const char *text, size_t len, struct json_line *lines, size_t count)
{
	struct finder f = { .count = 0 };
	const struct error_sink refused = { pass_refused, NULL };
	const struct json_source source = { .unknown = pass_unknown, .place = note, .data = &f, .refused = &refused };
	struct oci_config config;
	add_paths(arena, &f, lines, count);
	(void)json_read(arena, &source, &oci_config_schema, text, len, &config, NULL); /* as far as it can be read */
	for (size_t i = 0; i < count; i++) {
		const struct json_line *known = NULL;
		for (const char *path = lines[i].path; *lines[i].path == '.' && !(known && known->line);) {
			known = find(&f, path);
			if (!*path)
				break;
			path = arena_strndup(arena, path, last_component(path));
		}
		lines[i].line = known ? known->line : 0;
	}
}
