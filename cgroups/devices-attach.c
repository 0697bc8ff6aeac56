#include "cgroups/devices.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

static const char program_name[BPF_OBJ_NAME_LEN] = "hull_devices"; /* identifies hull's own programs */

enum { PROGRAMS_MAX = 64 }; /* on one cgroup: BPF_CGROUP_MAX_PROGS of the kernel */

/* The initial value of each attribute. An initialiser may clear only the member that it names (GCC 15), while the
 * kernel requires zeroes after it. */
static const union bpf_attr no_attr;

static int sys_bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int fail_bpf(struct error *err, int errnum, const char *what)
{
	const char *hint = errnum == EPERM ?
				   "device rules need CAP_BPF and CAP_NET_ADMIN (or CAP_SYS_ADMIN) in the initial "
				   "user namespace, and no parent cgroup whose program forbids others" :
			   errnum == EINVAL || errnum == ENOSYS ? "the kernel needs CONFIG_CGROUP_BPF" :
								  NULL;
	return fail_at_hint(err, errnum, ".linux.resources.devices", hint, "%s", what);
}

static int load(const struct bpf_insn *insns, size_t len, struct error *err)
{
	union bpf_attr attr = no_attr;
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.expected_attach_type = BPF_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.insn_cnt = (uint32_t)len;
	attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
	memcpy(attr.prog_name, program_name, sizeof(attr.prog_name));
	for (int i = 0; i < 5; i++) { /* EAGAIN: a signal came while it was verified */
		int fd = sys_bpf(BPF_PROG_LOAD, &attr);
		if (fd >= 0 || errno != EAGAIN)
			return fd < 0 ? fail_bpf(err, errno, "load the device program") : fd;
	}
	return fail_bpf(err, EAGAIN, "load the device program");
}

/* Opens the program of that number if it is hull's own; -1 otherwise. */
static int open_own(uint32_t id)
{
	union bpf_attr attr = no_attr;
	attr.prog_id = id;
	FD(fd) = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return -1;
	struct bpf_prog_info info = { 0 };
	union bpf_attr query = no_attr;
	query.info.bpf_fd = (uint32_t)fd;
	query.info.info_len = sizeof(info);
	query.info.info = (uint64_t)(uintptr_t)&info;
	if (sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &query) < 0 || !str_eq(info.name, program_name))
		return -1;
	return take_fd(&fd);
}

/* Lists the programs on this cgroup, without those of its parents, in the order of attachment. */
static int query(int cgroup_fd, uint32_t ids[PROGRAMS_MAX], size_t *ret_len, struct error *err)
{
	union bpf_attr attr = no_attr;
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_cnt = PROGRAMS_MAX;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	if (sys_bpf(BPF_PROG_QUERY, &attr) < 0)
		return fail_bpf(err, errno, "list the device programs of the cgroup");
	*ret_len = attr.query.prog_cnt;
	return 0;
}

static int find_own(int cgroup_fd, int *ret_fd, struct error *err)
{
	uint32_t ids[PROGRAMS_MAX];
	size_t len = 0;
	if (query(cgroup_fd, ids, &len, err) < 0)
		return -1;
	int fd = -1;
	for (size_t i = 0; i < len && fd < 0; i++)
		fd = open_own(ids[i]);
	*ret_fd = fd;
	return 0;
}

int devices_attach(int cgroup_fd, const struct bpf_insn *insns, size_t len, enum cgroup_use use, struct error *err)
{
	FD(old) = -1;
	FD(program) = load(insns, len, err);
	if (program < 0 || (use == CGROUP_IN_USE && find_own(cgroup_fd, &old, err) < 0))
		return -1;
	union bpf_attr attr = no_attr;
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI | (old >= 0 ? BPF_F_REPLACE : 0);
	attr.replace_bpf_fd = (uint32_t)(old >= 0 ? old : 0);
	if (sys_bpf(BPF_PROG_ATTACH, &attr) < 0)
		return fail_bpf(err, errno, "attach the device program to the cgroup");
	return 0;
}

/* A user who may not list programs cannot have attached one either. */
int devices_detach(int cgroup_fd, struct error *err)
{
	for (int i = 0; i < PROGRAMS_MAX; i++) {
		struct error why = { 0 };
		int found;
		if (find_own(cgroup_fd, &found, &why) < 0) {
			if (why.errnum == EPERM || why.errnum == ENOSYS || why.errnum == EINVAL)
				return 0;
			return fail_at(err, why.errnum, why.where, "%s", why.text);
		}
		if (found < 0)
			return 0;
		FD(program) = found;
		union bpf_attr attr = no_attr;
		attr.target_fd = (uint32_t)cgroup_fd;
		attr.attach_bpf_fd = (uint32_t)program;
		attr.attach_type = BPF_CGROUP_DEVICE;
		if (sys_bpf(BPF_PROG_DETACH, &attr) < 0)
			return fail_bpf(err, errno, "detach the earlier device program");
	}
	return 0;
}
