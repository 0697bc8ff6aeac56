/*
 * What errors about a JSON text are made of: the property as jq(1) writes it, values that are safe to
 * print, and one line for each complaint of the parser.
 *
 *	struct json_path path = { .size = sizeof(where), .buf = where };
 *	json_path_key(&path, "annotations", 11);
 *	json_path_key(&path, "a.b", 3);            .annotations["a.b"]
 *	json_path_index(&path, 0);                 .annotations["a.b"][0]
 *
 * What does not fit is left out and marked by "…"; a character is never cut in two.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct json_path {
	char *buf; /* always a string once something was added */
	size_t size, len;
	bool full;
};

void json_path_key(struct json_path *path, const char *key, size_t len);
void json_path_index(struct json_path *path, size_t index);

/* Writes a value into buf as it can be shown on a terminal: control characters become "?", a
 * long one is cut. Returns buf. */
char *json_show(char *buf, size_t size, const char *text, size_t len);

/* What is wrong with the text, from what yajl said about it; *ret_hint is "" where we know no
 * remedy. */
const char *json_complaint(const char *said, const char **ret_hint);
