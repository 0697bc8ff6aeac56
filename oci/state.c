#include "oci/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "oci/json-read.h"
#include "oci/json-write.h"

#define ROW_VERSION(s) \
	STRING(s, oci_version, "ociVersion", REQUIRED, "version of the specification that the state complies with")
#define ROW_ID(s) STRING(s, id, "id", REQUIRED, "name of the container, unique on the host")
#define ROW_BUNDLE(s) STRING(s, bundle, "bundle", REQUIRED, "absolute path of the bundle's directory")
#define ROW_ROOTFS(s) STRING(s, rootfs, "rootfs", 0, "absolute path of the root filesystem")
#define ROW_CREATED(s) STRING(s, created, "created", 0, "time of creation as RFC 3339 writes it, in UTC")
#define ROW_ANNOTATIONS(s) MAP(s, annotations, "annotations", 0, "annotations of the container's configuration")

static const struct property exit_properties[] = {
	INT(struct oci_exit, status, "status", 0, 0, 255, "exit status, 128 + n for signal n"),
	STRING(struct oci_exit, signal, "signal", 0, "name of the signal that ended it"),
};
static const struct schema oci_exit_schema = SCHEMA(oci_exit, exit_properties);

static const struct property used_properties[] = {
	UINT(struct oci_used, oom_kills, "oomKills", 0, UINT64_MAX, "processes killed for want of memory"),
	UINT(struct oci_used, memory_peak, "memoryPeak", 0, UINT64_MAX, "most memory in use, in bytes"),
	UINT(struct oci_used, cpu_time, "cpuTime", 0, UINT64_MAX, "CPU time in microseconds"),
	UINT(struct oci_used, cpu_user, "cpuUser", 0, UINT64_MAX, "of which in user mode"),
	UINT(struct oci_used, cpu_system, "cpuSystem", 0, UINT64_MAX, "of which in the kernel"),
};
static const struct schema oci_used_schema = SCHEMA(oci_used, used_properties);

#define ROW_EXIT(s) INLINE(s, exit, oci_exit, "exit", 0, "how init ended, if the runtime saw it")

#define ROW_PID                                            \
	INT(struct oci_state, pid, "pid", 0, 0, INT32_MAX, \
		"process id of init as the runtime sees it, or 0 if there is none")
#define ROW_STATUS STRING(struct oci_state, status, "status", REQUIRED, "creating, created, running, stopped or paused")
#define ROW_OWNER STRING(struct oci_state, owner, "owner", 0, "user who created it")

static const struct property state_properties[] = { ROW_VERSION(struct oci_state), ROW_ID(struct oci_state), ROW_PID,
	ROW_STATUS, ROW_BUNDLE(struct oci_state), ROW_ROOTFS(struct oci_state), ROW_CREATED(struct oci_state),
	STRING(struct oci_state, scope, "systemd-scope", 0, "systemd's unit of the container's cgroup"), ROW_OWNER,
	ROW_ANNOTATIONS(struct oci_state), ROW_EXIT(struct oci_state),
	INLINE(struct oci_state, resources, oci_used, "resources", 0, "what a stopped container used") };
const struct schema oci_state_schema = SCHEMA(oci_state, state_properties);

static const struct property state_short_properties[] = { ROW_ID(struct oci_state), ROW_PID, ROW_STATUS,
	ROW_BUNDLE(struct oci_state), ROW_CREATED(struct oci_state), ROW_OWNER };
const struct schema oci_state_short_schema = SCHEMA(oci_state, state_short_properties);

/* config-linux.md "The Container Process State" */
struct oci_process_state {
	const char *oci_version;
	oci_strings fds; /* names of the descriptors that go with the message */
	struct oci_int pid;
	const char *metadata;
	struct oci_state state;
};

static const struct property process_state_properties[] = { ROW_VERSION(struct oci_process_state),
	STRINGS(struct oci_process_state, fds, "fds", 0, "names of the descriptors sent along"),
	INT(struct oci_process_state, pid, "pid", REQUIRED, 0, INT32_MAX, "process id as the runtime sees it"),
	STRING(struct oci_process_state, metadata, "metadata", 0, "listenerMetadata of the filter"),
	INLINE(struct oci_process_state, state, oci_state, "state", REQUIRED, "state of the container") };
static const struct schema process_state_schema = SCHEMA(oci_process_state, process_state_properties);

