/*
 * The container's terminal: a pseudoterminal pair on the container's devpts.
 *
 *	FD(peer) = -1;                                                 in init, after the mounts:
 *	FD(master) = terminal_open(&anchors, size, uid, &peer, &err);
 *	terminal_bind_console(&anchors, peer, &err);                   before pivot_root or after
 *	... master goes to the parent, init calls setsid() ...
 *	terminal_take(peer, &err);
 *	terminal_send("/run/console.sock", master, &err);              in the parent
 *
 * All paths resolve inside the root, and a last component that is a symlink is not followed.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"

struct anchors;
struct oci_console_size;

/* Opens the container's /dev/pts/ptmx, which must be the multiplexer of a devpts, and the peer of the new terminal
 * through TIOCGPTPEER, not by its name. uid (in the caller's user namespace) becomes the peer's owner; size may be
 * NULL. Returns the master. Both are close-on-exec and not the caller's controlling terminal. */
int terminal_open(const struct anchors *anchors, const struct oci_console_size *size, uid_t uid, int *ret_peer,
	struct error *err);

/* Binds the peer on the container's /dev/console (config-linux.md "Default Devices"). The file is made if it is
 * missing. A symlink or directory in its place is an error. The devpts must be mounted in the caller's mount
 * namespace. */
int terminal_bind_console(const struct anchors *anchors, int peer, struct error *err);

/* Makes peer the controlling terminal and standard input, output and error. The caller leads a new session. */
int terminal_take(int peer, struct error *err);

/* Copies the window size of the first terminal among standard input, output and error, if there is one. */
void terminal_copy_size(int master);

/* Ends lines of output in a newline alone, for output that goes to no terminal. */
void terminal_bare_newlines(int master);

/* Connects to a --console-socket and sends the master there, as runc(8) does. */
int terminal_send(const char *console_socket, int master, struct error *err);
