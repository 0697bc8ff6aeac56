#include "cgroups/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "oci/annotations.h"

#ifndef HULL_LIBEXECDIR
#define HULL_LIBEXECDIR "/usr/local/libexec/hull"
#endif

extern char **environ;

static bool is_unit_word(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789:-_.\\@+";
	return strspn(text, allowed) == strlen(text) && strlen(text) < 200;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);
	return len >= end_len && str_eq(text + len - end_len, end);
}

int systemd_unit_plan(struct arena *arena, const char *cgroups_path, const char *id, bool user,
	struct systemd_unit *ret, struct error *err)
{
	const char *text = cgroups_path ? cgroups_path : arena_printf(arena, ":hull:%s", id);
	const char *first = strchr(text, ':');
	const char *second = first ? strchr(first + 1, ':') : NULL;
	if (!second || strchr(second + 1, ':'))
		return fail_at_hint(err, 0, ".linux.cgroupsPath", "with the systemd driver it is SLICE:PREFIX:NAME",
			"\"%.128s\" names no systemd unit", text);
	const char *slice = arena_strndup(arena, text, (size_t)(first - text));
	const char *prefix = arena_strndup(arena, first + 1, (size_t)(second - first - 1));
	const char *name = second + 1;
	struct systemd_unit unit = { .slice = *slice ? slice : user ? "user.slice" : "system.slice", .user = user };
	unit.name = *prefix ? arena_printf(arena, "%s-%s.scope", prefix, name) : arena_printf(arena, "%s.scope", name);
	if (!*name || !is_unit_word(unit.name) || !is_unit_word(unit.slice) || !ends_with(unit.slice, ".slice"))
		return fail_at(err, 0, ".linux.cgroupsPath", "%s in %s is no valid name of a unit and its slice",
			unit.name, unit.slice);
	*ret = unit;
	return 0;
}

static const char *helper_path(struct arena *arena)
{
	const char *dir = getenv("HULL_LIBEXEC");
	return arena_printf(arena, "%s/hull-systemd", dir && *dir == '/' ? dir : HULL_LIBEXECDIR);
}

typedef LIST(const char *) arguments;

static void add(struct arena *arena, arguments *args, const char *text)
{
	*list_add(arena, args) = text;
}

static void add_writes(struct arena *arena, arguments *args, const cgroup_writes *writes)
{
	LIST_EACH (writes, w)
		if (!w->compare)
			add(arena, args, arena_printf(arena, "%s=%s", w->file, w->value));
}

