/*
 * Prints everything that a process can see of how it was started, one fact in each line, "KEY: VALUE", so that
 * diff(1) can compare two runtimes. Static, and the container's only process. With arguments beyond the program's own
 * name, it only prints them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

static const char *link_of(const char *path)
{
	static char target[4096];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return strerror(errno);
	target[len] = '\0';
	return target;
}

static void print_file(const char *key, const char *path)
{
	char line[4096];
	FILE *file = fopen(path, "re");
	if (!file) {
		printf("%s: %s\n", key, strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), file))
		printf("%s: %s%s", key, line, strchr(line, '\n') ? "" : "\n");
	(void)fclose(file);
}

static void print_descriptors(void)
{
	struct stat st;
	for (int fd = 0; fd < 1024; fd++) {
		char path[32];
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (fstat(fd, &st) < 0)
			continue;
		printf("fd %d: %#o uid %u gid %u flags %#o%s%s\n", fd, st.st_mode, st.st_uid, st.st_gid,
			fcntl(fd, F_GETFL), fcntl(fd, F_GETFD) & FD_CLOEXEC ? " cloexec" : "",
			isatty(fd) ? " terminal" : "");
	}
}

static void print_command(char **argv)
{
	extern char **environ;
	char dir[4096];
	for (int i = 0; argv[i]; i++)
		printf("argument %d: %s\n", i, argv[i]);
	for (char **variable = environ; *variable; variable++)
		printf("environment: %s\n", *variable);
	printf("working directory: %s\n", getcwd(dir, sizeof(dir)) ? dir : strerror(errno));
	printf("executable: %s\n", link_of("/proc/self/exe"));
	printf("root: %s\n", link_of("/proc/self/root"));
}

static void print_ids(void)
{
	gid_t groups[1024];
	uid_t r, e, s;
	if (getresuid(&r, &e, &s) == 0)
		printf("users: %u %u %u\n", r, e, s);
	if (getresgid(&r, &e, &s) == 0)
		printf("groups: %u %u %u\n", r, e, s);
	int count = getgroups(1024, groups);
	for (int i = 0; i < count; i++)
		printf("supplementary group: %u\n", groups[i]);
	printf("securebits: %#x\n", prctl(PR_GET_SECUREBITS));
	printf("dumpable: %d\n", prctl(PR_GET_DUMPABLE));
	printf("subreaper: %d\n", prctl(PR_GET_CHILD_SUBREAPER, &r) < 0 ? -1 : (int)r);
	printf("death signal: %d\n", prctl(PR_GET_PDEATHSIG, &r) < 0 ? -1 : (int)r);
	printf("timer slack: %d\n", prctl(PR_GET_TIMERSLACK));
	printf("no huge pages: %d\n", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
}

static void print_signals(void)
{
	for (int sig = 1; sig <= 64; sig++) {
		struct sigaction action;
		if (sigaction(sig, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
			printf("signal %d: ignored\n", sig);
	}
}

static void print_session(void)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios modes;
	struct winsize size;
	printf("process: pid %d parent %d session %d group %d\n", getpid(), getppid(), getsid(0), getpgid(0));
	printf("controlling terminal: %s, foreground %d\n", tty < 0 ? strerror(errno) : "yes",
		tty < 0 ? -1 : tcgetpgrp(tty));
	if (tcgetattr(0, &modes) == 0)
		printf("terminal modes: %x %x %x %x\n", modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag);
	if (ioctl(0, TIOCGWINSZ, &size) == 0)
		printf("terminal size: %u %u\n", size.ws_row, size.ws_col);
	printf("terminal: %s\n", isatty(0) ? link_of("/proc/self/fd/0") : "none");
}

static void print_limits(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit;
		if (getrlimit((__rlimit_resource_t)i, &limit) == 0)
			printf("limit %d: %lld %lld\n", i, (long long)limit.rlim_cur, (long long)limit.rlim_max);
	}
	cpu_set_t cpus;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		printf("processors: %d\n", CPU_COUNT(&cpus));
	printf("scheduler: %d nice %d\n", sched_getscheduler(0), getpriority(PRIO_PROCESS, 0));
	printf("io priority: %ld\n", syscall(SYS_ioprio_get, 1, 0));
	printf("personality: %#x\n", personality(0xffffffff));
}

static void print_names(void)
{
	struct utsname names;
	if (uname(&names) == 0)
		printf("host name: %s\ndomain name: %s\nmachine: %s\n", names.nodename, names.domainname,
			names.machine);
}

/* The owner of the session keyring, and its name; whether there is another one behind it. */
static void print_keyring(void)
{
	char text[256] = "";
	long len = syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text) - 1);
	printf("keyring: %s\n", len < 0 ? strerror(errno) : text);
}

