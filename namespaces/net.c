#include "namespaces/net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"

const struct word network_words[] = {
	{ "none", NETWORK_NONE },
	{ "pasta", NETWORK_PASTA },
	{ "slirp4netns", NETWORK_SLIRP4NETNS },
	{ NULL },
};

enum {
	REPLY_SIZE = 32 * 1024, /* the kernel fills at most this much into one part of a dump */
	REQUEST_SIZE = 512,
	MAX_TEMPLATE = 4096, /* numbers tried for a name with %d in it */
};

/* The lasting flags of an address, as opposed to its present state in the kernel. */
#define KEPT_ADDRESS_FLAGS \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

/* Attributes of an address that are restored unchanged. IFA_FLAGS and IFA_LABEL are adapted. */
static const unsigned short kept_attributes[] = { IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST, IFA_ANYCAST, IFA_CACHEINFO,
	IFA_MULTICAST, IFA_RT_PRIORITY };

struct request {
	struct nlmsghdr head; /* its length grows with the attributes */
	char body[REQUEST_SIZE];
};

typedef LIST(struct request) request_list;

struct reply { /* the kernel's message, if it refuses */
	char words[128];
};

/* Called for each message of an answer that is neither an error nor the end. */
typedef void (*message_fn)(void *data, const struct nlmsghdr *message);

/* ---- netlink(7) ---- */

static void *request_start(struct request *request, uint16_t type, uint16_t flags, size_t family_len)
{
	memset(request, 0, sizeof(*request));
	request->head.nlmsg_type = type;
	request->head.nlmsg_flags = NLM_F_REQUEST | flags;
	request->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(family_len);
	return NLMSG_DATA(&request->head);
}

/* False if it does not fit. Only attributes that came from the kernel can be so long. */
static bool request_add(struct request *request, uint16_t type, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(request->head.nlmsg_len);
	if (at + RTA_SPACE(len) > sizeof(*request))
		return false;
	struct rtattr attr = { .rta_type = type, .rta_len = (unsigned short)RTA_LENGTH(len) };
	memcpy((char *)request + at, &attr, sizeof(attr));
	memcpy((char *)request + at + RTA_LENGTH(0), data, len);
	request->head.nlmsg_len = (uint32_t)(at + RTA_LENGTH(len));
	return true;
}

static bool request_add_string(struct request *request, uint16_t type, const char *text)
{
	return request_add(request, type, text, strlen(text) + 1);
}

static int open_netlink(void)
{
	FD(sock) = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int on = 1;
	if (sock < 0)
		return -1;
	(void)setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)); /* messages are optional */
	(void)setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return take_fd(&sock);
}

/* Returns the attribute of a message at *pos (0 at first) and moves *pos behind it; NULL at the end. Checks bounds. */
static const struct rtattr *next_attr(const struct nlmsghdr *message, size_t family_len, size_t *pos)
{
	size_t at = *pos ? *pos : NLMSG_LENGTH(NLMSG_ALIGN(family_len));
	if (at + sizeof(struct rtattr) > message->nlmsg_len)
		return NULL;
	const struct rtattr *attr = (const struct rtattr *)((const char *)message + at);
	if (attr->rta_len < sizeof(*attr) || attr->rta_len > message->nlmsg_len - at)
		return NULL;
	*pos = at + RTA_ALIGN(attr->rta_len);
	return attr;
}

