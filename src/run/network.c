#include "run/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"
#include "process/caps.h"

enum { READY_TIMEOUT_MS = 20000, ANSWER_SIZE = 384, NAMESPACES_MAX = 33 };
enum { READY_FD = 3 }; /* of slirp4netns */

/* The data of the process that stays. */
struct keeper {
	enum network network;
	int netns, userns; /* userns is -1 where it is the caller's own */
	int init;
	char number[16]; /* of the process in procfs, which may be of an outer pid namespace */
	int parent;      /* pipe for the empty string when ready, or the reason of a failure */
};

/* Opens the user namespace that owns the network namespace. Returns -1 if that is the caller's own. */
static int open_owner(int netns)
{
	FD(fd) = ioctl(netns, NS_GET_USERNS);
	return fd >= 0 && same_file(fd, "", AT_FDCWD, "/proc/self/ns/user") == 0 ? take_fd(&fd) : -1;
}

/* The helpers close inherited descriptors, so the namespaces are named by paths: for pasta those of the keeper, which
 * has joined them, for slirp4netns those of its descriptors. */
static void __attribute__((noreturn)) execute(const struct keeper *k, const int joined[2], int ready, int answer)
{
	char netns[64], user_path[96], joined_net[48], joined_user[48], byte;
	const char *pid = k->number;
	(void)snprintf(netns, sizeof(netns), "/proc/%s/fd/%d", pid, k->netns);
	(void)snprintf(user_path, sizeof(user_path), "--userns-path=/proc/%s/fd/%d", pid, k->userns);
	(void)snprintf(joined_net, sizeof(joined_net), "/proc/%s/ns/net", pid);
	(void)snprintf(joined_user, sizeof(joined_user), "/proc/%s/ns/user", pid);
	bool owned = k->userns >= 0;
	/* Without --runas pasta as root would become nobody, who may not join the namespaces. */
	const char *as_root = proc_euid() == 0 ? "--runas" : NULL;
	const char *const pasta[] = { "pasta", "--config-net", "--quiet", "--netns", joined_net, "--userns",
		joined_user, as_root, "0", NULL };
	const char *const pasta_alone[] = { "pasta", "--config-net", "--quiet", "--netns", joined_net, "--netns-only",
		as_root, "0", NULL };
	const char *const slirp[] = { "slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback",
		"--ready-fd=3", "--netns-type=path", netns, "tap0", owned ? user_path : NULL, NULL };
	(void)close(joined[1]);
	(void)!read(joined[0], &byte, 1); /* end of file: the keeper has joined */
	const char *const *argv = owned ? pasta : pasta_alone;
	if (k->network != NETWORK_PASTA)
		argv = slirp;
	FD(null) = open("/dev/null", O_RDWR | O_CLOEXEC);
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(answer, STDOUT_FILENO);
	(void)dup2(answer, STDERR_FILENO);
	(void)dup2(ready, READY_FD);
	proc_reset_signals(1ULL << (SIGPIPE - 1) | 1ULL << (SIGXFSZ - 1)); /* pasta gives up where it is ignored */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)execvp(argv[0], (char *const *)argv);
	(void)dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* pasta goes into the background when it is ready; slirp4netns writes a byte. */
static bool wait_ready(enum network network, pid_t helper, int ready)
{
	char byte;
	if (network == NETWORK_PASTA)
		return proc_wait(helper) == 0;
	return read(ready, &byte, 1) == 1;
}

/* Reads the numbers of a process (0: the caller) in its pid namespaces, the outermost first. Returns how many. procfs
 * may be of an outer namespace, where a process has other numbers than kill(2) takes. */
static size_t read_numbers(pid_t pid, pid_t numbers[NAMESPACES_MAX])
{
	char text[NAMESPACES_MAX * 12], *save = NULL;
	size_t count = 0;
	if (!proc_status(pid, "NSpid", text, sizeof(text)))
		return 0;
	for (char *one = strtok_r(text, "\t ", &save); one && count < NAMESPACES_MAX;
		one = strtok_r(NULL, "\t ", &save))
		numbers[count++] = (pid_t)strtol(one, NULL, 10);
	return count;
}

