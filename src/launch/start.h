/*
 * Starting a created container.
 */
#pragma once

#include "base/error.h"
#include "container/container.h"
#include "oci/config.h"

/* Tells the waiting init to go on, and returns when its program runs. If it cannot be executed, the error says why and
 * has the exit status. After a failure init is dead. The caller holds the container's lock. */
int start_init(struct container *c, struct error *err);

/* The other end, in init: waits until start connects and says go. Afterwards *sync, which was the socket to the parent,
 * is that connection, and *listen is closed. There is one connection only: start removes the socket's name before it
 * says go, and if start dies in between, init ends. */
int start_await(int *sync, int *listen, struct error *err);

/* Runs the poststart hooks. If one fails, the container is killed, because it must not run half-configured. */
int start_run_poststart(struct container *c, const struct oci_config *config, struct error *err);
