/*
 * Any bytes as /proc/self/mountinfo: a cgroup2 mount that is found in it is an absolute path of a line there.
 *
 *	make fuzzers && build/fuzz/fuzz-mountinfo -max_total_time=60 CORPUS
 */
#include <string.h>

#include "base/arena.h"
#include "cgroups/path.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(arena);
	struct cgroup_host host = { .mount = "untouched" };
	const char *text = arena_strndup(&arena, (const char *)data, size);
	if (!cgroup_find_mount(text, &host)) {
		expect(strcmp(host.mount, "untouched") == 0);
		return 0;
	}
	expect(*host.mount == '/' && strlen(host.mount) < sizeof(host.mount) && strstr(text, " - cgroup2 "));
	return 0;
}
