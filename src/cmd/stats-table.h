/*
 * The table of `stats`: at most a hundred characters wide, whatever the ids are.
 *
 *	stats_table_print(&samples, stdout);
 */
#pragma once

#include <stdio.h>

#include "cmd/sample.h"

enum { STATS_TABLE_WIDTH = 100 };

/* An id that is too long is shortened in its middle; where two would look the same, each stands whole on lines of its
 * own. Below the table stands why cells are "-". */
void stats_table_print(const sample_list *samples, FILE *out);
