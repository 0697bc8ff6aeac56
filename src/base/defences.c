#include "base/defences.h"

#ifdef HULL_TEST_SWITCHES
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = { DEFENCE_LIST };

/* A switch that is not in the list would test nothing: it ends the program. */
bool defence_is_off(const char *name)
{
	static char off[64]; /* the environment may be cleared later on */
	const char *given = getenv("HULL_DEFENCE_OFF");
	if (given && !*off)
		(void)snprintf(off, sizeof(off), "%s", given);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return strcmp(off, name) == 0;
	(void)fprintf(stderr, "hull: no defence is called %s\n", name);
	abort();
}
#endif
