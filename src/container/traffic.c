#include "container/traffic.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "container/container.h"

enum { DEV_MAX = 1 << 20 };

/* The names in JSON are those of runc. */
const struct traffic_number traffic_numbers[TRAFFIC_NUMBERS] = {
	[RX_BYTES] = { "RxBytes", "hull_network_received_bytes", "Bytes received" },
	[RX_PACKETS] = { "RxPackets", "hull_network_received_packets", "Packets received" },
	[RX_ERRORS] = { "RxErrors", "hull_network_receive_errors", "Packets received with errors" },
	[RX_DROPPED] = { "RxDropped", "hull_network_receive_drops", "Packets received and dropped" },
	[TX_BYTES] = { "TxBytes", "hull_network_sent_bytes", "Bytes sent" },
	[TX_PACKETS] = { "TxPackets", "hull_network_sent_packets", "Packets sent" },
	[TX_ERRORS] = { "TxErrors", "hull_network_send_errors", "Packets not sent because of errors" },
	[TX_DROPPED] = { "TxDropped", "hull_network_send_drops", "Packets dropped on sending" },
};

void traffic_parse(struct arena *arena, char *text, traffic_interfaces *list)
{
	char *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct traffic_interface i = { .name = line + strspn(line, " ") };
		unsigned long long n[TRAFFIC_NUMBERS];
		char *colon = strrchr(line, ':'); /* the two lines of the heading have none */
		if (!colon || sscanf(colon + 1, "%llu %llu %llu %llu %*u %*u %*u %*u %llu %llu %llu %llu", &n[0], &n[1],
				      &n[2], &n[3], &n[4], &n[5], &n[6], &n[7]) != TRAFFIC_NUMBERS)
			continue;
		*colon = '\0';
		for (size_t k = 0; k < TRAFFIC_NUMBERS; k++)
			i.numbers[k] = n[k];
		*list_add(arena, list) = i;
	}
}

void traffic_read(struct arena *arena, const struct container *c, struct traffic *ret)
{
	char *text;
	*ret = (struct traffic){ .kind = TRAFFIC_NONE };
	FD(proc) = proc_open((pid_t)c->record.pid.value, NULL);
	int same = proc < 0 || container_is_alive(c, NULL) <= 0 ?
			   -1 :
			   same_file(proc, "ns/net", AT_FDCWD, "/proc/self/ns/net");
	if (same != 0) {
		ret->kind = same > 0 ? TRAFFIC_SHARED : TRAFFIC_NONE;
		return;
	}
	bool known = read_file_at(arena, proc, "net/dev", DEV_MAX, &text, NULL) >= 0;
	ret->kind = known ? TRAFFIC_OWN : TRAFFIC_NONE;
	if (known)
		traffic_parse(arena, text, &ret->interfaces);
}

void traffic_sum(const struct traffic *traffic, uint64_t *ret_received, uint64_t *ret_sent)
{
	uint64_t received = 0, sent = 0;
	LIST_EACH (&traffic->interfaces, i)
		if (!str_eq(i->name, "lo")) {
			received += i->numbers[RX_BYTES];
			sent += i->numbers[TX_BYTES];
		}
	*ret_received = received;
	*ret_sent = sent;
}
