/*
 * tty on COMMAND...: runs the command with a new controlling terminal; then prints how many bytes were put into the
 * input of that terminal, and its mode and owner. tty inject: tries to put bytes there from inside: by TIOCSTI, also
 * after taking the terminal, and by TIOCLINUX.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int inject(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		char paste = 3;
		(void)ioctl(fd, TIOCSTI, "!");
		(void)ioctl(fd, TIOCSCTTY, 0);
		(void)ioctl(fd, TIOCSTI, "!");
		(void)ioctl(fd, TIOCLINUX, &paste);
	}
	int tty = open("/dev/tty", O_RDWR);
	if (tty >= 0)
		(void)ioctl(tty, TIOCSTI, "!");
	return 0;
}

static void run_child(const char *name, char **args)
{
	(void)setsid();
	int peer = open(name, O_RDWR); /* the first terminal of a session becomes its own */
	for (int fd = 0; fd <= 2; fd++)
		(void)dup2(peer, fd);
	if (peer > 2)
		(void)close(peer);
	(void)execvp(args[0], args);
	_exit(127);
}

static int run_on(char **args)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), status = -1, bytes = 0;
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return 1;
	int peer = open(ptsname(master), O_RDWR | O_NOCTTY);
	struct termios raw;
	(void)tcgetattr(peer, &raw);
	cfmakeraw(&raw);
	(void)tcsetattr(peer, TCSANOW, &raw);
	pid_t pid = fork();
	if (pid == 0)
		run_child(ptsname(master), args);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		char text[512];
		struct pollfd item = { .fd = master, .events = POLLIN };
		if (poll(&item, 1, 50) > 0) {
			ssize_t n = read(master, text, sizeof(text));
			(void)!write(2, text, n > 0 ? (size_t)n : 0);
		}
	}
	(void)ioctl(peer, FIONREAD, &bytes);
	struct stat st;
	(void)fstat(peer, &st);
	printf("injected %d\nmode %o\nowner %u\n", bytes, st.st_mode & 07777, st.st_uid);
	return status ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "on"))
		return run_on(argv + 2);
	return inject();
}
