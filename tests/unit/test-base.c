/*
 * src/base without its paths: errors, arenas, lists, descriptors, files, the clock, processes.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"

/* After ours: its macro fail() hides the function. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct {
	struct error error;
	const char *line;
} lines[] = {
	{ { .text = "it failed" }, "it failed" },
	{ { .text = "open x", .errnum = ENOENT }, "open x: No such file or directory" },
	{ { .text = "wrong", .where = ".a[0]" }, ".a[0]: wrong" },
	{ { .text = "wrong", .where = ".a", .line = 3, .file = "config.json" }, "config.json:3: .a: wrong" },
	{ { .text = "wrong", .line = 1, .file = "x" }, "x:1: wrong" },
	{ { .text = "wrong", .file = "x" }, "wrong" },
	{ { .text = "read", .where = ".b", .errnum = EIO, .line = 2, .file = "f" },
		"f:2: .b: read: Input/output error" },
};

static void test_error_line(void **state)
{
	(void)state;
	char buf[1024], small[8];
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_string_equal(error_line(&lines[i].error, buf, sizeof(buf)), lines[i].line);
	assert_string_equal(error_line(&lines[1].error, small, sizeof(small)), "open x:");
}

static void test_error_parts(void **state)
{
	(void)state;
	struct error err = { 0 };
	char line[1024];
	assert_int_equal((fail)(&err, ENOENT, "open %s", "x"), -1);
	assert_int_equal(error_hint(&err, "make it"), -1);
	assert_int_equal(error_at(&err, ".first"), -1);
	assert_int_equal(error_at(&err, ".second"), -1); /* the more exact place was named first */
	assert_int_equal(error_prefix(&err, "start %d", 7), -1);
	assert_string_equal(error_line(&err, line, sizeof(line)), ".first: start 7: open x: No such file or directory");
	assert_string_equal(err.hint, "make it");
	(void)(fail)(&err, 0, "again"); /* another failure has another remedy, at the same place */
	assert_string_equal(err.hint, "");
	assert_string_equal(err.where, ".first");
	(void)fail_at(&err, 0, ".third", "again");
	assert_string_equal(err.where, ".third");
	error_clear(&err);
	assert_string_equal(error_line(&err, line, sizeof(line)), "");
}

static void test_error_without_value(void **state)
{
	(void)state;
	assert_int_equal((fail)(NULL, EIO, "x"), -1);
	assert_int_equal(fail_at(NULL, EIO, ".a", "x"), -1);
	assert_int_equal(error_hint(NULL, "x"), -1);
	assert_int_equal(error_at(NULL, "x"), -1);
	assert_int_equal(error_prefix(NULL, "x"), -1);
	error_clear(NULL);
}

static void test_error_long(void **state)
{
	(void)state;
	struct error err = { 0 };
	char text[2048], line[4096];
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)fail_at(&err, EIO, text, "%s", text);
	(void)error_hint(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_int_equal(strlen(err.where), sizeof(err.where) - 1);
	assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
	(void)error_prefix(&err, "%s", text);
	(void)error_prefix(&err, "short");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "short: aaa", 10);
	assert_true(strlen(error_line(&err, line, sizeof(line))) < sizeof(line));
}

static void test_arena(void **state)
{
	(void)state;
	ARENA(arena);
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 4096, 16300, 16384, 100000, 1, 70000 };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned char *ptr = arena_alloc(&arena, sizes[i]);
		assert_int_equal((uintptr_t)ptr % _Alignof(max_align_t), 0);
		for (size_t at = 0; at < sizes[i]; at++)
			assert_int_equal(ptr[at], 0);
		memset(ptr, 0xee, sizes[i]); /* the next one is zeroed all the same */
	}
	assert_string_equal(arena_strdup(&arena, ""), "");
	assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
	assert_string_equal(arena_printf(&arena, "%s-%d", "x", 7), "x-7");
	char *long_text = arena_printf(&arena, "%50000d", 1);
	assert_int_equal(strlen(long_text), 50000);
	arena_free(&arena);
	assert_null(arena.blocks);
	assert_string_equal(arena_strdup(&arena, "used again"), "used again");
}

