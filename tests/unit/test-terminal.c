/* The container's terminal, the attacks on it, and the relay of a foreground command. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "namespaces/anchor.h"
#include "oci/config.h"
#include "process/terminal.h"
#include "run/relay.h"

#include <cmocka.h> /* last: its fail() is a macro */

/* ---- terminal ---- */

/* The root filesystem is the directory "root" of a fresh tmpfs, which also has a file "canary" outside of it. */
static char base[] = "/tmp/test-terminal-XXXXXX";
static bool privileged;

static int group_setup(void **state)
{
	(void)state;
	if (!mkdtemp(base))
		return -1;
	privileged = unshare(CLONE_NEWNS) == 0 && system("mount --make-rprivate /") == 0;
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	return rmdir(base);
}

static void need_privilege(void)
{
	if (privileged)
		return;
	print_message("cannot mount: skipped\n");
	skip();
}

/* Runs a command in the directory. */
static int run(const char *command)
{
	char line[1024];
	(void)snprintf(line, sizeof(line), "cd %s && { %s; }", base, command);
	return system(line);
}

static int make_root(const char *prepare)
{
	char line[1024];
	(void)snprintf(line, sizeof(line), "mount -t tmpfs tmpfs %s", base);
	assert_int_equal(system(line), 0);
	assert_int_equal(run("mkdir root; echo canary > canary; chmod 600 canary"), 0);
	assert_int_equal(run(prepare), 0);
	(void)snprintf(line, sizeof(line), "%s/root", base);
	int root = open(line, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	return root;
}

static void drop_root(int *root)
{
	char line[1024];
	close_fd(root);
	(void)snprintf(line, sizeof(line), "umount -R -l %s", base);
	assert_int_equal(system(line), 0);
}

#define DEVPTS "mkdir -p root/dev/pts && mount -t devpts -o newinstance,ptmxmode=666 devpts root/dev/pts"

struct place {
	const char *name;
	const char *prepare;
	const char *error;      /* of terminal_open, or NULL */
	const char *bind_error; /* of terminal_bind_console, or NULL */
};

static const struct place places[] = {
	{ "plain", DEVPTS, NULL, NULL },
	{ "console there as a file", DEVPTS " && echo x > root/dev/console", NULL, NULL },
	{ "console there as a device", DEVPTS " && mknod root/dev/console c 5 1", NULL, NULL },
	{ "console there as a fifo", DEVPTS " && mkfifo root/dev/console", NULL, NULL },
	{ "console a symlink out", DEVPTS " && ln -s ../../canary root/dev/console", NULL,
		"/dev/console in the root filesystem is a symbolic link" },
	{ "console a dangling symlink", DEVPTS " && ln -s ../../new root/dev/console", NULL,
		"/dev/console in the root filesystem is a symbolic link" },
	{ "console a directory", DEVPTS " && mkdir root/dev/console", NULL,
		"/dev/console in the root filesystem is a directory" },
	{ "read-only root without console", DEVPTS " && mount -o remount,ro .", NULL,
		"make /dev/console in the root filesystem: Read-only file system" },
	{ "dev a symlink out", "ln -s ../dev root/dev; mkdir dev && ln -s /dev/pts dev/pts",
		"open /dev/pts/ptmx in the root filesystem: Too many levels of symbolic links", NULL },
	{ "no devpts", "mkdir -p root/dev", "open /dev/pts/ptmx in the root filesystem: No such file or directory",
		NULL },
	{ "ptmx a regular file", "mkdir -p root/dev/pts && touch root/dev/pts/ptmx",
		"/dev/pts/ptmx is not the multiplexer of a devpts", NULL },
	{ "ptmx a node of the right number", "mkdir -p root/dev/pts && mknod root/dev/pts/ptmx c 5 2",
		"/dev/pts/ptmx is not the multiplexer of a devpts", NULL },
	{ "ptmx another device", DEVPTS " && mount --bind /dev/null root/dev/pts/ptmx",
		"/dev/pts/ptmx is not the multiplexer of a devpts", NULL },
	{ "ptmx a symlink", "mkdir -p root/dev/pts && ln -s /dev/ptmx root/dev/pts/ptmx",
		"/dev/pts/ptmx is not the multiplexer of a devpts", NULL },
	{ "pts a symlink to the host's", "mkdir root/dev && ln -s /dev/pts root/dev/pts",
		"open /dev/pts/ptmx in the root filesystem: Too many levels of symbolic links", NULL },
};

static const char *report(int result, const struct error *error, char line[1024])
{
	return result < 0 ? error_line(error, line, 1024) : "";
}

static void check_place(const struct place *place)
{
	struct error error = { 0 };
	struct oci_console_size size = { { true, 33 }, { true, 99 } };
	char line[1024];
	int root = make_root(place->prepare);
	FD(peer) = -1;
	struct anchors anchors = { .root = root };
	FD(master) = terminal_open(&anchors, &size, 7, &peer, &error);
	print_message("%s\n", place->name);
	assert_string_equal(report(master, &error, line), place->error ? place->error : "");
	if (master >= 0) {
		struct stat st, on_console;
		struct winsize window;
		assert_return_code(fstat(peer, &st), errno);
		assert_int_equal(st.st_uid, 7);
		assert_return_code(ioctl(peer, TIOCGWINSZ, &window), errno);
		assert_int_equal(window.ws_row, 33);
		assert_int_equal(window.ws_col, 99);
		int result = terminal_bind_console(&anchors, peer, &error);
		assert_string_equal(report(result, &error, line), place->bind_error ? place->bind_error : "");
		if (result == 0) {
			assert_return_code(fstatat(root, "dev/console", &on_console, 0), errno);
			assert_int_equal(on_console.st_rdev, st.st_rdev);
			assert_int_equal(on_console.st_dev, st.st_dev);
		}
	} else {
		assert_int_equal(peer, -1);
	}
	assert_int_equal(run("[ \"$(cat canary)\" = canary ] && [ ! -e new ] && "
			     "[ $(stat -c %a%u canary) = 6000 ]"),
		0);
	drop_root(&root);
}

static void test_places(void **state)
{
	(void)state;
	need_privilege();
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		check_place(&places[i]);
}

static void test_send(void **state)
{
	(void)state;
	struct error error = { 0 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/sock", base);
	FD(listener) = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), errno);
	assert_return_code(listen(listener, 1), errno);
	FD(master) = posix_openpt(O_RDWR | O_NOCTTY);
	assert_int_equal(terminal_send(addr.sun_path, master, &error), 0);
	FD(sock) = accept(listener, NULL, NULL);
	char name[64];
	FD(received) = -1;
	assert_true(recv_with_fd(sock, name, sizeof(name), &received) > 0);
	assert_true(received >= 0 && isatty(received));
	(void)unlink(addr.sun_path);
	assert_int_equal(terminal_send(addr.sun_path, master, &error), -1);
	assert_non_null(strstr(error.text, "--console-socket"));
}

