/*
 * hull-systemd: speaks to systemd for hull, by sd-bus. A program of its own, so that hull links no libsystemd.
 *
 *	hull-systemd start system|user UNIT SLICE [SETTING=VALUE | property:NAME=VALUE]...
 *	hull-systemd stop system|user UNIT
 *	hull-systemd set system|user UNIT [SETTING=VALUE]...
 *	hull-systemd attach system|user UNIT CGROUP-BELOW PID
 *
 * A setting is a file of cgroup v2 ("memory.max=1048576"); those that systemd has no property for are passed over, for
 * hull writes them itself. A property is one of systemd's, its value in the text form of a GVariant: 'text', true,
 * uint64 5, ['a', 'b'].
 *
 * Prints "ok PATH" (the unit's cgroup) or "error TEXT". After a start it waits for the end of its standard input: it is
 * the scope's first process, and keeps it from ending before the container is in it.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#define DESTINATION "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER DESTINATION ".Manager"

enum { MAX_CPU_BYTES = 1024, JOB_TIMEOUT_SECONDS = 30 };

static int say_error(const char *what, int status, const sd_bus_error *error)
{
	const char *text = error && error->message ? error->message : strerror(-status);
	(void)printf("error %s: %s\n", what, text);
	return 1;
}

/* The private socket serves where there is no message bus, as in small images; only root may use it. */
static int connect_private(sd_bus **ret, bool user)
{
	char address[300];
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	sd_bus *bus = NULL;
	if (user && !runtime_dir)
		return -ENOENT;
	(void)snprintf(address, sizeof(address), "unix:path=%s/systemd/private", user ? runtime_dir : "/run");
	int status = sd_bus_new(&bus);
	if (status >= 0)
		status = sd_bus_set_address(bus, address);
	if (status >= 0)
		status = sd_bus_start(bus);
	if (status < 0) {
		(void)sd_bus_unref(bus);
		return status;
	}
	*ret = bus;
	return 0;
}

static int connect_bus(sd_bus **ret, bool user)
{
	int status = user ? sd_bus_open_user(ret) : sd_bus_open_system(ret);
	return status >= 0 ? status : connect_private(ret, user);
}

/* How a file of the cgroup becomes a property. */
enum form { NUMBER, QUOTA, CPUS, IO_LIMITS };

static const struct setting {
	const char *file, *property;
	enum form form;
} settings[] = {
	{ "memory.max", "MemoryMax", NUMBER },
	{ "memory.high", "MemoryHigh", NUMBER },
	{ "memory.low", "MemoryLow", NUMBER },
	{ "memory.min", "MemoryMin", NUMBER },
	{ "memory.swap.max", "MemorySwapMax", NUMBER },
	{ "cpu.weight", "CPUWeight", NUMBER },
	{ "cpu.max", "CPUQuota", QUOTA },
	{ "cpuset.cpus", "AllowedCPUs", CPUS },
	{ "cpuset.mems", "AllowedMemoryNodes", CPUS },
	{ "pids.max", "TasksMax", NUMBER },
	{ "io.weight", "IOWeight", NUMBER },
	{ "io.max", "IO", IO_LIMITS },
};

