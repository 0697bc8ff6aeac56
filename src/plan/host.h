/*
 * Facts about this machine that a plan depends on. Filled once; a test invents its own.
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
	bool in_user_namespace; /* not the first one: no device can be made there */
	bool foreign_mounts;    /* the mount namespace is not our user namespace's: nothing of it can be cloned */
	unsigned last_cap;
	uint64_t own_caps; /* that this process holds */
	struct cgroup_host cgroup;
	/* Where users other than root may make cgroups, or "" if nowhere; filled by host_probe_delegated. */
	const char *delegated;
	struct lsm_host lsm; /* filled by host_probe_lsm, when a label is asked for */
	struct rdt_host rdt; /* filled by host_probe_rdt, when intelRdt is asked for */
};

/* Who owns the host's cgroups and is served by the system's systemd. */
static inline bool host_is_root(const struct host *host)
{
	return host->euid == 0 && !host->in_user_namespace;
}

/* What every start needs. Refuses a kernel older than 5.14 with one sentence. */
int host_probe(struct host *ret_host, struct error *err);
/* The part of it that judges uname(2)'s release. Pure. */
int host_check_release(const char *release, struct error *err);
/* The rest, by need: each costs system calls. */
void host_probe_delegated(struct host *host, struct arena *arena);
void host_probe_lsm(struct host *host);
void host_probe_rdt(struct host *host);
