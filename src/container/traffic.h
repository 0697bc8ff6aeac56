/*
 * What went through the network interfaces of a container.
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

/* How programs are told each of them. */
struct traffic_number {
	const char *json, *metric, *help;
};
extern const struct traffic_number traffic_numbers[TRAFFIC_NUMBERS];

typedef LIST(struct traffic_interface) traffic_interfaces;

enum traffic_kind {
	TRAFFIC_NONE,   /* no process is left to look at it through, or it cannot be looked at */
	TRAFFIC_SHARED, /* the container has the caller's own network namespace: the traffic is not its own */
	TRAFFIC_OWN,
};

struct traffic {
	enum traffic_kind kind;
	traffic_interfaces interfaces; /* of TRAFFIC_OWN alone */
};

/* Names are the arena's. */
void traffic_read(struct arena *arena, const struct container *c, struct traffic *ret);

/* The part of it that reads the text of /proc/PID/net/dev, which it changes. */
void traffic_parse(struct arena *arena, char *text, traffic_interfaces *list);

/* Bytes of all interfaces but the loopback one. */
void traffic_sum(const struct traffic *traffic, uint64_t *ret_received, uint64_t *ret_sent);