static uint64_t to_number(const char *text)
{
	return strcmp(text, "max") == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

static int append_uint64(sd_bus_message *m, const char *name, uint64_t value)
{
	return sd_bus_message_append(m, "(sv)", name, "t", value);
}

/* "default 50" is io.weight's own way of saying 50. */
static int append_number(sd_bus_message *m, const char *name, const char *value)
{
	if (strncmp(value, "default ", 8) == 0)
		value += 8;
	if (strchr(value, ':')) /* a device's own weight */
		return 0;
	return append_uint64(m, name, to_number(value));
}

/* "QUOTA PERIOD" in microseconds; systemd wants it per second, in steps of a hundredth of a second. */
static int append_quota(sd_bus_message *m, const char *value)
{
	const char *space = strchr(value, ' ');
	uint64_t quota = strncmp(value, "max", 3) == 0 ? UINT64_MAX : strtoull(value, NULL, 10);
	uint64_t period = space ? strtoull(space + 1, NULL, 10) : 100000;
	if (period == 0)
		return -EINVAL;
	if (quota != UINT64_MAX) {
		quota = quota * 1000000 / period;
		quota = (quota + 9999) / 10000 * 10000;
	}
	int status = append_uint64(m, "CPUQuotaPerSecUSec", quota);
	return status < 0 ? status : append_uint64(m, "CPUQuotaPeriodUSec", period);
}

/* "0-3,7" as an array of bytes, the lowest CPU in the lowest bit of the first one. */
static int append_cpus(sd_bus_message *m, const char *name, const char *value)
{
	uint8_t mask[MAX_CPU_BYTES] = { 0 };
	size_t len = 0;
	for (const char *at = value; *at;) {
		char *end;
		unsigned long from = strtoul(at, &end, 10), to = from;
		if (end == at)
			return -EINVAL;
		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		for (unsigned long cpu = from; cpu <= to && cpu < MAX_CPU_BYTES * 8UL; cpu++) {
			mask[cpu / 8] |= (uint8_t)(1U << cpu % 8);
			if (cpu / 8 + 1 > len)
				len = cpu / 8 + 1;
		}
		at = end + (*end == ',' || *end == '\n');
	}
	int status = sd_bus_message_open_container(m, 'r', "sv");
	if (status >= 0)
		status = sd_bus_message_append(m, "s", name);
	if (status >= 0)
		status = sd_bus_message_open_container(m, 'v', "ay");
	if (status >= 0)
		status = sd_bus_message_append_array(m, 'y', mask, len);
	if (status >= 0)
		status = sd_bus_message_close_container(m);
	return status < 0 ? status : sd_bus_message_close_container(m);
}

/* "8:0 rbps=1 wiops=max": a property for each key. */
static int append_io_limits(sd_bus_message *m, const char *value)
{
	static const struct {
		const char *key, *property;
	} keys[] = {
		{ "rbps", "IOReadBandwidthMax" },
		{ "wbps", "IOWriteBandwidthMax" },
		{ "riops", "IOReadIOPSMax" },
		{ "wiops", "IOWriteIOPSMax" },
	};
	char device[64], limit[32];
	unsigned major, minor;
	if (sscanf(value, "%u:%u", &major, &minor) != 2)
		return -EINVAL;
	(void)snprintf(device, sizeof(device), "/dev/block/%u:%u", major, minor);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char pattern[16];
		(void)snprintf(pattern, sizeof(pattern), " %s=", keys[i].key);
		const char *found = strstr(value, pattern);
		if (!found || sscanf(found + strlen(pattern), "%31s", limit) != 1)
			continue;
		int status = sd_bus_message_append(m, "(sv)", keys[i].property, "a(st)", 1, device, to_number(limit));
		if (status < 0)
			return status;
	}
	return 0;
}

static int append_setting(sd_bus_message *m, const char *argument)
{
	const char *equals = strchr(argument, '=');
	if (!equals)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const struct setting *s = &settings[i];
		if (strlen(s->file) != (size_t)(equals - argument) ||
			strncmp(s->file, argument, (size_t)(equals - argument)) != 0)
			continue;
		switch (s->form) {
		case NUMBER:
			return append_number(m, s->property, equals + 1);
		case QUOTA:
			return append_quota(m, equals + 1);
		case CPUS:
			return append_cpus(m, s->property, equals + 1);
		case IO_LIMITS:
			return append_io_limits(m, equals + 1);
		}
	}
	return 0;
}

/* ['a', "b"]: cuts the quoted words out of text, in place. Returns how many, or -1. */
static int cut_words(char *text, char *words[], int max)
{
	int count = 0;
	for (char *at = text + 1; *at && *at != ']';) {
		char quote = *at;
		if (quote != '\'' && quote != '"') {
			at++;
			continue;
		}
		char *end = strchr(at + 1, quote);
		if (!end || count == max)
			return -1;
		*end = '\0';
		words[count++] = at + 1;
		at = end + 1;
	}
	words[count] = NULL;
	return count;
}

