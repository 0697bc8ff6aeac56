/*
 * The findings of `hull check`, and their output.
 *
 *	findings_begin(&f, arena, "config.json");
 *	f.errors.say(f.errors.data, &err);
 *	findings_sort(&f), findings_print(&f, &err);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/* The stage that found it. Later stages do not report again what an earlier one has refused. */
enum stage { STAGE_READ, STAGE_RULES, STAGE_HOST };

struct finding {
	const struct error *error;
	bool warning;
	enum stage stage;
	size_t order;
};

struct findings {
	struct arena *arena;
	const char *file; /* base name of the configuration */
	char *text;       /* its content, or NULL */
	size_t len;
	enum stage stage;
	LIST(struct finding) list;
	size_t counts[2]; /* errors, warnings */
	struct error_sink errors, warnings;
};

/* The sinks point at the struct, which must not be moved. */
void findings_begin(struct findings *findings, struct arena *arena, const char *file);

/* For struct json_source. */
void findings_say_unknown(void *data, int line, const char *where, const char *nearest);

/* Finds the line of each, and sorts them by line. */
void findings_sort(struct findings *findings);

int findings_print(const struct findings *findings, struct error *err);
int findings_print_json(const struct findings *findings, struct error *err);
