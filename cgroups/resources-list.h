/* The properties of .linux.resources that are lists; a part of resources.c. */
#pragma once

#include "cgroups/resources.h"

struct planner {
	struct arena *arena;
	const struct oci_resources *resources;
	const char *where; /* the property that is being planned */
	cgroup_writes writes;
};

/* Adds a write for planner->where. The returned row is valid until the next one is added. */
struct cgroup_write *plan_write(struct planner *planner, const char *file, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The weight of the BFQ scheduler, or io.weight with its other scale; `device` is "" or "MAJOR:MINOR ". */
int plan_io_weight(struct planner *planner, const char *device, uint64_t weight, struct error *err);

int plan_lists(struct planner *planner, struct error *err);
