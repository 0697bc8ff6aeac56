/*
 * The options of `update` as .linux.resources.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/typed.h"
#include "oci/config.h"

struct options;

/* Puts what the options say over what is there, and notes their properties in `typed`. Errors name the option. */
int update_options_read(struct arena *arena, const struct options *options,
	struct oci_resources *resources, typed_list *typed, struct error *err);

/* "4096", "512k", "1.5g", "2GiB": units of 1024; or -1. False for anything else, and for what does not fit. */
bool size_parse(const char *text, int64_t *ret_bytes);
