#include "advice/config-checks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/nearest.h"
#include "base/path.h"
#include "base/str.h"
#include "namespaces/mount.h"

/* Whether a module that is not loaded yet has the filesystem: modules.alias has a line "alias fs-TYPE MODULE". */
static bool is_module(struct advice *a, const char *type)
{
	struct utsname uts;
	char *text;
	(void)uname(&uts); /* fails for a bad pointer alone */
	const char *path = arena_printf(a->arena, "/lib/modules/%s/modules.alias", uts.release);
	return read_file_at(a->arena, AT_FDCWD, path, 64 << 20, &text, NULL) >= 0 &&
	       strstr(text, arena_printf(a->arena, "alias fs-%s ", type));
}

bool advice_has_filesystem(struct advice *a, const char *type, bool *ret_device, const char **ret_nearest)
{
	struct nearest near = nearest_to(type);
	*ret_device = false;
	char *text, *save = NULL;
	if (read_file_at(a->arena, AT_FDCWD, "/proc/filesystems", 1 << 20, &text, NULL) < 0)
		return true;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *tab = strrchr(line, '\t'), *known = tab ? tab + 1 : line;
		if (str_eq(known, type)) {
			*ret_device = !str_starts(line, "nodev");
			return true;
		}
		(void)nearest_try(&near, known);
	}
	*ret_nearest = near.name;
	return false;
}

/* Checks the source of a filesystem on a block device. Since Linux 6.12 erofs takes an image in a file, too. */
static void check_device(struct advice *a, const struct mount_op *op)
{
	struct stat st;
	int errnum = ENOTBLK;
	if (!op->source || stat(op->source, &st) < 0)
		errnum = ENOENT;
	else if (S_ISBLK(st.st_mode))
		return;
	if (errnum == ENOENT || !str_eq(op->type, "erofs"))
		advice_say(a->errors, arena_printf(a->arena, "%s.source", op->where), errnum,
			errnum == ENOTBLK ? "losetup(8) makes a block device of a file" : NULL, "the device %s of %s",
			op->source ? op->source : "\"\"", op->type);
}

static void check_type(struct advice *a, const struct mount_op *op)
{
	const char *nearest;
	bool device;
	if (advice_has_filesystem(a, op->type, &device, &nearest)) {
		if (device)
			check_device(a, op);
		return;
	}
	if (is_module(a, op->type))
		return;
	advice_say(a->errors, arena_printf(a->arena, "%s.type", op->where), 0,
		nearest ? arena_printf(a->arena, "did you mean \"%s\"?", nearest) :
			  "see /proc/filesystems; a module may provide it: modprobe(8)",
		"this kernel knows no filesystem \"%s\"", op->type);
}

static void check_source(struct advice *a, const struct mount_op *op)
{
	bool link = op->options.extra & (MOUNT_EXTRA_COPY_SYMLINK | MOUNT_EXTRA_SRC_NOFOLLOW);
	if (!op->inside && faccessat(AT_FDCWD, op->source, F_OK, link ? AT_SYMLINK_NOFOLLOW : 0) < 0)
		advice_say(a->errors, arena_printf(a->arena, "%s.source", op->where), errno, NULL,
			"the source %s of the bind", op->source);
}

/* A directory is mounted on a directory, and a file on a file. */
static void check_target(struct advice *a, size_t i)
{
	const struct mount_op *op = &a->plan.mounts[i];
	struct stat source, target;
	bool link =
		op->options.extra & (MOUNT_EXTRA_COPY_SYMLINK | MOUNT_EXTRA_SRC_NOFOLLOW | MOUNT_EXTRA_DEST_NOFOLLOW);
	if (!a->has_root || link || advice_hides(a, i, op->destination))
		return;
	FD(fd) = path_try_open(a->root, op->destination, O_PATH);
	bool missing = fd < 0 && errno == ENOENT;
	int errnum = fd < 0 ? errno : 0;
	if (missing)
		errnum = advice_try_make(a, op->destination);
	if (errnum)
		advice_say(a->errors, arena_printf(a->arena, "%s.destination", op->where), errnum, NULL,
			"%s %s in the root filesystem", missing ? "make" : "open", op->destination);
	if (fd < 0 || fstat(fd, &target) < 0 || (op->kind == MOUNT_BIND && stat(op->source, &source) < 0))
		return;
	bool directory = op->kind == MOUNT_NEW || S_ISDIR(source.st_mode);
	if (directory != !!S_ISDIR(target.st_mode))
		advice_say(a->errors, arena_printf(a->arena, "%s.destination", op->where), ENOTDIR,
			"source and destination must both be directories, or neither", "mount on %s", op->destination);
}

const char *advice_plain(struct arena *arena, const char *path)
{
	char *text = arena_alloc(arena, strlen(path) + 2), *end = text;
	for (size_t len; *path; path += len) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 0 || (len == 1 && *path == '.'))
			continue;
		memcpy(end, path, len);
		end += len;
		*end++ = '/';
	}
	return text;
}

/* Warns if a later mount on the same place, or above it, hides this one. */
static void check_hidden(struct advice *a, const char *const *places, size_t i)
{
	const struct mount_op *mounts = a->plan.mounts;
	for (size_t j = i + 1; j < a->plan.mount_count; j++) {
		if (mounts[j].kind == MOUNT_REMOUNT || !str_starts(places[i], places[j]))
			continue;
		bool same = str_eq(places[i], places[j]);
		advice_say(a->warnings, arena_printf(a->arena, "%s.destination", mounts[i].where), 0,
			same ? "leave one of them out" : "let the mount above it come first",
			"%s hides it, a later mount on %s", mounts[j].where, mounts[j].destination);
		return;
	}
}

void advise_mounts(struct advice *a)
{
	const char **places = arena_array(a->arena, a->plan.mount_count, sizeof(*places));
	for (size_t i = 0; i < a->plan.mount_count; i++)
		places[i] = advice_plain(a->arena, a->plan.mounts[i].destination);
	for (size_t i = 0; i < a->plan.mount_count; i++) {
		struct mount_op *op = &a->plan.mounts[i];
		if (op->kind != MOUNT_REMOUNT)
			check_hidden(a, places, i);
		if (op->kind == MOUNT_BIND || op->kind == MOUNT_NEW)
			check_target(a, i);
		if (op->kind == MOUNT_BIND)
			check_source(a, op);
		if (op->kind == MOUNT_NEW)
			check_type(a, op);
	}
}
