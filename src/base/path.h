/*
 * Paths inside a root that an attacker may own, resolved by openat2(2) alone.
 *
 *	FD(target) = path_open(root, "/proc/sys", O_PATH, &err);
 *	FD(made) = path_make(root, "/srv/data", PATH_DIRECTORY, 0755, &err);
 *
 * Symlinks resolve inside the root (RESOLVE_IN_ROOT); magic links of procfs are refused. The kernel returns EAGAIN
 * when a rename races with ".."; the call is then repeated a bounded number of times.
 */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"

/* Opens the path with O_CLOEXEC and RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS in addition. -1 and errno. */
int path_try_open(int root, const char *path, int flags);
/* The same with RESOLVE_NO_MAGICLINKS and the given RESOLVE_ flags: openat2(2). */
int path_try_resolve(int root, const char *path, int flags, unsigned long long resolve);
/* The same with an error value. */
int path_open(int root, const char *path, int flags, struct error *err);

enum path_kind { PATH_DIRECTORY, PATH_FILE };

/* Opens (O_PATH) the directory or the non-directory at `path`, and makes missing components: parents with mode 0755,
 * the last one with `mode`. A symlink resolves inside the root; if it dangles, its target is made. A file instead of
 * a directory is an error, and the reverse. */
int path_make(int root, const char *path, enum path_kind kind, mode_t mode, struct error *err);
/* The same for a path that the caller has just found missing. */
int path_make_missing(int root, const char *path, enum path_kind kind, mode_t mode, struct error *err);

/* The part of `path` below the directory `dir`, "" for dir itself, or NULL if path is not there. Compares without
 * regard to symlinks: "/dev//./null" is below "/dev". NULL if path is NULL. Pure. */
const char *path_rest(const char *dir, const char *path);
