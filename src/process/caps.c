#include "process/caps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "base/log.h"
#include "base/nearest.h"
#include "base/str.h"

enum { MAX_CAPS = 64 }; /* bits of a set in the kernel's own structure */

struct set_row {
	const char *name;
	size_t names, mask; /* offsets in struct oci_capabilities and struct caps_plan */
};

#define SET(member)                                                                                    \
	{                                                                                              \
#member, offsetof(struct oci_capabilities, member), offsetof(struct caps_plan, member) \
	}
static const struct set_row sets[] = {
	SET(bounding),
	SET(effective),
	SET(inheritable),
	SET(permitted),
	SET(ambient),
};

static uint64_t bit(unsigned cap)
{
	return UINT64_C(1) << cap;
}

unsigned caps_last(void)
{
	return (unsigned)cap_max_bits() - 1;
}

/* One system call, while the bounding set takes one for each capability. */
uint64_t caps_held(void)
{
	uint64_t mask = 0;
	cap_t held = cap_get_proc();
	if (!held)
		return 0;
	for (unsigned i = 0; i <= caps_last(); i++) {
		cap_flag_value_t value = CAP_CLEAR;
		if (cap_get_flag(held, (cap_value_t)i, CAP_PERMITTED, &value) == 0 && value == CAP_SET)
			mask |= bit(i);
	}
	(void)cap_free(held); /* cannot fail for what cap_get_proc returned */
	return mask;
}

