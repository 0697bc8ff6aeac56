#include "advice/config-checks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "process/executable.h"

/* The path of the open file in the root filesystem, such as "/usr/bin/env", or NULL. */
static const char *name_of(struct advice *a, int fd)
{
	char root[PATH_MAX], path[PATH_MAX];
	const int fds[] = { a->root, fd };
	char *const texts[] = { root, path };
	for (size_t i = 0; i < 2; i++) {
		ssize_t len = readlink(arena_printf(a->arena, "/proc/self/fd/%d", fds[i]), texts[i], PATH_MAX - 1);
		if (len < 0)
			return NULL;
		texts[i][len] = '\0';
	}
	size_t len = str_eq(root, "/") ? 0 : strlen(root);
	return strncmp(path, root, len) == 0 && (path[len] == '/' || !path[len]) ? arena_strdup(a->arena, path + len) :
										   NULL;
}

/* The path that a dangling link stands for. The link is the first `len` bytes of `path`, and `rest` follows it. NULL if
 * the link cannot be read. */
static const char *follow(struct advice *a, int link, const char *path, size_t len, const char *rest)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(link, "", text, sizeof(text) - 1);
	if (n <= 0)
		return NULL;
	text[n] = '\0';
	while (len > 0 && path[len - 1] != '/')
		len--;
	return arena_printf(a->arena, "%.*s%s/%s", *text == '/' ? 0 : (int)len, path, text, rest);
}

/* As name_of(), for a path whose last components may be missing, since a mount may provide them later. NULL if the
 * place cannot be known. */
static const char *place_of(struct advice *a, const char *path)
{
	enum { MOST_LINKS = 40 }; /* as the kernel follows in one path */
	char *known = arena_strdup(a->arena, path);
	const char *rest = "";
	for (size_t links = 0, len = strlen(known);;) {
		FD(fd) = path_try_open(a->root, *known ? known : "/", O_PATH);
		const char *name = fd >= 0 ? name_of(a, fd) : NULL;
		if (fd >= 0)
			return name ? arena_printf(a->arena, "%s/%s", name, rest) : NULL;
		int errnum = errno;
		if (errnum == ELOOP) /* links lead in a circle, wherever that is */
			return arena_printf(a->arena, "%s/%s", known, rest);
		FD(link) = path_try_open(a->root, known, O_PATH | O_NOFOLLOW);
		if (link >= 0) {
			const char *target = links++ < MOST_LINKS ? follow(a, link, known, len, rest) : NULL;
			if (!target)
				return NULL;
			known = arena_strdup(a->arena, target);
			len = strlen(known);
			rest = "";
			continue;
		}
		if ((errnum != ENOENT && errnum != ENOTDIR) || len == 0)
			return NULL;
		while (len > 0 && known[len - 1] == '/')
			known[--len] = '\0';
		while (len > 0 && known[len - 1] != '/')
			len--;
		rest = arena_printf(a->arena, "%s%s%s", known + len, *rest ? "/" : "", rest);
		known[len] = '\0';
	}
}

static void find_places(struct advice *a)
{
	a->places = arena_array(a->arena, a->plan.mount_count + 1, sizeof(*a->places));
	for (size_t i = 0; i < a->plan.mount_count; i++) {
		const char *place = place_of(a, a->plan.mounts[i].destination);
		a->places[i] = place ? advice_plain(a->arena, place) : NULL;
	}
}

bool advice_hides(struct advice *a, size_t mounts, const char *path)
{
	const char *place = place_of(a, path);
	if (!place)
		return true;
	place = advice_plain(a->arena, place);
	if (!a->places)
		find_places(a);
	for (size_t i = 0; i < mounts; i++) {
		if (a->plan.mounts[i].kind == MOUNT_REMOUNT)
			continue;
		if (!a->places[i] || str_starts(place, a->places[i]))
			return true;
	}
	return false;
}

static bool is_hidden(void *data, const char *path)
{
	struct advice *a = data;
	return advice_hides(a, a->plan.mount_count, path);
}

/* Hooks may put into the root filesystem what is missing now. */
static const struct error_sink *severity(const struct advice *a)
{
	const struct oci_hooks *h = a->config->hooks;
	bool hooks = h && (h->prestart.len || h->create_runtime.len || h->create_container.len);
	return hooks ? a->warnings : a->errors;
}

/* The id on the host, or the id itself without mappings. */
static uint64_t host_id(const oci_id_mappings *maps, uint64_t id)
{
	const struct oci_id_mapping *m = oci_mapping_of(maps, id);
	return m ? m->host_id.value + (id - m->container_id.value) : id;
}

