#include "cmd/interval.h"

int interval_parse(const char *text, int otherwise, struct error *err)
{
	static const struct word units[] = { { "ms", 1 }, { "s", 1000 }, { "", 1000 }, { "m", 60 * 1000 },
		{ "h", 60 * 60 * 1000 }, { NULL } };
	enum { DAY_MS = 24 * 60 * 60 * 1000 };
	char digits[16];
	uint64_t count;
	if (!text)
		return otherwise;
	size_t len = strspn(text, "0123456789");
	const struct word *unit = word_find(units, text + len);
	if (unit && len > 0 && len < sizeof(digits)) {
		memcpy(digits, text, len);
		digits[len] = '\0';
		if (str_to_u64(digits, (uint64_t)(DAY_MS / unit->value), &count) && count > 0)
			return (int)(count * (uint64_t)unit->value);
	}
	(void)fail(err, 0, "--interval: expected a time above zero, found \"%.32s\"", text);
	return error_hint(err, "a number with ms, s, m or h, at most 24h");
}
