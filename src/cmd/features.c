#include "cmd/cmd.h"
#include "namespaces/mount-options.h"
#include "oci/annotations.h"
#include "oci/features.h"
#include "oci/words.h"
#include "process/caps.h"
#include "process/seccomp.h"

static oci_strings as_list(const char *const *items)
{
	size_t len = 0;
	while (items[len])
		len++;
	return (oci_strings){ (const char **)(size_t)items, len };
}

static oci_strings supported_flags(struct arena *arena)
{
	oci_strings list = { NULL, 0 };
	unsigned flags = seccomp_supported_flags();
	for (const struct word *w = oci_seccomp_flag_words; w->name; w++)
		if ((uint64_t)w->value & flags)
			*list_add(arena, &list) = w->name;
	return list;
}

static int run(struct context *ctx, struct error *err)
{
	size_t len;
	struct oci_features_facts facts = {
		.mount_options = as_list(mount_option_names(&ctx->arena)),
		.capabilities = as_list(caps_names(&ctx->arena)),
		.seccomp_supported_flags = supported_flags(&ctx->arena),
		.unsafe_annotations = as_list(oci_annotation_keys),
	};
	char *text = oci_features_json(&ctx->arena, &facts, &len);
	return print_text(text, len, err);
}

const struct command features_command = {
	.name = "features",
	.operands = "",
	.summary = "print what this runtime supports as JSON",
	TAKES_NO_OPTIONS,
	.run = run,
};
