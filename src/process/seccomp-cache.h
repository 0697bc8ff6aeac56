/*
 * Compiled filters, kept from one container to the next. For process/seccomp.c alone.
 *
 *	seccomp_cache_key(arena, seccomp, &key);
 *	if (!seccomp_cache_load(arena, dirfd, &key, &program))
 *		seccomp_cache_store(dirfd, &key, &program);    once it is compiled
 *
 * A file holds its whole key, which is compared: two profiles with one file name cost time and nothing else. Any fault
 * of the directory or of a file is a miss.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "oci/config.h"
#include "process/seccomp.h"

struct seccomp_key {
	const char *data; /* JSON */
	size_t len;
};

void seccomp_cache_key(struct arena *arena, const struct oci_seccomp *seccomp, struct seccomp_key *ret_key);

/* Fills filter and len of the program. Five system calls. */
bool seccomp_cache_load(struct arena *arena, int dirfd, const struct seccomp_key *key, struct seccomp_program *program);

void seccomp_cache_store(int dirfd, const struct seccomp_key *key, const struct seccomp_program *program);
