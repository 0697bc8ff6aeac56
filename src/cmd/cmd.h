/*
 * The command line as tables: one row for each command and each option. Dispatch, help, completion and the test of the
 * manual page read them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "namespaces/net.h"
#include "oci/json-write.h"
#include "oci/schema.h"
#include "plan/plan.h"

/* The options before the command. Each command has a struct of its own for the options after it. */
struct global_options {
	bool debug, systemd_cgroup, version, help;
	const char *log, *log_format, *log_level, *root, *cgroup_manager, *rootless, *criu;
};

/* Members of the structs of several commands, filled by PROCESS_OPTIONS, BUNDLE_OPTIONS and CREATE_OPTIONS. */
struct process_options {
	struct oci_bool tty, interactive;
	const char *console_socket, *pid_file, *pidfd_socket, *preserve_fds;
};
struct bundle_options {
	const char *dir, *config;
};
struct creation_options {
	struct bundle_options bundle;
	struct process_options process;
	const char *overlay, *network;
	bool idmap_rootfs, no_pivot, no_new_keyring;
};

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_SWITCH, /* struct oci_bool: =false differs from absence */
	OPTION_TEXT,   /* const char * */
	OPTION_MANY,   /* oci_strings: the option may be repeated */
};

/* The kinds of values that options and operands take. Shell completion offers the existing values of a kind. */
enum value_kind {
	VALUE_TEXT, /* anything: nothing is offered */
	VALUE_WORD, /* one of `words`; the parser refuses everything else */
	VALUE_DIRECTORY,
	VALUE_FILE,
	VALUE_PROGRAM,
	VALUE_USER,
	VALUE_CONTAINER, /* the id of an existing container whose status is in `statuses` */
	VALUE_SIGNAL,
	VALUE_CAPABILITY,
	VALUE_PROPERTY, /* of the configuration: .linux.resources */
	VALUE_COMMAND,  /* of hull */
};

struct value {
	enum value_kind kind;
	const struct word *words; /* of VALUE_WORD; for any other kind, words that are accepted as well */
	unsigned statuses;        /* enum status, or'ed */
	unsigned more_statuses;   /* accepted too if the flag at offset `flag` of the command's struct is set */
	size_t flag;
};

/* clang-format off */
#define IS(kind_) { .kind = VALUE_##kind_ }
#define ONE_OF(words_) { .kind = VALUE_WORD, .words = words_ }
#define IS_OR_ONE_OF(kind_, words_) { .kind = VALUE_##kind_, .words = words_ }
#define ANY_CONTAINER { .kind = VALUE_CONTAINER, .statuses = ~0u }
#define CONTAINER_IN(statuses_) { .kind = VALUE_CONTAINER, .statuses = statuses_ }
#define CONTAINER_IN_OR_IF(statuses_, flag_, more_)                                                \
	{ .kind = VALUE_CONTAINER, .statuses = statuses_, .more_statuses = more_,                  \
		.flag = MEMBER_AT(OPTIONS, flag_, bool) }
/* clang-format on */

struct option_row {
	char letter; /* or 0 */
	const char *name;
	const char *operand; /* "DIR", or NULL for a flag */
	enum option_kind kind;
	size_t offset;
	const char *help;
	struct value value;
};

/*
 * A file with a table of rows defines OPTIONS before it, as the struct that the rows fill:
 *
 *	struct kill_options {
 *		bool all;
 *	};
 *	#define OPTIONS struct kill_options
 *	static const struct option_row options[] = { FLAG('a', "all", all, "signal all processes"), OPTIONS_END };
 *
 * A row whose member has a type other than that of its kind does not compile. After the help text comes the kind of
 * value: IS(DIRECTORY), ONE_OF(words); if it is left out, the value is any text.
 */
/* clang-format off */
#define FLAG(letter_, name_, member_, help_)                                                       \
	{ letter_, name_, NULL, OPTION_FLAG, MEMBER_AT(OPTIONS, member_, bool), help_ }
#define SWITCH(letter_, name_, member_, help_)                                                     \
	{ letter_, name_, NULL, OPTION_SWITCH, MEMBER_AT(OPTIONS, member_, struct oci_bool), help_ }
