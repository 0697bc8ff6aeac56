#include "cmd/match.h"

#include <dirent.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "container/container.h"

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int match_list(struct arena *arena, const char *state_root, char ***ret_ids, size_t *ret_len, struct error *err)
{
	LIST(char *) ids = { NULL, 0 };
	struct error reason = { .errnum = 0 };
	int root = container_open_root(state_root, false, &reason);
	if (root < 0 && reason.errnum != ENOENT) {
		*err = reason;
		return -1;
	}
	DIR *dir = root < 0 ? NULL : fdopendir(root);
	if (root >= 0 && !dir)
		return fail(err, errno, "list the state root %s", state_root);
	errno = 0;
	for (struct dirent *entry; dir && (entry = readdir(dir)); errno = 0)
		if (container_check_id(entry->d_name, NULL) == 0)
			*list_add(arena, &ids) = arena_strdup(arena, entry->d_name);
	int errnum = errno;
	if (dir)
		(void)closedir(dir);
	if (errnum)
		return fail(err, errnum, "list the state root %s", state_root);
	if (ids.len)
		qsort(ids.items, ids.len, sizeof(*ids.items), compare);
	*ret_ids = ids.items;
	*ret_len = ids.len;
	return 0;
}

int match_containers(struct context *ctx, bool regex,
	int (*each)(struct context *, const char *, void *, struct error *), void *data, struct error *err)
{
	char **ids;
	size_t len;
	regex_t expression;
	int status = 0;
	if (!regex)
		return each(ctx, ctx->operands[0], data, err);
	if (regcomp(&expression, ctx->operands[0], REG_EXTENDED | REG_NOSUB) != 0)
		return fail(err, 0, "--regex: \"%.64s\" is no extended regular expression", ctx->operands[0]);
	if (match_list(&ctx->arena, ctx->state_root, &ids, &len, err) < 0)
		len = 0, status = -1;
	for (size_t i = 0; i < len; i++) {
		struct error why = { .errnum = 0 };
		if (regexec(&expression, ids[i], 0, NULL, 0) != 0 || each(ctx, ids[i], data, &why) == 0)
			continue;
		if (status < 0)
			log_failure(err); /* main() prints the last one */
		*err = why;
		status = -1;
	}
	regfree(&expression);
	return status;
}
