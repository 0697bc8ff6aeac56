/*
 * The value of --interval.
 */
#pragma once

#include "base/str.h"

/* "5", "5s", "500ms", "1m30s", "1.5h" in milliseconds, at most a day. A NULL text is `otherwise`. */
int interval_parse(const char *text, int otherwise, struct error *err);
