#include "process/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "namespaces/ns.h"
#include "process/accounts.h"
#include "process/caps.h"

enum { MAP_LIMIT = 1 << 20, ANSWER_SIZE = 512 };

extern char **environ;

/* The two kinds of ids, with their files and tools. */
struct kind {
	const char *where, *map, *subids, *tool, *what;
	unsigned capability;
};

static const struct kind uids = { ".linux.uidMappings", "uid_map", "/etc/subuid", "newuidmap", "uid", CAP_SETUID };
static const struct kind gids = { ".linux.gidMappings", "gid_map", "/etc/subgid", "newgidmap", "gid", CAP_SETGID };

static uint64_t own_id(const struct kind *kind)
{
	return kind == &uids ? geteuid() : getegid();
}

static void add_range(struct arena *arena, oci_id_mappings *list, uint64_t container, uint64_t host, uint64_t size)
{
	*list_add(arena, list) = (struct oci_id_mapping){ { true, container }, { true, host }, { true, size } };
}

/* "NAME:FIRST:COUNT", where the name may be the uid: subuid(5). The name is the user's in /etc/subgid too. */
static bool read_range(char *line, const char *name, uint64_t uid, uint64_t *ret_first, uint64_t *ret_count)
{
	uint64_t number;
	char *first = strchr(line, ':'), *count = first ? strchr(first + 1, ':') : NULL;
	if (!count)
		return false;
	*first++ = *count++ = '\0';
	bool ours = (name && str_eq(line, name)) || (str_to_u64(line, UINT32_MAX, &number) && number == uid);
	return ours && str_to_u64(first, UINT32_MAX, ret_first) && str_to_u64(count, UINT32_MAX, ret_count);
}

/* The kernel takes no id twice. */
static bool overlaps(const oci_id_mappings *list, uint64_t first, uint64_t count)
{
	LIST_EACH (list, range)
		if (first < range->host_id.value + range->size.value && range->host_id.value < first + count)
			return true;
	return false;
}

/* Appends the caller's subordinate ids. Lines that overlap an earlier one are left out. */
static void add_subids(struct arena *arena, const struct kind *kind, oci_id_mappings *list)
{
	char *text, *save = NULL;
	uint64_t first, count, next = 1;
	struct error warning = { .errnum = 0 };
	FD(root) = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *name = account_name(arena, root, geteuid());
	FD(file) = open(kind->subids, O_RDONLY | O_CLOEXEC);
	if (file < 0 && errno == ENOENT)
		return;
	if (file < 0 ? fail(&warning, errno, "open %s", kind->subids) < 0 :
		       account_text(arena, file, kind->subids, &text, &warning) < 0) {
		log_warning(&warning);
		return;
	}
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!read_range(line, name, geteuid(), &first, &count) || !count || overlaps(list, first, count))
			continue;
		add_range(arena, list, next, first, count);
		next += count;
	}
}

/* Whether the tool has the privilege to write maps. False with errno. */
static bool is_privileged(const char *tool)
{
	static const char *const places[] = { "/usr/bin", "/bin", "/usr/local/bin" };
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[128];
		struct stat st;
		struct statvfs fs;
		(void)snprintf(path, sizeof(path), "%s/%s", places[i], tool);
		if (access(path, X_OK) < 0 || stat(path, &st) < 0 || statvfs(path, &fs) < 0)
			continue;
		errno = EPERM;
		return !(fs.f_flag & ST_NOSUID) &&
		       ((st.st_mode & S_ISUID) || getxattr(path, "security.capability", NULL, 0) > 0);
	}
	errno = ENOENT;
	return false;
}

bool idmap_needs_tools(void)
{
	const uint64_t both = 1ULL << CAP_SETUID | 1ULL << CAP_SETGID;
	return proc_euid() != 0 || (caps_held() & both) != both;
}

const char *idmap_tools_lack(void)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return "start hull without no_new_privs, under which newuidmap gains no privilege";
	if (is_privileged(uids.tool) && is_privileged(gids.tool))
		return NULL;
	return errno == ENOENT ? "install newuidmap (Debian's package uidmap)" :
				 "newuidmap and newgidmap must be set-uid root or have file capabilities, on a mount "
				 "without nosuid";
}

/* Appends the map of a process, whose directory in procfs is `proc`. The outer ids are those of the caller's user
 * namespace. */
static bool read_map(struct arena *arena, const struct kind *kind, int proc, oci_id_mappings *ret)
{
	char *text, *save = NULL;
	unsigned long long inside, outside, size;
	if (read_file_at(arena, proc, kind->map, MAP_LIMIT, &text, NULL) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%llu %llu %llu", &inside, &outside, &size) == 3)
			add_range(arena, ret, inside, outside, size);
	return true;
}

/* Maps each id of the caller's user namespace to itself; none if the map cannot be read. */
static void add_own_ids(struct arena *arena, const struct kind *kind, oci_id_mappings *list)
{
	FD(proc) = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)read_map(arena, kind, proc, list);
	LIST_EACH (list, range)
		range->host_id = range->container_id;
}

