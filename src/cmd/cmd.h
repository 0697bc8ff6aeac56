/*
 * The command line as tables: a row a command, a row an option. Dispatch, help, completion and the test of the manual page
 * read them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "namespaces/net.h"
#include "plan/plan.h"

/* All options of all commands; each command's table names those that it takes. */
struct options {
	/* before the command */
	bool debug, systemd_cgroup, version, help;
	const char *log, *log_format, *log_level, *root, *cgroup_manager, *rootless, *criu;
	/* after it */
	const char *bundle, *config, *console_socket, *network, *pid_file, *pidfd_socket, *preserve_fds;
	const char *format, *file, *explain;
	struct oci_bool tty, interactive, rm;
	bool detach, keep, no_pivot, no_new_keyring, no_subreaper, dry_run;
	const char *overlay;
	bool idmap_rootfs;
	bool all, force, regex, quiet, host;
	const char *interval, *report;
	/* of spec */
	bool spec_rootless, no_terminal;
	const char *rootfs;
	oci_strings args;
	/* of exec */
	const char *process, *cwd, *user, *process_label, *apparmor, *cgroup;
	oci_strings env, groups, caps;
	bool no_new_privs, ignore_paused;
	bool stats, no_stream;
	const char *sort;
	/* of update */
	const char *resources, *blkio_weight, *cpu_period, *cpu_quota, *cpu_share, *cpu_burst, *cpu_idle;
	const char *cpu_rt_period, *cpu_rt_runtime, *cpuset_cpus, *cpuset_mems, *memory;
	const char *memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp, *pids_limit;
	const char *l3_cache_schema, *mem_bw_schema;
};

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_SWITCH, /* struct oci_bool: =false says something too */
	OPTION_TEXT,   /* const char * */
	OPTION_MANY,   /* oci_strings: each is kept */
};

/* The kinds of values that options and operands take. Shell completion offers what there is of a kind. */
enum value_kind {
	VALUE_TEXT, /* anything: nothing is offered */
	VALUE_WORD, /* one of `words`: the parser refuses everything else */
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
	const struct word *words; /* of VALUE_WORD; of any other kind, words that are taken as well */
	unsigned statuses;        /* enum status, or'ed */
	unsigned more_statuses;   /* in addition, if the flag at this offset of struct options is set */
	size_t flag;
};

#define IS(kind_) { .kind = VALUE_##kind_ }
#define ONE_OF(words_) { .kind = VALUE_WORD, .words = words_ }
#define IS_OR_ONE_OF(kind_, words_) { .kind = VALUE_##kind_, .words = words_ }
#define ANY_CONTAINER { .kind = VALUE_CONTAINER, .statuses = ~0u }
#define CONTAINER_IN(statuses_) { .kind = VALUE_CONTAINER, .statuses = statuses_ }
#define CONTAINER_IN_OR_IF(statuses_, flag_, more_)                                                \
	{ .kind = VALUE_CONTAINER, .statuses = statuses_, .more_statuses = more_,                  \
		.flag = offsetof(struct options, flag_) }

struct option_row {
	char letter; /* or 0 */
	const char *name;
	const char *operand; /* "DIR", or NULL for a flag */
	enum option_kind kind;
	size_t offset;
	const char *help;
	struct value value;
};

/* After the help text comes what the value is: IS(DIRECTORY), ONE_OF(words). Without it the value is any text. */
#define FLAG(letter_, name_, member_, help_)                                                       \
	{ letter_, name_, NULL, OPTION_FLAG, offsetof(struct options, member_), help_ }
#define SWITCH(letter_, name_, member_, help_)                                                     \
	{ letter_, name_, NULL, OPTION_SWITCH, offsetof(struct options, member_), help_ }
