/*
 * Describes properties by their tables, for `hull spec --explain` and hull-config(5).
 *
 *	oci_explain(".linux.resources.memory", stdout, &err);
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

/* Prints a property's kind, its allowed words or range, whether it is required, its meaning, and the members of an
 * object. The path is jq(1)'s, with or without the first dot and indexes; "." is the whole configuration. An unknown
 * path fails, and the hint is the nearest known one. */
int oci_explain(const char *path, FILE *out, struct error *err);

/* Calls `each` for every property that may follow the last dot of a path: for ".linux.res" the members of .linux. */
void oci_explain_below(
	const char *path, void (*each)(void *data, const char *path, const char *doc, bool has_members), void *data);

/* The reference of all properties as the body of an mdoc(7) section. */
void oci_reference_mdoc(FILE *out);
