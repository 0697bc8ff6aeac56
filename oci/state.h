/*
 * The state of a container: what `state` prints and hooks read (runtime.md "State"), what a seccomp agent receives
 * (config-linux.md "The Container Process State"), and the runtime's own record, state.json.
 *
 *	struct oci_state state = { .id = id, .status = "created", .pid = { true, pid }, ... };
 *	char *text = oci_state_json(&arena, &state, false, &len);
 *
 *	struct oci_record record;
 *	if (oci_record_read(&arena, dirfd, &record, &err) < 0) ...
 *
 * Writers borrow strings. Those of a record that was read are the arena's.
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"
#include "oci/schema.h"

/* The version of the specification that the runtime and its output conform to. */
#define OCI_VERSION "1.3.0"

/* How init ended, if the runtime saw it: run --keep. */
struct oci_exit {
	struct oci_int status; /* as in a shell: 128 + signal */
	const char *signal;    /* "SIGKILL", or NULL */
};

/* What a stopped container used. Its cgroup stays until the container is deleted. */
struct oci_used {
	struct oci_uint oom_kills, memory_peak;         /* bytes */
	struct oci_uint cpu_time, cpu_user, cpu_system; /* microseconds */
};

struct oci_state {
	const char *oci_version; /* NULL for OCI_VERSION */
	const char *id;
	struct oci_int pid; /* as the runtime sees it; 0 when stopped; always printed */
	const char *status; /* creating, created, running, stopped, or paused */
	const char *bundle; /* absolute */
	/* Engines expect these in addition: */
	const char *rootfs;  /* absolute */
	const char *created; /* RFC 3339 with nanoseconds */
	const char *scope;   /* unit of systemd, or NULL */
	const char *owner;   /* user name */
	oci_map annotations;
	struct oci_exit exit;
	struct oci_used resources;
};

/* state.json in the state directory. It holds what most commands need, so that few of them parse config.json. The
 * status is not in it: it is observed. */
struct oci_record {
	const char *oci_version; /* NULL for OCI_VERSION */
	const char *id;
	const char *bundle, *rootfs; /* absolute */
	const char *created;
	struct oci_uint owner;                       /* uid of the creator */
	struct oci_int pid;                          /* of init */
	struct oci_uint pid_start;                   /* its start time, clock ticks since boot: base/proc.h */
	const char *cgroup_path;                     /* below the cgroup2 mount, or NULL for none */
	struct oci_uint cgroup_components;           /* how many of its last components create made */
	struct oci_bool systemd_cgroup;              /* made as a scope by systemd */
	const char *intel_rdt_group;                 /* resctrl directory that create made, or NULL */
	struct oci_bool creating;                    /* create is at work; until init is known, pid is 0 */
	struct oci_bool terminal;                    /* init has one */
	struct oci_bool no_process;                  /* config.json has none: it cannot be started */
	struct oci_bool has_poststart, has_poststop; /* config.json has such hooks */
	oci_map annotations;
	struct oci_exit exit;
};

extern const struct schema oci_state_schema;       /* struct oci_state */
extern const struct schema oci_state_short_schema; /* the properties that crun lists */
extern const struct schema oci_record_schema;      /* struct oci_record */

#define OCI_RECORD_NAME "state.json"

/* The state as JSON: pretty for `state` and `list`, one line for the standard input of hooks. */
char *oci_state_json(struct arena *arena, const struct oci_state *state, bool pretty, size_t *ret_len);

/* The message for a seccomp agent, sent with one descriptor, "seccompFd". pid is that of the process as the runtime
 * sees it. metadata may be NULL. */
char *oci_process_state_json(
	struct arena *arena, const struct oci_state *state, int64_t pid, const char *metadata, size_t *ret_len);

/* Reads OCI_RECORD_NAME in dirfd. ENOENT if there is none, ENODATA if it is empty. */
int oci_record_read(struct arena *arena, int dirfd, struct oci_record *ret_record, struct error *err);
/* The same for the open file. */
int oci_record_read_fd(struct arena *arena, int fd, struct oci_record *ret_record, struct error *err);
/* Makes it; EEXIST if there is one. */
int oci_record_make(struct arena *arena, int dirfd, const struct oci_record *record, struct error *err);
/* Replaces it as a whole. The caller has a lock on the directory. */
int oci_record_write(struct arena *arena, int dirfd, const struct oci_record *record, struct error *err);