static void test_list(void **state)
{
	(void)state;
	ARENA(arena);
	LIST(int) list = { NULL, 0 };
	LIST_EACH (&list, item)
		assert_null(item);
	for (int i = 0; i < 1000; i++) {
		int *item = list_add(&arena, &list);
		assert_int_equal(*item, 0);
		*item = i;
	}
	assert_int_equal(list.len, 1000);
	int expected = 0;
	LIST_EACH (&list, item)
		assert_int_equal(*item, expected++);
	assert_int_equal(expected, 1000);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int open_null(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void test_fd(void **state)
{
	(void)state;
	int fd = open_null(), copy = fd;
	assert_int_equal(take_fd(&copy), fd);
	assert_int_equal(copy, -1);
	errno = ENOENT;
	close_fd(&copy); /* nothing to close */
	copy = fd;
	close_fd(&fd);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fd, -1);
	assert_false(is_open(copy));
}

/* A batch closes the descriptors that were added and none between: here every third one stays. */
static void test_fd_batch(void **state)
{
	(void)state;
	enum { COUNT = 3 * FD_BATCH_MAX };
	int all[COUNT];
	struct fd_batch batch = { .len = 0 };
	assert_int_equal(fd_batch_add(&batch, -1), -1);
	assert_int_equal(batch.len, 0);
	for (size_t i = 0; i < COUNT; i++)
		all[i] = open_null();
	for (size_t i = 0; i < COUNT; i++)
		if (i % 3)
			assert_int_equal(fd_batch_add(&batch, all[i]), all[i]);
	assert_true(is_open(all[COUNT - 1])); /* the newest stay open while the batch is in use */
	errno = EIO;
	fd_batch_close(&batch);
	assert_int_equal(errno, EIO);
	assert_int_equal(batch.len, 0);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(is_open(all[i]), i % 3 == 0);
		if (i % 3 == 0)
			(void)close(all[i]);
	}
	fd_batch_close(&batch); /* again is harmless */
}

static void test_fd_batch_reversed(void **state)
{
	(void)state;
	int all[10];
	struct fd_batch batch = { .len = 0 };
	for (size_t i = 0; i < 10; i++)
		all[i] = open_null();
	for (size_t i = 10; i-- > 0;)
		(void)fd_batch_add(&batch, all[i]);
	fd_batch_close(&batch);
	for (size_t i = 0; i < 10; i++)
		assert_false(is_open(all[i]));
}

static int scratch = -1;
static char scratch_path[] = "/tmp/hull-test-base.XXXXXX";

static int make_scratch(void **state)
{
	(void)state;
	if (!mkdtemp(scratch_path))
		return -1;
	scratch = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return scratch < 0 ? -1 : 0;
}

