/* .linux.sysctl: only what belongs to a namespace of the container may be set. */
#include "oci/check-rules.h"

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
static const struct word allowed[] = {
	{ "net/", CLONE_NEWNET },
	{ "fs/mqueue/", CLONE_NEWIPC },
	{ "kernel/msgmax", CLONE_NEWIPC },
	{ "kernel/msgmnb", CLONE_NEWIPC },
	{ "kernel/msgmni", CLONE_NEWIPC },
	{ "kernel/sem", CLONE_NEWIPC },
	{ "kernel/shmall", CLONE_NEWIPC },
	{ "kernel/shmmax", CLONE_NEWIPC },
	{ "kernel/shmmni", CLONE_NEWIPC },
	{ "kernel/shm_rmid_forced", CLONE_NEWIPC },
	{ "kernel/domainname", CLONE_NEWUTS },
	{ "user/", CLONE_NEWUSER },
	{ NULL },
};

static bool matches(const char *path, const char *name)
{
	size_t len = strlen(name);
	return name[len - 1] == '/' ? strncmp(path, name, len) == 0 : str_eq(path, name);
}

/* The type of the namespace to which the path belongs, or 0. */
static int64_t namespace_of(const char *path)
{
	const struct word *row = allowed;
	while (row->name && !matches(path, row->name))
		row++;
	return row->value;
}

int64_t oci_sysctl_namespace(const char *name)
{
	char path[256];
	return oci_sysctl_path(name, path, sizeof(path)) ? namespace_of(path) : 0;
}

static void check_entry(const struct oci_config *config, const struct oci_pair *entry, struct check *c)
{
	char path[256];
	(void)at_key(c, ".linux.sysctl", entry->key);
	if (!oci_sysctl_path(entry->key, path, sizeof(path))) {
		refuse(c, "write it as net.ipv4.ip_forward", "is not the name of a kernel parameter");
		return;
	}
	int64_t type = namespace_of(path);
	if (strchr(entry->value, '\n'))
		refuse(c, NULL, "the value has more than one line");
	else if (str_eq(path, "kernel/hostname"))
		refuse(c, "use .hostname", "is set by another property");
	else if (str_eq(path, "kernel/domainname") && config->domainname && *config->domainname)
		refuse(c, "leave one of them out", "is set by .domainname, too");
	else if (defence_is_off("sysctl"))
		return;
	else if (!type)
		refuse(c,
			"allowed are net.*, fs.mqueue.*, user.* and of kernel: domainname, msgmax, msgmnb, msgmni, "
			"sem, "
			"shmall, shmmax, shmmni, shm_rmid_forced",
			"belongs to no namespace: it would be set on the host");
	else if (!oci_find_namespace(config, type))
		refuse_without_namespace(c, type);
}

void check_sysctl(const struct oci_config *config, struct check *c)
{
	LIST_EACH (&config->linux->sysctl, entry)
		check_entry(config, entry, c);
}