static bool are_same(const oci_id_mappings *a, const oci_id_mappings *b)
{
	bool same = a->len == b->len;
	for (size_t i = 0; same && i < a->len; i++) {
		const struct oci_id_mapping *other = oci_mapping_of(b, a->items[i].container_id.value);
		same = other && other->container_id.value == a->items[i].container_id.value &&
		       other->host_id.value == a->items[i].host_id.value && other->size.value == a->items[i].size.value;
	}
	return same;
}

/* The mappings of a joined namespace replace those of the configuration, where Podman writes any. If the namespace
 * cannot be entered, the join reports that. */
static bool take_joined(struct arena *arena, struct oci_linux *config, const char *path)
{
	struct ns_holder holder;
	oci_id_mappings maps[2] = { { NULL, 0 }, { NULL, 0 } };
	FD(userns) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (userns < 0 || ns_hold_user(userns, &holder) < 0)
		return false;
	bool known = read_map(arena, &uids, holder.proc, &maps[0]) && read_map(arena, &gids, holder.proc, &maps[1]);
	ns_release(&holder);
	if (!known || (are_same(&maps[0], &config->uid_mappings) && are_same(&maps[1], &config->gid_mappings)))
		return false;
	config->uid_mappings = maps[0];
	config->gid_mappings = maps[1];
	struct error warning = { .errnum = 0 };
	(void)fail_at(&warning, 0, ".linux.uidMappings",
		"the joined user namespace has other mappings; those given here are ignored");
	(void)error_hint(&warning, "leave them out");
	log_warning(&warning);
	return true;
}

static void add_ids_of_caller(struct arena *arena, const struct kind *kind, oci_id_mappings *list, bool subordinate)
{
	add_range(arena, list, 0, own_id(kind), 1);
	if (subordinate)
		add_subids(arena, kind, list);
}

static void add_default(struct arena *arena, struct oci_linux *config)
{
	const struct kind *kinds[] = { &uids, &gids };
	oci_id_mappings *lists[] = { &config->uid_mappings, &config->gid_mappings };
	bool root = !idmap_needs_tools();
	const char *lack = root ? NULL : idmap_tools_lack();
	for (size_t i = 0; i < 2; i++) {
		if (root) {
			add_own_ids(arena, kinds[i], lists[i]);
			continue;
		}
		add_ids_of_caller(arena, kinds[i], lists[i], !lack);
	}
	const char *what = root ? "all ids are themselves" :
			   config->uid_mappings.len > 1 ?
				  "0 is the caller, the others are the caller's subordinate ids" :
				  "0 is the caller, and there are no other ids";
	log_info("the user namespace has no mappings: %s%s%s", what, lack ? "; " : "", lack ? lack : "");
}

bool idmap_fill(struct arena *arena, struct oci_linux *config)
{
	bool given = config->uid_mappings.len || config->gid_mappings.len;
	LIST_EACH (&config->namespaces, ns) {
		if (ns->type.value != CLONE_NEWUSER || given != (ns->path != NULL))
			continue;
		if (ns->path)
			return take_joined(arena, config, ns->path);
		add_default(arena, config);
		return true;
	}
	return false;
}

/* Runs the tool and returns its status; `answer` is the first line that it wrote to standard error. */
static int run_tool(char *const *argv, char *answer, size_t size, struct error *err)
{
	int pipe_fds[2];
	pid_t pid;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return fail(err, errno, "pipe");
	FD(reader) = pipe_fds[0];
	FD(writer) = pipe_fds[1];
	posix_spawn_file_actions_t actions;
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, writer, STDERR_FILENO);
	int errnum = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (errnum)
		return fail(err, errnum, "%s", argv[0]);
	close_fd(&writer);
	size_t len = 0;
	for (ssize_t n; (n = read(reader, answer + len, size - 1 - len)) > 0;)
		len += (size_t)n;
	answer[len] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	return proc_wait(pid);
}

