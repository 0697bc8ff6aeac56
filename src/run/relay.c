#include "run/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "process/terminal.h"
#include "run/interrupt.h"
#include "run/notify.h"

enum {
	COPY_SIZE = 4096,  /* PIPE_BUF: a pipe that polls as writable takes as much without blocking */
	FULL_MS = 5,       /* pause before writing again to a terminal that polls as writable and has no room */
	PAUSE_MS = 100,    /* pause before looking again at a terminal that is hung up, or in the background */
	EOF_MAX_MS = 3000, /* longest pause before the end of file is sent again */
	/* More than the kernel buffers of a terminal's output (64 KiB and the line discipline's buffer). So much is
	 * still copied after the exit, though a background process may go on writing. */
	DRAIN_LIMIT = 256 * 1024,
};

/* Signals that are neither blocked nor forwarded: those raised by faults of this process, its own job control, and
 * those that are ignored by default and that some programs take for a command (Apache stops on SIGWINCH). SIGKILL and
 * SIGSTOP cannot be blocked. */
static const int kept_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU, SIGURG,
	SIGWINCH, SIGKILL, SIGSTOP };

struct copy {
	size_t start, end;
	char data[COPY_SIZE];
};

struct session {
	struct relay *relay;
	int pidfd, signals, master;
	int output;                      /* standard output, opened anew where writing could block */
	int exit_status, interrupted_by; /* interrupted_by: a signal, or 0 */
	bool exited, ended_by_signal;
	bool hung_up; /* no process has the terminal open now, and reading it fails with EIO */
	bool input_open, mid_line;
	int eof_pause; /* milliseconds between two end-of-file characters; 0 while input may come */
	int64_t eof_at;
	bool raw;    /* standard input is a terminal, with its settings in `saved` */
	bool lapsed; /* it is not raw now, since this process was continued in the background */
	struct termios saved;
	struct copy in, out; /* to and from the container's terminal */
};

int relay_prepare(struct relay *relay, struct error *err)
{
	sigset_t blocked;
	(void)sigfillset(&blocked);
	for (size_t i = 0; i < sizeof(kept_signals) / sizeof(kept_signals[0]); i++)
		(void)sigdelset(&blocked, kept_signals[i]);
	if (sigprocmask(SIG_BLOCK, &blocked, NULL) < 0)
		return fail(err, errno, "sigprocmask");
	relay->notify = relay->executed = -1;
	return 0;
}

static int open_signals(bool terminal)
{
	sigset_t wanted;
	(void)sigfillset(&wanted);
	for (size_t i = 0; i < sizeof(kept_signals) / sizeof(kept_signals[0]); i++)
		(void)sigdelset(&wanted, kept_signals[i]);
	(void)sigdelset(&wanted, SIGPIPE); /* raised by own writes, which fail with EPIPE */
	if (terminal) {                    /* SIGWINCH is ignored by default, and stays pending only if blocked */
		sigset_t winch;
		(void)sigemptyset(&winch);
		(void)sigaddset(&winch, SIGWINCH);
		(void)sigprocmask(SIG_BLOCK, &winch, NULL);
		(void)sigaddset(&wanted, SIGWINCH);
	}
	return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Reaps the process if it has exited. */
static int check_exit(struct session *s, struct error *err)
{
	siginfo_t info = { 0 };
	/* A process made with CLONE_PARENT has no exit signal and needs __WALL. waitid(3) does not return the
	 * usage. */
	if (syscall(SYS_waitid, P_PIDFD, s->pidfd, &info, WEXITED | WNOHANG | __WALL, &s->relay->usage) < 0)
		return errno == EINTR ? 0 : fail(err, errno, "wait for the container's process");
	if (info.si_pid == 0)
		return 0;
	s->exited = true;
	s->relay->signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
	if (s->relay->signal == SIGKILL && s->interrupted_by)
		s->relay->signal = s->interrupted_by;
	s->exit_status = s->relay->signal ? 128 + s->relay->signal : info.si_status;
	return 0;
}

/* Reaps the children that a subreaper inherits. A zombie may be the container's process, which is reaped through its
 * pidfd first. */
static int reap_children(struct session *s, struct error *err)
{
	for (;;) {
		siginfo_t info = { 0 };
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 || !info.si_pid)
			return 0;
		if (check_exit(s, err) < 0)
			return -1;
		if (s->exited)
			return 0;
		(void)waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG | __WALL);
	}
}

