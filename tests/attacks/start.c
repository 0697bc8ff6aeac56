/*
 * Another user starts a container that waits for its start:
 *
 *	start UID SOCKET       as that user; prints "refused" if there is no answer
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "launch/sync.h"

int main(int argc, char **argv)
{
	struct message message = { .kind = ANSWER };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	if (argc < 3 || setresuid(atoi(argv[1]), atoi(argv[1]), atoi(argv[1])) < 0)
		return 2;
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", argv[2]);
	int sock = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror("connect");
		return 2;
	}
	(void)send(sock, &message, sizeof(message), MSG_NOSIGNAL); /* refused before or after it */
	if (recv(sock, &message, sizeof(message), 0) > 0)
		return 0;
	(void)puts("refused");
	return 1;
}
