#include "base/str.h"

#include <stdio.h>

#include "base/nearest.h"

bool str_to_u64(const char *text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		uint64_t digit = (uint64_t)(*text - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value > max)
		return false;
	*ret_value = value;
	return true;
}

void str_make_printable(char *text)
{
	int due = 0; /* bytes that the UTF-8 character still lacks */
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c >= 0xc0) {
			due = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
		} else if (c < 0x20 || c == 0x7f || (c >= 0x80 && due == 0)) {
			*text = '?';
			due = 0;
		} else if (c < 0x80) {
			due = 0;
		} else if (--due == 0 && (unsigned char)text[-1] == 0xc2 && c < 0xa0) {
			text[-1] = *text = '?';
		}
	}
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
