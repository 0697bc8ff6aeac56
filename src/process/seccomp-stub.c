#include "process/seccomp-stub.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#define X32_BIT 0x40000000U   /* __X32_SYSCALL_BIT */
#define ARM_PRIVATE 0x0f0000U /* __ARM_NR_BASE: numbers of their own, far above all others */

struct action {
	uint32_t value; /* SCMP_ACT_* */
	bool takes_errno;
	bool denies; /* as a default: without asking anybody */
	int rank;    /* seccomp(2): the lower one wins */
};

static const struct action actions[] = {
	[OCI_ACT_KILL_THREAD] = { SCMP_ACT_KILL_THREAD, false, true, 1 },
	[OCI_ACT_KILL_PROCESS] = { SCMP_ACT_KILL_PROCESS, false, true, 0 },
	[OCI_ACT_TRAP] = { SCMP_ACT_TRAP, false, false, 2 },
	[OCI_ACT_ERRNO] = { SCMP_ACT_ERRNO(0U), true, true, 3 },
	[OCI_ACT_TRACE] = { SCMP_ACT_TRACE(0U), true, false, 5 },
	[OCI_ACT_ALLOW] = { SCMP_ACT_ALLOW, false, false, 7 },
	[OCI_ACT_LOG] = { SCMP_ACT_LOG, false, false, 6 },
	[OCI_ACT_NOTIFY] = { SCMP_ACT_NOTIFY, false, false, 4 },
};
enum { RANKS = 8 };

uint32_t seccomp_action(const struct oci_int *action, const struct oci_uint *errno_ret)
{
	const struct action *row = &actions[action->value];
	uint32_t data = errno_ret->set ? (uint32_t)errno_ret->value : EPERM;
	return row->takes_errno ? row->value | (data & 0xffff) : row->value;
}

/* --- which calls the profile names --- */

struct ref { /* an entry names a call */
	uint32_t number;
	const struct oci_seccomp_syscall *entry;
};

/* The calls of one architecture; x32 is one, though it shares x86_64's audit architecture. */
struct table {
	uint32_t arch; /* SCMP_ARCH_* */
	LIST(struct ref) refs;
	bool any;
	uint32_t last; /* the highest number that the profile's author knew of, if any */
};

static void read_table(struct arena *arena, const struct oci_seccomp *seccomp, uint32_t arch, struct table *table)
{
	table->arch = arch;
	LIST_EACH (&seccomp->syscalls, entry)
		LIST_EACH (&entry->names, name) {
			/* Negative: unknown, or a call that this architecture makes by another one. */
			int number = seccomp_syscall_resolve_name_arch(arch, *name);
			if (number < 0)
				continue;
			*list_add(arena, &table->refs) = (struct ref){ (uint32_t)number, entry };
			if (arch == SCMP_ARCH_ARM && number >= (int)ARM_PRIVATE)
				continue;
			if (!table->any || (uint32_t)number > table->last)
				table->last = (uint32_t)number;
			table->any = true;
		}
}

/* Whether the call at refs[i] is one that libseccomp gets wrong: entries contradict each other (it
 * drops all but one), or more than one rule compares arguments. Only the call's first ref counts. */
static bool is_overlapping(const struct table *table, size_t i)
{
	uint32_t number = table->refs.items[i].number;
	int64_t action = table->refs.items[i].entry->action.value;
	size_t rules = 0, compared = 0;
	bool mixed = false;
	for (size_t j = 0; j < table->refs.len; j++) {
		const struct ref *other = &table->refs.items[j];
		if (other->number != number)
			continue;
		if (j < i)
			return false;
		rules += other->entry->args.len > 1 ? other->entry->args.len : 1;
		compared += other->entry->args.len;
		mixed |= other->entry->action.value != action;
	}
	if (mixed)
		return true;
	/* libseccomp compares the low words of x32's arguments alone; the kernel reads them whole. */
	return compared > 0 && (rules > 1 || table->arch == SCMP_ARCH_X32);
}

/* --- instructions --- */

struct writer {
	struct arena *arena;
	LIST(struct sock_filter) code;
};

static size_t emit(struct writer *w, unsigned code, uint32_t k, size_t jt, size_t jf)
{
	*list_add(w->arena, &w->code) = (struct sock_filter){ (uint16_t)code, (uint8_t)jt, (uint8_t)jf, k };
	return w->code.len - 1;
}

