#include "cgroups/delegate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/path.h"

/* The files that every kernel since 4.15 delegates. The list in sysfs exists since 4.19 and may name more. */
static const char usual_files[] = "cgroup.procs\ncgroup.threads\ncgroup.subtree_control\n";

int cgroup_chown(int cgroup_fd, uid_t uid, struct error *err)
{
	ARENA(arena);
	char *files, *save = NULL;
	if (read_file_at(&arena, AT_FDCWD, "/sys/kernel/cgroup/delegate", CGROUP_FILE_MAX, &files, NULL) < 0)
		files = arena_strdup(&arena, usual_files);
	if (fchown(cgroup_fd, uid, (gid_t)-1) < 0)
		return fail(err, errno, "give the cgroup to uid %u", (unsigned)uid);
	for (char *file = strtok_r(files, "\n", &save); file; file = strtok_r(NULL, "\n", &save))
		if (!strchr(file, '/') && fchownat(cgroup_fd, file, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 &&
			errno != ENOENT) /* of a controller that is not enabled here */
			return fail(err, errno, "give %s of the cgroup to uid %u", file, (unsigned)uid);
	return 0;
}

int cgroup_make_delegate(int cgroup_fd, const char *name, struct error *err)
{
	if (strlen(name) > CGROUP_NAME_MAX || !str_is_component(name))
		return fail(err, 0, "\"%.64s\" is no name of a cgroup", name);
	if (mkdir_exactly(cgroup_fd, name, 0755) < 0 && errno != EEXIST)
		return fail(err, errno, "make the cgroup %s", name);
	int fd = openat(cgroup_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? fail(err, errno, "open the cgroup %s", name) : fd;
}

int cgroup_enter_delegate(int parent_fd, int delegate_fd, pid_t pid, struct error *err)
{
	ARENA(arena);
	char text[16], *list, *save = NULL;
	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	if (write_file_at(delegate_fd, "cgroup.procs", text, err) < 0 ||
		read_file_at(&arena, parent_fd, "cgroup.controllers", CGROUP_FILE_MAX, &list, err) < 0)
		return -1;
	/* One by one, errors ignored: some cannot be enabled here, and no limit depends on them. */
	for (char *name = strtok_r(list, " \n", &save); name; name = strtok_r(NULL, " \n", &save))
		(void)write_file_at(parent_fd, "cgroup.subtree_control", arena_printf(&arena, "+%s", name), NULL);
	return 0;
}
