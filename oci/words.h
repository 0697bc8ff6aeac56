/*
 * The words of the specification, with the kernel's or libseccomp's number for each.
 *
 *	assert(word_find(oci_namespace_words, "pid")->value == CLONE_NEWPID);
 *
 * Each table ends with a NULL name. If two words share a number, the preferred word comes first.
 */
#pragma once

#include "base/str.h"

extern const struct word oci_namespace_words[];        /* CLONE_NEW* */
extern const struct word oci_propagation_words[];      /* MS_SHARED, ..., with MS_REC in the r-forms */
extern const struct word oci_rlimit_words[];           /* RLIMIT_* */
enum { OCI_SCHED_ISO = 4 };                            /* sched.h reserves the number; the kernel has no such policy */
extern const struct word oci_scheduler_policy_words[]; /* SCHED_* */
extern const struct word oci_scheduler_flag_words[];   /* SCHED_FLAG_* */
extern const struct word oci_io_priority_words[];      /* IOPRIO_CLASS_*: 1 RT, 2 BE, 3 IDLE */
extern const struct word oci_memory_policy_words[];    /* MPOL_* */
extern const struct word oci_memory_policy_flag_words[]; /* MPOL_F_* */
extern const struct word oci_personality_words[];        /* PER_LINUX, PER_LINUX32 */
extern const struct word oci_seccomp_action_words[];     /* enum oci_seccomp_action */
extern const struct word oci_seccomp_arch_words[];       /* SCMP_ARCH_* */
extern const struct word oci_seccomp_operator_words[];   /* SCMP_CMP_* */
extern const struct word oci_seccomp_flag_words[];       /* SECCOMP_FILTER_FLAG_* */