/* The permission, given as that of others (S_IWOTH), as it is for the class of the caller. */
static mode_t class_bit(const struct stat *st, uint64_t uid, bool in_group, mode_t others)
{
	if (st->st_uid == uid)
		return others << 6;
	return in_group ? others << 3 : others;
}

/* Judges as the kernel does: the root of a new user namespace has its privileges over a file only if the file's owner
 * and group are mapped. */
static bool may_root_write(const struct advice *a, const struct stat *st)
{
	const oci_id_mappings *uids = &a->linux->uid_mappings, *gids = &a->linux->gid_mappings;
	bool uid = false, gid = false;
	LIST_EACH (uids, m)
		uid |= st->st_uid >= m->host_id.value && st->st_uid - m->host_id.value < m->size.value;
	LIST_EACH (gids, m)
		gid |= st->st_gid >= m->host_id.value && st->st_gid - m->host_id.value < m->size.value;
	return (uid && gid) || (st->st_mode & class_bit(st, host_id(uids, 0), host_id(gids, 0) == st->st_gid, S_IWOTH));
}

int advice_try_make(struct advice *a, const char *path)
{
	char *above = arena_printf(a->arena, "/%s", path);
	struct stat st;
	for (;;) {
		*strrchr(above, '/') = '\0';
		FD(fd) = path_try_open(a->root, *above ? above : "/", O_PATH);
		if (fd < 0 && errno == ENOENT && *above)
			continue;
		if (fd < 0 || fstat(fd, &st) < 0)
			return errno;
		int errnum = faccessat(fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) < 0 ? errno : 0;
		if (!a->plan.ns.new_user || errnum == EROFS)
			return errnum;
		return may_root_write(a, &st) ? 0 : EACCES;
	}
}

static bool is_in_groups(const struct advice *a, gid_t gid)
{
	const struct process_plan *p = &a->plan.process;
	if (host_id(&a->linux->gid_mappings, p->gid) == gid)
		return true;
	for (size_t i = 0; i < p->group_count; i++)
		if (host_id(&a->linux->gid_mappings, p->groups[i]) == gid)
			return true;
	return a->plan.keep_groups;
}

/* Whether the process's user may execute the file, or search the directory, by its mode. Images have nothing else. */
static bool is_permitted_at(const struct advice *a, const char *path)
{
	struct stat st;
	FD(fd) = path_try_open(a->root, path, O_PATH);
	if (fd < 0 || fstat(fd, &st) < 0 ||
		(S_ISDIR(st.st_mode) && (a->plan.caps.effective & caps_mask("CAP_DAC_READ_SEARCH"))))
		return true;
	uint64_t uid = host_id(&a->linux->uid_mappings, a->plan.process.uid);
	return st.st_mode & class_bit(&st, uid, is_in_groups(a, st.st_gid), S_IXOTH);
}

static bool is_permitted(struct advice *a, const char *path)
{
	if (a->plan.process.uid == 0 || (a->plan.caps.effective & caps_mask("CAP_DAC_OVERRIDE")))
		return true;
	for (const char *slash = path; (slash = strchr(slash + 1, '/'));)
		if (!is_permitted_at(a, arena_printf(a->arena, "%.*s", (int)(slash - path), path)))
			return false;
	return is_permitted_at(a, path);
}

/* The path of `name` in `dir`, a part of PATH with that length. A relative path begins at the working directory. */
static const char *join(struct advice *a, const char *dir, size_t len, const char *name)
{
	const char *cwd = a->config->process->cwd ? a->config->process->cwd : "/";
	if (*name == '/')
		return name;
	if (len == 0)
		return arena_printf(a->arena, "%s/%s", cwd, name);
	return arena_printf(a->arena, "%s/%.*s/%s", *dir == '/' ? "" : cwd, (int)len, dir, name);
}

enum verdict { FOUND, MISSING, UNKNOWN };

/* Searches as executable_find() will, and does not know what mounts hide. *ret_errnum is why the program is MISSING. */
static enum verdict find(struct advice *a, const char *name, const char **ret_path, int *ret_errnum)
{
	const char *at = a->plan.search_path ? a->plan.search_path : EXECUTABLE_PATH;
	bool direct = strchr(name, '/');
	*ret_errnum = ENOENT;
	for (;;) {
		size_t len = direct ? 0 : strcspn(at, ":");
		*ret_path = join(a, at, len, name);
		if (is_hidden(a, *ret_path))
			return UNKNOWN;
		int errnum = executable_try(a->root, *ret_path);
		if (errnum == 0 && is_permitted(a, *ret_path))
			return FOUND;
		if (errnum == 0 || errnum == EACCES || direct)
			*ret_errnum = errnum ? errnum : EACCES;
		if (direct || !at[len])
			return MISSING;
		at += len + 1;
	}
}

