/*
 * Paths inside a root that an attacker owns, resolved by openat2(2) and nothing else.
 *
 *	FD(target) = path_open(root, "/proc/sys", O_PATH, &err);
 *	FD(made) = path_make(root, "/srv/data", PATH_DIRECTORY, 0755, &err);
 *
 * Symlinks resolve inside the root (RESOLVE_IN_ROOT); magic links of procfs are refused. EAGAIN, which
 * the kernel gives when a rename races with "..", is retried a bounded number of times.
 */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"

/* -1 and errno, for callers that decide by it; adds O_CLOEXEC and RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS. */
int path_try_open(int root, const char *path, int flags);
/* As above, and further RESOLVE_ flags (openat2(2)). */
int path_try_resolve(int root, const char *path, int flags, unsigned long long resolve);
/* The same with an error value. */
int path_open(int root, const char *path, int flags, struct error *err);

enum path_kind { PATH_DIRECTORY, PATH_FILE };

/* Opens (O_PATH) the directory or the non-directory at `path`; what is missing is made: parents with mode
 * 0755, the last component with `mode`. A symlink met on the way resolves inside the root; a dangling one
 * is not followed for creation. A file where a directory is wanted (or the reverse) is an error. */
int path_make(int root, const char *path, enum path_kind kind, mode_t mode, struct error *err);
/* The same for a path that was just seen to be missing: saves looking again. */
int path_make_missing(int root, const char *path, enum path_kind kind, mode_t mode, struct error *err);

/* The part of `path` below the directory `dir`, "" for dir itself, or NULL if path is not there. Compares without
 * regard to symlinks: "/dev//./null" is below "/dev". Pure. */
const char *path_rest(const char *dir, const char *path);
