#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "process/executable.h"

#include <cmocka.h> /* last: its fail() is a macro */

/* Programs of 32 bits, whose loader the root filesystem of 64 bits lacks; not every kernel gets that far with them. */
static void test_loader_of_32_bits(void **state)
{
	(void)state;
	struct {
		Elf32_Ehdr head;
		Elf32_Phdr segments[2];
		char loader[32];
	} program = {
		.head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32 },
			.e_phoff = sizeof(Elf32_Ehdr),
			.e_phnum = 2 },
		.segments = { { .p_type = PT_PHDR },
			{ .p_type = PT_INTERP, .p_offset = sizeof(Elf32_Ehdr) + 2 * sizeof(Elf32_Phdr) } },
		.loader = "/lib/ld-nothing.so.2",
	};
	char path[] = "/tmp/hull-test-XXXXXX";
	struct error err = { .errnum = 0 };
	FD(fd) = mkstemp(path);
	assert_true(fd >= 0 && write(fd, &program, sizeof(program)) == (ssize_t)sizeof(program));
	assert_int_equal(executable_explain(path, "tool", ENOENT, &err), -1);
	assert_string_equal(err.text, "cannot execute `tool`: its loader /lib/ld-nothing.so.2");
	assert_int_equal(err.status, EXIT_NOT_FOUND);
	assert_int_equal(ftruncate(fd, sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr) + 10), 0);
	assert_int_equal(executable_explain(path, "tool", ENOENT, &err), -1);
	assert_string_equal(err.text, "cannot execute `tool`");
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loader_of_32_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
