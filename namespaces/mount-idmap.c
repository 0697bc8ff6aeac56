#include "namespaces/mount-idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "namespaces/mount-options.h"
#include "namespaces/ns.h"
#include "oci/check.h"

#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif

enum { LARGEST_ID = 0xfffffffe };

static void add_mapping(struct arena *arena, oci_id_mappings *list, uint64_t from, uint64_t to, uint64_t size)
{
	*list_add(arena, list) = (struct oci_id_mapping){
		.container_id = { true, from }, .host_id = { true, to }, .size = { true, size }
	};
}

/* For "@", where `to` is an id in the container: one range there may be several on the host. False if some ids of the
 * range are not mapped. */
static bool add_relative(struct arena *arena, oci_id_mappings *list, const oci_id_mappings *container, uint64_t from,
	uint64_t to, uint64_t size)
{
	uint64_t covered = 0;
	LIST_EACH (container, m) {
		uint64_t inside = m->container_id.value, inside_end = inside + m->size.value;
		uint64_t begin = to > inside ? to : inside;
		uint64_t end = to + size < inside_end ? to + size : inside_end;
		if (begin >= end)
			continue;
		add_mapping(arena, list, from + (begin - to), m->host_id.value + (begin - inside), end - begin);
		covered += end - begin;
	}
	return covered == size;
}

static const char *read_id(const char *text, char end, uint64_t *ret)
{
	const char *rest = text ? str_skip_number(text, LARGEST_ID + 1ULL, ret) : NULL;
	return !rest || end == '\0' ? rest : *rest == end ? rest + 1 : NULL;
}

static int fail_word(const char *word, const char *where, struct error *err)
{
	return fail_at_hint(err, 0, where,
		"write idmap=uids=FILE-HOST-SIZE#...;gids=...; after @, HOST is an id in the container",
		"\"idmap=%.128s\" is no mapping", word);
}

/* "0-1000-1#@1-1-10" */
static int read_ranges(struct arena *arena, const char *text, size_t len, const oci_id_mappings *container,
	oci_id_mappings *ret, const char *where, struct error *err)
{
	const char *at = text, *stop = text + len;
	while (at < stop) {
		uint64_t from, to, size;
		bool relative = *at == '@';
		at = read_id(at + relative, '-', &from);
		at = read_id(at, '-', &to);
		at = read_id(at, '\0', &size);
		if (!at || at > stop || (at < stop && *at != '#') || at + 1 == stop)
			return fail(err, 0, "not a range");
		if (!relative)
			add_mapping(arena, ret, from, to, size);
		else if (!container->len)
			return fail_at(err, 0, where, "a relative mapping needs a user namespace with mappings");
		else if (!add_relative(arena, ret, container, from, to, size))
			return fail_at(err, 0, where,
				"not all of the %llu ids from %llu on are mapped in the container's user namespace",
				(unsigned long long)size, (unsigned long long)to);
		at += at < stop;
	}
	return 0;
}

/* crun(1) "idmap mount options": "uids=RANGES;gids=RANGES". */
static int read_word(struct arena *arena, const char *word, const struct mount_idmap_facts *facts, const char *where,
	oci_id_mappings ret[2], struct error *err)
{
	static const char *const keys[] = { "uids=", "gids=" };
	const oci_id_mappings *const maps[] = { facts->uids, facts->gids };
	for (const char *at = word; *at;) {
		size_t len = strcspn(at, ";");
		size_t k = str_starts(at, keys[0]) ? 0 : 1;
		if (!str_starts(at, keys[k]) || ret[k].len || len == 5)
			return fail_word(word, where, err);
		if (read_ranges(arena, at + 5, len - 5, maps[k], &ret[k], where, err) < 0)
			return err && err->where[0] ? -1 : fail_word(word, where, err);
		at += len + (at[len] == ';');
	}
	if (!ret[0].len || !ret[1].len)
		return fail_word(word, where, err);
	if (oci_mappings_check(&ret[0], where, err) < 0 || oci_mappings_check(&ret[1], where, err) < 0)
		return -1;
	return 0;
}

static bool is_same_map(const char *a, const char *b)
{
	return a == b || (a && b && str_eq(a, b));
}

/* One user namespace serves all mounts that have the same mapping. */
static struct mount_idmap *share(
	struct arena *arena, const struct mount_idmap_facts *facts, const char *uid_map, const char *gid_map)
{
	struct mount_idmap **at = facts->all;
	for (; *at; at = &(*at)->next)
		if (is_same_map((*at)->uid_map, uid_map) && is_same_map((*at)->gid_map, gid_map))
			return *at;
	*at = arena_new(arena, struct mount_idmap);
	**at = (struct mount_idmap){ .uid_map = uid_map, .gid_map = gid_map, .userns = -1 };
	return *at;
}

