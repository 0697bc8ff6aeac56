/*
 * The eight namespaces: which are created, which are joined, and in how many clones.
 *
 *	ns_plan(arena, config->linux, &ns, &err);   pure
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
	uint64_t created;       /* CLONE_NEW* of all namespaces that are new */
	uint64_t clone_flags;   /* … those of clone3 */
	uint64_t unshare_flags; /* … those that the child unshares, after its ids are mapped */
	bool new_user;
	bool second_clone;     /* the child clones once more: pid or time namespaces are entered by birth alone */
	uint64_t second_flags; /* … with these (CLONE_NEWPID or 0) */
	/* In the order of joining: the user namespace after those that the host's rights open. */
	LIST(struct ns_join) joins;
};

/* Words of the specification for the eight types; also for features. */
const char *ns_name(int type);

int ns_plan(struct arena *arena, const struct oci_linux *config, struct ns_plan *ret, struct error *err);
int ns_open(struct ns_plan *plan, struct error *err);
int ns_join(struct ns_plan *plan, struct error *err);
/* Those that the child makes. */
int ns_unshare(const struct ns_plan *plan, struct error *err);
/* -1, and the hint that belongs to the errors of a limit, if it is one. */
int ns_hint_limit(struct error *err);
bool ns_joins(const struct ns_plan *plan, int type);

/* A process that does nothing but be in a user namespace, for its maps to be written or read and its file to be
 * opened. */
struct ns_holder {
	pid_t pid;
	int end; /* of a socket: it lives until this is closed */
};

/* In the one that is open as userns, or in a new one where that is -1; it is there when this returns. -1 and errno. */
int ns_hold_user(int userns, struct ns_holder *ret);
void ns_release(struct ns_holder *holder);

/* Whether the namespace of that type (of those to which sysctl belongs) is joined that the caller is in. After
 * ns_open. */
bool ns_joins_own(const struct ns_plan *plan, int type);

/* The caller's timens_offsets, while it can still be opened: a user namespace's root is not its owner, and has no
 * procfs before it has a PID namespace. */
int ns_open_time_offsets(struct error *err);

/* Writes .linux.timeOffsets there, before the time namespace has a member. */
int ns_set_time_offsets(int fd, const struct oci_time_offsets *offsets, struct error *err);
