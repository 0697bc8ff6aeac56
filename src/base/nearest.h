/*
 * "Did you mean": the known name that an unknown one was meant for.
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
	int most;         /* edits that the next one may need at most; negative: none can be nearer */
};

/* An edit changes, adds or drops a letter or swaps two neighbours. A typed name of six letters and more may need two,
 * one of three to five may need one, a shorter one none, since an edit makes another name of it. A caller may lower
 * `most`. */
struct nearest nearest_to(const char *typed);

/* Compares one known name; a difference of case is no edit. The first of two equally near names wins. Returns whether
 * this is the nearest so far. */
bool nearest_try(struct nearest *near, const char *known);

/* The same for a name that people also write in another way: "KILL" for "SIGKILL". */
bool nearest_try_as(struct nearest *near, const char *spelling, const char *known);
