/*
 * The device program against the specification. A small eBPF interpreter runs the program of random rules, whose
 * answer for every kind of request must be that of a plain reading of the rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cgroups/devices.h"

#include <cmocka.h> /* last: it has a macro named fail */

enum { RULE_SETS = 5000, RULES_MAX = 12 };

/* Whether a jump is taken; -1 if the instruction is not a jump. */
static int takes_jump(uint8_t code, uint32_t dst, uint32_t imm)
{
	switch (code) {
	case BPF_JMP | BPF_JA:
		return true;
	case BPF_JMP32 | BPF_JNE | BPF_K:
		return dst != imm;
	case BPF_JMP32 | BPF_JEQ | BPF_K:
		return dst == imm;
	case BPF_JMP32 | BPF_JSET | BPF_K:
		return (dst & imm) != 0;
	default:
		return -1;
	}
}

/* The result of an arithmetic instruction, in 32 or 64 bits; false if it is not one. */
static bool compute(uint8_t code, uint64_t dst, uint64_t operand, uint64_t *ret_result)
{
	bool wide = BPF_CLASS(code) == BPF_ALU64;
	uint64_t result, bits = wide ? 64 : 32;
	if (!wide && BPF_CLASS(code) != BPF_ALU)
		return false;
	if (!wide) {
		dst = (uint32_t)dst;
		operand = (uint32_t)operand;
	}
	switch (BPF_OP(code)) {
	case BPF_MOV:
		result = operand;
		break;
	case BPF_AND:
		result = dst & operand;
		break;
	case BPF_OR:
		result = dst | operand;
		break;
	case BPF_XOR:
		result = dst ^ operand;
		break;
	case BPF_SUB:
		result = dst - operand;
		break;
	case BPF_LSH:
		assert_true(operand < bits);
		result = dst << operand;
		break;
	case BPF_RSH:
		assert_true(operand < bits);
		result = dst >> operand;
		break;
	default:
		return false;
	}
	*ret_result = wide ? result : (uint32_t)result;
	return true;
}

/* The eBPF instructions that the compiler may emit. Any other, and anything that the verifier would refuse, ends the
 * test. */
static uint64_t run(const struct bpf_insn *insns, size_t len, const uint32_t context[3])
{
	uint64_t reg[11] = { 0 };
	bool known[11] = { [1] = true };
	for (size_t at = 0; at < len; at++) {
		const struct bpf_insn *insn = &insns[at];
		uint64_t *dst = &reg[insn->dst_reg];
		bool by_register = BPF_SRC(insn->code) == BPF_X;
		uint64_t operand = by_register ? reg[insn->src_reg] : (uint64_t)(int64_t)insn->imm;
		if (insn->code == (BPF_JMP | BPF_EXIT)) {
			assert_true(known[0]);
			return reg[0];
		} else if (insn->code == (BPF_LDX | BPF_MEM | BPF_W)) {
			assert_int_equal(insn->src_reg, 1);
			assert_true(insn->off >= 0 && insn->off <= 8 && insn->off % 4 == 0);
			*dst = context[insn->off / 4];
			known[insn->dst_reg] = true;
		} else if (insn->code == (BPF_LD | BPF_IMM | BPF_DW)) {
			assert_true(at + 1 < len && insns[at + 1].code == 0);
			*dst = (uint64_t)(uint32_t)insns[++at].imm << 32 | (uint32_t)insn->imm;
			known[insn->dst_reg] = true;
		} else if (compute(insn->code, *dst, operand, dst)) {
			assert_true(!by_register || known[insn->src_reg]);
			known[insn->dst_reg] |= BPF_OP(insn->code) == BPF_MOV;
			assert_true(known[insn->dst_reg]);
		} else {
			int jump = takes_jump(insn->code, (uint32_t)*dst, (uint32_t)insn->imm);
			if (jump < 0)
				fail_msg("instruction %zu has the unknown code %#x", at, insn->code);
			assert_true(known[insn->dst_reg] || insn->code == (BPF_JMP | BPF_JA));
			assert_true(insn->off >= 0);
			at += jump ? (size_t)insn->off : 0;
		}
	}
	fail_msg("the program has no end");
	return 0;
}

