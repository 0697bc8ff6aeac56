/* racer A B SECONDS: exchanges the two names without pause, by RENAME_EXCHANGE; once, if SECONDS is 0. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	(void)alarm((unsigned)atoi(argv[3]));
	do
		if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) < 0)
			return 1;
	while (atoi(argv[3]));
	return 0;
}
