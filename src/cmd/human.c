#include "cmd/human.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cgroups/stats.h"

/* "1.5M", "15M", "999M". The limits are where rounding would add a digit. */
static char *print_scaled(double value, double base, const char *const *units, char *buf)
{
	size_t unit = 0;
	for (; value >= 999.5 && units[unit + 1]; unit++)
		value /= base;
	(void)snprintf(buf, HUMAN_SIZE, unit && value < 9.95 ? "%.1f%s" : "%.0f%s", value, units[unit]);
	return buf;
}

char *human_size(uint64_t bytes, char *buf)
{
	static const char *const units[] = { "B", "K", "M", "G", "T", "P", "E", NULL };
	if (bytes == CGROUP_NO_LIMIT)
		return strcpy(buf, "max");
	return print_scaled((double)bytes, 1024, units, buf);
}

char *human_count(uint64_t count, char *buf)
{
	static const char *const units[] = { "", "k", "M", "G", "T", "P", "E", NULL };
	enum { EXACT_BELOW = 100000 };
	if (count == CGROUP_NO_LIMIT)
		return strcpy(buf, "max");
	if (count >= EXACT_BELOW)
		return print_scaled((double)count, 1000, units, buf);
	(void)snprintf(buf, HUMAN_SIZE, "%u", (unsigned)count);
	return buf;
}

char *human_age(int64_t seconds, char *buf)
{
	enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
	/* a month has 30 days, a year 365 */
	static const struct {
		int64_t from, length;
		const char *name;
	} units[] = {
		{ 365 * DAY, 365 * DAY, "year" },
		{ 60 * DAY, 30 * DAY, "month" },
		{ 14 * DAY, 7 * DAY, "week" },
		{ DAY, DAY, "day" },
		{ HOUR, HOUR, "hour" },
		{ MINUTE, MINUTE, "minute" },
		{ 1, 1, "second" },
	};
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (seconds < units[i].from)
			continue;
		int64_t count = seconds / units[i].length;
		(void)snprintf(
			buf, HUMAN_SIZE, "%lld %s%s ago", (long long)count, units[i].name, count == 1 ? "" : "s");
		return buf;
	}
	return strcpy(buf, "less than a second ago");
}
