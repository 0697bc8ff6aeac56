/*
 * System calls that some C library lacks or wraps differently. Each returns -1 and sets errno.
 *
 * No file that includes this one includes <sys/mount.h>: some releases of it clash with <linux/mount.h>, which defines
 * MS_*, MOUNT_ATTR_*, FSCONFIG_* and MOVE_MOUNT_*.
 */
#pragma once

#include <errno.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <fcntl.h>

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif
#ifndef UMOUNT_NOFOLLOW
#define UMOUNT_NOFOLLOW 8
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

static inline int sys_openat2(int dirfd, const char *path, struct open_how *how)
{
	return (int)syscall(SYS_openat2, dirfd, path, how, sizeof(*how));
}

static inline pid_t sys_clone3(struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

/* The same by clone(2), whose flags a seccomp filter can read. It lacks CLONE_INTO_CGROUP. */
static inline pid_t sys_clone(const struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone, (unsigned long)(args->flags | args->exit_signal), 0, args->pidfd, 0, 0);
}

/* By clone(2) where an outer container hides clone3(2), as Docker's seccomp filter does. */
static inline pid_t sys_clone3_or_clone(struct clone_args *args)
{
	pid_t pid = sys_clone3(args);
	return pid >= 0 || errno != ENOSYS || args->flags >> 32 ? pid : sys_clone(args);
}

static inline int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467 /* the same number on every architecture */
#endif

/* open_tree(2) with OPEN_TREE_CLONE, and flags on the clone before anybody sees it: one call since Linux 6.15, two
 * before. */
static inline int sys_open_tree_attr(int dirfd, const char *path, unsigned flags, struct mount_attr *attr)
{
	int tree = (int)syscall(SYS_open_tree_attr, dirfd, path, flags, attr, sizeof(*attr));
	if (tree >= 0 || errno != ENOSYS)
		return tree;
	tree = sys_open_tree(dirfd, path, flags);
	unsigned recursive = flags & AT_RECURSIVE;
	if (tree >= 0 && syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | recursive, attr, sizeof(*attr)) < 0) {
		int saved = errno;
		(void)close(tree);
		errno = saved;
		return -1;
	}
	return tree;
}

static inline int sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags)
{
	return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

static inline int sys_fsopen(const char *type, unsigned flags)
{
	return (int)syscall(SYS_fsopen, type, flags);
}

static inline int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fd, cmd, key, value, aux);
}

static inline int sys_fsmount(int fd, unsigned flags, unsigned attrs)
{
	return (int)syscall(SYS_fsmount, fd, flags, attrs);
}

static inline int sys_fspick(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_fspick, dirfd, path, flags);
}

static inline int sys_mount_setattr(int dirfd, const char *path, unsigned flags, const struct mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attr, sizeof(*attr));
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int sys_umount2(const char *path, int flags)
{
	return (int)syscall(SYS_umount2, path, flags);
}

static inline int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static inline int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return (int)syscall(SYS_execveat, dirfd, path, argv, envp, flags);
}
