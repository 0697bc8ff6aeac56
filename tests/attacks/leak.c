/* leak DIR COMMAND...: executes the command with descriptors 3 to 64 open on the directory, none of them
 * close-on-exec. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int dir = argc > 2 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;
	if (dir < 0)
		return 125;
	for (int fd = 3; fd <= 64; fd++)
		if (fd != dir && dup2(dir, fd) < 0)
			return 125;
	(void)execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 125;
}
