#include "oci/words.h"

#include <linux/audit.h>
#include <linux/mempolicy.h>
#include <linux/seccomp.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "base/sys.h"
#include "oci/config.h"

/* Linux 5.19, for which older headers are used too. */
#ifndef AUDIT_ARCH_LOONGARCH64
#define AUDIT_ARCH_LOONGARCH64 0xc0000102u
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* clang-format off */

const struct word oci_namespace_words[] = {
	{ "pid",     CLONE_NEWPID },
	{ "network", CLONE_NEWNET },
	{ "mount",   CLONE_NEWNS },
	{ "ipc",     CLONE_NEWIPC },
	{ "uts",     CLONE_NEWUTS },
	{ "user",    CLONE_NEWUSER },
	{ "cgroup",  CLONE_NEWCGROUP },
	{ "time",    CLONE_NEWTIME },
	{ NULL },
};

const struct word oci_propagation_words[] = {
	{ "private",     MS_PRIVATE },
	{ "shared",      MS_SHARED },
	{ "slave",       MS_SLAVE },
	{ "unbindable",  MS_UNBINDABLE },
	{ "rprivate",    MS_PRIVATE | MS_REC },
	{ "rshared",     MS_SHARED | MS_REC },
	{ "rslave",      MS_SLAVE | MS_REC },
	{ "runbindable", MS_UNBINDABLE | MS_REC },
	{ NULL },
};

const struct word oci_rlimit_words[] = {
	{ "RLIMIT_AS",         RLIMIT_AS },
	{ "RLIMIT_CORE",       RLIMIT_CORE },
	{ "RLIMIT_CPU",        RLIMIT_CPU },
	{ "RLIMIT_DATA",       RLIMIT_DATA },
	{ "RLIMIT_FSIZE",      RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS",      RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK",    RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE",   RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE",       RLIMIT_NICE },
	{ "RLIMIT_NOFILE",     RLIMIT_NOFILE },
	{ "RLIMIT_NPROC",      RLIMIT_NPROC },
	{ "RLIMIT_RSS",        RLIMIT_RSS },
	{ "RLIMIT_RTPRIO",     RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME",     RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK",      RLIMIT_STACK },
	{ NULL },
};

const struct word oci_scheduler_policy_words[] = {
	{ "SCHED_OTHER",    SCHED_NORMAL },
	{ "SCHED_FIFO",     SCHED_FIFO },
	{ "SCHED_RR",       SCHED_RR },
	{ "SCHED_BATCH",    SCHED_BATCH },
	{ "SCHED_ISO",      OCI_SCHED_ISO },
	{ "SCHED_IDLE",     SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
	{ NULL },
};

const struct word oci_scheduler_flag_words[] = {
	{ "SCHED_FLAG_RESET_ON_FORK",  SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM",        SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN",     SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY",    SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS",    SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
	{ NULL },
};

const struct word oci_io_priority_words[] = {
	{ "IOPRIO_CLASS_RT",   1 },
	{ "IOPRIO_CLASS_BE",   2 },
	{ "IOPRIO_CLASS_IDLE", 3 },
	{ NULL },
};

/* Numbers of an enum in linux/mempolicy.h, where older headers lack the last two (5.15, 6.9). */
const struct word oci_memory_policy_words[] = {
	{ "MPOL_DEFAULT",             0 },
	{ "MPOL_PREFERRED",           1 },
	{ "MPOL_BIND",                2 },
	{ "MPOL_INTERLEAVE",          3 },
	{ "MPOL_LOCAL",               4 },
	{ "MPOL_PREFERRED_MANY",      5 },
	{ "MPOL_WEIGHTED_INTERLEAVE", 6 },
	{ NULL },
};

const struct word oci_memory_policy_flag_words[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES",   MPOL_F_STATIC_NODES },
	{ NULL },
};

const struct word oci_personality_words[] = {
	{ "LINUX",   PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
	{ NULL },
};

const struct word oci_seccomp_action_words[] = {
	{ "SCMP_ACT_KILL_THREAD",  OCI_ACT_KILL_THREAD },
	{ "SCMP_ACT_KILL",         OCI_ACT_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", OCI_ACT_KILL_PROCESS },
	{ "SCMP_ACT_TRAP",         OCI_ACT_TRAP },
	{ "SCMP_ACT_ERRNO",        OCI_ACT_ERRNO },
	{ "SCMP_ACT_TRACE",        OCI_ACT_TRACE },
	{ "SCMP_ACT_ALLOW",        OCI_ACT_ALLOW },
	{ "SCMP_ACT_LOG",          OCI_ACT_LOG },
	{ "SCMP_ACT_NOTIFY",       OCI_ACT_NOTIFY },
	{ NULL },
};

/* libseccomp defines its SCMP_ARCH_* as these numbers of the kernel. */
const struct word oci_seccomp_arch_words[] = {
	{ "SCMP_ARCH_X86",         AUDIT_ARCH_I386 },
	{ "SCMP_ARCH_X86_64",      AUDIT_ARCH_X86_64 },
	{ "SCMP_ARCH_X32",         EM_X86_64 | __AUDIT_ARCH_LE },
	{ "SCMP_ARCH_ARM",         AUDIT_ARCH_ARM },
	{ "SCMP_ARCH_AARCH64",     AUDIT_ARCH_AARCH64 },
	{ "SCMP_ARCH_LOONGARCH64", AUDIT_ARCH_LOONGARCH64 },
	{ "SCMP_ARCH_M68K",        AUDIT_ARCH_M68K },
	{ "SCMP_ARCH_MIPS",        AUDIT_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64",      AUDIT_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32",   AUDIT_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL",      AUDIT_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64",    AUDIT_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", AUDIT_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PPC",         AUDIT_ARCH_PPC },
	{ "SCMP_ARCH_PPC64",       AUDIT_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE",     AUDIT_ARCH_PPC64LE },
	{ "SCMP_ARCH_S390",        AUDIT_ARCH_S390 },
	{ "SCMP_ARCH_S390X",       AUDIT_ARCH_S390X },
	{ "SCMP_ARCH_SH",          AUDIT_ARCH_SHEL },
	{ "SCMP_ARCH_SHEB",        AUDIT_ARCH_SH },
	{ "SCMP_ARCH_PARISC",      AUDIT_ARCH_PARISC },
	{ "SCMP_ARCH_PARISC64",    AUDIT_ARCH_PARISC64 },
	{ "SCMP_ARCH_RISCV64",     AUDIT_ARCH_RISCV64 },
	{ NULL },
};

/* enum scmp_compare of libseccomp. */
const struct word oci_seccomp_operator_words[] = {
	{ "SCMP_CMP_NE",        1 },
	{ "SCMP_CMP_LT",        2 },
	{ "SCMP_CMP_LE",        3 },
	{ "SCMP_CMP_EQ",        4 },
	{ "SCMP_CMP_GE",        5 },
	{ "SCMP_CMP_GT",        6 },
	{ "SCMP_CMP_MASKED_EQ", 7 },
	{ NULL },
};

const struct word oci_seccomp_flag_words[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC",              SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG",                SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW",         SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	{ NULL },
};
