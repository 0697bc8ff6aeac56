/*
 * Numbers for people to read, in tables.
 *
 *	char buf[HUMAN_SIZE];
 *	human_size(1536, buf);     "1.5K"
 *	human_age(150, buf);       "2 minutes ago"
 */
#pragma once

#include <stdint.h>

enum { HUMAN_SIZE = 32 };

/* All write to buf, which holds HUMAN_SIZE bytes, and return it. */

/* Bytes by powers of 1024, in at most four characters; "max" for CGROUP_NO_LIMIT. */
char *human_size(uint64_t bytes, char *buf);
/* A count by powers of 1000, from 100,000 on, in at most five characters; "max" likewise. */
char *human_count(uint64_t count, char *buf);
/* An age of so many seconds, which is not negative, in the greatest unit of which it has one (two weeks, two
 * months). */
char *human_age(int64_t seconds, char *buf);
