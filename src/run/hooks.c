#include "run/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "process/executable.h"
#include "process/seccomp.h"
#include "run/interrupt.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

enum { CHUNK = 4096 }; /* bytes read at once from a hook's standard error */

/* The last line of a hook's standard error is held back. It becomes part of the error if the hook fails, and is passed
 * on otherwise. */
struct last_line {
	size_t len;
	bool ended;  /* its newline has come, and only blanks since */
	bool passed; /* too long to be held back; text is its beginning */
	char text[192];
};

/* The descriptors of a hook's process, each above 2. */
struct streams {
	int in, out, err;
	const struct seccomp_program *filter;
	int exec_error; /* close-on-exec: end of file means that execve succeeded */
};

struct running {
	pid_t pid;
	int pidfd;
	int output;    /* the hook's standard error, to be read, or -1 */
	int interrupt; /* or -1 */
	struct last_line last;
};

int hooks_open_output(
	const char *stdout_path, const char *stderr_path, struct hooks_options *ret_options, struct error *err)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
	FD(out) = stdout_path ? open(stdout_path, flags, 0600) : -1;
	if (stdout_path && out < 0)
		return fail(err, errno, "open %s for the hooks' output", stdout_path);
	FD(errors) = stderr_path ? open(stderr_path, flags, 0600) : -1;
	if (stderr_path && errors < 0)
		return fail(err, errno, "open %s for the hooks' errors", stderr_path);
	ret_options->stdout_fd = take_fd(&out);
	ret_options->stderr_fd = take_fd(&errors);
	return 0;
}

/* Uses a file in memory rather than a pipe, since any size fits and a hook need not read it. */
static int make_state_file(const char *state, size_t len, struct error *err)
{
	FD(fd) = memfd_create("state", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create("state", MFD_CLOEXEC);
	if (fd < 0)
		return fail(err, errno, "memfd_create");
	if (write_all(fd, state, len) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return fail(err, errno, "write the state for the hook");
	return take_fd(&fd);
}

/* Loads the container's filter, if there is one. -1 and errno. */
static int load_filter(const struct seccomp_program *filter)
{
	struct error err = { .errnum = 0 };
	int listener;
	if (!filter || seccomp_install(filter, &listener, &err) == 0)
		return 0;
	errno = err.errnum ? err.errnum : EINVAL;
	return -1;
}

/* Runs in the hook's process. An empty `env` is an empty environment; one that is absent has no items. */
static void become_hook(const struct oci_hook *hook, const struct streams *streams, bool inherit)
{
	static char *const none[] = { NULL };
	char *const *env = inherit ? environ : none;
	char *const path_only[] = { (char *)hook->path, NULL };
	/* A hook has its own process group, so an interrupt from the keyboard would leave it behind. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)setpgid(0, 0); /* for the timeout; a new process never leads a session */
	proc_reset_signals(~0ULL);
	if (dup2(streams->in, 0) >= 0 && dup2(streams->out, 1) >= 0 && dup2(streams->err, 2) >= 0 &&
		sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0 && load_filter(streams->filter) == 0)
		(void)execve(hook->path, hook->args.len ? (char *const *)hook->args.items : path_only,
			hook->env.items ? (char *const *)hook->env.items : env);
	int error = errno;
	(void)write_all(streams->exec_error, &error, sizeof(error)); /* without it the status tells less */
	_exit(127);
}

static size_t release(struct last_line *last, char *out)
{
	size_t len = last->passed ? 0 : last->len;
	memcpy(out, last->text, len);
	return len;
}

/* Copies the bytes that are not held back to `out`, which has room for the held line and for `data`. Returns their
 * number. */
static size_t keep_last_line(struct last_line *last, const char *data, size_t len, char *out)
{
	size_t at = 0;
	for (size_t i = 0; i < len; i++) {
		bool blank = (unsigned char)data[i] <= ' ';
		if (last->ended && !blank) {
			at += release(last, out + at);
			*last = (struct last_line){ .len = 0 };
		}
		if (!last->passed && last->len == sizeof(last->text)) {
			if (last->ended)
				continue; /* further blank lines are left out */
			at += release(last, out + at);
			last->passed = true;
		}
		if (last->passed || (blank && last->len == 0))
			out[at++] = data[i];
		else
			last->text[last->len++] = data[i];
		last->ended |= data[i] == '\n' && last->len > 0;
	}
	return at;
}

/* Passes on the hook's output. False at its end, or when there is none now. */
static bool forward_output(struct running *run)
{
	char data[CHUNK], out[CHUNK + sizeof(run->last.text)];
	ssize_t n = read(run->output, data, sizeof(data));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		close_fd(&run->output);
		return false;
	}
	size_t len = keep_last_line(&run->last, data, (size_t)n, out);
	(void)write_all(STDERR_FILENO, out, len); /* fails where standard error is closed */
	return true;
}

/* Passes on the held line, for a hook that has not failed or whose line is not the reason. */
static void forward_last_line(struct last_line *last)
{
	if (!last->passed)
		(void)write_all(STDERR_FILENO, last->text, last->len);
	last->len = 0;
}

/* Waits for the exit of the hook, but not for background processes that may hold its output open. Returns 0, or -1 with
 * ETIMEDOUT, EINTR (interrupted, with err filled) or another errno. */
static int await_exit(struct running *run, int64_t deadline, struct error *err)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = run->pidfd, .events = POLLIN }, { .fd = run->output, .events = POLLIN },
			{ .fd = run->interrupt, .events = POLLIN } };
		int n = poll(fds, 3, (deadline < 0 ? -1 : clock_left_ms(deadline)));
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0 && fds[1].revents)
			(void)forward_output(run); /* its end shows in run->output */
		if (n > 0 && fds[0].revents)
			break;
		if (n > 0 && fds[2].revents && interrupt_take(run->interrupt, err) < 0) {
			errno = EINTR;
			return -1;
		}
		if (deadline >= 0 && clock_left_ms(deadline) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	for (int i = 0; i < 64 && run->output >= 0 && forward_output(run); i++)
		; /* as much as a pipe holds; a background process may go on writing */
	return 0;
}

