/*
 * We ourselves, kept from the container's hands; above all our executable: CVE-2019-5736.
 *
 *	self_protect(argv, &err);     first thing of a command that starts a process in a container
 *
 * A process of the container can reach the file that init was executed from through /proc/PID/exe, and write to it
 * once nobody executes it any more. So we execute ourselves once more, from a mount that is read-only and belongs to
 * nobody: a detached clone, whose descriptor the kernel closes at the exec. Observed on Linux 6.18: a write, a chmod
 * and a remount through it all fail (EROFS, EROFS, EINVAL). Where a clone cannot be made, a sealed copy in memory
 * serves. src/entry.c does the plain case before the C library starts, and this sees that it was done.
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

/* Nobody may look into us, or into init, which is our copy, while we hold the host's descriptors: not dumpable from
 * here on. */
int self_hide(struct error *err);

/* Returns 0 in the protected instance, at once where our image is of that kind already; does not return in the other
 * one unless it fails. */
int self_protect(char **argv, struct error *err);
