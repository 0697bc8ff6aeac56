/*
 * Output in the form of runc or crun. If hull is called through a link of that name, --version, state, list and ps
 * print what that program prints. Everything else is the same under every name.
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
	bool ages;                /* CREATED is an age, not a time */
	const struct schema *row; /* of list --format json */
	const char *empty;        /* JSON of no containers, or no processes */
	bool pretty_list;
	/* state */
	const char *no_scope; /* "systemd-scope" of a container without one, or NULL */
	/* ps */
	bool pids_alone; /* without arguments for ps(1) the table is a column of process ids */
	bool pretty_pids;
};

/* The dialect of the last component of the program's name; hull's own for NULL and any other name. */
const struct dialect *dialect_find(const char *program);
