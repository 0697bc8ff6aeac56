#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/defences.h"
#include "base/fd.h"
#include "base/str.h"

enum sink { SINK_STDERR, SINK_FILE, SINK_SYSLOG, SINK_JOURNAL };

static struct {
	enum sink sink;
	enum log_level level;
	bool json;
	int fd;
	char ident[64];
	const struct error_sink *warnings; /* or NULL */
} settings = { .sink = SINK_STDERR, .level = LOG_LEVEL_WARN, .fd = -1 };

const struct word log_format_words[] = { { "text", false }, { "json", true }, { NULL } };

const struct word log_level_words[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARN },
	{ "warn", LOG_LEVEL_WARN },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
	{ NULL },
};

static int open_journal(struct error *err)
{
	settings.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket" };
	if (settings.fd < 0 || connect(settings.fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return fail(err, errno, "--log: connect to the journal at %s", addr.sun_path);
	return 0;
}

static int open_target(const char *target, struct error *err)
{
	const char *rest = strchr(target, ':');
	rest = rest ? rest + 1 : "";
	(void)snprintf(settings.ident, sizeof(settings.ident), "%s", *rest ? rest : "hull");
	if (str_starts(target, "syslog:")) {
		settings.sink = SINK_SYSLOG;
		openlog(settings.ident, LOG_PID, LOG_USER);
		return 0;
	}
	if (str_starts(target, "journald:")) {
		settings.sink = SINK_JOURNAL;
		return open_journal(err);
	}
	const char *path = str_starts(target, "file:") ? rest : target;
	settings.fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
	if (settings.fd < 0)
		return fail(err, errno, "--log: open %s", path);
	settings.sink = SINK_FILE;
	return 0;
}

int log_open(const char *target, bool json, enum log_level level, struct error *err)
{
	settings.json = json;
	settings.level = level;
	return target && *target ? open_target(target, err) : 0;
}

bool log_wants(enum log_level level)
{
	return level <= settings.level;
}

int log_fd(void)
{
	return settings.fd;
}

void log_stop(void)
{
	settings.level = LOG_LEVEL_NONE;
	settings.fd = -1;
}

/* A line under construction. Text that does not fit is cut, so that logging never allocates. */
struct line {
	char text[4096];
	size_t len;
};

static void add(struct line *line, const char *text)
{
	size_t n = strlen(text), room = sizeof(line->text) - 3 - line->len;
	if (n > room)
		n = room;
	memcpy(line->text + line->len, text, n);
	line->len += n;
}

/* Messages quote text of images, which must neither send escape sequences to a terminal nor begin lines of their
 * own. */
static void add_clean(struct line *line, const char *text)
{
	size_t start = line->len;
	add(line, text);
	line->text[line->len] = '\0';
	str_make_printable(line->text + start);
}

static void add_json(struct line *line, const char *key, const char *value)
{
	add(line, line->len > 1 ? ",\"" : "\"");
	add(line, key);
	add(line, "\":\"");
	for (size_t len; *value; value += len) {
		char escaped[8];
		len = str_utf8_length(value);
		if (len == 0)
			(void)snprintf(escaped, sizeof(escaped), "%s", "\xef\xbf\xbd"); /* U+FFFD */
		else if (str_is_control(value))
			(void)snprintf(escaped, sizeof(escaped), "\\u%04x", value[len - 1] & 0xff);
		else
			(void)snprintf(escaped, sizeof(escaped), "%s%.*s", strchr("\"\\", *value) ? "\\" : "", (int)len,
				value);
		len += len == 0;
		if (line->len + 300 > sizeof(line->text)) /* keeps room to close the object */
			break;
		add(line, escaped);
	}
	add(line, "\"");
}

static const char *level_name(enum log_level level)
{
	return word_name(log_level_words, level);
}

static void format_json(struct line *line, enum log_level level, const char *msg, const struct error *err)
{
	char buf[64], whole[2560];
	const char *hint = err ? err->hint : "";
	/* Engines show the message alone. */
	(void)snprintf(whole, sizeof(whole), "%s%s%s%s", msg, *hint ? " (" : "", hint, *hint ? ")" : "");
	add(line, "{");
	add_json(line, "level", level_name(level));
	add_json(line, "time", clock_timestamp(buf));
	add_json(line, "msg", whole);
	if (err && err->where[0])
		add_json(line, "property", err->where);
	if (*hint)
		add_json(line, "hint", hint);
	if (err && err->errnum) {
		(void)snprintf(buf, sizeof(buf), ",\"errno\":%d", err->errnum);
		add(line, buf);
	}
	add(line, "}\n");
}

static void format_text(struct line *line, enum log_level level, const char *msg, const struct error *err)
{
	add(line, "hull: ");
	if (level != LOG_LEVEL_ERROR) {
		add(line, level_name(level));
		add(line, ": ");
	}
	add_clean(line, msg);
	if (err && err->hint[0]) {
		add(line, "\n  hint: ");
		add_clean(line, err->hint);
	}
	add(line, "\n");
}

static void emit(enum log_level level, const char *msg, const struct error *err, bool to_stderr)
{
	static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
	struct line line = { .len = 0 };
	if (settings.sink == SINK_SYSLOG && !to_stderr) {
		add_clean(&line, msg);
		line.text[line.len] = '\0';
		syslog(priorities[level], "%s", line.text);
		return;
	}
	if (settings.sink == SINK_JOURNAL && !to_stderr) {
		char head[96];
		(void)snprintf(head, sizeof(head), "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=", priorities[level],
			settings.ident);
		add(&line, head);
		add_clean(&line, msg);
		add(&line, "\n");
	} else if (settings.json) {
		format_json(&line, level, msg, err);
	} else {
		format_text(&line, level, msg, err);
	}
	int fd = to_stderr || settings.fd < 0 ? STDERR_FILENO : settings.fd;
	(void)write_all(fd, line.text, line.len); /* a failure to log cannot be reported anywhere */
}

void log_write(enum log_level level, const char *fmt, ...)
{
	if (!log_wants(level))
		return;
	char msg[2048];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, args);
	va_end(args);
	emit(level, msg, NULL, false);
}

void log_warning(const struct error *warning)
{
	char line[1024];
	const char *hint = warning->hint;
	if (settings.warnings)
		settings.warnings->say(settings.warnings->data, warning);
	else
		log_write(LOG_LEVEL_WARN, "%s%s%s%s", error_line(warning, line, sizeof(line)), *hint ? " (" : "", hint,
			*hint ? ")" : "");
}

void log_divert_warnings(const struct error_sink *to)
{
	settings.warnings = to;
}

void log_failure(const struct error *err)
{
	char msg[1024];
	error_line(err, msg, sizeof(msg));
	emit(LOG_LEVEL_ERROR, msg, err, false);
	if (settings.sink != SINK_STDERR) { /* users read standard error, engines read the log */
		bool json = settings.json;
		settings.json = false;
		emit(LOG_LEVEL_ERROR, msg, err, true);
		settings.json = json;
	}
}