/* Gives the container's terminal the size of the caller's. */
static void pass_size(const struct session *s)
{
	if (s->master >= 0)
		terminal_copy_size(s->master);
}

/* Whether this process may read and set its terminal. It always may if that is not the controlling terminal. */
static bool in_foreground(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);
	return group < 0 || group == getpgrp();
}

/* In the background, SIGTTOU stops this process until a shell brings it to the foreground. False if there is no such
 * shell (EIO). */
static bool await_foreground(void)
{
	return in_foreground() || tcdrain(STDIN_FILENO) == 0 || errno != EIO;
}

/* Makes standard input raw. If it is raw already, `saved` keeps the earlier settings. */
static int make_raw(struct session *s, struct error *err)
{
	struct termios now;
	if (!await_foreground() || tcgetattr(STDIN_FILENO, &now) < 0)
		return 0;
	if (!s->raw || (now.c_lflag & ISIG))
		s->saved = now;
	tcflag_t output = now.c_oflag;
	cfmakeraw(&now);
	if (!isatty(STDOUT_FILENO)) /* the terminal shows what another program makes of the output */
		now.c_oflag = output;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &now) < 0)
		return fail(err, errno, "make standard input raw");
	s->raw = true;
	s->lapsed = false;
	pass_size(s);
	return 0;
}

/* After a stop, in which a shell has changed the settings of the terminal: makes it raw again in the foreground. */
static void go_on(struct session *s)
{
	if (!s->raw)
		return;
	s->lapsed = true;
	if (in_foreground())
		(void)make_raw(s, NULL); /* it was possible before */
}

static bool is_executed(const struct relay *relay)
{
	struct pollfd fd = { .fd = relay->executed, .events = POLLIN };
	return relay->executed < 0 || poll(&fd, 1, 0) != 0;
}

static void pass_signal(struct session *s, int sig)
{
	if (interrupt_is(sig) && !is_executed(s->relay)) {
		s->interrupted_by = sig;
		sig = SIGKILL;
	}
	/* ESRCH: the process is a zombie, which the pidfd will report. */
	(void)sys_pidfd_send_signal(s->pidfd, sig);
}

/* Stops this process as a job of a shell, unless no shell could continue it. */
static void stop(void)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTSTP);
	(void)raise(SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static int take_signals(struct session *s, struct error *err)
{
	struct signalfd_siginfo infos[8];
	ssize_t n = read(s->signals, infos, sizeof(infos));
	for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(infos[0]); i++) {
		int sig = (int)infos[i].ssi_signo;
		if (sig == SIGCHLD) {
			if (!s->exited && reap_children(s, err) < 0)
				return -1;
		} else if (sig == SIGWINCH) {
			pass_size(s);
		} else if (s->exited) {
			s->ended_by_signal |= sig != SIGCONT && sig != SIGTSTP;
		} else {
			if (sig == SIGCONT)
				go_on(s);
			pass_signal(s, sig);
			if (sig == SIGTSTP)
				stop();
		}
	}
	return 0;
}

static bool copy_empty(const struct copy *copy)
{
	return copy->start == copy->end;
}

/* Writes as much as possible. False if the other side is gone. */
static bool copy_flush(struct copy *copy, int fd)
{
	ssize_t n = write(fd, copy->data + copy->start, copy->end - copy->start);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	copy->start += (size_t)n;
	return true;
}

static bool flush_output(struct session *s)
{
	size_t before = s->out.start;
	bool open = copy_flush(&s->out, s->output);
	if (open && s->out.start == before)
		(void)poll(NULL, 0, FULL_MS);
	return open;
}

static ssize_t copy_fill(struct copy *copy, int fd)
{
	ssize_t n = read(fd, copy->data, sizeof(copy->data));
	if (n > 0) {
		copy->start = 0;
		copy->end = (size_t)n;
	}
	return n;
}

/* Closes the master. The container gets SIGHUP, and EIO from then on. */
static void hang_up(struct session *s)
{
	close_fd(&s->master);
	s->out.start = s->out.end = 0;
	s->input_open = false;
	s->eof_pause = 0;
}

