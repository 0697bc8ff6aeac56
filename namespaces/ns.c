#include "namespaces/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "oci/words.h"

const char *ns_name(int type)
{
	return word_name(oci_namespace_words, type);
}

static void add_join(struct arena *arena, struct ns_plan *plan, const struct oci_linux *config, size_t index)
{
	struct ns_join *join = list_add(arena, &plan->joins);
	join->where = arena_printf(arena, ".linux.namespaces[%zu]", index);
	join->path = config->namespaces.items[index].path;
	join->type = (int)config->namespaces.items[index].type.value;
	join->fd = -1;
}

static bool entry_is(const struct oci_linux *config, size_t index, int type)
{
	const struct oci_namespace *ns = &config->namespaces.items[index];
	return ns->path && ns->type.value == type;
}

bool ns_joins(const struct ns_plan *plan, int type)
{
	LIST_EACH (&plan->joins, join)
		if (join->type == type)
			return true;
	return false;
}

/* One clone3 for all namespaces is fastest. More is needed in three cases. In a new user namespace the others are
 * unshared after its ids are mapped, or their filesystems belong to nobody (mqueue's root, Linux 6.18). Joined
 * namespaces are entered before the user namespace, in which the host's privileges are lost. Only a new process enters
 * a pid or time namespace. */
static void choose_clones(struct ns_plan *plan)
{
	bool joins_user = ns_joins(plan, CLONE_NEWUSER);
	uint64_t created = plan->created;
	plan->new_user = created & CLONE_NEWUSER;
	plan->second_clone = ns_joins(plan, CLONE_NEWPID) || ns_joins(plan, CLONE_NEWTIME) ||
			     (created & CLONE_NEWTIME) ||
			     ((joins_user || (plan->new_user && plan->joins.len)) && (created & CLONE_NEWPID));
	bool early_user = plan->new_user && plan->joins.len == 0;
	if (!plan->new_user && !joins_user)
		plan->clone_flags = created & ~(uint64_t)CLONE_NEWTIME;
	else if (early_user)
		plan->clone_flags = CLONE_NEWUSER;
	if (plan->second_clone) {
		plan->clone_flags &= ~(uint64_t)CLONE_NEWPID;
		plan->second_flags = created & CLONE_NEWPID;
	} else {
		plan->clone_flags |= created & CLONE_NEWPID;
	}
	plan->unshare_flags = created & ~plan->clone_flags & ~(uint64_t)CLONE_NEWPID & ~(uint64_t)CLONE_NEWUSER;
}

void ns_plan(struct arena *arena, const struct oci_linux *config, struct ns_plan *ret)
{
	struct ns_plan plan = { .created = 0 };
	size_t count = config ? config->namespaces.len : 0;
	for (size_t i = 0; i < count; i++)
		if (!config->namespaces.items[i].path)
			plan.created |= (uint64_t)config->namespaces.items[i].type.value;
	for (size_t i = 0; i < count; i++)
		if (config->namespaces.items[i].path && !entry_is(config, i, CLONE_NEWUSER) &&
			!entry_is(config, i, CLONE_NEWPID) && !entry_is(config, i, CLONE_NEWNS))
			add_join(arena, &plan, config, i);
	/* Joining the pid namespace needs privilege, which is lost in the user namespace. The mount namespace changes
	 * the meaning of paths. */
	static const int last[] = { CLONE_NEWPID, CLONE_NEWNS, CLONE_NEWUSER };
	for (size_t k = 0; k < sizeof(last) / sizeof(last[0]); k++)
		for (size_t i = 0; i < count; i++)
			if (entry_is(config, i, last[k]))
				add_join(arena, &plan, config, i);
	choose_clones(&plan);
	*ret = plan;
}

