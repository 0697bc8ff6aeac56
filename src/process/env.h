/*
 * A process's environment.
 *
 *	len = env_keep_last(arena, environment, len);    { "A=1", "B=2", "A=3" } becomes { "B=2", "A=3" }
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"

/* Of several assignments to one variable the last one counts, as in a shell; where getenv(3) finds the first one,
 * others find the last. Changes the array in place, fills what becomes free with NULL, and returns the new length. */
size_t env_keep_last(struct arena *arena, const char **env, size_t len);
