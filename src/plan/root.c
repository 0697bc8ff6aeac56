#include "plan/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"
#include "namespaces/overlay.h"
#include "namespaces/rootfs.h"

struct mount_idmap_facts plan_idmap_facts(struct plan *plan)
{
	return (struct mount_idmap_facts){ .uids = &plan->linux->uid_mappings,
		.gids = &plan->linux->gid_mappings,
		.joins_user_ns = ns_joins(&plan->ns, CLONE_NEWUSER),
		.all = &plan->idmaps };
}

int plan_root(struct arena *arena, struct plan *plan, struct error *err)
{
	const struct plan_options *options = &plan->options;
	const char *option = options->overlay ? "--overlay" : options->idmap_rootfs ? "--idmap-rootfs" : NULL;
	if (!option)
		return 0;
	if (!(plan->ns.created & CLONE_NEWNS)) {
		return fail_hint(err, 0, "add { \"type\": \"mount\" } to .linux.namespaces",
			"%s needs a new mount namespace", option);
	}
	const struct mount_idmap_facts facts = plan_idmap_facts(plan);
	plan->root_idmap = mount_idmap_of_container(arena, &facts);
	if (options->idmap_rootfs && !plan->root_idmap) {
		return fail_hint(err, 0, "add { \"type\": \"user\" } to .linux.namespaces",
			"--idmap-rootfs needs a user namespace");
	}
	return 0;
}

static bool is_in_namespace(const struct plan *plan, uid_t uid)
{
	LIST_EACH (&plan->linux->uid_mappings, m)
		if (uid >= m->host_id.value && uid - m->host_id.value < m->size.value)
			return true;
	return ns_joins(&plan->ns, CLONE_NEWUSER) && uid != 0;
}

/* The lower layer of an overlay is only read, so it is mapped without being asked for where its owner is not mapped. */
static bool wants_idmap(const struct plan *plan)
{
	struct stat st;
	if (plan->options.idmap_rootfs)
		return true;
	return plan->root_idmap && !(plan->needs & NEED_OPEN_INSIDE) && stat(plan->rootfs, &st) == 0 &&
	       !is_in_namespace(plan, st.st_uid);
}

static int open_overlay(struct arena *arena, const struct plan *plan, struct error *err)
{
	const char *dir = plan->options.overlay;
	struct overlay overlay = { .lower = plan->rootfs,
		.dir = str_eq(dir, "tmp") ? NULL : dir,
		.idmap = wants_idmap(plan) ? plan->root_idmap : NULL };
	return overlay_open(arena, &overlay, err);
}

static int open_mapped(const struct plan *plan, struct error *err)
{
	struct mount_idmap_what what = { .where = ".root.path", .source = plan->rootfs };
	FD(root) = rootfs_open(plan->rootfs, plan->propagation, err);
	if (root < 0 || (plan->options.idmap_rootfs && mount_idmap_apply(plan->root_idmap, root, &what, err) < 0))
		return -1;
	return take_fd(&root);
}

int plan_open_root(struct arena *arena, struct plan *plan, struct error *err)
{
	if (plan->needs & NEED_ROOTFS) {
		plan->root = plan->options.overlay ? open_overlay(arena, plan, err) : open_mapped(plan, err);
		return plan->root;
	}
	plan->root = open(plan->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return plan->root < 0 ? fail_at(err, errno, ".root.path", "open the root filesystem %s", plan->rootfs) :
				plan->root;
}
