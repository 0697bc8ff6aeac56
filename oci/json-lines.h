/*
 * The lines of a JSON text on which properties stand, for what is found wrong about them once it has been read.
 *
 *	struct json_line lines[] = { { ".mounts[3].source", 0 }, ... };
 *	json_find_lines(arena, text, len, lines, 2);
 *
 * It reads the text again, so it is for when there is something to say.
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"

struct json_line {
	const char *path; /* as jq(1) writes it: oci/json-error.h */
	/* Of the property, or if it is missing, of the nearest object or array around it; 0 if the path names none. */
	int line;
};

void json_find_lines(struct arena *arena, const char *text, size_t len, struct json_line *lines, size_t count);
