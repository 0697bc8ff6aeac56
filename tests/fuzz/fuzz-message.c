/*
 * Any bytes as a message from the container's init. sync_validate accepts only messages that can be printed and
 * answered. sync_receive, given them over a socket with a descriptor or without, leaks no descriptor.
 *
 *	make fuzzers && build/fuzz/fuzz-message -max_total_time=60 CORPUS
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "fuzz.h"
#include "launch/sync.h"

/* Does what the parent and the terminal do with an accepted message. */
static void use(const struct message *message)
{
	char line[2048];
	expect(message->kind > 0 && message->kind < MESSAGE_KINDS);
	expect(strlen(message->error.file) < sizeof(message->error.file));
	expect(strlen(message->error.where) < sizeof(message->error.where));
	expect(strlen(message->error.text) < sizeof(message->error.text));
	expect(strlen(message->error.hint) < sizeof(message->error.hint));
	expect(strlen(error_line(&message->error, line, sizeof(line))) < sizeof(line));
	expect(message->error.status >= 0 && message->error.status < 256);
	for (const char *at = line; *at; at++) /* nothing that drives a terminal */
		expect((unsigned char)*at >= 0x20 && *at != 0x7f);
}

static void try_validate(const uint8_t *data, size_t size)
{
	struct message message;
	size_t len = size < sizeof(message) ? size : sizeof(message);
	memset(&message, 0xff, sizeof(message));
	memcpy(&message, data, len);
	if (sync_validate(&message, size))
		use(&message);
	else
		expect(size != sizeof(message) || message.kind == 0 || message.kind >= MESSAGE_KINDS ||
			message.error.status < 0 || message.error.status > 255);
}

static void try_receive(const uint8_t *data, size_t size)
{
	int pair[2];
	struct error err = { 0 };
	struct message message;
	expect(sync_pair(pair, &err) == 0);
	FD(parent) = pair[0];
	FD(child) = pair[1];
	FD(got) = -1;
	FD(along) = size && data[size - 1] % 2 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
	int next = dup(parent); /* the number that a leaked descriptor would have taken */
	(void)close(next);
	expect(size == 0 || send_with_fd(child, data, size, along) == 0);
	close_fd(&child);
	int status = sync_receive(parent, &message, &got, &err);
	expect(status != 1 || size == sizeof(message));
	expect(status != 0 || size == 0);
	if (status == 1)
		use(&message);
	else
		expect(got < 0 && (status == 0 || err.text[0]));
	expect((got >= 0) == (status == 1 && along >= 0));
	close_fd(&got);
	int again = dup(parent);
	(void)close(again);
	expect(again <= next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 4096)
		return 0;
	try_validate(data, size);
	try_receive(data, size);
	return 0;
}

/* Whole messages are interesting, and libFuzzer would seldom find their size. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	size_t len = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 4 == 0 || max_size < sizeof(struct message))
		return len;
	if (len < sizeof(struct message))
		memset(data + len, 'x', sizeof(struct message) - len);
	uint32_t kind = seed % 3 ? seed / 4 % MESSAGE_KINDS : 0;
	if (kind)
		memcpy(data, &kind, sizeof(kind));
	return sizeof(struct message);
}
