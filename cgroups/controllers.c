#include "cgroups/controllers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/path.h"

/* True if the word is one of the list's, which spaces and newlines separate. */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = list; (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == ' ') && strchr(" \n", at[len]))
			return true;
	return false;
}

/* Whether the list has every word of `words`. */
static bool has_all(const char *list, const char *words)
{
	char word[64];
	for (int len; sscanf(words, "%63s%n", word, &len) == 1; words += len)
		if (!has_word(list, word))
			return false;
	return true;
}

const char *controller_of(struct arena *arena, const char *file)
{
	size_t len = strcspn(file, ".");
	size_t total = strlen(file);
	if (len == 0 || !file[len] || (len == 6 && str_starts(file, "cgroup")))
		return NULL;
	if (total > 9 && str_eq(file + total - 9, ".pressure"))
		return NULL;
	return arena_strndup(arena, file, len);
}

/* The lines are "NAME HIERARCHY CGROUPS ENABLED". A kernel without the v1 side of a controller may not list it:
 * cgroups(7). */
enum controller_absence controller_absence(const char *proc_cgroups, const char *controller)
{
	const char *name = str_eq(controller, "io") ? "blkio" : controller;
	for (const char *line = proc_cgroups; *line;) {
		char listed[64];
		unsigned hierarchy, cgroups, enabled;
		if (sscanf(line, "%63s %u %u %u", listed, &hierarchy, &cgroups, &enabled) == 4 &&
			str_eq(listed, name)) {
			if (!enabled)
				return CONTROLLER_DISABLED;
			return hierarchy ? CONTROLLER_BOUND_TO_V1 : CONTROLLER_NOT_DELEGATED;
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return CONTROLLER_UNKNOWN;
}

static int fail_absent(const char *where, const char *controller, struct error *err)
{
	ARENA(arena);
	char *text = "";
	(void)read_file_at(&arena, AT_FDCWD, "/proc/cgroups", CGROUP_FILE_MAX, &text, NULL);
	switch (controller_absence(text, controller)) {
	case CONTROLLER_BOUND_TO_V1:
		(void)fail_at(err, 0, where, "the %s controller is bound to cgroup v1 on this host", controller);
		return error_hint(err,
			"boot with systemd.unified_cgroup_hierarchy=1, or with "
			"cgroup_no_v1=%s",
			controller);
	case CONTROLLER_DISABLED:
		(void)fail_at(err, 0, where, "the %s controller was disabled at boot", controller);
		return error_hint(
			err, "boot without cgroup_disable=%s", str_eq(controller, "io") ? "blkio" : controller);
	case CONTROLLER_NOT_DELEGATED:
		return fail_at_hint(err, 0, where,
			"see cgroup.controllers and cgroup.subtree_control of the parents, or systemd's Delegate=",
			"the %s controller is not delegated to this part of the cgroup hierarchy", controller);
	default:
		return fail_at(err, 0, where, "this kernel has no %s controller", controller);
	}
}

/* Reads cgroup.controllers or cgroup.subtree_control. The kernel gives such a list whole to one read(2). */
static int read_list(struct arena *arena, int dir, const char *name, char **ret_list, struct error *err)
{
	enum { LIST_MAX = 1024 }; /* a dozen words */
	char *text = arena_alloc(arena, LIST_MAX);
	FD(fd) = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, LIST_MAX - 1);
	if (len < 0)
		return fail(err, errno, "read %s", name);
	text[len] = '\0';
	*ret_list = text;
	return 0;
}

static int read_controllers(struct arena *arena, int dir, const char **ret_list, struct error *err)
{
	char *text;
	if (read_list(arena, dir, "cgroup.controllers", &text, err) < 0)
		return -1;
	*ret_list = text;
	return 0;
}

static int open_prefix(const struct cgroup_host *host, const char *path, size_t len, struct error *err)
{
	int fd = cgroup_try_open_prefix(host, path, len);
	if (fd < 0)
		return fail(err, errno, "open cgroup %.*s", len ? (int)len : 1, len ? path : "/");
	return fd;
}

/* Whether no limit is wanted, which is so without the controller. A file that `unified` names must exist:
 * config-linux.md "Unified". */
static bool is_granted(const struct cgroup_write *write)
{
	return str_eq(write->value, "max") && !str_starts(write->where, ".linux.resources.unified");
}

/* Fails on the first write whose controller is not in the list. */
static int check_list(struct arena *arena, const char *list, const cgroup_writes *writes, struct error *err)
{
	LIST_EACH (writes, write) {
		const char *controller = controller_of(arena, write->file);
		if (controller && !has_word(list, controller) && !is_granted(write))
			return fail_absent(write->where, controller, err);
	}
	return 0;
}

int controllers_check(const struct cgroup_host *host, const cgroup_writes *writes, struct error *err)
{
	ARENA(arena);
	const char *list;
	if (writes->len == 0)
		return 0;
	FD(root) = open_prefix(host, "", 0, err);
	if (root < 0 || read_controllers(&arena, root, &list, err) < 0)
		return -1;
	return check_list(&arena, list, writes, err);
}

/* Keeps the writes that can be made. */
static void drop_granted(struct arena *arena, const char *list, cgroup_writes *writes)
{
	size_t kept = 0;
	for (size_t i = 0; i < writes->len; i++) {
		const char *controller = controller_of(arena, writes->items[i].file);
		if (!controller || has_word(list, controller) || !is_granted(&writes->items[i]))
			writes->items[kept++] = writes->items[i];
	}
	writes->len = kept;
}

/* "+memory +pids": what the writes need and the list lacks; NULL if nothing. *ret_where is the property that needs the
 * first. */
static const char *list_missing(
	struct arena *arena, const char *list, const cgroup_writes *writes, const char **ret_where)
{
	const char *missing = NULL;
	LIST_EACH (writes, write) {
		const char *controller = controller_of(arena, write->file);
		if (!controller || has_word(list, controller))
			continue;
		if (!missing)
			*ret_where = write->where;
		const char *word = arena_printf(arena, "+%s", controller);
		if (!missing)
			missing = word;
		else if (!has_word(missing, word))
			missing = arena_printf(arena, "%s %s", missing, word);
	}
	return missing;
}

static int fail_enable(
	const char *where, const char *missing, const char *path, size_t len, int errnum, struct error *err)
{
	(void)fail_at(err, errnum, where, "enable %s in cgroup.subtree_control of cgroup %.*s", missing,
		len ? (int)len : 1, len ? path : "/");
	if (errnum == EBUSY)
		return error_hint(err, "that cgroup has processes of its own: a cgroup has processes or "
				       "controlled children, not both");
	if (errnum == EACCES || errnum == EPERM)
		return error_hint(err, "the controller is not delegated to this user");
	return -1;
}

/* Below a cgroup with processes the kernel enables threaded controllers (cpu, cpuset, pids) all the same, and then
 * lets no process into its children: cgroup-v2.rst "Threads". The true root, which alone has no cgroup.type, is
 * exempt. */
static bool bars_children(struct arena *arena, int dir)
{
	char *pids;
	return faccessat(dir, "cgroup.type", F_OK, 0) == 0 &&
	       read_file_at(arena, dir, "cgroup.procs", CGROUP_FILE_MAX, &pids, NULL) >= 0 && *pids;
}

/* Enables what each cgroup between path[0..from] and path lacks, from above. */
static int enable_down(
	const struct cgroup_host *host, const char *path, size_t from, const cgroup_writes *writes, struct error *err)
{
	ARENA(arena);
	for (size_t len = from; path[len]; len += 1 + strcspn(path + len + 1, "/")) {
		const char *where;
		char *enabled;
		FD(dir) = open_prefix(host, path, len, err);
		if (dir < 0 || read_list(&arena, dir, "cgroup.subtree_control", &enabled, err) < 0)
			return -1;
		const char *missing = list_missing(&arena, enabled, writes, &where);
		if (missing && bars_children(&arena, dir))
			return fail_enable(where, missing, path, len, EBUSY, err);
		struct error why = { 0 };
		if (missing && write_file_at(dir, "cgroup.subtree_control", missing, &why) < 0)
			return fail_enable(where, missing, path, len, why.errnum, err);
	}
	return 0;
}

/* Enables one controller after the other, as far as possible: the kernel refuses a list with one that it refuses. */
static void try_enable(struct arena *arena, int dir, char *list)
{
	char *save = NULL;
	for (char *word = strtok_r(list, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
		(void)write_file_at(dir, "cgroup.subtree_control", arena_printf(arena, "+%s", word), NULL);
}

/* Enables every controller on the way to a new cgroup, for its statistics, as runc and crun do. What the kernel or its
 * owner refuses is left: limits that need it are reported later. */
static void enable_available(const struct cgroup_host *host, const char *path, const char *own)
{
	ARENA(arena);
	char *available, *enabled;
	size_t parent = cgroup_parent_len(path, strlen(path));
	for (size_t len = 0; len <= parent; len += 1 + strcspn(path + len + 1, "/")) {
		FD(dir) = cgroup_try_open_prefix(host, path, len);
		if (dir < 0 || read_list(&arena, dir, "cgroup.controllers", &available, NULL) < 0)
			return;
		if (len == 0 && has_all(own, available))
			return;
		if (read_list(&arena, dir, "cgroup.subtree_control", &enabled, NULL) < 0)
			return;
		if (!has_all(enabled, available) && !bars_children(&arena, dir))
			try_enable(&arena, dir, available);
	}
}

int controllers_enable(
	const struct cgroup_host *host, const char *path, int cgroup_fd, cgroup_writes *writes, struct error *err)
{
	ARENA(arena);
	const char *list, *where;
	if (read_controllers(&arena, cgroup_fd, &list, err) < 0)
		return -1;
	enable_available(host, path, list);
	if (writes->len == 0)
		return 0;
	if (read_controllers(&arena, cgroup_fd, &list, err) < 0)
		return -1;
	if (!list_missing(&arena, list, writes, &where))
		return 0;
	/* Up to the nearest parent that has them all: what is above it may belong to another user. */
	size_t len = strlen(path);
	do {
		len = cgroup_parent_len(path, len);
		FD(dir) = open_prefix(host, path, len, err);
		if (dir < 0 || read_controllers(&arena, dir, &list, err) < 0)
			return -1;
	} while (len > 0 && list_missing(&arena, list, writes, &where));
	if (check_list(&arena, list, writes, err) < 0)
		return -1;
	drop_granted(&arena, list, writes);
	return enable_down(host, path, len, writes, err);
}
