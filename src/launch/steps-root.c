#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "launch/steps.h"
#include "launch/sync.h"
#include "namespaces/anchor.h"
#include "namespaces/paths.h"
#include "namespaces/rootfs.h"
#include "namespaces/sysctl.h"
#include "process/executable.h"
#include "process/streams.h"
#include "process/terminal.h"

/* The names are the host's, but no other process is in these namespaces yet. */
STEP(open_mounts, plan_open_mounts(init->arena, init->plan, err))
STEP(attach_rootfs, rootfs_attach(init->plan->root, init->plan->rootfs, err))

/* The container's root and the mounts in it. */
static struct anchors anchors(const struct init *init)
{
	const struct plan *plan = init->plan;
	return (struct anchors){ .root = plan->root, .mounts = plan->mounts, .count = plan->mount_count };
}

int step_perform_mounts(struct init *init, struct error *err)
{
	struct plan *plan = init->plan;
	/* hooks start in the caller's working directory, which mounting leaves */
	bool hooks_follow = plan->needs & NEED_CREATE_HOOKS;
	FD(cwd) = hooks_follow ? open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	struct anchors made = { .root = plan->root, .mounts = plan->mounts };
	for (; made.count < plan->mount_count; made.count++) {
		struct mount_op *op = &plan->mounts[made.count];
		if (mount_perform(&made, op, &init->batch, err) < 0)
			return -1;
		/* what is mounted on "/" is the root for all that follows, and is pivoted to */
		if (str_eq(op->destination, "/") && (op->kind == MOUNT_NEW || op->kind == MOUNT_BIND))
			plan->root = made.root = op->tree;
	}
	if (hooks_follow && fchdir(cwd) < 0)
		return fail(err, errno, "return to the bundle");
	return 0;
}

int step_make_devices(struct init *init, struct error *err)
{
	struct anchors made = anchors(init);
	return devices_make(&made, init->plan->devices, init->plan->device_count, err);
}

int step_take_console(struct init *init, struct error *err)
{
	FD(peer) = take_fd(&init->peer);
	return terminal_take(peer, err);
}

/* The terminal of exec is no /dev/console, and is taken later, by the process that leads the session. */
int step_open_console(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;
	bool is_exec = plan->target >= 0;
	struct anchors made = anchors(init);
	FD(master) = terminal_open(&made, plan->config->process->console_size, plan->process.uid, &init->peer, err);
	if (master < 0 || (!is_exec && terminal_bind_console(&made, init->peer, err) < 0))
		return error_at(err, ".process.terminal");
	if (sync_ask(init->sync, ASK_CONSOLE, 0, master, err) < 0)
		return -1;
	return is_exec ? 0 : step_take_console(init, err);
}

STEP(write_sysctl, sysctl_write(init->proc, &init->plan->linux->sysctl, err))

int step_mask_paths(struct init *init, struct error *err)
{
	struct anchors made = anchors(init);
	return paths_mask(
		&made, &init->plan->linux->masked_paths, init->plan->null, &init->plan->mount_label, &init->batch, err);
}

int step_make_paths_readonly(struct init *init, struct error *err)
{
	struct anchors made = anchors(init);
	return paths_make_readonly(&made, &init->plan->linux->readonly_paths, &init->batch, err);
}

STEP(pivot, init->plan->options.no_pivot ? rootfs_move(init->arena, init->plan->root, err) :
					   rootfs_pivot(init->plan->root, err))

int step_change_root(struct init *init, struct error *err)
{
	if (fchdir(init->plan->root) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return fail_at(err, errno, ".root.path", "chroot");
	return 0;
}

/* init makes a missing directory, as all runtimes do; exec does not, because the container is its owner's. No magic
 * link leads there (CVE-2024-21626). */
int step_enter_working_directory(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;
	const char *cwd = plan->config->process->cwd;
	if (str_eq(cwd, "/")) /* where the change of the root has left us */
		return 0;
	struct anchors made = anchors(init);
	FD(dir) = plan->target < 0 ? anchor_make(&made, cwd, PATH_DIRECTORY, 0755, err) :
				     path_open(plan->root, cwd, O_PATH | O_DIRECTORY, err);
	if (dir < 0)
		return error_at(err, ".process.cwd");
	return fchdir(dir) < 0 ? fail_at(err, errno, ".process.cwd", "enter %s", cwd) : 0;
}

int step_finish_rootfs(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;
	for (size_t i = 0; i < plan->mount_count; i++)
		if (mount_finish(&plan->mounts[i], err) < 0)
			return -1;
	return rootfs_finish(plan->root, plan->readonly, plan->propagation, err);
}

STEP(take_streams, streams_take(init->plan->streams, err))

/* A container without .process has no program: start refuses it. */
int step_find_executable(struct init *init, struct error *err)
{
	const oci_strings *args = &init->plan->config->process->args;
	return args->len ? executable_find(init->arena, args->items[0], init->plan->search_path, &init->executable,
				   &init->search_rest, err) :
			   0;
}
