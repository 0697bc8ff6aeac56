/*
 * The time of day as text.
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
