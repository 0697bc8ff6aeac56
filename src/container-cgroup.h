/*
 * The cgroup of a container that exists.
 *
 *	struct cgroup_host host;
 *	FD(cgroup) = container_open_cgroup(&c, &host, &err);
 */
#pragma once

#include "cgroups/cgroup.h"
#include "container.h"

/* Fails where the container has none of its own: --cgroup-manager disabled. *ret_host may be NULL. */
int container_open_cgroup(struct container *c, struct cgroup_host *ret_host, struct error *err);
