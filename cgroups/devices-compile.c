/*
 * Device rules to eBPF. The rules are asked from the last to the first; the program holds the letters that are still
 * undecided:
 *
 *	an allowing rule takes its letters away: none left is "yes";
 *	a denying rule that names one of them is "no";
 *	letters left at the end are "no".
 *
 * Loading costs the verifier some ten microseconds for each conditional jump, at every start of a container, and one
 * for any other instruction; so neighbours that differ only in which device they name become a run, which compares
 * them all without a jump.
 */
#include "cgroups/devices.h"

#include <string.h>

enum { /* r1 is the context: struct bpf_cgroup_dev_ctx */
	VERDICT = BPF_REG_0,
	LEFT = BPF_REG_2, /* letters of access that no rule has decided yet */
	TYPE = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
	KEY = BPF_REG_6, /* type, major and minor number as one number */
	FOUND = BPF_REG_7,
};

/* kdev_t.h: no device has a larger number. */
enum { MAJOR_BITS = 12, MINOR_BITS = 20 };

enum {
	PROLOGUE = 11, /* instructions before the rules */
	/* At most: three tests and an effect of five. A run, of two rules or more, takes six for each and seven. */
	PER_RULE = 10,
	EPILOGUE = 2,
};

struct program {
	struct bpf_insn *insns;
	size_t len;
};

static void emit(struct program *program, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	program->insns[program->len++] =
		(struct bpf_insn){ .code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm };
}

