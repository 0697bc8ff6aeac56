/*
 * Paths in a root that an attacker owns: trees full of symlinks, and one in which directories are renamed all the
 * while. Nothing may ever be opened or made outside the root.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "namespaces/anchor.h"
#include "base/str.h"

/* After ours: its macro fail() hides the function. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static char top[] = "/tmp/hull-test-path.XXXXXX";
static char root_path[64], outside_path[64];
static int root = -1;

static const struct {
	char kind; /* d directory, f file, p fifo, l symlink */
	const char *name, *target;
} tree[] = {
	{ 'd', "etc", NULL },
	{ 'f', "etc/file", NULL },
	{ 'd', "usr", NULL },
	{ 'd', "usr/bin", NULL },
	{ 'p', "pipe", NULL },
	{ 'l', "bin", "usr/bin" },
	{ 'l', "absolute", "/etc" },
	{ 'l', "up", "../../../../../../etc" },
	{ 'l', "leave", "../outside" },
	{ 'l', "usr/escape", "../../outside" },
	{ 'l', "dangling", "/nowhere" },
	{ 'l', "dangling-up", "../../outside/made" },
	{ 'l', "loop", "loop" },
	{ 'l', "loop-a", "loop-b" },
	{ 'l', "loop-b", "loop-a" },
	{ 'l', "to-file", "etc/file" },
	{ 'l', "proc-root", "/proc/1/root" },
};

static int build_tree(void)
{
	for (size_t i = 0; i < sizeof(tree) / sizeof(tree[0]); i++) {
		const char *name = tree[i].name;
		int status =
			tree[i].kind == 'd' ? mkdirat(root, name, 0755) :
			tree[i].kind == 'l' ? symlinkat(tree[i].target, root, name) :
					      mknodat(root, name, (tree[i].kind == 'p' ? S_IFIFO : S_IFREG) | 0644, 0);
		if (status < 0)
			return -1;
	}
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(top))
		return -1;
	(void)snprintf(root_path, sizeof(root_path), "%s/root", top);
	(void)snprintf(outside_path, sizeof(outside_path), "%s/outside", top);
	if (mkdir(root_path, 0755) < 0 || mkdir(outside_path, 0755) < 0)
		return -1;
	root = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -1 : build_tree();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	close_fd(&root);
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Where a descriptor leads, relative to the root; "!" if outside. */
static const char *place(int fd, char *buf, size_t size)
{
	char link[64], path[256];
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, path, sizeof(path) - 1);
	assert_true(len > 0);
	path[len] = '\0';
	size_t prefix = strlen(root_path);
	if (!str_starts(path, root_path) || (path[prefix] && path[prefix] != '/'))
		return "!";
	(void)snprintf(buf, size, "%s", path[prefix] ? path + prefix : "/");
	return buf;
}

static void expect_nothing_outside(void)
{
	FD(outside) = open(outside_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	assert_int_equal(fstat(outside, &st), 0);
	assert_int_equal(st.st_nlink, 2);                                    /* no directory was made in it … */
	assert_int_equal(unlinkat(AT_FDCWD, outside_path, AT_REMOVEDIR), 0); /* … and no file */
	assert_int_equal(mkdir(outside_path, 0755), 0);
}

static const struct {
	const char *path, *place; /* NULL: errnum */
	int errnum;
} opens[] = {
	{ "/", "/" },
	{ "..", "/" },
	{ "../../..", "/" },
	{ "/etc/../..", "/" },
	{ "etc", "/etc" },
	{ "/etc/file", "/etc/file" },
	{ "//etc///file", "/etc/file" },
	{ "/bin", "/usr/bin" },
	{ "/bin/..", "/usr" },
	{ "/absolute/file", "/etc/file" },
	{ "/up/file", "/etc/file" },
	{ "/usr/escape", NULL, ENOENT },
	{ "/leave", NULL, ENOENT },
	{ "/dangling", NULL, ENOENT },
	{ "/loop", NULL, ELOOP },
	{ "/loop-a/x", NULL, ELOOP },
	{ "/etc/file/x", NULL, ENOTDIR },
	{ "/proc-root", NULL, ENOENT },
	{ "", NULL, ENOENT },
};

static void test_open(void **state)
{
	(void)state;
	char buf[256];
	for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]); i++) {
		struct error err = { 0 };
		FD(fd) = path_open(root, opens[i].path, O_PATH, &err);
		if (opens[i].place) {
			assert_true(fd >= 0);
			assert_string_equal(place(fd, buf, sizeof(buf)), opens[i].place);
			assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
			continue;
		}
		assert_int_equal(fd, -1);
		assert_int_equal(err.errnum, opens[i].errnum);
	}
}

