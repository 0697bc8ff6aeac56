/*
 * Parts of errors about a JSON text: the property as jq(1) writes it, values that are safe to print, and one line for
 * each message of the parser.
 *
 *	struct json_path path = { .size = sizeof(where), .buf = where };
 *	json_path_key(&path, "annotations", 11);
 *	json_path_key(&path, "a.b", 3);            .annotations["a.b"]
 *	json_path_index(&path, 0);                 .annotations["a.b"][0]
 *
 * A path or value that does not fit is cut between characters and ends with "…".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct json_path {
	char *buf; /* a string once anything was added */
	size_t size, len;
	bool full;
};

void json_path_key(struct json_path *path, const char *key, size_t len);
void json_path_index(struct json_path *path, size_t index);

/* Copies a value into buf, fit for a terminal: control characters become "?". Returns buf. */
char *json_show(char *buf, size_t size, const char *text, size_t len);

/* Our message for one of yajl's. *ret_hint is "" where no remedy is known. */
const char *json_complaint(const char *said, const char **ret_hint);
