#include "base/clone.h"

#ifndef CLONE_VM
#define CLONE_VM 0x00000100
#define CLONE_VFORK 0x00004000
#endif

/* Not with AddressSanitizer, which would track what the child leaves on the stack. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
bool clone_sharing_works(void)
{
	return true;
}

/* The child continues further down on the caller's stack, below the red zone, and never returns. The caller is
 * suspended as long as the child lives. */
static long clone_and_run(struct clone_args *args, void (*run)(void *), void *data)
{
	long result;
	register void (*function)(void *) __asm__("r12") = run;
	register void *argument __asm__("r13") = data;
	__asm__ volatile("syscall\n"
			 "	test %%rax, %%rax\n"
			 "	jnz 1f\n"
			 "	xor %%ebp, %%ebp\n"
			 "	sub $128, %%rsp\n"
			 "	and $-16, %%rsp\n"
			 "	mov %%r13, %%rdi\n"
			 "	call *%%r12\n"
			 "	hlt\n"
			 "1:\n"
			 : "=a"(result)
			 : "a"((long)SYS_clone3), "D"(args), "S"(sizeof(*args)), "r"(function), "r"(argument)
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
	args->flags |= CLONE_VM | CLONE_VFORK;
	long result = clone_and_run(args, run, data);
	if (result >= 0)
		return (pid_t)result;
	errno = (int)-result;
	return -1;
}
