/*
 * The instructions before libseccomp's filter. For seccomp.c alone.
 *
 *	seccomp_stub_make(arena, seccomp, archs, count, &stub);
 *
 * They do what libseccomp does not: ENOSYS for system calls newer than the profile, and calls whose arguments several
 * entries compare, since libseccomp 2.5 merges their rules wrongly.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "oci/config.h"

struct seccomp_stub {
	struct sock_filter *code; /* the arena's; goes on behind its end */
	size_t len;               /* above BPF_MAXINSNS the stub is too long and the code incomplete */
};

/* archs: SCMP_ARCH_* of the filter. Where several entries match a call, the most restrictive action wins, which is the
 * kernel's rule for several filters (seccomp(2)). */
void seccomp_stub_make(struct arena *arena, const struct oci_seccomp *seccomp, const uint32_t *archs, size_t count,
	struct seccomp_stub *ret_stub);

/* An action with its errno: SCMP_ACT_*, the same as the kernel's SECCOMP_RET_*. */
uint32_t seccomp_action(const struct oci_int *action, const struct oci_uint *errno_ret);

/* Whether an entry compares one argument more than once. libseccomp cannot join such comparisons by "and". */
bool seccomp_repeats_argument(const struct oci_seccomp_syscall *entry);
