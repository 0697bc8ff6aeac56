/*
 * .linux.resources as writes to the files of a cgroup: one table, property -> file.
 *
 *	cgroup_writes writes;
 *	resources_plan(arena, resources, &writes, &err);      pure: converts every value
 *	resources_apply(cgroup_fd, &writes, &err);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct cgroup_write {
	const char *where;                    /* the property */
	const char *file, *value;             /* one line, without its newline */
	const char *other_file, *other_value; /* written instead if the kernel has no `file`; or NULL */
	bool optional;                        /* without effect if the kernel has no `file` */
	bool compare;                         /* is not written: `value` must be above the number in `file` */
};
typedef LIST(struct cgroup_write) cgroup_writes;

int resources_plan(
	struct arena *arena, const struct oci_resources *resources, cgroup_writes *ret_writes, struct error *err);
int resources_apply(int cgroup_fd, const cgroup_writes *writes, struct error *err);

/* For an update: fills in what is not given and belongs to what is given, from what is in force. Of quota and period
 * that is the other one, and for the limit of swap that of memory, which it counts. */
void resources_complete(struct oci_resources *resources, int cgroup_fd);
/* The limit of memory in force. UINT64_MAX if there is none, or if it cannot be read. */
uint64_t resources_memory_limit(int cgroup_fd);
/* Of so many bytes of memory.current those that the kernel cannot reclaim at once: no page cache, no cache of inodes.
 * */
uint64_t resources_memory_needed(int cgroup_fd, uint64_t used);