static void keep_words(const struct nlmsghdr *message, struct reply *reply)
{
	size_t pos = 0;
	const struct rtattr *attr;
	/* With NETLINK_CAP_ACK the answer has only the header of the request before the attributes. */
	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS) || !(message->nlmsg_flags & NLM_F_CAPPED))
		return;
	while ((attr = next_attr(message, sizeof(struct nlmsgerr), &pos)))
		if ((attr->rta_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
			(void)snprintf(reply->words, sizeof(reply->words), "%.*s", (int)(attr->rta_len - RTA_LENGTH(0)),
				(const char *)attr + RTA_LENGTH(0));
}

/* Reads one datagram of the answer. 1 at the end of the answer, 0 if there is more, -1 and errno. */
static int read_part(int sock, message_fn each, void *data, struct reply *reply)
{
	char buf[REPLY_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;
	do
		n = recvmsg(sock, &msg, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	if (from.nl_pid != 0) /* not from the kernel: any process may send to the socket */
		return 0;
	if (n == 0 || (msg.msg_flags & MSG_TRUNC)) {
		errno = EMSGSIZE;
		return -1;
	}
	size_t left = (size_t)n;
	for (const struct nlmsghdr *message = (const struct nlmsghdr *)buf; NLMSG_OK(message, left);
		message = NLMSG_NEXT(message, left)) {
		if (message->nlmsg_type == NLMSG_DONE)
			return 1;
		if (message->nlmsg_type != NLMSG_ERROR) {
			each(data, message);
			continue;
		}
		if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr))) {
			errno = EBADMSG;
			return -1;
		}
		keep_words(message, reply);
		errno = -((const struct nlmsgerr *)NLMSG_DATA(message))->error;
		return errno ? -1 : 1;
	}
	return 0;
}

static void ignore_message(void *data, const struct nlmsghdr *message)
{
	(void)data;
	(void)message;
}

/* Sends a request, which asks for a dump or an acknowledgement, and reads the whole answer. -1 and errno. Sequence
 * numbers are not needed, since only one request is under way at a time. */
static int transact(int sock, const struct request *request, message_fn each, void *data, struct reply *reply)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	reply->words[0] = '\0';
	if (sendto(sock, request, request->head.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -1;
	for (;;) {
		int result = read_part(sock, each, data, reply);
		if (result != 0)
			return result < 0 ? -1 : 0;
	}
}

static int fail_reply(struct error *err, int errnum, const struct reply *reply, const char *what, const char *name)
{
	return fail(err, errnum, "%s %s%s%s%s", what, name, reply->words[0] ? " (" : "", reply->words,
		reply->words[0] ? ")" : "");
}

/* ---- loopback ---- */

int net_loopback_up(struct error *err)
{
	/* Interface requests work on a socket of any family, and AF_UNIX always exists. A new lo has no flag but
	 * IFF_LOOPBACK, which the kernel keeps, so its flags need not be read first. */
	FD(sock) = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return fail(err, errno, "socket");
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	if (ioctl(sock, SIOCSIFFLAGS, &request) < 0)
		return fail(err, errno, "set loopback interface up");
	return 0;
}

/* ---- network devices ---- */

static const char *target_name(const struct oci_net_device *device)
{
	return device->name && device->name[0] ? device->name : device->key;
}

static int fail_device(struct error *err, const struct oci_net_device *device)
{
	char where[sizeof(err->where)];
	(void)snprintf(where, sizeof(where), ".linux.netDevices[\"%s\"]", device->key);
	return error_at(err, where);
}

static void take_index(void *data, const struct nlmsghdr *message)
{
	if (message->nlmsg_type == RTM_NEWLINK && message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg)))
		*(int *)data = ((const struct ifinfomsg *)NLMSG_DATA(message))->ifi_index;
}