/* Helpers in the background are children too, since the keeper is a subreaper. */
static void kill_children(void)
{
	ARENA(arena);
	char *text, *save = NULL;
	pid_t numbers[NAMESPACES_MAX];
	size_t level = read_numbers(0, numbers);
	if (read_file_at(&arena, AT_FDCWD, "/proc/thread-self/children", 1 << 20, &text, NULL) < 0)
		return;
	for (char *pid = strtok_r(text, " \n", &save); pid; pid = strtok_r(NULL, " \n", &save)) {
		if (level > 0 && read_numbers((pid_t)strtol(pid, NULL, 10), numbers) >= level)
			(void)kill(numbers[level - 1], SIGKILL);
	}
}

/* Joins the namespaces and gives up all capabilities, so that pasta, which has none either, may open the keeper's
 * files in procfs. */
static void join(const struct keeper *k)
{
	static const struct caps_plan none = { .set = true };
	if ((k->userns >= 0 && setns(k->userns, CLONE_NEWUSER) < 0) || setns(k->netns, CLONE_NEWNET) < 0 ||
		caps_set(&none, NULL) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0)
		_exit(1);
}

static void __attribute__((noreturn)) keep(struct keeper *k)
{
	int ready[2], answer[2], joined[2];
	const int keep_open[] = { k->netns, k->userns, k->init, k->parent };
	char text[ANSWER_SIZE];
	(void)close_all_but(3, keep_open, 4);
	(void)!readlink("/proc/self", k->number, sizeof(k->number) - 1);
	(void)setsid();
	(void)prctl(PR_SET_NAME, "hull-network");
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(answer, O_CLOEXEC | O_NONBLOCK) < 0 || pipe2(joined, O_CLOEXEC) < 0)
		_exit(1);
	pid_t helper = fork();
	if (helper == 0)
		execute(k, joined, ready[1], answer[1]);
	(void)close(ready[1]);
	if (k->network == NETWORK_PASTA)
		join(k);
	(void)close(joined[1]);
	if (helper < 0 || !wait_ready(k->network, helper, ready[0])) {
		ssize_t len = read(answer[0], text, sizeof(text));
		(void)!write(k->parent, text, len > 0 ? (size_t)len : 0);
		_exit(1);
	}
	(void)!write(k->parent, "", 1);
	/* Nothing of the caller's stays open. */
	const int init_alone[] = { k->init };
	(void)close_all_but(0, init_alone, 1);
	struct pollfd end = { .fd = k->init, .events = POLLIN };
	while (poll(&end, 1, -1) < 0 && errno == EINTR)
		;
	kill_children();
	_exit(0);
}

static int fail_helper(enum network network, const char *answer, struct error *err)
{
	const char *name = word_name(network_words, network);
	(void)fail(err, 0, "--network %s: %.256s", name, *answer ? answer : "it ended without a message");
	return strstr(answer, strerror(ENOENT)) ? error_hint(err, "is it installed? (Debian's package %s)",
							  network == NETWORK_PASTA ? "passt" : "slirp4netns") :
						  -1;
}

/* Reads the keeper's answer: the empty string, or the helper's message. */
static int hear(enum network network, int reader, struct error *err)
{
	char answer[ANSWER_SIZE + 1];
	struct pollfd readable = { .fd = reader, .events = POLLIN };
	if (poll(&readable, 1, READY_TIMEOUT_MS) == 0)
		return fail(err, ETIMEDOUT, "--network %s", word_name(network_words, network));
	ssize_t len = read(reader, answer, sizeof(answer) - 1);
	if (len == 1 && !answer[0])
		return 0;
	while (len > 0 && answer[len - 1] == '\n')
		len--;
	answer[len > 0 ? len : 0] = '\0';
	/* The last line is the reason; earlier ones may be about a missing system log. */
	const char *last = strrchr(answer, '\n');
	return fail_helper(network, last ? last + 1 : answer, err);
}

int network_start(enum network network, int netns, int init, struct error *err)
{
	int pair[2];
	if (pipe2(pair, O_CLOEXEC) < 0)
		return fail(err, errno, "pipe");
	FD(reader) = pair[0];
	FD(writer) = pair[1];
	FD(userns) = open_owner(netns);
	struct keeper k = { .network = network, .netns = netns, .userns = userns, .init = init, .parent = writer };
	pid_t pid = fork();
	if (pid < 0)
		return fail(err, errno, "--network: fork");
	if (pid == 0)
		keep(&k);
	close_fd(&writer);
	if (hear(network, reader, err) == 0)
		return 0;
	(void)kill(pid, SIGKILL);
	(void)proc_wait(pid);
	return -1;
}
