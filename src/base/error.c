#include "base/error.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int fill(struct error *err, int errnum, const char *where, const char *hint, const char *fmt, va_list args)
{
	if (!err)
		return -1;
	err->errnum = errnum;
	err->line = 0;
	(void)vsnprintf(err->text, sizeof(err->text), fmt, args); /* a cut message is still one */
	(void)snprintf(err->hint, sizeof(err->hint), "%s", hint ? hint : "");
	if (where)
		(void)snprintf(err->where, sizeof(err->where), "%s", where);
	return -1;
}

int fail(struct error *err, int errnum, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)fill(err, errnum, NULL, NULL, fmt, args);
	va_end(args);
	return -1;
}

int fail_at_hint(struct error *err, int errnum, const char *where, const char *hint, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)fill(err, errnum, where, hint, fmt, args);
	va_end(args);
	return -1;
}

int error_hint(struct error *err, const char *fmt, ...)
{
	if (!err)
		return -1;
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(err->hint, sizeof(err->hint), fmt, args);
	va_end(args);
	return -1;
}

int error_at(struct error *err, const char *where)
{
	if (err && !err->where[0] && where)
		(void)snprintf(err->where, sizeof(err->where), "%s", where);
	return -1;
}

int error_prefix(struct error *err, const char *fmt, ...)
{
	if (!err)
		return -1;
	char text[sizeof(err->text)];
	memcpy(text, err->text, sizeof(text));
	va_list args;
	va_start(args, fmt);
	int len = vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	if (len >= 0 && (size_t)len < sizeof(err->text))
		(void)snprintf(err->text + len, sizeof(err->text) - (size_t)len, ": %s", text);
	return -1;
}

void error_clear(struct error *err)
{
	if (err)
		memset(err, 0, sizeof(*err));
}

bool errors_end(const struct error_sink *sink, int result, struct error *err)
{
	if (result >= 0)
		return false;
	if (!sink)
		return true;
	sink->say(sink->data, err);
	error_clear(err);
	return false;
}

/* Docker tells 127 and 126 from the other failures by "no such file" and "permission denied", as Go spells them. */
char *error_line(const struct error *err, char *buf, unsigned long size)
{
	char place[sizeof(err->file) + 16] = "";
	if (err->line > 0)
		(void)snprintf(place, sizeof(place), "%s:%d: ", err->file, err->line);
	char why[128] = "";
	if (err->errnum)
		(void)snprintf(why, sizeof(why), ": %s", strerror(err->errnum));
	if (err->status && why[0])
		why[2] = (char)tolower((unsigned char)why[2]);
	(void)snprintf(buf, size, "%s%s%s%s%s", place, err->where, err->where[0] ? ": " : "", err->text, why);
	return buf;
}
