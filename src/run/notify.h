/*
 * Messages to other programs: the listener for the seccomp agent, READY=1 for systemd.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* Connects to .linux.seccomp.listenerPath and sends the listener with the container process state as JSON
 * (config-linux.md "The Container Process State"). The descriptor is in the first message; the rest of a long text
 * follows. */
int notify_seccomp_agent(
	const char *listener_path, int listener_fd, const char *process_state_json, size_t len, struct error *err);

/*
 * sd_notify(3) for a container whose runtime was started with NOTIFY_SOCKET. The directory SD_NOTIFY_DIR of the state
 * directory is bound read-only on SD_NOTIFY_TARGET in the container, whose environment gets SD_NOTIFY_ENV. The host's
 * socket does not enter the container. Of the container's messages only READY=1 is passed on, with the container's pid
 * as MAINPID.
 *
 *	FD(sock) = sd_notify_prepare(state_dir, &err);                       create, before the mounts
 *	sd_notify_forward_ready(sock, getenv("NOTIFY_SOCKET"), pidfd, pid, &err);   after start
 */
#define SD_NOTIFY_DIR "notify"
#define SD_NOTIFY_TARGET "/run/notify"
#define SD_NOTIFY_ENV "NOTIFY_SOCKET=/run/notify/notify.sock"

/* Makes SD_NOTIFY_DIR/notify.sock in the state directory, replacing an old socket, and returns the socket. */
int sd_notify_prepare(int state_dir, struct error *err);

/* Takes a pending message from the container and passes READY=1 on as sd_notify_forward_ready() does. Returns 1 if it
 * did so, else 0. For the relay of a foreground run (relay.h). */
int sd_notify_step(int sock, const char *host_socket, pid_t pid, struct error *err);

/* Waits until the container sends READY=1 and passes it to the host's socket (a path, or "@name" for an abstract one)
 * with MAINPID=pid. Returns 1, or 0 if the process of pidfd exited first. */
int sd_notify_forward_ready(int sock, const char *host_socket, int pidfd, pid_t pid, struct error *err);
