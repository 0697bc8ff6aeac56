/* Users and groups by the files of a root filesystem: the results and the refusals; nothing else is changed. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "process/accounts.h"

#include <cmocka.h> /* last: its macro fail() */

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "1000:x:0:0::/root:\n"
			     "\n"
			     "# bob:x:9:9::/:\n"
			     "bob:x:1000:1001:Bob,,,:/home/bob:/bin/sh\n"
			     "bob:x:0:0::/:/bin/sh\n"
			     "few:x:5:5:\n"
			     "many:x:6:6:::::\n"
			     "top:x:4294967294:4294967294::/top:\n"
			     "above:x:4294967295:0::/:\n"
			     "spaced:x: 7:7::/:\n"
			     "signed:x:+7:7::/:\n"
			     "hex:x:0x7:7::/:\n"
			     "badgid:x:8:::/:\n"
			     "+::::::\n"
			     "relative:x:11:11::home:\n"
			     "long:x:00012:12::/long:\n"
			     "last:x:13:14::/last:/bin/sh"; /* no newline */

static const char group[] = "root:x:0:\n"
			    "staff:x:50:alice,bob\n"
			    "twice:x:51:bob,bob\n"
			    "near:x:52:bobby,xbob,bo\n"
			    "empty:x:53:,,\n"
			    "above:x:4294967295:bob\n"
			    "fields:x:54:bob:\n"
			    "50:x:55:\n"
			    "end:x:56:bob";

static void put(int root, const char *path, const char *text, size_t len)
{
	FD(fd) = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
}

static char folder[] = "/tmp/hull-accounts.XXXXXX";

static int make_root(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || mkdirat(root, "etc", 0755) < 0)
		return -1;
	*state = (void *)(intptr_t)root;
	return 0;
}

static int remove_root(void **state)
{
	int root = (int)(intptr_t)*state;
	(void)unlinkat(root, "etc/passwd", 0);
	(void)unlinkat(root, "etc/group", 0);
	(void)unlinkat(root, "etc", AT_REMOVEDIR);
	(void)close(root);
	return rmdir(folder);
}

#define KEPT 77, 88, "99" /* what the user was before */

static const struct {
	const char *text;
	uint64_t uid, gid;
	const char *groups, *error;
} users[] = {
	{ "0", 0, 88, "99", NULL },
	{ "1000", 1000, 88, "99", NULL },
	{ "1000:0", 1000, 0, "99", NULL },
	{ "4294967294:4294967294", 4294967294, 4294967294, "99", NULL },
	{ "root", 0, 0, "", NULL },
	{ "bob", 1000, 1001, "50,51,56", NULL },
	{ "bob:7", 1000, 7, "50,51,56", NULL },
	{ "bob:staff", 1000, 50, "50,51,56", NULL },
	{ "3:staff", 3, 50, "99", NULL },
	{ "3:50", 3, 50, "99", NULL },
	{ "top", 4294967294, 4294967294, "", NULL },
	{ "last", 13, 14, "", NULL },
	{ "last:end", 13, 56, "", NULL },
	{ "", KEPT, "\"\" is neither a user id nor a name" },
	{ ":", KEPT, "\"\" is neither a user id nor a name" },
	{ ":5", KEPT, "\"\" is neither a user id nor a name" },
	{ " 1", KEPT, "\" 1\" is neither a user id nor a name" },
	{ "1 ", KEPT, "\"1 \" is neither a user id nor a name" },
	{ "-1", KEPT, "\"-1\" is neither a user id nor a name" },
	{ "+1", KEPT, "\"+1\" is neither a user id nor a name" },
	{ "0x1", KEPT, "\"0x1\" is neither a user id nor a name" },
	{ "4294967295", KEPT, "\"4294967295\" is neither a user id nor a name" },
	{ "4294967296", KEPT, "\"4294967296\" is neither a user id nor a name" },
	{ "18446744073709551616", KEPT, "\"18446744073709551616\" is neither a user id nor a name" },
	{ "few", KEPT, "no user few in the container's /etc/passwd" },
	{ "many", KEPT, "no user many in the container's /etc/passwd" },
	{ "above", KEPT, "no user above in the container's /etc/passwd" },
	{ "spaced", KEPT, "no user spaced in the container's /etc/passwd" },
	{ "signed", KEPT, "no user signed in the container's /etc/passwd" },
	{ "hex", KEPT, "no user hex in the container's /etc/passwd" },
	{ "badgid", KEPT, "no user badgid in the container's /etc/passwd" },
	{ "#", KEPT, "\"#\" is neither a user id nor a name" },
	{ "1:", KEPT, "\"\" is neither a group id nor a name" },
	{ "1::", KEPT, "\":\" is neither a group id nor a name" },
	{ "1:2:3", KEPT, "\"2:3\" is neither a group id nor a name" },
	{ "1:-1", KEPT, "\"-1\" is neither a group id nor a name" },
	{ "1:4294967295", KEPT, "\"4294967295\" is neither a group id nor a name" },
	{ "1:none", KEPT, "no group none in the container's /etc/group" },
	{ "1:above", KEPT, "no group above in the container's /etc/group" },
};

