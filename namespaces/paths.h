/*
 * Masked and read-only paths: config-linux.md "Masked Paths", "Readonly Paths".
 *
 *	FD(null) = paths_open_null(&err);          parent
 *	paths_mask(&anchors, &paths, null, &label, &batch, &err);      child
 *	paths_make_readonly(&anchors, &paths, &batch, &err);
 *
 * A path that is missing in the mount or image to which it belongs is skipped. Every other failure is an error, since
 * a mask that is silently left out is a hole (systemd#40833).
 */
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "namespaces/anchor.h"
#include "namespaces/mount-options.h"
#include "oci/config.h"

/* Clones the host's /dev/null, which must be char 1:3, as a detached mount. The container's could be anything:
 * CVE-2025-31133. */
int paths_open_null(struct error *err);

/* Covers files with `null`, and directories with one empty read-only tmpfs, which has the SELinux label unless its
 * value is NULL. */
int paths_mask(const struct anchors *anchors, const oci_strings *paths, int null, const struct mount_param *label,
	struct fd_batch *batch, struct error *err);

int paths_make_readonly(
	const struct anchors *anchors, const oci_strings *paths, struct fd_batch *batch, struct error *err);