#define TEXT(letter_, name_, operand_, member_, help_, ...)                                        \
	{ letter_, name_, operand_, OPTION_TEXT, MEMBER_AT(OPTIONS, member_, const char *), help_, \
		##__VA_ARGS__ }
#define MANY(letter_, name_, operand_, member_, help_, ...)                                        \
	{ letter_, name_, operand_, OPTION_MANY, MEMBER_AT(OPTIONS, member_, oci_strings), help_,  \
		##__VA_ARGS__ }
#define OPTIONS_END { 0, NULL, NULL, OPTION_FLAG, 0, NULL }
/* clang-format on */

/* Members of struct command: the table, and the size of the struct that it fills. */
#define TAKES_OPTIONS(rows_) .options = rows_, .options_size = sizeof(OPTIONS)
#define TAKES_NO_OPTIONS .options = no_options

/* Rows that several commands have; at_ is the member of OPTIONS that they fill, a struct of the same name. */
#define PROCESS_OPTIONS(at_)                                                                                      \
	SWITCH('t', "tty", at_.tty, "allocate a terminal, or none with --tty=false"),                             \
		SWITCH('i', "interactive", at_.interactive, "connect standard input, which is always done"),      \
		TEXT(0, "console-socket", "SOCKET", at_.console_socket, "unix socket that receives the terminal", \
			IS(FILE)),                                                                                \
		TEXT(0, "pid-file", "FILE", at_.pid_file, "file to write the process id to", IS(FILE)),           \
		TEXT(0, "pidfd-socket", "SOCKET", at_.pidfd_socket,                                               \
			"unix socket that receives a pidfd of the process", IS(FILE)),                            \
		TEXT(0, "preserve-fds", "N", at_.preserve_fds, "pass N descriptors, from 3 on, to the process (0)")
#define BUNDLE_OPTIONS(at_)                                                                             \
	TEXT('b', "bundle", "DIR", at_.dir, "bundle directory (the current directory)", IS(DIRECTORY)), \
		TEXT('f', "config", "FILE", at_.config, "configuration (config.json in the bundle)", IS(FILE))
#define CREATE_OPTIONS(at_)                                                                                     \
	BUNDLE_OPTIONS(at_.bundle), PROCESS_OPTIONS(at_.process),                                               \
		TEXT(0, "overlay", "DIR|tmp", at_.overlay,                                                      \
			"write to DIR, or to memory, instead of the root filesystem",                           \
			IS_OR_ONE_OF(DIRECTORY, overlay_words)),                                                \
		FLAG(0, "idmap-rootfs", at_.idmap_rootfs,                                                       \
			"take file owners in the root filesystem as ids of the container"),                     \
		FLAG(0, "no-pivot", at_.no_pivot,                                                               \
			"move the root mount instead of calling pivot_root, for an initramfs"),                 \
		FLAG(0, "no-new-keyring", at_.no_new_keyring, "keep the caller's session keyring"),             \
		TEXT(0, "network", "NAME", at_.network, "program that connects a new network namespace (none)", \
			ONE_OF(network_words))

/* Words of options that more than one file needs; each table ends with a NULL name. */
extern const struct word overlay_words[];        /* of --overlay beside a directory */
extern const struct word cgroup_manager_words[]; /* enum cgroup_manager */

struct dialect;

struct context {
	struct arena arena;
	struct global_options global;
	void *options; /* the command's own struct, once its options are read */
	const char *state_root;
	enum cgroup_manager cgroup_manager;
	char **operands; /* NULL-terminated */
	int operand_count;
	char **args; /* of run and create: the words after "--", NULL-terminated; or NULL */
	char **argv; /* of the program */
	const struct command *command;
	const struct dialect *dialect;
};

struct command {
	const char *name;
	const char *alias;    /* a second name, or NULL */
	const char *operands; /* synopsis of what follows the options: "ID [SIGNAL]" */
	const char *summary;  /* one line: lower case, no full stop */
	const struct option_row *options;
	size_t options_size; /* of the struct that the rows fill */
	int min_operands, max_operands;
	struct value values[3]; /* of the operands in turn; the last one applies to all further operands */
	bool changes;           /* ignores SIGPIPE and SIGXFSZ: continues even if nobody reads its output any more */
	bool options_first;     /* the words after the first operand belong to another program: exec, ps */
	bool takes_command;     /* the words after "--" are a command: create, run, spec */
	/* Returns the exit status, or -1 with an error. */
	int (*run)(struct context *, struct error *);
};

extern const struct option_row global_options[]; /* of struct global_options */
extern const struct option_row no_options[];
extern const struct command *const commands[]; /* ends with NULL */
extern const struct command help_command;

const struct command *command_find(const char *name);
int command_fail_unknown(const char *name, struct error *err);

/* Reads the options of `command`, which is argv[0]; or those before the command if `command` is NULL. The remaining
 * words become ctx->operands. */
int options_parse(struct context *ctx, const struct command *command, int argc, char **argv, struct error *err);

/* The row of that letter, or NULL. */
const struct option_row *option_of_letter(const struct option_row *rows, int letter);

/* Sets the row's member of `options`, the struct of the row's table. The value of a flag may be NULL. */
int option_store(
	struct arena *arena, void *options, const struct option_row *row, const char *value, struct error *err);

/* Refuses an operand that must be a word and is none of those of its row. */
int operands_check(const struct command *command, int count, char **operands, struct error *err);

/* The value of operand number `index`, or NULL if the command does not take so many. A command that takes one after
 * "--" has only its required operands before that; `dashes` is whether the operand is after it. */
const struct value *operand_value(const struct command *command, int index, bool dashes);

/* The statuses that a container may have to be this value, given the command's struct of options. */
unsigned value_statuses(const struct value *value, const void *options);
/* The statuses that the container named by the first operand may have. */
unsigned operand_statuses(const struct context *ctx);

void help_print_command(const struct command *command);

/* Writes to standard output and checks for errors. Returns 0 or -1. */
int print_text(const char *text, size_t len, struct error *err);
int print_json(struct json_writer *json, struct error *err); /* the finished text, on a line of its own */
int print_end(struct error *err);                            /* flushes stdout; 0 or -1 */

int interactive_check(const struct process_options *options, struct error *err);
int preserve_fds_parse(const char *text, uint64_t *ret_count, struct error *err);

/* Fills the request of create and run from their options. Paths are made absolute, because the working directory
 * becomes the bundle later. */
struct create_request;
int request_fill(
	struct context *ctx, const struct creation_options *options, struct create_request *request, struct error *err);
const char *absolute_path(struct context *ctx, const char *path);
int print_plan(const struct plan *plan, struct error *err);
struct relay;
/* Warns of a process that SIGSYS has ended, if its plan has a seccomp filter. */
void warn_of_filter(const char *id, const struct plan *plan, const struct relay *relay);
