/* The input of a hook, and the result of its end. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "run/hooks.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define STATE "{\"id\":\"x\"}"

/* Each case runs one hook in a directory of its own and looks at the report and at the file "out". */
struct hook_case {
	const char *name;
	const char *path, *args[5], *env[3];
	int timeout;
	const char *error;  /* a printf format with the path of the directory for %s, or NULL */
	const char *output; /* of standard output */
};

static const struct hook_case cases[] = {
	{ "state on standard input", "/bin/sh", { "sh", "-c", "cat" }, { 0 }, 0, NULL, STATE },
	{ "state unread", "/bin/sh", { "sh", "-c", "exec <&-; true" }, { 0 }, 0, NULL, "" },
	{ "no args: path is argv[0]", "/usr/bin/env", { 0 }, { 0 }, 0, NULL, "" },
	{ "no env: empty environment", "/usr/bin/env", { "env" }, { 0 }, 0, NULL, "" },
	{ "exact environment", "/usr/bin/env", { "env" }, { "A=1", "B=x y" }, 0, NULL, "A=1\nB=x y\n" },
	{ "argv[0] is args[0]", "/bin/sh", { "other", "-c", "echo $0" }, { 0 }, 0, NULL, "other\n" },
	{ "status", "/bin/sh", { "sh", "-c", "exit 2" }, { 0 }, 0,
		".hooks.prestart[0]: hook /bin/sh exited with status 2", "" },
	{ "status and last words", "/bin/sh", { "sh", "-c", "echo first >&2; echo 'no\tGPU' >&2; echo >&2; exit 1" },
		{ 0 }, 0, ".hooks.prestart[0]: hook /bin/sh exited with status 1: no GPU", "" },
	{ "much on standard error", "/bin/sh",
		{ "sh", "-c", "head -c 300000 /dev/zero | tr '\\0' '\\n' >&2; echo end >&2; exit 1" },
		{ "PATH=/bin:/usr/bin" }, 0, ".hooks.prestart[0]: hook /bin/sh exited with status 1: end", "" },
	{ "signal", "/bin/sh", { "sh", "-c", "kill -9 $$" }, { 0 }, 0,
		".hooks.prestart[0]: hook /bin/sh was killed by signal 9 (Killed)", "" },
	{ "not found", "/no/such/hook", { "x" }, { 0 }, 0,
		".hooks.prestart[0]: run hook /no/such/hook: No such file or directory", "" },
	{ "not executable", "/etc/passwd", { "x" }, { 0 }, 0,
		".hooks.prestart[0]: run hook /etc/passwd: Permission denied", "" },
	{ "timeout", "/bin/sh", { "sh", "-c", "sleep 60 & wait" }, { "PATH=/bin:/usr/bin" }, 1,
		".hooks.prestart[0]: hook /bin/sh timed out after 1 s", "" },
	{ "within its time", "/bin/sh", { "sh", "-c", "echo done" }, { 0 }, 60, NULL, "done\n" },
	{ "left in the background, holding standard error", "/bin/sh", { "sh", "-c", "sleep 20 >/dev/null & true" },
		{ "PATH=/bin:/usr/bin" }, 0, NULL, "" },
};

static size_t count(const char *const *items)
{
	size_t n = 0;
	while (items[n])
		n++;
	return n;
}

static struct oci_hook make_hook(const struct hook_case *c)
{
	struct oci_hook hook = { .path = c->path };
	hook.args.items = (const char **)c->args;
	hook.args.len = count(c->args);
	hook.env.items = (const char **)c->env;
	hook.env.len = count(c->env);
	hook.timeout.set = c->timeout != 0;
	hook.timeout.value = c->timeout;
	return hook;
}

/* A file without a name that collects output. */
static int make_output(void)
{
	int fd = (int)syscall(SYS_memfd_create, "out", 1 /* close-on-exec */);
	assert_true(fd >= 0);
	return fd;
}

