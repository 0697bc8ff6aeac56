#include "launch/create.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/cgroup.h"
#include "cgroups/delegate.h"
#include "cgroups/resources.h"
#include "cgroups/systemd.h"
#include "oci/annotations.h"
#include "process/caps.h"

/* The first limit that needs a cgroup, or NULL. Device rules do not: without a cgroup of its own a container is a
 * user's, who can make no device anyway. */
static const char *find_limit(const struct oci_resources *r)
{
	return !r                     ? NULL :
	       r->memory              ? ".linux.resources.memory" :
	       r->cpu                 ? ".linux.resources.cpu" :
	       r->pids                ? ".linux.resources.pids" :
	       r->block_io            ? ".linux.resources.blockIO" :
	       r->hugepage_limits.len ? ".linux.resources.hugepageLimits" :
	       r->network             ? ".linux.resources.network" :
	       r->rdma.len            ? ".linux.resources.rdma" :
	       r->unified.len         ? ".linux.resources.unified" :
					NULL;
}

int creation_check_resources(const struct creation *c, struct error *err)
{
	const char *where = find_limit(c->plan.linux->resources);
	if (c->plan.cgroup_path || c->plan.unit.name || !where)
		return 0;
	return fail_at_hint(err, 0, where, "drop the limits, or --cgroup-manager disabled",
		"needs a cgroup, and --cgroup-manager is disabled");
}

static bool is_privileged(const struct creation *c)
{
	return c->host.own_caps & caps_mask("CAP_SYS_ADMIN");
}

/* A user who may not make cgroups gets a container without one, and a message; unless there are limits, which nothing
 * would enforce. */
static int do_without(struct creation *c, struct error *err)
{
	const char *where = find_limit(c->plan.linux->resources);
	bool forbidden = err->errnum == EACCES || err->errnum == EPERM || err->errnum == EROFS;
	if (!forbidden || (host_is_root(&c->host) && is_privileged(c)))
		return -1;
	if (where) {
		(void)error_at(err, where);
		return error_hint(err, "limits need a delegated cgroup: systemd-run --user --scope -p Delegate=yes "
				       "hull …, or --systemd-cgroup");
	}
	log_info("container %s has no cgroup of its own, so no limit can be set and it cannot be paused: %s",
		c->request->id, err->text);
	error_clear(err);
	c->plan.cgroup_path = NULL;
	return 0;
}

static int apply(struct creation *c, int cgroup, struct error *err)
{
	static const struct oci_resources none;
	const struct oci_linux *config = c->plan.linux;
	struct oci_resources resources = config->resources ? *config->resources : none;
	if (!is_privileged(c) && c->plan.ns.new_user)
		resources.devices.len = 0; /* no program can be attached, and no device can be made */
	return cgroup_apply(
		&c->host.cgroup, cgroup, c->plan.cgroup_path, config->resources ? &resources : NULL, CGROUP_NEW, err);
}

static int make_directory(struct creation *c, struct error *err)
{
	c->launch.cgroup = cgroup_create(&c->host.cgroup, c->plan.cgroup_path, &c->launch.cgroup_made, err);
	if (c->launch.cgroup < 0)
		return do_without(c, err) < 0 ? error_at(err, ".linux.cgroupsPath") : 0;
	cgroup_claim(c->launch.cgroup, container_mark(&c->container), &c->launch.cgroup_made);
	return apply(c, c->launch.cgroup, err);
}

/* run.oci.systemd.subgroup: init enters a cgroup below the scope. The limits are the scope's. */
static int open_subgroup(struct creation *c, const char *name, struct error *err)
{
	struct cgroup_made made;
	if (!str_is_component(name))
		return fail_at(
			err, 0, ".annotations[\"run.oci.systemd.subgroup\"]", "\"%.64s\" is no name of a cgroup", name);
	c->init_cgroup = arena_printf(&c->arena, "%s/%s", c->scope.path, name);
	return cgroup_create(&c->host.cgroup, c->init_cgroup, &made, err);
}

/* Before the id maps of init are written: init makes its cgroup namespace after that. */
static int attach_to_scope(void *data, pid_t pid, struct error *err)
{
	struct creation *c = data;
	return systemd_scope_attach(&c->arena, c->init_cgroup, c->plan.unit.user, pid, err);
}

