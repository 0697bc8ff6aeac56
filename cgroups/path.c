#include "cgroups/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/devices.h"

enum { MAX_RACES = 8 }; /* how often a parent may vanish while a child is made in it */

static const struct cgroup_host usual_hosts[] = {
	{ "/sys/fs/cgroup", false },
	{ "/sys/fs/cgroup/unified", true },
};

/* mountinfo writes space, tab, newline and backslash as \ooo: proc_pid_mountinfo(5). */
static bool copy_unescaped(const char *text, size_t len, char *buf, size_t size)
{
	size_t at = 0;
	for (size_t i = 0; i < len; at++) {
		if (at + 1 >= size)
			return false;
		if (text[i] == '\\' && i + 3 < len && strspn(text + i + 1, "01234567") >= 3) {
			buf[at] = (char)((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 | (text[i + 3] - '0'));
			i += 4;
		} else {
			buf[at] = text[i++];
		}
	}
	buf[at] = '\0';
	return true;
}

/* The fifth field of a line is the mount point; the file system type follows the first " - ". */
static bool read_mount_line(const char *line, struct cgroup_host *host, bool *v1)
{
	char point[4 * sizeof(host->mount)];
	size_t len = strcspn(line, "\n");
	const char *type = memmem(line, len, " - ", 3);
	*v1 |= type && str_starts(type, " - cgroup ");
	if (!type || !str_starts(type, " - cgroup2 ") || sscanf(line, "%*s %*s %*s %*s %1023s", point) != 1 ||
		*point != '/')
		return false;
	return copy_unescaped(point, strlen(point), host->mount, sizeof(host->mount));
}

bool cgroup_find_mount(const char *mountinfo, struct cgroup_host *ret_host)
{
	struct cgroup_host found = { .mount = "" };
	for (const char *line = mountinfo; *line;) {
		struct cgroup_host host = { .mount = "" };
		if (read_mount_line(line, &host, &found.hybrid) && !found.mount[0])
			memcpy(found.mount, host.mount, sizeof(found.mount));
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	if (!found.mount[0])
		return false;
	*ret_host = found;
	return true;
}

int cgroup_probe(struct cgroup_host *ret_host, struct error *err)
{
	for (size_t i = 0; i < sizeof(usual_hosts) / sizeof(*usual_hosts); i++) {
		struct statfs fs;
		if (statfs(usual_hosts[i].mount, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC) {
			*ret_host = usual_hosts[i];
			return 0;
		}
	}
	ARENA(arena);
	char *text;
	if (read_file_at(&arena, AT_FDCWD, "/proc/self/mountinfo", 1 << 26, &text, err) < 0)
		return -1;
	struct cgroup_host host = { .mount = "" };
	(void)cgroup_find_mount(text, &host); /* none at all leaves the mount "" */
	*ret_host = host;
	return 0;
}

/* Refuses a component that would lead elsewhere, and a newline, which the kernel refuses too (EINVAL). */
static int check_component(const char *name, size_t len, const char *path, struct error *err)
{
	if (len > CGROUP_NAME_MAX)
		return fail_at_hint(err, 0, ".linux.cgroupsPath", "give a shorter name",
			"the cgroup name %.32s… is longer than %d bytes", name, CGROUP_NAME_MAX);
	if ((len == 1 && name[0] == '.') || (len == 2 && name[0] == '.' && name[1] == '.'))
		return fail_at(err, 0, ".linux.cgroupsPath", "\"%s\" has a component \"%.*s\"", path, (int)len, name);
	if (memchr(name, '\n', len))
		return fail_at(err, 0, ".linux.cgroupsPath", "a cgroup name cannot hold a newline");
	return 0;
}

const char *cgroup_default_name(struct arena *arena, const char *id)
{
	static const char prefix[] = "hull-";
	bool long_id = sizeof(prefix) - 1 + strlen(id) > CGROUP_NAME_MAX;
	return arena_printf(arena, "%s%s%s", prefix, long_id ? "/" : "", id);
}

int cgroup_path(struct arena *arena, const char *cgroups_path, const char *id, const char **ret_path, struct error *err)
{
	const char *wanted = cgroups_path && *cgroups_path ? cgroups_path : cgroup_default_name(arena, id);
	size_t room = strlen(wanted) + 2;
	if (room > CGROUP_PATH_MAX - sizeof(((struct cgroup_host *)NULL)->mount))
		return fail_at(err, ENAMETOOLONG, ".linux.cgroupsPath", "%.32s…", wanted);
	char *path = arena_alloc(arena, room);
	size_t at = 0;
	for (const char *name = wanted; *name;) {
		size_t len = strcspn(name, "/");
		if (len > 0) {
			if (check_component(name, len, wanted, err) < 0)
				return -1;
			path[at++] = '/';
			memcpy(path + at, name, len);
			at += len;
		}
		name += len + (name[len] == '/');
	}
	if (at == 0)
		return fail_at(err, 0, ".linux.cgroupsPath",
			"\"%s\" is the root of the hierarchy, which a container cannot have", wanted);
	*ret_path = path;
	return 0;
}

size_t cgroup_parent_len(const char *path, size_t len)
{
	while (len > 0 && path[--len] != '/')
		;
	return len;
}

/* False and errno if it does not fit. */
static bool full_path(char *buf, const struct cgroup_host *host, const char *path, size_t len)
{
	if ((size_t)snprintf(buf, CGROUP_PATH_MAX, "%s%.*s", host->mount, (int)len, path) < CGROUP_PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

int cgroup_try_open_prefix(const struct cgroup_host *host, const char *path, size_t len)
{
	char full[CGROUP_PATH_MAX];
	struct statfs fs;
	if (!full_path(full, host, path, len))
		return -1;
	FD(fd) = path_try_resolve(AT_FDCWD, full, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -1;
	if (fs.f_type != CGROUP2_SUPER_MAGIC) {
		errno = ENOTSUP;
		return -1;
	}
	return take_fd(&fd);
}

int cgroup_try_rmdir(const struct cgroup_host *host, const char *path, size_t len)
{
	char full[CGROUP_PATH_MAX];
	if (!full_path(full, host, path, len))
		return -1;
	return rmdir(full);
}

static int fail_no_mount(struct error *err)
{
	return fail_at_hint(err, 0, ".linux.cgroupsPath",
		"mount -t cgroup2 none /sys/fs/cgroup, or boot with systemd.unified_cgroup_hierarchy=1",
		"no cgroup2 file system is mounted");
}

static int fail_open(const struct cgroup_host *host, const char *path, struct error *err)
{
	if (errno == ENOTSUP)
		return fail_at(err, 0, ".linux.cgroupsPath", "%s%s is not on a cgroup2 file system", host->mount, path);
	return fail_at(err, errno, ".linux.cgroupsPath", "open cgroup %s", path);
}

int cgroup_open(const struct cgroup_host *host, const char *path, struct error *err)
{
	if (!host->mount[0])
		return fail_no_mount(err);
	int fd = cgroup_try_open_prefix(host, path, strlen(path));
	return fd < 0 ? fail_open(host, path, err) : fd;
}

static bool is_ours(const struct cgroup_host *host, const char *path, size_t len)
{
	char full[CGROUP_PATH_MAX], procs[CGROUP_PATH_MAX + 16];
	if (len == 0 || !full_path(full, host, path, len) || faccessat(AT_FDCWD, full, W_OK, AT_EACCESS) < 0)
		return false;
	(void)snprintf(procs, sizeof(procs), "%s/cgroup.procs", full);
	return faccessat(AT_FDCWD, procs, W_OK, AT_EACCESS) == 0;
}

const char *cgroup_find_delegated(struct arena *arena, const struct cgroup_host *host)
{
	char *text;
	if (!host->mount[0] || read_file_at(arena, AT_FDCWD, "/proc/self/cgroup", CGROUP_FILE_MAX, &text, NULL) < 0)
		return "";
	char *own = str_starts(text, "0::") ? text : strstr(text, "\n0::");
	if (!own)
		return "";
	own = strchr(own, '/');
	size_t len = own ? strcspn(own, "\n") : 0, above = own ? cgroup_parent_len(own, len) : 0;
	return is_ours(host, own, above) ? arena_strndup(arena, own, above) :
	       is_ours(host, own, len)   ? arena_strndup(arena, own, len) :
					   "";
}

unsigned cgroup_missing(const struct cgroup_host *host, const char *path)
{
	char full[CGROUP_PATH_MAX];
	unsigned missing = 0;
	for (size_t len = strlen(path); len > 0; len = cgroup_parent_len(path, len), missing++)
		if (!full_path(full, host, path, len) || access(full, F_OK) == 0)
			break;
	return missing;
}

/* Removes the last `count` components of the path's first `len` bytes, the deepest first. */
static void unmake(const struct cgroup_host *host, const char *path, size_t len, unsigned count)
{
	int saved = errno;
	for (; count > 0 && len > 0; count--) {
		(void)cgroup_try_rmdir(host, path, len); /* another container may use the parent by now */
		len = cgroup_parent_len(path, len);
	}
	errno = saved;
}

/* Makes the directory unless it exists. */
static int make_one(const char *full, bool *ret_made)
{
	struct stat st;
	*ret_made = mkdir_exactly(AT_FDCWD, full, 0755) == 0;
	if (*ret_made)
		return 0;
	if (errno != EEXIST)
		return -1;
	if (lstat(full, &st) == 0 && !S_ISDIR(st.st_mode)) { /* such as "memory.max" */
		errno = ENOTDIR;
		return -1;
	}
	return 0;
}

/* 'm' if hull made the cgroup, or 'u' if it only uses it; then the mark of the container. */
#define CONTAINER_MARK "user.hull.container"

/* Reads the mark of an open cgroup; '\0' comes first if there is none. */
static int read_mark(int cgroup_fd, char found[CGROUP_MARK_SIZE + 1])
{
	ssize_t len = fgetxattr(cgroup_fd, CONTAINER_MARK, found, CGROUP_MARK_SIZE);
	found[len > 0 ? len : 0] = '\0';
	return len < 0 && errno != ENODATA && errno != EOPNOTSUPP ? -1 : 0;
}

void cgroup_claim(int cgroup_fd, const char *mark, struct cgroup_made *made)
{
	char text[CGROUP_MARK_SIZE + 1];
	if (made->components == 0) {
		(void)read_mark(cgroup_fd, text); /* in doubt the cgroup stays */
		made->components = text[0] == 'm';
	}
	int len = snprintf(text, sizeof(text), "%c%s", made->components ? 'm' : 'u', mark);
	(void)fsetxattr(cgroup_fd, CONTAINER_MARK, text, (size_t)len, 0); /* a cgroup without a mark passes for ours */
}

int cgroup_is_anothers(int cgroup_fd, const char *mark, bool marked_only)
{
	char found[CGROUP_MARK_SIZE + 1];
	if (read_mark(cgroup_fd, found) < 0)
		return -1;
	return found[0] ? !str_eq(found + 1, mark) : marked_only;
}

/* A parent that hull made carries this mark, so that the last container below it may remove it, and not only the one
 * that made it. */
#define PARENT_MARK "user.hull"

bool cgroup_is_our_parent(const struct cgroup_host *host, const char *path, size_t len)
{
	char full[CGROUP_PATH_MAX];
	return full_path(full, host, path, len) && getxattr(full, PARENT_MARK, NULL, 0) >= 0;
}

/* Makes the missing components from the root on; *ret_made is how many of the last ones were made here. */
static int make_all(const struct cgroup_host *host, const char *path, unsigned *ret_made)
{
	char full[CGROUP_PATH_MAX];
	unsigned made = 0;
	for (size_t len = 0; path[len];) {
		size_t parent = len;
		bool is_new = false;
		len += 1 + strcspn(path + len + 1, "/");
		if (!full_path(full, host, path, len) || make_one(full, &is_new) < 0) {
			unmake(host, path, parent, made);
			return -1;
		}
		made = is_new ? made + 1 : 0; /* somebody else already uses what was made above it */
		if (is_new && path[len])      /* without this, only the container that made a parent removes it */
			(void)setxattr(full, PARENT_MARK, "", 0, 0);
	}
	*ret_made = made;
	return 0;
}

/* Tries the whole path first, since its parents mostly exist. A later ENOENT means that an empty parent was removed
 * meanwhile. */
static int make_path(const struct cgroup_host *host, const char *path, unsigned *made)
{
	char full[CGROUP_PATH_MAX];
	if (!full_path(full, host, path, strlen(path)))
		return -1;
	*made = 1;
	if (mkdir_exactly(AT_FDCWD, full, 0755) == 0)
		return 0;
	*made = 0;
	if (errno == EEXIST)
		return 0;
	for (int i = 0; errno == ENOENT && i < MAX_RACES; i++)
		if (make_all(host, path, made) == 0)
			return 0;
	return -1;
}

static int fail_make(const struct cgroup_host *host, const char *path, struct error *err)
{
	int errnum = errno;
	(void)fail_at(err, errnum, ".linux.cgroupsPath", "make cgroup %s under %s", path, host->mount);
	if (errnum == EACCES || errnum == EPERM)
		return error_hint(err, "this part of the hierarchy is not delegated to user %u", (unsigned)geteuid());
	if (errnum == EAGAIN)
		return error_hint(err, "cgroup.max.depth or cgroup.max.descendants of a parent is reached");
	if (errnum == EROFS)
		return error_hint(err, "%s is mounted read-only", host->mount);
	return -1;
}

/* config-linux.md "Control groups" lets a runtime use an existing cgroup. One with processes would mix two
 * containers, and clone3(2) into a frozen one would never return. */
static int check_usable(int fd, const char *path, struct error *err)
{
	struct cgroup_events events;
	if (faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) < 0)
		return fail_at_hint(err, errno, ".linux.cgroupsPath",
			errno == EACCES ? "it belongs to another user; choose another path or id" : NULL,
			"use cgroup %s", path);
	if (cgroup_read_events(fd, &events) < 0)
		return fail_at(err, errno, ".linux.cgroupsPath", "read cgroup.events of cgroup %s", path);
	if (events.populated)
		return fail_at(err, 0, ".linux.cgroupsPath", "cgroup %s has processes in it", path);
	if (events.frozen)
		return fail_at(err, 0, ".linux.cgroupsPath", "cgroup %s is frozen", path);
	return 0;
}

int cgroup_create(const struct cgroup_host *host, const char *path, struct cgroup_made *ret_made, struct error *err)
{
	if (!host->mount[0])
		return fail_no_mount(err);
	unsigned made;
	if (make_path(host, path, &made) < 0)
		return fail_make(host, path, err);
	FD(fd) = cgroup_try_open_prefix(host, path, strlen(path));
	if (fd < 0) {
		(void)fail_open(host, path, err);
		unmake(host, path, strlen(path), made);
		return -1;
	}
	/* a new cgroup directly below the root can be neither in use nor frozen */
	bool nested = strchr(path + 1, '/') != NULL;
	if ((made == 0 || nested) && check_usable(fd, path, err) < 0) {
		unmake(host, path, strlen(path), made);
		return -1;
	}
	/* a device program that an earlier container left would still be in force */
	if (made == 0 && devices_detach(fd, err) < 0)
		return -1;
	*ret_made = (struct cgroup_made){ .components = made };
	return take_fd(&fd);
}
