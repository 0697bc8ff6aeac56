#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "advise.h"
#include "base/fd.h"
#include "cmd/cmd.h"
#include "doctor.h"
#include "host.h"
#include "idmap.h"
#include "oci/check.h"
#include "oci/json-read.h"

static const struct option_row options[] = {
	BUNDLE_OPTIONS,
	FLAG(0, "host", host, "say what this host lets you do, whatever the configuration"),
	OPTIONS_END,
};

struct report {
	const char *file; /* base name of the configuration */
	unsigned findings;
};

static void say(void *data, const struct error *finding)
{
	char line[1024];
	((struct report *)data)->findings++;
	(void)printf("%s\n", error_line(finding, line, sizeof(line)));
	if (finding->hint[0])
		(void)printf("  hint: %s\n", finding->hint);
}

static void say_unknown(void *data, int line, const char *where, const char *nearest)
{
	struct error finding = { .line = line };
	(void)snprintf(finding.file, sizeof(finding.file), "%s", ((struct report *)data)->file);
	(void)snprintf(finding.where, sizeof(finding.where), "%s", where);
	(void)snprintf(finding.text, sizeof(finding.text), "unknown property, which is ignored");
	if (nearest)
		(void)snprintf(finding.hint, sizeof(finding.hint), "did you mean \"%s\"?", nearest);
	say(data, &finding);
}

static void say_diagnosis(void *data, const struct diagnosis *d)
{
	static const char *const words[] = { "ok", "limited", "missing" };
	*(bool *)data |= d->verdict == VERDICT_MISSING;
	(void)printf("%-8s %-17s %s\n", words[d->verdict], d->topic, d->text);
	if (d->remedy)
		(void)printf("  hint: %s\n", d->remedy);
}

/* What is limited may be all that one needs. */
static int check_host(struct context *ctx, struct error *err)
{
	bool missing = false;
	doctor(&ctx->arena, say_diagnosis, &missing);
	return print_end(err) < 0 ? -1 : missing;
}

/* A new user namespace without mappings gets some, and one that is joined has some, which may not be what was meant. */
static void fill_maps(struct context *ctx, struct oci_config *config, struct report *report)
{
	struct error finding = { .errnum = 0 };
	bool given = config->linux && config->linux->uid_mappings.len;
	if (!config->linux || !idmap_fill(&ctx->arena, config->linux))
		return;
	if (given) {
		(void)fail_at(&finding, 0, ".linux.uidMappings", "the user namespace that is joined has others");
		(void)error_hint(&finding, "leave them out: they are ignored");
	} else {
		(void)fail_at(&finding, 0, ".linux.uidMappings", "none are given to the new user namespace: it gets the caller's");
		(void)error_hint(&finding, "name them: {\"containerID\": 0, \"hostID\": %u, \"size\": 1}", (unsigned)geteuid());
	}
	say(report, &finding);
}

static int run(struct context *ctx, struct error *err)
{
	if (ctx->options.host)
		return check_host(ctx, err);
	struct error finding = { .errnum = 0 };
	struct oci_config *config;
	struct host host;
	char bundle[4096];
	const char *path = ctx->options.config ? ctx->options.config : "config.json";
	const char *slash = strrchr(path, '/');
	struct report report = { .file = slash ? slash + 1 : path };
	struct json_source source = {
		.name = report.file, .unknown = say_unknown, .data = &report
	};
	/* as for create: --config is relative to where the caller is, everything in it to the bundle */
	FD(cwd) = ctx->options.config ? open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) : AT_FDCWD;
	if (ctx->options.bundle && chdir(ctx->options.bundle) < 0)
		return fail(err, errno, "--bundle %s", ctx->options.bundle);
	if (!getcwd(bundle, sizeof(bundle)))
		return fail(err, errno, "name the bundle's directory");
	struct plan_options plan_options = { .id = "check",
		.bundle = bundle,
		.cgroup_manager = ctx->cgroup_manager,
		.has_console_socket = false };
	if (oci_config_read(&ctx->arena, cwd, path, &source, &config, NULL, NULL, &finding) < 0 ||
		oci_config_check(config, OCI_CHECK_PROCESS, &finding) < 0 ||
		host_probe(&host, &finding) < 0) {
		say(&report, &finding);
	} else {
		fill_maps(ctx, config, &report);
		host_probe_lsm(&host);
		host_probe_rdt(&host);
		advise(&ctx->arena, config, &plan_options, &host, say, &report);
	}
	if (report.findings == 0)
		(void)printf("the configuration is right, and this host can honour it\n");
	return print_end(err) < 0 ? -1 : report.findings != 0;
}

const struct command check_command = {
	.name = "check",
	.operands = "",
	.summary = "say whether a configuration is right and this host can honour it",
	.options = options,
	.run = run,
};
