/*
 * Linux security modules: the label that the container's process gets at execve.
 *
 *	lsm_probe(&host);
 *	lsm_plan_make(apparmor_profile, selinux_label, mount_label, &host, &plan, &err);
 *	lsm_set_exec(&plan, procfd, &err);       init; the label takes effect at its execve
 *
 * config.md "Linux Process". Everything goes through the kernel's own files; no library is needed.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct lsm_host {
	bool apparmor, selinux; /* on, not just compiled in */
};

struct lsm_plan {
	const char *apparmor; /* profile to change to, or NULL; borrowed from the configuration */
	const char *selinux;  /* label, or NULL; likewise */
};

/* Asks /sys/kernel/security/lsm, and the modules' own directories where securityfs is not mounted. */
void lsm_probe(struct lsm_host *ret_host);

/* Pure. Each text may be NULL or empty: none. A label for a module that is off is an error,
 * except the AppArmor profile "unconfined". */
int lsm_plan_make(const char *apparmor, const char *selinux_label, const char *mount_label, const struct lsm_host *host,
	struct lsm_plan *ret_plan, struct error *err);

/* Asks for the labels at the next execve of the calling thread. procfd is the root of a procfs
 * that nobody else can mount upon. */
int lsm_set_exec(const struct lsm_plan *plan, int procfd, struct error *err);
