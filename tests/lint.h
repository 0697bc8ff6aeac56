/*
 * For the analyser, which looks at one file at a time: the return values of the functions that end a failed function.
 */
#pragma once

#include "base/error.h"

static inline void lint_use(int first, ...)
{
	(void)first;
}

#define fail(err, ...) ((void)(err), lint_use(__VA_ARGS__), -1)
#define fail_at(err, ...) ((void)(err), lint_use(__VA_ARGS__), -1)
#define fail_hint(err, ...) ((void)(err), lint_use(__VA_ARGS__), -1)
#define fail_at_hint(err, ...) ((void)(err), lint_use(__VA_ARGS__), -1)
#define error_hint(err, ...) ((void)(err), lint_use(0, __VA_ARGS__), -1)
#define error_at(err, ...) ((void)(err), lint_use(0, __VA_ARGS__), -1)
#define error_prefix(err, ...) ((void)(err), lint_use(0, __VA_ARGS__), -1)
