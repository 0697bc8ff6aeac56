#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

enum {
	MAX_RETRIES = 1000, /* of EAGAIN, which an attacker can cause at will */
	MAX_LINKS = 40,     /* the kernel's own limit for one path */
};

int path_try_resolve(int root, const char *path, int flags, unsigned long long resolve)
{
	struct open_how how = { .flags = (unsigned)flags | O_CLOEXEC, .resolve = resolve | RESOLVE_NO_MAGICLINKS };
	if (defence_is_off("magic-links") || defence_is_off("in-root")) { /* as a plain openat(2) would */
		how.resolve &= ~(unsigned long long)(RESOLVE_NO_MAGICLINKS | RESOLVE_IN_ROOT);
		path += resolve & RESOLVE_IN_ROOT ? strspn(path, "/") : 0;
		path = *path ? path : ".";
	}
	for (int i = 0;; i++) {
		int fd = sys_openat2(root, path, &how);
		if (fd >= 0 || errno != EAGAIN || i >= MAX_RETRIES)
			return fd;
	}
}

int path_try_open(int root, const char *path, int flags)
{
	return path_try_resolve(root, path, flags, RESOLVE_IN_ROOT);
}

int path_open(int root, const char *path, int flags, struct error *err)
{
	int fd = path_try_open(root, path, flags);
	return fd < 0 ? fail(err, errno, "open %s in the root filesystem", path) : fd;
}

/* Makes one component in dir; a symlink there is left for the caller to resolve from the root. */
static int make_component(int dir, const char *name, enum path_kind kind, mode_t mode)
{
	if (kind == PATH_DIRECTORY) {
		if (mkdirat(dir, name, mode) < 0 && errno != EEXIST)
			return -1;
	} else {
		FD(file) = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, mode);
		if (file < 0 && errno != EEXIST)
			return -1;
	}
	return 0;
}

/* Replaces the component `name` of the path, a dangling link in dir, by the link's target. `rest` follows it. */
static int insert_link(int dir, char path[PATH_MAX], const char *name, const char *rest)
{
	char text[PATH_MAX], longer[PATH_MAX];
	ssize_t len = readlinkat(dir, name, text, sizeof(text) - 1);
	if (len < 0)
		return -1;
	text[len] = '\0';
	int before = *text == '/' ? 0 : (int)(name - path);
	if (snprintf(longer, sizeof(longer), "%.*s%s%s%s", before, path, text, *rest ? "/" : "", rest) >=
		(int)sizeof(longer)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(path, longer, sizeof(longer));
	return 0;
}

/* Makes and opens the last component of path. ENOENT means that a link of that name dangles. */
static int make_and_open(int root, int dir, const char *path, const char *name, enum path_kind kind, mode_t mode)
{
	if (make_component(dir, name, kind, mode) < 0)
		return -1;
	return path_try_open(root, path, O_PATH | (kind == PATH_DIRECTORY ? O_DIRECTORY : 0));
}

/* Opens the path component by component, making those that are missing. Each prefix is resolved anew from the root,
 * so that ".." and symlinks mean what they mean inside the container. The target of a dangling link is made: images
 * ship an /etc/resolv.conf that leads nowhere yet. */
static int make_prefixes(int root, char path[PATH_MAX], enum path_kind kind, mode_t mode, struct error *err)
{
	int links = 0;
	FD(dir) = path_try_open(root, "/", O_PATH | O_DIRECTORY);
	if (dir < 0)
		return fail(err, errno, "open the root filesystem");
	for (char *at = path + strspn(path, "/"); *at;) {
		char *end = at + strcspn(at, "/");
		char *next = end + strspn(end, "/");
		char saved = *end;
		*end = '\0';
		enum path_kind this_kind = *next ? PATH_DIRECTORY : kind;
		int fd = path_try_open(root, path, O_PATH | (*next ? O_DIRECTORY : 0));
		if (fd < 0 && errno == ENOENT) {
			fd = make_and_open(root, dir, path, at, this_kind, *next ? 0755 : mode);
			if (fd < 0 && errno == ENOENT && links++ < MAX_LINKS && insert_link(dir, path, at, next) == 0) {
				close_fd(&dir);
				dir = path_try_open(root, "/", O_PATH | O_DIRECTORY);
				at = path + strspn(path, "/");
				continue;
			}
			if (fd < 0)
				return fail(err, errno, "make %s in the root filesystem", path);
		}
		if (fd < 0)
			return fail(err, errno, "open %s in the root filesystem", path);
		close_fd(&dir);
		dir = fd;
		*end = saved;
		at = next;
	}
	return take_fd(&dir);
}

/* Opens an existing file of the wanted kind: O_DIRECTORY checks one kind, fstat(2) the other. */
static int open_kind(int root, const char *path, enum path_kind kind)
{
	FD(fd) = path_try_open(root, path, O_PATH | (kind == PATH_DIRECTORY ? O_DIRECTORY : 0));
	struct stat st;
	if (fd < 0 || kind == PATH_DIRECTORY)
		return take_fd(&fd);
	if (fstat(fd, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return -1;
	}
	return take_fd(&fd);
}

/* The common case comes first: the parent exists and one component is missing. */
int path_make_missing(int root, const char *path, enum path_kind kind, mode_t mode, struct error *err)
{
	char copy[PATH_MAX];
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len >= sizeof(copy))
		return fail(err, ENAMETOOLONG, "make %.64s…", path);
	memcpy(copy, path, len);
	copy[len] = '\0';
	char *slash = strrchr(copy, '/');
	if (slash && slash > copy && strcmp(slash, "/..") != 0 && strcmp(slash, "/.") != 0) {
		*slash = '\0';
		FD(dir) = path_try_open(root, copy, O_PATH | O_DIRECTORY);
		if (dir >= 0 && make_component(dir, slash + 1, kind, mode) < 0)
			return fail(err, errno, "make %s in the root filesystem", path);
		*slash = '/';
		if (dir >= 0) {
			int fd = open_kind(root, copy, kind);
			if (fd >= 0 || errno != ENOENT)
				return fd >= 0 ? fd : fail(err, errno, "open %s in the root filesystem", path);
		}
	}
	return make_prefixes(root, copy, kind, mode, err);
}

int path_make(int root, const char *path, enum path_kind kind, mode_t mode, struct error *err)
{
	int fd = open_kind(root, path, kind);
	if (fd >= 0)
		return fd;
	return errno == ENOENT ? path_make_missing(root, path, kind, mode, err) :
				 fail(err, errno, "open %s in the root filesystem", path);
}

const char *path_rest(const char *dir, const char *path)
{
	while (path) {
		dir += strspn(dir, "/");
		path += strspn(path, "/");
		size_t len = strcspn(dir, "/"), path_len = strcspn(path, "/");
		if (len == 1 && *dir == '.')
			dir++;
		else if (path_len == 1 && *path == '.')
			path++;
		else if (len == 0)
			return path;
		else if (len != path_len || memcmp(dir, path, len) != 0)
			return NULL;
		else {
			dir += len;
			path += len;
		}
	}
	return NULL;
}