static int remove_scratch(void **state)
{
	(void)state;
	static const char *const names[] = { "file", "link", "target", "sock" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(scratch, names[i], 0);
	close_fd(&scratch);
	return rmdir(scratch_path);
}

static void test_replace_file(void **state)
{
	(void)state;
	ARENA(arena);
	struct error err = { 0 };
	struct stat st;
	char *text;
	assert_int_equal(replace_file_at(scratch, "file", "one", 3, 0600, &err), 0);
	assert_int_equal(replace_file_at(scratch, "file", "second", 6, 0600, &err), 0);
	assert_int_equal(read_file_at(&arena, scratch, "file", 100, &text, &err), 6);
	assert_string_equal(text, "second");
	assert_int_equal(fstatat(scratch, "file", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* a link is replaced, not followed */
	assert_int_equal(replace_file_at(scratch, "target", "kept", 4, 0600, &err), 0);
	assert_int_equal(symlinkat("target", scratch, "link"), 0);
	assert_int_equal(replace_file_at(scratch, "link", "new", 3, 0600, &err), 0);
	assert_int_equal(read_file_at(&arena, scratch, "target", 100, &text, &err), 4);
	assert_int_equal(fstatat(scratch, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
	/* a leftover of a killed process with our pid is in nobody's way, and is not followed either */
	char temporary[32];
	(void)snprintf(temporary, sizeof(temporary), ".link.%d", (int)getpid());
	assert_int_equal(symlinkat("target", scratch, temporary), 0);
	assert_int_equal(replace_file_at(scratch, "link", "newer", 5, 0600, &err), 0);
	assert_int_equal(read_file_at(&arena, scratch, "link", 100, &text, &err), 5);
	assert_int_equal(read_file_at(&arena, scratch, "target", 100, &text, &err), 4);
	/* a failure leaves no temporary file: remove_scratch would not succeed */
	assert_int_equal(replace_file_at(scratch, "missing/file", "x", 1, 0600, &err), -1);
	assert_int_equal(err.errnum, ENOENT);
}

static void test_read_file(void **state)
{
	(void)state;
	ARENA(arena);
	struct error err = { 0 };
	char *text = NULL;
	assert_int_equal(replace_file_at(scratch, "file", "0123456789", 10, 0600, &err), 0);
	assert_int_equal(read_file_at(&arena, scratch, "file", 10, &text, &err), 10);
	assert_string_equal(text, "0123456789");
	text = NULL;
	assert_int_equal(read_file_at(&arena, scratch, "file", 9, &text, &err), -1);
	assert_int_equal(err.errnum, EFBIG);
	assert_null(text);
	assert_int_equal(read_file_at(&arena, scratch, "absent", 9, &text, &err), -1);
	assert_int_equal(err.errnum, ENOENT);
	/* files of procfs have the size 0 */
	assert_true(read_file_at(&arena, AT_FDCWD, "/proc/self/status", 1 << 20, &text, &err) > 100);
	assert_memory_equal(text, "Name:", 5);
	assert_int_equal(replace_file_at(scratch, "file", "", 0, 0600, &err), 0);
	assert_int_equal(read_file_at(&arena, scratch, "file", 9, &text, &err), 0);
	assert_string_equal(text, "");
}

static void test_write_file(void **state)
{
	(void)state;
	struct error err = { 0 };
	assert_int_equal(write_file_at(scratch, "absent", "x", &err), -1);
	assert_int_equal(err.errnum, ENOENT);
	(void)unlinkat(scratch, "link", 0);
	assert_int_equal(symlinkat("file", scratch, "link"), 0);
	assert_int_equal(write_file_at(scratch, "link", "x", &err), -1);
	assert_int_equal(err.errnum, ELOOP);
	assert_int_equal(write_file_at(AT_FDCWD, "/dev/full", "x\ny", &err), -1);
	assert_int_equal(err.errnum, ENOSPC);
	assert_string_equal(err.text, "write \"x\" to /dev/full");
}

/* The kernel gives the lowest free number, so a leak shows. */
static int lowest_free(void)
{
	int fd = open_null();
	(void)close(fd);
	return fd;
}

static void send_two(int sock)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control = { .space = "" };
	struct iovec iov = { "ab", 2 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.space)
	};
	int fds[] = { open_null(), open_null() };
	control.head.cmsg_len = CMSG_LEN(sizeof(fds));
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&control.head), fds, sizeof(fds));
	assert_int_equal(sendmsg(sock, &msg, 0), 2);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void test_messages(void **state)
{
	(void)state;
	int pair[2], fd = 7;
	char data[8];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	int next = lowest_free();
	assert_int_equal(send_with_fd(pair[0], "abc", 3, -1), 0);
	assert_int_equal(recv_with_fd(pair[1], data, sizeof(data), &fd), 3);
	assert_int_equal(fd, -1);
	assert_int_equal(send_with_fd(pair[0], "abc", 3, pair[0]), 0);
	assert_int_equal(recv_with_fd(pair[1], data, sizeof(data), &fd), 3);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close_fd(&fd);
	send_two(pair[0]); /* the first is kept, the second closed */
	assert_int_equal(recv_with_fd(pair[1], data, sizeof(data), &fd), 2);
	assert_true(fd >= 0);
	close_fd(&fd);
	assert_int_equal(send_with_fd(pair[0], "0123456789", 10, pair[0]), 0);
	assert_int_equal(recv_with_fd(pair[1], data, sizeof(data), &fd), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(fd, -1);
	assert_int_equal(lowest_free(), next);
	(void)close(pair[0]);
	assert_int_equal(recv_with_fd(pair[1], data, sizeof(data), &fd), 0);
	assert_int_equal(send_with_fd(pair[1], "x", 1, -1), -1); /* and no SIGPIPE */
	assert_int_equal(errno, EPIPE);
	(void)close(pair[1]);
}

static void test_clock(void **state)
{
	(void)state;
	char buf[TIMESTAMP_SIZE], expected[32];
	struct timespec before, after; /* time(2) lags behind this clock */
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &before), 0);
	assert_ptr_equal(clock_timestamp(buf), buf);
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &after), 0);
	struct tm tm;
	(void)strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", gmtime_r(&before.tv_sec, &tm));
	bool same = memcmp(buf, expected, 19) == 0;
	(void)strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", gmtime_r(&after.tv_sec, &tm));
	assert_true(same || memcmp(buf, expected, 19) == 0 || after.tv_sec - before.tv_sec > 1);
	assert_int_equal(strlen(buf), strlen("2026-01-31T23:59:59.123456789Z"));
	assert_int_equal(buf[19], '.');
	assert_int_equal(buf[29], 'Z');
	int64_t now = clock_now_ms();
	assert_int_equal(clock_left_ms(now - 1), 0);
	assert_in_range(clock_left_ms(now + 60000), 1, 60000);
	assert_int_equal(clock_left_ms(INT64_MAX), INT32_MAX);
}

