/*
 * Users and groups from the image's /etc/passwd and /etc/group.
 *
 *	const char *home = account_home(arena, root, 1000);
 *	struct oci_user who = { .uid = 0 };
 *	if (account_find(arena, root, "www-data:adm", &who, &err) < 0) ...
 *
 * The files may be hostile: they are opened inside root, must be regular, and are read up to 64 MiB. More is an
 * error, since groups that deny access must not be lost. A number is never
 * a name (CVE-2016-3697).
 */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

enum { ACCOUNTS_LIMIT = 64 << 20 }; /* bytes of a file */

/* The home directory of the uid, or "/" if the file has no line for it. */
const char *account_home(struct arena *arena, int root, uid_t uid);

/* The name of the uid, or NULL. */
const char *account_name(struct arena *arena, int root, uid_t uid);

/* Applies "USER[:GROUP]" to `user`, each a number (decimal, at most 4294967294) or a name. A number sets only that id.
 * A user's name also sets the group and supplementary groups of that user; GROUP overrides the group. */
int account_find(struct arena *arena, int root, const char *text, struct oci_user *user, struct error *err);

/* Reads such a file from an open descriptor, for files of other formats too. A line with a NUL byte becomes a
 * comment, so that it hides no other line. `path` is for the error. */
int account_text(struct arena *arena, int fd, const char *path, char **ret_text, struct error *err);
