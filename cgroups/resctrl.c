#include "cgroups/resctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define RESCTRL "/sys/fs/resctrl"

enum {
	RESCTRL_MAGIC = 0x7655821, /* RDTGROUP_SUPER_MAGIC */
	MAX_SCHEMATA = 64 * 1024,
};

void rdt_probe(struct rdt_host *ret_host)
{
	struct statfs fs;
	struct rdt_host host = { .mounted = statfs(RESCTRL, &fs) == 0 && fs.f_type == RESCTRL_MAGIC };
	host.monitoring = host.mounted && access(RESCTRL "/mon_groups", F_OK) == 0;
	*ret_host = host;
}

int rdt_open(struct error *err)
{
	struct statfs fs;
	FD(fd) = open(RESCTRL, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return fail(err, errno, "open " RESCTRL);
	if (fs.f_type != RESCTRL_MAGIC)
		return fail(err, 0, RESCTRL " is no resctrl file system");
	return take_fd(&fd);
}

/* --- the plan --- */

/* Refuses names that are not one component, and those of the kernel's own directories. */
static int check_name(const char *name, const char *where, struct error *err)
{
	static const char *const taken[] = { "info", "mon_groups", "mon_data" };
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (str_eq(name, taken[i]))
			return fail_at(err, 0, where, "\"%s\" cannot name a class of service", name);
	if (!str_is_component(name) || strchr(name, '\n') || strlen(name) > 255)
		return fail_at(err, 0, where, "\"%.64s\" is no name of a directory", name);
	return 0;
}

/* The lines of l3CacheSchema that memBwSchema does not replace, then memBwSchema: config-linux.md "IntelRdt". */
static char *combine_schemas(struct arena *arena, const char *l3, const char *mb)
{
	char *text = arena_strdup(arena, "");
	for (const char *at = l3 ? l3 : ""; *at;) {
		size_t len = strcspn(at, "\n");
		if (len > 0 && !(mb && str_starts(at, "MB:")))
			text = arena_printf(arena, "%s%.*s\n", text, (int)len, at);
		at += len + (at[len] == '\n');
	}
	return mb ? arena_printf(arena, "%s%s\n", text, mb) : text;
}

static int plan_schemata(struct arena *arena, const struct oci_intel_rdt *rdt, struct rdt_plan *plan, struct error *err)
{
	size_t count = 0;
	if (rdt->mem_bw_schema && (!str_starts(rdt->mem_bw_schema, "MB:") || strchr(rdt->mem_bw_schema, '\n')))
		return fail_at(err, 0, ".linux.intelRdt.memBwSchema", "must be one line that starts with \"MB:\"");
	char *text = combine_schemas(arena, rdt->l3_cache_schema, rdt->mem_bw_schema);
	if (*text)
		plan->writes[count++] = text;
	text = NULL;
	for (size_t i = 0; i < rdt->schemata.len; i++) {
		const char *line = rdt->schemata.items[i];
		if (!strchr(line, ':')) {
			char where[48];
			(void)snprintf(where, sizeof(where), ".linux.intelRdt.schemata[%zu]", i);
			return fail_at(err, 0, where, "\"%.64s\" has no resource before a colon", line);
		}
		text = arena_printf(arena, "%s%s\n", text ? text : "", line);
	}
	/* A separate write, since the kernel refuses one resource twice in a single write. */
	if (text)
		plan->writes[count++] = text;
	return 0;
}

int rdt_plan_make(struct arena *arena, const struct oci_intel_rdt *rdt, const char *id, const struct rdt_host *host,
	struct rdt_plan *ret_plan, struct error *err)
{
	struct rdt_plan plan = { .set = rdt != NULL };
	if (!rdt) {
		*ret_plan = plan;
		return 0;
	}
	bool monitor = rdt->enable_monitoring.value || rdt->enable_cmt.value || rdt->enable_mbm.value;
	if (!host->mounted)
		return fail_at_hint(err, 0, ".linux.intelRdt",
			"mount -t resctrl resctrl " RESCTRL ", if the CPU and the kernel have resource control",
			"no resctrl file system at " RESCTRL);
	if (monitor && !host->monitoring)
		return fail_at(err, 0, ".linux.intelRdt.enableMonitoring", "this machine has no monitoring groups");
	bool is_root = rdt->clos_id && str_eq(rdt->clos_id, "/");
	if (!is_root && rdt->clos_id && check_name(rdt->clos_id, ".linux.intelRdt.closID", err) < 0)
		return -1;
	if ((!rdt->clos_id || monitor) && check_name(id, ".linux.intelRdt", err) < 0)
		return -1;
	if (plan_schemata(arena, rdt, &plan, err) < 0)
		return -1;
	plan.group = is_root ? "." : arena_strdup(arena, rdt->clos_id ? rdt->clos_id : id);
	plan.is_shared = rdt->clos_id != NULL;
	plan.must_exist = rdt->clos_id && !plan.writes[0];
	plan.monitor = monitor ? arena_strdup(arena, id) : NULL;
	*ret_plan = plan;
	return 0;
}

/* --- comparing --- */

/* The value of resource `name` for one domain in a schemata text, or NULL. The kernel pads its lines with leading
 * blanks: "    L3:0=7ff;1=7ff". */
static const char *find_value(const char *text, const char *name, size_t name_len, unsigned long domain)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *at = line + strspn(line, " ");
		if (strncmp(at, name, name_len) != 0 || at[name_len] != ':')
			continue;
		for (at += name_len + 1; *at && *at != '\n'; at += *at == ';') {
			char *end;
			if (strtoul(at, &end, 10) == domain && *end == '=')
				return end + 1;
			at += strcspn(at, ";\n");
		}
	}
	return NULL;
}

