#include "container/container.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"

enum { ID_MAX = NAME_MAX }; /* the id names a directory */
enum { LOCK_TIMEOUT_MS = 10000, LOCK_PAUSE_US = 10000 };

/* Compiled seccomp profiles. No container has this name, for ':' is not allowed in an id. */
#define CACHE_NAME "cache:seccomp"

int container_check_id(const char *id, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+.-";
	size_t len = strlen(id);
	if (len > ID_MAX || strspn(id, allowed) != len || !str_is_component(id)) {
		(void)fail(err, 0, "invalid container id \"%.64s%s\"", id, len > 64 ? "…" : "");
		return error_hint(err, "letters, digits and _+.- alone, at most %d of them", ID_MAX);
	}
	return 0;
}

const char *container_default_root(struct arena *arena)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	/* root of a user namespace is another user on the host: Podman without root */
	if (runtime_dir && *runtime_dir == '/' && (proc_euid() != 0 || proc_in_user_namespace()))
		return arena_printf(arena, "%s/hull", runtime_dir);
	return "/run/hull";
}

static int fail_root(const char *verb, const char *path, struct error *err)
{
	return fail_hint(err, errno,
		errno == EACCES ? "set XDG_RUNTIME_DIR to a directory of your own, or give one by --root" : NULL,
		"%s the state root %s", verb, path);
}

static int make_directories(const char *path, struct error *err)
{
	char copy[PATH_MAX];
	if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy))
		return fail(err, ENAMETOOLONG, "make the state root");
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir_exactly(AT_FDCWD, copy, 0755) < 0 && errno != EEXIST)
			return fail_root("make", copy, err);
		*slash = '/';
	}
	if (mkdir_exactly(AT_FDCWD, copy, 0700) < 0 && errno != EEXIST)
		return fail_root("make", path, err);
	return 0;
}

int container_open_root(const char *path, bool make, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	FD(root) = open(path, flags);
	if (root < 0 && errno == ENOENT && make) {
		if (make_directories(path, err) < 0)
			return -1;
		root = open(path, flags);
	}
	struct stat st;
	if (root < 0 || fstat(root, &st) < 0)
		return fail_root("open", path, err);
	if ((st.st_uid != proc_euid() || (st.st_mode & (S_IWGRP | S_IWOTH))) && !defence_is_off("state-root")) {
		(void)fail(err, 0, "the state root %s is not ours alone", path);
		return error_hint(
			err, "it must belong to uid %u and be writable by nobody else", (unsigned)proc_euid());
	}
	return take_fd(&root);
}

