/*
 * The id maps of a new user namespace: user_namespaces(7), config-linux.md "User namespace mappings".
 *
 *	idmap_fill(arena, linux);                             the caller's default where there is none
 *	why = idmap_of_caller(arena, linux);                  the same, to be written into a configuration
 *	idmap_write(arena, pid, proc, linux, caps, &err);     by the kernel's rules, or by newuidmap(1)
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* Fills in the mappings of a user namespace. A new one without mappings gets those that the caller may use: 0 is the
 * caller, followed by the ids of /etc/subuid and /etc/subgid where newuidmap(1) may grant them; for root each id is
 * itself. The mappings of a joined one replace those of the configuration. Returns whether the configuration has
 * changed, which is logged. */
bool idmap_fill(struct arena *arena, struct oci_linux *config);

/* Maps 0 to the caller, and the ids from 1 on to its subordinate ids if a user namespace can be made with them here.
 * Returns why only 0 is mapped, or NULL; the text is the arena's. */
const char *idmap_of_caller(struct arena *arena, struct oci_linux *config);

/* Whether the caller needs newuidmap(1) and newgidmap(1) to map ids: unless it is root with CAP_SETUID and
 * CAP_SETGID. */
bool idmap_needs_tools(void);
/* Why newuidmap(1) and newgidmap(1) cannot help an unprivileged caller, as a hint; NULL if they can. */
const char *idmap_tools_lack(void);

/* Writes both maps of process pid, whose directory on procfs is `proc`. Without CAP_SETUID or CAP_SETGID in `caps`
 * only the caller's own id is mapped directly, with setgroups(2) denied inside; newuidmap(1) and newgidmap(1) map
 * more. */
int idmap_write(
	struct arena *arena, pid_t pid, int proc, const struct oci_linux *config, uint64_t caps, struct error *err);
