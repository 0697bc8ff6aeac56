/*
 * Handing a cgroup to the container: config-linux.md "Cgroup ownership".
 *
 *	cgroup_chown(cgroup, uid, &err);                       the directory, and the files that the kernel names for it
 *	FD(below) = cgroup_make_delegate(cgroup, "payload", &err);
 *	cgroup_enter_delegate(cgroup, below, pid, &err);
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"

/* Gives the directory and those files of /sys/kernel/cgroup/delegate that are in it to uid. The limits stay the
 * caller's. */
int cgroup_chown(int cgroup_fd, uid_t uid, struct error *err);

/* A cgroup below the container's own, whose name is one component. Opens it. */
int cgroup_make_delegate(int cgroup_fd, const char *name, struct error *err);

/* Moves a process that is alone in the parent down into the delegate, and enables there what controllers the parent
 * has. */
int cgroup_enter_delegate(int parent_fd, int delegate_fd, pid_t pid, struct error *err);