static int call_tool(
	struct arena *arena, const struct kind *kind, const oci_id_mappings *list, pid_t pid, struct error *err)
{
	char answer[ANSWER_SIZE] = "";
	size_t argc = 0;
	char **argv = arena_array(arena, 3 + 3 * list->len, sizeof(*argv));
	argv[argc++] = arena_strdup(arena, kind->tool);
	argv[argc++] = arena_printf(arena, "%d", (int)pid);
	LIST_EACH (list, range) {
		argv[argc++] = arena_printf(arena, "%llu", (unsigned long long)range->container_id.value);
		argv[argc++] = arena_printf(arena, "%llu", (unsigned long long)range->host_id.value);
		argv[argc++] = arena_printf(arena, "%llu", (unsigned long long)range->size.value);
	}
	int status = run_tool(argv, answer, sizeof(answer), err);
	if (status == 0)
		return 0;
	if (status < 0) {
		(void)error_at(err, kind->where);
		return err->errnum == ENOENT ?
			       error_hint(err, "install it (Debian's package uidmap), or map only your own %s, %llu",
				       kind->what, (unsigned long long)own_id(kind)) :
			       -1;
	}
	(void)fail_at(err, 0, kind->where, "%.256s", *answer ? answer : kind->tool);
	if (strstr(answer, "Operation not permitted"))
		return error_hint(err,
			"%s must be set-uid root or have file capabilities, and hull must run without no_new_privs",
			kind->tool);
	return error_hint(err, "each range must be within one of your lines in %s; or map only your own %s, %llu",
		kind->subids, kind->what, (unsigned long long)own_id(kind));
}

static bool is_own_alone(const struct kind *kind, const oci_id_mappings *list)
{
	return list->len == 1 && list->items[0].size.value == 1 && list->items[0].host_id.value == own_id(kind);
}

static int write_directly(
	struct arena *arena, const struct kind *kind, const oci_id_mappings *list, int proc, struct error *err)
{
	const char *text = oci_mappings_text(arena, list);
	if (write_file_at(proc, kind->map, text, err) == 0)
		return 0;
	enum { PAGE = 4096 }; /* user_namespaces(7): the one write must be shorter */
	(void)error_at(err, kind->where);
	if (err->errnum == EINVAL && strlen(text) >= PAGE)
		return error_hint(err, "the kernel takes less than %d bytes for all ranges: map fewer of them", PAGE);
	return err->errnum == EPERM ?
		       error_hint(err,
			       "the host's ids must be mapped in the caller's user namespace, and other ids than "
			       "its own need CAP_SETUID and CAP_SETGID, and CAP_SETFCAP for 0") :
		       -1;
}

static int write_map(struct arena *arena, const struct kind *kind, const oci_id_mappings *list, pid_t pid, int proc,
	uint64_t caps, struct error *err)
{
	bool may = caps & (1ULL << kind->capability), own = is_own_alone(kind, list);
	if (list->len == 0)
		return 0;
	if (!may && !own)
		return call_tool(arena, kind, list, pid, err);
	/* A group may deny access, so a caller who cannot drop groups outside must not drop them inside. */
	if (!may && kind == &gids && write_file_at(proc, "setgroups", "deny", err) < 0)
		return error_at(err, kind->where);
	return write_directly(arena, kind, list, proc, err);
}

int idmap_write(
	struct arena *arena, pid_t pid, int proc, const struct oci_linux *config, uint64_t caps, struct error *err)
{
	if (write_map(arena, &gids, &config->gid_mappings, pid, proc, caps, err) < 0)
		return -1;
	return write_map(arena, &uids, &config->uid_mappings, pid, proc, caps, err);
}

/* Makes a user namespace with the mappings, to see whether that works here. */
static int try_maps(struct arena *arena, const struct oci_linux *config, uint64_t caps, struct error *err)
{
	if (!config->uid_mappings.len && !config->gid_mappings.len)
		return 0;
	struct ns_holder holder;
	if (ns_hold_user(-1, &holder) < 0)
		return fail_at(err, errno, ".linux.namespaces", "make a user namespace");
	int status = idmap_write(arena, holder.pid, holder.proc, config, caps, err);
	ns_release(&holder);
	return status;
}

const char *idmap_of_caller(struct arena *arena, struct oci_linux *config)
{
	struct error err = { .errnum = 0 };
	const char *lack = idmap_needs_tools() ? idmap_tools_lack() : NULL;
	add_ids_of_caller(arena, &uids, &config->uid_mappings, !lack);
	add_ids_of_caller(arena, &gids, &config->gid_mappings, !lack);
	bool has_uids = config->uid_mappings.len > 1, has_gids = config->gid_mappings.len > 1;
	if (lack)
		return lack;
	if ((has_uids || has_gids) && try_maps(arena, config, caps_held(), &err) < 0) {
		config->uid_mappings.len = config->gid_mappings.len = 1;
		return arena_strdup(arena, err.text);
	}
	if (has_uids && has_gids)
		return NULL;
	if (!has_uids && !has_gids)
		return "neither /etc/subuid nor /etc/subgid has a line for the caller";
	return arena_printf(arena, "%s has no line for the caller", has_uids ? gids.subids : uids.subids);
}
