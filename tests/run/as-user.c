/*
 * Executes NAME-itself, where NAME is this program's own name, as the user and group HULL_TEST_USER without further
 * groups or capabilities: lib.sh puts this program in hull's place. Called by a user other than root, it only
 * executes. It has five minutes.
 */
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int become(unsigned id)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];
	if (syscall(SYS_capget, &header, sets) < 0)
		return -1;
	sets[0].inheritable = sets[1].inheritable = 0;
	if (syscall(SYS_capset, &header, sets) < 0 || setgroups(0, NULL) < 0)
		return -1;
	return setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	char path[4096];
	const char *user = getenv("HULL_TEST_USER");
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof("-itself"));
	if (argc < 1 || len < 0 || !user) {
		perror("as-user");
		return 125;
	}
	memcpy(path + len, "-itself", sizeof("-itself"));
	if (geteuid() == 0 && become((unsigned)strtoul(user, NULL, 10)) < 0) {
		perror("as-user");
		return 125;
	}
	(void)alarm(300); /* a hull that hangs ends; timeout(1) before each takes as long as this and hull together */
	argv[0] = path;
	(void)execv(path, argv);
	perror(path);
	return 125;
}
