#include "process/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/str.h"
#include "oci/words.h"
#include "process/seccomp-cache.h"
#include "process/seccomp-decode.h"
#include "process/seccomp-stub.h"

/* Flags that older kernel headers lack. */
#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

enum {
	MAX_ARGS = 6,
	MAX_ARCHS = 24,
	API_LEVEL = 6, /* of libseccomp: all that kernel 5.14 has, so that it need not probe */
};

/* System calls of init between loading the filter and handing over the listener. If one of them were notified, init
 * would wait for an agent that does not have the listener yet. */
static const char *const not_notified[] = { "sendmsg", "recvmsg" };

/* --- the profile --- */

static int check_notified(const struct oci_seccomp_syscall *entry, const char *where, struct error *err)
{
	LIST_EACH (&entry->names, name)
		for (size_t i = 0; i < sizeof(not_notified) / sizeof(not_notified[0]); i++)
			if (str_eq(*name, not_notified[i]))
				return fail_at(err, 0, where,
					"SCMP_ACT_NOTIFY of %s would stop the handover of its "
					"listener",
					*name);
	return 0;
}

bool seccomp_notifies(const struct oci_seccomp *seccomp)
{
	LIST_EACH (&seccomp->syscalls, entry)
		if (entry->action.value == OCI_ACT_NOTIFY)
			return true;
	return false;
}

static int check_known(const struct oci_seccomp_syscall *entry, size_t i, struct error *err)
{
	for (size_t j = 0; j < entry->names.len; j++) {
		char where[64];
		if (seccomp_syscall_resolve_name(entry->names.items[j]) != __NR_SCMP_ERROR)
			continue;
		(void)snprintf(where, sizeof(where), ".linux.seccomp.syscalls[%zu].names[%zu]", i, j);
		return fail_at_hint(err, 0, where, "run.oci.seccomp_fail_unknown_syscall makes this an error",
			"unknown system call \"%.64s\"", entry->names.items[j]);
	}
	return 0;
}

/* Refuses a profile that notifies calls of init. The other rules are those of oci/check.h. */
static int check_profile(const struct oci_seccomp *seccomp, struct error *err)
{
	for (size_t i = 0; i < seccomp->syscalls.len; i++) {
		const struct oci_seccomp_syscall *entry = &seccomp->syscalls.items[i];
		char where[64];
		(void)snprintf(where, sizeof(where), ".linux.seccomp.syscalls[%zu].action", i);
		if (entry->action.value == OCI_ACT_NOTIFY && check_notified(entry, where, err) < 0)
			return -1;
		if (seccomp->fail_unknown && check_known(entry, i, err) < 0)
			return -1;
	}
	return 0;
}

static unsigned choose_flags(const struct oci_seccomp *seccomp, bool notify)
{
	/* runc's default too. Since Linux 5.16 it is the kernel's default on x86. Before that it turns off the costly
	 * mitigation of speculative stores, as outside a filter. */
	unsigned flags = seccomp->flags.set ? (unsigned)seccomp->flags.value : SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	if (!notify) /* the flag tells how a listener waits, and the kernel refuses it without one */
		return flags & ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (flags & SECCOMP_FILTER_FLAG_TSYNC) /* seccomp(2): both would return a number */
		flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	return flags;
}

/* --- libseccomp --- */

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static int add_architectures(scmp_filter_ctx filter, const struct oci_seccomp *seccomp, struct error *err)
{
	for (size_t i = 0; i < seccomp->architectures.len; i++) {
		uint32_t arch = (uint32_t)seccomp->architectures.items[i].value;
		int r = seccomp_arch_add(filter, arch);
		const char *name = word_name(oci_seccomp_arch_words, arch);
		char where[64];
		(void)snprintf(where, sizeof(where), ".linux.seccomp.architectures[%zu]", i);
		if (r == -EDOM) /* the other byte order: this machine cannot run it */
			log_debug("%s: %s ignored: not of this machine's byte order", where, name);
		else if (r < 0 && r != -EEXIST)
			return fail_at(err, -r, where, "add architecture %s", name);
	}
	return 0;
}

/* All comparisons of an entry must hold. Where an entry compares an argument twice, each comparison is a rule of its
 * own and one of them must hold, as in runc and crun; profiles rely on it. */
static int add_rule(scmp_filter_ctx filter, int number, uint32_t action, const struct oci_seccomp_syscall *entry)
{
	struct scmp_arg_cmp args[MAX_ARGS];
	bool apart = seccomp_repeats_argument(entry);
	unsigned count = 0;
	LIST_EACH (&entry->args, arg) {
		if (arg->index.value >= MAX_ARGS)
			return -EINVAL;
		args[count++] = (struct scmp_arg_cmp){
			.arg = (unsigned)arg->index.value,
			.op = (enum scmp_compare)arg->op.value,
			.datum_a = arg->value.value,
			.datum_b = arg->value_two.value,
		};
		if (!apart)
			continue;
		int r = seccomp_rule_add_array(filter, action, number, 1, args);
		if (r < 0)
			return r;
		count = 0;
	}
	return apart ? 0 : seccomp_rule_add_array(filter, action, number, count, args);
}

