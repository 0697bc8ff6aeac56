/*
 * Any bytes as the state.json of a container: it is opened, and its status and state are told, or the error is a
 * printable line.
 *
 *	make fuzzers && build/fuzz/fuzz-state -max_total_time=60 CORPUS
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "container/container.h"
#include "fuzz.h"

static struct folder folder;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!folder.path[0])
		folder_make(&folder);
	folder_put(&folder, "a/state.json", data, size);
	CONTAINER(c);
	struct error err = { 0 };
	if (container_open(&c, folder.path, "a", CONTAINER_UNLOCKED, &err) < 0) {
		expect_line(&err);
		return 0;
	}
	enum status status = container_status(&c, &err);
	if ((int)status <= 0)
		return 0;
	size_t len;
	struct oci_state state = container_state(&c, status);
	expect(status_name(status) && oci_state_json(&c.arena, &state, false, &len) && len > 2);
	return 0;
}
