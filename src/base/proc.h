/*
 * Processes: identity that survives reuse of the number.
 *
 *	uint64_t start;
 *	if (proc_start_time(pid, &start, NULL, &err) < 0) ...
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* The effective user id that we were executed with, from the auxiliary vector: no system call. */
uid_t proc_euid(void);

/* Whether this process is in a user namespace other than the initial one: root here may not be root on the host. */
bool proc_in_user_namespace(void);
/* Whether this process is root on the host, as far as it can tell. */
bool proc_is_root(void);

/* The start time of the process in clock ticks since boot: field 22 of proc_pid_stat(5). ESRCH if there is no such
 * process. *ret_state, unless NULL, is its state letter (field 3); most callers treat a zombie ('Z') as gone. */
int proc_start_time(pid_t pid, uint64_t *ret_ticks, char *ret_state, struct error *err);
/* Whether the process with that number and start time runs (a zombie does not): 1, 0, or -1 if that cannot be seen. */
int proc_is_alive(pid_t pid, uint64_t start_ticks, struct error *err);
/* Opens a pidfd of the process that has this number and started then; ESRCH if that one has gone. */
int proc_pidfd(pid_t pid, uint64_t start_ticks, struct error *err);
/* Opens the process's directory in procfs (O_PATH), which stays that process's even if another one gets the number. */
int proc_open(pid_t pid, struct error *err);
/* The value of a field of its proc_pid_status(5), such as "NSpid", without the blanks before it; 0 is the caller.
 * False if there is none that fits. */
bool proc_status(pid_t pid, const char *field, char *buf, size_t size);
/* Bit n-1 for each signal n that this process ignores, as it may have inherited that; 0 if procfs cannot be read. */
uint64_t proc_ignored_signals(void);
/* Gives each signal of such a set its default action, as far as possible, and unblocks all signals. */
void proc_reset_signals(uint64_t signals);
/* Describes what keeps a process from dying: "123 (dd) is in state D and waits in io_schedule", for its first thread
 * in an uninterruptible wait. Returns whether there is such a thread; if not, the text tells the state of the
 * process. */
bool proc_describe(pid_t pid, char *buf, size_t size);
/* Waits for a child and returns its status as a shell does: its exit code, or 128 + signal. -1 and errno. */
int proc_wait(pid_t pid);
/* Waits for the child of that pidfd; ret_info may be NULL. -1 and errno: ECHILD if it was reaped elsewhere. */
int proc_reap(int pidfd, siginfo_t *ret_info);
