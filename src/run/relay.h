/*
 * The waiting of a foreground command (run, exec): signals go to the container's process, its terminal is copied.
 *
 *	struct relay relay;
 *	relay_prepare(&relay, &err);                       before the process is started
 *	... start ...
 *	relay_run(&relay, pidfd, master, &status, &err);
 *
 * relay_prepare() blocks the signals that will be forwarded, so that one which comes too early waits for relay_run()
 * and does not leave a running container behind. The signals stay blocked after relay_run(), so that nothing interrupts
 * the cleaning up.
 *
 * System calls without a terminal: rt_sigprocmask, signalfd4, ppoll, waitid, close.
 */
#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"

struct relay {
	/* To be filled between relay_prepare() and relay_run() if the host wants to know when the container is ready
	 * (notify.h): the socket of sd_notify_prepare(), else -1; the address in NOTIFY_SOCKET; the process's id. */
	int notify;
	const char *notify_host;
	pid_t notify_pid;
	/* To be filled likewise: end of file on it tells that the program runs. What comes to end the command before
	 * (interrupt.h) ends the process, which has nobody yet to handle signals, and as the first of its pid namespace
	 * would ignore them. Or -1. */
	int executed;

	/* what relay_run() finds: the signal that ended the process, or 0; what it and those whom it waited for used */
	int signal;
	struct rusage usage;
};

int relay_prepare(struct relay *relay, struct error *err);

/* Returns when the process behind pidfd, a child of ours, has exited, and reaps it; *ret_status is its exit code or 128
 * + signal. Meanwhile signals are forwarded to it (SIGTSTP stops us as well) and other children reaped. Unless master
 * is -1, it is the container's terminal: it is copied from standard input and to standard output, and closed in the
 * end, also on failure (relay_run takes it over); standard input, where it is a terminal, is raw for that time and its
 * size is passed on. */
int relay_run(struct relay *relay, int pidfd, int master, int *ret_status, struct error *err);
