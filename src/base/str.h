/*
 * Strings: small functions that every room needs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

static inline bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static inline bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* A whole unsigned decimal number within [0, max]: no sign, no space, no leading "0x". False otherwise. */
bool str_to_u64(const char *text, uint64_t max, uint64_t *ret_value);
/* The same with an optional "-", within [min, max]. */
bool str_to_i64(const char *text, int64_t min, int64_t max, int64_t *ret_value);

/* The same for the digits that a text begins with: returns what follows them, or NULL. */
const char *str_skip_number(const char *text, uint64_t max, uint64_t *ret_value);
/* The next range of a list of numbers within [0, max], as in "0-3,7" (cpuset(7) "Formats"): blanks may stand around
 * numbers, line ends included. Moves *text behind it. Returns 1, 0 at the end, or -1 if no list goes on there. */
int str_next_range(const char **text, uint64_t max, uint64_t *ret_first, uint64_t *ret_last);

/* Whether the text can name an entry of a directory: neither empty, ".", "..", nor with a "/". */
bool str_is_component(const char *text);

/* Bytes of the well-formed UTF-8 character that the text begins with (Unicode 3.9, table 3-7); 0 if there is none, as
 * at its end. */
size_t str_utf8_length(const char *text);
/* Whether the text begins with a control character: one below U+0020, which include line ends, or U+007F to U+009F. */
bool str_is_control(const char *text);
/* Makes a text safe for a terminal, in place: each byte of a control character becomes "?", and so does each byte
 * that an 8-bit terminal takes for one. */
void str_make_printable(char *text);
/* Prints as fprintf(3) does, fit for a terminal. The line end at the end of the format is the only one that is kept: a
 * text that was formatted begins no line of its own. Texts of images and configurations reach people this way, or
 * through the log. */
void str_print(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A word and the number that it stands for; a table ends with a NULL name. */
struct word {
	const char *name;
	int64_t value;
};

/* The row of that name, or NULL. */
const struct word *word_find(const struct word *words, const char *name);
/* The value of that name; that of the first row if name is NULL or in no row. */
int64_t word_value(const struct word *words, const char *name);
/* The name of that value, or NULL. */
const char *word_name(const struct word *words, int64_t value);
/* Writes "one of a, b, c" to buf, ended by "…" if it does not fit; returns buf. */
char *word_list(const struct word *words, char *buf, size_t size);
/* The name that an unknown name probably stands for, or NULL: base/nearest.h. */
const char *word_nearest(const struct word *words, const char *name);