static void emit_load(struct writer *w, size_t offset)
{
	emit(w, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* "Unless A == k jump far": the distance is known when patch() is called at the target. */
static size_t emit_unless(struct writer *w, uint32_t k)
{
	emit(w, BPF_JMP | BPF_JEQ | BPF_K, k, 1, 0);
	return emit(w, BPF_JMP | BPF_JA, 0, 0, 0);
}

static void patch(struct writer *w, size_t at)
{
	w->code.items[at].k = (uint32_t)(w->code.len - at - 1);
}

/* A jump out of the stub, patched at its end. */
static void emit_leave(struct writer *w)
{
	emit(w, BPF_JMP | BPF_JA, UINT32_MAX, 0, 0);
}

static size_t word_offset(unsigned arg, bool high)
{
	bool first = high == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	return offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t) + (first ? 0 : 4);
}

/* One comparison of one word: the code, and whether each outcome holds, fails or goes on. */
enum outcome { GO_ON, HOLDS, FAILS };
struct compare {
	unsigned high, low;              /* jump codes; the high word's first jump */
	enum outcome high_yes, equal_no; /* of the high word: that jump taken; not equal */
	bool low_yes;                    /* the low word's jump taken means that it holds */
};

static const struct compare compares[] = {
	[SCMP_CMP_EQ] = { 0, BPF_JEQ, GO_ON, FAILS, true },
	[SCMP_CMP_NE] = { 0, BPF_JEQ, GO_ON, HOLDS, false },
	[SCMP_CMP_GT] = { BPF_JGT, BPF_JGT, HOLDS, FAILS, true },
	[SCMP_CMP_GE] = { BPF_JGT, BPF_JGE, HOLDS, FAILS, true },
	[SCMP_CMP_LE] = { BPF_JGT, BPF_JGT, FAILS, HOLDS, false },
	[SCMP_CMP_LT] = { BPF_JGT, BPF_JGE, FAILS, HOLDS, false },
	[SCMP_CMP_MASKED_EQ] = { 0, BPF_JEQ, GO_ON, FAILS, true },
};

/* Instructions that one comparison takes. */
static size_t compare_size(const struct oci_seccomp_arg *arg)
{
	bool masked = arg->op.value == SCMP_CMP_MASKED_EQ;
	return masked ? 6 : compares[arg->op.value].high ? 5 : 4;
}

/* Falls to its end if the comparison holds, else jumps over `rest` instructions behind its end. */
static void emit_compare(struct writer *w, const struct oci_seccomp_arg *arg, uint64_t word, size_t rest)
{
	const struct compare *row = &compares[arg->op.value];
	bool masked = arg->op.value == SCMP_CMP_MASKED_EQ;
	unsigned index = (unsigned)arg->index.value;
	uint64_t mask = arg->value.value & word;
	uint64_t value = masked ? arg->value_two.value & mask : mask;
	size_t end = w->code.len + compare_size(arg);
#define TO(outcome) ((outcome) == HOLDS ? end - w->code.len - 1 : end + rest - w->code.len - 1)
	emit_load(w, word_offset(index, true));
	if (masked)
		emit(w, BPF_ALU | BPF_AND | BPF_K, (uint32_t)(mask >> 32), 0, 0);
	if (row->high)
		emit(w, BPF_JMP | BPF_K | row->high, (uint32_t)(value >> 32), TO(row->high_yes), 0);
	emit(w, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value >> 32), 0, TO(row->equal_no));
	emit_load(w, word_offset(index, false));
	if (masked)
		emit(w, BPF_ALU | BPF_AND | BPF_K, (uint32_t)mask, 0, 0);
	emit(w, BPF_JMP | BPF_K | row->low, (uint32_t)value, row->low_yes ? 0 : TO(FAILS),
		row->low_yes ? TO(FAILS) : 0);
#undef TO
}

/* One rule: returns the action if all `count` comparisons hold. */
static void emit_rule(
	struct writer *w, const struct oci_seccomp_arg *args, size_t count, uint64_t word, uint32_t action)
{
	size_t rest = 1; /* the return */
	for (size_t i = 0; i < count; i++)
		rest += compare_size(&args[i]);
	for (size_t i = 0; i < count; i++) {
		rest -= compare_size(&args[i]);
		emit_compare(w, &args[i], word, rest);
	}
	emit(w, BPF_RET | BPF_K, action, 0, 0);
}

static bool repeats_argument(const struct oci_seccomp_syscall *entry)
{
	unsigned seen = 0;
	LIST_EACH (&entry->args, arg) {
		unsigned one = 1U << (arg->index.value & 7);
		if (seen & one)
			return true;
		seen |= one;
	}
	return false;
}

/* The same reading of an entry as src/seccomp.c gives to libseccomp. */
static void emit_entry(struct writer *w, const struct oci_seccomp_syscall *entry, uint64_t word)
{
	uint32_t action = seccomp_action(&entry->action, &entry->errno_ret);
	if (!repeats_argument(entry)) {
		emit_rule(w, entry->args.items, entry->args.len, word, action);
		return;
	}
	LIST_EACH (&entry->args, arg)
		emit_rule(w, arg, 1, word, action);
}