static void check_program(struct advice *a)
{
	struct error err = { .errnum = 0 };
	const char *path, *name = a->config->process->args.items[0];
	int errnum;
	if (!*name)
		return;
	switch (find(a, name, &path, &errnum)) {
	case UNKNOWN:
		return;
	case FOUND:
		(void)errors_end(severity(a), executable_judge(a->root, path, name, is_hidden, a, &err), &err);
		return;
	case MISSING:
		(void)errors_end(severity(a), executable_not_found(name, errnum, &err), &err);
		return;
	}
}

static void check_cwd(struct advice *a)
{
	const char *cwd = a->config->process->cwd;
	struct stat st;
	if (!cwd || *cwd != '/' || is_hidden(a, cwd))
		return;
	FD(dir) = path_try_open(a->root, cwd, O_PATH);
	if (dir < 0 && errno == ENOENT) {
		int errnum = advice_try_make(a, cwd);
		advice_say(errnum ? severity(a) : a->warnings, ".process.cwd", errnum, NULL,
			errnum ? "make %s in the root filesystem" :
				 "the root filesystem has no directory %s: it is made",
			cwd);
	} else if (dir >= 0 && fstat(dir, &st) == 0 && !S_ISDIR(st.st_mode))
		advice_say(severity(a), ".process.cwd", ENOTDIR, NULL, "enter %s", cwd);
	else if (dir < 0 && errno == ENOTDIR)
		advice_say(severity(a), ".process.cwd", errno, NULL, "enter %s", cwd);
}

/* The terminal is opened in the container, from a mount or from the image. */
static void check_terminal(struct advice *a)
{
	static const char ptmx[] = "/dev/pts/ptmx";
	if (!a->config->process->terminal.value || is_hidden(a, ptmx))
		return;
	FD(fd) = path_try_open(a->root, ptmx, O_PATH);
	if (fd < 0)
		advice_say(severity(a), ".process.terminal", errno,
			"a terminal needs a mount of type devpts on /dev/pts", "open %s in the root filesystem", ptmx);
}

/* startContainer hooks run in the container: their programs are in the root filesystem. */
static void check_inner_hooks(struct advice *a)
{
	const struct oci_hooks *h = a->config->hooks;
	for (size_t i = 0; h && i < h->start_container.len; i++) {
		const char *path = h->start_container.items[i].path;
		int errnum = *path != '/' || is_hidden(a, path) ? 0 : executable_try(a->root, path);
		if (errnum)
			advice_say(severity(a), arena_printf(a->arena, ".hooks.startContainer[%zu].path", i), errnum,
				"the program is looked for in the root filesystem", "the hook %s", path);
	}
}

/* A node does not replace a file of its name. In a user namespace it is the host's node, bound. */
static void check_nodes(struct advice *a)
{
	bool may_make = !a->host->in_user_namespace && (a->host->own_caps & caps_mask("CAP_MKNOD"));
	for (size_t i = 0; i < a->plan.device_count; i++) {
		const struct device_op *d = &a->plan.devices[i];
		if (d->bind && d->asked && access(d->path, F_OK) < 0 && !may_make)
			advice_say(a->errors, d->where, errno,
				"in a user namespace no node can be made: the host's is bound", "open %s of the host",
				d->path);
	}
	for (size_t i = 0; i < a->linux->devices.len; i++) {
		const char *path = a->linux->devices.items[i].path;
		struct stat st;
		if (*path != '/' || is_hidden(a, path))
			continue;
		FD(fd) = path_try_open(a->root, path, O_PATH | O_NOFOLLOW);
		if (fd >= 0 && fstat(fd, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)))
			advice_say(severity(a), arena_printf(a->arena, ".linux.devices[%zu].path", i), EEXIST,
				"the root filesystem has something else of that name", "make the device %s", path);
	}
}

void advise_program(struct advice *a)
{
	if (a->has_root) {
		check_inner_hooks(a);
		check_nodes(a);
	}
	if (!a->has_root || !a->has_program)
		return;
	check_cwd(a);
	check_terminal(a);
	check_program(a);
}
