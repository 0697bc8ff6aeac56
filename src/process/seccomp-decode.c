#include "process/seccomp-decode.h"

#include <string.h>

/* The six bits of a character of base64 (RFC 4648), or -1. */
static int bits_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

int seccomp_decode(struct arena *arena, const char *text, struct seccomp_program *program)
{
	size_t len = strlen(text), count = 0;
	if (len % 4 != 0 || len / 4 * 3 > BPF_MAXINSNS * sizeof(struct sock_filter) + 2)
		return -1;
	unsigned char *bytes = arena_alloc(arena, len); /* aligned, as all that the arena gives */
	unsigned value = 0, have = 0;
	for (; *text && bits_of(*text) >= 0; text++) {
		value = value << 6 | (unsigned)bits_of(*text);
		have += 6;
		if (have >= 8) {
			have -= 8;
			bytes[count++] = (unsigned char)(value >> have);
		}
	}
	if (strspn(text, "=") != strlen(text) || strlen(text) > 2 || count == 0 ||
		count % sizeof(struct sock_filter) != 0)
		return -1;
	program->filter = (struct sock_filter *)(void *)bytes;
	program->len = (unsigned short)(count / sizeof(struct sock_filter));
	return 0;
}
