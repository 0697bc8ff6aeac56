#include "container/container.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/resctrl.h"
#include "cgroups/systemd.h"
#include "oci/annotations.h"
#include "oci/json-read.h"
#include "run/hooks.h"
#include "run/interrupt.h"

enum { ID_MAX = NAME_MAX }; /* it names the directory of the state */
enum { KILL_TIMEOUT_MS = 10000, STUCK_TIMEOUT_MS = 500 };
enum { LOCK_TIMEOUT_MS = 10000, LOCK_PAUSE_US = 10000 };

/* Compiled seccomp profiles; no container has this name, for ':' is no character of an id. */
#define CACHE_NAME "cache:seccomp"

static const struct word status_words[] = {
	{ "creating", STATUS_CREATING },
	{ "created", STATUS_CREATED },
	{ "running", STATUS_RUNNING },
	{ "paused", STATUS_PAUSED },
	{ "stopped", STATUS_STOPPED },
	{ NULL },
};

const char *status_name(enum status status)
{
	return word_name(status_words, status);
}

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
	/* root of a user namespace is somebody else on the host: Podman without root */
	if (runtime_dir && *runtime_dir == '/' && (proc_euid() != 0 || proc_in_user_namespace()))
		return arena_printf(arena, "%s/hull", runtime_dir);
	return "/run/hull";
}

static int fail_root(const char *verb, const char *path, struct error *err)
{
	int errnum = errno;
	(void)fail(err, errnum, "%s the state root %s", verb, path);
	return errnum == EACCES ?
		       error_hint(err, "set XDG_RUNTIME_DIR to a directory of your own, or give one by --root") :
		       -1;
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

/* Who holds a lock on the directory: "1: FLOCK ADVISORY WRITE 1234 00:1a:5678 0 EOF" in proc_locks(5). 0 if that is
 * unknown. */
static pid_t find_locker(struct container *c)
{
	char *text, *save = NULL;
	struct stat st;
	if (fstat(c->dir, &st) < 0 || read_file_at(&c->arena, AT_FDCWD, "/proc/locks", 16 << 20, &text, NULL) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int pid;
		unsigned long long inode;
		if (sscanf(line, "%*s FLOCK %*s %*s %d %*x:%*x:%llu", &pid, &inode) == 2 && inode == st.st_ino)
			return pid;
	}
	return 0;
}

/* A hook that hangs in create must not make delete --force hang too. */
static int lock_in_time(struct container *c, struct error *err)
{
	char text[160] = "it";
	for (int left = LOCK_TIMEOUT_MS * 1000; flock(c->dir, LOCK_EX | LOCK_NB) < 0; left -= LOCK_PAUSE_US) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail(err, errno, "lock the container %s", c->id);
		if (left > 0) {
			(void)usleep(LOCK_PAUSE_US); /* a pause, no more */
			continue;
		}
		pid_t locker = find_locker(c);
		if (locker > 0)
			(void)proc_describe(locker, text, sizeof(text));
		(void)fail(
			err, 0, "another command has been at work on container %s for %d ms", c->id, LOCK_TIMEOUT_MS);
		return error_hint(err, "%s: end that first", text);
	}
	return 0;
}

static int lock_directory(struct container *c, enum container_lock lock, struct error *err)
{
	if (lock == CONTAINER_LOCKED_IN_TIME && lock_in_time(c, err) < 0)
		return -1;
	while (lock == CONTAINER_LOCKED && flock(c->dir, LOCK_EX) < 0)
		if (errno != EINTR)
			return fail(err, errno, "lock the container %s", c->id);
	return 0;
}

