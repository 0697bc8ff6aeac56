#include "process/accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/defences.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"

#define PASSWD "/etc/passwd"
#define GROUP "/etc/group"

enum { GROUPS_MAX = 65536, MAX_FIELDS = 7 };
/* passwd(5), group(5) */
enum { NAME_FIELD = 0, ID_FIELD = 2, GID_FIELD = 3, MEMBERS_FIELD = 3, HOME_FIELD = 5 };
enum { PASSWD_FIELDS = 7, GROUP_FIELDS = 4 };

#define MAX_ID (UINT32_MAX - 1) /* -1 is no id */

/* Whether the file holds data, rather than being an interface of the kernel, where reading may have an effect: a link
 * to /proc/kmsg would take messages out of the kernel's log. Such files have no size, except on the filesystems named
 * here. */
static bool is_plain_file(int fd)
{
	struct stat st;
	struct statfs fs;
	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return false;
	return fs.f_type != SYSFS_MAGIC && fs.f_type != EFIVARFS_MAGIC && fs.f_type != PROC_SUPER_MAGIC;
}

/* Opened only after a look at its type: the image may have put a device there, and opening some devices has an effect
 * (a watchdog). */
static int open_regular(int root, const char *path)
{
	char name[32];
	FD(found) = path_try_open(root, path, O_PATH);
	if (found < 0 || (!is_plain_file(found) && !defence_is_off("passwd-type")))
		return -1;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", found);
	return open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int account_text(struct arena *arena, int fd, const char *path, char **ret_text, struct error *err)
{
	char *text;
	ssize_t len = read_fd(arena, fd, path, ACCOUNTS_LIMIT, &text, err);
	if (len < 0)
		return -1;
	for (char *nul = text; (nul = memchr(nul, '\0', (size_t)(text + len - nul)));) {
		char *start = nul, *end = memchr(nul, '\n', (size_t)(text + len - nul));
		while (start > text && start[-1] != '\n')
			start--;
		nul = end ? end : text + len;
		memset(start, '#', (size_t)(nul - start));
	}
	*ret_text = text;
	return 0;
}

/* Returns the text of the file, or NULL if there is none. */
static int read_accounts(struct arena *arena, int root, const char *path, char **ret_text, struct error *err)
{
	FD(fd) = open_regular(root, path);
	*ret_text = NULL;
	return fd < 0 ? 0 : account_text(arena, fd, path, ret_text, err);
}

/* Cuts the line at its colons. False unless it has that many fields. */
static bool split(char *line, char **fields, int count)
{
	for (int i = 0; i < count; i++) {
		fields[i] = line;
		line = strchr(line, ':');
		if (!line)
			return i == count - 1;
		*line++ = '\0';
	}
	return false;
}

/* Returns the fields of the next line that has that many, the third of which is an id. False at the end. */
static bool next_entry(char **text, int count, char *fields[MAX_FIELDS], uint64_t *ret_id)
{
	while (*text) {
		char *line = *text, *end = strchr(line, '\n');
		*text = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		if (split(line, fields, count) && str_to_u64(fields[ID_FIELD], MAX_ID, ret_id))
			return true;
	}
	return false;
}

/* Returns the field of the uid's line in /etc/passwd, or NULL. A file that cannot be read is a warning. */
static const char *find_field(struct arena *arena, int root, uid_t uid, int field)
{
	char *fields[MAX_FIELDS], *text;
	uint64_t number;
	struct error warning = { .errnum = 0 };
	if (read_accounts(arena, root, PASSWD, &text, &warning) < 0)
		log_warning(&warning);
	while (next_entry(&text, PASSWD_FIELDS, fields, &number))
		if (number == uid && (field != HOME_FIELD || *fields[field] == '/'))
			return fields[field];
	return NULL;
}

const char *account_home(struct arena *arena, int root, uid_t uid)
{
	const char *home = find_field(arena, root, uid, HOME_FIELD);
	return home ? home : "/";
}

const char *account_name(struct arena *arena, int root, uid_t uid)
{
	return find_field(arena, root, uid, NAME_FIELD);
}

static bool is_member(char *members, const char *name)
{
	char *save = NULL;
	for (char *one = strtok_r(members, ",", &save); one; one = strtok_r(NULL, ",", &save))
		if (str_eq(one, name))
			return true;
	return false;
}

static int find_memberships(struct arena *arena, int root, struct oci_user *user, const char *name, struct error *err)
{
	char *fields[MAX_FIELDS], *text;
	uint64_t number;
	if (read_accounts(arena, root, GROUP, &text, err) < 0)
		return -1;
	user->additional_gids.items = NULL;
	user->additional_gids.len = 0;
	while (next_entry(&text, GROUP_FIELDS, fields, &number))
		if (is_member(fields[MEMBERS_FIELD], name))
			*list_add(arena, &user->additional_gids) = (struct oci_uint){ true, number };
	if (user->additional_gids.len > GROUPS_MAX)
		return fail(err, 0, "user %s has %zu groups in the container's %s, the kernel takes at most %d", name,
			user->additional_gids.len, GROUP, GROUPS_MAX);
	return 0;
}

/* Whether the text can be a name, unlike " 1", "-1" and "0x1". */
static bool is_name(const char *text)
{
	bool begins = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') || *text == '_';
	return begins && !text[strcspn(text, ":, \t\r\n")];
}

static int fail_account(struct error *err, const char *what, const char *text, const char *file)
{
	if (!is_name(text)) {
		(void)fail(err, 0, "\"%.64s\" is neither a %s id nor a name", text, what);
		return error_hint(err, "a decimal number up to %u, or a name of the container's %s", MAX_ID, file);
	}
	/* Without an errno, since engines would take ENOENT for a missing program. */
	return fail_hint(err, 0, "give the number instead", "no %s %.64s in the container's %s", what, text, file);
}

static int find_user(struct arena *arena, int root, const char *name, struct oci_user *user, struct error *err)
{
	char *fields[MAX_FIELDS], *text = NULL;
	uint64_t number, gid;
	if (is_name(name) && read_accounts(arena, root, PASSWD, &text, err) < 0)
		return -1;
	while (next_entry(&text, PASSWD_FIELDS, fields, &number)) {
		if (!str_eq(fields[NAME_FIELD], name) || !str_to_u64(fields[GID_FIELD], MAX_ID, &gid))
			continue;
		user->uid = (struct oci_uint){ true, number };
		user->gid = (struct oci_uint){ true, gid };
		return find_memberships(arena, root, user, name, err);
	}
	return fail_account(err, "user", name, PASSWD);
}

static int find_group(struct arena *arena, int root, const char *name, struct oci_user *user, struct error *err)
{
	char *fields[MAX_FIELDS], *text = NULL;
	uint64_t number;
	if (is_name(name) && read_accounts(arena, root, GROUP, &text, err) < 0)
		return -1;
	while (next_entry(&text, GROUP_FIELDS, fields, &number)) {
		if (!str_eq(fields[NAME_FIELD], name))
			continue;
		user->gid = (struct oci_uint){ true, number };
		return 0;
	}
	return fail_account(err, "group", name, GROUP);
}

int account_find(struct arena *arena, int root, const char *text, struct oci_user *user, struct error *err)
{
	const char *colon = strchr(text, ':');
	const char *name = colon ? arena_strndup(arena, text, (size_t)(colon - text)) : text;
	uint64_t number;
	if (str_to_u64(name, MAX_ID, &number))
		user->uid = (struct oci_uint){ true, number };
	else if (find_user(arena, root, name, user, err) < 0)
		return -1;
	if (!colon)
		return 0;
	if (!str_to_u64(colon + 1, MAX_ID, &number))
		return find_group(arena, root, colon + 1, user, err);
	user->gid = (struct oci_uint){ true, number };
	return 0;
}
