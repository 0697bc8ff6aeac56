/*
 * Starting a created container.
 */
#pragma once

#include "base/error.h"
#include "container/container.h"
#include "oci/config.h"

/* Tells the waiting init to go on, and returns when its program runs; why it could not be executed is the error, with its exit status. Interrupted,
 * it ends init. The container's lock must be held. */
int start_init(struct container *c, struct error *err);

/* Runs the poststart hooks. If one fails the container is killed: it must not run half-configured. */
int start_run_poststart(struct container *c, const struct oci_config *config, struct error *err);
