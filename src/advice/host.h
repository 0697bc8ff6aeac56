/*
 * Tells for `hull check --host` what the host permits its caller, by trying it, and what prevents the rest.
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

/* Changes nothing, and leaves nothing behind. */
void doctor(struct arena *arena, doctor_fn say, void *data);
