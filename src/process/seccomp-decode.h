/*
 * A system call filter that is given as a program. For process/seccomp.c alone.
 */
#pragma once

#include "process/seccomp.h"

/* Fills filter and len of the program from base64. -1 if it is none, or none of that length. */
int seccomp_decode(struct arena *arena, const char *text, struct seccomp_program *program);
