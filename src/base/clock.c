#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"

enum { DAYS_PER_ERA = 146097, MARCH_1_0000 = 719468, SECONDS_PER_DAY = 86400 };

/* The Gregorian calendar repeats every 400 years. In a year that begins in March, the leap day comes last. */
static void civil_date(long long days, long long *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	days += MARCH_1_0000;
	long long era = days / DAYS_PER_ERA;
	unsigned of_era = (unsigned)(days - era * DAYS_PER_ERA);
	unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / (DAYS_PER_ERA - 1)) / 365;
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
	unsigned second = (unsigned)(now.tv_sec % SECONDS_PER_DAY);
	civil_date(now.tv_sec / SECONDS_PER_DAY, &year, &month, &day);
	(void)snprintf(buf, TIMESTAMP_SIZE, "%04lld-%02u-%02uT%02u:%02u:%02u.%09ldZ", year, month, day, second / 3600,
		second / 60 % 60, second % 60, now.tv_nsec);
	return buf;
}

/* The inverse of civil_date, for years from 1 on. */
static int64_t days_of(unsigned year, unsigned month, unsigned day)
{
	bool early = month <= 2;
	int64_t y = (int64_t)year - early;
	unsigned of_year = (153 * (month + (early ? 9 : -3)) + 2) / 5 + day - 1;
	return y * 365 + y / 4 - y / 100 + y / 400 + of_year - MARCH_1_0000;
}

bool clock_read_timestamp(const char *text, int64_t *ret_seconds)
{
	unsigned year, month, day, hour, minute, second;
	int len = 0;
	if (sscanf(text, "%4u-%2u-%2uT%2u:%2u:%2u%n", &year, &month, &day, &hour, &minute, &second, &len) != 6 ||
		year == 0 || month - 1 > 11 || day - 1 > 30 || hour > 23 || minute > 59 || second > 60)
		return false;
	text += len;
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (!str_eq(text, "Z"))
		return false;
	*ret_seconds = days_of(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
	return true;
}

int64_t clock_now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int clock_left_ms(int64_t deadline)
{
	int64_t left = deadline - clock_now_ms();
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}
