/*
 * What is sent to end a command (HUP, INT, QUIT, TERM) does not end it half-way: it is blocked while something is
 * half-made, and looked for wherever we wait.
 *
 *	INTERRUPT(interrupt);
 *	if (interrupt_open(&interrupt, &err) < 0) ...
 *	if (interrupt_wait(interrupt.fd, sock, &err) < 0) ...  until sock can be read: undo, and end with 128 + signal
 *
 * One that comes when nobody waits any more is late: what was asked for has been done.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct interrupt {
	int fd; /* can be read once there is such a signal, or -1 */
	sigset_t saved;
};

#define INTERRUPT(name) struct interrupt name __attribute__((cleanup(interrupt_close))) = { .fd = -1 }

int interrupt_open(struct interrupt *interrupt, struct error *err);
/* The signals act again, also one that came meanwhile. Nothing if it is not open. */
void interrupt_close(struct interrupt *interrupt);

/* Waits until fd can be read; -1 if interrupt_take() says so before. The interrupt's descriptor may be -1: no waiting
 * then. */
int interrupt_wait(int interrupt, int fd, struct error *err);
/* Takes a signal that is there: -1, and err->status. 0 for one that our caller ignores: nohup(1). */
int interrupt_take(int interrupt, struct error *err);
/* Whether it is one of these signals, and not ignored. */
bool interrupt_is(int sig);
/* From here on until execve(2) each of them ends us at once, also as process 1 of a pid namespace, which is spared what
 * it does not handle (pid_namespaces(7)). Returns them: 1 << (number - 1). */
uint64_t interrupt_ends_us(void);