static const char *read_output(int fd)
{
	static char text[4096];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

/* The output and the end of a hook, the part of it that is passed on, and the part that is its error: no text is in
 * both. */
#define TEN "123456789 "
#define FIFTY TEN TEN TEN TEN TEN
static const struct {
	const char *script, *passed, *error;
} sayings[] = {
	{ "printf 'one\\ntwo\\n' >&2", "one\ntwo\n", NULL },
	{ "printf 'one\\ntwo\\n' >&2; exit 1", "one\n", " exited with status 1: two" },
	{ "printf 'one\\n\\ntwo\\n \\n\\n' >&2; exit 1", "one\n\n", " exited with status 1: two" },
	{ "printf 'without an end' >&2", "without an end", NULL },
	{ "printf 'without an end' >&2; exit 1", "", " exited with status 1: without an end" },
	{ "printf 'o' >&2; sleep 0.1; printf 'ne\\ntw' >&2; sleep 0.1; printf 'o\\n' >&2; exit 1", "one\n",
		" exited with status 1: two" },
	{ "printf '\\n\\n' >&2; exit 1", "\n\n", " exited with status 1" },
	{ "printf 'end\\n' >&2; head -c 10000 /dev/zero | tr '\\0' '\\n' >&2; exit 1", "",
		" exited with status 1: end" },
	{ "echo why >&2; kill -9 $$", "", " was killed by signal 9 (Killed): why" },
	{ "echo why >&2; exec sleep 60", "why\n", " timed out after 1 s" },
	{ "printf 'a\\n%s\\n' '" FIFTY FIFTY FIFTY "x' >&2; exit 1", "a\n",
		" exited with status 1: " FIFTY FIFTY FIFTY "x" },
	{ "printf 'a\\n%s\\n' '" FIFTY FIFTY FIFTY FIFTY "' >&2; exit 1", "a\n" FIFTY FIFTY FIFTY FIFTY "\n",
		" exited with status 1: " FIFTY FIFTY FIFTY TEN TEN TEN TEN "12…" },
};

static void test_sayings(void **state)
{
	(void)state;
	FD(stderr_copy) = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++) {
		const char *args[] = { "sh", "-c", sayings[i].script, NULL };
		const char *env[] = { "PATH=/usr/bin:/bin", NULL };
		struct oci_hook hook = { .path = "/bin/sh",
			.args = { args, 3 },
			.env = { env, 1 },
			.timeout = { strstr(args[2], "sleep 60") != NULL, 1 } };
		oci_hook_list list = { &hook, 1 };
		struct error error = { 0 };
		char line[1024] = "", expected[1024] = "";
		FD(out) = make_output();
		assert_int_equal(dup2(out, STDERR_FILENO), STDERR_FILENO);
		int result = hooks_run(&list, ".hooks.prestart", STATE, strlen(STATE), NULL, &error);
		assert_int_equal(dup2(stderr_copy, STDERR_FILENO), STDERR_FILENO);
		if (sayings[i].error)
			(void)snprintf(
				expected, sizeof(expected), ".hooks.prestart[0]: hook /bin/sh%s", sayings[i].error);
		if (result < 0)
			(void)error_line(&error, line, sizeof(line));
		assert_string_equal(line, expected);
		assert_string_equal(read_output(out), sayings[i].passed);
	}
}

static double seconds(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_cases(void **state)
{
	(void)state;
	(void)setenv("LEAKED", "1", 1);
	FD(stderr_copy) = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	FD(null) = open("/dev/null", O_WRONLY | O_CLOEXEC);
	assert_int_equal(dup2(null, STDERR_FILENO), STDERR_FILENO); /* what the hooks say is passed on */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FD(out) = make_output();
		struct hooks_options options = { .stdout_fd = out };
		struct oci_hook hook = make_hook(&cases[i]);
		oci_hook_list list = { &hook, 1 };
		struct error error = { 0 };
		char line[1024] = "";
		double start = seconds();
		print_message("%s\n", cases[i].name);
		int result = hooks_run(&list, ".hooks.prestart", STATE, strlen(STATE), &options, &error);
		if (result < 0)
			(void)error_line(&error, line, sizeof(line));
		assert_string_equal(line, cases[i].error ? cases[i].error : "");
		assert_int_equal(result, cases[i].error ? -1 : 0);
		assert_string_equal(read_output(out), cases[i].output);
		assert_true(seconds() - start < 15);
	}
	assert_int_equal(dup2(stderr_copy, STDERR_FILENO), STDERR_FILENO);
}

/* A script reports its environment, and the whole report is compared. */
static void run_script(const char *script, const char *state_json, size_t len, const struct hooks_options *options,
	struct error *err, int expected)
{
	const char *args[] = { "sh", "-c", script, NULL }, *env[] = { "PATH=/bin:/usr/bin", NULL };
	struct oci_hook hook = { .path = "/bin/sh", .args = { args, 3 }, .env = { env, 1 } };
	oci_hook_list list = { &hook, 1 };
	assert_int_equal(hooks_run(&list, ".hooks.poststart", state_json, len, options, err), expected);
}

