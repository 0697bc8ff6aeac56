/*
 * hull: options before the command, then the command.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>

#include "base/defences.h"
#include "base/log.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/dialect.h"
#include "container/container.h"
#include "oci/state.h"
#include "version.h"

static int apply_globals(struct context *ctx, struct error *err)
{
	const struct global_options *o = &ctx->global;
	int64_t level = o->log_level ? word_value(log_level_words, o->log_level) : LOG_LEVEL_WARN;
	if (log_open(o->log, word_value(log_format_words, o->log_format),
		    o->debug ? LOG_LEVEL_DEBUG : (enum log_level)level, err) < 0)
		return -1;
	ctx->state_root = o->root ? o->root : container_default_root(&ctx->arena);
	ctx->cgroup_manager = o->systemd_cgroup && !o->cgroup_manager ?
				      CGROUP_MANAGER_SYSTEMD :
				      (enum cgroup_manager)word_value(cgroup_manager_words, o->cgroup_manager);
	return 0;
}

static int print_version(const struct dialect *d, struct error *err)
{
	(void)printf("%s version %s\ncommit: %s\nspec: %s\n", d->name, d->version, HULL_COMMIT, OCI_VERSION);
	if (d->capabilities)
		(void)puts(d->capabilities);
	return print_end(err);
}

/* Opens closed standard descriptors, so that no descriptor that hull opens is taken for one. */
static void open_standard_descriptors(void)
{
	struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };
	(void)poll(fds, 3, 0);
	for (int i = 0; i < 3; i++)
		if (fds[i].revents & POLLNVAL)
			(void)!open("/dev/null", O_RDWR); /* the lowest free number: i */
}

static int obey(struct context *ctx, const struct command *command, struct error *err)
{
	if (options_parse(ctx, command, ctx->operand_count, ctx->operands, err) < 0)
		return -1;
	if (ctx->global.help) {
		help_print_command(command);
		return print_end(err);
	}
	if (command->changes) { /* no signal of write(2) ends it half-way: the write fails */
		(void)signal(SIGPIPE, SIG_IGN);
		(void)signal(SIGXFSZ, SIG_IGN);
	}
	ctx->command = command;
	if (ctx->operand_count < command->min_operands || ctx->operand_count > command->max_operands) {
		(void)fail(err, 0, "%s: %s", command->name,
			ctx->operand_count < command->min_operands ? "an operand is missing" : "too many operands");
		return error_hint(err, "usage: hull %s [OPTION…]%s%s", command->name, *command->operands ? " " : "",
			command->operands);
	}
	if (operands_check(command, ctx->operand_count, ctx->operands, err) < 0)
		return -1;
	return command->run(ctx, err);
}

static int run_command_line(struct context *ctx, int argc, char **argv, struct error *err)
{
	if (options_parse(ctx, NULL, argc, argv, err) < 0)
		return -1;
	if (ctx->global.version)
		return print_version(ctx->dialect, err);
	const char *name = ctx->operands[0];
	if (!name || ctx->global.help)
		return help_command.run(ctx, err) < 0 ? -1 : !name && !ctx->global.help;
	const struct command *command = command_find(name);
	if (apply_globals(ctx, err) < 0)
		return -1;
	return command ? obey(ctx, command, err) : command_fail_unknown(name, err);
}

int main(int argc, char **argv)
{
	struct error err = { .errnum = 0 };
	struct context ctx = { .argv = argv, .dialect = dialect_find(argv[0]) };
	if (getauxval(AT_SECURE) && !defence_is_off("at-secure")) {
		/* CVE-2026-41163: the caller would control a set-uid runtime by its environment and arguments */
		(void)fputs("hull: refusing to run set-uid, set-gid or with file capabilities\n", stderr);
		return 1;
	}
	if (!defence_is_off("streams"))
		open_standard_descriptors();
	(void)signal(SIGCHLD, SIG_DFL); /* children of a process that ignores it cannot be waited for */
	int status = run_command_line(&ctx, argc, argv, &err);
	if (status < 0) {
		if (err.errnum == EMFILE && !err.hint[0])
			(void)error_hint(&err, "raise the limit of open files: ulimit -n");
		log_failure(&err);
		status = err.status ? err.status : 1;
	}
	arena_free(&ctx.arena);
	return status;
}
