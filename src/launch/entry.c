/*
 * The very first instructions of a static hull, before the C library starts: the plain case of self_protect(), of which
 * this saves half the time. The library's start asks the processor some hundred questions (cpuid), each of which traps
 * in a virtual machine; an instance that only executes another one need not ask them.
 *
 * Runs before relocation and without a thread pointer: no library, no constants that hold addresses, no stack
 * protector. What it does not manage is left to self_protect(), which checks in any case. The Makefile compiles it with
 * -ffreestanding -fno-stack-protector and links with -e hull_entry.
 */
#include "base/sys.h"

#include <elf.h>
#include <stdbool.h>

/* Saves the argument of the library's own entry (the loader's exit function), calls hull_before_libc(stack), goes
 * on. */
#if defined(__x86_64__)
__asm__(".text\n"
	".globl hull_entry\n"
	".type hull_entry, @function\n"
	"hull_entry:\n"
	"	endbr64\n"
	"	mov %rsp, %rdi\n"
	"	push %rdx\n"
	"	push %rdx\n"
	"	call hull_before_libc\n"
	"	pop %rdx\n"
	"	pop %rdx\n"
	"	jmp _start\n"
	".size hull_entry, .-hull_entry\n");

static inline long call(long number, long a, long b, long c, long d, long e)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
__asm__(".text\n"
	".globl hull_entry\n"
	".type hull_entry, %function\n"
	"hull_entry:\n"
	"	stp x0, x30, [sp, #-16]!\n"
	"	add x0, sp, #16\n"
	"	bl hull_before_libc\n"
	"	ldp x0, x30, [sp], #16\n"
	"	b _start\n"
	".size hull_entry, .-hull_entry\n");

static inline long call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
}
#endif

#if defined(__x86_64__) || defined(__aarch64__)
/* Words are then operands of instructions. To load them from the read-only data costs each start one fault more. */
#ifndef __clang__
#pragma GCC target("general-regs-only")
#endif

static inline bool is_word(const char *text, const char *word)
{
	while (*word && *text == *word)
		text++, word++;
	return *text == *word;
}

/* Whether one of the arguments is a command that starts processes in containers. An operand of that name costs one
 * exec. */
static inline bool starts_processes(char **argv)
{
	const char create[] = "create", run[] = "run", exec[] = "exec";
	for (argv++; *argv; argv++)
		if (is_word(*argv, create) || is_word(*argv, run) || is_word(*argv, exec))
			return true;
	return false;
}

/* By its descriptor, as we execute ourselves; what that leads to is for self_protect() to see. execveat(2): the name is
 * /dev/fd/N then. The auxiliary vector follows the environment. */
static inline bool was_executed_by_descriptor(const long *environment)
{
	const char by_descriptor[] = "/dev/fd/";
	while (*environment)
		environment++;
	for (environment++; *environment != AT_NULL; environment += 2) {
		if (*environment != AT_EXECFN)
			continue;
		const char *name = (const char *)environment[1], *wanted = by_descriptor;
		while (*wanted && *name == *wanted)
			name++, wanted++;
		return !*wanted;
	}
	return true;
}

__attribute__((used, visibility("hidden"))) void hull_before_libc(long *stack);

/* The linker's: where what is written to, at the latest by relocation, begins and ends in the file. */
extern char __init_array_start[] __attribute__((visibility("hidden"))), _edata[];

/* All of it at once, which costs less than a fault for each page. That it cannot be had so does no harm. */
static inline void populate_data(void)
{
	enum { PAGE = 4096, POPULATE_WRITE = 23 }; /* MADV_POPULATE_WRITE: Linux 5.14 */
	long begin = (long)__init_array_start & -PAGE;
	(void)call(SYS_madvise, begin, (long)_edata - begin, POPULATE_WRITE, 0, 0);
}

static inline void execute_protected(char **argv, const long *environment)
{
	const char self[] = "/proc/self/exe", nothing[] = "";
	struct mount_attr attr;
#ifdef HULL_TEST_SWITCHES /* self_protect() asks which defence is off */
	return;
#endif
	long image = call(SYS_open_tree, AT_FDCWD, (long)self, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0);
	if (image < 0)
		return;
	attr.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
	attr.attr_clr = attr.userns_fd = 0;
	attr.propagation = MS_PRIVATE;
	if (call(SYS_mount_setattr, image, (long)nothing, AT_EMPTY_PATH, (long)&attr, sizeof(attr)) == 0)
		(void)call(SYS_execveat, image, (long)nothing, (long)argv, (long)environment, AT_EMPTY_PATH);
	(void)call(SYS_close, image, 0, 0, 0, 0); /* what failed is tried, and reported, by self_protect() */
}

void hull_before_libc(long *stack)
{
	char **argv = (char **)(stack + 1);
	const long *environment = stack + 1 + stack[0] + 1;
	if (stack[0] > 0 && starts_processes(argv) && !was_executed_by_descriptor(environment))
		execute_protected(argv, environment);
	populate_data();
}
#endif
