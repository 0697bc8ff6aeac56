#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

static const struct folder *made;

void expect(bool truth)
{
	if (!truth)
		abort();
}

void expect_line(const struct error *err)
{
	char line[2048];
	expect(err->text[0]);
	const char *texts[] = { error_line(err, line, sizeof(line)), err->hint };
	for (size_t i = 0; i < 2; i++)
		for (const char *at = texts[i]; *at; at++)
			expect((unsigned char)*at >= 0x20 && *at != 0x7f);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	(void)remove(path);
	return 0;
}

static void remove_folder(void)
{
	(void)nftw(made->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void folder_make(struct folder *folder)
{
	(void)strcpy(folder->path, "/tmp/hull-fuzz.XXXXXX");
	expect(mkdtemp(folder->path));
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	made = folder;
	expect(folder->fd >= 0 && atexit(remove_folder) == 0);
}

void folder_put(const struct folder *folder, const char *name, const void *data, size_t size)
{
	char parent[64];
	const char *slash = strchr(name, '/');
	if (slash) {
		(void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - name), name);
		(void)mkdirat(folder->fd, parent, 0700);
	}
	FD(fd) = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	expect(fd >= 0 && write(fd, data, size) == (ssize_t)size);
}
