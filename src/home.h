/*
 * The home directory of a uid by the image's own /etc/passwd.
 */
#pragma once

#include <sys/types.h>

#include "base/arena.h"

/* "/" where the file does not know the uid. The uid is compared as a number, never as a name (CVE-2016-3697); the file may be hostile: it is
 * opened inside root, must be regular, and is read up to 1 MiB. */
const char *home_of(struct arena *arena, int root, uid_t uid);
