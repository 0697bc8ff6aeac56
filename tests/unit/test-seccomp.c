/* The compiled filter against a plain reading of the specification (CVE-2019-9893, CVE-2017-18367,
 * GHSA-4q85-33p6-j5g6), and the cache. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "bpf-run.h"
#include "process/seccomp.h"

#include <cmocka.h> /* last: its macro fail() */

enum { ROUNDS = 400, CALLS = 300 };

#define ERRNO(n) SCMP_ACT_ERRNO((uint32_t)(n))

/* --- profiles --- */

static struct oci_int number(int64_t value)
{
	return (struct oci_int){ true, value };
}

static struct oci_uint unumber(uint64_t value)
{
	return (struct oci_uint){ true, value };
}

static struct oci_seccomp *new_profile(struct arena *arena, enum oci_seccomp_action action)
{
	struct oci_seccomp *profile = arena_new(arena, struct oci_seccomp);
	profile->default_action = number(action);
	return profile;
}

/* An entry for names that are separated by blanks. */
static struct oci_seccomp_syscall *add_entry(
	struct arena *arena, struct oci_seccomp *profile, const char *names, enum oci_seccomp_action action)
{
	struct oci_seccomp_syscall *entry = list_add(arena, &profile->syscalls);
	entry->action = number(action);
	for (const char *at = names; *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");
		*list_add(arena, &entry->names) = arena_strndup(arena, at, len);
		at += len;
	}
	return entry;
}

static void add_arg(struct arena *arena, struct oci_seccomp_syscall *entry, unsigned index, enum scmp_compare op,
	uint64_t value, uint64_t value_two)
{
	struct oci_seccomp_arg *arg = list_add(arena, &entry->args);
	arg->index = unumber(index);
	arg->op = number(op);
	arg->value = unumber(value);
	arg->value_two = unumber(value_two);
}

static void add_arch(struct arena *arena, struct oci_seccomp *profile, uint32_t arch)
{
	*list_add(arena, &profile->architectures) = number(arch);
}

/* --- the plain reading --- */

static uint32_t plain_action(const struct oci_int *action, const struct oci_uint *errno_ret)
{
	uint16_t data = errno_ret->set ? (uint16_t)errno_ret->value : EPERM;
	static const uint32_t values[] = {
		[OCI_ACT_KILL_THREAD] = SECCOMP_RET_KILL_THREAD,
		[OCI_ACT_KILL_PROCESS] = SECCOMP_RET_KILL_PROCESS,
		[OCI_ACT_TRAP] = SECCOMP_RET_TRAP,
		[OCI_ACT_ERRNO] = SECCOMP_RET_ERRNO,
		[OCI_ACT_TRACE] = SECCOMP_RET_TRACE,
		[OCI_ACT_ALLOW] = SECCOMP_RET_ALLOW,
		[OCI_ACT_LOG] = SECCOMP_RET_LOG,
		[OCI_ACT_NOTIFY] = SECCOMP_RET_USER_NOTIF,
	};
	bool with_data = action->value == OCI_ACT_ERRNO || action->value == OCI_ACT_TRACE;
	return values[action->value] | (with_data ? data : 0);
}

/* x32 has the audit architecture of x86_64 and a bit in the number. */
static uint32_t arch_of(const struct seccomp_data *data)
{
	bool x32 = data->arch == AUDIT_ARCH_X86_64 && (uint32_t)data->nr >= 0x40000000;
	return x32 ? SCMP_ARCH_X32 : data->arch;
}

/* libseccomp compares only the low words if the ABI is one of 32 bits. */
static bool plain_compare(const struct oci_seccomp_arg *arg, const struct seccomp_data *data)
{
	uint32_t arch = arch_of(data);
	uint64_t word = arch == SCMP_ARCH_X86 ? UINT32_MAX : UINT64_MAX;
	uint64_t a = data->args[arg->index.value] & word, b = arg->value.value & word;
	switch (arg->op.value) {
	case SCMP_CMP_NE:
		return a != b;
	case SCMP_CMP_LT:
		return a < b;
	case SCMP_CMP_LE:
		return a <= b;
	case SCMP_CMP_EQ:
		return a == b;
	case SCMP_CMP_GE:
		return a >= b;
	case SCMP_CMP_GT:
		return a > b;
	default: /* SCMP_CMP_MASKED_EQ: value is the mask */
		return (a & b) == (arg->value_two.value & b);
	}
}

