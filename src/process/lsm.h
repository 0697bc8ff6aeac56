/*
 * Linux security modules: the label that the container's process gets at execve(2).
 *
 *	lsm_probe(&host);
 *	lsm_plan_make(apparmor_profile, selinux_label, mount_label, &host, &plan, &err);
 *	lsm_set_exec(&plan, procfd, &err);       init, before its execve
 *
 * config.md "Linux Process". Only the kernel's files are used, and no library.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct lsm_host {
	bool apparmor, selinux; /* enabled, not only compiled in */
};

struct lsm_plan {
	const char *apparmor; /* profile to change to, or NULL; borrowed from the configuration */
	const char *selinux;  /* label, or NULL; likewise */
};

/* Reads /sys/kernel/security/lsm, or the modules' own directories where securityfs is not mounted. */
void lsm_probe(struct lsm_host *ret_host);

/* Pure. A text that is NULL or empty asks for no label. A label for a module that is not enabled is an error, except
 * the AppArmor profile "unconfined". */
int lsm_plan_make(const char *apparmor, const char *selinux_label, const char *mount_label, const struct lsm_host *host,
	struct lsm_plan *ret_plan, struct error *err);

/* Sets the labels for the next execve(2) of the calling thread. procfd is the root of a procfs on which no other
 * process can mount. */
int lsm_set_exec(const struct lsm_plan *plan, int procfd, struct error *err);

/* The keys that the calling thread makes until its next execve have the SELinux label too: else a confined process
 * cannot use its own session keyring. */
int lsm_set_keys(const struct lsm_plan *plan, int procfd, struct error *err);