/* config-linux.md "Allowed Device list", letter by letter: the last entry that names it decides. */
static bool evaluate(
	const struct device_rule *rules, size_t len, uint8_t type, uint8_t access, uint32_t major, uint32_t minor)
{
	for (uint8_t letter = 1; letter <= BPF_DEVCG_ACC_WRITE; letter <<= 1) {
		bool allowed = false;
		for (size_t i = 0; i < len; i++)
			if ((rules[i].type == 0 || rules[i].type == type) &&
				(rules[i].major == DEVICE_ANY || rules[i].major == major) &&
				(rules[i].minor == DEVICE_ANY || rules[i].minor == minor) && (rules[i].access & letter))
				allowed = rules[i].allow;
		if ((access & letter) && !allowed)
			return false;
	}
	return true;
}

/* Numbers from a small set, so that rules meet: any number, device numbers, and numbers that are too large. */
static const int64_t numbers[] = { DEVICE_ANY, DEVICE_ANY, 0, 1, 5, 0x800, 0xfff, 0xfffff, 0x100000, 0x80000000,
	UINT32_MAX };
/* Ranges of device numbers: kdev_t.h. */
static const uint32_t majors[] = { 0, 1, 5, 0x800, 0xfff };
static const uint32_t minors[] = { 0, 1, 5, 0x800, 0xfff, 0xfffff };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void check_all_requests(const struct device_rule *rules, size_t count)
{
	ARENA(arena);
	size_t len;
	struct bpf_insn *insns = devices_compile(&arena, rules, count, &len);
	for (uint8_t type = BPF_DEVCG_DEV_BLOCK; type <= BPF_DEVCG_DEV_CHAR; type++)
		for (uint8_t access = 1; access <= DEVICE_ALL_ACCESS; access++)
			for (size_t i = 0; i < COUNT(majors) * COUNT(minors); i++) {
				uint32_t major = majors[i / COUNT(minors)];
				uint32_t minor = minors[i % COUNT(minors)];
				uint32_t context[3] = { (uint32_t)access << 16 | type, major, minor };
				bool said = run(insns, len, context);
				bool right = evaluate(rules, count, type, access, major, minor);
				if (said != right)
					fail_msg("type %u access %u %u:%u: the program says %d", type, access, major,
						minor, said);
			}
}

static void test_random_rules(void **state)
{
	(void)state;
	srandom(20260101);
	for (size_t set = 0; set < RULE_SETS; set++) {
		struct device_rule rules[RULES_MAX];
		bool alike = set % 4 == 0; /* rules that differ in the minor number alone */
		size_t count = (size_t)random() % (RULES_MAX + 1);
		for (size_t i = 0; i < count; i++)
			rules[i] = (struct device_rule){
				.allow = random() % 2,
				.type = (uint8_t)(random() % 3),
				.access = (uint8_t)(random() % 3 ? 1 + random() % 7 : 7),
				.major = numbers[(size_t)random() % COUNT(numbers)],
				.minor = numbers[(size_t)random() % COUNT(numbers)],
			};
		for (size_t i = 1; i < count && alike; i++) {
			int64_t minor = rules[i].minor;
			rules[i] = rules[random() % 8 ? 0 : i];
			rules[i].minor = minor;
		}
		check_all_requests(rules, count);
	}
}

