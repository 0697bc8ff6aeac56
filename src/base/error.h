/*
 * One error value for the parser, the wire and the terminal.
 *
 *	if (openat(dirfd, name, O_RDONLY | O_CLOEXEC) < 0)
 *		return fail(err, errno, "open %s", name);
 *
 * It holds no pointers: reporting cannot fail, and the child sends it over the socket as it is.
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
 * Where each error goes when all are wanted and not the first alone. A sequence of checks calls errors_end() with
 * the result of each of them:
 *
 *	if (errors_end(sink, check_device(device, i, err), err))
 *		return -1;
 *
 * Without a sink the first error ends the sequence. With one it is said and forgotten, and the sequence goes on.
 */
struct error_sink {
	void (*say)(void *data, const struct error *error);
	void *data;
};

bool errors_end(const struct error_sink *sink, int result, struct error *err);

/* Fills err (which may be NULL) and returns -1, so that it ends a function in one line. An earlier
 * `where` is kept: set it first with error_at() when the place is known before the call. */
int fail(struct error *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As fail(), and names the property at fault and the remedy; a NULL `where` keeps the earlier one, a NULL `hint` is none.
 * error_hint() is for a remedy that has to be formatted. */
int fail_at_hint(struct error *err, int errnum, const char *where, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
#define fail_at(err, errnum, where, ...) fail_at_hint(err, errnum, where, NULL, __VA_ARGS__)
#define fail_hint(err, errnum, hint, ...) fail_at_hint(err, errnum, NULL, hint, __VA_ARGS__)

/* Adds the remedy to a filled error; returns -1 so that it can end a function too. */
int error_hint(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Names the property at fault if nothing more exact is named yet; returns -1. */
int error_at(struct error *err, const char *where);

/* Puts what was being done before the text: "start container: …"; returns -1. */
int error_prefix(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Forgets an error that was handled. */
void error_clear(struct error *err);

/* Writes "file:line: where: text: strerror" to buf, without the hint; returns buf. */
char *error_line(const struct error *err, char *buf, unsigned long size);
