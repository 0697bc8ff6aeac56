/*
 * A child process that shares the caller's memory, so that nothing is copied.
 *
 *	pid_t pid = clone_sharing(&args, run, &data);
 *
 * Like vfork(2), for a child that executes no program: the caller is suspended until the child has ended.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/sys.h"

/* Whether this is implemented for the machine's architecture. */
bool clone_sharing_works(void);

/* Calls clone3(2) with CLONE_VM and CLONE_VFORK in addition to args->flags. The child calls run(data), which must not
 * return. The caller finds what the child has written to memory; descriptors, credentials, namespaces and signals are
 * the child's own. -1 and errno. */
pid_t clone_sharing(struct clone_args *args, void (*run)(void *), void *data);
