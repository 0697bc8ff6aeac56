#include "base/str.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/defences.h"
#include "base/nearest.h"

const char *str_skip_number(const char *text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;
	const char *at = text;
	for (; *at >= '0' && *at <= '9'; at++) {
		uint64_t digit = (uint64_t)(*at - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return NULL;
		value = value * 10 + digit;
	}
	if (at == text || value > max)
		return NULL;
	*ret_value = value;
	return at;
}

bool str_to_u64(const char *text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value;
	const char *end = str_skip_number(text, max, &value);
	if (!end || *end)
		return false;
	*ret_value = value;
	return true;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t\n");
}

int str_next_range(const char **text, uint64_t max, uint64_t *ret_first, uint64_t *ret_last)
{
	const char *at = skip_blanks(*text);
	if (!*at)
		return 0;
	at = str_skip_number(at, max, ret_first);
	if (!at)
		return -1;
	*ret_last = *ret_first;
	at = skip_blanks(at);
	if (*at == '-') {
		at = str_skip_number(skip_blanks(at + 1), max, ret_last);
		if (!at || *ret_last < *ret_first)
			return -1;
		at = skip_blanks(at);
	}
	bool more = *at == ',';
	at = skip_blanks(at + more);
	if ((*at != '\0') != more)
		return -1;
	*text = at;
	return 1;
}

bool str_is_component(const char *text)
{
	return *text && !strchr(text, '/') && !str_eq(text, ".") && !str_eq(text, "..");
}

size_t str_utf8_length(const char *text)
{
	static const struct {
		unsigned char first, last, second_min, second_max, length;
	} rows[] = {
		{ 0x01, 0x7f, 0x00, 0x00, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const unsigned char *at = (const unsigned char *)text;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (at[0] < rows[i].first || at[0] > rows[i].last)
			continue;
		if (rows[i].length > 1 && (at[1] < rows[i].second_min || at[1] > rows[i].second_max))
			return 0;
		for (size_t n = 2; n < rows[i].length; n++)
			if ((at[n] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

bool str_is_control(const char *text)
{
	unsigned char first = (unsigned char)text[0], second = first == 0xc2 ? (unsigned char)text[1] : 0;
	return first < 0x20 || first == 0x7f || (second >= 0x80 && second < 0xa0);
}

void str_make_printable(char *text)
{
	if (defence_is_off("printable"))
		return;
	for (size_t len; *text; text += len) {
		len = str_utf8_length(text);
		bool lone = len == 0 && (unsigned char)*text < 0xa0;
		len += len == 0;
		if (lone || str_is_control(text))
			memset(text, '?', len);
	}
}

void str_print(FILE *out, const char *fmt, ...)
{
	char *text;
	size_t len = strlen(fmt);
	bool line = len && fmt[len - 1] == '\n';
	va_list args;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort(); /* out of memory */
	va_end(args);
	if (line)
		text[strlen(text) - 1] = '\0';
	str_make_printable(text);
	(void)fputs(text, out);
	if (line)
		(void)fputc('\n', out);
	free(text);
}

bool str_to_i64(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
	bool negative = *text == '-';
	uint64_t magnitude;
	if (!str_to_u64(text + negative, (uint64_t)INT64_MAX + negative, &magnitude))
		return false;
	int64_t value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	if (value < min || value > max)
		return false;
	*ret_value = value;
	return true;
}

const struct word *word_find(const struct word *words, const char *name)
{
	for (; words->name; words++)
		if (str_eq(words->name, name))
			return words;
	return NULL;
}

int64_t word_value(const struct word *words, const char *name)
{
	const struct word *word = name ? word_find(words, name) : NULL;
	return word ? word->value : words->value;
}

const char *word_name(const struct word *words, int64_t value)
{
	for (; words->name; words++)
		if (words->value == value)
			return words->name;
	return NULL;
}

char *word_list(const struct word *words, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "one of ");
	for (const struct word *w = words; w->name && len < size; w++) {
		const char *separator = w == words ? "" : ", ";
		if (len + strlen(separator) + strlen(w->name) + 5 > size)
			return strcpy(buf + len, " …"), buf;
		len += (size_t)snprintf(buf + len, size - len, "%s%s", separator, w->name);
	}
	return buf;
}

const char *word_nearest(const struct word *words, const char *name)
{
	struct nearest near = nearest_to(name);
	for (; words->name; words++)
		(void)nearest_try(&near, words->name);
	return near.name;
}
