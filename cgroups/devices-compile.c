/*
 * Device rules to eBPF. The rules are asked from the last to the first; the program holds the letters that are still undecided:
 *
 *	an allowing rule takes its letters away: none left is "yes";
 *	a denying rule that names one of them is "no";
 *	letters left at the end are "no".
 *
 * Loading costs the verifier some microseconds for each conditional jump, at every start of a container; so neighbours that differ in
 * the minor number alone become one rule with a set of minor numbers.
 */
#include "cgroups/devices.h"

#include <string.h>

enum { /* r1 is the context: struct bpf_cgroup_dev_ctx */
	VERDICT = BPF_REG_0,
	LEFT = BPF_REG_2, /* letters of access that no rule has decided yet */
	TYPE = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
};

enum {
	PROLOGUE = 6, /* instructions before the rules */
	/* At most: three tests and an effect of four. A set, of two rules or more, takes nine. */
	PER_RULE = 7,
	MINORS = 32, /* of a set: 0 to 31 */
	EPILOGUE = 2,
};

struct program {
	struct bpf_insn *insns;
	size_t len;
};

static void emit(
	struct program *program, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	program->insns[program->len++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm
	};
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
		emit(program, BPF_ALU | BPF_AND | BPF_K, LEFT, 0, 0,
			DEVICE_ALL_ACCESS & ~rule->access);
		emit(program, BPF_JMP32 | BPF_JNE | BPF_K, LEFT, 0, 2, 0);
		emit_verdict(program, true);
	} else {
		emit(program, BPF_JMP32 | BPF_JSET | BPF_K, LEFT, 0, 1, rule->access);
		emit(program, BPF_JMP | BPF_JA, 0, 0, 2, 0);
		emit_verdict(program, false);
	}
}

/* Jumps over the effect unless the device is the rule's. The distance is known when the effect is there. A set of minor numbers, if
 * not 0, stands for the rule's own. */
static void emit_rule(struct program *program, const struct device_rule *rule, uint32_t minors)
{
	const uint8_t unequal = BPF_JMP32 | BPF_JNE | BPF_K;
	size_t tests[4], count = 0;
	if (!minors && rule->minor != DEVICE_ANY) {
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
	if (minors) {
		tests[count++] = program->len;
		emit(program, BPF_JMP32 | BPF_JGT | BPF_K, MINOR, 0, 0, MINORS - 1);
		emit(program, BPF_ALU | BPF_MOV | BPF_K, VERDICT, 0, 0, 1);
		emit(program, BPF_ALU | BPF_LSH | BPF_X, VERDICT, MINOR, 0, 0);
		emit(program, BPF_ALU | BPF_AND | BPF_K, VERDICT, 0, 0, (int32_t)minors);
		tests[count++] = program->len;
		emit(program, BPF_JMP32 | BPF_JEQ | BPF_K, VERDICT, 0, 0, 0);
	}
	emit_effect(program, rule);
	for (size_t i = 0; i < count; i++)
		program->insns[tests[i]].off = (int16_t)(program->len - tests[i] - 1);
}

static bool same_device(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

/* A rule decides nothing when one that is asked before it (a later one) settles the same letters of at least its devices, or when
 * it denies and nothing that is asked after it allows: then the end says the same. */
static bool is_idle(const struct device_rule *rules, size_t len, size_t index, bool allowed_before)
{
	const struct device_rule *rule = &rules[index];
	if (!rule->allow && !allowed_before)
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
static size_t select_rules(
	const struct device_rule *rules, size_t len, struct device_rule *ret_asked)
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

/* How many of the rules from here on are one but for a small minor number; their set. */
static size_t find_set(const struct device_rule *rules, size_t len, uint32_t *ret_minors)
{
	uint32_t minors = 0;
	size_t count = 0;
	for (; count < len; count++) {
		const struct device_rule *rule = &rules[count];
		if (rule->allow != rules->allow || rule->type != rules->type ||
			rule->major != rules->major || rule->access != DEVICE_ALL_ACCESS ||
			rule->minor < 0 || rule->minor >= MINORS)
			break;
		minors |= (uint32_t)1 << rule->minor;
	}
	*ret_minors = count > 1 ? minors : 0;
	return count > 1 ? count : 1;
}

struct bpf_insn *devices_compile(
	struct arena *arena, const struct device_rule *rules, size_t len, size_t *ret_len)
{
	struct device_rule *asked = arena_array(arena, len, sizeof(*asked));
	size_t count = select_rules(rules, len, asked);
	size_t room = PROLOGUE + PER_RULE * count + EPILOGUE;
	struct program program = { arena_array(arena, room, sizeof(struct bpf_insn)), 0 };
	emit_prologue(&program);
	for (size_t i = 0; i < count;) {
		uint32_t minors;
		size_t taken = find_set(&asked[i], count - i, &minors);
		emit_rule(&program, &asked[i], minors);
		i += taken;
	}
	if (count == 0 || !is_final(&asked[count - 1]))
		emit_verdict(&program, false);
	*ret_len = program.len;
	return program.insns;
}
