#include "process/seccomp-cache.h"

#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "oci/json-write.h"

enum {
	FORMAT = 2,  /* counts with every change to what process/seccomp.c makes of a profile */
	SLOTS = 256, /* files at most, so that ever new profiles do not fill the disk */
	MAX_FILE = 4 * 1024 * 1024,
};

struct head {
	char magic[8];
	uint64_t key_len, count, sum; /* sum: of the instructions, for a file that a crash cut or blanked */
};

static const char magic[8] = "hullbpf";

/* Multiplies and mixes eight bytes at a time. A chosen collision costs only a miss. */
static uint64_t hash(const void *data, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ len;
	const unsigned char *at = data;
	for (size_t n; len > 0; at += n, len -= n) {
		uint64_t word = 0;
		n = len < sizeof(word) ? len : sizeof(word);
		memcpy(&word, at, n);
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	return h;
}

/* All that the program depends upon. The listener is no part of it. */
void seccomp_cache_key(struct arena *arena, const struct oci_seccomp *seccomp, struct seccomp_key *ret_key)
{
	const struct scmp_version *version = seccomp_version();
	struct oci_seccomp profile = *seccomp;
	struct json_writer w;
	profile.listener_path = profile.listener_metadata = NULL;
	profile.flags.set = false; /* they go to seccomp(2) */
	json_begin(&w, arena, false);
	json_array(&w);
	const uint64_t numbers[] = { FORMAT, version->major, version->minor, version->micro, seccomp_arch_native() };
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_uint(&w, numbers[i]);
	json_struct(&w, &oci_seccomp_schema, &profile);
	json_end(&w);
	ret_key->data = json_finish(&w, &ret_key->len);
}

static void write_name(const struct seccomp_key *key, char *buf, size_t size)
{
	(void)snprintf(buf, size, "seccomp-%02x", (unsigned)(hash(key->data, key->len) % SLOTS));
}

/* A file that somebody else could have written is not trusted: it becomes the container's filter. */
static bool is_ours(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == geteuid() && !(st->st_mode & 022) && st->st_nlink == 1;
}

bool seccomp_cache_load(struct arena *arena, int dirfd, const struct seccomp_key *key, struct seccomp_program *program)
{
	char name[32];
	struct stat st;
	struct head head;
	write_name(key, name, sizeof(name));
	FD(fd) = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0 || !is_ours(&st) || st.st_size < (off_t)(sizeof(head) + key->len) ||
		st.st_size > MAX_FILE)
		return false;
	unsigned char *data = arena_alloc(arena, (size_t)st.st_size);
	if (read(fd, data, (size_t)st.st_size) != st.st_size)
		return false;
	memcpy(&head, data, sizeof(head));
	size_t size = (size_t)st.st_size - sizeof(head) - key->len;
	const unsigned char *code = data + sizeof(head) + key->len;
	if (memcmp(head.magic, magic, sizeof(magic)) != 0 || head.key_len != key->len ||
		memcmp(data + sizeof(head), key->data, key->len) != 0 || head.count == 0 || head.count > BPF_MAXINSNS ||
		size != head.count * sizeof(struct sock_filter) || head.sum != hash(code, size))
		return false;
	program->filter = arena_alloc(arena, size); /* aligned */
	memcpy(program->filter, code, size);
	program->len = (unsigned short)head.count;
	return true;
}

void seccomp_cache_store(int dirfd, const struct seccomp_key *key, const struct seccomp_program *program)
{
	char name[32];
	struct error err = { 0 };
	size_t code = program->len * sizeof(struct sock_filter);
	size_t size = sizeof(struct head) + key->len + code;
	if (size > MAX_FILE)
		return;
	struct head head = { .key_len = key->len, .count = program->len };
	memcpy(head.magic, magic, sizeof(magic));
	head.sum = hash(program->filter, code);
	char *data = malloc(size);
	if (!data)
		abort();
	memcpy(data, &head, sizeof(head));
	memcpy(data + sizeof(head), key->data, key->len);
	memcpy(data + sizeof(head) + key->len, program->filter, code);
	write_name(key, name, sizeof(name));
	if (replace_file_at(dirfd, name, data, size, 0600, &err) < 0)
		log_debug("seccomp cache: %s", err.text);
	free(data);
}