/* Masks may have leading zeros. Read as base 16, decimal percentages compare correctly too. */
static bool same_value(const char *a, const char *b)
{
	return strtoull(a, NULL, 16) == strtoull(b, NULL, 16);
}

/* Whether the kernel's text agrees with the line "RES:ID=VALUE;…". */
static bool line_matches(const char *text, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len), *end = line + len;
	if (!colon)
		return false;
	for (const char *at = colon + 1; at < end;) {
		char *equals;
		unsigned long domain = strtoul(at, &equals, 10);
		if (*equals != '=')
			return false;
		const char *now = find_value(text, line, (size_t)(colon - line), domain);
		if (!now || !same_value(now, equals + 1))
			return false;
		at += strcspn(at, ";\n");
		at += *at == ';';
	}
	return true;
}

static int compare_schemata(const struct rdt_plan *plan, int group, struct error *err)
{
	ARENA(arena);
	char *text;
	if (read_file_at(&arena, group, "schemata", MAX_SCHEMATA, &text, err) < 0)
		return -1;
	for (size_t i = 0; i < 2 && plan->writes[i]; i++) {
		for (const char *at = plan->writes[i]; *at;) {
			size_t len = strcspn(at, "\n");
			if (len > 0 && !line_matches(text, at, len))
				return fail_hint(err, 0,
					"give the class its own schemata, or leave the schemata away to take it as it "
					"is",
					"class of service %s exists and does not have \"%.*s\"", plan->group, (int)len,
					at);
			at += len + (at[len] == '\n');
		}
	}
	return 0;
}

/* --- making and undoing --- */

/* Adds the kernel's reason for the last failure: info/last_cmd_status. */
static int explain(int root, struct error *err)
{
	ARENA(arena);
	char *text;
	if (read_file_at(&arena, root, "info/last_cmd_status", 4096, &text, NULL) <= 0)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	return *text && !str_eq(text, "ok") ? error_hint(err, "the kernel says: %s", text) : -1;
}

static int write_schemata(const struct rdt_plan *plan, int root, int group, struct error *err)
{
	for (size_t i = 0; i < 2 && plan->writes[i]; i++)
		if (write_file_at(group, "schemata", plan->writes[i], err) < 0)
			return explain(root, err);
	return 0;
}

static int write_task(int root, int group, pid_t pid, struct error *err)
{
	char text[16];
	(void)snprintf(text, sizeof(text), "%d\n", (int)pid);
	return write_file_at(group, "tasks", text, err) < 0 ? explain(root, err) : 0;
}