/* ---- relay ---- */

static void restore(void)
{
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A process run by sh, with its pidfd; with a terminal of its own unless ret_master is NULL. */
static int start(const char *script, int *ret_master)
{
	FD(master) = -1;
	FD(peer) = -1;
	int pidfd = -1, unlock = 0;
	struct error error = { 0 };
	if (ret_master) {
		master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		assert_return_code(ioctl(master, TIOCSPTLCK, &unlock), errno);
		peer = ioctl(master, _IO('T', 0x41), O_RDWR | O_NOCTTY | O_CLOEXEC); /* TIOCGPTPEER */
		assert_true(peer >= 0);
	}
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);
	assert_true(pid >= 0);
	if (pid == 0) {
		restore();
		(void)setsid();
		if (!ret_master || terminal_take(peer, &error) == 0)
			execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(99);
	}
	if (ret_master)
		*ret_master = take_fd(&master);
	return pidfd;
}

struct life {
	const char *script;
	int sig; /* sent to ourselves before, unless 0 */
	int status;
};

static const struct life lives[] = {
	{ "exit 0", 0, 0 },
	{ "exit 7", 0, 7 },
	{ "kill -KILL $$", 0, 137 },
	{ "trap 'exit 5' TERM; kill -TERM $PPID; while :; do sleep 0.05; done", 0, 5 },
	{ "sleep 60", SIGTERM, 143 },
	{ "sleep 60", SIGINT, 130 },
	{ "trap 'exit 6' USR1; kill -USR1 $PPID; while :; do sleep 0.05; done", 0, 6 },
	{ "kill -WINCH $PPID; exit 3", 0, 3 },
	{ "(sleep 0.1 &) ; exit 4", 0, 4 },
};

static void test_lives(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		struct relay relay;
		struct error error = { 0 };
		int status = -1;
		assert_int_equal(relay_prepare(&relay, &error), 0);
		FD(pidfd) = start(lives[i].script, NULL);
		if (lives[i].sig)
			(void)kill(getpid(), lives[i].sig);
		assert_int_equal(relay_run(&relay, pidfd, -1, &status, &error), 0);
		assert_int_equal(status, lives[i].status);
		assert_int_equal(relay.notify, -1);
		restore();
	}
}

