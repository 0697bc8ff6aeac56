#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/command-line.h"
#include "namespaces/net.h"
#include "oci/default.h"
#include "oci/explain.h"
#include "oci/json-write.h"
#include "process/idmap.h"

/* Whether the container has a network namespace of its own. The names of helper programs get an error of their own. */
static const struct word networks[] = { { "none", true }, { "host", false }, { NULL } };

struct spec_options {
	const char *bundle, *file, *rootfs, *network, *explain;
	oci_strings args;
	bool no_terminal, rootless;
};
#define OPTIONS struct spec_options

static const struct option_row options[] = {
	TEXT('b', "bundle", "DIR", bundle, "directory to write to (the current directory)", IS(DIRECTORY)),
	TEXT('f', "file", "FILE", file, "file to write (config.json); - for standard output", IS(FILE)),
	TEXT(0, "rootfs", "DIR", rootfs, "root filesystem, absolute or relative to the bundle (rootfs)", IS(DIRECTORY)),
	MANY(0, "args", "COMMAND", args, "command of the container; if repeated, each gives one word of it (sh)"),
	FLAG(0, "no-terminal", no_terminal, "do not allocate a terminal for the process"),
	TEXT(0, "network", "NAME", network,
		"a network namespace of its own, or the host's (none; with --rootless, host)",
		IS_OR_ONE_OF(TEXT, networks)),
	FLAG(0, "rootless", rootless, "write a configuration that an unprivileged user can run"),
	TEXT(0, "explain", "PATH", explain, "explain a property, such as .linux.resources, and write nothing",
		IS(PROPERTY)),
	OPTIONS_END,
};

/* JSON is text, but a path or an argument may be any bytes. */
static int check_text(const char *option, const char *text, struct error *err)
{
	return json_holds(text) ? 0 : fail(err, 0, "%s: \"%.64s\" is not valid UTF-8", option, text);
}

/* Operands are a command only after "--", so that a stray name is not taken for one. */
static int take_operands(struct context *ctx, oci_strings *args, struct error *err)
{
	const struct spec_options *o = ctx->options;
	if (!str_eq(ctx->operands[-1], "--"))
		return fail_hint(err, 0, "the command of the container goes behind --, the bundle into --bundle",
			"spec: unexpected operand \"%.64s\"", ctx->operands[0]);
	if (o->args.len)
		return fail(err, 0, "--args and a command behind -- exclude each other");
	for (int i = 0; i < ctx->operand_count; i++)
		*list_add(&ctx->arena, args) = ctx->operands[i];
	return 0;
}

/* The command from --args or after "--"; empty if neither is given. */
static int read_command(struct context *ctx, oci_strings *args, struct error *err)
{
	const struct spec_options *o = ctx->options;
	const oci_strings *given = &o->args;
	const char *option = given->len ? "--args" : "--";
	if (ctx->operand_count && take_operands(ctx, args, err) < 0)
		return -1;
	if (given->len > 1)
		*args = *given;
	if (given->len == 1 && command_line_split(&ctx->arena, given->items[0], args, err) < 0)
		return error_prefix(err, "--args");
	if ((given->len && !args->len) || (args->len && !*args->items[0]))
		return fail(err, 0, "%s: expected a command, found \"\"", option);
	LIST_EACH (args, word)
		if (check_text(option, *word, err) < 0)
			return -1;
	return 0;
}

static int read_network(const struct spec_options *o, bool *ret_own, struct error *err)
{
	char list[64];
	const struct word *network = o->network ? word_find(networks, o->network) : NULL;
	*ret_own = network ? network->value : !o->rootless;
	if (!o->network || network)
		return 0;
	if (!word_find(network_words, o->network))
		return fail_hint(err, 0, word_list(networks, list, sizeof(list)), "--network: unknown value \"%.64s\"",
			o->network);
	(void)fail(err, 0, "--network: a configuration cannot ask for %s", o->network);
	return error_hint(err, "hull spec --network none, then hull run --network %s", o->network);
}

static void map_caller(struct context *ctx, struct oci_default *how)
{
	struct oci_linux ids = { .uid_mappings = { NULL, 0 } };
	const char *lack = idmap_of_caller(&ctx->arena, &ids);
	how->uids = ids.uid_mappings;
	how->gids = ids.gid_mappings;
	bool some = how->uids.len > 1 || how->gids.len > 1;
	if (lack)
		log_warn(
			"--rootless maps %s: %s", some ? "not all that it could" : "no ids but the caller's own", lack);
}

static struct oci_config *make_config(struct context *ctx, struct error *err)
{
	const struct spec_options *o = ctx->options;
	struct oci_default how = { .rootless = o->rootless };
	oci_strings args = { NULL, 0 };
	if (read_command(ctx, &args, err) < 0 || read_network(o, &how.own_network, err) < 0 ||
		(o->rootfs && check_text("--rootfs", o->rootfs, err) < 0))
		return NULL;
	if (o->rootfs && !*o->rootfs) {
		(void)fail(err, 0, "--rootfs: expected a directory, found \"\"");
		return NULL;
	}
	if (how.rootless)
		map_caller(ctx, &how);
	struct oci_config *config = oci_default_config(&ctx->arena, &how);
	if (o->rootfs)
		config->root->path = o->rootfs;
	if (args.len)
		config->process->args = args;
	config->process->terminal.value = !o->no_terminal;
	return config;
}

static int run(struct context *ctx, struct error *err)
{
	const struct spec_options *o = ctx->options;
	const char *name = o->file ? o->file : "config.json";
	size_t len;
	if (o->explain && (ctx->operand_count || o->bundle || o->file || o->rootfs || o->args.len || o->no_terminal ||
				  o->network || o->rootless))
		return fail(err, 0, "--explain writes no configuration: no other option goes with it");
	if (o->explain)
		return oci_explain(o->explain, stdout, err) < 0 ? -1 : print_end(err);
	const struct oci_config *config = make_config(ctx, err);
	if (!config)
		return -1;
	char *text = json_write(&ctx->arena, &oci_config_schema, config, true, &len);
	if (str_eq(name, "-"))
		return print_text(text, len, err);
	if (o->bundle && chdir(o->bundle) < 0)
		return fail(err, errno, "--bundle %s", o->bundle);
	FD(file) = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (file < 0)
		return fail_hint(err, errno, errno == EEXIST ? "remove it first: spec overwrites nothing" : NULL,
			"make %s", name);
	return write_all(file, text, len) < 0 ? fail(err, errno, "write %s", name) : 0;
}

const struct command spec_command = {
	.name = "spec",
	.operands = "[-- COMMAND [ARGUMENT…]]",
	.summary = "write a configuration to start from, or explain a property",
	TAKES_OPTIONS(options),
	.max_operands = 4096,
	.values = { IS(PROGRAM), IS(FILE), IS(FILE) },
	.options_first = true,
	.takes_command = true,
	.run = run,
};
