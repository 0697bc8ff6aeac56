/*
 * The time of day as text, and deadlines.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { TIMESTAMP_SIZE = 40 };

/* "2026-01-31T23:59:59.123456789Z" (RFC 3339) into buf, which holds TIMESTAMP_SIZE bytes; returns buf. libc's
 * conversion would read the time zone's file for it. */
char *clock_timestamp(char *buf);

/* Seconds since the epoch of such a text, its fraction dropped. False for any other form, and for a time zone but
 * "Z". */
bool clock_read_timestamp(const char *text, int64_t *ret_seconds);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_now_ms(void);
/* Milliseconds until that clock shows `deadline`, fit for poll(2); 0 if it is past. */
int clock_left_ms(int64_t deadline);