static void test_find(void **state)
{
	int root = (int)(intptr_t)*state;
	put(root, "etc/passwd", passwd, sizeof(passwd) - 1);
	put(root, "etc/group", group, sizeof(group) - 1);
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		ARENA(arena);
		char groups[256] = "";
		struct error err = { 0 };
		struct oci_user user = { .uid = { true, 77 }, .gid = { true, 88 } };
		*list_add(&arena, &user.additional_gids) = (struct oci_uint){ true, 99 };
		int r = account_find(&arena, root, users[i].text, &user, &err);
		assert_string_equal(err.text, users[i].error ? users[i].error : "");
		assert_int_equal(r, users[i].error ? -1 : 0);
		if (r < 0)
			continue;
		assert_int_equal(user.uid.value, users[i].uid);
		assert_int_equal(user.gid.value, users[i].gid);
		for (size_t j = 0; j < user.additional_gids.len; j++)
			(void)snprintf(groups + strlen(groups), sizeof(groups) - strlen(groups), "%s%llu", j ? "," : "",
				(unsigned long long)user.additional_gids.items[j].value);
		assert_string_equal(groups, users[i].groups);
	}
}

static void test_home(void **state)
{
	static const struct {
		uid_t uid;
		const char *home;
	} rows[] = {
		{ 0, "/root" },
		{ 1000, "/home/bob" },
		{ 13, "/last" },
		{ 11, "/" },
		{ 5, "/" },
		{ 4294967294, "/top" },
		{ 4294967295, "/" },
		{ 424242, "/" },
	};
	int root = (int)(intptr_t)*state;
	put(root, "etc/passwd", passwd, sizeof(passwd) - 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ARENA(arena);
		assert_string_equal(account_home(&arena, root, rows[i].uid), rows[i].home);
	}
}

/* Only a regular file is opened for reading: a fifo would wait for its writer. */
static void test_odd_files(void **state)
{
	static const char *const links[] = { "passwd", "/proc/self/fd/0", "/dev/zero", "../../../../etc/passwd" };
	int root = (int)(intptr_t)*state;
	ARENA(arena);
	(void)unlinkat(root, "etc/passwd", 0);
	assert_string_equal(account_home(&arena, root, 0), "/");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		assert_int_equal(symlinkat(links[i], root, "etc/passwd"), 0);
		assert_string_equal(account_home(&arena, root, 0), "/");
		assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	}
	assert_int_equal(mkfifoat(root, "etc/passwd", 0644), 0);
	assert_string_equal(account_home(&arena, root, 0), "/");
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	assert_int_equal(mkdirat(root, "etc/passwd", 0755), 0);
	assert_string_equal(account_home(&arena, root, 0), "/");
	assert_int_equal(unlinkat(root, "etc/passwd", AT_REMOVEDIR), 0);
}

static void test_size(void **state)
{
	enum { LARGE = 3 << 20 };
	static const char line[] = "\nroot:x:0:0::/far:\nbob:x:1:1::/:", members[] = "\ndeny:x:7:bob";
	int root = (int)(intptr_t)*state;
	ARENA(arena);
	struct error err = { 0 };
	struct oci_user user = { .uid = { true, 77 } };
	char *text = malloc(LARGE);
	assert_non_null(text);
	memset(text, '\n', LARGE);
	memcpy(text + LARGE - (sizeof(line) - 1), line, sizeof(line) - 1);
	put(root, "etc/passwd", text, LARGE);
	assert_string_equal(account_home(&arena, root, 0), "/far");
	memset(text, '\n', LARGE);
	memcpy(text + LARGE - (sizeof(members) - 1), members, sizeof(members) - 1);
	put(root, "etc/group", text, LARGE);
	assert_int_equal(account_find(&arena, root, "bob", &user, &err), 0);
	assert_int_equal(user.additional_gids.len, 1);
	free(text);
}

/* What is not read to its end is an error, and never a user with fewer groups. */
static void test_too_large(void **state)
{
	int root = (int)(intptr_t)*state;
	ARENA(arena);
	struct error err = { 0 };
	struct oci_user user = { .uid = { true, 77 } };
	put(root, "etc/passwd", passwd, sizeof(passwd) - 1);
	put(root, "etc/group", group, sizeof(group) - 1);
	FD(file) = openat(root, "etc/group", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(file, ACCOUNTS_LIMIT + 1), 0);
	assert_int_equal(account_find(&arena, root, "bob", &user, &err), -1);
	assert_string_equal(err.text, "read /etc/group, at most 67108864 bytes");
	assert_int_equal(account_find(&arena, root, "1000:1000", &user, &err), 0);
}

static void test_nul(void **state)
{
	static const char text[] = "a\0b:x:0:0::/zero:\nroot:x:0:0::/r:\n";
	int root = (int)(intptr_t)*state;
	ARENA(arena);
	put(root, "etc/passwd", text, sizeof(text) - 1);
	assert_string_equal(account_home(&arena, root, 0), "/r");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_home),
		cmocka_unit_test(test_odd_files),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_nul),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
