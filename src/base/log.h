/*
 * The log: where the command writes what it says, as text or as the engines' JSON lines.
 *
 *	log_open("/run/x.log", true, LOG_LEVEL_DEBUG, &err);
 *	log_debug("mounts: %zu operations", n);
 *	log_failure(&err);
 *
 * The settings are the only globals of the program. Library floors log at debug level only; a
 * command prints its error once, by log_failure().
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

enum log_level { LOG_LEVEL_NONE = -1, LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* The words of --log-format (true: JSON) and of --log-level. */
extern const struct word log_format_words[];
extern const struct word log_level_words[];

/* target is a path, file:PATH, syslog:IDENT or journald:IDENT; NULL is standard error. Before this call the log is
 * text, and its level is that of warnings. */
int log_open(const char *target, bool json, enum log_level level, struct error *err);
bool log_wants(enum log_level level);
/* The descriptor of a log file, or -1: it is kept through a close of everything else. */
int log_fd(void);
/* For init, whose descriptors go: nothing is logged any more. */
void log_stop(void);
void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A warning about a property of the configuration: where, text and hint. */
void log_warning(const struct error *warning);
/* From now on they go there and not to the log; NULL for the log again. check reports them. */
void log_divert_warnings(const struct error_sink *to);
/* Prints an error with its property, cause and remedy; a log file gets it and standard error too. */
void log_failure(const struct error *err);

#define log_debug(...)                                           \
	do {                                                     \
		if (log_wants(LOG_LEVEL_DEBUG))                  \
			log_write(LOG_LEVEL_DEBUG, __VA_ARGS__); \
	} while (0)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