/* libcap also reads numbers and names in lower case. The specification has only names in upper case. */
uint64_t caps_mask(const char *name)
{
	cap_value_t cap;
	if (!str_starts(name, "CAP_") || name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")])
		return 0;
	if (cap_from_name(name, &cap) < 0 || cap < 0 || cap >= MAX_CAPS)
		return 0;
	return bit((unsigned)cap);
}

/* The name of a capability in upper case, "CAP_40" for one that libcap has no name for. */
static void write_name(unsigned cap, char *buf, size_t size)
{
	char *name = cap_to_name((cap_value_t)cap);
	if (name && str_starts(name, "cap_"))
		(void)snprintf(buf, size, "%s", name);
	else
		(void)snprintf(buf, size, "CAP_%u", cap);
	(void)cap_free(name); /* NULL is allowed */
	for (char *at = buf; *at; at++)
		if (*at >= 'a' && *at <= 'z')
			*at -= 'a' - 'A';
}

bool caps_nearest(const char *name, char *buf, size_t size)
{
	struct nearest near = nearest_to(name);
	bool found = false;
	for (unsigned i = 0; i <= caps_last(); i++) {
		char known[40];
		write_name(i, known, sizeof(known));
		if (!nearest_try(&near, known) && !nearest_try_as(&near, known + strlen("CAP_"), known))
			continue;
		(void)snprintf(buf, size, "%s", known);
		found = true;
	}
	return found;
}

static void warn_unknown(const char *where, const char *name)
{
	struct error warning = { .errnum = 0 };
	char best[40];
	(void)fail_at(&warning, 0, where, "unknown capability \"%.64s\" ignored", name);
	if (caps_nearest(name, best, sizeof(best)))
		(void)error_hint(&warning, "did you mean %s?", best);
	log_warning(&warning);
}

/* Returns the mask of a list of names. Unknown names are left out with a warning. */
static uint64_t parse_set(const char *set, const oci_strings *names)
{
	uint64_t mask = 0;
	for (size_t i = 0; i < names->len; i++) {
		char where[64];
		(void)snprintf(where, sizeof(where), ".process.capabilities.%s[%zu]", set, i);
		uint64_t one = caps_mask(names->items[i]);
		if (!one)
			warn_unknown(where, names->items[i]);
		mask |= one;
	}
	return mask;
}

/* Warns in one line for all sets, since a capability usually is in four of them. */
static void warn_denied(const char *where, uint64_t denied)
{
	char text[512] = "";
	size_t len = 0;
	for (; denied && len < sizeof(text) - 48; denied &= denied - 1) {
		char name[40];
		write_name((unsigned)__builtin_ctzll(denied), name, sizeof(name));
		len += (size_t)snprintf(text + len, sizeof(text) - len, " %s", name);
	}
	if (!len)
		return;
	struct error warning = { .errnum = 0 };
	(void)fail_at(&warning, 0, where, "cannot be granted here, left out:%s%s", text, denied ? " …" : "");
	log_warning(&warning);
}

/* Fails with the first capability of `mask`; `why` names the set that lacks it. */
static int check_none(uint64_t mask, const char *set, const char *why, struct error *err)
{
	if (!mask)
		return 0;
	char name[40], where[64];
	write_name((unsigned)__builtin_ctzll(mask), name, sizeof(name));
	(void)snprintf(where, sizeof(where), ".process.capabilities.%s", set);
	(void)fail_at(err, 0, where, "%s is not in the %s set", name, why);
	return error_hint(err, "add it to .process.capabilities.%s, or remove it here", why);
}

int caps_plan_make(
	const struct oci_capabilities *caps, uint64_t grantable, struct caps_plan *ret_plan, struct error *err)
{
	struct caps_plan plan = { .set = true };
	uint64_t denied = 0;
	for (size_t i = 0; caps && i < sizeof(sets) / sizeof(sets[0]); i++) {
		const oci_strings *names = (const void *)((const char *)caps + sets[i].names);
		uint64_t asked = parse_set(sets[i].name, names), mask = asked & grantable;
		denied |= asked & ~grantable;
		memcpy((char *)&plan + sets[i].mask, &mask, sizeof(mask));
	}
	/* Engines ask for ambient capabilities that are not permitted and inheritable, which the kernel does not raise
	 * (prctl(2), PR_CAP_AMBIENT). */
	uint64_t raisable = plan.permitted & plan.inheritable;
	warn_denied(".process.capabilities", denied);
	warn_denied(".process.capabilities.ambient", plan.ambient & ~raisable);
	plan.ambient &= raisable;
	/* The rules of capset(2). */
	if (check_none(plan.effective & ~plan.permitted, "effective", "permitted", err) < 0 ||
		check_none(plan.inheritable & ~plan.bounding, "inheritable", "bounding", err) < 0)
		return -1;
	*ret_plan = plan;
	return 0;
}

int caps_drop_bounding(const struct caps_plan *plan, unsigned last_cap, struct error *err)
{
	/* libcap takes any error for the end of the capabilities: the kernel tells whether there is another one. */
	for (unsigned cap = 0; plan->set && (cap <= last_cap || prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0); cap++) {
		if (plan->bounding & bit(cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		int saved = errno;
		if (saved == EPERM && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 0)
			continue; /* it is not in the set */
		char name[40];
		write_name(cap, name, sizeof(name));
		return fail_at(err, saved, ".process.capabilities.bounding", "drop %s from the bounding set", name);
	}
	return 0;
}

int caps_keep(bool keep, struct error *err)
{
	if (prctl(PR_SET_KEEPCAPS, keep ? 1 : 0, 0, 0, 0) < 0)
		return fail(err, errno, "prctl PR_SET_KEEPCAPS");
	return 0;
}

static int set_flag(cap_t caps, cap_flag_t flag, uint64_t mask)
{
	cap_value_t values[MAX_CAPS];
	int count = 0;
	for (; mask; mask &= mask - 1)
		values[count++] = __builtin_ctzll(mask);
	return count ? cap_set_flag(caps, flag, count, values, CAP_SET) : 0;
}

static void free_caps(cap_t *caps)
{
	(void)cap_free(*caps); /* NULL is allowed */
}

static int set_ambient(uint64_t mask, struct error *err)
{
	/* The set may have capabilities of the caller. Clearing it needs no privilege. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return fail(err, errno, "clear the ambient capabilities");
	for (; mask; mask &= mask - 1) {
		unsigned cap = (unsigned)__builtin_ctzll(mask);
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) == 0)
			continue;
		int saved = errno;
		char name[40];
		write_name(cap, name, sizeof(name));
		return fail_at(err, saved, ".process.capabilities.ambient", "raise %s in the ambient set", name);
	}
	return 0;
}

int caps_set(const struct caps_plan *plan, struct error *err)
{
	if (!plan->set)
		return 0;
	cap_t caps __attribute__((cleanup(free_caps))) = cap_init();
	if (!caps || set_flag(caps, CAP_EFFECTIVE, plan->effective) < 0 ||
		set_flag(caps, CAP_PERMITTED, plan->permitted) < 0 ||
		set_flag(caps, CAP_INHERITABLE, plan->inheritable) < 0)
		return fail(err, errno, "prepare the capability sets");
	if (cap_set_proc(caps) < 0) {
		int saved = errno;
		uint64_t lacking = plan->permitted & ~caps_held();
		char name[40] = "";
		if (lacking)
			write_name((unsigned)__builtin_ctzll(lacking), name, sizeof(name));
		(void)fail_at(err, saved, ".process.capabilities", "capset");
		return lacking ? error_hint(err, "%s is not held any more", name) : -1;
	}
	/* Without inheritable capabilities the kernel has emptied the ambient set. */
	return plan->inheritable ? set_ambient(plan->ambient, err) : 0;
}

const char *const *caps_names(struct arena *arena)
{
	unsigned count = caps_last() + 1;
	const char **names = arena_array(arena, count + 1, sizeof(*names));
	for (unsigned i = 0; i < count; i++) {
		char name[40];
		write_name(i, name, sizeof(name));
		names[i] = arena_strdup(arena, name);
	}
	return names;
}
