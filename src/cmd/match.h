/*
 * Commands on one container, or on all whose ids match an expression (--regex).
 */
#pragma once

#include "cmd/cmd.h"

/* Calls each() for ctx->operands[0], or with `regex` for every id that matches it as an extended regular expression.
 * Goes on after a failure; the last one is the error, and earlier ones are logged. Returns 0 or -1. */
int match_containers(struct context *ctx, bool regex,
	int (*each)(struct context *, const char *id, void *data, struct error *), void *data, struct error *err);

/* All ids below the state root, sorted; none if the root does not exist. */
int match_list(struct arena *arena, const char *state_root, char ***ret_ids, size_t *ret_len, struct error *err);
