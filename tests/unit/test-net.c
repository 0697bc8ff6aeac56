/* Loopback, and the moving of network devices, as root, in namespaces of the test's own. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "namespaces/net.h"

#include <cmocka.h> /* last: its fail() is a macro */

/* Two new namespaces: `host`, which the test is in from then on, and `container`. */
struct fixture {
	int own, host, container;
};

static int open_net(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

static int make_namespaces(void **state)
{
	static struct fixture fixture;
	fixture = (struct fixture){ open_net(), -1, -1 };
	if (unshare(CLONE_NEWNET) == 0)
		fixture.container = open_net();
	if (fixture.container >= 0 && unshare(CLONE_NEWNET) == 0)
		fixture.host = open_net();
	*state = &fixture;
	return 0;
}

static int drop_namespaces(void **state)
{
	struct fixture *fixture = *state;
	int result = setns(fixture->own, CLONE_NEWNET);
	close_fd(&fixture->own);
	close_fd(&fixture->host);
	close_fd(&fixture->container);
	return geteuid() == 0 ? result : 0;
}

static void need_namespaces(const struct fixture *fixture)
{
	if (fixture->host >= 0)
		return;
	print_message("cannot make network namespaces: skipped\n");
	skip();
}

static int run(const char *command)
{
	return system(command);
}

/* Runs the command in the container's namespace. */
static int run_in(const struct fixture *fixture, const char *command)
{
	assert_return_code(setns(fixture->container, CLONE_NEWNET), errno);
	int result = run(command);
	assert_return_code(setns(fixture->host, CLONE_NEWNET), errno);
	return result;
}

static void test_loopback(void **state)
{
	struct error error = { 0 };
	need_namespaces(*state);
	assert_int_equal(net_loopback_up(&error), 0);
	assert_int_equal(net_loopback_up(&error), 0);
	FILE *file = fopen("/proc/net/fib_trie", "re");
	assert_non_null(file);
	char line[256];
	bool found = false;
	while (fgets(line, sizeof(line), file))
		found |= strstr(line, "127.0.0.1") != NULL;
	(void)fclose(file);
	assert_true(found);
}

static void need_ip(const struct fixture *fixture)
{
	need_namespaces(fixture);
	if (run("command -v ip >/dev/null") == 0)
		return;
	print_message("no ip(8): skipped\n");
	skip();
}

struct move {
	const char *name;             /* of the case */
	const char *host, *container; /* commands before */
	struct oci_net_device device;
	const char *error; /* NULL: it succeeds */
	const char *after; /* true in the container afterwards */
};

#define LINK "ip link add eth7 type veth peer name peer7"
#define SHOW(name, what) "ip -o addr show dev " name " | grep -q '" what "'"

static const struct move moves[] = {
	{ "plain", LINK, "true", { "eth7", NULL }, NULL, "ip -o link show dev eth7 | grep -q '<.*[<,]UP'" },
	{ "renamed", LINK, "true", { "eth7", "net0" }, NULL,
		"ip -o link show dev net0 | grep -q '<.*[<,]UP' && ! ip link show dev eth7 "
		"2>/dev/null" },
	{ "old name and index taken there", LINK, LINK, { "eth7", "net0" }, NULL,
		"ip -o link show dev net0 | grep -q '<.*[<,]UP' && ip link show dev eth7 "
		">/dev/null" },
	{ "addresses",
		LINK " && ip addr add 192.0.2.7/24 brd + dev eth7"
		     " && ip addr add 192.0.2.8/24 dev eth7 label eth7:x"
		     " && ip addr add 198.51.100.1 peer 198.51.100.2/32 dev eth7"
		     " && ip addr add 2001:db8::7/64 dev eth7 nodad && ip link set eth7 up",
		"true", { "eth7", "net0" }, NULL,
		SHOW("net0", "inet 192.0.2.7/24 brd 192.0.2.255 scope global net0") " && " SHOW(
			"net0", "192.0.2.8/24 scope global secondary net0:x") " && " SHOW("net0",
			"198.51.100.1 peer 198.51.100.2/32") " && " SHOW("net0", "2001:db8::7/64 scope global nodad") },
	{ "addresses that do not count",
		LINK " && ip addr add 192.0.2.7/24 dev eth7 valid_lft 100 preferred_lft 100"
		     " && ip addr add 198.51.100.8/24 dev eth7 scope link",
		"true", { "eth7", NULL }, NULL, "! " SHOW("eth7", "inet ") },
	{ "other devices' addresses", LINK " && ip addr add 192.0.2.7/24 dev peer7", "true", { "eth7", NULL }, NULL,
		"! " SHOW("eth7", "inet ") },
	{ "mtu and hardware address", LINK " && ip link set eth7 mtu 1300 address 02:00:00:00:00:77", "true",
		{ "eth7", "net0" }, NULL, "ip -o link show dev net0 | grep 'mtu 1300 ' | grep -q 02:00:00:00:00:77" },
	{ "template", LINK, "ip link add net0 type veth peer name net1", { "eth7", "net%d" }, NULL,
		"ip link show dev net2 >/dev/null" },
	{ "missing", "true", "true", { "eth7", NULL },
		".linux.netDevices[\"eth7\"]: find network device eth7: No such device", "true" },
	{ "name taken", LINK, "ip link add net0 type veth peer name net1", { "eth7", "net0" },
		".linux.netDevices[\"eth7\"]: call it net0 in the container: File exists", "true" },
	{ "not to be moved", "true", "true", { "lo", "net0" }, ".linux.netDevices[\"lo\"]: move network device lo",
		"true" },
};

static void test_moves(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		const struct move *move = &moves[i];
		struct error error = { 0 };
		char line[1024];
		void *fixture;
		assert_int_equal(make_namespaces(&fixture), 0);
		need_ip(fixture);
		assert_int_equal(run(move->host), 0);
		assert_int_equal(run_in(fixture, move->container), 0);
		int result = net_devices_move(&move->device, 1, ((struct fixture *)fixture)->container, &error);
		error_line(&error, line, sizeof(line));
		print_message("%s%s%s\n", move->name, result < 0 ? ": " : "", result < 0 ? line : "");
		assert_int_equal(result, move->error ? -1 : 0);
		if (move->error)
			assert_memory_equal(line, move->error, strlen(move->error));
		assert_int_equal(run_in(fixture, move->after), 0);
		if (move->error && strcmp(move->name, "name taken") == 0) /* nothing was moved */
			assert_int_equal(run("ip link show dev eth7 >/dev/null"), 0);
		assert_int_equal(drop_namespaces(&fixture), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_loopback, make_namespaces, drop_namespaces),
		cmocka_unit_test(test_moves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