static bool plain_match(const struct oci_seccomp_syscall *entry, const struct seccomp_data *data)
{
	unsigned counts[6] = { 0 };
	bool any = false, all = true, apart = false;
	LIST_EACH (&entry->args, arg) {
		bool holds = plain_compare(arg, data);
		any |= holds;
		all &= holds;
		apart |= ++counts[arg->index.value] > 1;
	}
	return apart ? any : all;
}

static bool names_call(const struct oci_seccomp_syscall *entry, uint32_t arch, int nr)
{
	LIST_EACH (&entry->names, name)
		if (seccomp_syscall_resolve_name_arch(arch, *name) == nr)
			return true;
	return false;
}

static int plain_last(const struct oci_seccomp *profile, uint32_t arch)
{
	int last = -1;
	LIST_EACH (&profile->syscalls, entry)
		LIST_EACH (&entry->names, name) {
			int nr = seccomp_syscall_resolve_name_arch(arch, *name);
			last = nr > last ? nr : last;
		}
	return last;
}

static bool has_arch(const struct oci_seccomp *profile, uint32_t arch)
{
	bool found = arch == seccomp_arch_native();
	LIST_EACH (&profile->architectures, item)
		found |= (uint32_t)item->value == arch;
	return found;
}

static uint32_t evaluate(const struct oci_seccomp *profile, const struct seccomp_data *data)
{
	uint32_t arch = arch_of(data);
	if (!has_arch(profile, arch))
		return SECCOMP_RET_KILL_THREAD;
	uint32_t action = plain_action(&profile->default_action, &profile->default_errno_ret);
	bool denies = profile->default_action.value == OCI_ACT_ERRNO ||
		      profile->default_action.value == OCI_ACT_KILL_THREAD ||
		      profile->default_action.value == OCI_ACT_KILL_PROCESS;
	int last = plain_last(profile, arch);
	if (denies && last >= 0 && (uint32_t)data->nr > (uint32_t)last)
		return ERRNO(ENOSYS);
	static const int ranks[] = { 1, 0, 2, 3, 5, 7, 6, 4 }; /* by action: seccomp(2) */
	int best = 8;
	LIST_EACH (&profile->syscalls, entry)
		if (names_call(entry, arch, data->nr) && plain_match(entry, data) &&
			ranks[entry->action.value] < best) {
			best = ranks[entry->action.value];
			action = plain_action(&entry->action, &entry->errno_ret);
		}
	return action;
}

/* --- random profiles --- */

static uint64_t seed;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t below(uint64_t n)
{
	return next_random() % n;
}

static uint64_t random_value(void)
{
	static const uint64_t edges[] = { 0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x100000000,
		0x100000001, 0x1ffffffff, 0x7fffffffffffffff, 0x8000000000000000, UINT64_MAX - 1, UINT64_MAX };
	if (below(4))
		return edges[below(sizeof(edges) / sizeof(edges[0]))];
	return next_random() >> below(64);
}

/* Calls that libseccomp translates in the same way for all tested architectures: no socketcall or ipc. */
static const char *const call_names[] = { "read", "write", "openat", "close", "mmap", "mprotect", "ioctl", "clone",
	"personality", "kill", "ptrace", "keyctl", "bpf", "mount", "prctl", "unshare", "setns", "getpid", "exit_group",
	"rseq", "futex", "nosuchcall", "statx" };
enum { NAMES = sizeof(call_names) / sizeof(call_names[0]) };

