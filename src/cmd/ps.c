#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/dialect.h"
#include "container/container.h"
#include "oci/json-write.h"

enum { PS_OUTPUT_MAX = 64 << 20, NOT_EXECUTED = 127 };
enum { FORMAT_TABLE, FORMAT_JSON };

static const struct word formats[] = { { "table", FORMAT_TABLE }, { "json", FORMAT_JSON }, { NULL } };

struct ps_options {
	const char *format;
};
#define OPTIONS struct ps_options

static const struct option_row options[] = {
	TEXT('f', "format", "FORMAT", format, "the table of ps, or an array of process ids (table)", ONE_OF(formats)),
	OPTIONS_END,
};

static int print_array(struct context *ctx, const pid_t *pids, size_t len, struct error *err)
{
	struct json_writer json;
	const char *empty = ctx->dialect->empty;
	if (len == 0)
		return print_text(empty, strlen(empty), err);
	json_begin(&json, &ctx->arena, ctx->dialect->pretty_pids);
	json_array(&json);
	for (size_t i = 0; i < len; i++)
		json_int(&json, pids[i]);
	json_end(&json);
	return print_json(&json, err);
}

static int print_pids(const pid_t *pids, size_t len, struct error *err)
{
	(void)puts("PID");
	for (size_t i = 0; i < len; i++)
		(void)printf("%d\n", pids[i]);
	return print_end(err);
}

/* Runs ps(1) for all processes of the host, with the caller's arguments or -ef. */
static int run_ps(struct context *ctx, char **ret_text, struct error *err)
{
	static char *usual[] = { "ps", "-ef", NULL };
	int ends[2];
	char **args = ctx->operand_count > 1 ? ctx->operands : usual;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, errno, "make a pipe");
	FD(output) = ends[0];
	FD(input) = ends[1];
	pid_t pid = fork();
	if (pid < 0)
		return fail(err, errno, "fork for ps");
	if (pid == 0) {
		if (args != usual)
			args[0] = usual[0]; /* replaces the container's id */
		if (dup2(input, STDOUT_FILENO) < 0)
			_exit(NOT_EXECUTED);
		(void)execvp(args[0], args);
		_exit(NOT_EXECUTED);
	}
	close_fd(&input);
	ssize_t len = read_fd(&ctx->arena, output, "the output of ps", PS_OUTPUT_MAX, ret_text, err);
	close_fd(&output);
	int status = proc_wait(pid);
	if (len < 0)
		return -1;
	if (status == NOT_EXECUTED)
		return fail_hint(err, 0, "install procps, or use --format json", "ps cannot be executed");
	return status ? fail(err, 0, "ps ended with status %d", status) : 0;
}

/* The index of the field "PID" in the heading, or -1. */
static int find_column(const char *heading)
{
	for (int column = 0;; column++) {
		heading += strspn(heading, " \t");
		size_t len = strcspn(heading, " \t\n");
		if (len == 0)
			return -1;
		if (len == 3 && str_starts(heading, "PID"))
			return column;
		heading += len;
	}
}

static pid_t pid_in(const char *line, int column)
{
	for (line += strspn(line, " \t"); column > 0; column--) {
		line += strcspn(line, " \t\n");
		line += strspn(line, " \t");
	}
	return (pid_t)strtol(line, NULL, 10);
}

static bool is_listed(const pid_t *pids, size_t len, pid_t pid)
{
	for (size_t i = 0; i < len; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static int print_table(struct context *ctx, const pid_t *pids, size_t len, struct error *err)
{
	char *text;
	if (run_ps(ctx, &text, err) < 0)
		return -1;
	int column = find_column(text);
	if (column < 0)
		return fail_hint(err, 0, "its options must leave the heading and that column: -o pid,args",
			"ps printed no column PID");
	for (char *line = text, *end; *line; line = end) {
		end = line + strcspn(line, "\n");
		if (line == text || is_listed(pids, len, pid_in(line, column)))
			str_print(stdout, "%.*s\n", (int)(end - line), line);
		end += *end == '\n';
	}
	return print_end(err);
}

static int run(struct context *ctx, struct error *err)
{
	const struct ps_options *o = ctx->options;
	CONTAINER(c);
	pid_t *pids = NULL;
	size_t len = 0;
	enum status status;
	if (container_open(&c, ctx->state_root, ctx->operands[0], CONTAINER_UNLOCKED, err) < 0 ||
		container_require(&c, operand_statuses(ctx), "list the processes of", &status, err) < 0)
		return -1;
	/* systemd removes the cgroup of a scope in which nothing is left */
	if (container_pids(&c, &ctx->arena, &pids, &len, err) < 0 &&
		(status != STATUS_STOPPED || err->errnum != ENOENT))
		return container_blame(&c, "list the processes of", err);
	error_clear(err);
	if (word_value(formats, o->format) == FORMAT_JSON)
		return print_array(ctx, pids, len, err);
	if (ctx->dialect->pids_alone && ctx->operand_count == 1)
		return print_pids(pids, len, err);
	return print_table(ctx, pids, len, err);
}

const struct command ps_command = {
	.name = "ps",
	.operands = "ID [ARGUMENT…]",
	.summary = "list the processes of a container, by ps(1) with these arguments (-ef)",
	TAKES_OPTIONS(options),
	.min_operands = 1,
	.max_operands = 256,
	.values = { CONTAINER_IN(STATUS_CREATED | STATUS_RUNNING | STATUS_PAUSED | STATUS_STOPPED) },
	.options_first = true,
	.run = run,
};
