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

/* Whether we are in another user namespace than the first one: what is root here may not be root. */
bool proc_in_user_namespace(void);
/* Root of the host, as far as we can see. */
bool proc_is_root(void);

/* Start time of the process in clock ticks since boot: field 22 of proc_pid_stat(5). ESRCH if there is none. The
 * state letter (field 3) comes along unless ret_state is NULL; a zombie ('Z') counts as gone for most callers. */
int proc_start_time(pid_t pid, uint64_t *ret_ticks, char *ret_state, struct error *err);
/* True while the process with that number and start time runs (a zombie does not). */
bool proc_is_alive(pid_t pid, uint64_t start_ticks);
/* A pidfd of the process, if it is still the one that started then. ESRCH otherwise. */
int proc_pidfd(pid_t pid, uint64_t start_ticks, struct error *err);
/* Its directory in procfs, O_PATH, which stays that process's even if another one gets the number. */
int proc_open(pid_t pid, struct error *err);
/* The value of a field of its proc_pid_status(5), such as "NSpid", without the blanks before it; 0 is the caller. False
 * if there is none that fits. */
bool proc_status(pid_t pid, const char *field, char *buf, size_t size);
/* Bit n-1 for each signal n that this process ignores, as its caller may have left it; 0 if procfs does not tell. */
uint64_t proc_ignored_signals(void);
/* The default action for each signal of such a set, where it can be set, and none blocked. */
void proc_reset_signals(uint64_t signals);
/* What a process does that will not die: "123 (dd) is in state D and waits in io_schedule", by the first of its threads
 * in an uninterruptible wait. Returns whether there is one; else the text tells the state of the process. */
bool proc_describe(pid_t pid, char *buf, size_t size);
/* Waits for a child and returns what the shell would say: its exit code, or 128 + signal. -1 and errno. */
int proc_wait(pid_t pid);
/* Waits for the child of that pidfd; ret_info may be NULL. -1 and errno: ECHILD if somebody else has reaped it. */
int proc_reap(int pidfd, siginfo_t *ret_info);