/* The index of the interface of that name where the socket is, or -1 and errno (ENODEV if there is none). */
static int find_link(int sock, const char *name, struct reply *reply)
{
	struct request request;
	int index = 0;
	(void)request_start(&request, RTM_GETLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
	(void)request_add_string(&request, IFLA_IFNAME, name); /* checked: it is short */
	if (transact(sock, &request, take_index, &index, reply) < 0)
		return -1;
	if (index <= 0)
		errno = ENODEV;
	return index > 0 ? index : -1;
}

struct address_search {
	struct arena *arena;
	request_list *list;
	int index;
	const char *old_name, *new_name;
};

static bool is_kept(unsigned short type)
{
	for (size_t i = 0; i < sizeof(kept_attributes) / sizeof(kept_attributes[0]); i++)
		if (kept_attributes[i] == type)
			return true;
	return false;
}

/* A label is the device's name, or the name with a suffix: "eth0:1". The new label has the device's new name. */
static bool add_label(struct request *request, const struct address_search *search, const char *label, size_t len)
{
	char renamed[IFNAMSIZ];
	size_t old = strlen(search->old_name);
	len = strnlen(label, len);
	if (len < old || memcmp(label, search->old_name, old) != 0)
		return true; /* the kernel's default is the device's name */
	int n = snprintf(renamed, sizeof(renamed), "%s%.*s", search->new_name, (int)(len - old), label + old);
	/* An address whose label no longer fits is restored without it. */
	return n >= (int)sizeof(renamed) || request_add_string(request, IFA_LABEL, renamed);
}

/* Turns the message about an address into the request that restores it. */
static bool copy_address(
	const struct nlmsghdr *message, const struct address_search *search, uint32_t flags, struct request *request)
{
	const struct ifaddrmsg *old = NLMSG_DATA(message);
	struct ifaddrmsg *head =
		request_start(request, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sizeof(*head));
	const struct rtattr *attr;
	head->ifa_family = old->ifa_family;
	head->ifa_prefixlen = old->ifa_prefixlen;
	head->ifa_scope = old->ifa_scope;
	for (size_t pos = 0; (attr = next_attr(message, sizeof(*head), &pos));) {
		const char *data = (const char *)attr + RTA_LENGTH(0);
		size_t len = attr->rta_len - RTA_LENGTH(0);
		bool added = true;
		if (attr->rta_type == IFA_LABEL)
			added = add_label(request, search, data, len);
		else if (is_kept(attr->rta_type))
			added = request_add(request, attr->rta_type, data, len);
		if (!added)
			return false;
	}
	flags &= KEPT_ADDRESS_FLAGS;
	return request_add(request, IFA_FLAGS, &flags, sizeof(flags));
}

/* config-linux.md "Network Devices": permanent addresses of global scope are kept, of any family. */
static void take_address(void *data, const struct nlmsghdr *message)
{
	struct address_search *search = data;
	const struct ifaddrmsg *head = NLMSG_DATA(message);
	const struct rtattr *attr;
	if (message->nlmsg_type != RTM_NEWADDR || message->nlmsg_len < NLMSG_LENGTH(sizeof(*head)) ||
		(int)head->ifa_index != search->index || head->ifa_scope != RT_SCOPE_UNIVERSE)
		return;
	uint32_t flags = head->ifa_flags;
	for (size_t pos = 0; (attr = next_attr(message, sizeof(*head), &pos));)
		if (attr->rta_type == IFA_FLAGS && attr->rta_len >= RTA_LENGTH(sizeof(flags)))
			memcpy(&flags, (const char *)attr + RTA_LENGTH(0), sizeof(flags));
	struct request request;
	if ((flags & IFA_F_PERMANENT) && copy_address(message, search, flags, &request))
		*list_add(search->arena, search->list) = request;
}

/* Chooses the name of the device in the container. A name that is taken there is an error. */
static int choose_name(int target, const struct oci_net_device *device, char ret_name[IFNAMSIZ], struct error *err)
{
	const char *wanted = target_name(device), *percent = strchr(wanted, '%');
	struct reply reply;
	for (int i = 0; i < MAX_TEMPLATE; i++) {
		char name[IFNAMSIZ + 16];
		if (percent)
			(void)snprintf(name, sizeof(name), "%.*s%d%s", (int)(percent - wanted), wanted, i, percent + 2);
		else
			(void)snprintf(name, sizeof(name), "%s", wanted);
		if (strlen(name) >= IFNAMSIZ)
			break;
		if (find_link(target, name, &reply) < 0) {
			if (errno != ENODEV)
				return fail_reply(err, errno, &reply, "look for", name);
			memcpy(ret_name, name, strlen(name) + 1);
			return 0;
		}
		if (!percent)
			break;
	}
	return fail(err, EEXIST, "call it %s in the container", wanted);
}

/* Moves and renames in one step, so that the old name may be taken in the container. */
static int move_link(int host, int index, const char *old_name, const char *name, int netns, struct error *err)
{
	struct request request;
	struct reply reply;
	uint32_t fd = (uint32_t)netns;
	struct ifinfomsg *head = request_start(&request, RTM_NEWLINK, NLM_F_ACK, sizeof(*head));
	head->ifi_index = index;
	(void)request_add(&request, IFLA_NET_NS_FD, &fd, sizeof(fd));
	(void)request_add_string(&request, IFLA_IFNAME, name);
	if (transact(host, &request, ignore_message, NULL, &reply) < 0)
		return fail_reply(err, errno, &reply, "move network device", old_name);
	return 0;
}

static int set_link_up(int target, int index, const char *name, struct error *err)
{
	struct request request;
	struct reply reply;
	struct ifinfomsg *head = request_start(&request, RTM_NEWLINK, NLM_F_ACK, sizeof(*head));
	head->ifi_index = index;
	head->ifi_flags = head->ifi_change = IFF_UP;
	if (transact(target, &request, ignore_message, NULL, &reply) < 0)
		return fail_reply(err, errno, &reply, "set up network device", name);
	return 0;
}

static int add_addresses(int target, int index, const char *name, request_list *list, struct error *err)
{
	LIST_EACH (list, request) {
		struct reply reply;
		((struct ifaddrmsg *)NLMSG_DATA(&request->head))->ifa_index = (uint32_t)index;
		if (transact(target, request, ignore_message, NULL, &reply) < 0)
			return fail_reply(err, errno, &reply, "add an address to network device", name);
	}
	return 0;
}

static int move_device(const struct oci_net_device *device, int host, int target, int netns, struct error *err)
{
	ARENA(arena);
	struct request request;
	struct reply reply;
	request_list addresses = { NULL, 0 };
	char name[IFNAMSIZ];
	int index = find_link(host, device->key, &reply);
	if (index < 0)
		return fail_reply(err, errno, &reply, "find network device", device->key);
	if (choose_name(target, device, name, err) < 0)
		return -1;
	struct address_search search = {
		.arena = &arena, .list = &addresses, .index = index, .old_name = device->key, .new_name = name
	};
	(void)request_start(&request, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	if (transact(host, &request, take_address, &search, &reply) < 0)
		return fail_reply(err, errno, &reply, "list the addresses of", device->key);
	if (move_link(host, index, device->key, name, netns, err) < 0)
		return -1;
	/* The device may have another index there, if its own was taken. */
	index = find_link(target, name, &reply);
	if (index < 0)
		return fail_reply(err, errno, &reply, "find in the container network device", name);
	if (add_addresses(target, index, name, &addresses, err) < 0)
		return -1;
	return set_link_up(target, index, name, err);
}

/* A netlink socket stays in the namespace in which it was made, so a short visit is enough. */
static int open_netlink_in(int netns, struct error *err)
{
	FD(own) = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return fail(err, errno, "open /proc/thread-self/ns/net");
	if (setns(netns, CLONE_NEWNET) < 0)
		return fail(err, errno, "enter the container's network namespace");
	FD(sock) = open_netlink();
	int saved = errno;
	if (setns(own, CLONE_NEWNET) < 0)
		return fail(err, errno, "return to the network namespace of the runtime");
	if (sock < 0)
		return fail(err, saved, "netlink socket in the container");
	return take_fd(&sock);
}

int net_devices_move(const struct oci_net_device *items, size_t len, int netns, struct error *err)
{
	if (len == 0)
		return 0;
	FD(host) = open_netlink();
	if (host < 0)
		return fail(err, errno, "netlink socket");
	FD(target) = open_netlink_in(netns, err);
	if (target < 0)
		return error_at(err, ".linux.netDevices");
	for (size_t i = 0; i < len; i++)
		if (move_device(&items[i], host, target, netns, err) < 0)
			return fail_device(err, &items[i]);
	return 0;
}