static int append_words(sd_bus_message *m, const char *name, char *text)
{
	enum { MAX_WORDS = 64 };
	char *words[MAX_WORDS + 1];
	if (cut_words(text, words, MAX_WORDS) < 0)
		return -EINVAL;
	int status = sd_bus_message_open_container(m, 'r', "sv");
	if (status >= 0)
		status = sd_bus_message_append(m, "s", name);
	if (status >= 0)
		status = sd_bus_message_open_container(m, 'v', "as");
	if (status >= 0)
		status = sd_bus_message_append_strv(m, words);
	if (status >= 0)
		status = sd_bus_message_close_container(m);
	return status < 0 ? status : sd_bus_message_close_container(m);
}

/* A number, with its type before it or not: then it is an int32, as in a GVariant's text. */
static int append_typed_number(sd_bus_message *m, const char *name, const char *text)
{
	static const struct {
		const char *word, *type;
	} types[] = { { "uint64 ", "t" }, { "int64 ", "x" }, { "uint32 ", "u" }, { "int32 ", "i" }, { "@t ", "t" },
		{ "@x ", "x" }, { "@u ", "u" } };
	const char *type = "i";
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strncmp(text, types[i].word, strlen(types[i].word)) == 0) {
			type = types[i].type;
			text += strlen(types[i].word);
		}
	char *end;
	errno = 0;
	uint64_t value = *text == '-' ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
	if (errno || end == text || *end)
		return -EINVAL;
	return *type == 't' || *type == 'x' ? sd_bus_message_append(m, "(sv)", name, type, value) :
					      sd_bus_message_append(m, "(sv)", name, type, (uint32_t)value);
}

/* "RuntimeMaxSec" counts seconds, as in unit files; on the bus it is RuntimeMaxUSec, in microseconds. A name with
 * another letter before "Sec", such as RuntimeMaxUSec, stays. Returns whether the name changed; it grows by a byte. */
static bool is_in_seconds(char *name)
{
	size_t len = strlen(name);
	if (len < 4 || strcmp(name + len - 3, "Sec") != 0 || name[len - 4] < 'a' || name[len - 4] > 'z')
		return false;
	memcpy(name + len - 3, "USec", 5);
	return true;
}

static int append_seconds(sd_bus_message *m, const char *name, const char *text)
{
	const char *number = strrchr(text, ' ') ? strrchr(text, ' ') + 1 : text; /* after its type */
	char *end;
	double seconds = strtod(number, &end);
	if (end == number || *end || !(seconds >= 0 && seconds < 1e12))
		return -EINVAL;
	return sd_bus_message_append(m, "(sv)", name, "t", (uint64_t)(seconds * 1e6));
}

static int append_property(sd_bus_message *m, const char *argument)
{
	char name[128], value[1024];
	const char *equals = strchr(argument, '=');
	if (!equals || (size_t)(equals - argument) >= sizeof(name) - 1 ||
		(size_t)snprintf(value, sizeof(value), "%s", equals + 1) >= sizeof(value))
		return -EINVAL;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(equals - argument), argument);
	size_t len = strlen(value);
	if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
		return sd_bus_message_append(m, "(sv)", name, "b", value[0] == 't');
	if (value[0] == '[')
		return append_words(m, name, value);
	if (len >= 2 && (value[0] == '\'' || value[0] == '"') && value[len - 1] == value[0]) {
		value[len - 1] = '\0';
		return sd_bus_message_append(m, "(sv)", name, "s", value + 1);
	}
	return is_in_seconds(name) ? append_seconds(m, name, value) : append_typed_number(m, name, value);
}

static int append_all(sd_bus_message *m, char **arguments)
{
	for (; *arguments; arguments++) {
		bool is_property = strncmp(*arguments, "property:", 9) == 0;
		int status = is_property ? append_property(m, *arguments + 9) : append_setting(m, *arguments);
		if (status < 0) {
			(void)printf("error %s: %s\n", *arguments, strerror(-status));
			return status;
		}
	}
	return 0;
}

/* The end of one job, which systemd tells by a signal. */
struct job {
	const char *path;
	char result[64];
};

static int on_job_removed(sd_bus_message *m, void *data, sd_bus_error *error)
{
	struct job *job = data;
	const char *path, *unit, *result;
	uint32_t id;
	(void)error;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 && job->path &&
		strcmp(path, job->path) == 0)
		(void)snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

