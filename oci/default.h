/*
 * The configuration that `hull spec` writes and `hull sandbox` starts from.
 *
 *	struct oci_config *config = oci_default_config(&arena, &(struct oci_default){ .own_network = true });
 *	char *text = json_write(&arena, &oci_config_schema, config, true, &len);
 *
 * The caller may change it. Lists and objects are the arena's and may grow by list_add().
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "oci/config.h"

struct oci_default {
	bool rootless;    /* for an unprivileged user: a user namespace with these mappings, and no resources */
	bool own_network; /* a network namespace of its own, not the caller's */
	oci_id_mappings uids, gids;
};

struct oci_config *oci_default_config(struct arena *arena, const struct oci_default *how);
