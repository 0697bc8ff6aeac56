#include "plan/plan.h"

#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/str.h"
#include "namespaces/ns.h"

static const char *maker(const struct ns_plan *ns, uint64_t type)
{
	if (ns->clone_flags & type)
		return "clone3";
	if (ns->unshare_flags & type)
		return "unshare";
	return ns->second_flags & type ? "a second clone" : "unshare, mapped first";
}

static void print_namespaces(const struct ns_plan *ns, FILE *out)
{
	static const int types[] = { CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWUTS, CLONE_NEWIPC,
		CLONE_NEWCGROUP, CLONE_NEWTIME, CLONE_NEWPID };
	(void)fputs("namespaces:\n", out);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		uint64_t type = (uint64_t)types[i];
		if (ns->created & type)
			str_print(out, "  %-8s new, by %s\n", ns_name(types[i]), maker(ns, type));
	}
	LIST_EACH (&ns->joins, join)
		str_print(out, "  %-8s joined: %s\n", ns_name(join->type), join->path);
	if (ns->second_clone)
		(void)fputs("  init is born in a second clone\n", out);
}

static void print_map(const char *name, const oci_id_mappings *map, FILE *out)
{
	LIST_EACH (map, range)
		str_print(out, "  %-8s %llu %llu %llu\n", name, (unsigned long long)range->container_id.value,
			(unsigned long long)range->host_id.value, (unsigned long long)range->size.value);
}

static void print_attr(const struct mount_attr *attr, const char *name, FILE *out)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} flags[] = {
		{ MOUNT_ATTR_RDONLY, "ro" },
		{ MOUNT_ATTR_NOSUID, "nosuid" },
		{ MOUNT_ATTR_NODEV, "nodev" },
		{ MOUNT_ATTR_NOEXEC, "noexec" },
		{ MOUNT_ATTR_NOATIME, "noatime" },
		{ MOUNT_ATTR_STRICTATIME, "strictatime" },
		{ MOUNT_ATTR_NODIRATIME, "nodiratime" },
		{ MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow" },
	};
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (attr->attr_set & flags[i].flag)
			str_print(out, " %s%s", name, flags[i].name);
		if (attr->attr_clr & ~attr->attr_set & ~(uint64_t)MOUNT_ATTR__ATIME & flags[i].flag)
			str_print(out, " %snot-%s", name, flags[i].name);
	}
}

static const char *propagation_name(unsigned long propagation)
{
	if (propagation & MS_SHARED)
		return "shared";
	if (propagation & MS_SLAVE)
		return "slave";
	return propagation & MS_UNBINDABLE ? "unbindable" : "private";
}

/* " idmap=uids=0-1000-1#1-100000-65535;gids=..." */
static void print_idmap(const struct mount_op *op, FILE *out)
{
	const char *maps[] = { op->idmap->uid_map, op->idmap->gid_map };
	str_print(out, " %sidmap", op->options.extra & MOUNT_EXTRA_RIDMAP ? "r" : "");
	for (size_t i = 0; i < 2 && maps[i]; i++) {
		(void)fputs(i ? ";gids=" : "=uids=", out);
		for (const char *at = maps[i]; *at; at++)
			if (*at == ' ')
				(void)fputc('-', out);
			else if (*at != '\n')
				(void)fputc(*at, out);
			else if (at[1])
				(void)fputc('#', out);
	}
}

static void print_mount(const struct mount_op *op, FILE *out)
{
	static const char *const kinds[] = { "new", "bind", "remount", "symlink" };
	const struct mount_options *o = &op->options;
	str_print(out, "  %-8s %s on %s", kinds[op->kind], op->kind == MOUNT_BIND ? op->source : op->type,
		op->destination);
	print_attr(&o->attr, "", out);
	print_attr(&o->recursive_attr, "r:", out);
	if (o->attr.propagation)
		str_print(out, " %s%s", o->propagation_recursive ? "r" : "", propagation_name(o->attr.propagation));
	if (o->extra & MOUNT_EXTRA_RECURSIVE)
		(void)fputs(" recursive", out);
	if (o->extra & MOUNT_EXTRA_TMPCOPYUP)
		(void)fputs(" tmpcopyup", out);
	if (op->idmap)
		print_idmap(op, out);
	LIST_EACH (&o->params, param)
		if (!op->mode || param->value != op->mode) /* the directory on which it is mounted decides */
			str_print(
				out, " %s%s%s", param->key, param->value ? "=" : "", param->value ? param->value : "");
	(void)fputc('\n', out);
}

