/*
 * Network namespaces: the loopback interface, and config-linux.md "Network Devices".
 *
 *	net_loopback_up(&err);                                          in the container's init
 *	net_devices_move(items, len, netns, &err);                      in the parent, before the prestart hooks
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "oci/config.h"

/* The program in user space that connects a new network namespace, or none. */
enum network { NETWORK_NONE, NETWORK_PASTA, NETWORK_SLIRP4NETNS };

/* The names of --network; ends with NULL. */
extern const struct word network_words[];

/* Brings lo up in the current network namespace. Needs CAP_NET_ADMIN in the user namespace that owns it. */
int net_loopback_up(struct error *err);

/* Moves each interface from the caller's network namespace into netns (a descriptor) and renames it in the same step.
 * Restores its permanent global addresses and sets it up. The caller must be single-threaded, since it enters the
 * namespace and returns. After a failure moved devices stay; physical ones return when the namespace ends. */
int net_devices_move(const struct oci_net_device *items, size_t len, int netns, struct error *err);
