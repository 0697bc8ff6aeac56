/*
 * The conversation of parent and child: the child asks, the parent answers.
 *
 *	 child                              parent
 *	 ASK_MAP_IDS    ----------------->  write the id maps of the child's user namespace
 *	 ASK_ADOPT pid, pidfd  ---------->  init is another process: wait for the first child
 *	 TELL_BORN pid, pidfd  ---------->  so is exec's, which does not wait for an answer
 *	 ASK_HOOKS      ----------------->  move network devices; prestart and createRuntime hooks
 *	 ASK_CONSOLE  fd ---------------->  hand to the console socket, or keep for the relay
 *	 ASK_NETWORK  fd ---------------->  start who brings a network to this namespace
 *	 ASK_NOTIFY   fd ---------------->  hand the seccomp listener to the agent
 *	 ASK_READY      ----------------->  limits, resctrl, state.json
 *	 TELL_ERROR: at any time, instead of anything else; then the child exits.
 *	 end of file: init runs the container's program, or died.
 *
 * Each question is answered by ANSWER with init's pid, or by TELL_ERROR, after which the child exits without a word.
 * Where the child has nothing to ask before ASK_READY, that is answered in advance: neither waits for the other longer
 * than it must. A SOCK_SEQPACKET pair carries whole messages; at most one descriptor goes with one.
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
	TELL_EXECING, /* on a start connection: what follows is the program, or its error */
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
/* Sends TELL_ERROR; that it cannot be sent is the reader's end of file. */
void sync_send_error(int sock, const struct error *error);

/* Receives one message: 1, or 0 at end of file, or -1 (EPROTO for what is no message). */
int sync_receive(int sock, struct message *ret_message, int *ret_fd, struct error *err);
/* Whether `len` received bytes are a message; makes its strings such that they can be printed. For sync_receive and the
 * fuzzer. */
bool sync_validate(struct message *message, size_t len);

/* Asks and waits for the answer, whose value is returned; the parent's refusal is the error, with text "". */
int sync_ask(int sock, enum message_kind kind, int32_t value, int fd, struct error *err);