static struct oci_seccomp *random_profile(struct arena *arena)
{
	static const enum oci_seccomp_action choices[] = { OCI_ACT_KILL_THREAD, OCI_ACT_KILL_PROCESS, OCI_ACT_TRAP,
		OCI_ACT_ERRNO, OCI_ACT_TRACE, OCI_ACT_ALLOW, OCI_ACT_LOG, OCI_ACT_NOTIFY };
	enum { GROUPS = 3 };
	struct oci_seccomp *profile = new_profile(arena, choices[below(7)]);
	if (profile->default_action.value == OCI_ACT_ERRNO && below(2))
		profile->default_errno_ret = unumber(below(3) ? 1 + below(4000) : ENOSYS);
	static const uint32_t archs[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_AARCH64,
		SCMP_ARCH_S390X };
	for (uint64_t n = below(4); n > 0; n--)
		add_arch(arena, profile, archs[below(5)]);
	struct oci_int actions[GROUPS];
	for (unsigned i = 0; i < GROUPS; i++)
		actions[i] = number(choices[below(8)]);
	for (uint64_t n = below(14); n > 0; n--) {
		unsigned group = (unsigned)below(GROUPS);
		struct oci_seccomp_syscall *entry = list_add(arena, &profile->syscalls);
		entry->action = actions[below(4) ? group : below(GROUPS)]; /* may contradict another */
		if (entry->action.value == OCI_ACT_ERRNO)
			entry->errno_ret = unumber(30);
		for (unsigned i = group; i < NAMES; i += GROUPS)
			if (below(3) == 0 || i == group)
				*list_add(arena, &entry->names) = call_names[i];
		for (uint64_t args = below(2) ? 0 : below(4); args > 0; args--)
			add_arg(arena, entry, (unsigned)below(6), (enum scmp_compare)(SCMP_CMP_NE + below(7)),
				random_value(), random_value());
	}
	return profile;
}

static struct seccomp_data random_call(const struct oci_seccomp *profile)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
		AUDIT_ARCH_ARM };
	struct seccomp_data data = { .arch = archs[below(5)] };
	const char *name = call_names[below(NAMES)];
	data.nr = seccomp_syscall_resolve_name_arch(data.arch, name);
	if (data.nr < 0 || below(8) == 0)
		data.nr = (int)below(600);
	if (data.arch == AUDIT_ARCH_X86_64 && below(4) == 0)
		data.nr |= 0x40000000;
	for (unsigned i = 0; i < 6; i++)
		data.args[i] = random_value();
	/* Values that the profile compares with, and their neighbours, find most. */
	LIST_EACH (&profile->syscalls, entry)
		LIST_EACH (&entry->args, arg)
			if (below(3) == 0)
				data.args[arg->index.value] = arg->value.value + below(3) - 1;
			else if (below(3) == 0)
				data.args[arg->index.value] = arg->value_two.value;
	for (unsigned i = 0; i < 6 && data.arch == AUDIT_ARCH_I386; i++)
		data.args[i] &= UINT32_MAX; /* the kernel hands over no more */
	return data;
}

static void report(const struct oci_seccomp *profile, const struct seccomp_data *data, uint32_t want, uint32_t got)
{
	print_error("call %d of %#x: expected %#x, got %#x\n", data->nr, data->arch, want, got);
	print_error("default %lld\n", (long long)profile->default_action.value);
	LIST_EACH (&profile->architectures, arch)
		print_error("arch %#llx\n", (unsigned long long)arch->value);
	LIST_EACH (&profile->syscalls, entry) {
		if (!names_call(entry, arch_of(data), data->nr))
			continue;
		print_error("action %lld\n", (long long)entry->action.value);
		LIST_EACH (&entry->args, arg)
			print_error("  arg %llu op %lld %#llx %#llx, is %#llx\n", (unsigned long long)arg->index.value,
				(long long)arg->op.value, (unsigned long long)arg->value.value,
				(unsigned long long)arg->value_two.value,
				(unsigned long long)data->args[arg->index.value]);
	}
}

static void test_differential(void **state)
{
	(void)state;
	const char *given = getenv("SECCOMP_SEED");
	seed = given ? strtoull(given, NULL, 0) : 0x5eed5eed5eedULL;
	unsigned wrong = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		ARENA(arena);
		struct error err = { 0 };
		struct seccomp_program program;
		struct oci_seccomp *profile = random_profile(&arena);
		assert_int_equal(seccomp_compile(&arena, profile, -1, &program, &err), 0);
		for (unsigned i = 0; i < CALLS; i++) {
			struct seccomp_data data = random_call(profile);
			uint32_t want = evaluate(profile, &data), got = 0xdead;
			assert_true(bpf_run(program.filter, program.len, &data, &got));
			if (want == got)
				continue;
			if (wrong++ < 5)
				report(profile, &data, want, got);
		}
	}
	assert_int_equal(wrong, 0);
}

/* --- rows --- */

