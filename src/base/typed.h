/*
 * What the command line says in place of the configuration: an error names the option as it was typed, no property.
 *
 *	typed_list typed = { NULL, 0 };
 *	typed_add(arena, &typed, ".process.env[2]", "--env FOO");
 *	return typed_blame(&typed, err);      ".process.env[2]: has no \"=\"" is now "--env FOO: has no \"=\""
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

struct typed {
	const char *where;  /* a property, which stands for all below it too */
	const char *option; /* "" where the error's text says it already */
};

typedef LIST(struct typed) typed_list;

void typed_add(struct arena *arena, typed_list *list, const char *where, const char *option);

/* Renames the property at fault if it is one of the list's, the last one added that fits; list may be NULL. Returns
 * -1. */
int typed_blame(const typed_list *list, struct error *err);
