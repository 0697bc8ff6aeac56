/*
 * The eight namespaces: which of them are created or joined, and by how many clones.
 *
 *	ns_plan(arena, config->linux, &ns);         pure
 *	ns_open(&ns, &err);                         parent: opens the paths, checks the types
 *	ns_join(&ns, &err);                         child
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct ns_join {
	const char *where; /* ".linux.namespaces[1]" */
	const char *path;
	int type; /* CLONE_NEW* */
	int fd;   /* from ns_open, or -1 */
};

struct ns_plan {
	uint64_t created;       /* CLONE_NEW* of all new namespaces */
	uint64_t clone_flags;   /* … of those that clone3 makes */
	uint64_t unshare_flags; /* … of those that the child unshares after its ids are mapped */
	bool new_user;
	bool second_clone;     /* the child clones again, since only a new process enters a pid or time namespace */
	uint64_t second_flags; /* … with these flags (CLONE_NEWPID or 0) */
	/* In the order of joining. The user namespace comes after those that need privilege on the host. */
	LIST(struct ns_join) joins;
};

/* The specification's word for the type; also for features. */
const char *ns_name(int type);

void ns_plan(struct arena *arena, const struct oci_linux *config, struct ns_plan *ret);
int ns_open(struct ns_plan *plan, struct error *err);
int ns_join(struct ns_plan *plan, struct error *err);
/* Makes the namespaces of unshare_flags. */
int ns_unshare(const struct ns_plan *plan, struct error *err);
/* Adds the hint to an error of clone3(2) or unshare(2) that means a limit. Returns -1. */
int ns_hint_limit(struct error *err);
bool ns_joins(const struct ns_plan *plan, int type);

/* An idle process in a user namespace, which serves to write or read its maps and to open the namespace's file. */
struct ns_holder {
	pid_t pid;
	int end;  /* end of a socket; the process exits when it is closed */
	int proc; /* its directory in procfs */
};

/* Starts it in the user namespace of the descriptor userns, or in a new one for -1. -1 and errno. */
int ns_hold_user(int userns, struct ns_holder *ret);
void ns_release(struct ns_holder *holder);

/* Whether the plan joins the caller's own namespace of that type, one to which sysctls belong. After ns_open. */
bool ns_joins_own(const struct ns_plan *plan, int type);

/* Opens the caller's timens_offsets. Later, as root of a user namespace, the process does not own that file. */
int ns_open_time_offsets(struct error *err);

/* Writes .linux.timeOffsets there, before the time namespace has a member. */
int ns_set_time_offsets(int fd, const struct oci_time_offsets *offsets, struct error *err);
