#include "process/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "namespaces/anchor.h"
#include "oci/config.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

#define MULTIPLEXER "/dev/pts/ptmx"

static const char needs_devpts[] = "a terminal needs a mount of type devpts on /dev/pts";

/* Checks that the file is the multiplexer of a devpts, since the image may have put any other file there. It is opened
 * with O_PATH first, so that no driver of another device is called. */
static int check_multiplexer(int fd, struct error *err)
{
	struct stat st;
	struct statfs fs;
	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return fail(err, errno, "stat %s", MULTIPLEXER);
	if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2)) {
		return fail_hint(err, 0, needs_devpts, "%s is not the multiplexer of a devpts", MULTIPLEXER);
	}
	return 0;
}

static int open_multiplexer(const struct anchors *anchors, struct error *err)
{
	FD(found) = anchor_open(anchors, MULTIPLEXER, O_PATH | O_NOFOLLOW);
	if (found < 0)
		return fail_hint(err, errno, errno == ENOENT ? needs_devpts : NULL, "open %s in the root filesystem",
			MULTIPLEXER);
	if (check_multiplexer(found, err) < 0)
		return -1;
	FD(master) = anchor_open(anchors, MULTIPLEXER, O_RDWR | O_NOCTTY | O_NOFOLLOW);
	if (master < 0)
		return fail(err, errno, "open %s in the root filesystem", MULTIPLEXER);
	/* The path may lead to another file the second time. */
	return check_multiplexer(master, err) < 0 ? -1 : take_fd(&master);
}

static unsigned short clamp_size(const struct oci_uint *size)
{
	return size->value > 0xffff ? 0xffff : (unsigned short)size->value;
}

int terminal_open(
	const struct anchors *anchors, const struct oci_console_size *size, uid_t uid, int *ret_peer, struct error *err)
{
	FD(master) = open_multiplexer(anchors, err);
	if (master < 0)
		return -1;
	int locked = 0;
	if (ioctl(master, TIOCSPTLCK, &locked) < 0)
		return fail(err, errno, "unlock the terminal");
	FD(peer) = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (peer < 0)
		return fail(err, errno, "open the peer of the terminal");
	if (size) {
		struct winsize window = { .ws_row = clamp_size(&size->height), .ws_col = clamp_size(&size->width) };
		if (ioctl(master, TIOCSWINSZ, &window) < 0)
			return fail_at(err, errno, ".process.consoleSize", "set the window size");
	}
	if (fchown(peer, uid, (gid_t)-1) < 0)
		return fail(err, errno, "give the terminal to user %u", (unsigned)uid);
	*ret_peer = take_fd(&peer);
	return take_fd(&master);
}

/* Opens the file to bind on with O_PATH, a new or an existing one. */
static int open_console(const struct anchors *anchors, struct error *err)
{
	const char *name;
	FD(dir) = anchor_parent(anchors, "/dev/console", &name, err);
	if (dir < 0)
		return -1;
	FD(made) = openat(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0620);
	if (made < 0 && errno != EEXIST)
		return fail(err, errno, "make /dev/console in the root filesystem");
	FD(console) = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (console < 0)
		return fail(err, errno, "open /dev/console in the root filesystem");
	struct stat st;
	if (fstat(console, &st) < 0)
		return fail(err, errno, "stat /dev/console");
	if (S_ISLNK(st.st_mode))
		return fail(err, 0, "/dev/console in the root filesystem is a symbolic link");
	if (S_ISDIR(st.st_mode))
		return fail(err, 0, "/dev/console in the root filesystem is a directory");
	return take_fd(&console);
}

int terminal_bind_console(const struct anchors *anchors, int peer, struct error *err)
{
	FD(console) = open_console(anchors, err);
	if (console < 0)
		return -1;
	FD(tree) = sys_open_tree(peer, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree < 0)
		return fail(err, errno, "open_tree of the terminal");
	/* No name is looked up, so another process cannot swap the files. */
	if (sys_move_mount(tree, "", console, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return fail(err, errno, "mount the terminal on /dev/console");
	return 0;
}

int terminal_take(int peer, struct error *err)
{
	if (ioctl(peer, TIOCSCTTY, 0) < 0)
		return fail(err, errno, "make the terminal the controlling one");
	for (int fd = 0; fd <= 2; fd++) {
		/* dup2 onto the same descriptor would leave close-on-exec set. */
		int result = fd == peer ? fcntl(peer, F_SETFD, 0) : dup2(peer, fd);
		if (result < 0)
			return fail(err, errno, "dup2 of the terminal to %d", fd);
	}
	return 0;
}

void terminal_copy_size(int master)
{
	struct winsize size;
	for (int fd = 0; fd <= 2; fd++)
		if (ioctl(fd, TIOCGWINSZ, &size) == 0) {
			(void)ioctl(master, TIOCSWINSZ, &size); /* a wrong size is no reason to stop */
			return;
		}
}

void terminal_bare_newlines(int master)
{
	struct termios settings;
	if (tcgetattr(master, &settings) < 0)
		return;
	settings.c_oflag &= ~(tcflag_t)ONLCR;
	(void)tcsetattr(master, TCSANOW, &settings); /* a carriage return is no reason to stop */
}

int terminal_send(const char *console_socket, int master, struct error *err)
{
	/* The data is a name for messages of the receiver. */
	static const char name[] = MULTIPLEXER;
	FD(sock) = connect_unix(console_socket, SOCK_STREAM, err);
	if (sock < 0)
		return error_prefix(err, "--console-socket");
	if (send_with_fd(sock, name, sizeof(name) - 1, master) < 0)
		return fail(err, errno, "send the terminal to console socket %s", console_socket);
	return 0;
}