struct mount_idmap *mount_idmap_of_container(struct arena *arena, const struct mount_idmap_facts *facts)
{
	if (facts->uids->len && facts->gids->len)
		return share(
			arena, facts, oci_mappings_text(arena, facts->uids), oci_mappings_text(arena, facts->gids));
	return facts->joins_user_ns ? share(arena, facts, NULL, NULL) : NULL;
}

int mount_idmap_plan(struct arena *arena, const struct oci_mount *mount, const struct mount_options *options,
	const struct mount_idmap_facts *facts, const char *where, struct mount_idmap **ret, struct error *err)
{
	oci_id_mappings maps[2] = { { NULL, 0 }, { NULL, 0 } };
	bool own = mount->uid_mappings.len && mount->gid_mappings.len;
	if (!own && !(options->extra & (MOUNT_EXTRA_IDMAP | MOUNT_EXTRA_RIDMAP))) {
		*ret = NULL;
		return 0;
	}
	if (own) {
		maps[0] = mount->uid_mappings;
		maps[1] = mount->gid_mappings;
	} else if (options->idmap) {
		where = arena_printf(arena, "%s.options[%zu]", where, options->idmap_index);
		if (read_word(arena, options->idmap, facts, where, maps, err) < 0)
			return -1;
	}
	struct mount_idmap *idmap = maps[0].len ? share(arena, facts, oci_mappings_text(arena, &maps[0]),
							  oci_mappings_text(arena, &maps[1])) :
						  mount_idmap_of_container(arena, facts);
	if (!idmap) {
		return fail_at_hint(err, 0, where, "give uidMappings and gidMappings, or a \"user\" namespace",
			"an id-mapped mount without a mapping");
	}
	*ret = idmap;
	return 0;
}

static int write_maps(int proc, const struct mount_idmap *idmap, struct error *err)
{
	if (write_file_at(proc, "uid_map", idmap->uid_map, err) == 0 &&
		write_file_at(proc, "gid_map", idmap->gid_map, err) == 0)
		return 0;
	if (err->errnum != EPERM && err->errnum != EACCES)
		return -1;
	return error_hint(err, "id-mapped mounts are root's to make, with CAP_SYS_ADMIN, CAP_SETUID and CAP_SETGID");
}

static int open_namespace(int proc, const struct mount_idmap *idmap, struct error *err)
{
	if (write_maps(proc, idmap, err) < 0)
		return -1;
	FD(userns) = openat(proc, "ns/user", O_RDONLY | O_CLOEXEC);
	return userns < 0 ? fail(err, errno, "open the user namespace of the mapping") : take_fd(&userns);
}

static int make_namespace(const struct mount_idmap *idmap, struct error *err)
{
	struct ns_holder holder;
	if (ns_hold_user(-1, &holder) < 0) {
		(void)fail(err, errno, "make a user namespace for the mapping");
		return ns_hint_limit(err);
	}
	int userns = open_namespace(holder.proc, idmap, err);
	ns_release(&holder);
	return userns;
}

static int map_tree(int userns, int mount, bool recursive)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };
	return sys_mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr);
}

static int fail_map(const struct mount_idmap_what *what, struct error *err)
{
	const char *hint = NULL;
	if (errno == EPERM)
		hint = "the mount must not be id-mapped yet, the mapping must not be the host's own, and the caller "
		       "needs "
		       "CAP_SYS_ADMIN in the user namespace that mounted the filesystem";
	else if (errno == EINVAL)
		hint = "this kernel has no id-mapped mounts of a filesystem there, or cannot map its ids twice";
	return fail_at_hint(err, errno, what->where, hint, "id-map %s", what->source ? what->source : what->type);
}

int mount_idmap_apply(struct mount_idmap *idmap, int mount, const struct mount_idmap_what *what, struct error *err)
{
	if (defence_is_off("idmap"))
		return 0;
	if (idmap->userns < 0)
		idmap->userns = make_namespace(idmap, err);
	if (idmap->userns < 0)
		return error_at(err, what->where);
	return map_tree(idmap->userns, mount, what->recursive) < 0 ? fail_map(what, err) : 0;
}

void mount_idmap_close(struct mount_idmap *all)
{
	for (; all; all = all->next)
		close_fd(&all->userns);
}
