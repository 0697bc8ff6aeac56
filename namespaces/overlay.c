#include "namespaces/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"
#include "namespaces/mount-options.h"
#include "namespaces/mount-new.h"

static void add_param(struct arena *arena, struct mount_options *options, const char *key, const char *value)
{
	struct mount_param *param = list_add(arena, &options->params);
	param->key = key;
	param->value = value;
}

/* Names the layer by its descriptor, so that neither the length of its path nor a colon in it matters, and the
 * container does not see the path in its mountinfo. */
static void add_layer(struct arena *arena, struct mount_options *options, const char *key, int dir)
{
	add_param(arena, options, key, arena_printf(arena, "/proc/self/fd/%d", dir));
}

/* Until Linux 6.15 layers must be attached somewhere. Over "/" they change no path of this process. */
static int attach_somewhere(int mount, struct error *err)
{
	return sys_move_mount(mount, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 ?
		       fail(err, errno, "attach a layer of the overlay") :
		       0;
}

static int open_lower(const struct overlay *o, struct error *err)
{
	/* Private, since the clone is a peer of the host's mount: later mounts over it would appear on the host. */
	struct mount_attr attr = { .propagation = MS_PRIVATE };
	FD(lower) = sys_open_tree_attr(AT_FDCWD, o->lower, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE, &attr);
	if (lower < 0)
		return fail_at(err, errno, ".root.path", "open the root filesystem %s", o->lower);
	struct mount_idmap_what what = { .where = ".root.path", .source = o->lower };
	if (o->idmap && mount_idmap_apply(o->idmap, lower, &what, err) < 0)
		return -1;
	return take_fd(&lower);
}

static int open_tmpfs(struct error *err)
{
	struct mount_options options = { .extra = 0 };
	FD(tmpfs) = mount_detached("tmpfs", "tmpfs", &options, err);
	if (tmpfs < 0 || attach_somewhere(tmpfs, err) < 0)
		return -1;
	return take_fd(&tmpfs);
}

static int open_kept(const char *path, struct error *err)
{
	FD(dir) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0)
		return take_fd(&dir);
	return fail_hint(err, errno,
		errno == ENOENT ? "make the directory; what the container writes is kept in it" : NULL, "--overlay %s",
		path);
}

/* The root of the overlay has the owner and mode of the upper layer's root. An owner that is not mapped in the user
 * namespace cannot be set. */
static int set_root_attributes(int upper, int lower, struct error *err)
{
	struct stat st;
	if (fstat(lower, &st) == 0 && (fchown(upper, st.st_uid, st.st_gid) == 0 || errno == EINVAL) &&
		fchmod(upper, st.st_mode & 07777) == 0)
		return 0;
	return fail(err, errno, "--overlay: give the upper layer the owner and mode of the root filesystem");
}

static int open_layer(int dir, const char *name, bool *ret_made, struct error *err)
{
	*ret_made = mkdirat(dir, name, 0700) == 0;
	if (!*ret_made && errno != EEXIST)
		return fail(err, errno, "--overlay: make the directory \"%s\" in it", name);
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? fail(err, errno, "--overlay: open the directory \"%s\" in it", name) : fd;
}

static bool is_on_overlay(int dir)
{
	struct statfs fs;
	return fstatfs(dir, &fs) == 0 && (unsigned long)fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

static const char *attribute(void)
{
	return proc_in_user_namespace() ? "user.overlay.opaque" : "trusted.overlay.opaque";
}

/* Refuses directories for which the kernel gives no reason, or which it accepts and cannot use. */
static int check_kept(const char *path, int dir, struct error *err)
{
	const char *why;
	if (is_on_overlay(dir))
		why = "it is on an overlay, which cannot be the upper layer of another";
	else if (fgetxattr(dir, attribute(), NULL, 0) < 0 && errno == ENOTSUP)
		why = "its filesystem has no extended attributes";
	else
		return 0;
	return fail_hint(err, 0, "use a directory on ext4, xfs, btrfs or tmpfs", "--overlay %s: %s", path, why);
}

static const char busy[] = "another container writes there: each needs a directory of its own";

static int explain(const struct overlay *o, struct error *err)
{
	if (!o->dir)
		return error_prefix(err, "--overlay tmp");
	(void)error_prefix(err, "--overlay %s", o->dir);
	switch (err->errnum) {
	case EBUSY:
		return error_hint(err, "%s", busy);
	case ESTALE:
		return error_hint(err,
			"its files were written over another root filesystem: use another directory, or remove "
			"upper and work in this one");
	case EINVAL:
		return error_hint(err,
			"its filesystem cannot be an upper layer: use a directory on ext4, xfs, btrfs or "
			"tmpfs");
	default:
		return -1;
	}
}

static int make_overlay(struct arena *arena, const struct overlay *o, int lower, int dir, struct error *err)
{
	struct mount_options options = { .extra = 0 };
	bool made, made_work;
	FD(upper) = open_layer(dir, "upper", &made, err);
	FD(work) = upper < 0 ? -1 : open_layer(dir, "work", &made_work, err);
	if (work < 0 || (made && set_root_attributes(upper, lower, err) < 0))
		return -1;
	add_layer(arena, &options, "lowerdir", lower);
	add_layer(arena, &options, "upperdir", upper);
	add_layer(arena, &options, "workdir", work);
	/* With an index the kernel refuses two containers on one upper layer, and one layer on two root filesystems,
	 * whose behaviour would be undefined. */
	if (o->dir)
		add_param(arena, &options, "index", "on");
	if (proc_in_user_namespace())
		add_param(arena, &options, "userxattr", NULL);
	int mount = mount_detached("overlay", "overlay", &options, err);
	return mount < 0 ? explain(o, err) : mount;
}

static int make(struct arena *arena, const struct overlay *o, int lower, struct error *err)
{
	struct mount_attr private = { .propagation = MS_PRIVATE };
	if (sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &private) < 0)
		return fail(err, errno, "make the mount namespace private");
	if (attach_somewhere(lower, err) < 0)
		return -1;
	FD(dir) = o->dir ? open_kept(o->dir, err) : open_tmpfs(err);
	if (dir < 0 || (o->dir && check_kept(o->dir, dir, err) < 0))
		return -1;
	return make_overlay(arena, o, lower, dir, err);
}

