#include "run/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"

static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

static bool is_ignored(int sig)
{
	struct sigaction action;
	return sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

bool interrupt_is(int sig)
{
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (signals[i] == sig)
			return !is_ignored(sig);
	return false;
}

static void end(int sig)
{
	_exit(128 + sig);
}

uint64_t interrupt_ends_us(void)
{
	uint64_t handled = 0;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		(void)signal(signals[i], end);
		handled |= 1ULL << (signals[i] - 1);
	}
	return handled;
}

int interrupt_open(struct interrupt *interrupt, struct error *err)
{
	sigset_t set;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaddset(&set, signals[i]);
	FD(fd) = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return fail(err, errno, "signalfd");
	if (sigprocmask(SIG_BLOCK, &set, &interrupt->saved) < 0)
		return fail(err, errno, "sigprocmask");
	interrupt->fd = take_fd(&fd);
	return 0;
}

void interrupt_close(struct interrupt *interrupt)
{
	if (interrupt->fd < 0)
		return;
	close_fd(&interrupt->fd);
	(void)sigprocmask(SIG_SETMASK, &interrupt->saved, NULL); /* a mask that the kernel gave */
}

int interrupt_take(int interrupt, struct error *err)
{
	struct signalfd_siginfo info = { 0 };
	if (read(interrupt, &info, sizeof(info)) < 0 || is_ignored((int)info.ssi_signo))
		return 0;
	(void)fail(err, 0, "interrupted by signal %u (%s)", info.ssi_signo, strsignal((int)info.ssi_signo));
	err->status = 128 + (int)info.ssi_signo;
	return -1;
}

int interrupt_wait(int interrupt, int fd, struct error *err)
{
	if (interrupt < 0)
		return 0;
	for (;;) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .fd = interrupt, .events = POLLIN } };
		int n = poll(fds, 2, -1);
		if (n < 0 && errno != EINTR)
			return fail(err, errno, "poll");
		if (n > 0 && fds[0].revents)
			return 0;
		if (n > 0 && interrupt_take(interrupt, err) < 0)
			return -1;
	}
}
