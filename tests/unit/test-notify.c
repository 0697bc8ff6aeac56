/* The messages to seccomp agents and to systemd. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "run/notify.h"

#include <cmocka.h> /* last: its fail() is a macro */

static char base[] = "/tmp/test-notify-XXXXXX";

static int group_setup(void **state)
{
	(void)state;
	return mkdtemp(base) ? 0 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	return rmdir(base);
}

static int make_socket(int type, const char *name, struct sockaddr_un *addr)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	(void)snprintf(addr->sun_path, sizeof(addr->sun_path), "%s/%s", base, name);
	int sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	assert_return_code(bind(sock, (struct sockaddr *)addr, sizeof(*addr)), errno);
	return sock;
}

/* Sends `len` bytes; an agent in a process of its own exits with 0 if it got all of them and the descriptor. */
static void check_agent(size_t len)
{
	struct sockaddr_un addr;
	struct error error = { 0 };
	char *text = malloc(len);
	assert_non_null(text);
	memset(text, '{', len);
	FD(listener) = make_socket(SOCK_STREAM, "agent", &addr);
	assert_return_code(listen(listener, 1), errno);
	pid_t agent = fork();
	if (agent == 0) {
		static char data[65536];
		int fd;
		int sock = accept(listener, NULL, NULL);
		ssize_t n = recv_with_fd(sock, data, sizeof(data), &fd);
		size_t total = n > 0 ? (size_t)n : 0;
		while (n > 0 && (n = read(sock, data, sizeof(data))) > 0)
			total += (size_t)n;
		_exit(fd >= 0 && fcntl(fd, F_GETFD) >= 0 && total == len ? 0 : 1);
	}
	FD(seccomp) = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(notify_seccomp_agent(addr.sun_path, seccomp, text, len, &error), 0);
	int status = -1;
	assert_int_equal(waitpid(agent, &status, 0), agent);
	assert_int_equal(status, 0);
	(void)unlink(addr.sun_path);
	free(text);
}

static void test_agent(void **state)
{
	(void)state;
	const size_t lengths[] = { 2, 1023, 1024, 1025, 5 * 1024 * 1024 };
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		check_agent(lengths[i]);
}

static void test_no_agent(void **state)
{
	(void)state;
	struct error error = { 0 };
	char line[1024];
	assert_int_equal(notify_seccomp_agent("/no/agent", 0, "{}", 2, &error), -1);
	assert_string_equal(error_line(&error, line, sizeof(line)),
		".linux.seccomp.listenerPath: connect to /no/agent: No such file or directory");
}

struct said {
	const char *messages[4]; /* of the container */
	int result;
};

static const struct said said[] = {
	{ { "READY=1" }, 1 },
	{ { "READY=1\n" }, 1 },
	{ { "STATUS=up\nREADY=1\nX=y\n" }, 1 },
	{ { "STATUS=x", "MAINPID=1\n", "READY=1" }, 1 },
	{ { "READY=10", "XREADY=1", "READY=1 ", "\n\nREADY=0" }, 0 },
	{ { NULL }, 0 },
};

static void check_said(const struct said *c, const char *host_name, int host)
{
	struct error error = { 0 };
	int pidfd = -1;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	FD(dir) = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	FD(sock) = sd_notify_prepare(dir, &error);
	assert_true(sock >= 0);
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s/notify.sock", base, SD_NOTIFY_DIR);
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);
	if (pid == 0) {
		int out = socket(AF_UNIX, SOCK_DGRAM, 0);
		for (size_t i = 0; i < 4 && c->messages[i]; i++)
			(void)sendto(
				out, c->messages[i], strlen(c->messages[i]), 0, (struct sockaddr *)&addr, sizeof(addr));
		_exit(0);
	}
	assert_int_equal(sd_notify_forward_ready(sock, host_name, pidfd, pid, &error), c->result);
	char text[128] = "", expected[128];
	ssize_t n = recv(host, text, sizeof(text) - 1, MSG_DONTWAIT);
	assert_int_equal(n > 0, c->result);
	(void)snprintf(expected, sizeof(expected), "MAINPID=%d\nREADY=1\n", (int)pid);
	if (n > 0)
		assert_string_equal(text, expected);
	(void)waitpid(pid, NULL, 0);
	(void)close(pidfd);
	(void)unlink(addr.sun_path);
	assert_return_code(unlinkat(dir, SD_NOTIFY_DIR, AT_REMOVEDIR), errno);
}

static void test_ready(void **state)
{
	(void)state;
	struct sockaddr_un addr, abstract = { .sun_family = AF_UNIX };
	FD(by_path) = make_socket(SOCK_DGRAM, "host", &addr);
	FD(by_name) = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char name[64];
	int len = snprintf(name, sizeof(name), "@hull-test-%d", (int)getpid());
	memcpy(abstract.sun_path + 1, name + 1, (size_t)len - 1);
	assert_return_code(bind(by_name, (struct sockaddr *)&abstract,
				   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)),
		errno);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		check_said(&said[i], addr.sun_path, by_path);
		check_said(&said[i], name, by_name);
	}
	(void)unlink(addr.sun_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_no_agent),
		cmocka_unit_test(test_ready),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
