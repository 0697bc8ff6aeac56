/*
 * The very first instructions of a static hull, before the C library starts: the plain case of self_protect(), in half
 * the time. When the library starts it executes cpuid some hundred times, each of which traps in a virtual machine; an
 * instance that only executes another one does not need that.
 *
 * This code runs before relocation and without a thread pointer: it uses no library, no constants that hold addresses
 * and no stack protector. If anything fails, self_protect() does the work; it checks in any case. The Makefile
 * compiles this file with -ffreestanding -fno-stack-protector and links with -e hull_entry.
 */
#include "base/sys.h"

#include <elf.h>
#include <stdbool.h>

/* Saves the argument of the library's own entry (the loader's exit function), calls hull_before_libc(stack), and jumps
 * to that entry. */
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
/* The bytes of short strings are then operands of instructions: loading them from the read-only data would cost each
 * start one more page fault. */
#ifndef __clang__
#pragma GCC target("general-regs-only")
#endif

static inline bool is_word(const char *text, const char *word)
{
	while (*word && *text == *word)
		text++, word++;
	return *text == *word;
}

/* Whether one of the arguments is a command that starts processes in containers. If it is only an operand of that name,
 * we are executed once more for nothing. */
static inline bool starts_processes(char **argv)
{
	const char create[] = "create", run[] = "run", exec[] = "exec";
	for (argv++; *argv; argv++)
		if (is_word(*argv, create) || is_word(*argv, run) || is_word(*argv, exec))
			return true;
	return false;
}

/* Whether we were executed by a descriptor, as we execute ourselves: the name is then /dev/fd/N (execveat(2)).
 * self_protect() checks what the descriptor leads to. The auxiliary vector follows the environment. */
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

/* Symbols of the linker: the begin and the end, in the file, of the data that is written to, at the latest by
 * relocation. */
extern char __init_array_start[] __attribute__((visibility("hidden"))), _edata[];

/* Maps all of that data at once, which costs less than a fault for each page. A failure does no harm. */
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
#ifdef HULL_TEST_SWITCHES /* only self_protect() can switch the defence off */
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
	(void)call(SYS_close, image, 0, 0, 0, 0); /* self_protect() tries again, and reports the failure */
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
