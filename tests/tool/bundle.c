#include "bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

enum { CONFIG_LIMIT = 16 * 1024 * 1024, COPY_AT_ONCE = 1 << 30 };

struct copying {
	struct arena *arena;
	struct error *err;
	bool link; /* files and symbolic links are the same ones, or else new ones */
	long uid;  /* their owner, or -1: as they were */
};

static int copy_file(const struct copying *c, const char *from, const char *to, mode_t mode)
{
	FD(in) = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (in < 0)
		return fail(c->err, errno, "open %s", from);
	FD(out) = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 07777);
	if (out < 0)
		return fail(c->err, errno, "create %s", to);
	char buf[65536];
	ssize_t len;
	while ((len = copy_file_range(in, NULL, out, NULL, COPY_AT_ONCE, 0)) > 0)
		;
	if (len == 0 || (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP))
		return len == 0 ? 0 : fail(c->err, errno, "copy %s to %s", from, to);
	while ((len = read(in, buf, sizeof(buf))) > 0)
		if (write_all(out, buf, (size_t)len) < 0)
			return fail(c->err, errno, "write %s", to);
	return len == 0 ? 0 : fail(c->err, errno, "read %s", from);
}

/* Owner, mode and time, in an order in which no step undoes another. */
static int copy_attributes(const struct copying *c, const struct stat *st, const char *to)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };
	uid_t uid = c->uid < 0 ? st->st_uid : (uid_t)c->uid;
	gid_t gid = c->uid < 0 ? st->st_gid : (gid_t)c->uid;
	if (lchown(to, uid, gid) < 0)
		return fail(c->err, errno, "chown %s", to);
	if (!S_ISLNK(st->st_mode) && chmod(to, st->st_mode & 07777) < 0)
		return fail(c->err, errno, "chmod %s", to);
	if (utimensat(AT_FDCWD, to, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(c->err, errno, "set the time of %s", to);
	return 0;
}

static int copy_symlink(const struct copying *c, const char *from, const char *to)
{
	char target[PATH_MAX];
	ssize_t len = readlink(from, target, sizeof(target) - 1);
	if (len < 0)
		return fail(c->err, errno, "read %s", from);
	target[len] = '\0';
	return symlink(target, to) < 0 ? fail(c->err, errno, "link %s", to) : 0;
}

static int copy_tree(const struct copying *c, const char *from, const char *to);

static int copy_entries(const struct copying *c, const char *from, const char *to)
{
	DIR *dir = opendir(from);
	if (!dir)
		return fail(c->err, errno, "open %s", from);
	int result = 0;
	for (struct dirent *entry; result == 0 && (entry = readdir(dir));)
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			result = copy_tree(c, arena_printf(c->arena, "%s/%s", from, entry->d_name),
				arena_printf(c->arena, "%s/%s", to, entry->d_name));
	(void)closedir(dir);
	return result;
}

/* A directory may be there already. */
static int copy_tree(const struct copying *c, const char *from, const char *to)
{
	struct stat st;
	if (lstat(from, &st) < 0)
		return fail(c->err, errno, "stat %s", from);
	if (S_ISDIR(st.st_mode)) {
		if (mkdir(to, 0700) < 0 && errno != EEXIST)
			return fail(c->err, errno, "mkdir %s", to);
		return copy_entries(c, from, to) < 0 ? -1 : copy_attributes(c, &st, to);
	}
	if (c->link)
		return linkat(AT_FDCWD, from, AT_FDCWD, to, 0) < 0 ? fail(c->err, errno, "link %s to %s", from, to) : 0;
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return fail(c->err, 0, "%s is no file, directory or link", from);
	if ((S_ISLNK(st.st_mode) ? copy_symlink(c, from, to) : copy_file(c, from, to, st.st_mode)) < 0)
		return -1;
	return copy_attributes(c, &st, to);
}

static int make_directory(const struct copying *c, const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return fail(c->err, errno, "mkdir %s", path);
	return c->uid >= 0 && lchown(path, (uid_t)c->uid, (gid_t)c->uid) < 0 ? fail(c->err, errno, "chown %s", path) :
									       0;
}

int template_make(struct arena *arena, const char *template, const char *source, long uid, struct error *err)
{
	static const char *const directories[] = { "", "/links", "/links/bundle", "/links/state", "/copies",
		"/copies/rootfs", "/copies/rootfs/bin" };
	struct copying c = { .arena = arena, .err = err, .uid = uid };
	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		if (make_directory(&c, arena_printf(arena, "%s%s", template, directories[i])) < 0)
			return -1;
	const char *links = arena_printf(arena, "%s/links/bundle/rootfs", template);
	const char *copies = arena_printf(arena, "%s/copies/rootfs", template);
	if (copy_tree(&c, arena_printf(arena, "%s/rootfs", source), links) < 0)
		return -1;
	if (rename(arena_printf(arena, "%s/bin/busybox", links), arena_printf(arena, "%s/bin/busybox", copies)) < 0 ||
		rename(arena_printf(arena, "%s/etc", links), arena_printf(arena, "%s/etc", copies)) < 0)
		return fail(err, errno, "move what tests write to, from %s", links);
	/* The configuration of `hull spec`, which differs for users other than root. */
	const char *config = arena_printf(arena, "%s/config.json", source);
	if (uid >= 0 || access(config, F_OK) < 0)
		return 0;
	return copy_tree(&c, config, arena_printf(arena, "%s/config.json", template));
}

/* The text with the id in place of each @ID@. */
static const char *with_id(struct arena *arena, char *text, const char *id)
{
	const char *result = "", *mark = "@ID@";
	for (char *at; (at = strstr(text, mark)); text = at + strlen(mark)) {
		*at = '\0';
		result = arena_printf(arena, "%s%s%s", result, text, id);
	}
	return arena_printf(arena, "%s%s", result, text);
}

int bundle_make(struct arena *arena, const char *template, const char *work, const char *id, struct error *err)
{
	char *config;
	struct copying c = { .arena = arena, .err = err, .uid = -1, .link = true };
	if (copy_tree(&c, arena_printf(arena, "%s/links", template), work) < 0)
		return -1;
	c.link = false;
	const char *bundle = arena_printf(arena, "%s/bundle", work);
	if (copy_tree(&c, arena_printf(arena, "%s/copies", template), bundle) < 0)
		return -1;
	if (read_file_at(arena, AT_FDCWD, arena_printf(arena, "%s/begin.json", template), CONFIG_LIMIT, &config, err) <
		0)
		return -1;
	const char *path = arena_printf(arena, "%s/config.json", bundle), *text = with_id(arena, config, id);
	FD(out) = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (out < 0 || write_all(out, text, strlen(text)) < 0)
		return fail(err, errno, "write %s", path);
	struct stat st;
	if (stat(bundle, &st) < 0 || fchown(out, st.st_uid, st.st_gid) < 0)
		return fail(err, errno, "chown %s", path);
	return 0;
}
