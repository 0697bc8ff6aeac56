/*
 * What a cgroup tells of itself: every statistic and limit in one struct, each with a flag that says whether the
 * kernel had it.
 *
 *	struct cgroup_stats stats;
 *	cgroup_stats_read(&arena, cgroup_fd, &stats, &err);
 *	if (stats.memory.peak.set) ...
 *
 * A file that is not there, for want of its controller or of a newer kernel, leaves its members unset; that is no
 * error. A limit that is "max" is CGROUP_NO_LIMIT. Lists and strings are the arena's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

#define CGROUP_NO_LIMIT UINT64_MAX

/* Documentation/accounting/psi.rst: per cent of the time, and microseconds in all. */
struct cgroup_stall {
	bool set;
	double avg10, avg60, avg300;
	uint64_t total;
};

struct cgroup_pressure {
	struct cgroup_stall some, full;
};

struct cgroup_stat_entry {
	const char *key;
	uint64_t value;
};

struct cgroup_io_device {
	uint64_t major, minor;
	struct oci_uint rbytes, wbytes, dbytes, rios, wios, dios;
};

struct cgroup_hugetlb {
	const char *page_size; /* "2MB" */
	struct oci_uint current, limit, failures;
};

struct cgroup_rdma {
	const char *device;
	struct oci_uint handles, objects; /* in use */
};

struct cgroup_stats {
	struct {
		/* microseconds */
		struct oci_uint usage, user, system, periods, throttled_periods, throttled;
		const char *cpus, *mems; /* effective lists of the cpuset, or NULL */
		struct cgroup_pressure pressure;
	} cpu;
	struct {
		/* bytes; the counts are events of the cgroup and all below it */
		struct oci_uint current, peak, limit;
		struct oci_uint swap, swap_peak, swap_limit;
		struct oci_uint with_swap, with_swap_limit; /* sums of the above */
		struct oci_uint cache, kernel;
		struct oci_uint max_events, oom, oom_kill, swap_failures;
		LIST(struct cgroup_stat_entry) raw; /* all of memory.stat */
		struct cgroup_pressure pressure;
	} memory;
	struct {
		struct oci_uint current, peak, limit, max_events;
	} pids;
	struct {
		bool counted; /* there is an io.stat, be it empty */
		LIST(struct cgroup_io_device) devices;
		struct cgroup_pressure pressure;
	} io;
	LIST(struct cgroup_hugetlb) hugetlb;
	LIST(struct cgroup_rdma) rdma;
	struct oci_uint populated;
	struct oci_uint none; /* never set */
};

enum {
	STAT_USEC = 1,    /* microseconds: JSON has nanoseconds, OpenMetrics seconds */
	STAT_ALWAYS = 2,  /* JSON has 0 where the kernel has no such number */
	STAT_COUNTER = 4, /* it only grows */
};

/* Where the kernel has a number, and how programs are told it. */
struct cgroup_number {
	const char *file, *key; /* without a key a file of one number; without a file told once more, or made */
	size_t member;          /* a struct oci_uint of struct cgroup_stats */
	unsigned flags;
	const char *json;          /* "cpu.usage.total", or NULL */
	const char *metric, *help; /* or NULL; its unit is its last word: "seconds", "bytes", or none */
};

/* Of one device, from io.stat. */
struct cgroup_io_number {
	const char *key;
	size_t member;         /* a struct oci_uint of struct cgroup_io_device */
	const char *json, *op; /* array of .blkio, and what its items call the operation */
	const char *metric, *help;
};

struct cgroup_pressure_file {
	const char *name, *file;
	size_t member; /* a struct cgroup_pressure of struct cgroup_stats */
};

enum { CGROUP_PRESSURES = 3 };
/* The rows of one object of JSON, and the families of OpenMetrics, are printed in this order. */
extern const struct cgroup_number cgroup_numbers[];
extern const size_t cgroup_number_count;
extern const struct cgroup_io_number cgroup_io_numbers[];
extern const size_t cgroup_io_number_count;
extern const struct cgroup_pressure_file cgroup_pressures[CGROUP_PRESSURES];

static inline struct oci_uint cgroup_number_of(const struct cgroup_stats *stats, const struct cgroup_number *row)
{
	return *(const struct oci_uint *)((const char *)stats + row->member);
}

static inline struct oci_uint cgroup_io_number_of(
	const struct cgroup_io_device *device, const struct cgroup_io_number *row)
{
	return *(const struct oci_uint *)((const char *)device + row->member);
}

static inline const struct cgroup_pressure *cgroup_pressure_of(
	const struct cgroup_stats *stats, const struct cgroup_pressure_file *row)
{
	return (const struct cgroup_pressure *)((const char *)stats + row->member);
}

/* Only a cgroup that is gone (ENODEV, ENOENT) is an error, or one that may not be read. */
int cgroup_stats_read(struct arena *arena, int cgroup_fd, struct cgroup_stats *ret_stats, struct error *err);

/* Read and write operations of all devices together. */
void cgroup_stats_io(const struct cgroup_stats *stats, uint64_t *ret_read, uint64_t *ret_written);
