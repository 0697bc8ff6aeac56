/*
 * tmpcopyup: what the image has at the destination is copied into the new tmpfs before it hides it.
 */
#pragma once

#include "base/error.h"

/* What the mount's own options say of its root. */
enum copyup_keep { COPYUP_KEEP_MODE = 1, COPYUP_KEEP_UID = 2, COPYUP_KEEP_GID = 4 };

/* Copies everything below the directory `from` (O_PATH will do) into the root of the mount `to`, with type, mode,
 * owner, times and extended attributes; the root's own mode and owner too, but for those in `keep`. Symbolic links are
 * copied, never followed; other filesystems mounted below are copied as they are seen. Both are descriptors. */
int copyup(int from, int to, unsigned keep, struct error *err);
