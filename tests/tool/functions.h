/* Between arithmetic.c and functions.c. */
#pragma once

#include "value.h"

const struct value *join_strings(struct arena *arena, const struct value *a, const struct value *b);
/* Splitting a text that has characters by the empty string gives NULL. */
const struct value *split_string(struct arena *arena, const struct value *text, const struct value *by);
