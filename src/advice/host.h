/*
 * What `hull check --host` says: what this host lets its caller do, by trying it, and who stands in the way of the
 * rest.
 *
 *	doctor(arena, say, data);
 */
#pragma once

#include "base/arena.h"

enum verdict { VERDICT_OK, VERDICT_LIMITED, VERDICT_MISSING };

struct diagnosis {
	enum verdict verdict;
	const char *topic, *text;
	const char *remedy; /* or NULL */
};

typedef void (*doctor_fn)(void *data, const struct diagnosis *diagnosis);

/* Nothing is changed, nothing is left behind. */
void doctor(struct arena *arena, doctor_fn say, void *data);