/* Rules that the optimiser leaves out. */
static void test_size(void **state)
{
	(void)state;
	ARENA(arena);
	const struct device_rule deny_all = { false, 0, DEVICE_ALL_ACCESS, DEVICE_ANY, DEVICE_ANY };
	const struct device_rule allow_all = { true, 0, DEVICE_ALL_ACCESS, DEVICE_ANY, DEVICE_ANY };
	const struct device_rule null = { true, BPF_DEVCG_DEV_CHAR, DEVICE_ALL_ACCESS, 1, 3 };
	const struct device_rule sets[][4] = {
		{ deny_all },
		{ deny_all, null },
		{ deny_all, null, null, null },
		{ null, null, null, deny_all },
		{ null, deny_all, null, allow_all },
	};
	const size_t counts[] = { 1, 2, 4, 4, 4 };
	const size_t lens[] = { 11 + 2, 11 + 5 + 2, 11 + 5 + 2, 11 + 2, 11 + 2 };
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		size_t len;
		(void)devices_compile(&arena, sets[i], counts[i], &len);
		assert_int_equal(len, lens[i]);
	}
}

static struct oci_device_rule oci_rule(bool allow, const char *type, int64_t major, int64_t minor, const char *access)
{
	return (struct oci_device_rule){ .allow = { true, allow },
		.type = type,
		.major = { major >= 0, major },
		.minor = { minor >= 0, minor },
		.access = access };
}

static const char C = BPF_DEVCG_DEV_CHAR, B = BPF_DEVCG_DEV_BLOCK;
static const char M = BPF_DEVCG_ACC_MKNOD, R = BPF_DEVCG_ACC_READ, W = BPF_DEVCG_ACC_WRITE;

/* Deny all, then a few entries, as engines write them. */
static void test_plan(void **state)
{
	(void)state;
	ARENA(arena);
	struct oci_device_rule entries[] = {
		oci_rule(false, NULL, -1, -1, "rwm"), oci_rule(true, "c", 10, 200, "rw"),
		oci_rule(true, "b", 8, -1, NULL), oci_rule(true, "c", 7, 7, "r"),
		oci_rule(true, "", 9, 9, ""),      /* left empty is left out */
		oci_rule(false, "c", 1, 3, "rwm"), /* a default device: allowed all the same */
	};
	struct oci_resources resources = { 0 };
	resources.devices.items = entries;
	resources.devices.len = sizeof(entries) / sizeof(*entries);
	const struct {
		char type, access;
		uint32_t major, minor;
		bool allowed;
	} requests[] = {
		{ C, M, 99, 99, true },
		{ B, M, 99, 99, true },
		{ C, R, 99, 99, false },
		{ C, R, 1, 3, true },
		{ C, R | W, 1, 5, true },
		{ C, R | W, 1, 7, true },
		{ C, R, 1, 8, true },
		{ C, R, 1, 9, true },
		{ C, R | W, 5, 0, true },
		{ C, R | W, 5, 2, true },
		{ C, R | W, 136, 4711, true },
		{ C, R, 5, 1, false },
		{ C, R, 1, 1, false },
		{ B, R, 1, 3, false },
		{ C, R | W, 10, 200, true },
		{ B, R | W, 8, 17, true },
		{ C, R | W, 8, 17, false },
		{ C, R | W, 10, 229, false },
		{ C, R, 7, 7, true },
		{ C, R | W, 7, 7, false },
		{ C, W, 7, 7, false },
		{ C, R | W, 9, 9, true },
		{ B, R | W, 9, 9, true },
	};
	device_rules rules;
	struct error err = { 0 };
	size_t len;
	assert_int_equal(device_rules_plan(&arena, &resources, &rules, &err), 0);
	struct bpf_insn *insns = devices_compile(&arena, rules.items, rules.len, &len);
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		uint32_t context[3] = { (uint32_t)requests[i].access << 16 | (uint32_t)requests[i].type,
			requests[i].major, requests[i].minor };
		if (run(insns, len, context) != requests[i].allowed)
			fail_msg("request %zu, %u:%u", i, requests[i].major, requests[i].minor);
	}
}

static void test_nothing(void **state)
{
	(void)state;
	ARENA(arena);
	const struct oci_resources resources = { 0 };
	device_rules rules = { NULL, 1 };
	assert_int_equal(device_rules_plan(&arena, NULL, &rules, NULL), 0);
	assert_int_equal(rules.len, 0);
	assert_int_equal(device_rules_plan(&arena, &resources, &rules, NULL), 0);
	assert_int_equal(rules.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_rules),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
