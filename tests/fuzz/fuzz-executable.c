/*
 * Any bytes as a program in a root filesystem: whether it can be executed is judged, and the reason is explained if it
 * cannot. (The log makes the text of a program printable.)
 *
 *	make fuzzers && build/fuzz/fuzz-executable -max_total_time=60 CORPUS
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "fuzz.h"
#include "process/executable.h"

static struct folder root;

static bool hidden(void *data, const char *path)
{
	(void)data;
	return str_starts(path, "/proc/");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int errors[] = { ENOENT, ENOEXEC, EACCES, ELOOP, EAGAIN };
	char path[64];
	if (!root.path[0])
		folder_make(&root);
	(void)snprintf(path, sizeof(path), "%s/a", root.path);
	folder_put(&root, "a", data, size);
	expect(chmod(path, 0755) == 0);
	struct error err = { 0 };
	if (executable_judge(root.fd, "/a", "a", hidden, NULL, &err) < 0)
		expect(err.text[0]);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct error why = { 0 };
		expect(executable_explain(path, "a", errors[i], &why) == -1);
		expect(why.status == EXIT_NOT_FOUND || why.status == EXIT_NOT_EXECUTABLE);
		expect(why.text[0]);
	}
	return 0;
}
