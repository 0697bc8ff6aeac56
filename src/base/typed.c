#include "base/typed.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

void typed_add(struct arena *arena, typed_list *list, const char *where, const char *option)
{
	*list_add(arena, list) = (struct typed){ .where = where, .option = option };
}

int typed_blame(const typed_list *list, struct error *err)
{
	if (!list || !err)
		return -1;
	for (size_t i = list->len; i-- > 0;) {
		const struct typed *t = &list->items[i];
		if (!str_starts(err->where, t->where) || !memchr(".[", err->where[strlen(t->where)], sizeof(".[")))
			continue;
		(void)snprintf(err->where, sizeof(err->where), "%s", t->option);
		return -1;
	}
	return -1;
}
