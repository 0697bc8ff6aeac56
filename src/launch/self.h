/*
 * hull itself, protected from the container; above all its executable: CVE-2019-5736.
 *
 *	self_protect(argv, &err);     first thing in a command that starts a process in a container
 *
 * A process of the container can reach the file that init was executed from through /proc/PID/exe, and write to it
 * once no process executes it any more. So we execute ourselves once more, from a read-only mount that is attached
 * nowhere: a detached clone, whose descriptor the kernel closes at the exec. Observed on Linux 6.18: a write, a chmod
 * and a remount through it all fail (EROFS, EROFS, EINVAL). If such a clone cannot be made, a sealed copy in memory
 * serves. entry.c does the plain case before the C library starts; self_protect() checks that it was done.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"

/* Marks the descriptors from 3 + preserved on as close-on-exec, since the caller leaked them. Of the preserved ones,
 * the first `listeners` must be open (EBADF); others may be absent. */
int self_close_leaked(unsigned preserved, unsigned listeners, struct error *err);
/* Closes all descriptors from 3 on except `keep`, at most eight, and the preserved ones that were open. A number to be
 * preserved that was free may hold a descriptor of hull's own, which is close-on-exec. */
int self_close_all_but(unsigned preserved, const int *keep, size_t count, struct error *err);

/* Makes us, and init, which is a copy of us, undumpable: no process may look into us while we hold descriptors of the
 * host. */
int self_hide(struct error *err);

/* Returns 0 in the protected instance. In an unprotected one it returns only on failure. */
int self_protect(char **argv, struct error *err);
