/*
 * What the fuzzers have in common.
 *
 *	struct folder folder;                       a temporary directory, removed when the fuzzer exits
 *	folder_make(&folder);
 *	folder_put(&folder, "memory.max", data, size);
 *	expect_line(&err);                          an error is one line that cannot control a terminal
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the fuzzer with a report unless it is true. */
void expect(bool truth);
void expect_line(const struct error *err);

struct folder {
	char path[32];
	int fd;
};

/* For one folder in each fuzzer. */
void folder_make(struct folder *folder);
/* Makes or replaces a file. The name may have one directory in it, which is made too. */
void folder_put(const struct folder *folder, const char *name, const void *data, size_t size);
