/*
 * Capabilities: names become masks in the plan, masks become credentials in init.
 *
 *	caps_plan_make(process->capabilities, caps_held(), &plan, &err);
 *	caps_drop_bounding(&plan, caps_last(), &err);     init, before setresuid
 *	caps_keep(true, &err); process_set_user(…); caps_set(&plan, &err);
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

/* The permitted set of this process: what it may grant to a container that has no user namespace of its own. */
uint64_t caps_held(void);

/* Pure. NULL caps means none at all: every set is emptied, as runc and crun do. An unknown name, or one that is not
 * grantable, is left out with a warning and no error: config.md demands it ("MUST be logged as a warning", "SHOULD NOT
 * fail"). So is one that is ambient and not permitted and inheritable too, which the kernel cannot raise. A set that
 * the kernel would refuse as a whole (effective outside permitted, inheritable outside bounding) is an error. */
int caps_plan_make(
	const struct oci_capabilities *caps, uint64_t grantable, struct caps_plan *ret_plan, struct error *err);

/* Drops from the bounding set what the plan does not keep: one prctl(2) for each. Needs CAP_SETPCAP. */
int caps_drop_bounding(const struct caps_plan *plan, unsigned last_cap, struct error *err);

/* Whether the permitted set survives setresuid(2) away from root (PR_SET_KEEPCAPS). execve(2) clears it. */
int caps_keep(bool keep, struct error *err);

/* Sets effective, permitted and inheritable at once, then ambient. The last call that needs a
 * capability comes before it. */
int caps_set(const struct caps_plan *plan, struct error *err);

/* The mask of one name ("CAP_CHOWN", upper case as in the specification), or 0 if there is no such name. */
uint64_t caps_mask(const char *name);

/* The capability that an unknown name was meant for, "NET_ADMIN" for CAP_NET_ADMIN too, into buf; false if none is
 * near. */
bool caps_nearest(const char *name, char *buf, size_t size);

/* Names of all capabilities that this kernel has, for `features`; ends with NULL. */
const char *const *caps_names(struct arena *arena);
