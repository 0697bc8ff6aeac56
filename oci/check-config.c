/* The rules of config.md: what stands outside of .process and .linux. */
#include "oci/check-rules.h"

#include <ctype.h>
#include <stdio.h>

#include "base/str.h"
#include "base/sys.h"

/* SemVer 2.0.0: three numbers without leading zeros, then identifiers separated by dots after "-", then after "+". */
static bool is_semantic_version(const char *s)
{
	static const char digits[] = "0123456789", marks[] = "-+";
	for (int i = 0; i < 3; i++) {
		size_t len = strspn(s, digits);
		if (len == 0 || (*s == '0' && len > 1) || (i < 2 && s[len] != '.'))
			return false;
		s += len + (i < 2);
	}
	for (const char *mark = marks; *mark; mark++) {
		if (*s != *mark)
			continue;
		do {
			const char *start = ++s;
			while (isalnum((unsigned char)*s) || *s == '-')
				s++;
			if (s == start)
				return false;
		} while (*s == '.');
	}
	return *s == '\0';
}

/* config.md "Specification version": compatibility is promised within a major version. */
void check_version(const struct oci_config *config, struct check *c)
{
	const char *version = config->oci_version;
	(void)at(c, ".ociVersion");
	if (!is_semantic_version(version))
		refuse(c, "write it as 1.3.0", "\"%s\" is not a semantic version", version);
	else if (!str_starts(version, "1."))
		refuse(c, "this runtime honours version 1 of the specification", "version %s is not supported",
			version);
}

void check_platform(const struct oci_config *config, struct check *c)
{
	const struct {
		const char *where, *platform;
		bool seen;
	} others[] = {
		{ ".windows", "Windows", config->has_windows.set },
		{ ".solaris", "Solaris", config->has_solaris.set },
		{ ".zos", "z/OS", config->has_zos.set },
		{ ".freebsd", "FreeBSD", config->has_freebsd.set },
	};
	if (config->has_vm.set)
		refuse(at(c, ".vm"), "this runtime shares the kernel of the host",
			"a container in a virtual machine is not supported");
	/* a bundle with .linux may be meant for several platforms */
	for (size_t i = 0; !config->linux && i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].seen)
			refuse(at(c, "%s", others[i].where), NULL, "the bundle is for %s, not for Linux",
				others[i].platform);
}

void check_root(const struct oci_config *config, struct check *c)
{
	if (!config->root)
		refuse_missing(at(c, ".root"));
	else if (!*config->root->path)
		refuse(at(c, ".root.path"), NULL, "the path is empty");
}

/* sethostname(2), setdomainname(2): at most 64 bytes. An empty name is taken as none. */
static void check_uts_name(const struct oci_config *config, const char *name, struct check *c)
{
	enum { LONGEST = 64 };
	if (!name || !*name)
		return;
	if (strlen(name) > LONGEST)
		refuse(c, NULL, "%zu bytes, the kernel takes at most %d", strlen(name), LONGEST);
	else if (!oci_find_namespace(config, CLONE_NEWUTS))
		refuse_without_namespace(c, CLONE_NEWUTS);
}

void check_names(const struct oci_config *config, struct check *c)
{
	check_uts_name(config, config->hostname, at(c, ".hostname"));
	check_uts_name(config, config->domainname, at(c, ".domainname"));
}

/* True if the path, read without regard to symlinks, ends where it began: "/", "", "/a/..". */
static bool is_root(const char *path)
{
	size_t depth = 0;
	while (*path) {
		size_t len = strcspn(path, "/");
		if (len == 2 && path[0] == '.' && path[1] == '.')
			depth -= depth > 0;
		else if (len > 0 && !(len == 1 && *path == '.'))
			depth++;
		path += len + (path[len] == '/');
	}
	return depth == 0;
}

struct mount_words {
	bool bind;
	long idmap; /* index of the option "idmap" or "ridmap", or -1 */
};

static struct mount_words read_options(const struct oci_mount *mount)
{
	struct mount_words words = { .bind = mount->type && str_eq(mount->type, "bind"), .idmap = -1 };
	for (size_t i = 0; i < mount->options.len; i++) {
		const char *option = mount->options.items[i];
		if (str_eq(option, "bind") || str_eq(option, "rbind"))
			words.bind = true;
		else if (str_eq(option, "idmap") || str_eq(option, "ridmap"))
			words.idmap = (long)i;
	}
	return words;
}

