/*
 * Signals that end a command (HUP, INT, QUIT, TERM) do not leave its work half done: they are blocked meanwhile, and
 * checked for wherever the command waits.
 *
 *	INTERRUPT(interrupt);
 *	if (interrupt_open(&interrupt, &err) < 0) ...
 *	if (interrupt_wait(interrupt.fd, sock, &err) < 0) ...  undo, and exit with 128 + signal
 *
 * A signal that comes after the last wait is too late, since the work is done.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct interrupt {
	int fd; /* readable when such a signal is pending, or -1 */
	sigset_t saved;
};

#define INTERRUPT(name) struct interrupt name __attribute__((cleanup(interrupt_close))) = { .fd = -1 }

int interrupt_open(struct interrupt *interrupt, struct error *err);
/* Unblocks the signals; a pending one acts then. Does nothing if it is not open. */
void interrupt_close(struct interrupt *interrupt);

/* Waits until fd is readable. Returns -1 if interrupt_take() does so first. Does not wait if the interrupt is -1. */
int interrupt_wait(int interrupt, int fd, struct error *err);
/* Takes a pending signal: returns -1 and sets err->status, or 0 for a signal that is ignored, as with nohup(1). */
int interrupt_take(int interrupt, struct error *err);
/* Whether the signal is one of them and not ignored. */
bool interrupt_is(int sig);
/* Makes each of them end the process at once until execve(2), also as process 1 of a pid namespace, which gets only
 * signals that it handles (pid_namespaces(7)). Returns their set: 1 << (number - 1). */
uint64_t interrupt_ends_us(void);
