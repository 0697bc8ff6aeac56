/*
 * The configuration that `hull spec` writes and `hull sandbox` starts from.
 *
 *	struct oci_config *config = oci_default_config(&arena);
 *	char *text = json_write(&arena, &oci_config_schema, config, true, &len);
 *
 * It is the caller's to change: lists and objects are the arena's and may grow by list_add().
 */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "oci/config.h"

struct oci_config *oci_default_config(struct arena *arena);

/* The same for a user without privilege, whose ids become root's: with a user namespace, and without
 * a network namespace, resources, a sysfs and a group for terminals of its own. */
struct oci_config *oci_default_config_rootless(struct arena *arena, uid_t uid, gid_t gid);