static const struct property record_properties[] = { ROW_VERSION(struct oci_record), ROW_ID(struct oci_record),
	ROW_BUNDLE(struct oci_record), ROW_ROOTFS(struct oci_record), ROW_CREATED(struct oci_record),
	UINT(struct oci_record, owner, "owner", REQUIRED, UINT32_MAX, "user id of the creator"),
	INT(struct oci_record, pid, "pid", REQUIRED, 0, INT32_MAX, "process id of init"),
	UINT(struct oci_record, pid_start, "pidStart", REQUIRED, UINT64_MAX,
		"start time of init in clock ticks since boot"),
	STRING(struct oci_record, cgroup_path, "cgroupPath", 0, "cgroup, relative to the cgroup2 mount"),
	UINT(struct oci_record, cgroup_components, "cgroupComponents", 0, UINT32_MAX,
		"how many of the last components of cgroupPath were made for the container"),
	BOOL(struct oci_record, systemd_cgroup, "systemdCgroup", 0, "true if systemd made the cgroup as a scope"),
	STRING(struct oci_record, intel_rdt_group, "intelRdtGroup", 0,
		"resctrl directory that was made for the container"),
	BOOL(struct oci_record, creating, "creating", 0, "true while create is at work"),
	BOOL(struct oci_record, terminal, "terminal", 0, "true if init has a terminal"),
	BOOL(struct oci_record, no_process, "noProcess", 0, "true if the configuration has no process"),
	BOOL(struct oci_record, has_poststart, "hasPoststart", 0, "true if the configuration has poststart hooks"),
	BOOL(struct oci_record, has_poststop, "hasPoststop", 0, "true if the configuration has poststop hooks"),
	ROW_ANNOTATIONS(struct oci_record), ROW_EXIT(struct oci_record) };
const struct schema oci_record_schema = SCHEMA(oci_record, record_properties);

/* A copy with the properties that are always printed. */
static struct oci_state complete(const struct oci_state *state)
{
	struct oci_state whole = *state;
	if (!whole.oci_version)
		whole.oci_version = OCI_VERSION;
	if (!whole.pid.set)
		whole.pid = (struct oci_int){ true, 0 };
	return whole;
}

char *oci_state_json(struct arena *arena, const struct oci_state *state, bool pretty, size_t *ret_len)
{
	struct oci_state whole = complete(state);
	return json_write(arena, &oci_state_schema, &whole, pretty, ret_len);
}

char *oci_process_state_json(
	struct arena *arena, const struct oci_state *state, int64_t pid, const char *metadata, size_t *ret_len)
{
	const char *fds[] = { "seccompFd", NULL };
	struct oci_process_state message = {
		.oci_version = OCI_VERSION,
		.fds = { .items = fds, .len = 1 },
		.pid = { true, pid },
		.metadata = metadata,
		.state = complete(state),
	};
	return json_write(arena, &process_state_schema, &message, false, ret_len);
}

int oci_record_read(struct arena *arena, int dirfd, struct oci_record *ret_record, struct error *err)
{
	FD(fd) = openat(dirfd, OCI_RECORD_NAME, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, errno, "open %s", OCI_RECORD_NAME);
	return oci_record_read_fd(arena, fd, ret_record, err);
}

int oci_record_read_fd(struct arena *arena, int fd, struct oci_record *ret_record, struct error *err)
{
	static const struct json_source source = { .name = OCI_RECORD_NAME };
	struct oci_record record = { 0 };
	char *text;
	ssize_t len = read_fd(arena, fd, OCI_RECORD_NAME, JSON_MAX_SIZE, &text, err);
	if (len <= 0)
		return len < 0 ? -1 : fail(err, ENODATA, "read %s", OCI_RECORD_NAME);
	if (json_read(arena, &source, &oci_record_schema, text, (size_t)len, &record, err) < 0)
		return -1;
	*ret_record = record;
	return 0;
}

static int write_record(struct arena *arena, int dirfd, const char *name, int flags, const struct oci_record *record)
{
	struct oci_record whole = *record;
	size_t len;
	if (!whole.oci_version)
		whole.oci_version = OCI_VERSION;
	const char *text = json_write(arena, &oci_record_schema, &whole, false, &len);
	FD(fd) = openat(dirfd, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	return fd < 0 ? -1 : write_all(fd, text, len);
}

int oci_record_make(struct arena *arena, int dirfd, const struct oci_record *record, struct error *err)
{
	return write_record(arena, dirfd, OCI_RECORD_NAME, O_EXCL, record) < 0 ?
		       fail(err, errno, "write %s", OCI_RECORD_NAME) :
		       0;
}

int oci_record_write(struct arena *arena, int dirfd, const struct oci_record *record, struct error *err)
{
	static const char temporary[] = "." OCI_RECORD_NAME;
	if (write_record(arena, dirfd, temporary, O_TRUNC, record) == 0 &&
		renameat(dirfd, temporary, dirfd, OCI_RECORD_NAME) == 0)
		return 0;
	int saved = errno;
	(void)unlinkat(dirfd, temporary, 0); /* the first error is the one to report */
	return fail(err, saved, "write %s", OCI_RECORD_NAME);
}
