/*
 * The working directory of a test, from the template that a file's tests have in common:
 *
 *	TEMPLATE/links       what no test writes to: here are hard links to it, as some file systems are slow to give out inodes
 *	TEMPLATE/copies      what a test may write to, to be laid over the bundle
 *	TEMPLATE/begin.json  the configuration; @ID@ stands for the test's id
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

/* From the bundle at `source`, for all tests. Its owner is `uid` unless that is -1. */
int template_make(struct arena *arena, const char *template, const char *source, long uid, struct error *err);

int bundle_make(struct arena *arena, const char *template, const char *work, const char *id, struct error *err);
