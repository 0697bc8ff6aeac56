/*
 * run --report: how a container ended, what it used, and how long each step of its start took, as one object of JSON.
 *
 *	struct report report = { .fd = -1 };
 *	report_open(&report, ctx, "FILE or number", &err);
 *	report_collect(&report, &container);             while its cgroup is there
 *	report_write(&report, id, NULL, &err);
 */
#pragma once

#include <sys/resource.h>

#include "cgroups/stats.h"
#include "container/container.h"
#include "run/timing.h"

struct context;

struct report {
	struct arena arena;
	int fd; /* -1 without --report */
	struct timings *timings;
	bool ended;          /* the container's process ran, and ended: */
	int status;          /* as a shell tells it */
	int signal;          /* or 0 */
	struct rusage usage; /* of the process and of children that it waited for */
	struct cgroup_stats stats;
};

#define REPORT(name) struct report name __attribute__((cleanup(report_close))) = { .fd = -1 }

/* `target` is a descriptor's number or a file, which is made or emptied, and which errors name by its absolute path.
 * The caller fills `timings`. */
int report_open(struct report *report, struct context *ctx, const char *target, struct error *err);
void report_close(struct report *report);
/* Reads the cgroup of a container whose process has ended. Numbers that the kernel lacks are left out. */
void report_collect(struct report *report, struct container *c);
/* `failure` is the error of a container that did not run, or NULL. */
int report_write(struct report *report, const char *id, const struct error *failure, struct error *err);