static int add_entry(scmp_filter_ctx filter, uint32_t default_action, const struct oci_seccomp_syscall *entry, size_t i,
	struct error *err)
{
	uint32_t action = seccomp_action(&entry->action, &entry->errno_ret);
	if (action == default_action)
		return 0; /* redundant, and libseccomp refuses such a rule */
	LIST_EACH (&entry->names, name) {
		int number = seccomp_syscall_resolve_name(*name);
		if (number == __NR_SCMP_ERROR) {
			log_debug(".linux.seccomp.syscalls[%zu]: unknown system call \"%s\" ignored", i, *name);
			continue;
		}
		int r = add_rule(filter, number, action, entry);
		if (r < 0 && r != -EEXIST) { /* EEXIST: a repeated rule */
			char where[64];
			(void)snprintf(where, sizeof(where), ".linux.seccomp.syscalls[%zu]", i);
			return fail_at(err, -r, where, "add the rule for %s", *name);
		}
	}
	return 0;
}

static int start_filter(const struct oci_seccomp *seccomp, scmp_filter_ctx *ret_filter, struct error *err)
{
	uint32_t action = seccomp_action(&seccomp->default_action, &seccomp->default_errno_ret);
	(void)seccomp_api_set(API_LEVEL); /* an older libseccomp then probes for itself */
	scmp_filter_ctx filter __attribute__((cleanup(release_filter))) = seccomp_init(action);
	if (!filter)
		return fail_at(err, 0, ".linux.seccomp", "start a filter");
	/* Find numbers by bisection. A long chain makes loading slow too, since Linux 5.11 runs the filter for every
	 * number then, for its bitmap of calls that are always allowed. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (add_architectures(filter, seccomp, err) < 0)
		return -1;
	*ret_filter = filter;
	filter = NULL;
	return 0;
}

static int add_entries(scmp_filter_ctx filter, const struct oci_seccomp *seccomp, struct error *err)
{
	uint32_t action = seccomp_action(&seccomp->default_action, &seccomp->default_errno_ret);
	for (size_t i = 0; i < seccomp->syscalls.len; i++)
		if (add_entry(filter, action, &seccomp->syscalls.items[i], i, err) < 0)
			return -1;
	return 0;
}

/* Lists the architectures of the filter: the native one, and those of the profile that it accepted. */
static size_t list_architectures(const struct oci_seccomp *seccomp, scmp_filter_ctx filter, uint32_t archs[MAX_ARCHS])
{
	size_t count = 0;
	archs[count++] = seccomp_arch_native();
	for (size_t i = 0; i < seccomp->architectures.len && count < MAX_ARCHS; i++) {
		uint32_t arch = (uint32_t)seccomp->architectures.items[i].value;
		bool known = seccomp_arch_exist(filter, arch) < 0;
		for (size_t j = 0; j < count && !known; j++)
			known = archs[j] == arch;
		if (!known)
			archs[count++] = arch;
	}
	return count;
}

/* --- the program --- */

static int fail_size(size_t count, struct error *err)
{
	return fail_at_hint(err, 0, ".linux.seccomp", "name fewer architectures, or compare fewer arguments",
		"the profile makes a filter of %zu instructions, the kernel takes %d", count, BPF_MAXINSNS);
}

/* Before 2.6 libseccomp writes the program only to a descriptor. */
static int export_filter(scmp_filter_ctx filter, struct arena *arena, const struct seccomp_stub *stub,
	struct seccomp_program *program, struct error *err)
{
	struct stat st;
	FD(fd) = memfd_create("seccomp", MFD_CLOEXEC);
	if (fd < 0)
		return fail(err, errno, "memfd_create");
	int r = seccomp_export_bpf(filter, fd);
	if (r < 0)
		return fail_at(err, -r, ".linux.seccomp", "generate the filter");
	if (fstat(fd, &st) < 0)
		return fail(err, errno, "stat the filter");
	size_t count = (size_t)st.st_size / sizeof(struct sock_filter);
	if (count + stub->len > BPF_MAXINSNS)
		return fail_size(count + stub->len, err);
	struct sock_filter *code = arena_array(arena, count + stub->len, sizeof(*code));
	if (stub->len)
		memcpy(code, stub->code, stub->len * sizeof(*code));
	if (pread(fd, code + stub->len, (size_t)st.st_size, 0) != st.st_size)
		return fail(err, errno, "read the filter");
	program->filter = code;
	program->len = (unsigned short)(count + stub->len);
	return 0;
}

static int compile(
	struct arena *arena, const struct oci_seccomp *seccomp, struct seccomp_program *program, struct error *err)
{
	scmp_filter_ctx filter __attribute__((cleanup(release_filter))) = NULL;
	struct seccomp_stub stub = { NULL };
	uint32_t archs[MAX_ARCHS];
	if (start_filter(seccomp, &filter, err) < 0)
		return -1;
	size_t count = list_architectures(seccomp, filter, archs);
	seccomp_stub_make(arena, seccomp, archs, count, &stub);
	if (stub.len > BPF_MAXINSNS) /* too long already, and libseccomp would take long */
		return fail_size(stub.len, err);
	if (add_entries(filter, seccomp, err) < 0)
		return -1;
	return export_filter(filter, arena, &stub, program, err);
}

int seccomp_compile(struct arena *arena, const struct oci_seccomp *seccomp, int cache_dirfd,
	struct seccomp_program *ret_program, struct error *err)
{
	struct seccomp_program program = { NULL };
	if (!seccomp) {
		*ret_program = program;
		return 0;
	}
	if (check_profile(seccomp, err) < 0)
		return -1;
	program.notify = seccomp_notifies(seccomp);
	program.flags = choose_flags(seccomp, program.notify);
	if (seccomp->bpf_data) {
		if (seccomp_decode(arena, seccomp->bpf_data, &program) < 0)
			return fail_at(err, 0, ".annotations[\"run.oci.seccomp_bpf_data\"]",
				"is no program of 1 to %d instructions in base64", BPF_MAXINSNS);
		*ret_program = program;
		return 0;
	}
	struct seccomp_key key = { NULL };
	if (cache_dirfd >= 0)
		seccomp_cache_key(arena, seccomp, &key);
	if (cache_dirfd < 0 || !seccomp_cache_load(arena, cache_dirfd, &key, &program)) {
		if (compile(arena, seccomp, &program, err) < 0)
			return -1;
		if (cache_dirfd >= 0)
			seccomp_cache_store(cache_dirfd, &key, &program);
	}
	*ret_program = program;
	return 0;
}

/* --- the kernel --- */

static int sys_seccomp(unsigned operation, unsigned flags, void *args)
{
	return (int)syscall(SYS_seccomp, operation, flags, args);
}

static int fail_load(const struct seccomp_program *program, struct error *err)
{
	int saved = errno;
	(void)fail_at(err, saved, ".linux.seccomp", "load the filter of %u instructions", program->len);
	if (saved == EACCES)
		return error_hint(err, "it needs .process.noNewPrivileges or CAP_SYS_ADMIN");
	if (saved == EBUSY && program->notify)
		return error_hint(err, "a filter with SCMP_ACT_NOTIFY is loaded already");
	if (saved != EINVAL)
		return -1;
	unsigned own = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	unsigned unknown = program->flags & ~own & ~seccomp_supported_flags();
	for (unsigned bit = 1; unknown && bit; bit <<= 1)
		if (unknown & bit) {
			const char *name = word_name(oci_seccomp_flag_words, bit);
			return error_hint(err, "this kernel does not know %s", name ? name : "a flag");
		}
	return -1;
}

int seccomp_install(const struct seccomp_program *program, int *ret_listener, struct error *err)
{
	int listener = -1;
	if (program->filter) {
		struct sock_fprog code = { .len = program->len, .filter = program->filter };
		int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, program->flags, &code);
		if (r < 0)
			return fail_load(program, err);
		if (program->notify)
			listener = r;
		else if (r > 0) /* TSYNC: the thread that could not follow */
			return fail_at(err, 0, ".linux.seccomp.flags", "thread %d has another filter", r);
	}
	*ret_listener = listener;
	return 0;
}

unsigned seccomp_supported_flags(void)
{
	unsigned known = 0;
	for (const struct word *flag = oci_seccomp_flag_words; flag->name; flag++) {
		unsigned value = (unsigned)flag->value, with = 0;
		if (value == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
			with = SECCOMP_FILTER_FLAG_NEW_LISTENER; /* the kernel wants both */
		/* The kernel checks the flags before the program: with another error, EFAULT, it knows them. */
		if (sys_seccomp(SECCOMP_SET_MODE_FILTER, value | with, NULL) < 0 && errno != EINVAL && errno != ENOSYS)
			known |= value;
	}
	return known;
}

bool seccomp_knows_call(struct arena *arena, const char *name, const char **ret_nearest)
{
	enum { MOST_CALLS = 1024 };
	struct nearest near = nearest_to(name);
	if (seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR)
		return true;
	for (int i = 0; i < MOST_CALLS; i++) {
		char *known = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
		if (known)
			(void)nearest_try(&near, arena_strdup(arena, known));
		free(known);
	}
	*ret_nearest = near.name;
	return false;
}
