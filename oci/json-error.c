#include "oci/json-error.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const char ellipsis[] = "…";

/* Adds a whole character. Once one does not fit, nothing more is added. */
static void add(struct json_path *path, const char *text, size_t len)
{
	if (path->full)
		return;
	if (path->len + len + sizeof(ellipsis) > path->size) {
		path->full = true;
		text = ellipsis;
		len = sizeof(ellipsis) - 1;
	}
	if (path->len + len >= path->size)
		return;
	memcpy(path->buf + path->len, text, len);
	path->len += len;
	path->buf[path->len] = '\0';
}

/* Length of the UTF-8 character at text. The parser has seen that it is whole. */
static size_t character_length(const char *text, size_t len)
{
	size_t n = 1;
	while (n < len && n < 4 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static bool is_identifier(const char *key, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool letter = (key[i] >= 'a' && key[i] <= 'z') || (key[i] >= 'A' && key[i] <= 'Z') || key[i] == '_';
		if (!letter && (i == 0 || key[i] < '0' || key[i] > '9'))
			return false;
	}
	return len > 0;
}

void json_path_key(struct json_path *path, const char *key, size_t len)
{
	if (is_identifier(key, len)) {
		add(path, ".", 1);
		for (size_t i = 0; i < len; i++)
			add(path, key + i, 1);
		return;
	}
	add(path, path->len ? "[\"" : ".[\"", path->len ? 2 : 3);
	for (size_t i = 0, n; i < len; i += n) {
		char escape[8];
		n = character_length(key + i, len - i);
		if (str_is_control(key + i))
			add(path, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04x", key[i + n - 1] & 0xff));
		else if (key[i] == '"' || key[i] == '\\')
			add(path, escape, (size_t)snprintf(escape, sizeof(escape), "\\%c", key[i]));
		else
			add(path, key + i, n);
	}
	add(path, "\"]", 2);
}

void json_path_index(struct json_path *path, size_t index)
{
	char text[24];
	if (!path->len)
		add(path, ".", 1);
	add(path, text, (size_t)snprintf(text, sizeof(text), "[%zu]", index));
}

char *json_show(char *buf, size_t size, const char *text, size_t len)
{
	struct json_path shown = { .buf = buf, .size = size };
	buf[0] = '\0';
	for (size_t i = 0, n; i < len; i += n) {
		n = character_length(text + i, len - i);
		add(&shown, str_is_control(text + i) ? "?" : text + i, str_is_control(text + i) ? 1 : n);
	}
	return buf;
}

/* A piece of yajl's message, and our message and hint. */
static const struct complaint {
	const char *piece, *text, *hint;
} complaints[] = {
	/* clang-format off */
	{ "premature EOF", "the file ends in the middle", "a closing bracket is missing" },
	{ "trailing garbage", "something follows the end of the object", "" },
	{ "after key and value", "expected \",\" or \"}\" after a property", "" },
	{ "after array element", "expected \",\" or \"]\" after an item", "" },
	{ "separated by a colon", "expected \":\" after the name of a property", "" },
	{ "invalid object key", "expected the name of a property in quotes",
		"no comma follows the last property of an object" },
	{ "unallowed token", "expected a value", "no comma follows the last item of an array" },
	{ "UTF8", "the text is not valid UTF-8", "" },
	{ "may not", "unknown escape in a string",
		"the escapes are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX" },
	{ "non-hex", "\\u in a string needs four hexadecimal digits", "" },
	{ "invalid character inside string", "control character in a string",
		"line breaks and tabs are written \\n and \\t" },
	{ "malformed number", "malformed number", "" },
	{ "invalid string in json", "malformed word", "the words of JSON are true, false and null" },
	{ "comment", "comments are no part of JSON", "" },
	{ "invalid", "unexpected character", "" },
	{ "", "syntax error", "" },
}; /* clang-format on */

const char *json_complaint(const char *said, const char **ret_hint)
{
	const struct complaint *c = complaints;
	while (!strstr(said, c->piece))
		c++;
	*ret_hint = c->hint;
	return c->text;
}
