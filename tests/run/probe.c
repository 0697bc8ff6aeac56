/*
 * What a process can learn about itself, printed from inside a container: `probe QUESTION [ARGUMENT...]`. Static, so
 * that it runs in any root filesystem.
 */
#include <errno.h>
#include <grp.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct sched_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int print_scheduler(char **args)
{
	struct sched_attributes a = { 0 };
	(void)args;
	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) < 0)
		return 1;
	printf("policy=%u nice=%d priority=%u flags=%llu runtime=%llu deadline=%llu period=%llu\n", a.policy, a.nice,
		a.priority, (unsigned long long)a.flags, (unsigned long long)a.runtime, (unsigned long long)a.deadline,
		(unsigned long long)a.period);
	return 0;
}

static int print_memory_policy(char **args)
{
	unsigned long nodes[16] = { 0 };
	int mode = -1;
	(void)args;
	if (syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, NULL, 0) < 0)
		return 1;
	printf("mode=%d flags=%#x nodes=%#lx\n", mode & 0xff, mode & ~0xff, nodes[0]);
	return 0;
}

static int print_io_priority(char **args)
{
	long value = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);
	(void)args;
	if (value < 0)
		return 1;
	printf("class=%ld level=%ld\n", IOPRIO_PRIO_CLASS(value), IOPRIO_PRIO_DATA(value));
	return 0;
}

static int print_ids(char **args)
{
	uid_t r, e, s;
	gid_t list[64];
	(void)args;
	if (getresuid(&r, &e, &s) < 0)
		return 1;
	printf("uid=%u,%u,%u ", r, e, s);
	if (getresgid(&r, &e, &s) < 0)
		return 1;
	printf("gid=%u,%u,%u groups=", r, e, s);
	int count = getgroups(64, list);
	for (int i = 0; i < count; i++)
		printf("%s%u", i ? "," : "", list[i]);
	printf("\n");
	return 0;
}

/* Each descriptor, and whether it is a terminal. */
static int print_descriptors(char **args)
{
	struct stat st;
	(void)args;
	for (int fd = 0; fd < 1024; fd++)
		if (fstat(fd, &st) == 0)
			printf("%d%s ", fd, isatty(fd) ? "t" : "");
	printf("\n");
	return 0;
}

static int print_window(char **args)
{
	struct winsize size;
	(void)args;
	if (ioctl(0, TIOCGWINSZ, &size) < 0)
		return 1;
	printf("%u %u\n", size.ws_row, size.ws_col);
	return 0;
}

/* By name, since numbers differ between architectures; the last ones may be newer than the headers. */
static const struct {
	const char *name;
	long number;
} calls[] = {
	{ "clone3", SYS_clone3 },
	{ "getpid", SYS_getpid },
	{ "getppid", SYS_getppid },
	{ "getuid", SYS_getuid },
	{ "kcmp", SYS_kcmp },
	{ "lseek", SYS_lseek },
	{ "mkdirat", SYS_mkdirat },
	{ "openat2", SYS_openat2 },
	{ "personality", SYS_personality },
	{ "ptrace", SYS_ptrace },
	{ "sethostname", SYS_sethostname },
	{ "sync", SYS_sync },
	{ "umask", SYS_umask },
	{ "fchmodat2", 452 },
	{ "listmount", 458 },
	{ "future", 2000 },
};

static long find_call(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].number;
	return strtol(name, NULL, 0);
}

static void print_result(long result)
{
	if (result >= -4095 && result < 0)
		printf("errno=%ld\n", -result);
	else
		printf("result=%ld\n", result);
}

/* probe call NAME [ARGUMENT...]: numbers in C's notation. */
static int make_call(char **args)
{
	unsigned long a[6] = { 0 };
	if (!args[0])
		return 2;
	for (int i = 0; i < 6 && args[i + 1]; i++)
		a[i] = strtoul(args[i + 1], NULL, 0);
	long result = syscall(find_call(args[0]), a[0], a[1], a[2], a[3], a[4], a[5]);
	print_result(result < 0 ? -errno : result);
	return 0;
}

/* probe call32 NUMBER: by the 32-bit entry of x86. */
static int make_call_32(char **args)
{
#ifdef __x86_64__
	long result = args[0] ? strtol(args[0], NULL, 0) : 0;
	__asm__ volatile("int $0x80" : "+a"(result) : "b"(0), "c"(0), "d"(0) : "memory", "r8", "r9", "r10", "r11");
	print_result((int)result);
	return 0;
#else
	(void)args;
	return 77;
#endif
}

/* probe keyring: the label that a security module has given our session keyring. */
static int print_keyring_label(char **args)
{
	char label[256] = "";
	(void)args;
	if (syscall(SYS_keyctl, KEYCTL_GET_SECURITY, KEY_SPEC_SESSION_KEYRING, label, sizeof(label) - 1) < 0)
		return 1;
	puts(label);
	return 0;
}

static const struct {
	const char *name;
	int (*answer)(char **args);
} questions[] = {
	{ "sched", print_scheduler },
	{ "mempolicy", print_memory_policy },
	{ "ioprio", print_io_priority },
	{ "ids", print_ids },
	{ "fds", print_descriptors },
	{ "window", print_window },
	{ "call", make_call },
	{ "call32", make_call_32 },
	{ "keyring", print_keyring_label },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(questions) / sizeof(questions[0]); i++)
		if (strcmp(questions[i].name, argv[1]) == 0)
			return questions[i].answer(argv + 2);
	return 2;
}
