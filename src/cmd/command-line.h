/*
 * A command line that was given as one text.
 *
 *	oci_strings args = { NULL, 0 };
 *	command_line_split(&arena, "sh -c 'echo a b'", &args, &err);     sh, -c, "echo a b"
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* Appends the words of the text, as a shell separates and quotes them ('…', "…" and \); nothing is expanded, and every
 * other character stands for itself. A quote or a backslash that nothing follows is an error; the list may then hold
 * some words. */
int command_line_split(struct arena *arena, const char *text, oci_strings *list, struct error *err);
