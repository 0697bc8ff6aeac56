/*
 * The program of the container: found as execvp(3) would, and why it cannot be executed.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

#define EXECUTABLE_PATH "/usr/local/bin:/usr/bin:/bin" /* where a program is looked for without PATH */

enum { EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 }; /* as the shell's */

/* The path of `name` in the current root: itself where it has a slash, else the first match in search_path (NULL: the
 * usual default); *ret_rest is what of search_path comes after it, or NULL. Errors carry the exit status 127 or 126.
 * Magic links of procfs are no programs (CVE-2024-21626). */
int executable_find(struct arena *arena, const char *name, const char *search_path, const char **ret_path,
	const char **ret_rest, struct error *err);

/* 0 if path is a file in root (AT_FDCWD: in the current one) that somebody may execute, else errno. */
int executable_try(int root, const char *path);
/* What executable_find() says about a name where the last path failed with errnum. Always -1. */
int executable_not_found(const char *name, int errnum, struct error *err);

/* For a root filesystem that is not entered yet: whether the interpreter or the loader of the program at path is in it.
 * hidden() tells that a path cannot be judged, since something will be mounted there. 0 if nothing is known to be
 * missing, else -1 and the words of executable_explain(). */
int executable_judge(int root, const char *path, const char *name, bool (*hidden)(void *data, const char *path),
	void *data, struct error *err);

/* Says why execve(2) of path failed with errnum: the file, its interpreter, its loader, or a carriage return at the end
 * of the "#!" line is missing, it is for another machine, or this user or the mount does not let it be executed. Always
 * -1. */
int executable_explain(const char *path, const char *name, int errnum, struct error *err);
