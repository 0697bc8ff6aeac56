/*
 * The time of day as text, and deadlines.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { TIMESTAMP_SIZE = 40 };

/* "2026-01-31T23:59:59.123456789Z" (RFC 3339) into buf, which holds TIMESTAMP_SIZE bytes; returns buf. The
 * conversion of the C library would read the file of the time zone. */
char *clock_timestamp(char *buf);

/* Seconds since the epoch of such a text, without the fraction. False for any other form, and for any time zone other
 * than "Z". */
bool clock_read_timestamp(const char *text, int64_t *ret_seconds);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_now_ms(void);
/* Milliseconds until that clock shows `deadline`, fit for poll(2); 0 if it is past. */
int clock_left_ms(int64_t deadline);