/* A signal that ends the command comes before the program runs, and after. */
static void test_interrupted_before_exec(void **state)
{
	(void)state;
	for (int executed = 0; executed < 2; executed++) {
		struct relay relay;
		struct error error = { 0 };
		int status = -1, pair[2];
		assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), errno);
		FD(sock) = pair[0];
		FD(other) = pair[1];
		if (executed)
			close_fd(&other);
		assert_int_equal(relay_prepare(&relay, &error), 0);
		relay.executed = sock;
		FD(pidfd) = start("kill -USR2 $$", NULL);
		assert_int_equal(relay_run(&relay, pidfd, -1, &status, &error), 0);
		assert_int_equal(status, 128 + SIGUSR2);
		FD(second) = start("trap 'exit 9' TERM; kill -TERM $PPID; while :; do sleep 0.05; done", NULL);
		assert_int_equal(relay_run(&relay, second, -1, &status, &error), 0);
		assert_int_equal(status, executed ? 9 : 128 + SIGTERM);
		assert_int_equal(relay.signal, executed ? 0 : SIGTERM);
		restore();
	}
}

/* The container says READY=1 while the relay waits: the host hears of it, even if the exit comes at once. */
static void test_ready(void **state)
{
	(void)state;
	struct relay relay;
	struct error error = { 0 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char text[64] = "";
	int pair[2], status = -1;
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/host", base);
	FD(host) = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(host, (struct sockaddr *)&addr, sizeof(addr)), errno);
	assert_return_code(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), errno);
	FD(sock) = pair[0];
	FD(other) = pair[1];
	assert_int_equal(relay_prepare(&relay, &error), 0);
	relay.notify = sock;
	relay.notify_host = addr.sun_path;
	relay.notify_pid = 42;
	FD(pidfd) = start("exit 3", NULL);
	assert_int_equal(send(other, "READY=1", 7, 0), 7);
	assert_int_equal(relay_run(&relay, pidfd, -1, &status, &error), 0);
	restore();
	(void)unlink(addr.sun_path);
	assert_int_equal(status, 3);
	assert_int_equal(relay.notify, -1);
	assert_true(recv(host, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
	assert_string_equal(text, "MAINPID=42\nREADY=1\n");
}

struct talk {
	const char *script;
	const char *input;  /* on standard input, which then ends */
	const char *output; /* on standard output, NULL: not looked at */
	size_t length;      /* of the output, unless 0 */
	int status;
};

static const struct talk talks[] = {
	{ "echo hello; exit 3", "", "hello\r\n", 0, 3 },
	{ "stty -echo; echo ready; cat", "one\ntwo\n", NULL, 0, 0 },
	{ "cat >/dev/null; exit 8", "no line's end", NULL, 0, 8 },
	{ "tty >/dev/null && [ -t 1 ] && : > /dev/tty && exit 9", "", "", 0, 9 },
	{ "head -c 1000000 /dev/zero | tr '\\0' x", "", NULL, 1000000, 0 },
	{ "(sleep 3; echo late) & echo early; exit 2", "", "early\r\n", 0, 2 },
	{ "trap '' HUP; (sleep 3; echo late) & printf x; exit 2", "", "x", 0, 2 },
};

/* Standard input is a pipe that holds `input`, standard output a pipe that a child drains into *ret_length. */
static void run_talk(const struct talk *talk, char *text, size_t size, size_t *ret_length, int *ret_status)
{
	int in[2], out[2], result[2], master;
	struct relay relay;
	struct error error = { 0 };
	assert_return_code(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) | pipe2(result, O_CLOEXEC), errno);
	FD(old_in) = fcntl(0, F_DUPFD_CLOEXEC, 10);
	FD(old_out) = fcntl(1, F_DUPFD_CLOEXEC, 10);
	assert_return_code(write_all(in[1], talk->input, strlen(talk->input)), errno);
	(void)close(in[1]);
	pid_t reader = fork();
	if (reader == 0) {
		static char all[1 << 21];
		size_t len = 0;
		ssize_t n;
		(void)close(out[1]);
		while ((n = read(out[0], all + len, sizeof(all) - len)) > 0) {
			len += (size_t)n;
			(void)usleep(len % 3 ? 100 : 0); /* not the quickest of readers */
		}
		(void)write_all(result[1], &len, sizeof(len));
		(void)write_all(result[1], all, len < 4096 ? len : 4096);
		_exit(0);
	}
	assert_int_equal(relay_prepare(&relay, &error), 0);
	FD(pidfd) = start(talk->script, &master);
	assert_return_code(dup2(in[0], 0) | dup2(out[1], 1), errno);
	int failed = relay_run(&relay, pidfd, master, ret_status, &error);
	(void)dup2(old_in, 0);
	(void)dup2(old_out, 1);
	restore();
	assert_int_equal(failed, 0);
	(void)close(in[0]);
	(void)close(out[0]);
	(void)close(out[1]);
	(void)close(result[1]);
	assert_int_equal(read(result[0], ret_length, sizeof(*ret_length)), sizeof(*ret_length));
	ssize_t n = read(result[0], text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	(void)close(result[0]);
	(void)waitpid(reader, NULL, 0);
}

static void test_talks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(talks) / sizeof(talks[0]); i++) {
		char text[4097];
		size_t length = 0;
		int status = -1;
		print_message("%s\n", talks[i].script);
		(void)alarm(120);
		run_talk(&talks[i], text, sizeof(text), &length, &status);
		(void)alarm(0);
		assert_int_equal(status, talks[i].status);
		if (talks[i].output)
			assert_string_equal(text, talks[i].output);
		if (talks[i].length)
			assert_int_equal(length, talks[i].length);
	}
}

