/*
 * A network for a container without one: pasta(1) or slirp4netns(1), which bring the caller's own connections into a
 * network namespace and need no privilege for it.
 *
 *	network_start(NETWORK_PASTA, netns, pidfd, &err);
 *
 * A small process of ours stays with it: it ends the helper when the container's init has ended, and the helper ends
 * with it.
 */
#pragma once

#include "base/error.h"
#include "namespaces/net.h"

/* Starts the helper for the network namespace and returns once the container can use it. netns and init (a pidfd) are
 * borrowed. What the helper says of its failure is the error. */
int network_start(enum network network, int netns, int init, struct error *err);
