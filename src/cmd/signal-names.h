/*
 * Signals by name or number.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* The names without SIG; ends with NULL. */
extern const struct word signal_words[];

/* "9", "0", "KILL", "SIGKILL", "sigkill", "RTMIN+3". Returns the number, or -1. */
int signal_parse(const char *text, struct error *err);

/* "SIGKILL", "SIGRTMIN+3". */
const char *signal_name(struct arena *arena, int sig);
