/*
 * Shared by the files of advise.h. Each check looks at one thing and says all that it finds.
 */
#pragma once

#include "advice/config.h"

struct advice {
	struct arena *arena;
	const struct oci_config *config;
	const struct oci_linux *linux; /* never NULL */
	const struct plan_options *options;
	const struct host *host;
	const struct error_sink *errors, *warnings;
	struct plan plan;
	bool has_root;       /* the configuration has .root.path, and a directory is there */
	bool has_program;    /* … and a process with arguments */
	int root;            /* the root filesystem (O_PATH), or -1 */
	const char **places; /* where each mount lands, once advice_hides() asked: NULL where that cannot be known */
};

/* Fills the error, and says it. hint may be NULL. */
void advice_say(const struct error_sink *to, const char *where, int errnum, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* advise-mounts.c: sources of binds, types of filesystems, destinations that hide each other. */
void advise_mounts(struct advice *a);

/* The path with one "/" after each name, and without those that say nothing: "/a//b/." is "a/b/". */
const char *advice_plain(struct arena *arena, const char *path);

/* Whether the kernel has a filesystem of that type now, without a module that it would load. If so, *ret_device tells
 * whether it lies on a block device; if not, *ret_nearest is the type that was probably meant, or NULL. */
bool advice_has_filesystem(struct advice *a, const char *type, bool *ret_device, const char **ret_nearest);

/* advise-trial.c: what only the kernel can tell is tried in namespaces like the container's, which are gone afterwards:
 * id mappings, filesystems and their options, kernel parameters. */
void advise_trial(struct advice *a);

/* Whether one of the first so many mounts may provide what is at a path of the container. */
bool advice_hides(struct advice *a, size_t mounts, const char *path);

/* 0 if a missing path can be made in the root filesystem, else the errno. */
int advice_try_make(struct advice *a, const char *path);

/* advise-program.c: the program and the working directory in the root filesystem. */
void advise_program(struct advice *a);
