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
	bool denies; /* as a default, without asking an agent or a tracer */
	int rank;    /* seccomp(2): the lowest wins */
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

/* The calls of one architecture. x32 is one of its own, though it has the audit architecture of x86_64. */
struct table {
	uint32_t arch; /* SCMP_ARCH_* */
	LIST(struct ref) refs;
	bool any;
	uint32_t last; /* the highest number in the profile, if any */
};

static void read_table(struct arena *arena, const struct oci_seccomp *seccomp, uint32_t arch, struct table *table)
{
	table->arch = arch;
	LIST_EACH (&seccomp->syscalls, entry)
		LIST_EACH (&entry->names, name) {
			/* Negative: unknown, or made through another call on this architecture. */
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

/* Whether libseccomp gets the call at refs[i] wrong: its entries have different actions, of which libseccomp keeps one,
 * or more than one rule compares arguments. True only for the first ref of a call. */
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

/* Jumps lead to labels. Their distances are filled in when all labels have a place. The first two labels are the
 * following instruction and the end of the stub. */
enum { NEXT, LEAVE };

enum jump_kind { ALWAYS, IF_TRUE, IF_FALSE };

struct jump {
	size_t at, to; /* instruction and label */
	enum jump_kind kind;
};

struct writer {
	struct arena *arena;
	LIST(struct sock_filter) code;
	LIST(struct jump) jumps;
	LIST(size_t) labels; /* where each is in the code */
};

static size_t new_label(struct writer *w)
{
	*list_add(w->arena, &w->labels) = 0;
	return w->labels.len - 1;
}

static void place(struct writer *w, size_t here)
{
	w->labels.items[here] = w->code.len;
}

static void emit(struct writer *w, unsigned code, uint32_t k)
{
	*list_add(w->arena, &w->code) = (struct sock_filter){ .code = (uint16_t)code, .k = k };
}

static void emit_load(struct writer *w, size_t offset)
{
	emit(w, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static void add_jump(struct writer *w, enum jump_kind kind, size_t to)
{
	if (to != NEXT)
		*list_add(w->arena, &w->jumps) = (struct jump){ w->code.len, to, kind };
}

/* Compares A with k. Both labels are within 255 instructions. */
static void emit_branch(struct writer *w, unsigned code, uint32_t k, size_t if_true, size_t if_false)
{
	add_jump(w, IF_TRUE, if_true);
	add_jump(w, IF_FALSE, if_false);
	emit(w, BPF_JMP | BPF_K | code, k);
}

/* Jumps any distance. */
static void emit_jump(struct writer *w, size_t to)
{
	add_jump(w, ALWAYS, to);
	emit(w, BPF_JMP | BPF_JA, 0);
}

/* Jumps any distance unless A == k. */
static void emit_unless(struct writer *w, uint32_t k, size_t otherwise)
{
	size_t equal = new_label(w);
	emit_branch(w, BPF_JEQ, k, equal, NEXT);
	emit_jump(w, otherwise);
	place(w, equal);
}

static void resolve_jumps(struct writer *w)
{
	place(w, LEAVE);
	LIST_EACH (&w->jumps, jump) {
		struct sock_filter *at = &w->code.items[jump->at];
		size_t distance = w->labels.items[jump->to] - jump->at - 1;
		if (jump->kind == ALWAYS)
			at->k = (uint32_t)distance;
		else
			*(jump->kind == IF_TRUE ? &at->jt : &at->jf) = (uint8_t)distance;
	}
}

static size_t word_offset(unsigned arg, bool high)
{
	bool first = high == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	return offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t) + (first ? 0 : 4);
}

/* How one operator compares: first the high words, and where they are equal the low words. */
struct compare {
	unsigned high, low;   /* jump codes; `high` is 0 if the comparison goes on with JEQ */
	bool high_holds;      /* the comparison holds where `high` is true, else it fails */
	bool different_holds; /* … where the high words differ */
	bool low_holds;       /* … where `low` is true */
};

static const struct compare compares[] = {
	[SCMP_CMP_EQ] = { 0, BPF_JEQ, false, false, true },
	[SCMP_CMP_NE] = { 0, BPF_JEQ, false, true, false },
	[SCMP_CMP_GT] = { BPF_JGT, BPF_JGT, true, false, true },
	[SCMP_CMP_GE] = { BPF_JGT, BPF_JGE, true, false, true },
	[SCMP_CMP_LE] = { BPF_JGT, BPF_JGT, false, true, false },
	[SCMP_CMP_LT] = { BPF_JGT, BPF_JGE, false, true, false },
	[SCMP_CMP_MASKED_EQ] = { 0, BPF_JEQ, false, false, true },
};

/* Loads one word of the argument, masked if the operator says so. */
static void emit_word(struct writer *w, const struct oci_seccomp_arg *arg, bool high, uint32_t mask)
{
	emit_load(w, word_offset((unsigned)arg->index.value, high));
	if (arg->op.value == SCMP_CMP_MASKED_EQ)
		emit(w, BPF_ALU | BPF_AND | BPF_K, mask);
}

/* Goes on behind its end if the comparison holds, else at `fails`. */
static void emit_compare(struct writer *w, const struct oci_seccomp_arg *arg, uint64_t word, size_t fails)
{
	const struct compare *row = &compares[arg->op.value];
	uint64_t mask = arg->value.value & word;
	uint64_t value = arg->op.value == SCMP_CMP_MASKED_EQ ? arg->value_two.value & mask : mask;
	uint32_t high = (uint32_t)(value >> 32), low = (uint32_t)value;
	size_t holds = new_label(w);
	emit_word(w, arg, true, (uint32_t)(mask >> 32));
	if (row->high)
		emit_branch(w, row->high, high, row->high_holds ? holds : fails, NEXT);
	emit_branch(w, BPF_JEQ, high, NEXT, row->different_holds ? holds : fails);
	emit_word(w, arg, false, (uint32_t)mask);
	emit_branch(w, row->low, low, row->low_holds ? NEXT : fails, row->low_holds ? fails : NEXT);
	place(w, holds);
}

/* One rule: returns the action if all `count` comparisons hold. */
static void emit_rule(
	struct writer *w, const struct oci_seccomp_arg *args, size_t count, uint64_t word, uint32_t action)
{
	size_t fails = new_label(w);
	for (size_t i = 0; i < count; i++)
		emit_compare(w, &args[i], word, fails);
	emit(w, BPF_RET | BPF_K, action);
	place(w, fails);
}

bool seccomp_repeats_argument(const struct oci_seccomp_syscall *entry)
{
	uint64_t seen = 0;
	LIST_EACH (&entry->args, arg) {
		uint64_t one = UINT64_C(1) << (arg->index.value & 63);
		if (seen & one)
			return true;
		seen |= one;
	}
	return false;
}

/* Reads an entry as seccomp.c gives it to libseccomp. */
static void emit_entry(struct writer *w, const struct oci_seccomp_syscall *entry, uint64_t word)
{
	uint32_t action = seccomp_action(&entry->action, &entry->errno_ret);
	if (!seccomp_repeats_argument(entry)) {
		emit_rule(w, entry->args.items, entry->args.len, word, action);
		return;
	}
	LIST_EACH (&entry->args, arg)
		emit_rule(w, arg, 1, word, action);
}

/* All entries of one call, the most restrictive first, then the default. A holds the number. */
static void emit_call(struct writer *w, const struct table *table, uint32_t number, uint32_t default_action)
{
	bool wide = (table->arch & __AUDIT_ARCH_64BIT) || table->arch == SCMP_ARCH_X32;
	size_t another = new_label(w);
	emit_unless(w, number, another);
	for (int rank = 0; rank < RANKS; rank++)
		LIST_EACH (&table->refs, ref)
			if (ref->number == number && actions[ref->entry->action.value].rank == rank)
				emit_entry(w, ref->entry, wide ? UINT64_MAX : UINT32_MAX);
	emit(w, BPF_RET | BPF_K, default_action);
	place(w, another);
}

static void emit_calls(struct writer *w, const struct table *table, uint32_t default_action)
{
	for (size_t i = 0; i < table->refs.len; i++)
		if (is_overlapping(table, i))
			emit_call(w, table, table->refs.items[i].number, default_action);
}

/* ENOSYS for the calls that the profile's author did not know, then the end of the stub. */
static void emit_horizon(struct writer *w, const struct table *table)
{
	size_t known = new_label(w);
	if (table->any) {
		emit_branch(w, BPF_JGT, table->last, NEXT, known);
		emit(w, BPF_RET | BPF_K, SCMP_ACT_ERRNO((uint32_t)ENOSYS));
	}
	place(w, known);
	emit_jump(w, LEAVE);
}

/* Numbers from `first` on have a horizon of their own, or with NULL none. */
static void emit_upper_horizon(struct writer *w, uint32_t first, const struct table *upper)
{
	size_t above = new_label(w), below = new_label(w);
	emit_branch(w, BPF_JGE, first, above, NEXT);
	emit_jump(w, below);
	place(w, above);
	if (upper)
		emit_horizon(w, upper);
	else
		emit_jump(w, LEAVE);
	place(w, below);
}

/* All numbers of one audit architecture. */
static void emit_arch(
	struct writer *w, const struct table *table, const struct table *x32, uint32_t default_action, bool enosys)
{
	size_t another = new_label(w);
	emit_unless(w, table->arch, another);
	emit_load(w, offsetof(struct seccomp_data, nr));
	emit_calls(w, table, default_action);
	if (x32)
		emit_calls(w, x32, default_action);
	if (enosys && table->arch == SCMP_ARCH_X86_64)
		emit_upper_horizon(w, X32_BIT, x32);
	else if (enosys && table->arch == SCMP_ARCH_ARM)
		emit_upper_horizon(w, ARM_PRIVATE, NULL);
	if (enosys)
		emit_horizon(w, table);
	else
		emit_jump(w, LEAVE);
	place(w, another);
}

/* The rule is runc's. Such a call is refused either way, and after ENOSYS, unlike EPERM, a C library tries the older
 * call. */
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
	while (w.labels.len <= LEAVE)
		(void)new_label(&w);
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
		if (archs[i] != SCMP_ARCH_X32) /* in the part of x86_64 */
			emit_arch(&w, &tables[i], archs[i] == SCMP_ARCH_X86_64 ? x32 : NULL, action, enosys);
	resolve_jumps(&w);
	ret_stub->code = w.code.items;
	ret_stub->len = w.code.len;
}