static void read_input(struct session *s)
{
	if (s->raw && (s->lapsed || !in_foreground()) && await_foreground() && in_foreground()) {
		(void)make_raw(s, NULL);
		if (!s->lapsed) /* else the terminal has hung up */
			return; /* pending input may have been the shell's */
	}
	ssize_t n = copy_fill(&s->in, STDIN_FILENO);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		s->input_open = false;
		s->eof_pause = n == 0 && !s->raw ? PAUSE_MS : 0;
		s->eof_at = 0;
		return;
	}
	s->mid_line = s->in.data[s->in.end - 1] != '\n';
}

/* Whether the container has read all input, the end of file included. Only the other side of the terminal tells. */
static bool has_read_all(int master)
{
	FD(peer) = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct pollfd fd = { .fd = peer, .events = POLLIN };
	return peer >= 0 && poll(&fd, 1, 0) == 0;
}

/* Sends the terminal's end-of-file character for the end of a file or pipe. In the middle of a line it takes two of
 * them or, for a program that edits lines itself, the end of the line. */
static void send_eof(struct session *s)
{
	struct termios settings = { .c_lflag = ICANON };
	(void)tcgetattr(s->master, &settings);
	char eof = settings.c_cc[VEOF] ? (char)settings.c_cc[VEOF] : 4;
	s->in.start = 0;
	s->in.end = 0;
	if (s->mid_line)
		s->in.data[s->in.end++] = settings.c_lflag & ICANON ? eof : '\r';
	s->in.data[s->in.end++] = eof;
	s->mid_line = s->mid_line && settings.c_lflag & ICANON;
}

/* A program that changes the terminal's mode loses an end of file that it has not read yet. So it is sent again, as
 * often as all input was read and the process still runs: as for a file, each further read finds the end. */
static void repeat_eof(struct session *s)
{
	if (clock_left_ms(s->eof_at) > 0)
		return;
	if (s->eof_at == 0 || has_read_all(s->master))
		send_eof(s);
	s->eof_at = clock_now_ms() + s->eof_pause;
	s->eof_pause = 2 * s->eof_pause < EOF_MAX_MS ? 2 * s->eof_pause : EOF_MAX_MS;
}

/* Milliseconds until wait_for_event() has something to do without an event; -1 if never. */
static int pause_of(const struct session *s)
{
	/* A shell does not notify a running job that it brings to the foreground. */
	if (s->master >= 0 && (s->hung_up || s->lapsed))
		return PAUSE_MS;
	return s->master >= 0 && s->eof_pause && copy_empty(&s->in) ? clock_left_ms(s->eof_at) : -1;
}

static void read_master(struct session *s)
{
	ssize_t n = copy_fill(&s->out, s->master);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		s->hung_up = true; /* until a process opens it again, as /dev/console */
}

enum { POLL_PIDFD, POLL_SIGNALS, POLL_MASTER, POLL_INPUT, POLL_OUTPUT, POLL_NOTIFY, POLL_COUNT };

static int wait_for_event(struct session *s, struct pollfd fds[POLL_COUNT])
{
	bool open = s->master >= 0, listening = copy_empty(&s->out) && !s->hung_up;
	if (open && copy_empty(&s->in) && s->eof_pause && !s->hung_up)
		repeat_eof(s);
	short master = (short)((listening ? POLLIN : 0) | (copy_empty(&s->in) ? 0 : POLLOUT));
	fds[POLL_PIDFD] = (struct pollfd){ .fd = s->pidfd, .events = POLLIN };
	fds[POLL_SIGNALS] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	/* A terminal that is hung up always polls as POLLHUP, so it is looked at again after a pause. */
	fds[POLL_MASTER] = (struct pollfd){ .fd = open && master && !s->hung_up ? s->master : -1, .events = master };
	fds[POLL_INPUT] = (struct pollfd){ .fd = open && s->input_open && copy_empty(&s->in) ? STDIN_FILENO : -1,
		.events = POLLIN };
	fds[POLL_OUTPUT] = (struct pollfd){ .fd = copy_empty(&s->out) ? -1 : s->output, .events = POLLOUT };
	fds[POLL_NOTIFY] = (struct pollfd){ .fd = s->relay->notify, .events = POLLIN };
	int n = poll(fds, POLL_COUNT, pause_of(s));
	s->hung_up = false;
	if (s->lapsed && in_foreground())
		(void)make_raw(s, NULL);
	return n;
}

