/*
 * Reads JSON straight into structs, by the tables of oci/schema.h. The only reader of the program.
 *
 *	ARENA(arena);
 *	struct oci_config *config;
 *	if (oci_config_read(&arena, dirfd, "config.json", NULL, &config, NULL, NULL, &err) < 0) ...
 *
 * Errors carry file, line and the property as jq(1) writes it. Unknown properties are skipped, as the specification
 * demands, and reported to `unknown`.
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

/* Called for each unknown property. `nearest` is the known name that was probably meant (within two edits, fewer in a
 * short name), or NULL. */
typedef void (*json_unknown_fn)(void *data, int line, const char *where, const char *nearest);

struct json_source {
	const char *name;        /* for errors: "config.json" */
	json_unknown_fn unknown; /* NULL: unknown properties go to the debug log */
	/* called for the root ("") and each known property, key of a map and item of an array; may be NULL */
	void (*place)(void *data, int line, const char *where);
	void *data;   /* for both */
	bool regular; /* oci_config_read() refuses a pipe, whose writer may never come */
	/* NULL: the first refused value ends the reading, and is the error. Otherwise every refusal is reported here
	 * and the reading goes on: the value is absent, a nearly known word is replaced by the known one, an item of an
	 * array keeps its index, and a required string is empty. A syntax error ends the reading all the same. */
	const struct error_sink *refused;
};

/* Parses len bytes of text, an object described by `schema`, into the struct at ret, which points into the arena. A
 * null property is absent. A property that is given twice is refused. 0 or -1. */
int json_read(struct arena *arena, const struct json_source *source, const struct schema *schema, const char *text,
	size_t len, void *ret, struct error *err);

/* Reads and parses a configuration file. oci/check.h applies the rules that span properties. Without a source, errors
 * name the file by its path. ret_text and ret_len, if not NULL, receive the text, for the copy in the state
 * directory. */
int oci_config_read(struct arena *arena, int dirfd, const char *path, const struct json_source *source,
	struct oci_config **ret_config, char **ret_text, size_t *ret_len, struct error *err);
