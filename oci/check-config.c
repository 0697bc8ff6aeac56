/* The rules of config.md: what stands outside of .process and .linux. */
#include "oci/check-rules.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/sys.h"

/* One of the three numbers of SemVer 2.0.0: digits without a leading zero. Moves past it. */
static bool take_number(const char **text)
{
	const char *s = *text;
	if (!isdigit((unsigned char)*s) || (s[0] == '0' && isdigit((unsigned char)s[1])))
		return false;
	while (isdigit((unsigned char)*s))
		s++;
	*text = s;
	return true;
}

/* Identifiers with dots between them, none empty: what follows "-" or "+". Moves past them. */
static bool take_identifiers(const char **text)
{
	const char *s = *text, *start = s;
	for (;; s++) {
		if (isalnum((unsigned char)*s) || *s == '-')
			continue;
		if (s == start)
			return false;
		if (*s != '.')
			break;
		start = s + 1;
	}
	*text = s;
	return true;
}

static bool is_semantic_version(const char *s)
{
	for (int i = 0; i < 3; i++) {
		if (i > 0 && *s++ != '.')
			return false;
		if (!take_number(&s))
			return false;
	}
	if (*s == '-' && (s++, !take_identifiers(&s)))
		return false;
	if (*s == '+' && (s++, !take_identifiers(&s)))
		return false;
	return *s == '\0';
}

/* config.md "Specification version": compatibility is promised within a major version. */
static int check_version(const struct oci_config *config, struct check *c)
{
	const char *version = config->oci_version;
	if (!version)
		return fail_missing(check_at(c, ".ociVersion"));
	if (!is_semantic_version(version)) {
		fail(check_at(c, ".ociVersion"), 0, "\"%s\" is not a semantic version", version);
		return error_hint(&c->error, "write it as 1.3.0");
	}
	if (str_starts(version, "1."))
		return 0;
	fail(check_at(c, ".ociVersion"), 0, "version %s is not supported", version);
	return error_hint(&c->error, "this runtime honours version 1 of the specification");
}

static int check_platform(const struct oci_config *config, struct check *c)
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
	if (config->has_vm.set) {
		fail(check_at(c, ".vm"), 0, "a container in a virtual machine is not supported");
		return error_hint(&c->error, "this runtime shares the kernel of the host");
	}
	if (config->linux)
		return 0; /* one bundle may be meant for several platforms */
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].seen)
			return fail(check_at(c, "%s", others[i].where), 0, "the bundle is for %s, not for Linux",
				others[i].platform);
	return 0;
}

static int check_root(const struct oci_config *config, struct check *c)
{
	if (!config->root)
		return fail_missing(check_at(c, ".root"));
	if (!config->root->path)
		return fail_missing(check_at(c, ".root.path"));
	if (!*config->root->path)
		return fail(check_at(c, ".root.path"), 0, "the path is empty");
	return 0;
}

/* sethostname(2), setdomainname(2): at most 64 bytes. An empty name is taken as none. */
static int check_uts_name(const struct oci_config *config, const char *name, const char *where, struct check *c)
{
	enum { LONGEST = 64 };
	if (!name || !*name)
		return 0;
	if (strlen(name) > LONGEST)
		return fail(
			check_at(c, "%s", where), 0, "%zu bytes, the kernel takes at most %d", strlen(name), LONGEST);
	if (!oci_find_namespace(config, CLONE_NEWUTS))
		return fail_needs_namespace(check_at(c, "%s", where), "uts");
	return 0;
}

