/*
 * tmpcopyup: copies the files that the image has at the destination into the new tmpfs, which then hides them.
 */
#pragma once

#include "base/error.h"

/* Which attributes of the root the options of the mount have set. */
enum copyup_keep { COPYUP_KEEP_MODE = 1, COPYUP_KEEP_UID = 2, COPYUP_KEEP_GID = 4 };

/* Copies everything below the directory `from` (O_PATH will do) into the root of the mount `to`, with type, mode,
 * owner, times and extended attributes. The root gets the mode and owner of `from`, except those in `keep`. Symbolic
 * links are copied and never followed. Filesystems mounted below are copied too. Both are descriptors. */
int copyup(int from, int to, unsigned keep, struct error *err);
