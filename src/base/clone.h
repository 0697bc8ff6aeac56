/*
 * A child that costs no copy of our memory.
 *
 *	pid_t pid = clone_sharing(&args, run, &data);
 *
 * Like vfork(2), for a child that does not execute anything: the caller stands still until it has ended.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/sys.h"

/* Whether this machine's registers are known here. */
bool clone_sharing_works(void);

/* clone3(2) with CLONE_VM and CLONE_VFORK beside what is in args, whose stack is set here. The child calls run(data),
 * which must not return; whatever it leaves in memory the caller finds there, while descriptors, credentials,
 * namespaces and signals are its own. -1 and errno. */
pid_t clone_sharing(struct clone_args *args, void (*run)(void *), void *data);
