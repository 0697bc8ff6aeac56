/*
 * Values that the command line gives instead of the configuration: errors then name the option, not the property.
 *
 *	typed_list typed = { NULL, 0 };
 *	typed_add(arena, &typed, ".process.env[2]", "--env FOO");
 *	return typed_blame(&typed, err);      ".process.env[2]: has no \"=\"" is now "--env FOO: has no \"=\""
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

struct typed {
	const char *where;  /* a property, which includes everything below it */
	const char *option; /* as it was typed; "" if the text of the error names it */
};

typedef LIST(struct typed) typed_list;

void typed_add(struct arena *arena, typed_list *list, const char *where, const char *option);

/* Replaces the property at fault by its option if the list has it; the last row that matches wins. list may be NULL.
 * Returns -1. */
int typed_blame(const typed_list *list, struct error *err);
