/*
 * Any bytes as the container's /etc/passwd and /etc/group; the first line is the name to look for. A result is an id,
 * and a number gives that number.
 *
 *	make fuzzers && build/fuzz/fuzz-accounts -max_total_time=60 CORPUS
 */
#include <string.h>

#include "base/str.h"
#include "fuzz.h"
#include "process/accounts.h"

static struct folder root;

static void try_find(const char *text)
{
	ARENA(arena);
	struct error err = { 0 };
	struct oci_user user = { .uid = { true, 1 }, .gid = { true, 2 } };
	uint64_t number;
	bool found = account_find(&arena, root.fd, text, &user, &err) == 0;
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
	if (!root.path[0])
		folder_make(&root);
	ARENA(arena);
	size_t len = (size_t)(end - data);
	const char *text = arena_strndup(&arena, (const char *)data, len);
	folder_put(&root, "etc/passwd", end + 1, size - len - 1);
	folder_put(&root, "etc/group", end + 1, size - len - 1);
	try_find(text);
	expect(*account_home(&arena, root.fd, 0) == '/');
	return 0;
}
