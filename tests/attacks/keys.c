/*
 * keys keep NAME: makes a session keyring of that name that everybody may search and link, prints its number, and
 * waits.
 * keys session: prints the number of the session keyring. keys with TEXT COMMAND...: executes the command in a
 * session keyring that holds a key with that text. keys read: prints the text of the key, if the key can be found.
 */
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long keyctl(int operation, long a, long b, long c, long d)
{
	return syscall(SYS_keyctl, operation, a, b, c, d);
}

static int keep(const char *name)
{
	long ring = keyctl(KEYCTL_JOIN_SESSION_KEYRING, (long)name, 0, 0, 0);
	if (ring < 0 || keyctl(KEYCTL_SETPERM, ring, 0x3f3f3f3f, 0, 0) < 0)
		return 1;
	printf("%ld\n", ring);
	(void)fflush(stdout);
	(void)sleep(1000);
	return 0;
}

static int execute_with(char **args)
{
	if (keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0) < 0 ||
		syscall(SYS_add_key, "user", "hull-test", args[0], strlen(args[0]), KEY_SPEC_SESSION_KEYRING) < 0)
		return 1;
	(void)execvp(args[1], args + 1);
	return 1;
}

static int read_key(void)
{
	char text[64] = "";
	long key = syscall(SYS_request_key, "user", "hull-test", NULL, 0);
	if (key < 0 || keyctl(KEYCTL_READ, key, (long)text, sizeof(text) - 1, 0) < 0)
		return 1;
	puts(text);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "keep"))
		return keep(argv[2]);
	if (argc > 3 && !strcmp(argv[1], "with"))
		return execute_with(argv + 2);
	if (argc > 1 && !strcmp(argv[1], "read"))
		return read_key();
	printf("%ld\n", keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0, 0, 0));
	return 0;
}