static int make_scope(struct creation *c, struct error *err)
{
	static const struct oci_resources none;
	const struct oci_resources *resources = c->plan.linux->resources;
	const char *subgroup = oci_annotation(c->config, ANNOTATION_SYSTEMD_SUBGROUP);
	cgroup_writes writes;
	if (resources_plan(&c->arena, resources ? resources : &none, &writes, err) < 0 ||
		systemd_scope_start(&c->arena, &c->plan.unit, &writes, &c->config->annotations, &c->scope, err) < 0)
		return -1;
	c->plan.cgroup_path = c->init_cgroup = c->scope.path;
	c->launch.cgroup_made.components = 1;
	if (c->plan.unit.user && c->plan.ns.new_user)
		c->launch.attach = attach_to_scope;
	FD(scope) = cgroup_open(&c->host.cgroup, c->scope.path, err);
	if (scope < 0 || apply(c, scope, err) < 0)
		return -1;
	cgroup_claim(scope, container_mark(&c->container), &c->launch.cgroup_made);
	c->launch.cgroup = subgroup && *subgroup ? open_subgroup(c, subgroup, err) : take_fd(&scope);
	return c->launch.cgroup < 0 ? -1 : 0;
}

static bool is_writable_cgroup_mount(const struct oci_mount *mount)
{
	bool writable = mount->type && (str_eq(mount->type, "cgroup") || str_eq(mount->type, "cgroup2"));
	for (size_t i = 0; i < mount->options.len; i++)
		if (str_eq(mount->options.items[i], "ro"))
			writable = false;
	return writable;
}

/* The user id, on the host, of the container's process. False if it is not known, because the process joins a user
 * namespace. */
static bool find_owner(const struct creation *c, uid_t *ret_uid)
{
	uint64_t uid = c->plan.process.uid;
	bool new_user = c->plan.ns.new_user;
	LIST_EACH (&c->plan.linux->namespaces, ns)
		if (ns->type.value == CLONE_NEWUSER && ns->path && *ns->path)
			return false;
	*ret_uid = (uid_t)uid;
	if (!new_user)
		return true;
	const struct oci_id_mapping *map = oci_mapping_of(&c->plan.linux->uid_mappings, uid);
	if (map)
		*ret_uid = (uid_t)(map->host_id.value + (uid - map->container_id.value));
	return map != NULL;
}

/* config-linux.md "Cgroup ownership": the container's user owns the cgroup if the container has a cgroup namespace of
 * its own and a writable cgroup mount. A cgroup that was there before keeps its owner. */
static int give_away(struct creation *c, int cgroup, struct error *err)
{
	uid_t owner;
	bool writable = false, new_namespace = false;
	struct error why = { .errnum = 0 };
	for (size_t i = 0; i < c->config->mounts.len; i++)
		writable |= is_writable_cgroup_mount(&c->config->mounts.items[i]);
	LIST_EACH (&c->plan.linux->namespaces, ns)
		new_namespace |= ns->type.value == CLONE_NEWCGROUP && (!ns->path || !*ns->path);
	if (!writable || !new_namespace || c->launch.cgroup_made.components == 0 || !find_owner(c, &owner) ||
		owner == c->host.euid)
		return 0;
	if (cgroup_chown(cgroup, owner, &why) == 0)
		return 0;
	if (why.errnum == EPERM) { /* without CAP_CHOWN; a SHOULD of the specification */
		log_debug("%s", why.text);
		return 0;
	}
	*err = why;
	return -1;
}

/* run.oci.delegate-cgroup: once the cgroup namespace is made, init moves to a cgroup of that name below its own, which
 * the container may manage. */
static int delegate(struct creation *c, struct error *err)
{
	const char *name = oci_annotation(c->config, ANNOTATION_DELEGATE_CGROUP);
	if (c->launch.cgroup < 0)
		return 0;
	if (!name || !*name)
		return give_away(c, c->launch.cgroup, err);
	c->launch.delegate = cgroup_make_delegate(c->launch.cgroup, name, err);
	if (c->launch.delegate < 0)
		return error_at(err, ".annotations[\"run.oci.delegate-cgroup\"]");
	return give_away(c, c->launch.delegate, err);
}

int creation_make_cgroup(struct creation *c, struct error *err)
{
	if (c->plan.unit.name && make_scope(c, err) < 0)
		return -1;
	if (!c->plan.unit.name && c->plan.cgroup_path && make_directory(c, err) < 0)
		return -1;
	return delegate(c, err);
}
