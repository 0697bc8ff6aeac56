/*
 * Times commands in turn, so that noise of the machine affects all of them alike.
 *
 *	turns ROUNDS < list
 *
 * Each line of the list is "GROUP <tab> NAME <tab> COMMAND". A command is split at spaces; there is no shell. In each
 * round every line runs once, in order; %r in a command is the round's number. A line whose group is "-" is run but
 * not reported (set-up, clean-up). The other names of a group are compared with its first one.
 *
 * Prints, separated by tabs: group, name, median and least milliseconds, ratio to the group's first, peak resident
 * KiB (of the process and the descendants that it waited for; not less than this program's own), failed runs, median
 * milliseconds of processor time (of the same processes), which other load disturbs least.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_LINES = 64, MAX_ARGS = 64 };

struct line {
	char *group, *name, *command;
	double *ms, *cpu_ms;
	long peak_kib;
	int failed;
};

extern char **environ;

static size_t split(char *command, char **argv, const char *round)
{
	size_t argc = 0;

	for (char *word = strtok(command, " "); word && argc < MAX_ARGS - 1; word = strtok(NULL, " ")) {
		char *mark = strstr(word, "%r");

		if (mark && asprintf(&word, "%.*s%s%s", (int)(mark - word), word, round, mark + 2) < 0)
			abort();
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return argc;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double to_ms(const struct timeval *time)
{
	return (double)time->tv_sec * 1e3 + (double)time->tv_usec / 1e3;
}

static void run_line(struct line *line, int round, const posix_spawn_file_actions_t *files)
{
	char text[16], *argv[MAX_ARGS], *command = strdup(line->command);
	struct rusage usage;
	int status = 0;
	pid_t pid;

	snprintf(text, sizeof(text), "%d", round);
	if (!command || split(command, argv, text) == 0)
		abort();
	double start = now_ms();
	if (posix_spawn(&pid, argv[0], files, NULL, argv, environ) != 0) {
		line->failed++;
		return;
	}
	while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	line->ms[round] = now_ms() - start;
	line->cpu_ms[round] = to_ms(&usage.ru_utime) + to_ms(&usage.ru_stime);
	if (usage.ru_maxrss > line->peak_kib)
		line->peak_kib = usage.ru_maxrss;
	if (status != 0)
		line->failed++;
	/* Processes that a command left behind become our children. They must not count for the next command. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	free(command);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(struct line *lines, size_t count, int rounds)
{
	printf("group\tname\tmedian_ms\tleast_ms\tratio\tpeak_kib\tfailed\tcpu_ms\n");
	for (size_t i = 0; i < count; i++) {
		qsort(lines[i].ms, (size_t)rounds, sizeof(double), compare);
		qsort(lines[i].cpu_ms, (size_t)rounds, sizeof(double), compare);
	}
	for (size_t i = 0; i < count; i++) {
		struct line *first = lines;

		if (strcmp(lines[i].group, "-") == 0)
			continue;
		while (strcmp(first->group, lines[i].group) != 0)
			first++;
		printf("%s\t%s\t%.3f\t%.3f\t%.2f\t%ld\t%d\t%.3f\n", lines[i].group, lines[i].name,
			lines[i].ms[rounds / 2], lines[i].ms[0], lines[i].ms[rounds / 2] / first->ms[rounds / 2],
			lines[i].peak_kib, lines[i].failed, lines[i].cpu_ms[rounds / 2]);
	}
}

static size_t read_lines(struct line *lines, int rounds)
{
	size_t count = 0, size = 0;
	char *text = NULL;

	while (count < MAX_LINES && getline(&text, &size, stdin) > 0) {
		struct line *line = &lines[count];

		line->group = strdup(strtok(text, "\t\n"));
		line->name = strdup(strtok(NULL, "\t\n"));
		line->command = strdup(strtok(NULL, "\t\n"));
		line->ms = calloc((size_t)rounds, sizeof(double));
		line->cpu_ms = calloc((size_t)rounds, sizeof(double));
		count++;
	}
	free(text);
	return count;
}

int main(int argc, char **argv)
{
	static struct line lines[MAX_LINES];
	posix_spawn_file_actions_t files;
	int rounds = argc == 2 ? atoi(argv[1]) : 0;

	if (rounds <= 0) {
		fprintf(stderr, "usage: turns ROUNDS < list\n");
		return 1;
	}
	size_t count = read_lines(lines, rounds);

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	for (int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++)
			run_line(&lines[i], round, &files);
	}
	report(lines, count, rounds);
	return 0;
}