static void test_magic_links(void **state)
{
	(void)state;
	FD(host) = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(path_try_open(host, "/proc/self/root", O_PATH), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(path_try_open(host, "/proc/self/fd/0", O_PATH), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(path_try_open(host, "/proc/self/cwd/x", O_PATH), -1);
	assert_int_equal(errno, ELOOP);
}

static const struct {
	const char *path;
	enum path_kind kind;
	const char *place;
	int errnum;
} makes[] = {
	{ "/etc", PATH_DIRECTORY, "/etc", 0 },
	{ "/etc/file", PATH_FILE, "/etc/file", 0 },
	{ "/etc/file", PATH_DIRECTORY, NULL, ENOTDIR },
	{ "/etc", PATH_FILE, NULL, EISDIR },
	{ "/pipe", PATH_FILE, "/pipe", 0 }, /* and nobody waits for a writer */
	{ "/new", PATH_DIRECTORY, "/new", 0 },
	{ "/new/a/b/c", PATH_DIRECTORY, "/new/a/b/c", 0 },
	{ "/new/d/", PATH_DIRECTORY, "/new/d", 0 },
	{ "/new/e/f", PATH_FILE, "/new/e/f", 0 },
	{ "relative/dir", PATH_DIRECTORY, "/relative/dir", 0 },
	{ "/bin/tool", PATH_FILE, "/usr/bin/tool", 0 },
	{ "/bin/deep/er", PATH_DIRECTORY, "/usr/bin/deep/er", 0 },
	{ "/up/made", PATH_FILE, "/etc/made", 0 },
	{ "/../../over", PATH_DIRECTORY, "/over", 0 },
	{ "/new/x/../y", PATH_DIRECTORY, "/new/y", 0 },
	{ "/to-file", PATH_FILE, "/etc/file", 0 },
	{ "/to-file/x", PATH_FILE, NULL, ENOTDIR },
	/* a dangling link has its target made, but inside */
	{ "/dangling", PATH_DIRECTORY, "/nowhere", 0 },
	{ "/dangling", PATH_FILE, NULL, EISDIR },
	{ "/dangling/x", PATH_DIRECTORY, "/nowhere/x", 0 },
	{ "/dangling-up", PATH_FILE, "/outside/made", 0 },
	{ "/leave/x", PATH_FILE, "/outside/x", 0 },
	{ "/usr/escape/x/y", PATH_DIRECTORY, NULL, ENOTDIR },
	{ "/usr/escape/y/z", PATH_DIRECTORY, "/outside/y/z", 0 },
	{ "/loop", PATH_DIRECTORY, NULL, ELOOP },
	{ "/loop/x", PATH_FILE, NULL, ELOOP },
};

static void test_make(void **state)
{
	(void)state;
	char buf[256];
	mode_t mask = umask(0);
	for (size_t i = 0; i < sizeof(makes) / sizeof(makes[0]); i++) {
		struct error err = { 0 };
		FD(fd) = path_make(root, makes[i].path, makes[i].kind, 0700, &err);
		if (makes[i].place) {
			assert_string_equal(fd < 0 ? err.text : place(fd, buf, sizeof(buf)), makes[i].place);
			continue;
		}
		if (fd >= 0)
			print_error("%s became %s\n", makes[i].path, place(fd, buf, sizeof(buf)));
		assert_int_equal(fd, -1);
		assert_string_equal(strerror(err.errnum), strerror(makes[i].errnum));
	}
	(void)umask(mask);
	struct stat st;
	assert_int_equal(fstatat(root, "new/a/b/c", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(root, "new/a/b", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	expect_nothing_outside();
}

static const struct {
	const char *path, *place, *name; /* NULL: it ends in no file name */
} parents[] = {
	{ "/etc/new", "/etc", "new" },
	{ "file", "/", "file" },
	{ "/file", "/", "file" },
	{ "/bin/x", "/usr/bin", "x" },
	{ "/made/for/it", "/made/for", "it" },
	{ "/", NULL, NULL },
	{ "", NULL, NULL },
	{ "/etc/", NULL, NULL },
	{ "/etc/.", NULL, NULL },
	{ "/etc/..", NULL, NULL },
	{ "..", NULL, NULL },
	{ "/leave/w", "/outside", "w" },
};

static void test_parent(void **state)
{
	(void)state;
	struct anchors anchors = { .root = root };
	char buf[256];
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
		struct error err = { 0 };
		const char *name = "untouched";
		FD(fd) = anchor_parent(&anchors, parents[i].path, &name, &err);
		assert_string_equal(name, parents[i].name ? parents[i].name : "untouched");
		if (parents[i].place)
			assert_string_equal(place(fd, buf, sizeof(buf)), parents[i].place);
		else
			assert_non_null(strstr(err.text, "does not end in a file name"));
	}
	expect_nothing_outside();
}

static const struct {
	const char *dir, *path, *rest;
} rests[] = {
	{ "/proc", "/proc/sys/net", "sys/net" },
	{ "/proc", "/proc", "" },
	{ "/proc/", "//proc/./kcore", "kcore" },
	{ "dev/.", "/dev", "" },
	{ "/", "/proc/x", "proc/x" },
	{ "/proc/sys", "/proc", NULL },
	{ "/pro", "/proc", NULL },
	{ "/proc", "/dev", NULL },
	{ "/proc", "/proc/../etc", "../etc" },
};

static void test_rest(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
		const char *rest = path_rest(rests[i].dir, rests[i].path);
		assert_string_equal(rest ? rest : "none", rests[i].rest ? rests[i].rest : "none");
	}
}

static void test_long(void **state)
{
	(void)state;
	static char path[8192];
	struct error err = { 0 };
	const char *name;
	struct anchors anchors = { .root = root };
	memset(path, 'a', sizeof(path) - 1);
	assert_int_equal(path_make(root, path, PATH_DIRECTORY, 0755, &err), -1);
	assert_int_equal(err.errnum, ENAMETOOLONG);
	path[6000] = '/';
	assert_int_equal(anchor_parent(&anchors, path, &name, &err), -1);
	assert_int_equal(err.errnum, ENAMETOOLONG);
}

/* Another process, as a container's would, swaps a directory for a link that leads outside, and moves it about. */
static void race(void)
{
	FD(dir) = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)mkdirat(dir, "race", 0755);
	(void)mkdirat(dir, "race/a", 0755);
	(void)mkdirat(dir, "race/aside", 0755);
	(void)!symlinkat("../../outside", dir, "race/link");
	for (;;) {
		(void)renameat2(dir, "race/a", dir, "race/link", RENAME_EXCHANGE);
		(void)renameat(dir, "race/a/b", dir, "race/aside/b");
		(void)renameat2(dir, "race/a", dir, "race/link", RENAME_EXCHANGE);
		(void)renameat(dir, "race/aside/b", dir, "race/a/b");
	}
}

static double seconds(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_race(void **state)
{
	(void)state;
	struct anchors anchors = { .root = root };
	static const char *const paths[] = { "race/a/b", "race/a/b/c/../../b/d", "race/a/b/../../a/e" };
	char buf[256];
	unsigned opened = 0;
	pid_t racer = fork();
	if (racer == 0) {
		race();
		_exit(0);
	}
	double end = seconds() + 1.0;
	for (unsigned i = 0; seconds() < end; i++) {
		const char *name;
		FD(fd) = path_make(root, paths[i % 3], PATH_DIRECTORY, 0755, NULL);
		FD(file) = path_make(root, "race/a/b/file", PATH_FILE, 0644, NULL);
		FD(parent) = anchor_parent(&anchors, "race/a/b/x/y", &name, NULL);
		if (fd >= 0) { /* a directory that was moved has another name by now, but not an outer one */
			assert_string_not_equal(place(fd, buf, sizeof(buf)), "!");
			opened++;
		}
		if (file >= 0)
			assert_string_not_equal(place(file, buf, sizeof(buf)), "!");
		if (parent >= 0)
			assert_string_not_equal(place(parent, buf, sizeof(buf)), "!");
	}
	(void)kill(racer, SIGKILL);
	(void)waitpid(racer, NULL, 0);
	assert_true(opened > 0);
	expect_nothing_outside();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_magic_links),
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_parent),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_race),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
