/*
 * The lines of properties in a configuration, for errors that are found after it was read.
 *
 *	struct json_line lines[] = { { ".mounts[3].source", 0 }, ... };
 *	json_find_lines(arena, text, len, lines, 2);
 *
 * It reads the text again: call it only if there are errors.
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"

struct json_line {
	const char *path; /* as jq(1) writes it: oci/json-error.h */
	/* Of the property, or if that is missing, of the nearest object or array around it; 0 if the path names none */
	int line;
};

void json_find_lines(struct arena *arena, const char *text, size_t len, struct json_line *lines, size_t count);
