/*
 * How the program of a bundle is run. Today there is one way, execve(2); another one is a row in payload.c and a file
 * of its own.
 *
 *	init.payload = payload_find(config, root);      parent, before clone3
 *	init.payload->execute(&init, &err);             the last step of init
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "oci/config.h"

struct init;

struct payload {
	const char *name;
	/* Whether it runs the program of this configuration. `root` is a descriptor of the root filesystem, or -1 if
	 * only init can open it. */
	bool (*claims)(const struct oci_config *config, int root);
	/* Runs in the child, after all isolation. Returns only on failure: -1. */
	int (*execute)(struct init *init, struct error *err);
};

/* The first row that claims the configuration. The last row, execve, claims every one. */
const struct payload *payload_find(const struct oci_config *config, int root);