static int fail_make(int root, const char *name, struct error *err)
{
	bool full = errno == ENOSPC;
	(void)fail_hint(err, errno, full ? "the hardware has no class or monitor left; share one by closID" : NULL,
		"make resctrl group %s", name);
	return full ? -1 : explain(root, err);
}

/* Opens the class of service, and makes it unless the plan says that it exists. */
static int open_group(const struct rdt_plan *plan, int root, bool *ret_made, struct error *err)
{
	bool made = false;
	if (!plan->must_exist && !str_eq(plan->group, ".")) {
		made = mkdir_exactly(root, plan->group, 0755) == 0;
		if (!made && !(errno == EEXIST && plan->is_shared))
			return fail_make(root, plan->group, err);
	}
	*ret_made = made;
	int fd = openat(root, plan->group, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	return fail_hint(err, errno,
		plan->must_exist ? "a closID without schemata names a class that must exist" : NULL,
		"open resctrl group %s", plan->group);
}

static int make_monitor(const struct rdt_plan *plan, int root, int group, pid_t pid, bool *ret_made, struct error *err)
{
	if (!plan->monitor)
		return 0;
	FD(groups) = openat(group, "mon_groups", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (groups < 0)
		return fail(err, errno, "open mon_groups of %s", plan->group);
	if (mkdir_exactly(groups, plan->monitor, 0755) < 0)
		return fail_make(root, plan->monitor, err);
	*ret_made = true;
	FD(monitor) = openat(groups, plan->monitor, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (monitor < 0)
		return fail(err, errno, "open monitoring group %s", plan->monitor);
	return write_task(root, monitor, pid, err);
}

static int fill_group(const struct rdt_plan *plan, int root, pid_t pid, struct rdt_made *made, struct error *err)
{
	FD(group) = open_group(plan, root, &made->group, err);
	if (group < 0)
		return -1;
	/* config-linux.md "IntelRdt": what exists is compared, what is new is written */
	int done = made->group ? write_schemata(plan, root, group, err) : compare_schemata(plan, group, err);
	if (done < 0 || write_task(root, group, pid, err) < 0)
		return -1;
	return make_monitor(plan, root, group, pid, &made->monitor, err);
}

int rdt_create(const struct rdt_plan *plan, int root, pid_t pid, struct rdt_made *ret_made, struct error *err)
{
	struct rdt_made made = { false, false };
	if (plan->set && fill_group(plan, root, pid, &made, err) < 0) {
		(void)rdt_destroy(plan, root, made, NULL); /* the first error is the one to report */
		return error_at(err, ".linux.intelRdt");
	}
	*ret_made = made;
	return 0;
}

int rdt_join(const struct rdt_plan *plan, int root, pid_t pid, struct error *err)
{
	char path[600];
	int len = snprintf(path, sizeof(path), "%s", plan->group);
	if (plan->monitor)
		(void)snprintf(path + len, sizeof(path) - (size_t)len, "/mon_groups/%s", plan->monitor);
	FD(group) = openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (group < 0 || write_task(root, group, pid, err) < 0)
		return group < 0 ? fail(err, errno, "open resctrl group %s", path) : -1;
	return 0;
}

int rdt_update(const struct rdt_plan *plan, int root, struct error *err)
{
	FD(group) = openat(root, plan->group, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (group < 0)
		return fail(err, errno, "open resctrl group %s", plan->group);
	return write_schemata(plan, root, group, err);
}

/* Removing a group moves its tasks to its parent, so it works while processes are in it. */
int rdt_destroy(const struct rdt_plan *plan, int root, struct rdt_made made, struct error *err)
{
	char path[600];
	if (!plan->set)
		return 0;
	if (made.monitor) {
		(void)snprintf(path, sizeof(path), "%s/mon_groups/%s", plan->group, plan->monitor);
		if (unlinkat(root, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
			return fail(err, errno, "remove monitoring group %s", path);
	}
	if (made.group && unlinkat(root, plan->group, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail(err, errno, "remove resctrl group %s", plan->group);
	return 0;
}
