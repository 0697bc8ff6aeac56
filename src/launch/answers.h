/*
 * Private to launch.c: what the parent does when the child asks (sync.h), and whom it tells about the new process.
 *
 *	publish_open(&l, &err);               before clone3
 *	answers_in_advance(&l, &err);         if the child need not ask
 *	answers_give(&l, &message, &err);     to each message of the child
 */
#pragma once

#include "base/error.h"
#include "launch/launch.h"
#include "launch/sync.h"

/* Whether the process that runs the program is born only after it has been told that all is ready: exec with a second
 * clone. */
bool launch_is_born_last(const struct launch *l);
/* Whether the limits are set by the parent: in a user namespace init has no right to raise them. */
bool launch_sets_limits(const struct launch *l);
/* Moves the process to the cgroup. */
int launch_attach(struct launch *l, struct error *err);
/* From now on `pidfd` and `pid` are init, and the first child is about to end. A process in the container that traces
 * the first child may have sent them: EPROTO unless they are children of ours. */
int launch_adopt(struct launch *l, int pidfd, pid_t pid, struct error *err);
/* Waits for the first child, if there is one. */
void launch_reap_first(struct launch *l);
/* After an error that the death of init may explain, waits a moment for that death and makes it the error. Returns -1.
 * */
int launch_blame(struct launch *l, struct error *err);
/* The error of an init that is dead and has not said why. Returns -1. */
int launch_fail_dead(struct launch *l, struct error *err);

/* Answers one message; l->asked_fd is the descriptor that came with it. */
int answers_give(struct launch *l, const struct message *message, struct error *err);
/* If the child asks nothing before ASK_READY, everything is done and granted at once, so that the child need not
 * wait. */
int answers_in_advance(struct launch *l, struct error *err);

/* Opens what --pid-file and --pidfd-socket name, while no process runs yet: a caller that sees an error may try
 * again. */
int publish_open(struct launch *l, struct error *err);
/* Writes the pid file, and sends the pidfd, and the terminal of an exec whose process is born last. */
int publish(struct launch *l, struct error *err);
