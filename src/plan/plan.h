/*
 * All decisions about a container, made before anything exists.
 *
 *	struct plan plan;
 *	if (plan_make(arena, config, &options, &host, &plan, &err) < 0 ||
 *		plan_open(arena, &plan, cache_dir, &err) < 0) ...
 *
 * plan_make() has no side effects: a test gives it a made-up host and compares plan_print() with a golden file.
 * plan_open() opens the files that the child needs, since the child opens no path of the host after clone3.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/typed.h"
#include "cgroups/resctrl.h"
#include "cgroups/systemd.h"
#include "namespaces/device.h"
#include "namespaces/mount.h"
#include "namespaces/net.h"
#include "namespaces/ns.h"
#include "oci/config.h"
#include "plan/host.h"
#include "process/caps.h"
#include "process/lsm.h"
#include "process/process.h"
#include "process/seccomp.h"
#include "process/streams.h"

enum cgroup_manager { CGROUP_MANAGER_CGROUPFS, CGROUP_MANAGER_SYSTEMD, CGROUP_MANAGER_DISABLED };

/* What the command line of create or run asks for, apart from the configuration. */
enum { PRESERVE_FDS_MAX = 1024 }; /* of --preserve-fds, and of LISTEN_FDS, which is added */

struct plan_options {
	const char *id;
	const char *bundle; /* absolute */
	enum cgroup_manager cgroup_manager;
	bool has_console_socket;
	bool detach; /* create, or run --detach: no process relays a terminal */
	bool wait;   /* create: init waits for start */
	bool no_pivot, no_new_keyring;
	const char *overlay; /* where changes of the root filesystem go: "tmp", an absolute path, or NULL */
	bool idmap_rootfs;
	unsigned preserve_fds;           /* numbers from 3 on, of which the container gets the open descriptors */
	unsigned listen_fds;             /* … of which the first are LISTEN_FDS */
	enum network network;            /* helper that connects a new network namespace */
	const char *notify_dir;          /* directory of the proxied NOTIFY_SOCKET, or NULL */
	const struct error_sink *errors; /* of check, which reports all errors; or NULL */
	const typed_list *typed;         /* the properties that the command line has set */
	bool traceable;                  /* exec: processes of the container have CAP_SYS_PTRACE */
};

/* Reasons for steps of the child: the column of the table in launch/init.c. */
#define NEEDS(NEED)                                                                                            \
	NEED(NEED_JOIN)                                                                                        \
	NEED(NEED_USER_NS)                                                                                     \
	NEED(NEED_UNSHARE)                                                                                     \
	NEED(NEED_TIME)                                                                                        \
	NEED(NEED_SECOND_CLONE)                                                                                \
	NEED(NEED_OPEN_INSIDE) /* init clones the mounts, as privileged in its user namespace */               \
	NEED(NEED_ROOTFS)      /* a new mount namespace */                                                     \
	NEED(NEED_CHROOT)      /* no new mount namespace */                                                    \
	NEED(NEED_PROC)        /* a procfs of init's own */                                                    \
	NEED(NEED_CONSOLE)                                                                                     \
	NEED(NEED_LOOPBACK)                                                                                    \
	NEED(NEED_NETWORK) /* from a helper */                                                                 \
	NEED(NEED_HOSTNAME)                                                                                    \
	NEED(NEED_PARENT_HOOKS)                                                                                \
	NEED(NEED_SYSCTL)                                                                                      \
	NEED(NEED_CREATE_HOOKS)                                                                                \
	NEED(NEED_MASKS)                                                                                       \
	NEED(NEED_READONLY_PATHS)                                                                              \
	NEED(NEED_KEYRING)                                                                                     \
	NEED(NEED_SCHEDULING)                                                                                  \
	NEED(NEED_LISTENER) /* seccomp with NOTIFY: the parent takes the listener */                           \
	NEED(NEED_START)                                                                                       \
	NEED(NEED_LSM)                                                                                         \
	NEED(NEED_LIMITS)         /* set by init, unless it is in a user namespace, which cannot raise them */ \
	NEED(NEED_UNBORN_SECCOMP) /* exec: loaded before other processes can trace it */                       \
	NEED(NEED_EARLY_SECCOMP)  /* without no_new_privs it needs CAP_SYS_ADMIN */                            \
	NEED(NEED_NO_NEW_PRIVS)                                                                                \
	NEED(NEED_START_HOOKS)                                                                                 \
	NEED(NEED_LATE_SECCOMP)

