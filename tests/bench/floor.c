/*
 * The floor: only the system calls that the default configuration of `hull spec` requires.
 *
 *	floor [-d] ROOTFS CGROUP2-MOUNT COMMAND [ARG...]
 *	floor -u ROOTFS COMMAND [ARG...]
 *
 * It reads no configuration, checks nothing and keeps no state. No runtime can make the same container with less, so
 * `hull run` is measured against it. It uses old or new mount calls, whichever are fewer, and is linked statically.
 * It exits with the command's status, or with 1 and the name of the call that failed. With -d it leaves the container
 * behind, in the cgroup floor-PID, where PID is floor's own. With -u it makes the container of `hull spec
 * --rootless`: a user namespace with one user, the host's devices and /sys bound, no cgroup and no network of its
 * own.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { LAST_CAP = 40 };
static const uint64_t kept_caps = 1ULL << CAP_AUDIT_WRITE | 1ULL << CAP_KILL | 1ULL << CAP_NET_BIND_SERVICE;

static int rootless;

static const struct {
	const char *type, *target, *data;
	unsigned long flags;
	int make; /* the directory is not there yet */
} mounts[] = {
	{ "proc", "proc", NULL, 0, 0 },
	{ "tmpfs", "dev", "mode=755,size=65536k", MS_NOSUID | MS_STRICTATIME, 0 },
	{ "devpts", "dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC, 1 },
	{ "tmpfs", "dev/shm", "mode=1777,size=65536k", MS_NOSUID | MS_NOEXEC | MS_NODEV, 1 },
	{ "mqueue", "dev/mqueue", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV, 1 },
	{ "sysfs", "sys", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, 0 },
	{ "cgroup2", "sys/fs/cgroup", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RELATIME | MS_RDONLY, 0 },
};

static const struct {
	const char *path;
	unsigned major, minor;
} nodes[] = {
	{ "dev/null", 1, 3 },
	{ "dev/zero", 1, 5 },
	{ "dev/full", 1, 7 },
	{ "dev/random", 1, 8 },
	{ "dev/urandom", 1, 9 },
	{ "dev/tty", 5, 0 },
};

static const struct {
	const char *target, *path;
} links[] = {
	{ "/proc/self/fd", "dev/fd" },
	{ "/proc/self/fd/0", "dev/stdin" },
	{ "/proc/self/fd/1", "dev/stdout" },
	{ "/proc/self/fd/2", "dev/stderr" },
	{ "/proc/kcore", "dev/core" },
	{ "pts/ptmx", "dev/ptmx" },
};

static const char *const masked_paths[] = {
	"proc/acpi",
	"proc/asound",
	"proc/kcore",
	"proc/keys",
	"proc/latency_stats",
	"proc/timer_list",
	"proc/timer_stats",
	"proc/sched_debug",
	"sys/firmware",
	"proc/scsi",
};
static const char *const readonly_paths[] = {
	"proc/bus",
	"proc/fs",
	"proc/irq",
	"proc/sys",
	"proc/sysrq-trigger",
};

static void must(long result, const char *what)
{
	if (result < 0) {
		perror(what);
		_exit(1);
	}
}

static long mount_at(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	return syscall(SYS_mount, source, target, type, flags, data);
}

/* The device rules of the configuration (deny all; the default devices): mknod of anything, and use of 1:3 5 7 8 9,
 * 5:0..2 and 136:*. */
static void attach_devices(int cgroup)
{
#define LOAD(dst, off)                                    \
	{                                                 \
		BPF_LDX | BPF_MEM | BPF_W, dst, 1, off, 0 \
	}
#define MOVE(dst, src)                                      \
	{                                                   \
		BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0 \
	}
#define ALU(op, dst, imm)                              \
	{                                              \
		BPF_ALU | (op) | BPF_K, dst, 0, 0, imm \
	}
#define JUMP(op, dst, imm, off)                          \
	{                                                \
		BPF_JMP | (op) | BPF_K, dst, 0, off, imm \
	}
#define RETURN(imm)                                    \
	{ BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, imm }, \
	{                                              \
		BPF_JMP | BPF_EXIT, 0, 0, 0, 0         \
	}
	static const struct bpf_insn program[] = {
		LOAD(2, 0), /* access << 16 | type */
		LOAD(3, 4), /* major */
		LOAD(4, 8), /* minor */
		MOVE(5, 2),
		ALU(BPF_RSH, 5, 16),
		JUMP(BPF_JEQ, 5, BPF_DEVCG_ACC_MKNOD, 12),
		ALU(BPF_AND, 2, 0xffff),
		JUMP(BPF_JNE, 2, BPF_DEVCG_DEV_CHAR, 8),
		JUMP(BPF_JEQ, 3, 136, 9),
		JUMP(BPF_JEQ, 3, 1, 2),
		JUMP(BPF_JEQ, 3, 5, 4),
		JUMP(BPF_JA, 0, 0, 4),
		JUMP(BPF_JEQ, 4, 8, 5), /* major 1: 8, or an odd one of 3..9 */
		JUMP(BPF_JSET, 4, ~0xfU, 2),
		JUMP(BPF_JSET, 4, 1, 3),
		JUMP(BPF_JLE, 4, 2, 2), /* major 5 */
		RETURN(0),
		RETURN(1),
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = COUNT(program);
	attr.license = (uintptr_t) "GPL";
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	must(fd, "load device program");
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (unsigned)cgroup;
	attr.attach_bpf_fd = (unsigned)fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	must(syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)), "attach device program");
	close(fd);
}