int container_open_cache(const struct container *c)
{
	if (mkdir_exactly(c->root, CACHE_NAME, 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(c->root, CACHE_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A create whose hook hangs must not make delete --force hang too. */
static int lock_in_time(struct container *c, struct error *err)
{
	for (int left = LOCK_TIMEOUT_MS * 1000; flock(c->dir, LOCK_EX | LOCK_NB) < 0; left -= LOCK_PAUSE_US) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail(err, errno, "lock the container %s", c->id);
		if (left <= 0)
			return fail_hint(err, 0, "end that command first; lslocks(8) names it",
				"another command has been at work on container %s for %d ms", c->id, LOCK_TIMEOUT_MS);
		(void)usleep(LOCK_PAUSE_US); /* a pause, no more */
	}
	return 0;
}

static bool lock(int dir)
{
	while (flock(dir, LOCK_EX) < 0)
		if (errno != EINTR)
			return false;
	return true;
}

void container_unlock(struct container *c)
{
	(void)flock(c->dir, LOCK_UN); /* closing would do it as well */
}

bool container_is_deleted(const struct container *c)
{
	struct stat st;
	return fstat(c->dir, &st) < 0 || st.st_nlink == 0;
}

bool container_relock(struct container *c)
{
	return lock(c->dir) && !container_is_deleted(c);
}

/* Only the directory of the proxied NOTIFY_SOCKET is below it. */
static void empty_directory(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return;
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (!str_is_component(entry->d_name))
			continue;
		if (unlinkat(fd, entry->d_name, 0) < 0 && errno == EISDIR) {
			empty_directory(fd, entry->d_name);
			(void)unlinkat(fd, entry->d_name, AT_REMOVEDIR);
		}
	}
	(void)closedir(dir);
}

bool container_remove_directory(struct container *c)
{
	(void)unlinkat(c->dir, CONTAINER_CONFIG, 0); /* rmdir(2) tells */
	(void)unlinkat(c->dir, OCI_RECORD_NAME, 0);
	if (unlinkat(c->root, c->id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return true;
	empty_directory(c->root, c->id);
	return unlinkat(c->root, c->id, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

/* Removes a locked directory that a killed create or delete has left: without a configuration, and without a record or
 * with an empty one. */
static bool remove_leftover(struct container *c)
{
	struct stat st;
	if (container_is_deleted(c) || faccessat(c->dir, CONTAINER_CONFIG, F_OK, 0) == 0 || errno != ENOENT)
		return false;
	bool has_record = fstatat(c->dir, OCI_RECORD_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0;
	return (has_record ? st.st_size == 0 : errno == ENOENT) && container_remove_directory(c);
}

static bool open_directory(struct container *c)
{
	c->dir = openat(c->root, c->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return c->dir >= 0;
}

/* Makes the directory, if need be in place of one that was left. */
static int make_directory(struct container *c)
{
	if (mkdir_exactly(c->root, c->id, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	bool removed = open_directory(c) && flock(c->dir, LOCK_EX | LOCK_NB) == 0 && remove_leftover(c);
	close_fd(&c->dir);
	errno = EEXIST;
	return removed ? mkdir_exactly(c->root, c->id, 0700) : -1;
}

static int fail_make(const struct container *c, struct error *err)
{
	if (errno != EEXIST)
		return fail(err, errno, "make the directory of container %s", c->id);
	(void)fail(err, 0, "container with id %s exists already", c->id);
	return error_hint(err, "choose another id, or delete it: hull delete %s", c->id);
}

/* The record is made, not replaced: if another command has opened the same new directory, one of the two fails. If it
 * has taken the directory for one that was left, and removed it, the directory is made again. */
int container_make(struct container *c, const char *root, struct error *err)
{
	enum { MOST_RACES = 8 };
	c->root = container_open_root(root, true, err);
	if (c->root < 0)
		return -1;
	for (int i = 0; i < MOST_RACES; i++) {
		if (make_directory(c) < 0)
			return fail_make(c, err);
		if (open_directory(c) ? !lock(c->dir) : errno != ENOENT)
			return fail_make(c, err);
		if (c->dir >= 0 && oci_record_make(&c->arena, c->dir, &c->record, err) == 0)
			return 0;
		if (c->dir >= 0 && !container_is_deleted(c)) {
			if (err->errnum != EEXIST) {
				(void)remove_leftover(c); /* the first error is the one to report */
				return -1;
			}
			break;
		}
		close_fd(&c->dir);
		error_clear(err);
	}
	error_clear(err);
	errno = EEXIST;
	return fail_make(c, err);
}

static int fail_absent(struct container *c, struct error *err)
{
	c->absent = true;
	return fail(err, 0, "container does not exist: %s", c->id);
}

/* A directory without a record is a container only if it has a configuration: then it is damaged, as it is with a
 * record that is no file or no JSON. A record that only cannot be read now is neither absent nor damaged. */
static int fail_record(struct container *c, bool locked, const struct error *reason, struct error *err)
{
	bool empty = reason->errnum == ENOENT || reason->errnum == ENODATA;
	if (empty && (c->dir < 0 || (faccessat(c->dir, CONTAINER_CONFIG, F_OK, 0) < 0 && errno == ENOENT))) {
		if (locked)
			(void)remove_leftover(c); /* there may be none */
		return fail_absent(c, err);
	}
	c->damaged = empty || !reason->errnum || reason->errnum == EISDIR || reason->errnum == ELOOP;
	*err = *reason;
	return error_prefix(err, "container %s", c->id);
}

/* The record without the directory. */
static int open_record(const struct container *c)
{
	char path[ID_MAX + sizeof("/" OCI_RECORD_NAME)];
	(void)snprintf(path, sizeof(path), "%s/%s", c->id, OCI_RECORD_NAME);
	return path_try_resolve(c->root, path, O_RDONLY, RESOLVE_NO_SYMLINKS);
}

static int open_locked(struct container *c, enum container_lock wanted, struct error *err)
{
	if (!open_directory(c))
		return errno == ENOENT ? fail_absent(c, err) :
		       errno == ENOTDIR || errno == ELOOP ?
					 fail(err, errno, "container does not exist: %s", c->id) :
					 fail(err, errno, "open the directory of container %s", c->id);
	if (wanted == CONTAINER_LOCKED_IN_TIME)
		return lock_in_time(c, err);
	if (wanted == CONTAINER_LOCKED && !lock(c->dir))
		return fail(err, errno, "lock the container %s", c->id);
	return 0;
}

int container_open(struct container *c, const char *root, const char *id, enum container_lock wanted, struct error *err)
{
	struct error reason = { .errnum = 0 };
	if (container_check_id(id, err) < 0)
		return -1;
	c->id = id;
	if (c->root < 0)
		c->root = container_open_root(root, false, &reason);
	if (c->root < 0 && reason.errnum == ENOENT)
		return fail_absent(c, err);
	if (c->root < 0) {
		*err = reason;
		return -1;
	}
	FD(record) = wanted == CONTAINER_GLANCE ? open_record(c) : -1;
	if (record < 0 && open_locked(c, wanted, err) < 0)
		return -1;
	int status = record >= 0 ? oci_record_read_fd(&c->arena, record, &c->record, &reason) :
				   oci_record_read(&c->arena, c->dir, &c->record, &reason);
	return status < 0 ? fail_record(c, wanted >= CONTAINER_LOCKED, &reason, err) : 0;
}

void container_close(struct container *c)
{
	close_fd(&c->dir);
	close_fd(&c->root);
	arena_free(&c->arena);
}