static void print_namespaces(void)
{
	static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time",
		"time_for_children", "user", "uts" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64];
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		printf("namespace %s: %s\n", names[i], link_of(path));
	}
}

static void print_interface(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ioctl(sock, SIOCGIFFLAGS, &request) == 0)
		printf("lo: %#x\n", (unsigned)request.ifr_flags);
	(void)close(sock);
	print_file("inet6", "/proc/net/if_inet6");
}

static void print_node(const char *path)
{
	struct stat st;
	if (lstat(path, &st) < 0) {
		printf("node %s: %s\n", path, strerror(errno));
		return;
	}
	printf("node %s: %#o uid %u gid %u", path, st.st_mode, st.st_uid, st.st_gid);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		printf(" device %u:%u", major(st.st_rdev), minor(st.st_rdev));
	if (S_ISLNK(st.st_mode))
		printf(" to %s", link_of(path));
	printf("\n");
}

static void print_tree(const char *dir, int depth)
{
	DIR *stream = opendir(dir);
	if (!stream) {
		printf("directory %s: %s\n", dir, strerror(errno));
		return;
	}
	for (struct dirent *entry; (entry = readdir(stream));) {
		char path[4096];
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		print_node(path);
		if (entry->d_type == DT_DIR && depth > 0)
			print_tree(path, depth - 1);
	}
	(void)closedir(stream);
}

/* Mounts without their numbers, and the directories on which they are mounted. */
static void print_mounts(void)
{
	char line[8192], at[4096], from[4096];
	FILE *file = fopen("/proc/self/mountinfo", "re");
	while (file && fgets(line, sizeof(line), file)) {
		int skip = 0;
		struct stat st;
		if (sscanf(line, "%*d %*d %*s %4095s %4095s %n", from, at, &skip) < 2)
			continue;
		printf("mount %s: from %s %s", at, from, line + skip);
		if (stat(at, &st) == 0)
			printf("mounted %s: %#o uid %u gid %u\n", at, st.st_mode, st.st_uid, st.st_gid);
	}
	if (file)
		(void)fclose(file);
}

/* A masked or read-only path as a reader and a writer see it. */
static void print_access(const char *path)
{
	char data[64];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		printf("read %s: %s\n", path, strerror(errno));
	} else {
		ssize_t len = read(fd, data, sizeof(data));
		printf("read %s: %s\n", path, len < 0 ? strerror(errno) : len == 0 ? "empty" : "data");
		(void)close(fd);
	}
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	printf("write %s: %s\n", path, fd < 0 ? strerror(errno) : "allowed");
	if (fd >= 0)
		(void)close(fd);
}

static void print_devices(void)
{
	static const char *const paths[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
		"/dev/tty", "/dev/console", "/dev/ptmx", "/dev/kmsg", "/dev/fuse", "/dev/extra" };
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		print_access(paths[i]);
	/* objects that may be made, given the right to do so */
	if (mknod("/dev/made", S_IFCHR | 0600, makedev(10, 200)) < 0)
		printf("make a device: %s\n", strerror(errno));
	else
		print_access("/dev/made");
}

int main(int argc, char **argv)
{
	static const char *const paths[] = { "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list",
		"/proc/scsi", "/sys/firmware", "/proc/sys/kernel/hostname", "/proc/sys/net/ipv4/ip_forward",
		"/proc/sysrq-trigger", "/proc/irq", "/sys/fs/cgroup/cgroup.procs", "/sys/kernel/profiling", "/dev/shm",
		"/etc/passwd", "/tmp" };
	static const char *const files[] = { "status", "cgroup", "comm", "oom_score_adj", "uid_map", "gid_map",
		"setgroups", "loginuid", "coredump_filter", "timens_offsets", "attr/current", "personality" };
	(void)argc;
	print_descriptors(); /* before any is opened here */
	print_command(argv);
	print_ids();
	print_signals();
	print_session();
	print_limits();
	print_names();
	print_keyring();
	print_namespaces();
	print_interface();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[64];
		(void)snprintf(path, sizeof(path), "/proc/self/%s", files[i]);
		print_file(files[i], path);
	}
	print_mounts();
	print_node("/dev");
	print_tree("/dev", 1);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		print_node(paths[i]);
		print_access(paths[i]);
	}
	print_devices();
	print_tree("/run", 2);
	printf("end\n");
	return 0;
}
