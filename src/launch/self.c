#include "launch/self.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"
#include "plan/plan.h"

#define SELF "/proc/self/exe"

#ifndef ST_RDONLY
#define ST_RDONLY 1
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

static const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

extern char **environ;

static int open_readonly_clone(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, .propagation = MS_PRIVATE };
	FD(clone) = sys_open_tree(AT_FDCWD, SELF, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (clone < 0 || sys_mount_setattr(clone, "", AT_EMPTY_PATH, &attr) < 0)
		return -1;
	return take_fd(&clone);
}

static int open_sealed_copy(void)
{
	struct stat st;
	FD(self) = open(SELF, O_RDONLY | O_CLOEXEC);
	FD(copy) = memfd_create("hull", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (copy < 0 && errno == EINVAL) /* MFD_EXEC is of Linux 6.3 */
		copy = memfd_create("hull", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (self < 0 || copy < 0 || fstat(self, &st) < 0)
		return -1;
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(copy, self, NULL, (size_t)left);
		if (n <= 0 && errno != EINTR)
			return -1;
		left -= n > 0 ? n : 0;
	}
	if (fcntl(copy, F_ADD_SEALS, seals | F_SEAL_EXEC) < 0 &&
		fcntl(copy, F_ADD_SEALS, seals) < 0) /* F_SEAL_EXEC is of Linux 6.3 */
		return -1;
	return take_fd(&copy);
}

/* On a mount that is attached nowhere, such as our clone, the path of the executable is "/". A read-only mount of the
 * host will not do: it may be made writable while the container still holds our file. */
static bool is_detached(void)
{
	char path[2];
	return readlink(SELF, path, sizeof(path)) == 1 && path[0] == '/';
}

/* If the executable is root's and its caller may not write to it, nor may a container with the ids of the caller. */
static bool is_out_of_reach(void)
{
	struct stat st;
	return proc_euid() != 0 && stat(SELF, &st) == 0 && st.st_uid == 0 &&
	       faccessat(AT_FDCWD, SELF, W_OK, AT_EACCESS) < 0 && !proc_in_user_namespace();
}

static bool is_protected(void)
{
	struct statfs fs;
	if (defence_is_off("self-protection"))
		return true;
	if (statfs(SELF, &fs) < 0)
		return false;
	if (((fs.f_flags & ST_RDONLY) && is_detached()) || is_out_of_reach())
		return true;
	enum { TMPFS_MAGIC_NUMBER = 0x01021994 }; /* a memfd is on the kernel's own tmpfs */
	if (fs.f_type != TMPFS_MAGIC_NUMBER)
		return false;
	FD(self) = open(SELF, O_RDONLY | O_CLOEXEC);
	return self >= 0 && (fcntl(self, F_GET_SEALS) & seals) == seals;
}

int self_protect(char **argv, struct error *err)
{
	if (is_protected()) {
		/* execveat(2) has named us after the number of the descriptor */
		(void)prctl(PR_SET_NAME, "hull");
		return 0;
	}
	FD(image) = open_readonly_clone();
	if (image < 0)
		image = open_sealed_copy();
	if (image < 0)
		return fail(err, errno, "protect our own executable");
	(void)sys_execveat(image, "", argv, environ, AT_EMPTY_PATH);
	return fail(err, errno, "execute the protected image of ourselves");
}

int self_close_leaked(unsigned preserved, unsigned listeners, struct error *err)
{
	for (int fd = 3; fd < 3 + (int)listeners; fd++)
		if (!fd_is_inherited(fd))
			return fail_hint(err, EBADF, "open it before", "LISTEN_FDS: descriptor %d", fd);
	if (!defence_is_off("leaked") && sys_close_range(3 + preserved, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return fail(err, errno, "mark descriptors as close-on-exec");
	return 0;
}

int self_close_all_but(unsigned preserved, const int *keep, size_t count, struct error *err)
{
	enum { KEEP_MAX = 8 };
	int all[2 * PRESERVE_FDS_MAX + KEEP_MAX];
	size_t len = count;
	memcpy(all, keep, count * sizeof(*keep));
	for (int fd = 3; fd < 3 + (int)preserved; fd++)
		if (fd_is_inherited(fd))
			all[len++] = fd;
	if (!defence_is_off("leaked") && close_all_but(3, all, len) < 0)
		return fail(err, errno, "close descriptors");
	return 0;
}

int self_hide(struct error *err)
{
	return !defence_is_off("dumpable") && prctl(PR_SET_DUMPABLE, 0) < 0 ? fail(err, errno, "PR_SET_DUMPABLE") : 0;
}
