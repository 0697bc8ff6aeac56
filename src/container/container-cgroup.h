/*
 * The cgroup of a container that exists.
 *
 *	struct cgroup_host host;
 *	FD(cgroup) = container_open_cgroup(&c, &host, &err);
 */
#pragma once

#include "cgroups/cgroup.h"
#include "container/container.h"

/* The one that its init is in by now, which may be below: where processes are in it already. Fails for one that is
 * outside. */
int container_open_init_cgroup(struct container *c, struct error *err);

/* All processes of the container: of its cgroup; where it has none, of its pid namespace, or init alone where that is
 * not its own. */
int container_pids(struct container *c, struct arena *arena, pid_t **ret_pids, size_t *ret_len, struct error *err);

/* Sends a signal to all of them. A container that has ended is an error only where it has no cgroup to look for the
 * rest in. */
int container_signal_all(struct container *c, int sig, struct error *err);

/* Fails where the container has none of its own: --cgroup-manager disabled. *ret_host may be NULL. */
int container_open_cgroup(struct container *c, struct cgroup_host *ret_host, struct error *err);
