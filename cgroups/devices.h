/*
 * Which devices a cgroup may open and make: rules become an eBPF program (BPF_PROG_TYPE_CGROUP_DEVICE).
 *
 *	device_rules rules;
 *	device_rules_plan(arena, resources, &rules, &err);                    pure
 *	insns = devices_compile(arena, rules.items, rules.len, &len);        pure
 *	devices_attach(cgroup_fd, insns, len, CGROUP_NEW, &err);
 *
 * By config-linux.md "Allowed Device list", the last entry that names a letter of access to a device decides that
 * letter; a letter that no entry names is denied. A request (open, mknod) is allowed if every letter that it needs
 * is.
 */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "cgroups/cgroup.h"
#include "oci/config.h"

enum { DEVICE_ANY = -1, DEVICE_RULES_MAX = 4096 };
enum { DEVICE_ALL_ACCESS = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE };

struct device_rule {
	bool allow;
	uint8_t type;         /* BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_DEV_CHAR, or 0 for both */
	uint8_t access;       /* BPF_DEVCG_ACC_* or'ed */
	int64_t major, minor; /* or DEVICE_ANY */
};
typedef LIST(struct device_rule) device_rules;

/* The rules in force for these resources: theirs, then the default devices. As with runc and crun, a node that the
 * container is given is accessible only by a rule. Resources without device rules give none: no program is
 * attached. */
int device_rules_plan(
	struct arena *arena, const struct oci_resources *resources, device_rules *ret_rules, struct error *err);

/* Compiles the program that decides by these rules. Rules without effect are left out. */
struct bpf_insn *devices_compile(struct arena *arena, const struct device_rule *rules, size_t len, size_t *ret_len);

/* Attaches the program in addition to those of others. In a cgroup in use, it replaces hull's own earlier one. */
int devices_attach(int cgroup_fd, const struct bpf_insn *insns, size_t len, enum cgroup_use use, struct error *err);
/* Detaches hull's own programs from the cgroup; those of others stay. */
int devices_detach(int cgroup_fd, struct error *err);
