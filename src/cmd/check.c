#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advice/config.h"
#include "advice/host.h"
#include "base/fd.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/findings.h"
#include "oci/check.h"
#include "oci/json-read.h"
#include "oci/json-write.h"
#include "plan/host.h"
#include "process/idmap.h"

enum { FORMAT_TEXT, FORMAT_JSON };

static const struct word formats[] = {
	{ "text", FORMAT_TEXT },
	{ "json", FORMAT_JSON },
	{ NULL },
};

struct check_options {
	struct bundle_options bundle;
	const char *format;
	bool host;
};
#define OPTIONS struct check_options

static const struct option_row options[] = {
	BUNDLE_OPTIONS(bundle),
	TEXT(0, "format", "FORMAT", format, "format of the findings (text)", ONE_OF(formats)),
	FLAG(0, "host", host, "report what this host permits, whatever the configuration"),
	OPTIONS_END,
};

struct diagnoses {
	struct json_writer *writer; /* or NULL: as text */
	bool missing;
};

static void say_diagnosis(void *data, const struct diagnosis *d)
{
	static const char *const words[] = { "ok", "limited", "missing" };
	struct diagnoses *all = data;
	struct json_writer *w = all->writer;
	all->missing |= d->verdict == VERDICT_MISSING;
	if (!w) {
		str_print(stdout, "%-8s %-17s %s\n", words[d->verdict], d->topic, d->text);
		if (d->remedy)
			str_print(stdout, "  hint: %s\n", d->remedy);
		return;
	}
	json_object(w);
	json_key(w, "verdict"), json_string(w, words[d->verdict]);
	json_key(w, "topic"), json_string(w, d->topic);
	json_key(w, "message"), json_string(w, d->text);
	json_key(w, "hint"), json_string(w, d->remedy);
	json_end(w);
}

/* Only a missing feature is a failure; a limited one may be enough. */
static int check_host(struct context *ctx, int format, struct error *err)
{
	struct json_writer w;
	struct diagnoses all = { .writer = format == FORMAT_JSON ? &w : NULL };
	if (all.writer) {
		json_begin(&w, &ctx->arena, true);
		json_array(&w);
	}
	doctor(&ctx->arena, say_diagnosis, &all);
	if (all.writer) {
		json_end(&w);
	}
	return (all.writer ? print_json(&w, err) : print_end(err)) < 0 ? -1 : all.missing;
}

/* A new user namespace without mappings gets those that the caller may use. Root may use any ids, so root is
 * warned. */
static void fill_maps(struct context *ctx, struct oci_config *config, bool root, struct findings *findings)
{
	struct error finding = { .errnum = 0 };
	bool given = config->linux && config->linux->uid_mappings.len;
	log_divert_warnings(&findings->warnings);
	bool filled = config->linux && idmap_fill(&ctx->arena, config->linux);
	log_divert_warnings(NULL);
	if (!filled || given || !root)
		return;
	(void)fail_at(
		&finding, 0, ".linux.uidMappings", "none are given to the new user namespace: it gets the caller's");
	(void)error_hint(&finding, "name them: {\"containerID\": 0, \"hostID\": %u, \"size\": 1}", (unsigned)geteuid());
	findings->warnings.say(findings, &finding);
}

static void ask_host(struct context *ctx, struct oci_config *config, const char *bundle, struct findings *findings)
{
	struct error err = { .errnum = 0 };
	struct host host;
	struct plan_options plan_options = { .id = "check", .bundle = bundle, .cgroup_manager = ctx->cgroup_manager };
	findings->stage = STAGE_HOST;
	if (host_probe(&host, &err) < 0) {
		findings->errors.say(findings, &err);
		return;
	}
	fill_maps(ctx, config, host_is_root(&host), findings);
	if (!host_is_root(&host) && ctx->cgroup_manager == CGROUP_MANAGER_CGROUPFS)
		host_probe_delegated(&host, &ctx->arena);
	host_probe_lsm(&host);
	host_probe_rdt(&host);
	advise(&ctx->arena, config, &plan_options, &host, &findings->errors, &findings->warnings);
}

/* Adds that nothing after a syntax error was read. */
static void say_unreadable(struct findings *findings, struct error *err)
{
	char hint[sizeof(err->hint)];
	(void)snprintf(hint, sizeof(hint), "%s", err->hint);
	if (err->line)
		(void)error_hint(err, "%s%snothing after it was checked", hint, *hint ? "; " : "");
	findings->errors.say(findings, err);
}

static void check_config(struct context *ctx, int cwd, const char *path, const char *bundle, struct findings *findings)
{
	struct error err = { .errnum = 0 };
	struct oci_config *config;
	struct json_source source = { .name = findings->file,
		.regular = !((const struct check_options *)ctx->options)->bundle.config,
		.unknown = findings_say_unknown,
		.data = findings,
		.refused = &findings->errors };
	findings->stage = STAGE_READ;
	if (oci_config_read(&ctx->arena, cwd, path, &source, &config, &findings->text, &findings->len, &err) < 0) {
		say_unreadable(findings, &err);
		return;
	}
	findings->stage = STAGE_RULES;
	oci_config_check_all(config, OCI_CHECK_PROCESS, &findings->errors);
	ask_host(ctx, config, bundle, findings);
}

static int enter_bundle(struct context *ctx, struct error *err)
{
	const struct check_options *o = ctx->options;
	const char *operand = ctx->operands[0], *bundle = operand ? operand : o->bundle.dir;
	if (operand && o->bundle.dir)
		return fail(err, 0, "the bundle is given twice: %s and --bundle %s", operand, o->bundle.dir);
	if (!bundle || chdir(bundle) == 0)
		return 0;
	return fail_hint(err, errno,
		errno == ENOTDIR ? "a bundle is a directory; --config names a configuration" : NULL, "%s%s",
		operand ? "enter the bundle " : "--bundle ", bundle);
}

static int run(struct context *ctx, struct error *err)
{
	const struct check_options *o = ctx->options;
	char bundle[4096];
	int format = (int)word_value(formats, o->format);
	if (o->host)
		return check_host(ctx, format, err);
	const char *path = o->bundle.config ? o->bundle.config : "config.json";
	const char *slash = strrchr(path, '/');
	struct findings findings;
	findings_begin(&findings, &ctx->arena, slash ? slash + 1 : path);
	/* as for create: --config is relative to the caller's directory, and paths in the file to the bundle */
	FD(cwd) = o->bundle.config ? open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) : AT_FDCWD;
	if (enter_bundle(ctx, err) == 0) {
		if (!getcwd(bundle, sizeof(bundle)))
			return fail(err, errno, "name the bundle's directory");
		check_config(ctx, cwd, path, bundle, &findings);
	} else if (format == FORMAT_JSON && err->errnum) {
		findings.errors.say(findings.errors.data, err);
	} else {
		return -1;
	}
	findings_sort(&findings);
	int printed = format == FORMAT_JSON ? findings_print_json(&findings, err) : findings_print(&findings, err);
	return printed < 0 ? -1 : findings.counts[0] > 0;
}

const struct command check_command = {
	.name = "check",
	.operands = "[DIR]",
	.summary = "report everything that is wrong with a bundle, on this host too",
	TAKES_OPTIONS(options),
	.max_operands = 1,
	.values = { IS(DIRECTORY) },
	.run = run,
};
