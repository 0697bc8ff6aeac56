/*
 * The error of a failed call: what failed, why, at which property, and what the user can do about it.
 *
 *	if (openat(dirfd, name, O_RDONLY | O_CLOEXEC) < 0)
 *		return fail(err, errno, "open %s", name);
 *
 * A struct error holds no pointers, so that a child process can send it over a socket.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error {
	int errnum;      /* errno of the failed call, or 0 */
	int line;        /* line of a parse error in `file`, or 0 */
	int status;      /* exit status that the command should end with, or 0 for the usual 1 */
	char file[64];   /* base name of the parsed file, or "" */
	char where[192]; /* property at fault, as jq(1) writes it, or "" */
	char text[384];  /* what failed: lower case, no full stop */
	char hint[256];  /* what the user can do about it, or "" */
};

/*
 * Receives each error of a sequence of checks, if all are wanted and not only the first. The sequence calls
 * errors_end() with the result of each check:
 *
 *	if (errors_end(sink, check_device(device, i, err), err))
 *		return -1;
 *
 * Without a sink, the first error ends the sequence. With a sink, the error is passed to it and cleared, and the
 * sequence goes on.
 */
struct error_sink {
	void (*say)(void *data, const struct error *error);
	void *data;
};

bool errors_end(const struct error_sink *sink, int result, struct error *err);

/* Fills err (which may be NULL) and returns -1, so that it ends a function in one line. An earlier
 * `where` is kept: set it first with error_at() when the place is known before the call. */
int fail(struct error *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As fail(), and names the property at fault and the remedy; a NULL `where` keeps the earlier one, a NULL `hint` is
 * none. error_hint() is for a remedy that has to be formatted. */
int fail_at_hint(struct error *err, int errnum, const char *where, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
#define fail_at(err, errnum, where, ...) fail_at_hint(err, errnum, where, NULL, __VA_ARGS__)
#define fail_hint(err, errnum, hint, ...) fail_at_hint(err, errnum, NULL, hint, __VA_ARGS__)

/* Adds the remedy to a filled error; returns -1 so that it can end a function too. */
int error_hint(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Names the property at fault if nothing more exact is named yet; returns -1. */
int error_at(struct error *err, const char *where);

/* Prefixes the text with the action that failed: "start container: …"; returns -1. */
int error_prefix(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Clears an error that was handled. */
void error_clear(struct error *err);

/* Writes "file:line: where: text: strerror" to buf, without the hint; returns buf. */
char *error_line(const struct error *err, char *buf, unsigned long size);