int ns_open(struct ns_plan *plan, struct error *err)
{
	LIST_EACH (&plan->joins, join) {
		FD(fd) = open(join->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			return fail_at(err, errno, join->where, "open the namespace %s", join->path);
		struct statfs fs;
		int type =
			fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == NSFS_MAGIC ? ioctl(fd, NS_GET_NSTYPE) : -1;
		if (type != join->type)
			return fail_at(err, 0, join->where, "%s is no %s namespace", join->path, ns_name(join->type));
		join->fd = take_fd(&fd);
	}
	return 0;
}

bool ns_joins_own(const struct ns_plan *plan, int type)
{
	static const struct word files[] = {
		{ "/proc/self/ns/user", CLONE_NEWUSER },
		{ "/proc/self/ns/net", CLONE_NEWNET },
		{ "/proc/self/ns/uts", CLONE_NEWUTS },
		{ "/proc/self/ns/ipc", CLONE_NEWIPC },
		{ NULL },
	};
	const char *file = word_name(files, type);
	LIST_EACH (&plan->joins, join)
		if (file && join->type == type)
			return same_file(join->fd, "", AT_FDCWD, file) == 1;
	return false;
}

/* Lives until the parent closes its end of the socket or dies. The process shares neither memory nor descriptors with
 * the parent. Only root can trace or signal it. */
static void __attribute__((noreturn)) hold(int userns, bool inside, int end)
{
	char byte = 0;
	const int keep[] = { end, userns };
	(void)close_all_but(0, keep, 2);
	if (!inside && (userns < 0 ? unshare(CLONE_NEWUSER) : setns(userns, CLONE_NEWUSER)) < 0)
		_exit(errno);
	/* By its own look at procfs, since that may be of another pid namespace, where its number is another one. */
	FD(proc) = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0 || send_with_fd(end, &byte, 1, proc) < 0)
		_exit(errno);
	close_fd(&proc);
	while (read(end, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

int ns_hold_user(int userns, struct ns_holder *ret)
{
	int pair[2];
	char byte;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	FD(ours) = pair[0];
	FD(theirs) = pair[1];
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	bool inside = userns < 0; /* born in the new namespace, unless a filter forbids clone3 */
	pid_t pid = inside ? sys_clone3(&args) : fork();
	if (pid < 0 && inside && errno == ENOSYS) {
		inside = false;
		pid = fork();
	}
	if (pid == 0)
		hold(userns, inside, theirs);
	if (pid < 0)
		return -1;
	close_fd(&theirs);
	FD(proc) = -1;
	if (recv_with_fd(ours, &byte, 1, &proc) == 1 && proc >= 0) {
		*ret = (struct ns_holder){ pid, take_fd(&ours), take_fd(&proc) };
		return 0;
	}
	errno = proc_wait(pid);
	return -1;
}

void ns_release(struct ns_holder *holder)
{
	close_fd(&holder->end);
	close_fd(&holder->proc);
	(void)proc_wait(holder->pid);
}

int ns_hint_limit(struct error *err)
{
	if (!err || (err->errnum != ENOSPC && err->errnum != EUSERS))
		return -1;
	return error_hint(err, "a limit of /proc/sys/user/max_*_namespaces is reached");
}

int ns_unshare(const struct ns_plan *plan, struct error *err)
{
	if (unshare((int)plan->unshare_flags) == 0)
		return 0;
	bool denied = errno == EPERM;
	(void)fail_hint(err, errno,
		denied ? "a seccomp filter or AppArmor may restrict user namespaces: hull check --host tells which" :
			 NULL,
		"unshare namespaces");
	return denied ? -1 : ns_hint_limit(err);
}

/* The user namespace comes last, since others may need privilege on the host. A caller without that privilege gets it
 * in the user namespace, which it enters as soon as another namespace refuses it. */
static bool enter_user_first(struct ns_plan *plan)
{
	LIST_EACH (&plan->joins, join)
		if (join->type == CLONE_NEWUSER && join->fd >= 0 && setns(join->fd, join->type) == 0) {
			close_fd(&join->fd);
			return true;
		}
	return false;
}

int ns_join(struct ns_plan *plan, struct error *err)
{
	LIST_EACH (&plan->joins, join) {
		if (join->fd < 0)
			continue;
		int errnum = setns(join->fd, join->type) < 0 ? errno : 0;
		if (errnum == EPERM && join->type != CLONE_NEWUSER && enter_user_first(plan) &&
			setns(join->fd, join->type) == 0)
			errnum = 0;
		if (errnum)
			return fail_at(
				err, errnum, join->where, "join the %s namespace %s", ns_name(join->type), join->path);
		close_fd(&join->fd);
	}
	return 0;
}

int ns_open_time_offsets(struct error *err)
{
	static const char path[] = "/proc/self/timens_offsets";
	struct statfs fs;
	FD(fd) = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return fail_at(err, errno, ".linux.timeOffsets", "open %s", path);
	if (fs.f_type != PROC_SUPER_MAGIC)
		return fail_at(err, 0, ".linux.timeOffsets", "%s is not on procfs", path);
	return take_fd(&fd);
}

int ns_set_time_offsets(int fd, const struct oci_time_offsets *offsets, struct error *err)
{
	const struct {
		const char *clock, *where;
		const struct oci_time_offset *offset;
	} clocks[] = {
		{ "monotonic", ".linux.timeOffsets.monotonic", offsets->monotonic },
		{ "boottime", ".linux.timeOffsets.boottime", offsets->boottime },
	};
	const char *where = NULL;
	char text[192];
	int len = 0;
	for (size_t i = 0; i < 2; i++) {
		if (!clocks[i].offset)
			continue;
		where = where ? ".linux.timeOffsets" : clocks[i].where;
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s %lld %llu\n", clocks[i].clock,
			(long long)clocks[i].offset->secs.value, (unsigned long long)clocks[i].offset->nanosecs.value);
	}
	/* The kernel takes only one write. */
	if (len && write(fd, text, (size_t)len) < 0) {
		return fail_at_hint(err, errno, where,
			errno == ERANGE ? "no clock may be before its zero, or 146 years after it" : NULL,
			"set the clock offsets");
	}
	return 0;
}
