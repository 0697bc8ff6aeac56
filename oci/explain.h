/*
 * Tells about properties from their tables: for `hull spec --explain` and for hull-config(5).
 *
 *	oci_explain(".linux.resources.memory", stdout, &err);
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

/* Prints kind, allowed words or range, whether it is required, what it means, and the members of an
 * object. The path is jq(1)'s, with or without the first dot and indexes; "." is the whole. An
 * unknown one fails with the nearest known as hint. */
int oci_explain(const char *path, FILE *out, struct error *err);

/* Calls `each` for every property that a path may go on with after its last dot: for ".linux.res" the members of
 * .linux. */
void oci_explain_below(
	const char *path, void (*each)(void *data, const char *path, const char *doc, bool has_members), void *data);

/* The reference of all properties as the body of an mdoc(7) section. */
void oci_reference_mdoc(FILE *out);