static void print_paths(const char *heading, const oci_strings *paths, FILE *out)
{
	if (paths->len)
		str_print(out, "%s:\n", heading);
	LIST_EACH (paths, path)
		str_print(out, "  %s\n", *path);
}

static void print_filesystems(const struct plan *plan, FILE *out)
{
	(void)fputs("root filesystem:\n", out);
	str_print(out, "  %s%s %s%s\n", plan->rootfs, plan->readonly ? " ro" : "", propagation_name(plan->propagation),
		plan->options.no_pivot ? ", moved to / rather than pivoted" : "");
	if (plan->options.idmap_rootfs)
		(void)fputs("  id-mapped\n", out);
	if (plan->options.overlay)
		str_print(out, "  what is written goes to %s\n", plan->options.overlay);
	(void)fputs("mounts:\n", out);
	for (size_t i = 0; i < plan->mount_count; i++)
		print_mount(&plan->mounts[i], out);
	(void)fputs("devices:\n", out);
	for (size_t i = 0; i < plan->device_count; i++) {
		const struct device_op *d = &plan->devices[i];
		char type = S_ISBLK(d->mode) ? 'b' : S_ISFIFO(d->mode) ? 'p' : 'c';
		str_print(out, "  %-8s %s %c %u:%u %04o %u:%u\n", d->bind ? "bind" : "node", d->path, type,
			major(d->number), minor(d->number), d->mode & 07777, d->uid, d->gid);
	}
	print_paths("masked paths", &plan->linux->masked_paths, out);
	print_paths("read-only paths", &plan->linux->readonly_paths, out);
}

static void print_text(const char *name, const char *text, FILE *out)
{
	if (text)
		str_print(out, "  %s %s\n", name, text);
}

static void print_process(const struct plan *plan, FILE *out)
{
	const struct process_plan *p = &plan->process;
	(void)fputs("process:\n", out);
	str_print(out, "  uid %u, gid %u, umask %04o", p->uid, p->gid, p->umask);
	for (size_t i = 0; i < p->group_count; i++)
		str_print(out, "%s%u", i ? "," : ", groups ", p->groups[i]);
	str_print(out, "%s%s%s\n", plan->keep_groups ? ", the caller's groups" : "",
		p->no_new_privs ? ", no new privileges" : "",
		plan->config->process->terminal.value ? ", terminal" : "");
	str_print(out, "  capabilities bounding %016llx effective %016llx permitted %016llx\n",
		(unsigned long long)plan->caps.bounding, (unsigned long long)plan->caps.effective,
		(unsigned long long)plan->caps.permitted);
	str_print(out, "  capabilities inheritable %016llx ambient %016llx\n",
		(unsigned long long)plan->caps.inheritable, (unsigned long long)plan->caps.ambient);
	print_text("AppArmor profile", plan->lsm.apparmor, out);
	print_text("SELinux label", plan->lsm.selinux, out);
	print_text("resctrl group", plan->rdt.set ? plan->rdt.group : NULL, out);
	/* The variables beyond those of the configuration. */
	for (const char **env = plan->env + plan->config->process->env.len; *env; env++)
		print_text("variable", *env, out);
	for (size_t i = 0; i < plan->config->process->args.len; i++)
		str_print(out, "%s%s", i ? " " : "  ", plan->config->process->args.items[i]);
	(void)fputc('\n', out);
}

void plan_print(const struct plan *plan, FILE *out)
{
	str_print(out, "container %s\n", plan->options.id);
	(void)fputs("cgroup:\n", out);
	if (plan->unit.name)
		str_print(out, "  %s in %s\n", plan->unit.name, plan->unit.slice);
	else
		str_print(out, "  %s\n", plan->cgroup_path ? plan->cgroup_path : "none of its own");
	print_namespaces(&plan->ns, out);
	print_map("uids", &plan->linux->uid_mappings, out);
	print_map("gids", &plan->linux->gid_mappings, out);
	print_filesystems(plan, out);
	print_process(plan, out);
}