/* The process group exists, since parent and hook both call setpgid(2) first. */
static void kill_hook(const struct running *run)
{
	(void)kill(-run->pid, SIGKILL); /* ESRCH: only the zombie is left */
	(void)sys_pidfd_send_signal(run->pidfd, SIGKILL);
	(void)proc_reap(run->pidfd, NULL);
}

/* ": its last line" without control characters, or "". */
static void quote_last_line(const struct last_line *last, char *buf, size_t size)
{
	size_t end = last->len;
	while (end > 0 && (unsigned char)last->text[end - 1] <= ' ')
		end--;
	(void)snprintf(buf, size, "%s%.*s%s", end ? ": " : "", (int)end, last->text, last->passed ? "…" : "");
	for (char *tab = buf; (tab = strchr(tab, '\t'));)
		*tab = ' ';
	str_make_printable(buf);
}

static int report_exec(const struct oci_hook *hook, int errnum, struct error *err)
{
	struct error why = { .errnum = 0 };
	if (errnum != ENOEXEC && (errnum != ENOENT || access(hook->path, F_OK) < 0))
		return fail(err, errnum, "run hook %s", hook->path);
	(void)executable_explain(hook->path, hook->path, errnum, &why);
	const char *colon = strstr(why.text, "`: "); /* "cannot execute `/hook`: its loader …" */
	(void)fail(err, errnum, "run hook %s%s", hook->path, colon ? colon + 1 : "");
	return error_hint(err, "%s", errnum == ENOEXEC ? why.hint : "the hook itself exists");
}

static int report_status(const struct oci_hook *hook, const siginfo_t *info, struct last_line *last, struct error *err)
{
	char line[sizeof(last->text) + 8];
	bool fits = strlen(hook->path) + last->len + 64 < sizeof(err->text);
	bool failed = info->si_code != CLD_EXITED || info->si_status != 0;
	quote_last_line(last, line, sizeof(line));
	if (!failed || !fits)
		forward_last_line(last);
	if (!failed)
		return 0;
	if (info->si_code == CLD_EXITED)
		return fail(err, 0, "hook %s exited with status %d%s", hook->path, info->si_status, line);
	return fail(err, 0, "hook %s was killed by signal %d (%s)%s", hook->path, info->si_status,
		strsignal(info->si_status), line);
}

