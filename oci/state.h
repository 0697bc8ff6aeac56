/*
 * The state of a container: what `state` prints and hooks read (runtime.md "State"), what a seccomp
 * agent receives (config-linux.md "The Container Process State"), and our own record, state.json.
 *
 *	struct oci_state state = { .id = id, .status = "created", .pid = { true, pid }, ... };
 *	char *text = oci_state_json(&arena, &state, false, &len);
 *
 *	struct oci_record record;
 *	if (oci_record_read(&arena, dirfd, &record, &err) < 0) ...
 *
 * Strings are borrowed on the way out, and the arena's on the way in.
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"
#include "oci/schema.h"

/* The version of the specification that we implement, and that our output conforms to. */
#define OCI_VERSION "1.3.0"

/* How init ended, where the runtime saw it: run --keep. */
struct oci_exit {
	struct oci_int status; /* as the shell has it: 128 + signal */
	const char *signal;    /* "SIGKILL", or NULL */
};

/* What the kernel still knows of a stopped container: its cgroup stays until it is deleted. */
struct oci_used {
	struct oci_uint oom_kills, memory_peak;         /* bytes */
	struct oci_uint cpu_time, cpu_user, cpu_system; /* microseconds */
};

struct oci_state {
	const char *oci_version; /* NULL for OCI_VERSION */
	const char *id;
	struct oci_int pid; /* as the runtime sees it; 0 when stopped: printed whether set or not */
	const char *status; /* creating, created, running, stopped, or paused */
	const char *bundle; /* absolute */
	/* What engines expect beside the specification's: */
	const char *rootfs;  /* absolute */
	const char *created; /* RFC 3339 with nanoseconds */
	const char *owner;   /* user name */
	oci_map annotations;
	struct oci_exit exit;
	struct oci_used resources;
};

/* state.json in the state directory. It holds what later commands need, so that few of them parse
 * config.json. Status is not in it: that is observed. */
struct oci_record {
	const char *oci_version; /* NULL for OCI_VERSION */
	const char *id;
	const char *bundle, *rootfs; /* absolute */
	const char *created;
	struct oci_uint owner;                       /* uid of who created it */
	struct oci_int pid;                          /* of init */
	struct oci_uint pid_start;                   /* its start time, clock ticks since boot: base/proc.h */
	const char *cgroup_path;                     /* below the cgroup2 mount, or NULL for none */
	struct oci_uint cgroup_components;           /* how many of its last components we made */
	struct oci_bool systemd_cgroup;              /* made as a scope by systemd */
	const char *intel_rdt_group;                 /* resctrl directory that we made and must remove, or NULL */
	struct oci_bool creating;                    /* create is at work; until init is known, pid is 0 */
	struct oci_bool terminal;                    /* init has one */
	struct oci_bool has_poststart, has_poststop; /* config.json has such hooks */
	oci_map annotations;
	struct oci_exit exit;
};

extern const struct schema oci_state_schema;       /* struct oci_state */
extern const struct schema oci_state_short_schema; /* of it what crun lists */
extern const struct schema oci_record_schema;      /* struct oci_record */

#define OCI_RECORD_NAME "state.json"

/* The state as JSON: for `state` and `list` pretty, for hooks' standard input not. */
char *oci_state_json(struct arena *arena, const struct oci_state *state, bool pretty, size_t *ret_len);

/* The message for a seccomp agent, which goes with one descriptor, "seccompFd". pid is the
 * process's as the runtime sees it; metadata may be NULL. */
char *oci_process_state_json(
	struct arena *arena, const struct oci_state *state, int64_t pid, const char *metadata, size_t *ret_len);

/* Reads OCI_RECORD_NAME in dirfd. ENOENT if there is none, ENODATA if it is empty. */
int oci_record_read(struct arena *arena, int dirfd, struct oci_record *ret_record, struct error *err);
/* The same of the open file. */
int oci_record_read_fd(struct arena *arena, int fd, struct oci_record *ret_record, struct error *err);
/* Makes it; EEXIST if there is one. */
int oci_record_make(struct arena *arena, int dirfd, const struct oci_record *record, struct error *err);
/* Replaces it as a whole. The caller has a lock on the directory. */
int oci_record_write(struct arena *arena, int dirfd, const struct oci_record *record, struct error *err);
