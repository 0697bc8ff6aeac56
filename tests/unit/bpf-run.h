/*
 * Runs a classic BPF program over seccomp data, as the kernel would, for the tests.
 *
 *	struct seccomp_data data = { .nr = 1, .arch = AUDIT_ARCH_X86_64 };
 *	uint32_t action;
 *	assert_true(bpf_run(program.filter, program.len, &data, &action));
 *
 * It knows the instructions that seccomp(2) allows. It returns false for any other, for a jump out of the program,
 * and for an end without a return.
 */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool bpf_condition(const struct sock_filter *at, uint32_t a)
{
	switch (BPF_OP(at->code)) {
	case BPF_JEQ:
		return a == at->k;
	case BPF_JGT:
		return a > at->k;
	case BPF_JGE:
		return a >= at->k;
	default:
		return (a & at->k) != 0; /* BPF_JSET */
	}
}

static inline bool bpf_run(
	const struct sock_filter *code, size_t len, const struct seccomp_data *data, uint32_t *ret_action)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = { 0 };
	for (size_t pc = 0; pc < len; pc++) {
		const struct sock_filter *at = &code[pc];
		switch (at->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (at->k % 4 || at->k + 4 > sizeof(*data))
				return false;
			memcpy(&a, (const char *)data + at->k, 4);
			break;
		case BPF_LD | BPF_IMM:
			a = at->k;
			break;
		case BPF_LD | BPF_MEM:
			if (at->k >= BPF_MEMWORDS)
				return false;
			a = memory[at->k];
			break;
		case BPF_ST:
			if (at->k >= BPF_MEMWORDS)
				return false;
			memory[at->k] = a;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= at->k;
			break;
		case BPF_MISC | BPF_TAX:
			x = a;
			break;
		case BPF_MISC | BPF_TXA:
			a = x;
			break;
		case BPF_JMP | BPF_JA:
			pc += at->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += bpf_condition(at, a) ? at->jt : at->jf;
			break;
		case BPF_RET | BPF_K:
			*ret_action = at->k;
			return true;
		default:
			return false;
		}
	}
	return false;
}
