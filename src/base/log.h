/*
 * The log: messages as text, or as lines of JSON for engines.
 *
 *	log_open("/run/x.log", true, LOG_LEVEL_DEBUG, &err);
 *	log_debug("mounts: %zu operations", n);
 *	log_failure(&err);
 *
 * The settings are the only globals of the program. Lower floors log at debug level only. main() prints the error of a
 * command once, by log_failure().
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

enum log_level { LOG_LEVEL_NONE = -1, LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* The words of --log-format (true: JSON) and of --log-level. */
extern const struct word log_format_words[];
extern const struct word log_level_words[];

/* target is a path, file:PATH, syslog:IDENT or journald:IDENT; NULL is standard error. Before this call, messages from
 * warnings up go to standard error as text. */
int log_open(const char *target, bool json, enum log_level level, struct error *err);
bool log_wants(enum log_level level);
/* The descriptor of the log file, or -1. Whoever closes all other descriptors must keep it. */
int log_fd(void);
/* Ends logging. Init calls this before it closes its descriptors. */
void log_stop(void);
void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A warning about a property of the configuration: where, text and hint. */
void log_warning(const struct error *warning);
/* Sends warnings to a sink instead of the log, as `hull check` does; NULL sends them to the log again. */
void log_divert_warnings(const struct error_sink *to);
/* Prints an error with its property, cause and remedy: to the log, and if that is not standard error, there too. */
void log_failure(const struct error *err);

#define log_debug(...)                                           \
	do {                                                     \
		if (log_wants(LOG_LEVEL_DEBUG))                  \
			log_write(LOG_LEVEL_DEBUG, __VA_ARGS__); \
	} while (0)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
