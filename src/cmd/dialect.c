#include "cmd/dialect.h"

#include <string.h>

#include "base/str.h"
#include "oci/state.h"
#include "version.h"

/* The versions are those of the programs whose options hull accepts, with hull's own as build metadata (semver.org): a
 * caller that compares versions sees which options it may use. */
static const struct dialect dialects[] = {
	{
		.name = "hull",
		.version = HULL_VERSION,
		.columns = { { "ID", 2 }, { "PID", 7 }, { "STATUS", 7 }, { "BUNDLE", 6 }, { "CREATED", 7 } },
		.gap = 2,
		.ages = true,
		.row = &oci_state_schema,
		.empty = "[]\n",
		.pretty_list = true,
	},
	{
		.name = "runc",
		.version = "1.5.0+hull." HULL_VERSION,
		.columns = { { "ID", 9 }, { "PID", 9 }, { "STATUS", 9 }, { "BUNDLE", 9 }, { "CREATED", 9 } },
		.gap = 3,
		.row = &oci_state_schema,
		.empty = "null\n",
	},
	{
		.name = "crun",
		.version = "1.29+hull." HULL_VERSION,
		.capabilities = "+SYSTEMD +SELINUX +APPARMOR +CAP +SECCOMP +EBPF +YAJL",
		.columns = { { "NAME", 4 }, { "PID", 9 }, { "STATUS", 8 }, { "BUNDLE PATH", 39 }, { "CREATED", 30 } },
		.gap = 1,
		.row = &oci_state_short_schema,
		.empty = "[]\n",
		.pretty_list = true,
		.no_scope = "",
		.pids_alone = true,
		.pretty_pids = true,
	},
};

const struct dialect *dialect_find(const char *program)
{
	const char *slash = program ? strrchr(program, '/') : NULL;
	const char *name = slash ? slash + 1 : program;
	for (size_t i = 1; name && i < sizeof(dialects) / sizeof(dialects[0]); i++)
		if (str_eq(dialects[i].name, name))
			return &dialects[i];
	return &dialects[0];
}