#define NEED_NUMBER(need) need##_NUMBER,
#define NEED_BIT(need) need = 1 << need##_NUMBER,
enum need_number { NEEDS(NEED_NUMBER) NEED_COUNT };
enum need { NEED_ALWAYS = 0, NEEDS(NEED_BIT) };
#undef NEED_NUMBER
#undef NEED_BIT
_Static_assert(NEED_COUNT < sizeof(int) * 8, "a need is a bit of an int");

struct plan {
	const struct oci_config *config;
	const struct oci_linux *linux; /* never NULL: an empty one if the configuration has none */
	struct plan_options options;
	unsigned needs; /* enum need */

	struct ns_plan ns;
	uint64_t own_caps;        /* the caller's, for writing id maps */
	bool foreign_mounts;      /* as in struct host */
	const char *cgroup_path;  /* or NULL: without a cgroup of its own, or chosen by systemd */
	struct systemd_unit unit; /* of the systemd driver; name is NULL with the other driver */

	const char *rootfs;             /* absolute */
	struct mount_idmap *root_idmap; /* or NULL */
	struct mount_op *mounts;
	size_t mount_count;
	struct mount_param mount_label; /* .linux.mountLabel as an option; value NULL: none */
	struct mount_idmap *idmaps;     /* of all mounts */
	struct device_op *devices;
	size_t device_count;
	unsigned long propagation;
	bool readonly;

	struct process_plan process;
	struct caps_plan caps;
	struct seccomp_program seccomp;
	struct lsm_plan lsm;
	struct rdt_plan rdt;
	bool keep_groups;        /* annotation run.oci.keep_original_groups */
	const char **env;        /* of the container's process, NULL-terminated */
	const char *search_path; /* the value of its PATH */

	/* exec: a pidfd of the container's init, whose namespaces are joined at once; -1 for a new container */
	int target;
	uint64_t target_namespaces; /* CLONE_NEW* */

	int nodes; /* directory for device nodes that the host lacks, or -1 */
	/* plan_open's; -1 before */
	int root;             /* detached tree of the root filesystem */
	int null;             /* /dev/null for masks */
	int streams[STREAMS]; /* replacements for the caller's devices */
};

int plan_make(struct arena *arena, const struct oci_config *config, const struct plan_options *options,
	const struct host *host, struct plan *ret_plan, struct error *err);

/* cache_dir is where compiled seccomp profiles are kept, or -1. */
int plan_open(struct arena *arena, struct plan *plan, int cache_dir, struct error *err);

/* Plans another process in a container. `config` is the container's configuration with another process. The caller sets
 * `target` (execution_prepare). Pure. */
int plan_make_exec(struct arena *arena, const struct oci_config *config, const struct plan_options *options,
	const struct host *host, struct plan *ret_plan, struct error *err);

/* The part that both kinds of plan share: ids, capabilities, labels, environment, and the steps for them. */
int plan_process(struct arena *arena, struct plan *plan, const struct host *host, struct error *err);
unsigned plan_process_needs(const struct plan *plan);
/* Opens replacements for devices among the standard streams, unless the process gets a terminal of its own. */
int plan_open_streams(struct plan *plan, struct error *err);
/* Sets HOME from the /etc/passwd below root if the configuration does not set it, as all runtimes do. */
void plan_add_home(struct arena *arena, struct plan *plan, int root);
/* Whether the process is in another user namespace than the runtime. */
bool plan_has_user_namespace(const struct plan *plan);

/* Plans the id mapping of the root filesystem; opens the root filesystem, or its overlay. */
int plan_root(struct arena *arena, struct plan *plan, struct error *err);
int plan_open_root(struct arena *arena, struct plan *plan, struct error *err);
struct mount_idmap_facts plan_idmap_facts(struct plan *plan);

/* Clones mounts for plan_open(): root filesystem, binds and devices. Init calls it itself with NEED_OPEN_INSIDE. */
int plan_open_mounts(struct arena *arena, struct plan *plan, struct error *err);

/* Prints the plan for people: create --dry-run. */
void plan_print(const struct plan *plan, FILE *out);