/* What they show belongs to processes, or to the namespace that they show. */
static bool can_be_mapped(const struct oci_mount *mount, struct mount_words words)
{
	static const char *const never[] = { "cgroup", "cgroup2", "devpts", "mqueue", "proc", "sysfs" };
	for (size_t i = 0; mount->type && !words.bind && i < sizeof(never) / sizeof(never[0]); i++)
		if (str_eq(mount->type, never[i]))
			return false;
	return true;
}

/* config.md "POSIX-platform Mounts": the two lists go together. An id-mapped mount has files of its own. */
static void check_mount_mappings(const struct oci_config *config, size_t i, struct mount_words words, struct check *c)
{
	const struct oci_mount *mount = &config->mounts.items[i];
	const struct {
		const char *name, *other;
		const oci_id_mappings *list, *other_list;
	} maps[] = {
		{ "uidMappings", "gidMappings", &mount->uid_mappings, &mount->gid_mappings },
		{ "gidMappings", "uidMappings", &mount->gid_mappings, &mount->uid_mappings },
	};
	bool mapped = mount->uid_mappings.len || mount->gid_mappings.len;
	if (words.idmap >= 0 && !mapped && !oci_find_namespace(config, CLONE_NEWUSER)) {
		refuse(at(c, ".mounts[%zu].options[%ld]", i, words.idmap),
			"give uidMappings and gidMappings, or a \"user\" namespace", "\"%s\" without a mapping",
			mount->options.items[words.idmap]);
		return;
	}
	if (!mapped && words.idmap < 0)
		return;
	if (!can_be_mapped(mount, words)) {
		refuse(at(c, ".mounts[%zu]", i), "binds and tmpfs can", "%s cannot be id-mapped", mount->type);
		return;
	}
	for (size_t k = 0; k < 2; k++) {
		char where[64];
		(void)snprintf(where, sizeof(where), ".mounts[%zu].%s", i, maps[k].name);
		if (!maps[k].list->len && maps[k].other_list->len)
			refuse(at(c, "%s", where), NULL, "required together with %s", maps[k].other);
		check_mappings(maps[k].list, where, c);
	}
}

void check_mounts(const struct oci_config *config, struct check *c)
{
	for (size_t i = 0; i < config->mounts.len; i++) {
		const struct oci_mount *mount = &config->mounts.items[i];
		struct mount_words words = read_options(mount);
		/* a mount on "/" takes the place of the root filesystem; in other words it is a slip */
		if (is_root(mount->destination) && !str_eq(mount->destination, "/"))
			refuse(at(c, ".mounts[%zu].destination", i),
				"the root filesystem is named by .root.path, a mount on it by \"/\"",
				"\"%s\" is the root of the container", mount->destination);
		if (words.bind && (!mount->source || !*mount->source))
			refuse(at(c, ".mounts[%zu].source", i), NULL, "a bind mount needs a source");
		check_mount_mappings(config, i, words, c);
	}
}

void check_hooks(const struct oci_config *config, struct check *c)
{
	static const struct oci_hooks none;
	const struct oci_hooks *hooks = config->hooks ? config->hooks : &none;
	const struct {
		const char *name;
		const oci_hook_list *list;
	} moments[] = {
		{ "prestart", &hooks->prestart },
		{ "createRuntime", &hooks->create_runtime },
		{ "createContainer", &hooks->create_container },
		{ "startContainer", &hooks->start_container },
		{ "poststart", &hooks->poststart },
		{ "poststop", &hooks->poststop },
	};
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		for (size_t j = 0; j < moments[i].list->len; j++) {
			const struct oci_hook *hook = &moments[i].list->items[j];
			char env[64];
			(void)snprintf(env, sizeof(env), ".hooks.%s[%zu].env", moments[i].name, j);
			if (*hook->path != '/')
				refuse_relative(at(c, ".hooks.%s[%zu].path", moments[i].name, j), hook->path);
			check_environment(&hook->env, env, c);
		}
}
