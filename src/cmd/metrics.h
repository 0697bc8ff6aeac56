/*
 * Statistics as OpenMetrics text, for a scraper.
 */
#pragma once

#include <stdio.h>

#include "cmd/sample.h"

/* Prints one family after another, each with a line for every container that has it, and "# EOF". */
void metrics_print(const sample_list *samples, FILE *out);
