/*
 * Tells about properties from their tables: for `hull spec --explain` and for hull-config(5).
 *
 *	oci_explain(".linux.resources.memory", stdout, &err);
 */
#pragma once

#include <stdio.h>

#include "base/error.h"

/* Prints kind, allowed words or range, whether it is required, what it means, and the members of an
 * object. The path is jq(1)'s, with or without the first dot and indexes; "." is the whole. An
 * unknown one fails with the nearest known as hint. */
int oci_explain(const char *path, FILE *out, struct error *err);

/* The reference of all properties as the body of an mdoc(7) section. */
void oci_reference_mdoc(FILE *out);
