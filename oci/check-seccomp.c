/* The rules of config-linux.md "Seccomp". */
#include "oci/check-rules.h"

#include <string.h>

/* The most that the errno of an action may be: the kernel cuts that of ERRNO at 4095, TRACE has
 * 16 bits, no other action takes one. */
static int64_t errno_most(int64_t action)
{
	if (action == OCI_ACT_ERRNO)
		return 4095;
	return action == OCI_ACT_TRACE ? UINT16_MAX : -1;
}

static bool errno_fits(int64_t action, struct oci_uint number)
{
	int64_t most = errno_most(action);
	return !number.set || (most >= 0 && number.value <= (uint64_t)most);
}

static int fail_errno(struct error *err, int64_t action, struct oci_uint number)
{
	if (errno_most(action) >= 0)
		return fail(err, 0, "%llu is out of range, allowed is 0 to %lld", (unsigned long long)number.value,
			(long long)errno_most(action));
	fail(err, 0, "the action takes no errno");
	return error_hint(err, "it belongs to SCMP_ACT_ERRNO and SCMP_ACT_TRACE");
}

static int check_syscall(const struct oci_seccomp_syscall *call, size_t i, struct check *c)
{
	enum { LAST_ARGUMENT = 5 };
	if (call->names.len == 0)
		return fail(check_at(c, ".linux.seccomp.syscalls[%zu].names", i), 0, "at least one name is required");
	for (size_t j = 0; j < call->names.len; j++)
		if (!*call->names.items[j] &&
			check_ends(c, fail(check_at(c, ".linux.seccomp.syscalls[%zu].names[%zu]", i, j), 0,
					      "the name is empty")))
			return -1;
	if (!errno_fits(call->action.value, call->errno_ret) &&
		check_ends(c, fail_errno(check_at(c, ".linux.seccomp.syscalls[%zu].errnoRet", i), call->action.value,
				      call->errno_ret)))
		return -1;
	for (size_t j = 0; j < call->args.len; j++)
		if (call->args.items[j].index.value > LAST_ARGUMENT &&
			check_ends(c, fail_range(check_at(c, ".linux.seccomp.syscalls[%zu].args[%zu].index", i, j),
					      (long long)call->args.items[j].index.value, 0, LAST_ARGUMENT)))
			return -1;
	return 0;
}

/* The listener's path is ignored without SCMP_ACT_NOTIFY, says the specification; its metadata
 * may not stand alone. */
static int check_listener(const struct oci_seccomp *seccomp, bool notify, struct check *c)
{
	const char *path = seccomp->listener_path;
	if (seccomp->listener_metadata && !path) {
		fail(check_at(c, ".linux.seccomp.listenerMetadata"), 0, "is set without a listener");
		return error_hint(&c->error, "add listenerPath");
	}
	if (!notify)
		return 0;
	if (!path) {
		fail(check_at(c, ".linux.seccomp.listenerPath"), 0, "required by SCMP_ACT_NOTIFY");
		return error_hint(&c->error, "name the socket of the seccomp agent");
	}
	return check_absolute(path, c, ".linux.seccomp.listenerPath");
}

int check_seccomp(const struct oci_config *config, struct check *c)
{
	const struct oci_seccomp *seccomp = config->linux->seccomp;
	bool notify = false;
	if (!seccomp)
		return 0;
	if (!seccomp->default_action.set && check_ends(c, fail_missing(check_at(c, ".linux.seccomp.defaultAction"))))
		return -1;
	/* The descriptor of the listener has to be sent to the agent after the filter is on, so
	 * the calls which do that must be allowed. */
	if (seccomp->default_action.value == OCI_ACT_NOTIFY) {
		fail(check_at(c, ".linux.seccomp.defaultAction"), 0,
			"SCMP_ACT_NOTIFY for every call would stop the container before it runs");
		if (check_ends(c, error_hint(&c->error, "name the calls in syscalls")))
			return -1;
	} else if (!errno_fits(seccomp->default_action.value, seccomp->default_errno_ret) &&
		   check_ends(c, fail_errno(check_at(c, ".linux.seccomp.defaultErrnoRet"),
					 seccomp->default_action.value, seccomp->default_errno_ret))) {
		return -1;
	}
	for (size_t i = 0; i < seccomp->syscalls.len; i++) {
		if (check_ends(c, check_syscall(&seccomp->syscalls.items[i], i, c)))
			return -1;
		notify |= seccomp->syscalls.items[i].action.value == OCI_ACT_NOTIFY;
	}
	return check_listener(seccomp, notify, c);
}
