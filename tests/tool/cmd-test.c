/*
 * The surroundings of a test: template, begin, turn, look, clear, remove. The traces of a test are its state
 * directory, its working directory and its id, which each command takes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "sweep.h"
#include "tool.h"

enum { PATIENCE_MS = 10000, LOOK_MS_MAX = 100, CLEARINGS = 100 };

static int complain(const char *command, const struct error *err)
{
	char line[1024];
	(void)fprintf(stderr, "test-tool %s: %s\n", command, error_line(err, line, sizeof(line)));
	return 2;
}

static int usage(const char *command, const char *operands)
{
	(void)fprintf(stderr, "test-tool %s: the operands are %s\n", command, operands);
	return 2;
}

static struct traces traces_of(struct arena *arena, char **operands)
{
	return (struct traces){
		.cgroups = find_cgroup2(),
		.state = operands[0],
		.tree = operands[1],
		.id = operands[2],
		.marks = { arena_printf(arena, "HULL_TEST_ID=%s", operands[2]) },
	};
}

/* Waits for things that the kernel is still taking down; then prints what is left: 0 or 1. On a slow machine, as in a
 * guest, a look takes longer than the sleep after it, so the sleeps are counted. Environment: HULL_TEST_PATIENCE, in
 * milliseconds. */
static int await_nothing(struct arena *arena, const struct traces *traces)
{
	const char *patience = getenv("HULL_TEST_PATIENCE");
	unsigned left = patience ? (unsigned)strtoul(patience, NULL, 10) : PATIENCE_MS;
	for (unsigned ms = 1; left >= ms; ms = ms * 2 < LOOK_MS_MAX ? ms * 2 : LOOK_MS_MAX) {
		if (sweep_look(arena, traces, NULL) == 0)
			return 0;
		sleep_ms(ms);
		left -= ms;
	}
	return sweep_look(arena, traces, stdout) != 0;
}

int cmd_template(int argc, char **argv)
{
	ARENA(arena);
	struct error err = { 0 };
	if (argc != 3 && argc != 4)
		return usage(argv[0], "TEMPLATE SOURCE [UID]");
	long uid = argc == 4 ? strtol(argv[3], NULL, 10) : -1;
	return template_make(&arena, argv[1], argv[2], uid, &err) < 0 ? complain(argv[0], &err) : 0;
}

int cmd_begin(int argc, char **argv)
{
	ARENA(arena);
	struct error err = { 0 };
	if (argc != 4)
		return usage(argv[0], "TEMPLATE WORK ID");
	return bundle_make(&arena, argv[1], argv[2], argv[3], &err) < 0 ? complain(argv[0], &err) : 0;
}

/* From one test to the next: the first one's working directory is removed only if nothing was left behind. */
int cmd_turn(int argc, char **argv)
{
	ARENA(arena);
	if (argc != 4 && argc != 7)
		return usage(argv[0], "STATE WORK ID [TEMPLATE WORK ID]");
	const struct traces traces = traces_of(&arena, argv + 1);
	if (await_nothing(&arena, &traces) != 0)
		return 1;
	if (remove_tree(&arena, argv[2]) < 0) {
		(void)printf("file: %s cannot be removed\n", argv[2]);
		return 1;
	}
	if (argc == 4)
		return 0;
	argv[3] = argv[0];
	return cmd_begin(4, argv + 3);
}

int cmd_look(int argc, char **argv)
{
	ARENA(arena);
	if (argc != 4)
		return usage(argv[0], "STATE WORK ID");
	const struct traces traces = traces_of(&arena, argv + 1);
	return await_nothing(&arena, &traces);
}

int cmd_clear(int argc, char **argv)
{
	ARENA(arena);
	if (argc != 4)
		return usage(argv[0], "STATE WORK ID");
	struct traces traces = traces_of(&arena, argv + 1);
	traces.state = NULL; /* that is for `hull delete` */
	for (int looks = 0; looks < CLEARINGS && sweep_look(&arena, &traces, NULL) != 0; looks++) {
		sweep_clear(&arena, &traces);
		sleep_ms(10);
	}
	return 0;
}

/* Like rm -rf, but never below a mount that is still there. */
int cmd_remove(int argc, char **argv)
{
	ARENA(arena);
	if (argc != 2)
		return usage(argv[0], "DIRECTORY");
	return remove_tree(&arena, argv[1]) < 0 ? 1 : 0;
}