static uint32_t run(const struct seccomp_program *program, const char *name, uint64_t arg0)
{
	struct seccomp_data data = { .arch = seccomp_arch_native(), .args = { arg0 } };
	uint32_t action = 0xdead;
	data.nr = name ? seccomp_syscall_resolve_name(name) : 2000;
	assert_true(bpf_run(program->filter, program->len, &data, &action));
	return action;
}

/* What a call newer than the profile gets, by default action. */
static void test_horizon(void **state)
{
	(void)state;
	static const struct {
		enum oci_seccomp_action action;
		uint32_t errno_ret, want;
	} rows[] = {
		{ OCI_ACT_ERRNO, 0, ERRNO(ENOSYS) },
		{ OCI_ACT_ERRNO, EACCES, ERRNO(ENOSYS) },
		{ OCI_ACT_ERRNO, ENOSYS, ERRNO(ENOSYS) },
		{ OCI_ACT_KILL_PROCESS, 0, ERRNO(ENOSYS) },
		{ OCI_ACT_KILL_THREAD, 0, ERRNO(ENOSYS) },
		{ OCI_ACT_TRAP, 0, SECCOMP_RET_TRAP },
		{ OCI_ACT_TRACE, 0, SECCOMP_RET_TRACE | EPERM },
		{ OCI_ACT_LOG, 0, SECCOMP_RET_LOG },
		{ OCI_ACT_ALLOW, 0, SECCOMP_RET_ALLOW },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ARENA(arena);
		struct error err = { 0 };
		struct seccomp_program program;
		struct oci_seccomp *profile = new_profile(&arena, rows[i].action);
		if (rows[i].errno_ret)
			profile->default_errno_ret = unumber(rows[i].errno_ret);
		(void)add_entry(&arena, profile, "read openat2 nosuchcall", OCI_ACT_ALLOW);
		assert_int_equal(seccomp_compile(&arena, profile, -1, &program, &err), 0);
		assert_int_equal(run(&program, NULL, 0), rows[i].want);
		assert_int_equal(run(&program, "read", 0), SECCOMP_RET_ALLOW);
	}
}

static void test_flags(void **state)
{
	(void)state;
	enum {
		LOG = SECCOMP_FILTER_FLAG_LOG,
		SPEC = SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		TSYNC = SECCOMP_FILTER_FLAG_TSYNC,
		LISTEN = SECCOMP_FILTER_FLAG_NEW_LISTENER
	};
	static const struct {
		bool set, notify;
		unsigned flags, want;
	} rows[] = {
		{ false, false, 0, SPEC }, { true, false, 0, 0 }, { true, false, LOG, LOG },
		{ true, false, 1U << 5, 0 }, /* WAIT_KILLABLE_RECV without a listener */
		{ true, true, 1U << 5, LISTEN | 1U << 5 },
		{ true, true, TSYNC, TSYNC | LISTEN | 1U << 4 }, /* TSYNC_ESRCH */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ARENA(arena);
		struct error err = { 0 };
		struct seccomp_program program;
		struct oci_seccomp *profile = new_profile(&arena, OCI_ACT_ALLOW);
		profile->flags = (struct oci_uint){ rows[i].set, rows[i].flags };
		(void)add_entry(&arena, profile, "mount", rows[i].notify ? OCI_ACT_NOTIFY : OCI_ACT_LOG);
		assert_int_equal(seccomp_compile(&arena, profile, -1, &program, &err), 0);
		assert_int_equal(program.flags, rows[i].want);
		assert_int_equal(program.notify, rows[i].notify);
	}
}

static void test_errors(void **state)
{
	(void)state;
	ARENA(arena);
	struct error err = { 0 };
	struct seccomp_program program;
	struct oci_seccomp *profile = new_profile(&arena, OCI_ACT_ALLOW);
	(void)add_entry(&arena, profile, "mount sendmsg", OCI_ACT_NOTIFY);
	assert_int_equal(seccomp_compile(&arena, profile, -1, &program, &err), -1);
	assert_string_equal(err.where, ".linux.seccomp.syscalls[0].action");
	/* GHSA-46fr-jh49-xvhx, GHSA-2hqh-5c36-grrm: too many instructions are an error, not a filter cut short */
	static const unsigned sizes[] = { 900, 15000 }; /* above 4096 and 65535 instructions */
	for (size_t i = 0; i < 2; i++) {
		profile = new_profile(&arena, OCI_ACT_ALLOW);
		for (unsigned j = 0; j < sizes[i]; j++)
			add_arg(&arena, add_entry(&arena, profile, "ioctl", OCI_ACT_ERRNO), 1, SCMP_CMP_EQ, j * 3, 0);
		memset(&err, 0, sizeof(err));
		assert_int_equal(seccomp_compile(&arena, profile, -1, &program, &err), -1);
		assert_non_null(strstr(err.text, "the kernel takes 4096"));
	}
	assert_int_equal(seccomp_compile(&arena, NULL, -1, &program, &err), 0);
	assert_null(program.filter);
}

