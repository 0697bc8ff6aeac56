#include "base/clone.h"

#include <sys/mman.h>

#ifndef CLONE_VM
#define CLONE_VM 0x00000100
#define CLONE_VFORK 0x00004000
#endif

enum { STACK_SIZE = 256 * 1024 }; /* of which what is touched counts */

/* AddressSanitizer knows of no other stack. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
bool clone_sharing_works(void)
{
	return true;
}

/* The child comes back on another stack, where there is no frame to return to. */
static long clone_and_run(struct clone_args *args, void (*run)(void *), void *data)
{
	long result;
	register void (*function)(void *) __asm__("r12") = run;
	register void *argument __asm__("r13") = data;
	__asm__ volatile("syscall\n"
			 "	test %%rax, %%rax\n"
			 "	jnz 1f\n"
			 "	xor %%ebp, %%ebp\n"
			 "	mov %%r13, %%rdi\n"
			 "	call *%%r12\n"
			 "	hlt\n"
			 "1:\n"
			 : "=a"(result)
			 : "a"((long)SYS_clone3), "D"(args), "S"(sizeof(*args)), "r"(function),
			 "r"(argument)
			 : "rcx", "r11", "memory");
	return result;
}
#else
bool clone_sharing_works(void)
{
	return false;
}

static long clone_and_run(struct clone_args *args, void (*run)(void *), void *data)
{
	(void)args;
	(void)run;
	(void)data;
	return -ENOSYS;
}
#endif

pid_t clone_sharing(struct clone_args *args, void (*run)(void *), void *data)
{
	void *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return -1;
	args->flags |= CLONE_VM | CLONE_VFORK;
	args->stack = (uint64_t)(uintptr_t)stack;
	args->stack_size = STACK_SIZE;
	long result = clone_and_run(args, run, data);
	(void)munmap(stack, STACK_SIZE); /* the child has ended */
	if (result >= 0)
		return (pid_t)result;
	errno = (int)-result;
	return -1;
}
