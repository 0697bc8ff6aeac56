/*
 * Facts about this machine that a plan depends on. They are probed once; a test makes up its own.
 *
 *	struct host host;
 *	host_probe(&host, &err);
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "cgroups/cgroup.h"
#include "cgroups/resctrl.h"
#include "process/lsm.h"

struct host {
	uid_t euid;
	bool in_user_namespace; /* not the first one, so devices cannot be made */
	bool foreign_mounts;    /* another user namespace owns the mount namespace, so mounts cannot be cloned */
	unsigned last_cap;
	uint64_t own_caps; /* permitted set of this process */
	struct cgroup_host cgroup;
	/* The cgroup in which a user other than root may make cgroups, or ""; filled by host_probe_delegated. */
	const char *delegated;
	struct lsm_host lsm; /* filled by host_probe_lsm, when a label is asked for */
	struct rdt_host rdt; /* filled by host_probe_rdt, when intelRdt is asked for */
};

/* Whether the caller owns the host's cgroups and talks to the system instance of systemd. */
static inline bool host_is_root(const struct host *host)
{
	return host->euid == 0 && !host->in_user_namespace;
}

/* Probes the facts that every start needs. A kernel older than 5.14 is an error. */
int host_probe(struct host *ret_host, struct error *err);
/* Checks the release that uname(2) returns. Pure. */
int host_check_release(const char *release, struct error *err);
/* The other facts are probed where they are needed, since each costs system calls. */
void host_probe_delegated(struct host *host, struct arena *arena);
void host_probe_lsm(struct host *host);
void host_probe_rdt(struct host *host);
