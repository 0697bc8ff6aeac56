/*
 * The working directory of a test, made from the template that the tests of a file have in common:
 *
 *	TEMPLATE/links       files that no test writes to, of which a test gets hard links: some filesystems are slow to make inodes
 *	TEMPLATE/copies      files that a test may write to, laid over the bundle
 *	TEMPLATE/begin.json  the configuration; @ID@ stands for the test's id
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"

/* Makes the template from the bundle at `source`, for all tests. Its owner is `uid` unless that is -1. */
int template_make(struct arena *arena, const char *template, const char *source, long uid, struct error *err);

int bundle_make(struct arena *arena, const char *template, const char *work, const char *id, struct error *err);
