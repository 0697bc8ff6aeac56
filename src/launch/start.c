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
#include "oci/annotations.h"
#include "oci/state.h"
#include "run/hooks.h"
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

/* The program runs once the connection ends after TELL_EXECING: execve(2) closed it. What interrupts us meanwhile ends
 * init: it must not come to run after all. */
static int wait_executed(struct container *c, int sock, int interrupt, struct error *err)
{
	bool executing = false;
	for (;;) {
		struct message message;
		FD(fd) = -1;
		if (interrupt_wait(interrupt, sock, err) < 0) {
			(void)container_signal(c, SIGKILL, NULL); /* gone is as good */
			return -1;
		}
		int status = sync_receive(sock, &message, &fd, err);
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

/* Init has failed or was killed: whoever looks next is to find it stopped. */
static void await_end(const struct container *c)
{
	enum { PATIENCE_MS = 10000 };
	FD(pidfd) = proc_pidfd((pid_t)c->record.pid.value, c->record.pid_start.value, NULL);
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };
	if (pidfd >= 0)
		(void)poll(&fd, 1, PATIENCE_MS); /* no more than that can be done */
}

int start_init(struct container *c, struct error *err)
{
	FD(sock) = connect_to_init(c, err);
	INTERRUPT(interrupt);
	if (sock < 0 || interrupt_open(&interrupt, err) < 0)
		return -1;
	/* The name goes first: a start that dies between the two leaves a stopped container, never a running one that
	 * passes for created. */
	if (unlinkat(c->dir, CONTAINER_START_SOCKET, 0) < 0)
		return fail(err, errno, "start container %s", c->id);
	int status = sync_send(sock, ANSWER, 0, -1) == 0   ? wait_executed(c, sock, interrupt.fd, err) :
		     errno == EPIPE || errno == ECONNRESET ? fail_dead(c, err) :
							     fail(err, errno, "start container %s", c->id);
	if (status < 0)
		await_end(c);
	return status;
}

/* The user who made the other end of a socket, as our user namespace has it: all whom it does not map are one. */
static uid_t peer_of(int sock)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);
	(void)getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len); /* unless by a seccomp filter */
	return peer.uid;
}

/* Of the user who made us alone, though the directory of the socket keeps all others away already. */
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
	size_t len;
	struct hooks_options output = { -1, -1, -1 };
	INTERRUPT(interrupt);
	if (!config->hooks || !config->hooks->poststart.len)
		return 0;
	if (hooks_open_output(oci_annotation(config, ANNOTATION_HOOKS_STDOUT),
		    oci_annotation(config, ANNOTATION_HOOKS_STDERR), &output, err) < 0 ||
		interrupt_open(&interrupt, err) < 0)
		return -1;
	output.interrupt = interrupt.fd;
	struct oci_state state = container_state(c, STATUS_RUNNING);
	char *text = oci_state_json(&c->arena, &state, false, &len);
	int status = hooks_run(&config->hooks->poststart, ".hooks.poststart", text, len, &output, err);
	close_fd(&output.stdout_fd);
	close_fd(&output.stderr_fd);
	if (status < 0)
		(void)container_signal(c, SIGKILL, NULL); /* gone is as good */
	return status;
}
