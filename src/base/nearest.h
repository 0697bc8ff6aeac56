/*
 * "Did you mean": finds the known name that resembles an unknown one.
 *
 *	struct nearest near = nearest_to("uesr");
 *	for (size_t i = 0; i < len; i++)
 *		(void)nearest_try(&near, known[i]);
 *	if (near.name)
 *		return error_hint(err, "did you mean \"%s\"?", near.name);
 */
#pragma once

#include <stdbool.h>

struct nearest {
	const char *typed;
	const char *name; /* the nearest known name so far, or NULL */
	int most;         /* the most edits that the next name may need; negative if none can be nearer */
};

/* An edit changes, adds or drops a letter, or swaps two neighbours. A name of six letters or more may need two edits,
 * one of three to five letters one, and a shorter one none, because an edit makes another name of it. A caller may
 * lower `most`. */
struct nearest nearest_to(const char *typed);

/* Compares one known name, ignoring case. Of two equally near names the first wins. Returns whether this is the
 * nearest so far. */
bool nearest_try(struct nearest *near, const char *known);

/* The same for a name that has another spelling, such as "KILL" for "SIGKILL". */
bool nearest_try_as(struct nearest *near, const char *spelling, const char *known);
