/*
 * --format and --interval, for the commands that have them.
 */
#pragma once

#include "base/str.h"

/* The value of the word, that of the first row where text is NULL. -1 and an error that lists them. */
int format_parse(const char *text, const struct word *formats, struct error *err);

/* "5", "5s", "500ms", "2m", "1h" to milliseconds, at most a day; text NULL is `otherwise`. */
int interval_parse(const char *text, int otherwise, struct error *err);
