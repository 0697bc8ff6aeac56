#include "plan/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "process/caps.h"

enum { OLDEST_MAJOR = 5, OLDEST_MINOR = 14 };

int host_check_release(const char *release, struct error *err)
{
	unsigned major, minor;
	if (sscanf(release, "%u.%u", &major, &minor) != 2)
		return fail(err, 0, "the kernel calls itself \"%.64s\", which is no release", release);
	if (major < OLDEST_MAJOR || (major == OLDEST_MAJOR && minor < OLDEST_MINOR))
		return fail(
			err, 0, "this is Linux %.64s, hull needs %d.%d or newer", release, OLDEST_MAJOR, OLDEST_MINOR);
	return 0;
}

/* The case of `unshare -U` without -m: ioctl_ns(2). */
static bool has_foreign_mounts(void)
{
	FD(mounts) = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	FD(user) = mounts < 0 ? -1 : ioctl(mounts, NS_GET_USERNS);
	if (user < 0) /* EPERM: the owner is a user namespace above the caller's */
		return mounts >= 0 && errno == EPERM;
	return same_file(user, "", AT_FDCWD, "/proc/self/ns/user") == 0;
}

int host_probe(struct host *ret_host, struct error *err)
{
	struct host host = { .euid = proc_euid(), .in_user_namespace = proc_in_user_namespace() };
	struct utsname name;
	if (uname(&name) < 0)
		return fail(err, errno, "read the kernel's release");
	if (host_check_release(name.release, err) < 0)
		return -1;
	host.foreign_mounts = host.in_user_namespace && has_foreign_mounts();
	host.last_cap = caps_last();
	host.own_caps = caps_held();
	if (cgroup_probe(&host.cgroup, err) < 0)
		return -1;
	*ret_host = host;
	return 0;
}

void host_probe_delegated(struct host *host, struct arena *arena)
{
	host->delegated = cgroup_find_delegated(arena, &host->cgroup);
}

void host_probe_lsm(struct host *host)
{
	lsm_probe(&host->lsm);
}

void host_probe_rdt(struct host *host)
{
	rdt_probe(&host->rdt);
}
