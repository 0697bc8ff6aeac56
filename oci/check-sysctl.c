/* .linux.sysctl: only what belongs to a namespace of the container may be set. */
#include "oci/check-rules.h"

#include <stdio.h>
#include <string.h>

#include "base/defences.h"
#include "base/str.h"
#include "base/sys.h"

bool oci_sysctl_path(const char *name, char *ret, size_t size)
{
	size_t len = strlen(name);
	const char *first = strpbrk(name, "./");
	bool swap = first && *first == '.';
	size_t component = 0; /* where it begins */
	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i <= len; i++) {
		char c = name[i];
		if (swap && (c == '.' || c == '/'))
			c = c == '.' ? '/' : '.';
		ret[i] = c;
		if (c != '/' && c != '\0')
			continue;
		size_t n = i - component;
		const char *text = ret + component;
		if (n == 0 || (n == 1 && text[0] == '.') || (n == 2 && text[0] == '.' && text[1] == '.'))
			return false;
		component = i + 1;
	}
	return true;
}

/* namespaces(7), ipc_namespaces(7). A name that ends with "/" stands for everything below it. */
static const struct {
	const char *name;
	int64_t type;
	const char *type_name;
} allowed[] = {
	{ "net/", CLONE_NEWNET, "network" },
	{ "fs/mqueue/", CLONE_NEWIPC, "ipc" },
	{ "kernel/msgmax", CLONE_NEWIPC, "ipc" },
	{ "kernel/msgmnb", CLONE_NEWIPC, "ipc" },
	{ "kernel/msgmni", CLONE_NEWIPC, "ipc" },
	{ "kernel/sem", CLONE_NEWIPC, "ipc" },
	{ "kernel/shmall", CLONE_NEWIPC, "ipc" },
	{ "kernel/shmmax", CLONE_NEWIPC, "ipc" },
	{ "kernel/shmmni", CLONE_NEWIPC, "ipc" },
	{ "kernel/shm_rmid_forced", CLONE_NEWIPC, "ipc" },
	{ "kernel/domainname", CLONE_NEWUTS, "uts" },
	{ "user/", CLONE_NEWUSER, "user" },
};

static bool matches(const char *path, const char *name)
{
	size_t len = strlen(name);
	return name[len - 1] == '/' ? strncmp(path, name, len) == 0 : str_eq(path, name);
}

int64_t oci_sysctl_namespace(const char *name)
{
	char path[256];
	if (!oci_sysctl_path(name, path, sizeof(path)))
		return 0;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (matches(path, allowed[i].name))
			return allowed[i].type;
	return 0;
}

static int check_entry(const struct oci_config *config, const struct oci_pair *entry, struct check *c)
{
	static const char where[] = ".linux.sysctl";
	char path[256];
	if (!oci_sysctl_path(entry->key, path, sizeof(path))) {
		fail(check_at_key(c, where, entry->key), 0, "is not the name of a kernel parameter");
		return error_hint(&c->error, "write it as net.ipv4.ip_forward");
	}
	if (strchr(entry->value, '\n'))
		return fail(check_at_key(c, where, entry->key), 0, "the value has more than one line");
	if (str_eq(path, "kernel/hostname")) {
		fail(check_at_key(c, where, entry->key), 0, "is set by another property");
		return error_hint(&c->error, "use .hostname");
	}
	if (defence_is_off("sysctl"))
		return 0;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (!matches(path, allowed[i].name))
			continue;
		if (oci_find_namespace(config, allowed[i].type))
			return 0;
		return fail_needs_namespace(check_at_key(c, where, entry->key), allowed[i].type_name);
	}
	fail(check_at_key(c, where, entry->key), 0, "belongs to no namespace: it would be set on the host");
	return error_hint(&c->error,
		"allowed are net.*, fs.mqueue.*, user.* and of kernel: domainname, msgmax, msgmnb, "
		"msgmni, sem, shmall, shmmax, shmmni, shm_rmid_forced");
}

int check_sysctl(const struct oci_config *config, struct check *c)
{
	LIST_EACH (&config->linux->sysctl, entry)
		if (check_ends(c, check_entry(config, entry, c)))
			return -1;
	return 0;
}
