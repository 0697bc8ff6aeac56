/*
 * Whom we speak as. Called through a link named runc or crun, what those print differently from each other is printed
 * as the one that we are called by does: --version, list and ps. Everything else is the same under every name.
 */
#pragma once

#include <stdbool.h>

#include "oci/schema.h"

enum { LIST_COLUMNS = 5 }; /* beside the last one, OWNER, which is as wide as it is */

struct dialect {
	const char *name;
	const char *version;
	const char *capabilities; /* a last line of --version, or NULL */
	/* list */
	struct {
		const char *heading;
		int width; /* at least */
	} columns[LIST_COLUMNS];
	int gap;                  /* between them */
	bool ages;                /* CREATED tells how long ago it was, not the time itself */
	const struct schema *row; /* of list --format json */
	const char *empty;        /* JSON of no containers, or no processes */
	bool pretty_list;
	/* ps */
	bool pids_alone; /* without arguments for ps(1) the table is a column of process ids */
	bool pretty_pids;
};

/* By the last component of the name that we are called by; our own dialect for any other, and for NULL. */
const struct dialect *dialect_find(const char *program);
