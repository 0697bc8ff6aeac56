#include "process/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

enum { PROC_MAGIC = 0x9fa0 }; /* PROC_SUPER_MAGIC */

/* Whether a comma-separated list has the word. */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',') {
		size_t n = strcspn(at, ",\n");
		if (n == len && strncmp(at, word, len) == 0)
			return true;
	}
	return false;
}

void lsm_probe(struct lsm_host *ret_host)
{
	char list[512];
	FD(fd) = open("/sys/kernel/security/lsm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, list, sizeof(list) - 1);
	list[n < 0 ? 0 : n] = '\0';
	struct lsm_host host = {
		.apparmor = has_word(list, "apparmor"),
		.selinux = has_word(list, "selinux"),
	};
	if (n <= 0) { /* securityfs is not mounted, as in most containers */
		char value = 'N';
		FD(enabled) = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
		host.apparmor = enabled >= 0 && read(enabled, &value, 1) == 1 && value == 'Y';
		host.selinux = access("/sys/fs/selinux/enforce", F_OK) == 0;
	}
	*ret_host = host;
}

static bool is_given(const char *label)
{
	return label && *label;
}

static int refuse(const char *where, const char *label, const char *module, struct error *err)
{
	(void)fail_at(err, 0, where, "\"%.128s\" is asked for, but %s is not enabled", label, module);
	return error_hint(err, "leave it out, or boot the kernel with %s enabled", module);
}

int lsm_plan_make(const char *apparmor, const char *selinux_label, const char *mount_label, const struct lsm_host *host,
	struct lsm_plan *ret_plan, struct error *err)
{
	struct lsm_plan plan = { NULL };
	/* Without the module every process is unconfined, so that this profile needs no action. */
	if (is_given(apparmor) && (host->apparmor || !str_eq(apparmor, "unconfined")))
		plan.apparmor = apparmor;
	if (is_given(selinux_label))
		plan.selinux = selinux_label;
	if (plan.apparmor && !host->apparmor)
		return refuse(".process.apparmorProfile", apparmor, "AppArmor", err);
	if (plan.selinux && !host->selinux)
		return refuse(".process.selinuxLabel", selinux_label, "SELinux", err);
	if (is_given(mount_label) && !host->selinux)
		return refuse(".linux.mountLabel", mount_label, "SELinux", err);
	*ret_plan = plan;
	return 0;
}

/* Opens a file of the calling thread for writing. The path has numbers, since "thread-self" is a magic link that a
 * mount may cover. No component may be a link or a mount, and the file must be on procfs. */
static int open_attr(int procfd, const char *name, struct error *err)
{
	char path[96];
	struct statfs fs;
	struct open_how how = {
		.flags = O_WRONLY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	/* Not getpid(2), since the procfs may be of another pid namespace: procfs_open(). */
	ssize_t len = readlinkat(procfd, "thread-self", path, 48);
	if (len < 0)
		return fail(err, errno, "read \"thread-self\" in procfs");
	(void)snprintf(path + len, sizeof(path) - (size_t)len, "/attr/%s", name);
	FD(fd) = sys_openat2(procfd, path, &how);
	if (fd < 0)
		return fail(err, errno, "open %s in procfs", path);
	if (fstatfs(fd, &fs) < 0)
		return fail(err, errno, "statfs %s", path);
	if (fs.f_type != PROC_MAGIC)
		return fail(err, 0, "%s is not on procfs", path);
	return take_fd(&fd);
}

/* The kernel takes a label only in one write(2). */
static int write_label(int fd, const char *text, struct error *err)
{
	size_t len = strlen(text);
	ssize_t n = write(fd, text, len);
	if (n == (ssize_t)len)
		return 0;
	return fail(err, n < 0 ? errno : EIO, "set the label \"%.256s\"", text);
}

static int set_apparmor(const char *profile, int procfd, struct error *err)
{
	char text[4096];
	struct error first = { 0 };
	if ((size_t)snprintf(text, sizeof(text), "exec %s", profile) >= sizeof(text))
		return fail(err, ENAMETOOLONG, "AppArmor profile \"%.64s…\"", profile);
	FD(fd) = open_attr(procfd, "apparmor/exec", &first);
	if (fd < 0 && first.errnum == ENOENT) /* a kernel without directories for modules */
		fd = open_attr(procfd, "exec", &first);
	if (fd < 0) {
		if (err)
			*err = first;
		return -1;
	}
	if (write_label(fd, text, err) == 0)
		return 0;
	if (err && err->errnum == ENOENT)
		return error_hint(err, "the profile is not loaded: apparmor_parser -r FILE");
	return -1;
}

int lsm_set_keys(const struct lsm_plan *plan, int procfd, struct error *err)
{
	if (!plan->selinux)
		return 0;
	FD(fd) = open_attr(procfd, "keycreate", err);
	return fd < 0 || write_label(fd, plan->selinux, err) < 0 ? error_at(err, ".process.selinuxLabel") : 0;
}

int lsm_set_exec(const struct lsm_plan *plan, int procfd, struct error *err)
{
	if (plan->apparmor && set_apparmor(plan->apparmor, procfd, err) < 0)
		return error_at(err, ".process.apparmorProfile");
	if (plan->selinux) {
		FD(fd) = open_attr(procfd, "exec", err);
		if (fd < 0 || write_label(fd, plan->selinux, err) < 0)
			return error_at(err, ".process.selinuxLabel");
	}
	return 0;
}
