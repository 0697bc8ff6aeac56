/*
 * Descriptors: closed by scope, taken by name, always close-on-exec.
 *
 *	FD(dir) = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
 *	...
 *	return take_fd(&dir);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

void close_fd(int *fd); /* closes it unless negative, keeps errno, leaves -1 */
int take_fd(int *fd);   /* returns it and leaves -1, so that the end of the scope does not close it */
/* Whether the descriptor is open, and left open by execve(2): hull inherited it, and did not open it itself. */
bool fd_is_inherited(int fd);
/* Closes all descriptors from `first` on except those in keep, some of which may be -1. -1 and errno. */
int close_all_but(int first, const int *keep, size_t count);

/* mkdirat(2) with exactly this mode: the caller's umask is for his own files. 0, or -1 and errno. */
int mkdir_exactly(int dirfd, const char *name, mode_t mode);

#define FD(name) int name __attribute__((cleanup(close_fd)))

/* Many short-lived descriptors in a row; those with adjacent numbers are closed by one close_range(2):
 *
 *	FD_BATCH(batch);
 *	int target = fd_batch_add(&batch, open(...));
 */
enum { FD_BATCH_MAX = 48 }; /* a low RLIMIT_NOFILE must suffice */

struct fd_batch {
	int fds[FD_BATCH_MAX];
	unsigned len;
};

#define FD_BATCH(name) struct fd_batch name __attribute__((cleanup(fd_batch_close))) = { .len = 0 }

/* Returns fd; a negative one is not added. A full batch first closes its older half. */
int fd_batch_add(struct fd_batch *batch, int fd);
void fd_batch_close(struct fd_batch *batch); /* keeps errno */

/* Whether both are one file (device and inode), links followed: 1 or 0; -1 and errno if one of them cannot be found.
 * An empty path means the descriptor itself. */
int same_file(int dir, const char *path, int other_dir, const char *other);

/* Writes everything, across short writes and EINTR. -1 and errno. */
int write_all(int fd, const void *data, size_t len);

/* Reads the file at dirfd/path to its end. The text belongs to the arena, and a NUL byte follows it. More than `limit`
 * bytes is EFBIG. Returns the length. */
ssize_t read_file_at(
	struct arena *arena, int dirfd, const char *path, size_t limit, char **ret_text, struct error *err);
/* The same from an open descriptor; errors call it `name`. */
ssize_t read_fd(struct arena *arena, int fd, const char *name, size_t limit, char **ret_text, struct error *err);

/* Writes text to an existing file (kernel files: one write, no O_CREAT, no O_TRUNC). */
int write_file_at(int dirfd, const char *path, const char *text, struct error *err);

/* Replaces dirfd/name as a whole: the file gets its name when it is complete, so that a process that is killed leaves
 * no temporary file. Between the two there may be no file of that name. Where the file system has no O_TMPFILE, a file
 * .NAME.PID is renamed. A failure leaves the old file unchanged. */
int replace_file_at(int dirfd, const char *name, const char *text, size_t len, mode_t mode, struct error *err);

/* Sends `len` bytes of data and, unless fd is -1, that descriptor (SCM_RIGHTS), as one message. -1 and errno. */
int send_with_fd(int sock, const void *data, size_t len, int fd);
/* Receives one message. *ret_fd is the descriptor that came with it, close-on-exec, or -1; any further ones are
 * closed. Returns the number of bytes, 0 at end of file, or -1 and errno; EMSGSIZE for a longer message. */
ssize_t recv_with_fd(int sock, void *data, size_t len, int *ret_fd);
/* Connects to a unix stream socket at a path of any length. Returns the descriptor. */
int connect_unix(const char *path, int type, struct error *err);