static time_t now(void)
{
	struct timespec time;
	(void)clock_gettime(CLOCK_MONOTONIC, &time); /* cannot fail */
	return time.tv_sec;
}

/* Other jobs' signals do not prolong the wait. */
static int wait_for_job(sd_bus *bus, struct job *job)
{
	time_t end = now() + JOB_TIMEOUT_SECONDS;
	while (!job->result[0]) {
		int status = sd_bus_process(bus, NULL);
		if (status < 0)
			return status;
		time_t left = end - now();
		if (status == 0 && (left <= 0 || (status = sd_bus_wait(bus, (uint64_t)left * 1000000)) <= 0))
			return status < 0 ? status : -ETIMEDOUT;
	}
	return 0;
}

static int subscribe(sd_bus *bus, struct job *job)
{
	/* On the private connection there is no bus to match for us, and no sender to match. */
	int status = sd_bus_match_signal(bus, NULL, NULL, MANAGER_PATH, MANAGER, "JobRemoved", on_job_removed, job);
	if (status < 0)
		return status;
	return sd_bus_call_method(bus, DESTINATION, MANAGER_PATH, MANAGER, "Subscribe", NULL, NULL, NULL);
}

/* Sends a method that returns a job, and waits for its end. */
static int call_job(sd_bus *bus, sd_bus_message *m, struct job *job, sd_bus_error *error)
{
	sd_bus_message *reply = NULL;
	job->result[0] = '\0';
	int status = sd_bus_call(bus, m, 0, error, &reply);
	if (status >= 0)
		status = sd_bus_message_read(reply, "o", &job->path);
	if (status >= 0)
		status = wait_for_job(bus, job);
	job->path = NULL;
	(void)sd_bus_message_unref(reply);
	return status;
}

static int build_start(sd_bus *bus, char **argv, sd_bus_message **ret)
{
	sd_bus_message *m = NULL;
	int status = sd_bus_message_new_method_call(bus, &m, DESTINATION, MANAGER_PATH, MANAGER, "StartTransientUnit");
	if (status >= 0)
		status = sd_bus_message_append(m, "ss", argv[3], "fail");
	if (status >= 0)
		status = sd_bus_message_open_container(m, 'a', "(sv)");
	if (status >= 0)
		status = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "Description", "s", "container of hull",
			"Slice", "s", argv[4], "Delegate", "b", 1, "DefaultDependencies", "b", 0, "PIDs", "au", 1,
			(uint32_t)getpid());
	/* Accounting is what makes the controllers' files be there. */
	if (status >= 0)
		status = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)", "MemoryAccounting", "b", 1, "CPUAccounting", "b",
			1, "TasksAccounting", "b", 1, "IOAccounting", "b", 1);
	if (status >= 0)
		status = append_all(m, argv + 5);
	if (status >= 0)
		status = sd_bus_message_close_container(m);
	if (status >= 0)
		status = sd_bus_message_append(m, "a(sa(sv))", 0);
	if (status < 0) {
		(void)sd_bus_message_unref(m);
		return status;
	}
	*ret = m;
	return 0;
}

static char *unit_property(sd_bus *bus, const char *unit, const char *interface, const char *name)
{
	char *path = NULL, *value = NULL;
	if (sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path) >= 0)
		(void)sd_bus_get_property_string(bus, DESTINATION, path, interface, name, NULL, &value);
	free(path);
	return value;
}

static int stop_unit(sd_bus *bus, const char *unit, struct job *job)
{
	sd_bus_message *m = NULL;
	int status = sd_bus_message_new_method_call(bus, &m, DESTINATION, MANAGER_PATH, MANAGER, "StopUnit");
	if (status >= 0)
		status = sd_bus_message_append(m, "ss", unit, "replace");
	if (status >= 0)
		status = call_job(bus, m, job, NULL);
	(void)sd_bus_message_unref(m);
	/* a failed unit lingers until it is forgotten; one that does not exist is what we want */
	(void)sd_bus_call_method(bus, DESTINATION, MANAGER_PATH, MANAGER, "ResetFailedUnit", NULL, NULL, "s", unit);
	return status;
}

