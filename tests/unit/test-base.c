/*
 * src/base without its paths: errors, arenas, lists, strings, descriptors, files, the clock, processes.
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
#include "base/nearest.h"
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

static const struct {
	const char *text;
	uint64_t max, value;
	bool valid;
} unsigned_numbers[] = {
	{ "0", 10, 0, true },
	{ "10", 10, 10, true },
	{ "11", 10, 0, false },
	{ "007", 10, 7, true },
	{ "18446744073709551615", UINT64_MAX, UINT64_MAX, true },
	{ "18446744073709551616", UINT64_MAX, 0, false },
	{ "99999999999999999999999", UINT64_MAX, 0, false },
	{ "", 10, 0, false },
	{ "-1", 10, 0, false },
	{ "+1", 10, 0, false },
	{ " 1", 10, 0, false },
	{ "1 ", 10, 0, false },
	{ "0x1", 10, 0, false },
	{ "1.0", 10, 0, false },
	{ "1e1", 10, 0, false },
};

static const struct {
	const char *text;
	int64_t min, max, value;
	bool valid;
} signed_numbers[] = {
	{ "0", -1, 1, 0, true },
	{ "-1", -1, 1, -1, true },
	{ "-0", -1, 1, 0, true },
	{ "-2", -1, 1, 0, false },
	{ "2", -1, 1, 0, false },
	{ "9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX, true },
	{ "9223372036854775808", INT64_MIN, INT64_MAX, 0, false },
	{ "-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, true },
	{ "-9223372036854775809", INT64_MIN, INT64_MAX, 0, false },
	{ "--1", -1, 1, 0, false },
	{ "-", -1, 1, 0, false },
	{ "", -1, 1, 0, false },
};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(unsigned_numbers) / sizeof(unsigned_numbers[0]); i++) {
		uint64_t value = 77;
		assert_int_equal(str_to_u64(unsigned_numbers[i].text, unsigned_numbers[i].max, &value),
			unsigned_numbers[i].valid);
		assert_int_equal(value, unsigned_numbers[i].valid ? unsigned_numbers[i].value : 77);
	}
	for (size_t i = 0; i < sizeof(signed_numbers) / sizeof(signed_numbers[0]); i++) {
		int64_t value = 77;
		assert_int_equal(
			str_to_i64(signed_numbers[i].text, signed_numbers[i].min, signed_numbers[i].max, &value),
			signed_numbers[i].valid);
		assert_int_equal(value, signed_numbers[i].valid ? signed_numbers[i].value : 77);
	}
}

static const struct {
	const char *typed, *known;
	bool near;
} slips[] = {
	{ "list", "list", true },
	/* one edit: changed, added, dropped, swapped */
	{ "lost", "list", true },
	{ "lists", "list", true },
	{ "lst", "list", true },
	{ "lsit", "list", true },
	/* two make another word of a short one */
	{ "lose", "list", false },
	{ "slti", "list", false },
	/* of a longer one they do not */
	{ "delte", "delete", true },
	{ "deltee", "delete", true },
	{ "memroy-swpa", "memory-swap", true },
	{ "meory-swpax", "memory-swap", false },
	{ "kitten", "sitting", false },
	/* of a very short one, one does already; case is no edit */
	{ "RO", "ro", true },
	{ "rp", "ro", false },
	{ "", "ro", false },
	{ "CAMLEcase", "camelCase", true },
	/* names beyond 63 bytes are never near, on either side */
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", true },
};

static void test_nearest(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		struct nearest near = nearest_to(slips[i].typed);
		if (nearest_try(&near, slips[i].known) != slips[i].near || !near.name == slips[i].near)
			fail_msg("\"%s\" and \"%s\"", slips[i].typed, slips[i].known);
	}
	struct nearest near = nearest_to("stat");
	assert_true(nearest_try(&near, "start"));
	assert_false(nearest_try(&near, "state")); /* no nearer than the first */
	assert_false(nearest_try(&near, "delete"));
	assert_true(nearest_try_as(&near, "STAT", "SIGSTAT"));
	assert_string_equal(near.name, "SIGSTAT");
	assert_false(nearest_try(&near, "stat")); /* nothing is nearer than a name itself */
}

static const struct word colours[] = { { "red", 1 }, { "green", -2 }, { "blue", 3 }, { NULL } };

static void test_words(void **state)
{
	(void)state;
	char list[64], small[20];
	assert_int_equal(word_find(colours, "green")->value, -2);
	assert_null(word_find(colours, "Green"));
	assert_null(word_find(colours, ""));
	assert_string_equal(word_name(colours, 3), "blue");
	assert_null(word_name(colours, 0));
	assert_string_equal(word_list(colours, list, sizeof(list)), "one of red, green, blue");
	assert_string_equal(word_list(colours, small, sizeof(small)), "one of red …");
	assert_string_equal(word_nearest(colours, "blu"), "blue");
	assert_string_equal(word_nearest(colours, "geren"), "green");
	assert_null(word_nearest(colours, "yellow"));
	assert_true(str_starts("abc", "ab") && str_starts("abc", "") && !str_starts("a", "ab"));
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

/* A batch closes what was added and nothing between: here every third descriptor stays. */
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
	/* what a killed one with our pid left is in nobody's way, and not followed either */
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
	/* files of procfs say that they are empty */
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

/* The kernel gives the lowest free number: it tells whether one leaked. */
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
	time_t before = time(NULL);
	assert_ptr_equal(clock_timestamp(buf), buf);
	time_t after = time(NULL);
	struct tm tm;
	(void)strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", gmtime_r(&before, &tm));
	bool same = memcmp(buf, expected, 19) == 0;
	(void)strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", gmtime_r(&after, &tm));
	assert_true(same || memcmp(buf, expected, 19) == 0 || after - before > 1);
	assert_int_equal(strlen(buf), strlen("2026-01-31T23:59:59.123456789Z"));
	assert_int_equal(buf[19], '.');
	assert_int_equal(buf[29], 'Z');
}

/* A process whose name tries to pass for the fields behind it. */
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
	assert_true(proc_is_alive(getpid(), own));
	assert_false(proc_is_alive(getpid(), own + 1));
	assert_false(proc_is_alive(0, own));
	assert_false(proc_is_alive(-1, own));
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
	assert_false(proc_is_alive(child, start)); /* a zombie runs nothing */
	assert_int_equal(proc_wait(child), 128 + SIGTERM);
	assert_false(proc_is_alive(child, start));
	assert_int_equal(proc_pidfd(child, start, &err), -1);
	assert_int_equal(proc_wait(child), -1);
	(void)close(pidfd);
}

static void test_printable(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "plain text", "plain text" },
		{ "a\tb\nc\033[31m\177", "a?b?c?[31m?" },
		{ "\302\233"
		  "31m \302\205 \302\240",
			"??31m ?? \302\240" }, /* U+009B, U+0085, U+00A0 */
		{ "\233"
		  "31m",
			"?31m" },
		{ "\303\233 \342\200\246 \360\237\230\200", "\303\233 \342\200\246 \360\237\230\200" },
		{ "\342\200\033\233", "\342\200??" }, /* a character that breaks off */
		{ "\303\251\302\233", "\303\251??" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[32];
		(void)snprintf(text, sizeof(text), "%s", rows[i][0]);
		str_make_printable(text);
		assert_string_equal(text, rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_line),
		cmocka_unit_test(test_error_parts),
		cmocka_unit_test(test_error_without_value),
		cmocka_unit_test(test_error_long),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_printable),
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
		cmocka_unit_test(test_process),
	};
	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
