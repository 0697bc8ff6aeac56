/*
 * The conversation of parent and child: the child asks, the parent answers.
 *
 *	 child                              parent
 *	 ASK_MAP_IDS    ----------------->  write the id maps of the child's user namespace
 *	 ASK_ADOPT pid, pidfd  ---------->  init is this process from now on: reap the first child
 *	 TELL_BORN pid, pidfd  ---------->  likewise for exec, whose process does not wait for an answer
 *	 ASK_HOOKS      ----------------->  move network devices; prestart and createRuntime hooks
 *	 ASK_CONSOLE  fd ---------------->  hand to the console socket, or keep for the relay
 *	 ASK_NETWORK  fd ---------------->  start the helper that connects this network namespace
 *	 ASK_NOTIFY   fd ---------------->  hand the seccomp listener to the agent
 *	 ASK_READY      ----------------->  limits, resctrl, state.json
 *	 TELL_ERROR: at any time, instead of anything else; then the child exits.
 *	 end of file: init runs the container's program, or died.
 *
 * The parent answers each question with ANSWER and init's pid, or with TELL_ERROR, after which the child exits without
 * a word. If the child asks nothing before ASK_READY, the parent answers that in advance, so that neither waits longer
 * than it must. A SOCK_SEQPACKET pair carries whole messages, each with one descriptor at most.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum message_kind {
	ASK_MAP_IDS = 1,
	ASK_ADOPT,
	ASK_HOOKS,
	ASK_CONSOLE,
	ASK_NOTIFY,
	ASK_NETWORK,
	ASK_READY,
	TELL_BORN,
	ANSWER,
	TELL_EXECING, /* to start: next comes the end of file, because the program runs, or an error */
	TELL_ERROR,
	MESSAGE_KINDS,
};

struct message {
	uint32_t kind; /* enum message_kind */
	int32_t value; /* a pid */
	struct error error;
};

/* A pair of close-on-exec sockets: [0] the parent's, [1] the child's. */
int sync_pair(int pair[2], struct error *err);

/* Sends one message; fd goes along unless it is -1. -1 and errno. */
int sync_send(int sock, enum message_kind kind, int32_t value, int fd);
/* Sends TELL_ERROR. If it cannot be sent, the reader sees an end of file. */
void sync_send_error(int sock, const struct error *error);

/* Receives one message: 1; 0 at end of file; -1 on failure (EPROTO if it is no message). */
int sync_receive(int sock, struct message *ret_message, int *ret_fd, struct error *err);
/* Whether the `len` bytes received are a message. Makes its strings printable. For sync_receive() and the fuzzer. */
bool sync_validate(struct message *message, size_t len);

/* Asks, waits for the answer and returns its value. If the parent refuses, the error has the text "". */
int sync_ask(int sock, enum message_kind kind, int32_t value, int fd, struct error *err);
