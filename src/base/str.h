/*
 * Strings: small questions that are asked everywhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

/* Makes a text safe for a terminal, in place: each byte of a control character becomes "?". Those are the characters
 * below U+0020, which include line ends, and U+007F to U+009F, also as the single bytes of an 8-bit terminal. */
void str_make_printable(char *text);

/* A word and the number that it stands for; a table ends with a NULL name. */
struct word {
	const char *name;
	int64_t value;
};

/* The row of that name, or NULL. */
const struct word *word_find(const struct word *words, const char *name);
/* The value of that name; where name is NULL or in no row, that of the first row. */
int64_t word_value(const struct word *words, const char *name);
/* The name of that value, or NULL. */
const char *word_name(const struct word *words, int64_t value);
/* "one of a, b, c" into buf, cut with "…" where it is too long; returns buf. */
char *word_list(const struct word *words, char *buf, size_t size);
/* The name that an unknown one was meant for, or NULL: base/nearest.h. */
const char *word_nearest(const struct word *words, const char *name);
