/* calls x32|int80|native: makes the directory /made by that kind of system call, and prints the result. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __x86_64__
static long call_32(long number, long a, long b)
{
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b) : "r8", "r9", "r10", "r11", "memory");
	return result;
}

static long make_by_32(const char *path)
{
	/* the pointers of this process have 32 bits */
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED)
		return -ENOMEM;
	(void)strcpy(low, path);
	return call_32(39, (long)low, 0755); /* mkdir */
}
#endif

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "native";
	long result = -ENOSYS;
#ifdef __x86_64__
	if (!strcmp(way, "int80"))
		result = make_by_32("/made");
	if (!strcmp(way, "x32"))
		result = syscall(SYS_mkdir | 0x40000000, "/made", 0755) < 0 ? -errno : 0;
#endif
	if (!strcmp(way, "native"))
		result = syscall(SYS_mkdirat, -100, "/made", 0755) < 0 ? -errno : 0;
	puts(result < 0 ? strerror((int)-result) : "made");
	return 0;
}