static void test_descriptors(void **state)
{
	(void)state;
	FD(out) = make_output();
	struct error error = { 0 };
	struct hooks_options options = { .stdout_fd = out };
	int leak = open("/etc/passwd", O_RDONLY); /* not close-on-exec: ours to keep from the hook */
	assert_true(leak >= 0);
	assert_int_equal(fcntl(leak, F_DUPFD, 40), 40);
	run_script("cd /proc/$$/fd && for fd in *; do [ -e $fd ] && [ $fd -lt 10 ] && echo $fd; done; "
		   "[ ! -e 40 ]",
		STATE, strlen(STATE), &options, &error, 0);
	assert_string_equal(read_output(out), "0\n1\n2\n");
	(void)close(leak);
	(void)close(40);
}

static void test_signals(void **state)
{
	(void)state;
	FD(out) = make_output();
	struct error error = { 0 };
	struct hooks_options options = { .stdout_fd = out };
	sigset_t all, saved;
	(void)sigfillset(&all);
	assert_int_equal(sigprocmask(SIG_SETMASK, &all, &saved), 0);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	run_script("exec grep -E '^Sig(Blk|Ign)' /proc/self/status", STATE, strlen(STATE), &options, &error, 0);
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &saved, NULL);
	assert_string_equal(read_output(out), "SigBlk:\t0000000000000000\n"
					      "SigIgn:\t0000000000000000\n");
}

static void test_large_state(void **state)
{
	(void)state;
	enum { SIZE = 3 * 1024 * 1024 };
	FD(out) = make_output();
	struct error error = { 0 };
	struct hooks_options options = { .stdout_fd = out };
	char *text = malloc(SIZE);
	assert_non_null(text);
	memset(text, 'x', SIZE);
	run_script("true", text, SIZE, &options, &error, 0); /* unread */
	run_script("head -c 5 >/dev/null; wc -c", text, SIZE, &options, &error, 0);
	assert_int_equal(atoi(read_output(out)) > 0, 1);
	free(text);
}

/* Hooks run in order, each with a new copy of the state, and none after a failure; with hooks_run_all(), all run. */
static void test_order(void **state)
{
	(void)state;
	const char *a[] = { "sh", "-c", "cat; echo a", NULL }, *b[] = { "sh", "-c", "exit 3", NULL };
	struct oci_hook hooks[] = { { .path = "/bin/sh", .args = { a, 3 } }, { .path = "/bin/sh", .args = { a, 3 } },
		{ .path = "/bin/sh", .args = { b, 3 } }, { .path = "/bin/sh", .args = { a, 3 } } };
	const char *env[] = { "PATH=/bin:/usr/bin", NULL };
	for (size_t i = 0; i < 4; i++) {
		hooks[i].env.items = env;
		hooks[i].env.len = 1;
	}
	oci_hook_list list = { hooks, 4 };
	struct error error = { 0 };
	char line[1024];
	FD(out) = make_output();
	FD(all) = make_output();
	struct hooks_options options = { .stdout_fd = out }, all_options = { .stdout_fd = all };
	assert_int_equal(hooks_run(&list, ".hooks.createRuntime", "S", 1, &options, &error), -1);
	assert_string_equal(
		error_line(&error, line, sizeof(line)), ".hooks.createRuntime[2]: hook /bin/sh exited with status 3");
	assert_string_equal(read_output(out), "Sa\nSa\n");
	assert_int_equal(hooks_run_all(&list, ".hooks.poststop", "S", 1, &all_options), 1);
	assert_string_equal(read_output(all), "Sa\nSa\nSa\n");
}

static void test_output_files(void **state)
{
	(void)state;
	char dir[] = "/tmp/test-hooks-XXXXXX", out[64], errors[64], text[64];
	struct error error = { 0 };
	struct hooks_options options;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(out, sizeof(out), "%s/out", dir);
	(void)snprintf(errors, sizeof(errors), "%s/err", dir);
	for (int i = 0; i < 2; i++) { /* the second time appends */
		assert_int_equal(hooks_open_output(out, errors, &options, &error), 0);
		run_script("echo o; echo e >&2", STATE, strlen(STATE), &options, &error, 0);
		close_fd(&options.stdout_fd);
		close_fd(&options.stderr_fd);
	}
	FD(fd) = open(errors, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 4);
	assert_memory_equal(text, "e\ne\n", 4);
	(void)unlink(out);
	(void)unlink(errors);
	assert_int_equal(hooks_open_output("/no/such/dir/x", NULL, &options, &error), -1);
	(void)rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_sayings),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_large_state),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_output_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
