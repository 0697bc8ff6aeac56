/* Mounts a clone of SOURCE on TARGET whose ids are mapped by the user namespace of a process: idmount SOURCE TARGET
 * PID. */
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char path[64];
	if (argc != 4)
		return 1;
	(void)snprintf(path, sizeof(path), "/proc/%s/ns/user", argv[3]);
	struct mount_attr attr = { .attr_set = 0x100000 /* MOUNT_ATTR_IDMAP */,
		.userns_fd = (unsigned)open(path, O_RDONLY) };
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, argv[1], 1 /* OPEN_TREE_CLONE */);
	if (tree < 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 ||
		syscall(SYS_move_mount, tree, "", AT_FDCWD, argv[2], 4 /* MOVE_MOUNT_F_EMPTY_PATH */) < 0) {
		perror("idmount");
		return 1;
	}
	return 0;
}
