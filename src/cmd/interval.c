#include "cmd/interval.h"

int interval_parse(const char *text, int otherwise, struct error *err)
{
	static const struct word units[] = { { "ms", 1 }, { "s", 1000 }, { "", 1000 }, { "m", 60 * 1000 },
		{ "h", 60 * 60 * 1000 }, { NULL } };
	enum { DAY_MS = 24 * 60 * 60 * 1000 };
	uint64_t count;
	if (!text)
		return otherwise;
	const char *rest = str_skip_number(text, DAY_MS, &count);
	const struct word *unit = rest ? word_find(units, rest) : NULL;
	if (unit && count > 0 && count <= (uint64_t)(DAY_MS / unit->value))
		return (int)count * (int)unit->value;
	return fail_hint(err, 0, "a number with ms, s, m or h, at most 24h",
		"--interval: expected a time above zero, found \"%.32s\"", text);
}
