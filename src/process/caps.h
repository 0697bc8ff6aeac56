/*
 * Capabilities: the plan turns names into masks, and init turns masks into credentials.
 *
 *	caps_plan_make(process->capabilities, caps_held(), &plan, &err);
 *	caps_drop_bounding(&plan, caps_last(), &err);     init, before setresuid
 *	caps_keep(true, &err); process_set_user(&ids, keep_groups, &err); caps_set(&plan, &err);
 *
 * config.md "Linux Process", capabilities(7). A mask has bit N for capability number N.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct caps_plan {
	bool set; /* false only in a zeroed plan: then the functions that apply it change nothing */
	uint64_t bounding, effective, inheritable, permitted, ambient;
};

/* The kernel's last capability, found by libcap without /proc. */
unsigned caps_last(void);

/* The permitted set of this process, which it may grant to a container without a user namespace of its own. */
uint64_t caps_held(void);

/* Pure. With NULL caps every set is empty, as with runc and crun. Capabilities that are unknown or not grantable are
 * left out with a warning, as config.md demands ("MUST be logged as a warning", "SHOULD NOT fail"). So are ambient ones
 * that are not permitted and inheritable too, since the kernel cannot raise them. A set that the kernel would refuse as
 * a whole (effective outside permitted, inheritable outside bounding) is an error. */
int caps_plan_make(
	const struct oci_capabilities *caps, uint64_t grantable, struct caps_plan *ret_plan, struct error *err);

/* Drops the capabilities from the bounding set that the plan does not keep, by one prctl(2) each. Needs CAP_SETPCAP. */
int caps_drop_bounding(const struct caps_plan *plan, unsigned last_cap, struct error *err);

/* Whether the permitted set survives setresuid(2) away from root (PR_SET_KEEPCAPS). execve(2) clears it. */
int caps_keep(bool keep, struct error *err);

/* Sets effective, permitted and inheritable at once, then ambient. Calls that need a capability come before it. */
int caps_set(const struct caps_plan *plan, struct error *err);

/* The mask of one name ("CAP_CHOWN", upper case as in the specification), or 0 if there is no such name. */
uint64_t caps_mask(const char *name);

/* Writes the capability that an unknown name was probably meant for to buf; "NET_ADMIN" is near CAP_NET_ADMIN. False if
 * none is near. */
bool caps_nearest(const char *name, char *buf, size_t size);

/* The names of all capabilities of this kernel, for `features`; ends with NULL. */
const char *const *caps_names(struct arena *arena);