static void bind_sys(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC |
					       MOUNT_ATTR_NODEV };

	must(mount_at("/sys", "sys", NULL, MS_BIND | MS_REC, NULL), "bind sys");
	must(syscall(SYS_mount_setattr, AT_FDCWD, "sys", 0, &attr, sizeof(attr)), "sys ro");
}

static void bind_node(const char *path)
{
	char source[32];

	snprintf(source, sizeof(source), "/%s", path);
	must(mknod(path, S_IFREG | 0666, 0), path);
	must(mount_at(source, path, NULL, MS_BIND, NULL), path);
}

static void mount_all(void)
{
	for (size_t i = 0; i < COUNT(mounts); i++) {
		const char *data = mounts[i].data;

		if (mounts[i].make)
			must(mkdir(mounts[i].target, 0755), mounts[i].target);
		if (rootless && strcmp(mounts[i].type, "sysfs") == 0) {
			bind_sys();
			continue;
		}
		if (rootless && strcmp(mounts[i].type, "devpts") == 0)
			data = "newinstance,ptmxmode=0666,mode=0620"; /* there is no group 5 */
		long result = mount_at(mounts[i].type, mounts[i].target, mounts[i].type, mounts[i].flags, data);
		if (rootless && result < 0 && errno == EBUSY)
			continue; /* cgroup2 came with /sys, and without a cgroup of our own it is the same */
		must(result, mounts[i].target);
	}
}

static void fill_root(void)
{
	mount_all();
	umask(0);
	for (size_t i = 0; i < COUNT(nodes) && rootless; i++)
		bind_node(nodes[i].path);
	for (size_t i = 0; i < COUNT(nodes) && !rootless; i++)
		must(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)), nodes[i].path);
	umask(022);
	for (size_t i = 0; i < COUNT(links); i++)
		must(symlink(links[i].target, links[i].path), links[i].path);
}

static void hide_paths(void)
{
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };

	for (size_t i = 0; i < COUNT(readonly_paths); i++) {
		if (mount_at(readonly_paths[i], readonly_paths[i], NULL, MS_BIND | MS_REC, NULL) < 0)
			continue; /* not in this kernel */
		must(syscall(SYS_mount_setattr, AT_FDCWD, readonly_paths[i], 0, &readonly, sizeof(readonly)),
			readonly_paths[i]);
	}
	for (size_t i = 0; i < COUNT(masked_paths); i++) {
		if (mount_at("dev/null", masked_paths[i], NULL, MS_BIND, NULL) < 0 && errno == ENOTDIR)
			must(mount_at("tmpfs", masked_paths[i], "tmpfs", MS_RDONLY, NULL), masked_paths[i]);
	}
}

