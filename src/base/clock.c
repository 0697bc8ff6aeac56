#include "base/clock.h"

#include <stdio.h>
#include <time.h>

/* The Gregorian calendar repeats every 400 years, and a year that begins in March has its odd day last. */
static void civil_date(long long days, long long *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	enum { DAYS_PER_ERA = 146097, MARCH_1_0000 = 719468 };
	days += MARCH_1_0000;
	long long era = days / DAYS_PER_ERA;
	unsigned of_era = (unsigned)(days - era * DAYS_PER_ERA);
	unsigned year_of_era =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / (DAYS_PER_ERA - 1)) / 365;
	unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned month = (5 * of_year + 2) / 153; /* 0 is March */
	*ret_day = of_year - (153 * month + 2) / 5 + 1;
	*ret_month = month < 10 ? month + 3 : month - 9;
	*ret_year = (long long)year_of_era + era * 400 + (*ret_month <= 2);
}

char *clock_timestamp(char *buf)
{
	struct timespec now;
	long long year;
	unsigned month, day;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	unsigned second = (unsigned)(now.tv_sec % 86400);
	civil_date(now.tv_sec / 86400, &year, &month, &day);
	(void)snprintf(buf, TIMESTAMP_SIZE, "%04lld-%02u-%02uT%02u:%02u:%02u.%09ldZ", year, month, day,
		second / 3600, second / 60 % 60, second % 60, now.tv_nsec);
	return buf;
}
