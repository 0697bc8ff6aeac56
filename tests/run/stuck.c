/*
 * A filesystem that never answers: stuck DIRECTORY mounts it there and serves it until it is killed. A process that
 * looks up a name in it waits uninterruptibly once a signal has killed it, since the question is out and no answer
 * comes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void answer(int fd, const struct fuse_in_header *in, int error, const void *data, size_t len)
{
	struct fuse_out_header out = { .len = (unsigned)(sizeof(out) + len), .error = error, .unique = in->unique };
	struct iovec parts[] = { { &out, sizeof(out) }, { (void *)data, len } };
	(void)!writev(fd, parts, len ? 2 : 1);
}

static void serve(int fd, const struct fuse_in_header *in)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096
	};
	struct fuse_attr_out root = { .attr_valid = 1000, .attr = { .ino = 1, .mode = S_IFDIR | 0755, .nlink = 2 } };
	if (in->opcode == FUSE_INIT)
		answer(fd, in, 0, &init, sizeof(init));
	else if (in->opcode == FUSE_GETATTR && in->nodeid == FUSE_ROOT_ID)
		answer(fd, in, 0, &root, sizeof(root));
	else if (in->opcode == FUSE_LOOKUP)
		(void)!write(1, "asked\n", 6);
	else if (in->opcode != FUSE_FORGET && in->opcode != FUSE_INTERRUPT)
		answer(fd, in, -ENOSYS, NULL, 0);
}

int main(int argc, char **argv)
{
	static char request[1 << 17];
	char options[64];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (argc != 2 || fd < 0)
		return 1;
	(void)snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
	if (mount("hull-test", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		return 1;
	(void)!write(1, "mounted\n", 8);
	while (read(fd, request, sizeof(request)) > 0 || errno == EINTR || errno == ENOENT)
		serve(fd, (const struct fuse_in_header *)request);
	return 0;
}
