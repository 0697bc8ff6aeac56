/*
 * The wait of a foreground command (run, exec): forwards signals to the container's process and copies its terminal.
 *
 *	struct relay relay;
 *	relay_prepare(&relay, &err);                       before the process is started
 *	... start ...
 *	relay_run(&relay, pidfd, master, &status, &err);
 *
 * relay_prepare() blocks the signals that are forwarded. An early signal stays pending until relay_run(), and does not
 * leave a running container behind. The signals stay blocked after relay_run(), so that they do not interrupt the
 * cleanup.
 *
 * System calls without a terminal: rt_sigprocmask, signalfd4, ppoll, waitid, close.
 */
#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"

struct relay {
	/* Set between relay_prepare() and relay_run() to tell the host when the container is ready (notify.h): the
	 * socket of sd_notify_prepare(), or -1; the address in NOTIFY_SOCKET; the pid of the process. */
	int notify;
	const char *notify_host;
	pid_t notify_pid;
	/* Set likewise, or -1: a descriptor with end of file when the program runs. A signal that ends the command
	 * before that (interrupt.h) kills the process, which does not handle signals yet and, as process 1 of a pid
	 * namespace, would ignore them. */
	int executed;

	/* Results of relay_run(): the signal that ended the process, or 0; its resource usage with its children's. */
	int signal;
	struct rusage usage;
};

int relay_prepare(struct relay *relay, struct error *err);

/* Waits for the process of pidfd, a child of the caller, and reaps it. *ret_status is its exit code, or 128 + signal.
 * Meanwhile signals are forwarded to it (SIGTSTP stops the caller too), and other children are reaped. `master` is the
 * container's terminal, or -1. It is copied from standard input and to standard output, and closed in the end, also on
 * failure. If standard input is a terminal, it is raw meanwhile and its size is passed on. */
int relay_run(struct relay *relay, int pidfd, int master, int *ret_status, struct error *err);