/* Runs in a mount namespace of its own and shares the parent's descriptors. The overlay replaces the descriptor
 * `place`. */
static void __attribute__((noreturn))
make_and_exit(struct arena *arena, const struct overlay *o, int lower, int place, int report)
{
	struct error err = { .errnum = 0 };
	FD(mount) = make(arena, o, lower, &err);
	if (mount >= 0 && dup3(mount, place, O_CLOEXEC) < 0)
		(void)fail(&err, errno, "keep the overlay");
	close_fd(&mount);
	if (err.text[0])
		(void)write_all(report, &err, sizeof(err)); /* fails only if the parent has died */
	_exit(0);
}

/* Writes the pid by which procfs knows this process. In a pid namespace without a procfs of its own, getpid(2) returns
 * another number. */
static int write_claim(int file, struct error *err)
{
	char pid[16] = "", text[64];
	uint64_t start;
	if (readlink("/proc/self", pid, sizeof(pid) - 1) < 0 ||
		proc_start_time((pid_t)atoi(pid), &start, NULL, err) < 0)
		return fail(err, errno, "read /proc/self");
	int len = snprintf(text, sizeof(text), "%s %llu\n", pid, (unsigned long long)start);
	return ftruncate(file, 0) < 0 || pwrite(file, text, (size_t)len, 0) != len ?
		       fail(err, errno, "write the file \"in-use\"") :
		       0;
}

/* In a user namespace the kernel does not check that an upper layer serves one container only, since that takes
 * CAP_DAC_READ_SEARCH in the first user namespace. A file names the container by pid and start time of its init. */
static int claim(const char *path, struct error *err)
{
	char text[64] = "";
	int pid;
	unsigned long long start;
	FD(dir) = open_kept(path, err);
	if (dir < 0)
		return -1;
	FD(file) = openat(dir, "in-use", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0 || flock(file, LOCK_EX) < 0 || pread(file, text, sizeof(text) - 1, 0) < 0)
		return fail(err, errno, "--overlay %s: open the file \"in-use\" in it", path);
	int alive = sscanf(text, "%d %llu", &pid, &start) == 2 ? proc_is_alive((pid_t)pid, start, err) : 0;
	if (alive < 0)
		return error_prefix(err, "--overlay %s", path);
	if (alive)
		return fail_hint(err, EBUSY, busy, "--overlay %s", path);
	return write_claim(file, err) < 0 ? error_prefix(err, "--overlay %s", path) : 0;
}

int overlay_open(struct arena *arena, const struct overlay *overlay, struct error *err)
{
	struct clone_args args = { .flags = CLONE_NEWNS | CLONE_FILES };
	struct error why;
	int pair[2];
	if (overlay->dir && proc_in_user_namespace() && claim(overlay->dir, err) < 0)
		return -1;
	FD(lower) = open_lower(overlay, err);
	if (lower < 0)
		return -1;
	if (pipe2(pair, O_CLOEXEC) < 0)
		return fail(err, errno, "make a pipe");
	FD(reader) = pair[0];
	FD(writer) = pair[1];
	FD(place) = fcntl(reader, F_DUPFD_CLOEXEC, 3);
	if (place < 0)
		return fail(err, errno, "make room for the overlay");
	pid_t pid = sys_clone3_or_clone(&args);
	if (pid == 0)
		make_and_exit(arena, overlay, lower, place, writer);
	if (pid < 0)
		return fail(err, errno, "make a mount namespace for the overlay");
	int status = proc_wait(pid);
	close_fd(&writer);
	ssize_t len = read(reader, &why, sizeof(why));
	if (len == sizeof(why)) {
		*err = why;
		return -1;
	}
	return status != 0 || len != 0 ?
		       fail(err, 0, "the process that makes the overlay ended with status %d", status) :
		       take_fd(&place);
}