/* A failure to notify the host does not end the container. */
static void pass_ready(struct relay *relay)
{
	struct error error = { 0 };
	char line[1024];
	int done = sd_notify_step(relay->notify, relay->notify_host, relay->notify_pid, &error);
	if (done < 0)
		log_warn("%s", error_line(&error, line, sizeof(line)));
	if (done != 0)
		relay->notify = -1; /* the descriptor is the caller's */
}

static int handle_events(struct session *s, const struct pollfd fds[POLL_COUNT], struct error *err)
{
	if (fds[POLL_NOTIFY].revents) /* first, since messages from before the exit count */
		pass_ready(s->relay);
	if (fds[POLL_PIDFD].revents && check_exit(s, err) < 0)
		return -1;
	if (s->exited)
		return 0;
	if (fds[POLL_SIGNALS].revents && take_signals(s, err) < 0)
		return -1;
	if (fds[POLL_INPUT].revents)
		read_input(s);
	if (fds[POLL_MASTER].revents && !copy_empty(&s->in) && !copy_flush(&s->in, s->master))
		s->in.start = s->in.end = 0; /* no process reads it */
	if ((fds[POLL_MASTER].revents & POLLHUP) && !copy_empty(&s->out))
		s->hung_up = true;
	else if (fds[POLL_MASTER].revents & (POLLIN | POLLHUP))
		read_master(s);
	if (fds[POLL_OUTPUT].revents && !flush_output(s))
		hang_up(s);
	return 0;
}

/* Copies the output that the process wrote before its exit. The kernel has all of it ready, so EAGAIN is the end,
 * though a background process may still hold the terminal. If the reader of standard output has stopped reading, a
 * signal ends the copy. */
static void drain(struct session *s)
{
	size_t total = 0;
	while (s->master >= 0 && !s->ended_by_signal) {
		if (copy_empty(&s->out)) {
			ssize_t n = total < DRAIN_LIMIT ? copy_fill(&s->out, s->master) : 0;
			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0)
				return;
			total += (size_t)n;
		}
		struct pollfd fds[] = { { .fd = s->output, .events = POLLOUT },
			{ .fd = s->signals, .events = POLLIN } };
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents)
			(void)take_signals(s, NULL); /* cannot fail, since it reaps no more */
		if (fds[0].revents && !flush_output(s))
			return;
	}
}

/* Opens a terminal on standard output anew and non-blocking. A terminal may poll as writable and still block in
 * write(2), where signals would not be handled. The inherited description is shared with other processes. */
static int open_output(void)
{
	int fd = isatty(STDOUT_FILENO) ? open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
	return fd < 0 ? STDOUT_FILENO : fd;
}

static int start_terminal(struct session *s, struct error *err)
{
	s->output = open_output();
	/* Only this process has this description, unlike those of standard input and output. */
	if (fcntl(s->master, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return fail(err, errno, "fcntl of the terminal");
	s->input_open = true;
	return isatty(STDIN_FILENO) ? make_raw(s, err) : 0;
}

/* Restores the settings of standard input on every return, unless the process is in the background. Signals that would
 * end the process are blocked. */
static void end_session(struct session *s)
{
	if (s->raw && in_foreground())
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &s->saved);
	if (s->output != STDOUT_FILENO)
		close_fd(&s->output);
	close_fd(&s->master);
	close_fd(&s->signals);
}

int relay_run(struct relay *relay, int pidfd, int master, int *ret_status, struct error *err)
{
	struct session s __attribute__((cleanup(end_session))) = { .relay = relay,
		.pidfd = pidfd,
		.output = STDOUT_FILENO,
		.master = master,
		.signals = open_signals(master >= 0) };
	if (s.signals < 0)
		return fail(err, errno, "signalfd");
	if (master >= 0 && start_terminal(&s, err) < 0)
		return -1;
	while (!s.exited) {
		struct pollfd fds[POLL_COUNT];
		int n = wait_for_event(&s, fds);
		if (n < 0 && errno != EINTR)
			return fail(err, errno, "poll");
		if (n > 0 && handle_events(&s, fds, err) < 0)
			return -1;
	}
	drain(&s);
	*ret_status = s.exit_status;
	return 0;
}
