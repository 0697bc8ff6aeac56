/*
 * The value of --interval.
 */
#pragma once

#include "base/str.h"

/* "5", "5s", "500ms", "2m", "1h" to milliseconds, at most a day; text NULL is `otherwise`. */
int interval_parse(const char *text, int otherwise, struct error *err);