static void emit_prologue(struct program *program)
{
	const uint8_t load = BPF_LDX | BPF_MEM | BPF_W;
	emit(program, load, LEFT, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	emit(program, BPF_ALU | BPF_MOV | BPF_X, TYPE, LEFT, 0, 0);
	emit(program, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
	emit(program, BPF_ALU | BPF_RSH | BPF_K, LEFT, 0, 0, 16);
	emit(program, load, MAJOR, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	emit(program, load, MINOR, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
	emit(program, BPF_ALU64 | BPF_MOV | BPF_X, KEY, TYPE, 0, 0);
	emit(program, BPF_ALU64 | BPF_LSH | BPF_K, KEY, 0, 0, MAJOR_BITS);
	emit(program, BPF_ALU64 | BPF_OR | BPF_X, KEY, MAJOR, 0, 0);
	emit(program, BPF_ALU64 | BPF_LSH | BPF_K, KEY, 0, 0, MINOR_BITS);
	emit(program, BPF_ALU64 | BPF_OR | BPF_X, KEY, MINOR, 0, 0);
}

static void emit_verdict(struct program *program, bool allow)
{
	emit(program, BPF_ALU64 | BPF_MOV | BPF_K, VERDICT, 0, 0, allow);
	emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* What happens to a device that the rule speaks of. */
static void emit_effect(struct program *program, const struct device_rule *rule)
{
	if (rule->access == DEVICE_ALL_ACCESS) {
		emit_verdict(program, rule->allow);
	} else if (rule->allow) {
		emit(program, BPF_ALU | BPF_AND | BPF_K, LEFT, 0, 0, DEVICE_ALL_ACCESS & ~rule->access);
		emit(program, BPF_JMP32 | BPF_JNE | BPF_K, LEFT, 0, 2, 0);
		emit_verdict(program, true);
	} else {
		emit(program, BPF_JMP32 | BPF_JSET | BPF_K, LEFT, 0, 1, rule->access);
		emit(program, BPF_JMP | BPF_JA, 0, 0, 2, 0);
		emit_verdict(program, false);
	}
}

/* Jumps over the effect unless the device is the rule's. The distance is known when the effect is there. */
static void emit_rule(struct program *program, const struct device_rule *rule)
{
	const uint8_t unequal = BPF_JMP32 | BPF_JNE | BPF_K;
	size_t tests[3], count = 0;
	if (rule->minor != DEVICE_ANY) {
		tests[count++] = program->len;
		emit(program, unequal, MINOR, 0, 0, (int32_t)(uint32_t)rule->minor);
	}
	if (rule->major != DEVICE_ANY) {
		tests[count++] = program->len;
		emit(program, unequal, MAJOR, 0, 0, (int32_t)(uint32_t)rule->major);
	}
	if (rule->type) {
		tests[count++] = program->len;
		emit(program, unequal, TYPE, 0, 0, rule->type);
	}
	emit_effect(program, rule);
	for (size_t i = 0; i < count; i++)
		program->insns[tests[i]].off = (int16_t)(program->len - tests[i] - 1);
}

/* Sets FOUND if the device is the rule's: 0 - 1 alone has the highest bit, of numbers as small as these. */
static void emit_comparison(struct program *program, const struct device_rule *rule)
{
	uint64_t key = (uint64_t)rule->type << MAJOR_BITS | (uint64_t)rule->major;
	if (rule->minor == DEVICE_ANY) {
		emit(program, BPF_ALU64 | BPF_MOV | BPF_X, VERDICT, KEY, 0, 0);
		emit(program, BPF_ALU64 | BPF_RSH | BPF_K, VERDICT, 0, 0, MINOR_BITS);
		emit(program, BPF_ALU64 | BPF_XOR | BPF_K, VERDICT, 0, 0, (int32_t)key);
	} else { /* a number of 64 bits takes two instructions */
		key = key << MINOR_BITS | (uint64_t)rule->minor;
		emit(program, BPF_LD | BPF_IMM | BPF_DW, VERDICT, 0, 0, (int32_t)(uint32_t)key);
		emit(program, 0, 0, 0, 0, (int32_t)(key >> 32));
		emit(program, BPF_ALU64 | BPF_XOR | BPF_X, VERDICT, KEY, 0, 0);
	}
	emit(program, BPF_ALU64 | BPF_SUB | BPF_K, VERDICT, 0, 0, 1);
	emit(program, BPF_ALU64 | BPF_RSH | BPF_K, VERDICT, 0, 0, 63);
	emit(program, BPF_ALU64 | BPF_OR | BPF_X, FOUND, VERDICT, 0, 0);
}

static void emit_run(struct program *program, const struct device_rule *rules, size_t len)
{
	emit(program, BPF_ALU64 | BPF_MOV | BPF_K, FOUND, 0, 0, 0);
	for (size_t i = 0; i < len; i++)
		emit_comparison(program, &rules[i]);
	size_t test = program->len;
	emit(program, BPF_JMP32 | BPF_JEQ | BPF_K, FOUND, 0, 0, 0);
	emit_effect(program, rules);
	program->insns[test].off = (int16_t)(program->len - test - 1);
}

static bool same_device(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

static bool matches_nothing(const struct device_rule *rule)
{
	return rule->major >= 1 << MAJOR_BITS || rule->minor >= 1 << MINOR_BITS;
}

/* A rule decides nothing when there is no such device, when one that is asked before it (a later one) settles the same
 * letters of at least its devices, or when it denies and nothing that is asked after it allows: then the end says the
 * same. */
static bool is_idle(const struct device_rule *rules, size_t len, size_t index, bool allowed_before)
{
	const struct device_rule *rule = &rules[index];
	if (matches_nothing(rule) || (!rule->allow && !allowed_before))
		return true;
	uint8_t access = rule->access;
	for (size_t i = index + 1; i < len; i++) {
		const struct device_rule *later = &rules[i];
		bool all = !later->type && later->major == DEVICE_ANY && later->minor == DEVICE_ANY;
		if (all || same_device(later, rule))
			access &= (uint8_t)~later->access;
	}
	return access == 0;
}

/* After this one nothing is asked. */
static bool is_final(const struct device_rule *rule)
{
	return !rule->type && rule->major == DEVICE_ANY && rule->minor == DEVICE_ANY &&
	       rule->access == DEVICE_ALL_ACCESS;
}

/* The rules that decide something, in the order in which they are asked. */
static size_t select_rules(const struct device_rule *rules, size_t len, struct device_rule *ret_asked)
{
	size_t first_allow = 0, count = 0;
	while (first_allow < len && !rules[first_allow].allow)
		first_allow++;
	for (size_t i = len; i-- > 0;) {
		if (is_idle(rules, len, i, i > first_allow))
			continue;
		ret_asked[count++] = rules[i];
		if (is_final(&rules[i]))
			break;
	}
	return count;
}

/* How many of the rules from here on say the same of single devices, or of a major number: 1 if it is no run. */
static size_t run_length(const struct device_rule *rules, size_t len)
{
	size_t count = 0;
	for (; count < len; count++) {
		const struct device_rule *rule = &rules[count];
		if (rule->allow != rules->allow || rule->access != rules->access || !rule->type ||
			rule->major == DEVICE_ANY)
			break;
	}
	return count ? count : 1;
}

struct bpf_insn *devices_compile(struct arena *arena, const struct device_rule *rules, size_t len, size_t *ret_len)
{
	struct device_rule *asked = arena_array(arena, len, sizeof(*asked));
	size_t count = select_rules(rules, len, asked);
	size_t room = PROLOGUE + PER_RULE * count + EPILOGUE;
	struct program program = { arena_array(arena, room, sizeof(struct bpf_insn)), 0 };
	emit_prologue(&program);
	for (size_t i = 0; i < count;) {
		size_t taken = run_length(&asked[i], count - i);
		if (taken > 1)
			emit_run(&program, &asked[i], taken);
		else
			emit_rule(&program, &asked[i]);
		i += taken;
	}
	if (count == 0 || !is_final(&asked[count - 1]))
		emit_verdict(&program, false);
	*ret_len = program.len;
	return program.insns;
}
