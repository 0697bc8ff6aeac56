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

/* Gives a new user namespace that has no mappings those that the caller may use: 0 is the caller, what follows are the
 * ids of /etc/subuid and /etc/subgid where newuidmap(1) may grant them; for root all ids are themselves. One that is
 * joined has its own, which take the place of what is given beside its path. Returns whether the configuration has
 * changed, and says so in the log. */
bool idmap_fill(struct arena *arena, struct oci_linux *config);

/* Maps 0 to the caller and the ids from 1 to its subordinate ids, if a user namespace can be made with them here;
 * otherwise 0 alone. Returns why there are no others, or NULL; the text is the arena's. */
const char *idmap_of_caller(struct arena *arena, struct oci_linux *config);

/* What newuidmap(1) and newgidmap(1) need to grant anything to who has no privilege, and have not: the remedy; or
 * NULL. */
const char *idmap_tools_lack(void);

/* Writes both maps of process pid, whose directory on procfs is `proc`. Who has no CAP_SETUID or no CAP_SETGID among
 * `caps` may map the own id alone, without setgroups(2) inside; for more newuidmap(1) and newgidmap(1) are called. */
int idmap_write(
	struct arena *arena, pid_t pid, int proc, const struct oci_linux *config, uint64_t caps, struct error *err);
