#include "cmd/interval.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* Go's time.ParseDuration(): "1m30s", "1.5h". A number alone is in seconds. -1 for any other text. */
static int64_t read_duration(const char *text)
{
	static const struct word units[] = { { "ns", 1 }, { "us", 1000 }, { "µs", 1000 }, { "ms", 1000000 },
		{ "s", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 }, { NULL } };
	int64_t sum = 0;
	do {
		char unit[4] = "s";
		uint64_t whole, fraction = 0, scale = 1;
		const char *at = str_skip_number(text, DAY_MS, &whole);
		if (at && *at == '.')
			for (at++; *at >= '0' && *at <= '9'; at++)
				if (scale < 1000000) { /* six decimals count */
					fraction = fraction * 10 + (uint64_t)(*at - '0');
					scale *= 10;
				}
		size_t len = at ? strcspn(at, "0123456789.") : 0;
		if (!at || len >= sizeof(unit) || (len == 0 && (*at || sum)))
			return -1;
		if (len)
			(void)snprintf(unit, sizeof(unit), "%.*s", (int)len, at);
		const struct word *row = word_find(units, unit);
		if (!row || whole > (uint64_t)(INT64_MAX / 4 / row->value))
			return -1;
		sum += (int64_t)whole * row->value + (int64_t)(fraction * (uint64_t)row->value / scale);
		text = at + len;
	} while (*text && sum >= 0 && sum <= INT64_MAX / 4);
	return *text ? -1 : sum;
}

int interval_parse(const char *text, int otherwise, struct error *err)
{
	if (!text)
		return otherwise;
	int64_t ms = read_duration(text) / 1000000;
	if (ms > 0 && ms <= DAY_MS)
		return (int)ms;
	return fail_hint(err, 0, "such as 5s, 500ms or 1m30s, at most 24h",
		"--interval: expected a time above zero, found \"%.32s\"", text);
}