int container_open_cache(const struct container *c)
{
	if (mkdir_exactly(c->root, CACHE_NAME, 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(c->root, CACHE_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

void container_unlock(struct container *c)
{
	(void)flock(c->dir, LOCK_UN); /* closing would do it as well */
}

/* Nobody has deleted it since its directory was opened. */
static bool is_there(const struct container *c)
{
	struct stat st;
	return fstat(c->dir, &st) == 0 && st.st_nlink > 0;
}

static int fail_absent(const struct container *c, struct error *err)
{
	return fail(err, 0, "container does not exist: %s", c->id);
}

bool container_relock(struct container *c)
{
	while (flock(c->dir, LOCK_EX) < 0)
		if (errno != EINTR)
			return false;
	return is_there(c);
}

/* A name that is no id, and no other process's: of the random bytes that the kernel gave this one. */
static void name_unborn(char *name, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)getauxval(AT_RANDOM);
	(void)snprintf(name, size, "new:%02x%02x%02x%02x%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2], bytes[3],
		bytes[4], bytes[5], bytes[6], bytes[7]);
}

/* The directory gets its name when it is locked already: nobody ever finds it unlocked and without a record. */
int container_make(struct container *c, const char *root, const char *id, struct error *err)
{
	char unborn[32];
	if (container_check_id(id, err) < 0)
		return -1;
	c->id = id;
	c->root = container_open_root(root, true, err);
	if (c->root < 0)
		return -1;
	name_unborn(unborn, sizeof(unborn));
	if (mkdir_exactly(c->root, unborn, 0700) < 0)
		return fail(err, errno, "make the directory of container %s", id);
	c->dir = openat(c->root, unborn, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->dir >= 0 && flock(c->dir, LOCK_EX) == 0 &&
		syscall(SYS_renameat2, c->root, unborn, c->root, id, RENAME_NOREPLACE) == 0)
		return 0;
	int saved = errno;
	(void)unlinkat(c->root, unborn, AT_REMOVEDIR);
	if (saved != EEXIST)
		return fail(err, saved, "make the directory of container %s", id);
	(void)fail(err, 0, "container with id %s exists already", id);
	return error_hint(err, "choose another id, or delete it: hull delete %s", id);
}

static int read_record(struct container *c, int fd, struct error *err)
{
	struct error reason = { .errnum = 0 };
	c->has_record = (fd >= 0 ? oci_record_read_fd(&c->arena, fd, &c->record, &reason) :
				   oci_record_read(&c->arena, c->dir, &c->record, &reason)) == 0;
	if (c->has_record || reason.errnum == ENOENT)
		return 0;
	c->damaged = true;
	*err = reason;
	return error_prefix(err, "container %s", c->id);
}

/* The record without the directory; -1 where there is none. */
static int open_record(const struct container *c)
{
	char path[ID_MAX + sizeof("/" OCI_RECORD_NAME)];
	(void)snprintf(path, sizeof(path), "%s/%s", c->id, OCI_RECORD_NAME);
	return path_try_resolve(c->root, path, O_RDONLY, RESOLVE_NO_SYMLINKS);
}

/* Of a container without a record: whether it is gone, or, to who has no lock, on its way: delete takes last what
 * create makes first. */
static bool is_deleted(const struct container *c, enum container_lock lock)
{
	struct stat st;
	if (!is_there(c))
		return true;
	return lock != CONTAINER_LOCKED && lock != CONTAINER_LOCKED_IN_TIME &&
	       faccessat(c->dir, CONTAINER_CONFIG, F_OK, 0) < 0 &&
	       fstatat(c->dir, CONTAINER_CGROUP, &st, AT_SYMLINK_NOFOLLOW) < 0;
}

int container_open(struct container *c, const char *root, const char *id, enum container_lock lock, struct error *err)
{
	struct error reason = { .errnum = 0 };
	if (container_check_id(id, err) < 0)
		return -1;
	c->id = id;
	if (c->root < 0)
		c->root = container_open_root(root, false, &reason);
	if (c->root < 0 && reason.errnum != ENOENT) {
		*err = reason;
		return -1;
	}
	FD(record) = lock == CONTAINER_GLANCE && c->root >= 0 ? open_record(c) : -1;
	if (record >= 0)
		return read_record(c, record, err);
	if (c->root >= 0)
		c->dir = openat(c->root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	c->absent = c->dir < 0 && (c->root < 0 || errno == ENOENT);
	if (c->dir < 0)
		return fail(err, c->absent ? 0 : errno, "container does not exist: %s", id);
	if (lock != CONTAINER_UNLOCKED && lock != CONTAINER_GLANCE && lock_directory(c, lock, err) < 0)
		return -1;
	if (read_record(c, -1, err) < 0)
		return -1;
	if (c->has_record || !is_deleted(c, lock))
		return 0;
	close_fd(&c->dir);
	c->absent = true;
	return fail_absent(c, err);
}

void container_close(struct container *c)
{
	close_fd(&c->dir);
	close_fd(&c->root);
	arena_free(&c->arena);
}

const struct cgroup_host *container_cgroup_host(struct container *c, struct error *err)
{
	if (c->cgroup_host)
		return c->cgroup_host;
	struct cgroup_host *host = arena_new(&c->arena, struct cgroup_host);
	if (cgroup_probe(host, err) < 0)
		return NULL;
	return c->cgroup_host = host;
}

static bool is_frozen(struct container *c)
{
	const char *path = c->record.cgroup_path;
	const struct cgroup_host *host = path ? container_cgroup_host(c, NULL) : NULL;
	return host && host->mount[0] && cgroup_is_frozen(host, path);
}

static bool has_file(const struct container *c, const char *name)
{
	char path[ID_MAX + 32];
	if (c->dir >= 0)
		return faccessat(c->dir, name, F_OK, 0) == 0;
	(void)snprintf(path, sizeof(path), "%s/%s", c->id, name);
	return faccessat(c->root, path, F_OK, 0) == 0;
}

enum status container_status(struct container *c, struct error *err)
{
	(void)err;
	if (!c->has_record)
		return STATUS_CREATING;
	enum status status = c->record.creating.value            ? STATUS_CREATING :
			     is_frozen(c)                        ? STATUS_PAUSED :
			     has_file(c, CONTAINER_START_SOCKET) ? STATUS_CREATED :
								   STATUS_RUNNING;
	/* last, for delete ends init before it takes away what the others go by */
	return c->held || container_is_alive(c) ? status : STATUS_STOPPED;
}

bool container_is_alive(const struct container *c)
{
	return proc_is_alive((pid_t)c->record.pid.value, c->record.pid_start.value);
}

int container_blame(const struct container *c, const char *verb, struct error *err)
{
	if (c->dir >= 0 && !is_there(c)) {
		error_clear(err);
		return fail_absent(c, err);
	}
	if (!c->has_record || container_is_alive(c))
		return -1;
	error_clear(err);
	return fail(err, 0, "cannot %s container %s: container not running", verb, c->id);
}

int container_require(
	struct container *c, unsigned allowed, const char *verb, enum status *ret_status, struct error *err)
{
	enum status status = container_status(c, err);
	if (ret_status)
		*ret_status = status;
	if (status & allowed)
		return 0;
	if ((allowed & STATUS_RUNNING) && status == STATUS_STOPPED)
		return fail(err, 0, "cannot %s container %s: container not running", verb, c->id);
	return fail(err, 0, "cannot %s container %s: it is %s", verb, c->id, status_name(status));
}

struct oci_state container_state(struct container *c, enum status status)
{
	const struct oci_record *r = &c->record;
	return (struct oci_state){
		.oci_version = OCI_VERSION,
		.id = c->id,
		.pid = { true, status == STATUS_STOPPED ? 0 : r->pid.value },
		.status = status_name(status),
		.bundle = r->bundle,
		.rootfs = r->rootfs,
		.created = r->created,
		/* the name of a uid is a matter of libc's plugins, which a static program has not */
		.owner = r->owner.value == 0 ? "root" :
					       arena_printf(&c->arena, "%llu", (unsigned long long)r->owner.value),
		.annotations = r->annotations,
	};
}

int container_config(struct container *c, struct oci_config **ret_config, struct error *err)
{
	struct json_source source = { .name = CONTAINER_CONFIG };
	return oci_config_read(&c->arena, c->dir, CONTAINER_CONFIG, &source, ret_config, NULL, NULL, err);
}

int container_signal(struct container *c, int sig, struct error *err)
{
	FD(pidfd) = proc_pidfd((pid_t)c->record.pid.value, c->record.pid_start.value, err);
	if (pidfd < 0 && err && err->errnum != ESRCH)
		return -1;
	if (pidfd >= 0 && sys_pidfd_send_signal(pidfd, sig) == 0)
		return 0;
	if (pidfd >= 0 && errno != ESRCH)
		return fail(err, errno, "send signal %d to container %s", sig, c->id);
	/* it may end at any moment after its status was looked at */
	return fail(err, 0, "cannot kill container %s: container not running", c->id);
}

/* Init's end ends its pid namespace; where it has none of its own, the cgroup's end does. */
static bool kill_init(struct container *c)
{
	if (c->reaped)
		return true;
	FD(pidfd) = proc_pidfd((pid_t)c->record.pid.value, c->record.pid_start.value, NULL);
	if (pidfd < 0)
		return true;
	(void)sys_pidfd_send_signal(pidfd, SIGKILL); /* gone is what we want */
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };
	return poll(&poll_fd, 1, KILL_TIMEOUT_MS) != 0;
}

static int fail_stuck(const struct container *c, struct error *err)
{
	char text[160];
	(void)proc_describe((pid_t)c->record.pid.value, text, sizeof(text));
	(void)fail(err, 0, "init of container %s lives %d ms after it was killed", c->id, KILL_TIMEOUT_MS);
	/* A process that joined its pid namespace, dead and not waited for, holds up its end. */
	return strstr(text, "zap_pid_ns_processes") ?
		       error_hint(err,
			       "%s for the parents of dead processes, hull exec for one, which may be stopped: "
			       "continue or end those, "
			       "then delete it again",
			       text) :
		       error_hint(
			       err, "%s; what waits uninterruptibly dies when that ends: delete it again then", text);
}

/* What create has noted before it made the cgroup, see CONTAINER_CGROUP: how many of the path's components are ours to
 * remove, none where it did not get there; and the path, or "" where the configuration leads to it. One that was there
 * before, in which only init could be of ours, is left alone: init has died with create. */
static unsigned read_note(struct container *c, const char **ret_path)
{
	char text[PATH_MAX];
	uint64_t count = 0;
	ssize_t len = readlinkat(c->dir, CONTAINER_CGROUP, text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = '\0';
	size_t digits = strcspn(text, "/");
	*ret_path = arena_strdup(&c->arena, text + digits);
	text[digits] = '\0';
	return str_to_u64(text, UINT_MAX, &count) ? (unsigned)count : 0;
}

/* Create that died before its record leaves the configuration, which names the cgroup as well, or has used the
 * default. */
static const char *find_cgroup(struct container *c, struct cgroup_made *ret_made)
{
	struct oci_config *config = NULL;
	const char *path = c->record.cgroup_path;
	*ret_made = (struct cgroup_made){ (unsigned)c->record.cgroup_components.value };
	if (c->has_record)
		return path;
	ret_made->components = read_note(c, &path);
	if (*path)
		return ret_made->components ? path : NULL;
	bool custom = container_config(c, &config, NULL) == 0 && config->linux && config->linux->cgroups_path;
	if (!custom)
		ret_made->components = 1;
	if (ret_made->components == 0 ||
		cgroup_path(&c->arena, custom ? config->linux->cgroups_path : NULL, c->id, &path, NULL) < 0)
		return NULL;
	return path;
}

/* Without a record the default path is a guess: a container of the same id below another state root may live there. The
 * copy of the configuration is written once init is in the cgroup: then it is ours. Before, an init of ours has died
 * with create, or is about to; who lives on is somebody else's. */
static bool is_somebody_elses(const struct container *c, const struct cgroup_host *host, const char *path)
{
	enum { ROUNDS = 100, ROUND_US = 10000 };
	if (c->has_record || faccessat(c->dir, CONTAINER_CONFIG, F_OK, 0) == 0)
		return false;
	FD(cgroup) = cgroup_open(host, path, NULL);
	for (int i = 0; cgroup >= 0 && i < ROUNDS; i++) {
		ARENA(arena);
		pid_t *pids;
		size_t count;
		if (cgroup_pids(&arena, cgroup, &pids, &count, NULL) < 0 || count == 0)
			return false;
		(void)usleep(ROUND_US);
	}
	return cgroup >= 0;
}

static int destroy_cgroup(struct container *c, int timeout_ms, struct error *err)
{
	struct cgroup_made made;
	const char *path = find_cgroup(c, &made);
	if (!path)
		return 0;
	const struct cgroup_host *host = container_cgroup_host(c, err);
	if (!host)
		return -1;
	if (host->mount[0] && !is_somebody_elses(c, host, path) &&
		cgroup_destroy(host, path, made, timeout_ms, err) < 0)
		return -1;
	return c->record.systemd_cgroup.value ? systemd_scope_stop(&c->arena, path, !proc_is_root(), err) : 0;
}

static int destroy_rdt(struct container *c, struct error *err)
{
	if (!c->record.intel_rdt_group)
		return 0;
	FD(root) = rdt_open(err);
	struct rdt_plan plan = { .set = true, .group = c->record.intel_rdt_group };
	struct rdt_made made = { .group = true };
	return root < 0 ? -1 : rdt_destroy(&plan, root, made, err);
}

/* The directory is flat but for the proxied NOTIFY_SOCKET's. */
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

static int remove_directory(struct container *c, struct error *err)
{
	static const char *const names[] = { CONTAINER_CGROUP, CONTAINER_CONFIG, OCI_RECORD_NAME };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(c->dir, names[i], 0);
	if (unlinkat(c->root, c->id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	empty_directory(c->root, c->id);
	if (unlinkat(c->root, c->id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail(err, errno, "remove the directory of container %s", c->id);
	return 0;
}

static void run_poststop(struct container *c, const struct oci_config *config)
{
	size_t len;
	struct oci_state state = container_state(c, STATUS_STOPPED);
	char *text = oci_state_json(&c->arena, &state, false, &len);
	struct hooks_options options = { -1, -1, -1 };
	INTERRUPT(interrupt);
	if (hooks_open_output(oci_annotation(config, ANNOTATION_HOOKS_STDOUT),
		    oci_annotation(config, ANNOTATION_HOOKS_STDERR), &options, NULL) < 0)
		log_warn("the files for the hooks' output cannot be opened");
	if (config->hooks->poststop.len && interrupt_open(&interrupt, NULL) == 0)
		options.interrupt = interrupt.fd;
	/* runtime.md "Lifecycle": failures are warnings, and the remaining hooks run */
	(void)hooks_run_all(&config->hooks->poststop, ".hooks.poststop", text, len, &options);
	close_fd(&options.stdout_fd);
	close_fd(&options.stderr_fd);
}

int container_destroy(struct container *c, struct error *err)
{
	struct error reason = { .errnum = 0 };
	struct oci_config *stored;
	const struct oci_config *config = c->record.has_poststop.value ? c->config : NULL;
	if (c->record.has_poststop.value && !config) {
		if (container_config(c, &stored, &reason) < 0)
			log_warn("poststop hooks cannot be run: %s", reason.text);
		else
			config = stored;
	}
	bool killed = kill_init(c);
	/* The directory goes last: while something of the container is left, it can be deleted again. */
	if (destroy_cgroup(c, killed ? KILL_TIMEOUT_MS : STUCK_TIMEOUT_MS, err) < 0)
		return -1;
	if (!killed)
		return fail_stuck(c, err);
	if (destroy_rdt(c, err) < 0 || remove_directory(c, err) < 0)
		return -1;
	if (config && config->hooks)
		run_poststop(c, config);
	return 0;
}
