/*
 * Starting a created container.
 */
#pragma once

#include "base/error.h"
#include "container/container.h"
#include "oci/config.h"

/* Tells the waiting init to go on, and returns when its program runs; why it could not be executed is the error, with
 * its exit status. Interrupted, it ends init. The container's lock must be held. */
int start_init(struct container *c, struct error *err);

/* The other end, in init: waits until start connects and says go. sync, connected to the parent, is that connection
 * afterwards; listen is closed. One connection is all there is: start removes the socket's name before it says go, and
 * a start that dies in between takes init along. */
int start_await(int *sync, int *listen, struct error *err);

/* Runs the poststart hooks. If one fails the container is killed: it must not run half-configured. */
int start_run_poststart(struct container *c, const struct oci_config *config, struct error *err);
