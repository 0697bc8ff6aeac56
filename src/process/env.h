/*
 * The environment of a process.
 *
 *	len = env_keep_last(arena, environment, len);    { "A=1", "B=2", "A=3" } becomes { "B=2", "A=3" }
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"

/* Removes all but the last assignment to each variable, as a shell does, since getenv(3) finds the first one and other
 * programs find the last. Changes the array in place, fills its end with NULL, and returns the new length. */
size_t env_keep_last(struct arena *arena, const char **env, size_t len);
