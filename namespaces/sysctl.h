/*
 * Kernel parameters of the container's own namespaces: config-linux.md "Sysctl". oci/check.h has the rule which
 * parameters are allowed.
 */
#pragma once

#include "base/error.h"
#include "oci/config.h"

/* Writes them. `proc` is the root of the mount that procfs_open() made. */
int sysctl_write(int proc, const oci_map *sysctl, struct error *err);

/* Makes a detached procfs mount of the caller's pid namespace, which no other process can see or cover: CVE-2019-16884,
 * CVE-2025-52881. To be called before the root changes: where a user namespace may not mount procfs, the caller's /proc
 * is opened instead, and its covered parts cannot be opened through it. */
int procfs_open(struct error *err);

/* Opens a file below it, without following a link or crossing a mount, and checks that it is on procfs. -1 and
 * errno. */
int procfs_open_file(int proc, const char *path, int flags);
