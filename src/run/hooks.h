/*
 * Hooks: config.md "POSIX-platform Hooks", runtime.md "Lifecycle".
 *
 *	struct hooks_options options;
 *	hooks_open_output("/var/log/hooks", NULL, &options, &err);      before clone3
 *	if (hooks_run(&config->hooks->prestart, ".hooks.prestart", state, len, &options, &err) < 0) ...
 *
 * A hook gets the environment of its own properties, the state on standard input, the caller's working directory,
 * default signals, and the descriptors 0, 1 and 2. The parent and the container's init run hooks in the same way,
 * without procfs and without allocating memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "oci/config.h"

struct seccomp_program;

struct hooks_options {
	/* for the hooks' output, since a path would name another file inside the container; 0 or -1: the caller's
	 * own */
	int stdout_fd, stderr_fd;
	int interrupt; /* descriptor of an interrupt (interrupt.h), which ends the running hook; 0 or -1: none */
	/* a hook without `env` has the caller's environment: not in the container's namespaces (CVE-2025-23266) */
	bool inherit;
	const struct seccomp_program *filter; /* loaded by each hook before its execve; or NULL */
};

/* Opens the files of the annotations run.oci.hooks.stdout and run.oci.hooks.stderr for appending. Each path may be
 * NULL. The caller owns the descriptors, which are close-on-exec. */
int hooks_open_output(
	const char *stdout_path, const char *stderr_path, struct hooks_options *ret_options, struct error *err);

/* Runs the hooks in order up to the first failure. The error names the hook (".hooks.prestart[0]"), how it ended, and
 * the last line that it wrote to standard error. `where` is the path of the list, `state_json` the state of runtime.md
 * "State". options may be NULL. A hook that exceeds its timeout or is interrupted is killed with its process group.
 * Standard input, output and error of the caller must be open. */
int hooks_run(const oci_hook_list *hooks, const char *where, const char *state_json, size_t len,
	const struct hooks_options *options, struct error *err);

/* Runs all hooks and logs failures as warnings: poststop hooks, runtime.md "Lifecycle" step 13. Returns the number of
 * failures. Poststart hooks are for hooks_run(), since their failure stops the container. */
int hooks_run_all(const oci_hook_list *hooks, const char *where, const char *state_json, size_t len,
	const struct hooks_options *options);
