#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "oci/default.h"
#include "oci/explain.h"
#include "oci/json-write.h"

static const struct option_row options[] = {
	TEXT('b', "bundle", "DIR", bundle, "write to DIR (the working directory)", IS(DIRECTORY)),
	TEXT('f', "file", "FILE", file, "name of the file (config.json); - is standard output",
		IS(FILE)),
	FLAG(0, "rootless", spec_rootless, "for a user without privilege"),
	TEXT(0, "explain", "PATH", explain, "explain a property, as .linux.resources, instead",
		IS(PROPERTY)),
	OPTIONS_END,
};

static int run(struct context *ctx, struct error *err)
{
	const struct options *o = &ctx->options;
	const char *name = o->file ? o->file : "config.json";
	size_t len;
	if (o->explain)
		return oci_explain(o->explain, stdout, err) < 0 ? -1 : print_end(err);
	const struct oci_config *config = o->spec_rootless ?
		oci_default_config_rootless(&ctx->arena, geteuid(), getegid()) :
		oci_default_config(&ctx->arena);
	char *text = json_write(&ctx->arena, &oci_config_schema, config, true, &len);
	if (str_eq(name, "-"))
		return print_text(text, len, err);
	if (o->bundle && chdir(o->bundle) < 0)
		return fail(err, errno, "--bundle %s", o->bundle);
	FD(file) = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (file < 0) {
		(void)fail(err, errno, "make %s", name);
		return errno == EEXIST ? error_hint(err, "remove it first: spec overwrites nothing") : -1;
	}
	return write_all(file, text, len) < 0 ? fail(err, errno, "write %s", name) : 0;
}

const struct command spec_command = {
	.name = "spec",
	.operands = "",
	.summary = "write a configuration to begin with, or explain a property",
	.options = options,
	.run = run,
};