/* The reader goes away: the container receives a hang-up and does not write for ever. */
static void test_hang_up(void **state)
{
	(void)state;
	struct relay relay;
	struct error error = { 0 };
	int out[2], master, status = -1;
	assert_return_code(pipe2(out, O_CLOEXEC), errno);
	(void)close(out[0]);
	FD(old_out) = fcntl(1, F_DUPFD_CLOEXEC, 10);
	FD(old_in) = fcntl(0, F_DUPFD_CLOEXEC, 10);
	FD(null) = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(relay_prepare(&relay, &error), 0);
	FD(pidfd) = start("while :; do echo line; done", &master);
	assert_return_code(dup2(out[1], 1) | dup2(null, 0), errno);
	(void)alarm(120);
	int result = relay_run(&relay, pidfd, master, &status, &error);
	(void)alarm(0);
	(void)dup2(old_out, 1);
	(void)dup2(old_in, 0);
	(void)close(out[1]);
	(void)signal(SIGPIPE, SIG_IGN); /* one is waiting to be delivered */
	restore();
	(void)signal(SIGPIPE, SIG_DFL);
	assert_int_equal(result, 0);
	assert_int_equal(status, 128 + SIGHUP);
}

/* Our own terminal: raw meanwhile, its size passed on and followed, and restored afterwards. */
static void test_raw(void **state)
{
	(void)state;
	struct relay relay;
	struct error error = { 0 };
	int unlock = 0, master, status = -1;
	struct winsize size = { .ws_row = 11, .ws_col = 22 };
	struct termios before, after;
	FD(outer) = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_return_code(ioctl(outer, TIOCSPTLCK, &unlock), errno);
	FD(mine) = ioctl(outer, _IO('T', 0x41), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(mine >= 0);
	assert_return_code(ioctl(outer, TIOCSWINSZ, &size), errno);
	assert_return_code(tcgetattr(mine, &before), errno);
	FD(old_in) = fcntl(0, F_DUPFD_CLOEXEC, 10);
	FD(old_out) = fcntl(1, F_DUPFD_CLOEXEC, 10);
	assert_int_equal(relay_prepare(&relay, &error), 0);
	FD(pidfd) = start("read x; stty size; [ \"$x\" = typed ]", &master);
	assert_return_code(dup2(mine, 0) | dup2(mine, 1), errno);
	assert_return_code(write_all(outer, "typed\r", 6), errno);
	(void)alarm(120);
	int result = relay_run(&relay, pidfd, master, &status, &error);
	(void)alarm(0);
	(void)dup2(old_in, 0);
	(void)dup2(old_out, 1);
	restore();
	assert_int_equal(result, 0);
	assert_int_equal(status, 0);
	assert_return_code(tcgetattr(mine, &after), errno);
	assert_int_equal(before.c_lflag, after.c_lflag);
	assert_int_equal(before.c_iflag, after.c_iflag);
	assert_int_equal(before.c_oflag, after.c_oflag);
	char text[256] = "";
	size_t len = 0;
	while (!strstr(text, "11 22") && len < sizeof(text) - 1) { /* it may come in pieces */
		ssize_t part = read(outer, text + len, sizeof(text) - 1 - len);
		assert_true(part > 0);
		len += (size_t)part;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_interrupted_before_exec),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_talks),
		cmocka_unit_test(test_hang_up),
		cmocka_unit_test(test_raw),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