/* A scope that failed, or whose processes are gone, stands in the way of its next life. One that lives is
 * somebody's. */
static bool clear_stale(sd_bus *bus, const char *unit, struct job *job)
{
	char *state = unit_property(bus, unit, DESTINATION ".Unit", "ActiveState");
	bool lives = state && (strcmp(state, "active") == 0 || strcmp(state, "activating") == 0);
	free(state);
	if (lives)
		return false;
	(void)stop_unit(bus, unit, job);
	return true;
}

static int start(sd_bus *bus, char **argv)
{
	struct job job = { .path = NULL };
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int status = subscribe(bus, &job);
	if (status < 0)
		return say_error("subscribe", status, NULL);
	for (int attempt = 0; attempt < 2; attempt++) {
		if (build_start(bus, argv, &m) < 0)
			return 1; /* it said why */
		sd_bus_error_free(&error);
		status = call_job(bus, m, &job, &error);
		m = sd_bus_message_unref(m);
		if (status >= 0 || !sd_bus_error_has_name(&error, DESTINATION ".UnitExists") ||
			!clear_stale(bus, argv[3], &job))
			break;
	}
	if (status < 0)
		return say_error("start the scope", status, &error);
	if (strcmp(job.result, "done") != 0) {
		(void)printf("error start the scope: the job ended as \"%s\"\n", job.result);
		return 1;
	}
	char *path = unit_property(bus, argv[3], DESTINATION ".Scope", "ControlGroup");
	if (!path || *path != '/') {
		(void)printf("error the scope has no cgroup\n");
		return 1;
	}
	(void)printf("ok %s\n", path);
	(void)fflush(stdout);
	ssize_t n;
	char ignored;
	do
		n = read(0, &ignored, 1);
	while (n > 0 || (n < 0 && errno == EINTR));
	return 0;
}

static int stop(sd_bus *bus, char **argv)
{
	struct job job = { .path = NULL };
	int status = subscribe(bus, &job);
	if (status < 0)
		return say_error("subscribe", status, NULL);
	(void)stop_unit(bus, argv[3], &job); /* gone is what we want */
	(void)printf("ok stopped\n");
	return 0;
}

static int set(sd_bus *bus, char **argv)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int status = sd_bus_message_new_method_call(bus, &m, DESTINATION, MANAGER_PATH, MANAGER, "SetUnitProperties");
	if (status >= 0)
		status = sd_bus_message_append(m, "sb", argv[3], 1); /* for this run of the machine */
	if (status >= 0)
		status = sd_bus_message_open_container(m, 'a', "(sv)");
	if (status >= 0 && append_all(m, argv + 4) < 0)
		return 1;
	if (status >= 0)
		status = sd_bus_message_close_container(m);
	if (status >= 0)
		status = sd_bus_call(bus, m, 0, &error, NULL);
	(void)sd_bus_message_unref(m);
	if (status < 0)
		return say_error("set the unit's properties", status, &error);
	(void)printf("ok set\n");
	return 0;
}

static int attach(sd_bus *bus, char **argv)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int status = sd_bus_call_method(bus, DESTINATION, MANAGER_PATH, MANAGER, "AttachProcessesToUnit", &error, NULL,
		"ssau", argv[3], argv[4], 1, (uint32_t)strtoul(argv[5], NULL, 10));
	if (status < 0)
		return say_error("move the process into the scope", status, &error);
	(void)printf("ok attached\n");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int operands;
		int (*run)(sd_bus *, char **);
	} verbs[] = { { "start", 5, start }, { "stop", 4, stop }, { "set", 4, set }, { "attach", 6, attach } };
	for (size_t i = 0; argc >= 2 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].name) != 0 || argc < verbs[i].operands)
			continue;
		sd_bus *bus = NULL;
		int status = connect_bus(&bus, strcmp(argv[2], "user") == 0);
		if (status < 0)
			return say_error("connect to systemd", status, NULL);
		status = verbs[i].run(bus, argv);
		(void)sd_bus_unref(bus);
		return status;
	}
	(void)fputs("usage: hull-systemd start|stop|set|attach system|user UNIT [SLICE] [SETTING=VALUE]...\n", stderr);
	return 2;
}
