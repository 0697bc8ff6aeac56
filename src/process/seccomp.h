/*
 * System call filters: the parent compiles the profile to BPF or takes the program from the cache, and init loads it.
 *
 *	seccomp_compile(arena, linux->seccomp, cache_dir, &program, &err);   before clone3
 *	seccomp_install(&program, &listener, &err);                          init
 *
 * config-linux.md "Seccomp", seccomp(2). Without no_new_privs the load needs CAP_SYS_ADMIN, so it
 * then comes before the capabilities are dropped. (libseccomp has a seccomp_load of its own.)
 */
#pragma once

#include <stdbool.h>
#include <linux/filter.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct seccomp_program {
	struct sock_filter *filter; /* the arena's; NULL: no filter */
	unsigned short len;         /* instructions */
	unsigned flags;             /* SECCOMP_FILTER_FLAG_*, NEW_LISTENER among them if `notify` */
	bool notify;
};

/* Whether the profile sends a call to an agent. If not, listenerPath is ignored (config-linux.md). */
bool seccomp_notifies(const struct oci_seccomp *seccomp);

/* Compiles a profile that has passed oci/check.h. NULL gives an empty program. cache_dirfd is a directory for compiled
 * programs, or -1; if the cache fails, the profile is compiled. Where the default action denies, system calls newer
 * than the profile fail with ENOSYS, so that programs fall back as on an older kernel. */
int seccomp_compile(struct arena *arena, const struct oci_seccomp *seccomp, int cache_dirfd,
	struct seccomp_program *ret_program, struct error *err);

/* Loads the program for the calling thread. *ret_listener is the notification descriptor (close-on-exec), or -1. */
int seccomp_install(const struct seccomp_program *program, int *ret_listener, struct error *err);

/* The SECCOMP_FILTER_FLAG_* of this kernel, for `features`. */
unsigned seccomp_supported_flags(void);

/* Whether libseccomp knows a system call of that name on any architecture. If not, *ret_nearest is the call that was
 * probably meant, or NULL. */
bool seccomp_knows_call(struct arena *arena, const char *name, const char **ret_nearest);
