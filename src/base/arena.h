/*
 * Memory that is freed at once: a configuration or a plan lives in one arena.
 *
 *	ARENA(arena);
 *	char *name = arena_printf(&arena, "hull-%s", id);
 *
 * Allocation never fails: out of memory aborts. Memory comes zeroed and aligned for any object.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
};

#define ARENA(name) struct arena name __attribute__((cleanup(arena_free))) = { NULL }

void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
void arena_free(struct arena *arena);

#define arena_new(arena, type) ((type *)arena_alloc(arena, sizeof(type)))

/* An array that grows; its items move when it does. All lists have the same layout, so that the reader of schemas can
 * fill any of them: LIST(struct mount) mounts; */
#define LIST(type)           \
	struct {             \
		type *items; \
		size_t len;  \
	}

struct raw_list {
	void *items;
	size_t len;
};

/* Appends one zeroed item of `size` bytes and returns it. The list must have been grown by this alone. */
void *list_add_raw(struct arena *arena, struct raw_list *list, size_t size);
#define list_add(arena, list) \
	((__typeof__((list)->items))list_add_raw(arena, (struct raw_list *)(list), sizeof(*(list)->items)))
/* The first test is for an empty list, whose items may be NULL: C does not allow even NULL + 0. */
#define LIST_EACH(list, item) \
	for (__typeof__(*(list)->items) *item = (list)->items; item && item < (list)->items + (list)->len; item++)