static void enter_root(const char *rootfs)
{
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };

	must(mount_at(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "propagation");
	must(mount_at(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), "bind root");
	must(chdir(rootfs), "chdir");
	fill_root();
	hide_paths();
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(syscall(SYS_umount2, ".", 2 /* MNT_DETACH */), "detach old root");
	must(syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &readonly, sizeof(readonly)), "root ro");
	must(chdir("/"), "chdir");
}

static void limit_process(void)
{
	static const struct rlimit nofile = { 1024, 1024 };
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)kept_caps, (uint32_t)kept_caps, 0 },
		{ (uint32_t)(kept_caps >> 32), (uint32_t)(kept_caps >> 32), 0 },
	};

	must(setrlimit(RLIMIT_NOFILE, &nofile), "setrlimit");
	for (int cap = 0; cap <= LAST_CAP; cap++) {
		if (!(kept_caps >> cap & 1))
			must(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0), "drop bounding");
	}
	must(rootless ? 0 : syscall(SYS_setgroups, 0, NULL), "setgroups");
	must(syscall(SYS_setresgid, 0, 0, 0), "setresgid");
	must(syscall(SYS_setresuid, 0, 0, 0), "setresuid");
	must(syscall(SYS_capset, &header, data), "capset");
	must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "clear ambient");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	must(fd, path);
	must(write(fd, text, strlen(text)), path);
	close(fd);
}

/* Maps one user and one group, which a process may write for itself. */
static void map_ids(uid_t uid, gid_t gid)
{
	char text[32];

	write_file("/proc/self/setgroups", "deny");
	snprintf(text, sizeof(text), "0 %u 1", uid);
	write_file("/proc/self/uid_map", text);
	snprintf(text, sizeof(text), "0 %u 1", gid);
	write_file("/proc/self/gid_map", text);
}

static void raise_loopback(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(sock, "socket");
	must(ioctl(sock, SIOCSIFFLAGS, &loopback), "loopback");
}

static void run_init(const char *rootfs, char **command)
{
	static char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"TERM=xterm",
		NULL,
	};

	if (!rootless)
		raise_loopback();
	must(setsid(), "setsid");
	(void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "floor"); /* the quota may be full */
	must(sethostname("hull", 4), "sethostname");
	enter_root(rootfs);
	must(syscall(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */), "close_range");
	limit_process();
	execve(command[0], command, env);
	must(-1, command[0]);
}

/* floor -u: writes the maps first; the rest is the same as for root. */
static int run_rootless(char **argv)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int status;
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD,
	};

	rootless = 1;
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	must(pid, "clone3");
	if (pid == 0) {
		map_ids(uid, gid);
		run_init(argv[0], argv + 1);
	}
	must(waitpid(pid, &status, 0), "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	char path[4096];
	int pidfd = -1, status, detach = argc > 1 && strcmp(argv[1], "-d") == 0;

	if (argc > 3 && strcmp(argv[1], "-u") == 0)
		return run_rootless(argv + 2);
	argc -= detach;
	argv += detach;
	if (argc < 4) {
		fprintf(stderr, "usage: floor [-d] ROOTFS CGROUP2-MOUNT COMMAND [ARG...]\n"
				"       floor -u ROOTFS COMMAND [ARG...]\n");
		return 1;
	}
	snprintf(path, sizeof(path), "%s/floor-%d", argv[2], getpid());
	must(mkdir(path, 0755), path);
	int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(cgroup, path);
	attach_devices(cgroup);

	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_INTO_CGROUP | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
			 CLONE_NEWNS | CLONE_NEWCGROUP,
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = (unsigned)cgroup,
	};
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	must(pid, "clone3");
	if (pid == 0)
		run_init(argv[1], argv + 3);
	if (detach)
		return 0;
	must(waitpid(pid, &status, 0), "wait");
	must(rmdir(path), "rmdir");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