static int check_names(const struct oci_config *config, struct check *c)
{
	if (check_ends(c, check_uts_name(config, config->hostname, ".hostname", c)))
		return -1;
	return check_uts_name(config, config->domainname, ".domainname", c);
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

/* config.md "POSIX-platform Mounts": the two go together; MOUNT_ATTR_IDMAP needs a mount with
 * files of its own. */
static int check_mount_mappings(const struct oci_config *config, const struct oci_mount *mount, size_t i,
	struct mount_words words, struct check *c)
{
	bool uids = mount->uid_mappings.len > 0, gids = mount->gid_mappings.len > 0;
	char where[64];
	if (words.idmap >= 0 && !uids && !gids && !oci_find_namespace(config, CLONE_NEWUSER)) {
		fail(check_at(c, ".mounts[%zu].options[%ld]", i, words.idmap), 0, "\"%s\" without a mapping",
			mount->options.items[words.idmap]);
		return error_hint(&c->error, "give uidMappings and gidMappings, or a \"user\" namespace");
	}
	if (!uids && !gids && words.idmap < 0)
		return 0;
	if (!can_be_mapped(mount, words)) {
		fail(check_at(c, ".mounts[%zu]", i), 0, "%s cannot be id-mapped", mount->type);
		return error_hint(&c->error, "binds and tmpfs can");
	}
	if (uids != gids &&
		check_ends(c, fail(check_at(c, ".mounts[%zu].%s", i, uids ? "gidMappings" : "uidMappings"), 0,
				      "required together with %s", uids ? "uidMappings" : "gidMappings")))
		return -1;
	(void)snprintf(where, sizeof(where), ".mounts[%zu].uidMappings", i);
	if (check_ends(c, check_mappings(&mount->uid_mappings, where, c)))
		return -1;
	(void)snprintf(where, sizeof(where), ".mounts[%zu].gidMappings", i);
	return check_mappings(&mount->gid_mappings, where, c);
}

static int check_destination(const struct oci_mount *mount, size_t i, struct check *c)
{
	if (!mount->destination)
		return fail_missing(check_at(c, ".mounts[%zu].destination", i));
	if (!is_root(mount->destination))
		return 0;
	fail(check_at(c, ".mounts[%zu].destination", i), 0, "\"%s\" is the root of the container", mount->destination);
	return error_hint(&c->error, "the root filesystem is named by .root.path");
}

static int check_source(const struct oci_mount *mount, size_t i, struct mount_words words, struct check *c)
{
	if (words.bind && (!mount->source || !*mount->source))
		return fail(check_at(c, ".mounts[%zu].source", i), 0, "a bind mount needs a source");
	return 0;
}

static int check_mounts(const struct oci_config *config, struct check *c)
{
	for (size_t i = 0; i < config->mounts.len; i++) {
		const struct oci_mount *mount = &config->mounts.items[i];
		struct mount_words words = read_options(mount);
		if (check_ends(c, check_destination(mount, i, c)) || check_ends(c, check_source(mount, i, words, c)) ||
			check_ends(c, check_mount_mappings(config, mount, i, words, c)))
			return -1;
	}
	return 0;
}

static int check_hook(const struct oci_hook *hook, const char *where, struct check *c)
{
	char env[64];
	if (check_ends(c, check_absolute(hook->path, c, "%s.path", where)))
		return -1;
	if (hook->timeout.set && hook->timeout.value <= 0 &&
		check_ends(c, fail(check_at(c, "%s.timeout", where), 0, "%lld seconds: a timeout is more than zero",
				      (long long)hook->timeout.value)))
		return -1;
	(void)snprintf(env, sizeof(env), "%s.env", where);
	return check_environment(&hook->env, env, c);
}

static int check_hooks(const struct oci_config *config, struct check *c)
{
	if (!config->hooks)
		return 0;
	const struct {
		const char *name;
		const oci_hook_list *list;
	} moments[] = {
		{ "prestart", &config->hooks->prestart },
		{ "createRuntime", &config->hooks->create_runtime },
		{ "createContainer", &config->hooks->create_container },
		{ "startContainer", &config->hooks->start_container },
		{ "poststart", &config->hooks->poststart },
		{ "poststop", &config->hooks->poststop },
	};
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		for (size_t j = 0; j < moments[i].list->len; j++) {
			char where[48];
			(void)snprintf(where, sizeof(where), ".hooks.%s[%zu]", moments[i].name, j);
			if (check_ends(c, check_hook(&moments[i].list->items[j], where, c)))
				return -1;
		}
	return 0;
}

/* config.md "Annotations": a key must not be empty. */
static int check_annotations(const struct oci_config *config, struct check *c)
{
	LIST_EACH (&config->annotations, pair)
		if (!*pair->key &&
			check_ends(c, fail(check_at_key(c, ".annotations", pair->key), 0, "the key is empty")))
			return -1;
	return 0;
}

const struct check_rule check_config_rules[] = {
	{ "version", check_version },
	{ "platform", check_platform },
	{ "namespaces", check_namespaces }, /* early: others look for one in the list */
	{ "root", check_root },
	{ "names", check_names },
	{ "mounts", check_mounts },
	{ "hooks", check_hooks },
	{ "annotations", check_annotations },
	{ NULL, NULL },
};