/* A file of the cache is changed in turn: each change must cost a compilation and no more. */
static void test_cache(void **state)
{
	(void)state;
	char dir[] = "/tmp/hull-seccomp-XXXXXX", path[128] = "";
	assert_non_null(mkdtemp(dir));
	int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dirfd >= 0);
	for (int round = 0; round < 6; round++) {
		ARENA(arena);
		struct error err = { 0 };
		struct seccomp_program fresh, program;
		struct oci_seccomp *profile = new_profile(&arena, OCI_ACT_ERRNO);
		(void)add_entry(&arena, profile, "read write exit_group", OCI_ACT_ALLOW);
		assert_int_equal(seccomp_compile(&arena, profile, -1, &fresh, &err), 0);
		assert_int_equal(seccomp_compile(&arena, profile, dirfd, &program, &err), 0);
		assert_int_equal(program.len, fresh.len);
		assert_memory_equal(program.filter, fresh.filter, fresh.len * sizeof(*fresh.filter));
		for (unsigned slot = 0; slot < 256 && !*path; slot++) {
			(void)snprintf(path, sizeof(path), "%s/seccomp-%02x", dir, slot);
			if (access(path, F_OK) != 0)
				*path = '\0';
		}
		assert_int_equal(access(path, F_OK), 0);
		int fd = open(path, O_RDWR | O_CLOEXEC);
		struct stat st;
		assert_int_equal(fstat(fd, &st), 0);
		if (round == 1) /* an instruction: ALLOW for everything */
			assert_int_equal(pwrite(fd, "\x06\0\0\0\0\0\xff\x7f", 8, st.st_size - 8), 8);
		else if (round == 2)
			assert_int_equal(ftruncate(fd, st.st_size / 2), 0);
		else if (round == 3)
			assert_int_equal(fchmod(fd, 0666), 0);
		else if (round == 4)
			assert_int_equal(ftruncate(fd, 0), 0);
		close(fd);
	}
	assert_int_equal(unlink(path), 0);
	close(dirfd);
	assert_int_equal(rmdir(dir), 0);
}

/* The kernel takes the program, and does what the interpreter says. */
static void test_install(void **state)
{
	(void)state;
	ARENA(arena);
	struct error err = { 0 };
	struct seccomp_program program;
	struct oci_seccomp *profile = new_profile(&arena, OCI_ACT_ALLOW);
	struct oci_seccomp_syscall *entry = add_entry(&arena, profile, "umask", OCI_ACT_ERRNO);
	entry->errno_ret = unumber(ENOTNAM);
	add_arg(&arena, entry, 0, SCMP_CMP_GT, 0x10, 0);
	entry = add_entry(&arena, profile, "umask", OCI_ACT_ERRNO);
	entry->errno_ret = unumber(EXDEV);
	add_arg(&arena, entry, 0, SCMP_CMP_EQ, 1, 0);
	assert_int_equal(seccomp_compile(&arena, profile, -1, &program, &err), 0);
	pid_t pid = fork();
	if (pid == 0) {
		int listener = 0;
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_install(&program, &listener, &err) < 0 ||
			listener != -1)
			_exit(1);
		if (syscall(SYS_umask, 0x11) != -1 || errno != ENOTNAM)
			_exit(2);
		if (syscall(SYS_umask, 1) != -1 || errno != EXDEV)
			_exit(3);
		_exit(syscall(SYS_umask, 2) < 0 ? 4 : 0);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(seccomp_supported_flags() & SECCOMP_FILTER_FLAG_LOG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differential),
		cmocka_unit_test(test_horizon),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_install),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
