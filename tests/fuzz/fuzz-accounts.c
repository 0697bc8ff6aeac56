/*
 * Any bytes as the container's /etc/passwd and /etc/group; the first line is the name to look for. A result is an id,
 * and a number gives that number.
 *
 *	make fuzzers && build/fuzz/fuzz-accounts -max_total_time=60 CORPUS
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "process/accounts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool true_)
{
	if (!true_)
		abort();
}

static int root = -1;
static char folder[] = "/tmp/hull-fuzz.XXXXXX";

static void remove_root(void)
{
	(void)unlinkat(root, "etc/passwd", 0);
	(void)unlinkat(root, "etc/group", 0);
	(void)unlinkat(root, "etc", AT_REMOVEDIR);
	(void)rmdir(folder);
}

static void make_root(void)
{
	expect(mkdtemp(folder));
	root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect(root >= 0 && mkdirat(root, "etc", 0755) == 0 && atexit(remove_root) == 0);
}

static void put(const char *path, const uint8_t *data, size_t size)
{
	FD(fd) = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	expect(fd >= 0 && write(fd, data, size) == (ssize_t)size);
}

static void try_find(const char *text)
{
	ARENA(arena);
	struct error err = { 0 };
	struct oci_user user = { .uid = { true, 1 }, .gid = { true, 2 } };
	uint64_t number;
	bool found = account_find(&arena, root, text, &user, &err) == 0;
	expect(found || err.text[0]);
	if (!found)
		return;
	expect(user.uid.value < UINT32_MAX && user.gid.value < UINT32_MAX);
	for (size_t i = 0; i < user.additional_gids.len; i++)
		expect(user.additional_gids.items[i].value < UINT32_MAX);
	if (str_to_u64(text, UINT64_MAX, &number))
		expect(user.uid.value == number && user.gid.value == 2 && !user.additional_gids.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	if (!end)
		return 0;
	if (root < 0)
		make_root();
	ARENA(arena);
	size_t len = (size_t)(end - data);
	const char *text = arena_strndup(&arena, (const char *)data, len);
	put("etc/passwd", end + 1, size - len - 1);
	put("etc/group", end + 1, size - len - 1);
	try_find(text);
	expect(*account_home(&arena, root, 0) == '/');
	return 0;
}
