/* Sends each operand to the service manager at $NOTIFY_SOCKET, as a program in a container does. Exits with 9 if
 * there is none. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (!path)
		return 9;
	strncpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	for (int i = 1; i < argc; i++)
		if (sendto(fd, argv[i], strlen(argv[i]), 0, (void *)&to, sizeof(to)) < 0)
			return 1;
	(void)usleep(200000); /* so that it is there while others act on what it said */
	return 0;
}