static void test_status(void **state)
{
	(void)state;
	char name[32], pid[16], number[16];
	assert_int_equal(prctl(PR_SET_NAME, "x\nPid:\t1"), 0);
	assert_true(proc_status(0, "Name", name, sizeof(name)));
	assert_string_equal(name, "x\\nPid:\t1");
	(void)snprintf(number, sizeof(number), "%d", (int)getpid());
	assert_true(proc_status(getpid(), "Pid", pid, sizeof(pid)));
	assert_string_equal(pid, number);
	assert_false(proc_status(0, "Pi", pid, sizeof(pid)));
	assert_false(proc_status(0, "Groups:", pid, sizeof(pid)));
	assert_false(proc_status(0, "Name", name, 3));
	FD(proc) = proc_open(getpid(), NULL);
	assert_int_equal(same_file(proc, "exe", AT_FDCWD, "/proc/self/exe"), 1);
	assert_int_equal(same_file(proc, "", AT_FDCWD, "/proc/self"), 1);
	assert_int_equal(same_file(proc, "", AT_FDCWD, "/"), 0);
	assert_int_equal(same_file(proc, "no", AT_FDCWD, "/"), -1);
}

/* A process whose name imitates the fields behind it. */
static void test_process(void **state)
{
	(void)state;
	struct error err = { 0 };
	uint64_t own = 0, start = 0;
	char process_state = '?';
	assert_int_equal(prctl(PR_SET_NAME, "a) Z 1 2 (b"), 0);
	assert_int_equal(proc_start_time(getpid(), &own, &process_state, &err), 0);
	assert_int_equal(process_state, 'R');
	assert_true(own > 0);
	assert_int_equal(proc_is_alive(getpid(), own, NULL), 1);
	assert_int_equal(proc_is_alive(getpid(), own + 1, NULL), 0);
	assert_int_equal(proc_is_alive(0, own, NULL), 0);
	assert_int_equal(proc_is_alive(-1, own, NULL), 0);
	pid_t child = fork();
	if (child == 0) {
		(void)pause();
		_exit(0);
	}
	assert_int_equal(proc_start_time(child, &start, NULL, &err), 0);
	int pidfd = proc_pidfd(child, start, &err);
	assert_true(pidfd >= 0);
	assert_int_equal(proc_pidfd(child, start + 1, &err), -1);
	assert_int_equal(err.errnum, ESRCH);
	(void)kill(child, SIGTERM);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(proc_is_alive(child, start, NULL), 0); /* a zombie runs nothing */
	assert_int_equal(proc_wait(child), 128 + SIGTERM);
	assert_int_equal(proc_is_alive(child, start, NULL), 0);
	assert_int_equal(proc_pidfd(child, start, &err), -1);
	assert_int_equal(proc_wait(child), -1);
	(void)close(pidfd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_line),
		cmocka_unit_test(test_error_parts),
		cmocka_unit_test(test_error_without_value),
		cmocka_unit_test(test_error_long),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_fd),
		cmocka_unit_test(test_fd_batch),
		cmocka_unit_test(test_fd_batch_reversed),
		cmocka_unit_test(test_replace_file),
		cmocka_unit_test(test_read_file),
		cmocka_unit_test(test_write_file),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_process),
	};
	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
