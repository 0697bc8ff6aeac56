#include "sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#include "base/fd.h"
#include "base/str.h"

enum {
	CGROUP_DEPTH = 6, /* of cgroups below the root that are looked at */
	PROC_LIMIT = 16 * 1024 * 1024,
	ENVIRON_SIZE = 256 * 1024,
};

typedef LIST(const char *) names;

void sleep_ms(unsigned ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
	(void)nanosleep(&time, NULL);
}

const char *find_cgroup2(void)
{
	struct statfs fs;
	if (statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
		return "/sys/fs/cgroup";
	return "/sys/fs/cgroup/unified";
}

/* The names in a directory; a missing one has none. */
static names list_directory(struct arena *arena, const char *path)
{
	names all = { NULL };
	DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			*list_add(arena, &all) = arena_strdup(arena, entry->d_name);
	if (dir)
		(void)closedir(dir);
	return all;
}

/* Those with the id in their name and what is below them, the lower ones first. */
static void find_cgroups(struct arena *arena, const char *path, const char *id, int depth, names *ret)
{
	struct stat st;
	if (depth > CGROUP_DEPTH)
		return;
	DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
			continue;
		const char *below = arena_printf(arena, "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_UNKNOWN && (lstat(below, &st) < 0 || !S_ISDIR(st.st_mode)))
			continue;
		bool of_the_test = !*id || strstr(entry->d_name, id);
		find_cgroups(arena, below, of_the_test ? "" : id, depth + 1, ret);
		if (of_the_test)
			*list_add(arena, ret) = below;
	}
	if (dir)
		(void)closedir(dir);
}

/* The mount points of the lines that name the tree, the uppermost mount first. */
static names find_mounts(struct arena *arena, const char *tree)
{
	names all = { NULL }, reversed = { NULL };
	char *text, *rest, *line;
	if (read_file_at(arena, AT_FDCWD, "/proc/self/mountinfo", PROC_LIMIT, &text, NULL) < 0)
		return all;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		if (!strstr(line, tree))
			continue;
		for (int field = 1; field < 5; field++)
			(void)strsep(&line, " ");
		char *target = strsep(&line, " ");
		if (target)
			*list_add(arena, &reversed) = target;
	}
	for (size_t i = reversed.len; i > 0; i--)
		*list_add(arena, &all) = reversed.items[i - 1];
	return all;
}

/* Whether a process has one of the marks. Reads the whole of its environment, in few system calls, since there are
 * many processes. */
static bool is_marked(const struct traces *traces, const char *pid, char **buf, size_t *size)
{
	char path[64];
	size_t len = 0;
	ssize_t got;
	(void)snprintf(path, sizeof(path), "/proc/%s/environ", pid);
	FD(fd) = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while ((got = read(fd, *buf + len, *size - len)) > 0) {
		len += (size_t)got;
		if (len < *size)
			break; /* that was all */
		*size *= 2;
		*buf = realloc(*buf, *size);
		if (!*buf)
			abort();
	}
	for (size_t i = 0; len > 0 && i < TRACES_MARKS; i++)
		if (traces->marks[i] && memmem(*buf, len, traces->marks[i], strlen(traces->marks[i])))
			return true;
	return false;
}

void sweep_processes(const struct traces *traces, sweep_process_fn found, void *data)
{
	size_t size = ENVIRON_SIZE;
	pid_t own = getpid();
	char *buf = malloc(size);
	if (!buf)
		abort();
	DIR *dir = opendir("/proc");
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		pid_t pid = atoi(entry->d_name);
		if (pid > 0 && pid != own && is_marked(traces, entry->d_name, &buf, &size))
			found(data, pid);
	}
	if (dir)
		(void)closedir(dir);
	free(buf);
}

struct listing {
	FILE *out;
	size_t count;
};

static void list_process(void *data, pid_t pid)
{
	struct listing *l = data;
	ARENA(arena);
	char *words = NULL;
	ssize_t len =
		read_file_at(&arena, AT_FDCWD, arena_printf(&arena, "/proc/%d/cmdline", pid), PROC_LIMIT, &words, NULL);
	if (len < 0)
		return; /* gone by now */
	l->count++;
	for (ssize_t i = 0; i < len; i++)
		if (!words[i])
			words[i] = ' ';
	if (l->out)
		(void)fprintf(l->out, "process: %d %.200s\n", pid, len > 0 ? words : "");
}

static void list_names(struct listing *l, const char *kind, const names *all)
{
	LIST_EACH (all, name) {
		l->count++;
		if (l->out)
			(void)fprintf(l->out, "%s: %s\n", kind, *name);
	}
}

size_t sweep_look(struct arena *arena, const struct traces *traces, FILE *out)
{
	struct listing l = { .out = out };
	names state = { NULL }, cgroups = { NULL }, mounts;
	if (traces->state) {
		names entries = list_directory(arena, traces->state);
		/* No id contains a colon; the cache of compiled profiles does, and is kept. */
		LIST_EACH (&entries, name) {
			if (!strchr(*name, ':'))
				*list_add(arena, &state) = *name;
		}
	}
	list_names(&l, "state", &state);
	find_cgroups(arena, traces->cgroups, traces->id, 1, &cgroups);
	list_names(&l, "cgroup", &cgroups);
	mounts = find_mounts(arena, traces->tree);
	list_names(&l, "mount", &mounts);
	sweep_processes(traces, list_process, &l);
	return l.count;
}

static void kill_process(void *data, pid_t pid)
{
	(void)data;
	(void)kill(pid, SIGKILL); /* no pid comes again that soon */
}

void sweep_clear(struct arena *arena, const struct traces *traces)
{
	names cgroups = { NULL }, mounts;
	sweep_processes(traces, kill_process, NULL);
	find_cgroups(arena, traces->cgroups, traces->id, 1, &cgroups);
	LIST_EACH (&cgroups, path) {
		/* Frozen processes, and those without a mark, are ended too. */
		(void)write_file_at(AT_FDCWD, arena_printf(arena, "%s/cgroup.kill", *path), "1", NULL);
	}
	mounts = find_mounts(arena, traces->tree);
	LIST_EACH (&mounts, target) {
		(void)umount2(*target, MNT_DETACH | UMOUNT_NOFOLLOW);
	}
	LIST_EACH (&cgroups, path) {
		(void)rmdir(*path); /* or at the next look, when its processes are gone */
	}
}

static int remove_below(struct arena *arena, const char *path, dev_t dev)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(st.st_mode))
		return unlink(path);
	if (st.st_dev != dev)
		return -1;
	names entries = list_directory(arena, path);
	LIST_EACH (&entries, name) {
		(void)remove_below(arena, arena_printf(arena, "%s/%s", path, *name), dev);
	}
	return rmdir(path);
}

int remove_tree(struct arena *arena, const char *path)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -1;
	return remove_below(arena, path, st.st_dev);
}