#define TEXT(letter_, name_, operand_, member_, help_, ...)                                        \
	{ letter_, name_, operand_, OPTION_TEXT, offsetof(struct options, member_), help_,         \
		##__VA_ARGS__ }
#define MANY(letter_, name_, operand_, member_, help_, ...)                                        \
	{ letter_, name_, operand_, OPTION_MANY, offsetof(struct options, member_), help_,         \
		##__VA_ARGS__ }
#define OPTIONS_END { 0, NULL, NULL, OPTION_FLAG, 0, NULL }

/* Rows that more than one command has: what its callers get of a process; where the bundle is; what create and run make of it. */
#define PROCESS_OPTIONS                                                                            \
	SWITCH('t', "tty", tty, "give it a terminal, or none: --tty=false"),                       \
		SWITCH('i', "interactive", interactive, "connect standard input, as is always done"), \
		TEXT(0, "console-socket", "SOCKET", console_socket,                                \
			"unix socket that receives the terminal", IS(FILE)),                       \
		TEXT(0, "pid-file", "FILE", pid_file, "file that receives the process id",         \
			IS(FILE)),                                                                 \
		TEXT(0, "pidfd-socket", "SOCKET", pidfd_socket,                                    \
			"unix socket that receives a pidfd of the process", IS(FILE)),                               \
		TEXT(0, "preserve-fds", "N", preserve_fds, "pass the N descriptors from 3 on to the process (0)")
#define BUNDLE_OPTIONS                                                                             \
	TEXT('b', "bundle", "DIR", bundle, "directory of the bundle (the current directory)",      \
		IS(DIRECTORY)),                                                                    \
		TEXT('f', "config", "FILE", config, "configuration (config.json in the bundle)",   \
			IS(FILE))
#define CREATE_OPTIONS                                                                             \
	BUNDLE_OPTIONS, PROCESS_OPTIONS,                                                           \
		TEXT(0, "overlay", "DIR|tmp", overlay,                                             \
			"write to DIR, or to memory, instead of the root filesystem",          \
			IS_OR_ONE_OF(DIRECTORY, overlay_words)),                                   \
		FLAG(0, "idmap-rootfs", idmap_rootfs,                                              \
			"take the ids of the root filesystem as ids of the container"),                   \
		FLAG(0, "no-pivot", no_pivot,                                                      \
			"move the root mount instead of calling pivot_root: on an initramfs"),                \
		FLAG(0, "no-new-keyring", no_new_keyring, "keep the caller's session keyring"), \
		TEXT(0, "network", "NAME", network,                                                \
			"what connects a new network namespace (none)",                 \
			ONE_OF(network_words))

/* Words of options that more than one file needs; each table ends with a NULL name. */
extern const struct word overlay_words[];        /* of --overlay beside a directory */
extern const struct word cgroup_manager_words[]; /* enum cgroup_manager */

struct dialect;

struct context {
	struct arena arena;
	struct options options;
	const char *state_root;
	enum cgroup_manager cgroup_manager;
	char **operands; /* NULL-terminated */
	int operand_count;
	char **args; /* of run and create: what stands after "--", NULL-terminated; or NULL */
	char **argv; /* of the whole program */
	const struct command *command;
	const struct dialect *dialect;
};

struct command {
	const char *name;
	const char *alias;    /* a second name, or NULL */
	const char *operands; /* synopsis of what follows the options: "ID [SIGNAL]" */
	const char *summary;  /* one line: lower case, no full stop */
	const struct option_row *options;
	int min_operands, max_operands;
	struct value values[3]; /* of the operands in turn; the last one is that of all further ones */
	bool changes; /* goes on though nobody reads what it says any more */
	bool options_first; /* what follows the first operand is another program's: ps, spec */
	bool takes_command; /* so is what stands after "--": run, spec */
	/* Returns the exit status, or -1 with an error. */
	int (*run)(struct context *, struct error *);
};

extern const struct option_row global_options[];
extern const struct command *const commands[]; /* ends with NULL */

extern const struct command check_command, completion_command, create_command, delete_command,
	events_command, exec_command, features_command, help_command, kill_command, list_command, pause_command, ps_command,
	resume_command, run_command, spec_command, start_command, state_command, stats_command,
	update_command;

const struct command *command_find(const char *name);
int command_fail_unknown(const char *name, struct error *err);

/* Reads the options of `command`, argv[0], or where it is NULL those before the command. What is left is ctx->operands. */
int options_parse(struct context *ctx, const struct command *command, int argc, char **argv,
	struct error *err);

/* Sets the member of ctx->options; value may be NULL for a flag. */
int option_store(struct context *ctx, const struct option_row *row, const char *value, struct error *err);

/* Refuses an operand that is none of the words of its row. */
int operands_check(const struct command *command, int count, char **operands, struct error *err);

/* The row of the operand number `index`, or NULL if the command does not take so many. Where a command for the container may stand after
 * "--" (`dashes`), operands before that are no more than they must be. */
const struct value *operand_value(const struct command *command, int index, bool dashes);

/* The statuses of containers that fit a value: those of its row, and with its flag some more. */
unsigned value_statuses(const struct value *value, const struct options *options);
/* Those that the container may have which the first operand of this command names. */
unsigned operand_statuses(const struct context *ctx);

void help_print(void);
void help_print_command(const struct command *command);

/* Writes to standard output, and sees that it arrived. Returns 0, the exit status, or -1. */
int print_text(const char *text, size_t len, struct error *err);
int print_end(struct error *err); /* flushes stdout; 0 or -1 */

/* create's and run's options, and what they ask for. */
struct create_request;
int interactive_check(const struct options *options, struct error *err);
int preserve_fds_parse(const char *text, uint64_t *ret_count, struct error *err);
int request_fill(struct context *ctx, struct create_request *request, struct error *err);
int print_plan(const struct plan *plan, struct error *err);