/* Starts the program with a pipe at its standard input and one at its output. */
static int spawn_helper(
	struct arena *arena, arguments *args, pid_t *ret_pid, int *ret_in, int *ret_out, struct error *err)
{
	int in[2], out[2];
	posix_spawn_file_actions_t actions;
	if (pipe2(in, O_CLOEXEC) < 0)
		return fail(err, errno, "make a pipe");
	FD(in_read) = in[0];
	FD(in_write) = in[1];
	if (pipe2(out, O_CLOEXEC) < 0)
		return fail(err, errno, "make a pipe");
	FD(out_read) = out[0];
	FD(out_write) = out[1];
	add(arena, args, NULL);
	(void)posix_spawn_file_actions_init(&actions); /* cannot fail in any C library of Linux */
	(void)posix_spawn_file_actions_adddup2(&actions, in_read, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, out_write, 1);
	int errnum = posix_spawn(ret_pid, args->items[0], &actions, NULL, (char *const *)(size_t)args->items, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (errnum)
		return fail_hint(err, errnum, "it is part of hull where libsystemd is there at build time",
			"execute %s", args->items[0]);
	*ret_in = take_fd(&in_write);
	*ret_out = take_fd(&out_read);
	return 0;
}

/* The program says one line: "ok VALUE" or "error TEXT". */
static int read_verdict(struct arena *arena, int out, const char *what, const char **ret_value, struct error *err)
{
	char line[1024];
	size_t len = 0;
	for (ssize_t n; len < sizeof(line) - 1 && !memchr(line, '\n', len); len += (size_t)n) {
		n = read(out, line + len, sizeof(line) - 1 - len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			break;
	}
	line[len] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (str_starts(line, "ok ")) {
		*ret_value = arena_strdup(arena, line + 3);
		return 0;
	}
	return fail(err, 0, "systemd: %s: %s", what,
		str_starts(line, "error ") ? line + 6 : "hull-systemd ended without a word");
}

static arguments begin(struct arena *arena, const char *verb, bool user, const char *unit)
{
	arguments args = { NULL, 0 };
	add(arena, &args, helper_path(arena));
	add(arena, &args, verb);
	add(arena, &args, user ? "user" : "system");
	add(arena, &args, unit);
	return args;
}

int systemd_scope_start(struct arena *arena, const struct systemd_unit *unit, const cgroup_writes *writes,
	const oci_map *annotations, struct systemd_scope *ret, struct error *err)
{
	const char *prefix = oci_annotation_keys[ANNOTATION_SYSTEMD_PROPERTY];
	FD(in) = -1;
	FD(out) = -1;
	pid_t pid;
	const char *path;
	arguments args = begin(arena, "start", unit->user, unit->name);
	add(arena, &args, unit->slice);
	add_writes(arena, &args, writes);
	LIST_EACH (annotations, a)
		if (str_starts(a->key, prefix))
			add(arena, &args, arena_printf(arena, "property:%s=%s", a->key + strlen(prefix), a->value));
	if (spawn_helper(arena, &args, &pid, &in, &out, err) < 0)
		return -1;
	if (read_verdict(arena, out, unit->name, &path, err) < 0) {
		close_fd(&in);
		(void)proc_wait(pid);
		return -1;
	}
	*ret = (struct systemd_scope){ .path = path, .pid = pid, .release = take_fd(&in) };
	return 0;
}

void systemd_scope_release(struct systemd_scope *scope)
{
	close_fd(&scope->release);
	if (scope->pid > 0)
		(void)proc_wait(scope->pid);
	scope->pid = 0;
}

const char *systemd_unit_of(struct arena *arena, const char *path, const char **ret_below)
{
	for (const char *at = path; *at;) {
		size_t len = strcspn(at, "/");
		const char *component = arena_strndup(arena, at, len);
		*ret_below = at + len;
		if (ends_with(component, ".scope"))
			return component;
		at += len + (at[len] == '/');
	}
	return NULL;
}

/* `attached`: of attach alone, or 0. */
static int ask(struct arena *arena, const char *verb, const char *path, bool user, const cgroup_writes *writes,
	pid_t attached, struct error *err)
{
	FD(in) = -1;
	FD(out) = -1;
	pid_t pid;
	const char *value, *below, *unit = systemd_unit_of(arena, path, &below);
	if (!unit)
		return fail(err, 0, "%s is no scope's cgroup", path);
	arguments args = begin(arena, verb, user, unit);
	if (writes)
		add_writes(arena, &args, writes);
	if (attached) {
		add(arena, &args, *below ? below : "/");
		add(arena, &args, arena_printf(arena, "%d", (int)attached));
	}
	if (spawn_helper(arena, &args, &pid, &in, &out, err) < 0)
		return -1;
	close_fd(&in);
	int status = read_verdict(arena, out, unit, &value, err);
	(void)proc_wait(pid);
	return status;
}

int systemd_scope_stop(struct arena *arena, const char *path, bool user, struct error *err)
{
	return ask(arena, "stop", path, user, NULL, 0, err);
}

int systemd_scope_attach(struct arena *arena, const char *path, bool user, pid_t pid, struct error *err)
{
	return ask(arena, "attach", path, user, NULL, pid, err);
}

int systemd_scope_set(struct arena *arena, const char *path, bool user, const cgroup_writes *writes, struct error *err)
{
	return ask(arena, "set", path, user, writes, 0, err);
}
