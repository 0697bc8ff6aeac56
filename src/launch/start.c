#include "launch/start.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/proc.h"
#include "launch/sync.h"
#include "run/interrupt.h"

static int fail_dead(const struct container *c, struct error *err)
{
	return fail(err, 0, "cannot start container %s: its init is dead", c->id);
}

static int connect_to_init(const struct container *c, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = CONTAINER_START_SOCKET };
	FD(sock) = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0 || fchdir(c->dir) < 0)
		return fail(err, errno, "start container %s", c->id);
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return errno == ECONNREFUSED ? fail_dead(c, err) : fail(err, errno, "start container %s", c->id);
	return take_fd(&sock);
}

/* The program runs when the connection ends after TELL_EXECING: execve(2) has closed it. */
static int wait_executed(const struct container *c, int sock, int interrupt, struct error *err)
{
	bool executing = false;
	for (;;) {
		struct message message;
		FD(fd) = -1;
		int status = interrupt_wait(interrupt, sock, err) < 0 ? -1 : sync_receive(sock, &message, &fd, err);
		if (status < 0 && err->errnum != ECONNRESET)
			return -1;
		if (status == 0 && executing)
			return 0;
		if (status <= 0)
			return fail(err, 0, "start container %s: init died before its program ran", c->id);
		if (message.kind == TELL_ERROR) {
			*err = message.error;
			return -1;
		}
		executing = message.kind == TELL_EXECING;
	}
}

/* Whatever has failed, init must not run the program after all; and the next command must find the container stopped.
 * */
static void end_init(struct container *c)
{
	enum { PATIENCE_MS = 10000 };
	(void)container_signal(c, SIGKILL, NULL); /* it may be gone already */
	FD(pidfd) = proc_pidfd((pid_t)c->record.pid.value, c->record.pid_start.value, NULL);
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };
	if (pidfd >= 0)
		(void)poll(&fd, 1, PATIENCE_MS); /* there is nothing else to try */
}

int start_init(struct container *c, struct error *err)
{
	FD(sock) = connect_to_init(c, err);
	INTERRUPT(interrupt);
	if (sock < 0 || interrupt_open(&interrupt, err) < 0)
		return -1;
	/* The name of the socket is removed first: if we are killed in between, the container is stopped, and never
	 * running with the status of a created one. */
	if (unlinkat(c->dir, CONTAINER_START_SOCKET, 0) < 0)
		return fail(err, errno, "start container %s", c->id);
	int status = sync_send(sock, ANSWER, 0, -1) == 0   ? wait_executed(c, sock, interrupt.fd, err) :
		     errno == EPIPE || errno == ECONNRESET ? fail_dead(c, err) :
							     fail(err, errno, "start container %s", c->id);
	if (status < 0)
		end_init(c);
	return status;
}

/* The user who made the other end of a socket, as our user namespace maps it. Users that are not mapped look alike. */
static uid_t peer_of(int sock)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);
	(void)getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len); /* only a seccomp filter can refuse it */
	return peer.uid;
}

/* Accepts only the user who created the container. The permissions of the socket's directory keep others away too. */
static int accept_start(int listen, uid_t creator)
{
	for (;;) {
		int sock = accept4(listen, NULL, NULL, SOCK_CLOEXEC);
		if (sock >= 0 && (peer_of(sock) == creator || defence_is_off("start-peer")))
			return sock;
		if (sock < 0 && errno != EINTR)
			return -1;
		close_fd(&sock);
	}
}

int start_await(int *sync, int *listen, struct error *err)
{
	struct message go;
	FD(unexpected) = -1;
	uid_t creator = peer_of(*sync);
	close_fd(sync);
	*sync = accept_start(*listen, creator);
	if (*sync < 0)
		return fail(err, errno, "wait for start");
	close_fd(listen);
	if (sync_receive(*sync, &go, &unexpected, err) <= 0 || go.kind != ANSWER)
		_exit(1);
	return 0;
}

int start_run_poststart(struct container *c, const struct oci_config *config, struct error *err)
{
	if (!config->hooks ||
		container_run_hooks(c, config, &config->hooks->poststart, ".hooks.poststart", STATUS_RUNNING, err) == 0)
		return 0;
	(void)container_signal(c, SIGKILL, NULL); /* it may be gone already */
	return -1;
}
