/*
 * The program of the container: finds it as execvp(3) does, and explains why it cannot be executed.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

#define EXECUTABLE_PATH "/usr/local/bin:/usr/bin:/bin" /* the search path where PATH is not set */

enum { EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 }; /* as the shell's */

/* Finds the program `name` in the current root. A name with a slash is the path itself; other names are looked up in
 * search_path (NULL: EXECUTABLE_PATH), the rest of which after the match is *ret_rest, or NULL. Errors have the exit
 * status 127 or 126. Magic links of procfs are not followed (CVE-2024-21626). */
int executable_find(struct arena *arena, const char *name, const char *search_path, const char **ret_path,
	const char **ret_rest, struct error *err);

/* Returns 0 if path is a file in root (AT_FDCWD: the current root) that some user may execute, else an errno. */
int executable_try(int root, const char *path);
/* Fills err as executable_find() does for a name that was not found because of errnum. Returns -1. */
int executable_not_found(const char *name, int errnum, struct error *err);

/* Judges a program in a root filesystem that is not entered yet: whether its interpreter or loader is there. hidden()
 * says that a path cannot be judged, since a mount will cover it. Returns 0 if nothing is known to be missing, else -1
 * with the error of executable_explain(). */
int executable_judge(int root, const char *path, const char *name, bool (*hidden)(void *data, const char *path),
	void *data, struct error *err);

/* Explains why execve(2) of path failed with errnum: the file, its interpreter or its loader is missing, the "#!" line
 * ends in a carriage return, the program is for another machine, or the user or the mount may not execute it. Returns
 * -1. */
int executable_explain(const char *path, const char *name, int errnum, struct error *err);