static int finish(const struct oci_hook *hook, struct running *run, int exec_error, struct error *err)
{
	bool timed = hook->timeout.set && hook->timeout.value > 0;
	int64_t start = clock_now_ms(), limit = (INT64_MAX - start) / 1000;
	int64_t seconds = hook->timeout.value < limit ? hook->timeout.value : limit;
	if (await_exit(run, timed ? start + seconds * 1000 : -1, err) < 0) {
		int saved = errno;
		kill_hook(run);
		forward_last_line(&run->last);
		if (saved == ETIMEDOUT)
			return fail(
				err, 0, "hook %s timed out after %lld s", hook->path, (long long)hook->timeout.value);
		if (saved == EINTR)
			return error_prefix(err, "hook %s", hook->path);
		return fail(err, saved, "wait for hook %s", hook->path);
	}
	siginfo_t info = { 0 };
	if (proc_reap(run->pidfd, &info) < 0)
		return fail(err, errno, "wait for hook %s", hook->path);
	int errnum = 0;
	if (read(exec_error, &errnum, sizeof(errnum)) == (ssize_t)sizeof(errnum))
		return report_exec(hook, errnum, err);
	return report_status(hook, &info, &run->last, err);
}

/* Forks with clone3, which returns a pidfd. The child shares no memory. */
static int spawn(const struct oci_hook *hook, const struct streams *streams, bool inherit, struct running *run,
	struct error *err)
{
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&run->pidfd, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3_or_clone(&args);
	if (pid < 0)
		return fail(err, errno, "clone3 for hook %s", hook->path);
	if (pid == 0)
		become_hook(hook, streams, inherit);
	run->pid = pid;
	(void)setpgid(pid, pid); /* EACCES: the hook has done so and called execve */
	return 0;
}

static int run_hook(const struct oci_hook *hook, const char *state, size_t len, const struct hooks_options *options,
	struct error *err)
{
	int exec_pipe[2], output[2] = { -1, -1 };
	FD(in) = make_state_file(state, len, err);
	if (in < 0)
		return -1;
	if (pipe2(exec_pipe, O_CLOEXEC) < 0)
		return fail(err, errno, "pipe");
	FD(exec_read) = exec_pipe[0];
	FD(exec_write) = exec_pipe[1];
	bool to_file = options && options->stderr_fd > 0;
	if (!to_file && pipe2(output, O_CLOEXEC) < 0)
		return fail(err, errno, "pipe");
	FD(output_read) = output[0];
	FD(output_write) = output[1];
	if (output_read >= 0 && fcntl(output_read, F_SETFL, O_NONBLOCK) < 0)
		return fail(err, errno, "fcntl");

	struct streams streams = { .in = in,
		.out = options && options->stdout_fd > 0 ? options->stdout_fd : STDOUT_FILENO,
		.err = to_file ? options->stderr_fd : output_write,
		.filter = options ? options->filter : NULL,
		.exec_error = exec_write };
	struct running run = {
		.pidfd = -1, .output = -1, .interrupt = options && options->interrupt > 0 ? options->interrupt : -1
	};
	if (spawn(hook, &streams, options && options->inherit, &run, err) < 0)
		return -1;
	close_fd(&exec_write);
	close_fd(&output_write);
	run.output = take_fd(&output_read);
	int result = finish(hook, &run, exec_read, err);
	close_fd(&run.output);
	close_fd(&run.pidfd);
	return result;
}

static int run_one(const oci_hook_list *hooks, size_t i, const char *where, const char *state, size_t len,
	const struct hooks_options *options, struct error *err)
{
	char place[sizeof(err->where)];
	(void)snprintf(place, sizeof(place), "%s[%zu]", where, i);
	log_debug("%s: %s", place, hooks->items[i].path);
	if (run_hook(&hooks->items[i], state, len, options, err) == 0)
		return 0;
	return error_at(err, place);
}

int hooks_run(const oci_hook_list *hooks, const char *where, const char *state_json, size_t len,
	const struct hooks_options *options, struct error *err)
{
	for (size_t i = 0; i < hooks->len; i++)
		if (run_one(hooks, i, where, state_json, len, options, err) < 0)
			return -1;
	return 0;
}

int hooks_run_all(const oci_hook_list *hooks, const char *where, const char *state_json, size_t len,
	const struct hooks_options *options)
{
	int failures = 0;
	for (size_t i = 0; i < hooks->len; i++) {
		struct error error = { 0 };
		char line[1024];
		if (run_one(hooks, i, where, state_json, len, options, &error) == 0)
			continue;
		log_warn("%s", error_line(&error, line, sizeof(line)));
		failures++;
	}
	return failures;
}