/* All entries of one call, the most restrictive first; then the default. The number is A. */
static void emit_call(struct writer *w, const struct table *table, uint32_t number, uint32_t default_action)
{
	bool wide = (table->arch & __AUDIT_ARCH_64BIT) || table->arch == SCMP_ARCH_X32;
	size_t skip = emit_unless(w, number);
	for (int rank = 0; rank < RANKS; rank++)
		LIST_EACH (&table->refs, ref)
			if (ref->number == number && actions[ref->entry->action.value].rank == rank)
				emit_entry(w, ref->entry, wide ? UINT64_MAX : UINT32_MAX);
	emit(w, BPF_RET | BPF_K, default_action, 0, 0);
	patch(w, skip);
}

static void emit_calls(struct writer *w, const struct table *table, uint32_t default_action)
{
	for (size_t i = 0; i < table->refs.len; i++)
		if (is_overlapping(table, i))
			emit_call(w, table, table->refs.items[i].number, default_action);
}

static void emit_horizon(struct writer *w, const struct table *table)
{
	if (table->any) {
		emit(w, BPF_JMP | BPF_JGT | BPF_K, table->last, 0, 1);
		emit(w, BPF_RET | BPF_K, SCMP_ACT_ERRNO((uint32_t)ENOSYS), 0, 0);
	}
}

/* All numbers of one audit architecture. */
static void emit_arch(
	struct writer *w, const struct table *table, const struct table *x32, uint32_t default_action, bool enosys)
{
	size_t skip = emit_unless(w, table->arch);
	emit_load(w, offsetof(struct seccomp_data, nr));
	emit_calls(w, table, default_action);
	if (x32)
		emit_calls(w, x32, default_action);
	if (enosys && table->arch == SCMP_ARCH_X86_64) {
		emit(w, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 1, 0);
		size_t native = emit(w, BPF_JMP | BPF_JA, 0, 0, 0);
		if (x32)
			emit_horizon(w, x32);
		emit_leave(w);
		patch(w, native);
	} else if (enosys && table->arch == SCMP_ARCH_ARM) {
		emit(w, BPF_JMP | BPF_JGE | BPF_K, ARM_PRIVATE, 0, 1);
		emit_leave(w);
	}
	if (enosys)
		emit_horizon(w, table);
	emit_leave(w);
	patch(w, skip);
}

static void patch_leaves(struct writer *w)
{
	for (size_t i = 0; i < w->code.len; i++) {
		struct sock_filter *at = &w->code.items[i];
		if (at->code == (BPF_JMP | BPF_JA) && at->k == UINT32_MAX)
			at->k = (uint32_t)(w->code.len - i - 1);
	}
}

/* runc's rule: such a call is refused either way, and a C library takes ENOSYS, unlike EPERM, as
 * "use the older call". */
static bool wants_enosys(const struct oci_seccomp *seccomp, uint32_t default_action)
{
	return actions[seccomp->default_action.value].denies && default_action != SCMP_ACT_ERRNO((uint32_t)ENOSYS);
}

static bool has_work(const struct table *table, bool enosys)
{
	if (enosys && table->any)
		return true;
	for (size_t i = 0; i < table->refs.len; i++)
		if (is_overlapping(table, i))
			return true;
	return false;
}

void seccomp_stub_make(struct arena *arena, const struct oci_seccomp *seccomp, const uint32_t *archs, size_t count,
	struct seccomp_stub *ret_stub)
{
	struct writer w = { .arena = arena };
	uint32_t action = seccomp_action(&seccomp->default_action, &seccomp->default_errno_ret);
	bool enosys = wants_enosys(seccomp, action), work = false;
	struct table *tables = arena_array(arena, count, sizeof(*tables)), *x32 = NULL;
	for (size_t i = 0; i < count; i++) {
		read_table(arena, seccomp, archs[i], &tables[i]);
		work |= has_work(&tables[i], enosys);
		if (archs[i] == SCMP_ARCH_X32)
			x32 = &tables[i];
	}
	if (work)
		emit_load(&w, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; work && i < count && w.code.len <= BPF_MAXINSNS; i++)
		if (archs[i] != SCMP_ARCH_X32) /* is in x86_64's part */
			emit_arch(&w, &tables[i], archs[i] == SCMP_ARCH_X86_64 ? x32 : NULL, action, enosys);
	patch_leaves(&w);
	ret_stub->code = w.code.items;
	ret_stub->len = w.code.len;
}
