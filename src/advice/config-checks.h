/*
 * Shared by the files of advice/config.h. A check judges one thing and reports all that it finds.
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
	const char **places; /* where each mount lands, set by advice_hides(); NULL where that cannot be known */
};

/* Reports an error. hint may be NULL. */
void advice_say(const struct error_sink *to, const char *where, int errnum, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* config-mounts.c: sources of binds, types of filesystems, destinations that hide each other. */
void advise_mounts(struct advice *a);

/* The path with one "/" after each name, and without "." and empty names: "/a//b/." is "a/b/". */
const char *advice_plain(struct arena *arena, const char *path);

/* Whether the kernel has a filesystem of that type without loading a module. If so, *ret_device tells whether it lies
 * on a block device. If not, *ret_nearest is the type that was probably meant, or NULL. */
bool advice_has_filesystem(struct advice *a, const char *type, bool *ret_device, const char **ret_nearest);

/* config-trial.c: tries id mappings, filesystems and their options, and kernel parameters in namespaces like the
 * container's, which are gone afterwards. */
void advise_trial(struct advice *a);

/* Whether one of the first `mounts` mounts may provide the file at that path of the container. */
bool advice_hides(struct advice *a, size_t mounts, const char *path);

/* 0 if a missing path can be made in the root filesystem, else the errno. */
int advice_try_make(struct advice *a, const char *path);

/* config-program.c: the program and the working directory in the root filesystem. */
void advise_program(struct advice *a);
