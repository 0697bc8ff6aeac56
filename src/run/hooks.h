/*
 * Hooks: config.md "POSIX-platform Hooks", runtime.md "Lifecycle".
 *
 *	struct hooks_options options;
 *	hooks_open_output("/var/log/hooks", NULL, &options, &err);      before clone3
 *	if (hooks_run(&config->hooks->prestart, ".hooks.prestart", state, len, &options, &err) < 0) ...
 *
 * A hook gets its own environment and no other, the state on standard input, the caller's working directory,
 * default signals, and no descriptor beyond 0, 1 and 2. Serves the parent and the container's init alike, and
 * wants nothing of the machine but what the hook itself needs: no procfs, no allocation.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "oci/config.h"

/* Where the hooks' output goes, as descriptors: a path would mean another file to a hook that is run inside the
 * container. 0 or -1: the caller's own. */
struct hooks_options {
	int stdout_fd, stderr_fd;
	int interrupt; /* of an interrupt (interrupt.h), which ends the hook at hand; 0 or -1: none */
};

/* Opens the files of the annotations run.oci.hooks.stdout and run.oci.hooks.stderr for appending; each path may be
 * NULL. The descriptors are close-on-exec and the caller's. */
int hooks_open_output(
	const char *stdout_path, const char *stderr_path, struct hooks_options *ret_options, struct error *err);

/* Runs the hooks in order and returns at the first failure, which names the hook (".hooks.prestart[0]"), what became
 * of it, and the last line that it wrote to standard error. `where` is the list's own path, `state_json` the state
 * of runtime.md "State" with the status of the moment. options may be NULL. A hook over its timeout, or interrupted, is
 * killed with its process group. Standard input, output and error of the caller must be open. */
int hooks_run(const oci_hook_list *hooks, const char *where, const char *state_json, size_t len,
	const struct hooks_options *options, struct error *err);

/* Runs all of them whatever becomes of each, and logs failures as warnings: poststop hooks, runtime.md "Lifecycle"
 * step 13. Returns the number of failures. (A failed poststart hook stops the container: that is hooks_run.) */
int hooks_run_all(const oci_hook_list *hooks, const char *where, const char *state_json, size_t len,
	const struct hooks_options *options);
