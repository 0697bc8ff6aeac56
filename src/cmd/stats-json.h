/*
 * The statistics of a container as JSON, in the shape of runc's events, which engines parse.
 */
#pragma once

#include "cgroups/stats.h"
#include "container/traffic.h"
#include "oci/json-write.h"

/* One object: cpu, cpuset, memory, pids, blkio, hugetlb, rdma, intel_rdt, network_interfaces. Times are nanoseconds,
 * as runc has them. */
void stats_write(struct json_writer *json, const struct cgroup_stats *stats, const struct traffic *traffic);
void stats_write_pressure(struct json_writer *json, const char *key, const struct cgroup_pressure *pressure);
