#include "launch/sync.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/str.h"

int sync_pair(int pair[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(err, errno, "make a socket pair");
	return 0;
}

int sync_send(int sock, enum message_kind kind, int32_t value, int fd)
{
	struct message message = { .kind = kind, .value = value };
	return send_with_fd(sock, &message, sizeof(message), fd);
}

void sync_send_error(int sock, const struct error *error)
{
	struct message message = { .kind = TELL_ERROR, .error = *error };
	(void)send_with_fd(sock, &message, sizeof(message), -1);
}

/* Terminates the text and makes it safe for a terminal: it may hold names from the image. */
static void make_printable(char *text, size_t size)
{
	text[size - 1] = '\0';
	str_make_printable(text);
}

bool sync_validate(struct message *message, size_t len)
{
	struct error *e = &message->error;
	if (len != sizeof(*message) || message->kind == 0 || message->kind >= MESSAGE_KINDS || e->status < 0 ||
		e->status > UINT8_MAX)
		return false;
	make_printable(e->file, sizeof(e->file));
	make_printable(e->where, sizeof(e->where));
	make_printable(e->text, sizeof(e->text));
	make_printable(e->hint, sizeof(e->hint));
	return true;
}

int sync_receive(int sock, struct message *ret_message, int *ret_fd, struct error *err)
{
	FD(fd) = -1;
	struct message message;
	ssize_t len = recv_with_fd(sock, &message, sizeof(message), &fd);
	/* The peer died before it read everything: the kernel says so once, before the peer's last message. */
	if (len < 0 && errno == ECONNRESET)
		len = recv_with_fd(sock, &message, sizeof(message), &fd);
	if (len < 0)
		return fail(err, errno, "receive a message");
	if (len == 0)
		return 0;
	if (!sync_validate(&message, (size_t)len))
		return fail(err, EPROTO, "receive a message");
	*ret_message = message;
	*ret_fd = take_fd(&fd);
	return 1;
}

int sync_ask(int sock, enum message_kind kind, int32_t value, int fd, struct error *err)
{
	struct message answer;
	FD(unexpected) = -1;
	if (sync_send(sock, kind, value, fd) < 0)
		return fail(err, errno, "ask the runtime");
	int status = sync_receive(sock, &answer, &unexpected, err);
	if (status == 0)
		return fail(err, 0, "the runtime is gone");
	if (status < 0)
		return -1;
	if (answer.kind != ANSWER) /* the parent knows why and reports it itself */
		return fail(err, 0, "%s", "");
	return answer.value;
}
