/*
 * Processes. find REGEX: those whose command line, its words joined by blanks, matches, except this one. children PID
 * [NAME]: the children of a process, and of those the ones with that name. Both print the pids, and exit with 1 if
 * there is none.
 */
#include <dirent.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "tool.h"

enum { PROC_LIMIT = 16 * 1024 * 1024 };

struct wanted {
	const regex_t *line; /* or NULL */
	int parent;
	const char *name; /* or NULL */
};

static bool has_line(struct arena *arena, const char *pid, const regex_t *line)
{
	char *words;
	ssize_t len =
		read_file_at(arena, AT_FDCWD, arena_printf(arena, "/proc/%s/cmdline", pid), PROC_LIMIT, &words, NULL);
	if (len <= 0)
		return false;
	for (ssize_t i = 0; i < len - 1; i++)
		if (!words[i])
			words[i] = ' ';
	return atoi(pid) != getpid() && regexec(line, words, 0, NULL, 0) == 0;
}

static bool is_child(struct arena *arena, const char *pid, const struct wanted *w)
{
	char *text, state;
	int parent;
	ssize_t len = read_file_at(arena, AT_FDCWD, arena_printf(arena, "/proc/%s/stat", pid), PROC_LIMIT, &text, NULL);
	char *name = len > 0 ? strchr(text, '(') : NULL, *end = len > 0 ? strrchr(text, ')') : NULL;
	if (!name || !end || sscanf(end, ") %c %d", &state, &parent) != 2 || parent != w->parent)
		return false;
	*end = '\0';
	return !w->name || str_eq(name + 1, w->name);
}

static int find(const struct wanted *w)
{
	int status = 1;
	DIR *dir = opendir("/proc");
	if (!dir) {
		perror("test-tool: /proc");
		return 2;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		ARENA(arena);
		if (atoi(entry->d_name) <= 0)
			continue;
		if (w->line ? !has_line(&arena, entry->d_name, w->line) : !is_child(&arena, entry->d_name, w))
			continue;
		(void)puts(entry->d_name);
		status = 0;
	}
	(void)closedir(dir);
	return status;
}

int cmd_find(int argc, char **argv)
{
	regex_t line;
	if (argc != 2 || !*argv[1] || regcomp(&line, argv[1], REG_EXTENDED | REG_NOSUB) != 0) {
		(void)fprintf(stderr, "test-tool %s: the operand is an extended regular expression\n", argv[0]);
		return 2;
	}
	int status = find(&(const struct wanted){ .line = &line });
	regfree(&line);
	return status;
}

int cmd_children(int argc, char **argv)
{
	if ((argc == 2 || argc == 3) && atoi(argv[1]) > 0)
		return find(&(const struct wanted){ .parent = atoi(argv[1]), .name = argv[2] });
	(void)fprintf(stderr, "test-tool %s: the operands are PID [NAME]\n", argv[0]);
	return 2;
}
