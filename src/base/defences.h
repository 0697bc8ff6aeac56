/*
 * Switches for the tests of attacks: each one turns off a defence, so that a test can see its attack succeed.
 *
 *	if (!defence_is_off("session") && setsid() < 0) ...
 *
 *	make CPPFLAGS=-DHULL_TEST_SWITCHES BUILD=DIR && HULL_DEFENCE_OFF=session DIR/hull ...
 *
 * Only a build with HULL_TEST_SWITCHES reads the environment. In every other build the answer is the constant false,
 * and the compiler removes the question. The names are in the order of tests/attacks/README.
 */
#pragma once

#include <stdbool.h>

/* clang-format off */
#define DEFENCE_LIST                                                                               \
	"at-secure",       /* main: refuse to run set-uid */                                       \
	"streams",         /* main: descriptors 0 to 2 are open before any of ours */              \
	"self-protection", /* self: execute from an image that cannot be written */                \
	"in-root",         /* path: resolve inside the root filesystem */                          \
	"old-mounts",      /* rootfs: --no-pivot leaves no procfs of the host */                       \
	"magic-links",     /* path: refuse the links of procfs */                                  \
	"anchors",         /* anchor: resolve from the mount itself, which may have been moved */ \
	"sys-readonly",    /* mount: a read-only bind of sysfs has nothing writable below */           \
	"proc-links",      /* mount: no symbolic link leads to procfs and sysfs */                 \
	"dumpable",        /* create, init: not dumpable */                                        \
	"leaked",          /* create, init: close what the caller leaked */                        \
	"lent-devices",    /* streams: devices lent as streams are on a read-only mount */             \
	"start-peer",      /* init: start is its maker's alone */                                  \
	"readonly-null",   /* paths: the mask cannot be used to change the host's null device */   \
	"passwd-type",     /* home: only a regular file is opened */                               \
	"setgroups",       /* process: groups that cannot be dropped are an error */                   \
	"chmod-link",      /* device: a link in a node's place is not followed */                  \
	"environment",     /* init: nothing of the caller's environment in memory */               \
	"hook-filter",     /* init: startContainer hooks have the container's filter */                \
	"late-clone",      /* init: exec is in the container's pid namespace only at the end */    \
	"unborn-filter",   /* plan: exec's filter is loaded before its process can be traced */    \
	"questions",       /* launch: the child asks for what its plan has, and nothing else */    \
	"session",         /* init: a session of its own */                                        \
	"keyring",         /* init: a session keyring of its own that nobody can have made before */ \
	"idmap",           /* mount: ids of a mount are mapped, or it is not made */               \
	"printable",       /* str: no control characters reach a terminal */                      \
	"pid-file",        /* launch: replace, and nothing but a file */                           \
	"state-root",      /* container: of ours alone */                                          \
	"sysctl"           /* check: only what belongs to a namespace of the container */
/* clang-format on */

#ifdef HULL_TEST_SWITCHES
bool defence_is_off(const char *name);
#else
static inline bool defence_is_off(const char *name)
{
	(void)name;
	return false;
}
#endif
