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

/* Gives uid the directory and those of its files that /sys/kernel/cgroup/delegate lists. The files of limits stay
 * with the caller. */
int cgroup_chown(int cgroup_fd, uid_t uid, struct error *err);

/* Makes a cgroup below the container's own and opens it; its name is one component. */
int cgroup_make_delegate(int cgroup_fd, const char *name, struct error *err);

/* Moves the only process of the parent into the delegate, and enables the parent's controllers for it. */
int cgroup_enter_delegate(int parent_fd, int delegate_fd, pid_t pid, struct error *err);
