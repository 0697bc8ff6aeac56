/*
 * A network for a new network namespace, through pasta(1) or slirp4netns(1), which need no privilege and forward to the
 * caller's network.
 *
 *	network_start(NETWORK_PASTA, netns, pidfd, &err);
 *
 * A small process stays beside the helper and ends it when the container's init has ended.
 */
#pragma once

#include "base/error.h"
#include "namespaces/net.h"

/* Starts the helper and returns when the container can use the network. netns and init (a pidfd) stay the caller's. The
 * error quotes the helper. */
int network_start(enum network network, int netns, int init, struct error *err);
