/*
 * The traffic of a container's network interfaces.
 *
 *	struct traffic traffic;
 *	traffic_read(&arena, &container, &traffic);
 *	if (traffic.kind == TRAFFIC_OWN) ...
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct container;

/* In the order of proc_pid_net(5)'s "dev". */
enum {
	RX_BYTES,
	RX_PACKETS,
	RX_ERRORS,
	RX_DROPPED,
	TX_BYTES,
	TX_PACKETS,
	TX_ERRORS,
	TX_DROPPED,
	TRAFFIC_NUMBERS,
};

struct traffic_interface {
	const char *name;
	uint64_t numbers[TRAFFIC_NUMBERS];
};

/* The names of each number for programs. */
struct traffic_number {
	const char *json, *metric, *help;
};
extern const struct traffic_number traffic_numbers[TRAFFIC_NUMBERS];

typedef LIST(struct traffic_interface) traffic_interfaces;

enum traffic_kind {
	TRAFFIC_NONE,   /* unknown: no process is left in the network namespace, or it may not be looked at */
	TRAFFIC_SHARED, /* the container is in the caller's network namespace: the traffic is not its own */
	TRAFFIC_OWN,
};

struct traffic {
	enum traffic_kind kind;
	traffic_interfaces interfaces; /* only of TRAFFIC_OWN */
};

/* The names are allocated in the arena. */
void traffic_read(struct arena *arena, const struct container *c, struct traffic *ret);

/* Parses, and changes, the text of /proc/PID/net/dev. For traffic_read() and the tests. */
void traffic_parse(struct arena *arena, char *text, traffic_interfaces *list);

/* Bytes of all interfaces but the loopback one. */
void traffic_sum(const struct traffic *traffic, uint64_t *ret_received, uint64_t *ret_sent);
