/*
 * The seccomp cache, whose files are damaged: a file that is accepted has the stored filter. The input is a list of
 * changes to a valid file, four bytes each: where (two), how many bytes to repeat there (one), which byte (one).
 *
 *	make fuzzers && build/fuzz/fuzz-cache -max_total_time=60 CORPUS
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "fuzz.h"
#include "process/seccomp-cache.h"
#include "process/seccomp.h"

enum { FILE_SIZE = 1 << 16 };

static struct folder folder;
static unsigned char valid[FILE_SIZE], changed[FILE_SIZE];
static size_t valid_size;
static char name[64];
static struct arena arena;
static struct seccomp_key key;
static struct sock_filter filter[] = { { 0x20, 0, 0, 0 }, { 0x15, 0, 1, 83 }, { 0x06, 0, 0, 0x50001 },
	{ 0x06, 0, 0, 0x7fff0000 } };
static const struct seccomp_program stored = { .filter = filter, .len = 4 };

static void begin(void)
{
	struct oci_seccomp seccomp = { .default_action = { true, 0x7fff0000 } };
	folder_make(&folder);
	seccomp_cache_key(&arena, &seccomp, &key);
	seccomp_cache_store(folder.fd, &key, &stored);
	DIR *dir = fdopendir(openat(folder.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	expect(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			(void)strncpy(name, entry->d_name, sizeof(name) - 1);
	(void)closedir(dir);
	FD(fd) = openat(folder.fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, valid, sizeof(valid));
	expect(fd >= 0 && size > 0);
	valid_size = (size_t)size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!valid_size)
		begin();
	memcpy(changed, valid, valid_size);
	size_t end = valid_size;
	for (; size >= 4; data += 4, size -= 4) {
		size_t at = (size_t)(data[0] << 8 | data[1]) % (valid_size + 64), n = data[2];
		if (at + n > FILE_SIZE)
			continue;
		if (n == 0) /* cuts it short */
			end = at;
		memset(changed + at, data[3], n);
		end = at + n > end ? at + n : end;
	}
	folder_put(&folder, name, changed, end);
	ARENA(mine);
	struct seccomp_program program = { 0 };
	if (seccomp_cache_load(&mine, folder.fd, &key, &program))
		expect(program.len == stored.len && memcmp(program.filter, filter, sizeof(filter)) == 0);
	return 0;
}
