/*
 * Splits a command line that is given as one text.
 *
 *	oci_strings args = { NULL, 0 };
 *	command_line_split(&arena, "sh -c 'echo a b'", &args, &err);     sh, -c, "echo a b"
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* Appends the words of the text, separated and quoted as in a shell ('…', "…" and \). Nothing is expanded, and every
 * other character stands for itself. An open quote or a backslash at the end is an error; the list may then hold some
 * words. */
int command_line_split(struct arena *arena, const char *text, oci_strings *list, struct error *err);
