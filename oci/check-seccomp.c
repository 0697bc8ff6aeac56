/* The rules of config-linux.md "Seccomp". */
#include "oci/check-rules.h"

/* The kernel cuts the errno of ERRNO at 4095, that of TRACE has 16 bits. No other action takes one. */
static void check_errno(int64_t action, struct oci_uint number, struct check *c)
{
	uint64_t most = action == OCI_ACT_TRACE ? UINT16_MAX : 4095;
	if (number.set && action != OCI_ACT_ERRNO && action != OCI_ACT_TRACE)
		refuse(c, "it belongs to SCMP_ACT_ERRNO and SCMP_ACT_TRACE", "the action takes no errno");
	else if (number.value > most)
		refuse_range(c, (int64_t)number.value, 0, (int64_t)most);
}

static void check_syscall(const struct oci_seccomp_syscall *call, size_t i, struct check *c)
{
	if (call->names.len == 0)
		refuse(at(c, ".linux.seccomp.syscalls[%zu].names", i), NULL, "at least one name is required");
	for (size_t j = 0; j < call->names.len; j++)
		if (!*call->names.items[j])
			refuse(at(c, ".linux.seccomp.syscalls[%zu].names[%zu]", i, j), NULL, "the name is empty");
	check_errno(call->action.value, call->errno_ret, at(c, ".linux.seccomp.syscalls[%zu].errnoRet", i));
}

/* Without SCMP_ACT_NOTIFY the specification ignores the listener's path. Its metadata may not stand alone. */
static void check_listener(const struct oci_seccomp *seccomp, bool notify, struct check *c)
{
	const char *path = seccomp->listener_path;
	if (seccomp->listener_metadata && !path)
		refuse(at(c, ".linux.seccomp.listenerMetadata"), "add listenerPath", "is set without a listener");
	else if (notify && !path)
		refuse(at(c, ".linux.seccomp.listenerPath"), "name the socket of the seccomp agent",
			"required by SCMP_ACT_NOTIFY");
	else if (notify && *path != '/')
		refuse_relative(at(c, ".linux.seccomp.listenerPath"), path);
}

void check_seccomp(const struct oci_config *config, struct check *c)
{
	const struct oci_seccomp *seccomp = config->linux->seccomp;
	bool notify = false;
	if (!seccomp || seccomp->bpf_data)
		return;
	if (!seccomp->default_action.set)
		refuse_missing(at(c, ".linux.seccomp.defaultAction"));
	else if (seccomp->default_action.value == OCI_ACT_NOTIFY) /* the listener is sent after the filter is on */
		refuse(at(c, ".linux.seccomp.defaultAction"), "name the calls in syscalls",
			"SCMP_ACT_NOTIFY for every call would stop the container before it runs");
	else
		check_errno(seccomp->default_action.value, seccomp->default_errno_ret,
			at(c, ".linux.seccomp.defaultErrnoRet"));
	for (size_t i = 0; i < seccomp->syscalls.len; i++) {
		check_syscall(&seccomp->syscalls.items[i], i, c);
		notify |= seccomp->syscalls.items[i].action.value == OCI_ACT_NOTIFY;
	}
	check_listener(seccomp, notify, c);
}
