/*
 * Reads JSON straight into structs, by the tables of oci/schema.h. The only reader of the program.
 *
 *	ARENA(arena);
 *	struct oci_config *config;
 *	if (oci_config_read(&arena, dirfd, "config.json", NULL, &config, NULL, NULL, &err) < 0) ...
 *
 * Errors carry file, line and the property as jq(1) writes it. Unknown properties are skipped, as
 * the specification demands, and handed to `unknown` where the caller wants to know.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"
#include "oci/schema.h"

enum {
	JSON_MAX_SIZE = 16 * 1024 * 1024,
	JSON_MAX_DEPTH = 64,
};

/* Called for each unknown property; `nearest` is the known name that was probably meant (within two
 * edits, fewer in a short name), or NULL. */
typedef void (*json_unknown_fn)(void *data, int line, const char *where, const char *nearest);

struct json_source {
	const char *name;        /* for errors: "config.json" */
	json_unknown_fn unknown; /* may be NULL: then it goes to the debug log */
	void *data;
	bool regular; /* the file must be a regular one: oci_config_read() waits for no writer */
	/* May be NULL: then the first value that is refused ends the reading, and is the error. Else all of them go
	 * there, and the reading goes on: such a value is absent, a word that is nearly known is taken for it, an item
	 * keeps its place in the array, and a required string is empty. What is no JSON is an error all the same. */
	const struct error_sink *refused;
};

/* Parses len bytes of text, an object described by `schema`, into the struct at ret; what that points to
 * is the arena's. A property that is null is absent; one that is given twice is refused. 0 or -1. */
int json_read(struct arena *arena, const struct json_source *source, const struct schema *schema, const char *text,
	size_t len, void *ret, struct error *err);

/* Reads and parses a configuration file; no rule that spans properties is applied (oci/check.h does).
 * Without a source the path is the name for errors. text and len, if not NULL, receive the file itself,
 * so that it need not be read again for the copy in the state directory. */
int oci_config_read(struct arena *arena, int dirfd, const char *path, const struct json_source *source,
	struct oci_config **ret_config, char **ret_text, size_t *ret_len, struct error *err);
