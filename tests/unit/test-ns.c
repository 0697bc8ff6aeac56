/* The process that holds a user namespace is found whatever pid namespace procfs is of. */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "namespaces/ns.h"

#include <cmocka.h> /* last: its fail() is a macro */

/* In a new pid namespace, where the holder is process 2, with the procfs of the outer one, where another process is. */
static int hold_inside(void)
{
	char link[64] = "", own[64] = "";
	struct error err = { .errnum = 0 };
	struct ns_holder holder;
	if (ns_hold_user(-1, &holder) < 0)
		return 2;
	int status = write_file_at(holder.proc, "uid_map", "0 0 1\n", &err) < 0 ? 3 : 0;
	if (readlinkat(holder.proc, "ns/user", link, sizeof(link) - 1) < 0 ||
		readlink("/proc/self/ns/user", own, sizeof(own) - 1) < 0 || strcmp(link, own) == 0)
		status = 4;
	ns_release(&holder);
	return status;
}

static void test_numbers(void **state)
{
	(void)state;
	int status;
	pid_t outer = fork();
	if (outer == 0) {
		if (unshare(CLONE_NEWPID) < 0)
			_exit(77);
		pid_t pid = fork();
		if (pid == 0)
			_exit(hold_inside());
		(void)waitpid(pid, &status, 0);
		_exit(WEXITSTATUS(status));
	}
	assert_int_equal(waitpid(outer, &status, 0), outer);
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
