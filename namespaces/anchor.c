#include "namespaces/anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "namespaces/mount.h"

int anchor_find(const struct anchors *anchors, const char *path, const char **ret_rest)
{
	/* The last mount on the path, or above it, covers all earlier ones. */
	for (size_t i = anchors->count; i-- > 0 && !defence_is_off("anchors");) {
		const char *rest = path_rest(anchors->mounts[i].destination, path);
		if (!rest || anchors->mounts[i].tree < 0)
			continue;
		*ret_rest = *rest ? rest : ".";
		return anchors->mounts[i].tree;
	}
	*ret_rest = path;
	return anchors->root;
}

int anchor_open(const struct anchors *anchors, const char *path, int flags)
{
	const char *rest;
	int dir = anchor_find(anchors, path, &rest);
	int fd = dir == anchors->root ? -1 : path_try_resolve(dir, rest, flags, RESOLVE_BENEATH);
	if (dir != anchors->root && (fd >= 0 || errno != EXDEV))
		return fd;
	return path_try_open(anchors->root, path, flags);
}

int anchor_make(const struct anchors *anchors, const char *path, enum path_kind kind, mode_t mode, struct error *err)
{
	const char *rest;
	int dir = anchor_find(anchors, path, &rest);
	if (dir != anchors->root && !str_eq(rest, ".")) {
		FD(found) = path_try_resolve(dir, rest, O_PATH, RESOLVE_BENEATH);
		if (found < 0 && errno == EXDEV)
			dir = anchors->root;
		else if (found < 0 && errno != ENOENT)
			return fail(err, errno, "open %s in the root filesystem", path);
	}
	return path_make(dir, dir == anchors->root ? path : rest, kind, mode, err);
}

int anchor_parent(const struct anchors *anchors, const char *path, const char **ret_name, struct error *err)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t len = (size_t)(name - path);
	if (!str_is_component(name))
		return fail(err, 0, "%s does not end in a file name", path);
	if (len >= sizeof(parent))
		return fail(err, ENAMETOOLONG, "open the directory of %.64s…", path);
	memcpy(parent, path, len);
	parent[len] = '\0';
	int fd = anchor_make(anchors, len ? parent : "/", PATH_DIRECTORY, 0755, err);
	if (fd >= 0)
		*ret_name = name;
	return fd;
}
