/*
 * Kernel parameters of the container's own namespaces: config-linux.md "Sysctl". Which ones are allowed is a rule of
 * oci/check.h.
 */
#pragma once

#include "base/error.h"
#include "oci/config.h"

/* Writes them. `proc` is the root of a procfs mount of our own (procfs_open). */
int sysctl_write(int proc, const oci_map *sysctl, struct error *err);

/* A detached procfs mount of the calling process's pid namespace that nobody else can see or cover: CVE-2019-16884,
 * CVE-2025-52881. Before the root changes: where a user namespace may mount none it is the caller's /proc, whose
 * covered parts cannot be opened. */
int procfs_open(struct error *err);

/* Opens a file below it: no link, no other mount, and seen to be on procfs. -1 and errno. */
int procfs_open_file(int proc, const char *path, int flags);
