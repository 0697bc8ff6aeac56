/*
 * Masked and read-only paths: config-linux.md "Masked Paths", "Readonly Paths".
 *
 *	FD(null) = paths_open_null(&err);          parent: the host's /dev/null, verified
 *	paths_mask(root, &paths, null, &batch, &err);      child
 *	paths_make_readonly(root, &paths, &batch, &err);
 *
 * A path that is absent is passed over; every other failure is an error, for a mask that is skipped in silence is
 * a hole (systemd#40833).
 */
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "oci/config.h"

/* A detached clone of /dev/null, seen to be char 1:3. Never the container's: CVE-2025-31133. */
int paths_open_null(struct error *err);

/* Hides files behind `null` and directories behind one empty read-only tmpfs. */
int paths_mask(int root, const oci_strings *paths, int null, struct fd_batch *batch, struct error *err);

int paths_make_readonly(int root, const oci_strings *paths, struct fd_batch *batch, struct error *err);
