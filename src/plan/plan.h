/*
 * Every decision about a container, made before anything exists.
 *
 *	struct plan plan;
 *	if (plan_make(arena, config, &options, &host, &plan, &err) < 0 ||
 *		plan_open(arena, &plan, cache_dir, &err) < 0) ...
 *
 * plan_make has no side effects: a test gives it an invented host and compares plan_print with a golden file. plan_open
 * opens what the child will need; after clone3 the child inherits descriptors and bytes, and opens no path of the host.
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

enum cgroup_manager { CGROUP_MANAGER_CGROUPFS, CGROUP_MANAGER_SYSTEMD, CGROUP_MANAGER_DISABLED };

/* What the caller of create or run asks for beside the configuration. */
struct plan_options {
	const char *id;
	const char *bundle; /* absolute */
	enum cgroup_manager cgroup_manager;
	bool has_console_socket;
	bool detach; /* create, or run --detach: nobody relays a terminal */
	bool wait;   /* create: init waits for start */
	bool no_pivot, no_new_keyring;
	const char *overlay; /* "tmp" or an absolute path: where what is written to the root filesystem goes; or NULL */
	bool idmap_rootfs;
	unsigned preserve_fds;           /* descriptors 3 … that the container gets */
	unsigned listen_fds;             /* … of which the first are LISTEN_FDS */
	enum network network;            /* that a helper brings to a new network namespace */
	const char *notify_dir;          /* directory of the proxied NOTIFY_SOCKET, or NULL */
	const struct error_sink *errors; /* of check, which wants all of them; or NULL */
	const typed_list *typed;         /* what of the configuration is the command line's */
	bool traceable; /* of exec: the container's configuration gives CAP_SYS_PTRACE to its processes */
};

/* Which steps of the child this container needs: the column of the table in launch/init.c. */
#define NEEDS(NEED)                                                                                \
	NEED(NEED_JOIN)                                                                            \
	NEED(NEED_USER_NS)                                                                         \
	NEED(NEED_UNSHARE)                                                                         \
	NEED(NEED_TIME)                                                                            \
	NEED(NEED_SECOND_CLONE)                                                                    \
	NEED(NEED_OPEN_INSIDE) /* init clones what is mounted: its user namespace has the right */ \
	NEED(NEED_ROOTFS)      /* a mount namespace of its own, to be filled */                    \
	NEED(NEED_CHROOT)      /* no mount namespace of its own */                                 \
	NEED(NEED_PROC)        /* a procfs mount of our own */                                     \
	NEED(NEED_CONSOLE)                                                                         \
	NEED(NEED_LOOPBACK)                                                                        \
	NEED(NEED_NETWORK) /* a helper brings it */                                                \
	NEED(NEED_HOSTNAME)                                                                        \
	NEED(NEED_PARENT_HOOKS)                                                                    \
	NEED(NEED_SYSCTL)                                                                          \
	NEED(NEED_CREATE_HOOKS)                                                                    \
	NEED(NEED_MASKS)                                                                           \
	NEED(NEED_READONLY_PATHS)                                                                  \
	NEED(NEED_KEYRING)                                                                         \
	NEED(NEED_SCHEDULING)                                                                      \
	NEED(NEED_LISTENER) /* seccomp with NOTIFY: the parent takes the listener */               \
	NEED(NEED_START)                                                                           \
	NEED(NEED_LSM)                                                                             \
	NEED(NEED_LIMITS)         /* set by init: a user namespace gives no right to raise them */ \
	NEED(NEED_UNBORN_SECCOMP) /* of exec: early, before others can trace the process */        \
	NEED(NEED_EARLY_SECCOMP)  /* without no_new_privs it needs CAP_SYS_ADMIN */                \
	NEED(NEED_NO_NEW_PRIVS)                                                                    \
	NEED(NEED_START_HOOKS)                                                                     \
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
	uint64_t own_caps;        /* the caller's: by which id maps are written */
	bool foreign_mounts;      /* as in struct host */
	const char *cgroup_path;  /* or NULL: no cgroup of its own, or systemd will say */
	struct systemd_unit unit; /* of the systemd driver; name is NULL for the other one */

	const char *rootfs;             /* absolute */
	struct mount_idmap *root_idmap; /* or NULL */
	struct mount_op *mounts;
	size_t mount_count;
	struct mount_idmap *idmaps; /* all that mounts need */
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
	const char *search_path; /* the value of PATH in it */

	/* of exec: whose namespaces are joined, all at once; a pidfd of the container's init, -1 for a new container */
	int target;
	uint64_t target_namespaces; /* CLONE_NEW* */

	/* plan_open's; -1 before */
	int root; /* detached tree of the root filesystem */
	int null; /* /dev/null for masks */
};

int plan_make(struct arena *arena, const struct oci_config *config, const struct plan_options *options,
	const struct host *host, struct plan *ret_plan, struct error *err);

/* cache_dir is where compiled seccomp profiles are kept, or -1. */
int plan_open(struct arena *arena, struct plan *plan, int cache_dir, struct error *err);

/* The plan for one more process in a container: `config` is the container's, but for its process. options.wait and the
 * like are create's alone. The caller fills target and target_namespaces' counterpart of the host's: see
 * execution_prepare. Pure. */
int plan_make_exec(struct arena *arena, const struct oci_config *config, const struct plan_options *options,
	const struct host *host, struct plan *ret_plan, struct error *err);

/* What both kinds of plan have in common: ids, capabilities, labels, environment; and the steps that these need. */
int plan_process(struct arena *arena, struct plan *plan, const struct host *host, struct error *err);
unsigned plan_process_needs(const struct plan *plan);
/* HOME by the /etc/passwd below root where the configuration does not say, as all runtimes do. */
void plan_add_home(struct arena *arena, struct plan *plan, int root);
/* Whether the process is in a user namespace that is not the runtime's. */
bool plan_has_user_namespace(const struct plan *plan);

/* The root filesystem: whether it is id-mapped; its descriptor, of an overlay where one is wanted. */
int plan_root(struct arena *arena, struct plan *plan, struct error *err);
int plan_open_root(struct arena *arena, struct plan *plan, struct error *err);
struct mount_idmap_facts plan_idmap_facts(struct plan *plan);

/* The part of plan_open that clones mounts: root filesystem, binds, devices. By init where its user namespace gives the
 * right. */
int plan_open_mounts(struct arena *arena, struct plan *plan, struct error *err);

/* The plan for people: create --dry-run. */
void plan_print(const struct plan *plan, FILE *out);

/* The value of an annotation, or NULL. */
const char *config_annotation(const struct oci_config *config, const char *key);
