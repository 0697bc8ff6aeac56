#include "process/executable.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"

static int fail_status(struct error *err, int status)
{
	if (err)
		err->status = status;
	return -1;
}

int executable_try(int root, const char *path)
{
	struct stat st;
	FD(fd) = path_try_resolve(root, path, O_PATH, root == AT_FDCWD ? 0 : RESOLVE_IN_ROOT);
	if (fd < 0 || fstat(fd, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return S_ISREG(st.st_mode) && (st.st_mode & 0111) ? 0 : EACCES;
}

int executable_not_found(const char *name, int errnum, struct error *err)
{
	if (errnum == ENOENT || errnum == ENOTDIR) {
		(void)fail_at(err, ENOENT, ".process.args[0]", "executable file `%s` not found%s", name,
			strchr(name, '/') ? "" : " in $PATH");
		return fail_status(err, STATUS_NOT_FOUND);
	}
	(void)fail_at(err, errnum == EISDIR ? EACCES : errnum, ".process.args[0]", "executable file `%s`%s", name,
		errnum == EISDIR ? " is a directory" : "");
	if (errnum == EACCES)
		(void)error_hint(err, "it must be a regular file with execute permission (chmod +x)");
	return fail_status(err, STATUS_NOT_EXECUTABLE);
}

int executable_find(struct arena *arena, const char *name, const char *search_path, const char **ret_path,
	const char **ret_rest, struct error *err)
{
	if (strchr(name, '/') || !*name) {
		int errnum = *name ? executable_try(AT_FDCWD, name) : ENOENT;
		if (errnum)
			return executable_not_found(name, errnum, err);
		*ret_path = name;
		*ret_rest = NULL;
		return 0;
	}
	int worst = ENOENT;
	const char *at = search_path ? search_path : EXECUTABLE_PATH;
	for (;;) {
		size_t len = strcspn(at, ":");
		char *path = arena_printf(arena, "%.*s%s%s", (int)len, at, len ? "/" : "./", name);
		int errnum = executable_try(AT_FDCWD, path);
		if (errnum == 0) {
			*ret_path = path;
			*ret_rest = at[len] ? at + len + 1 : NULL;
			return 0;
		}
		if (errnum == EACCES)
			worst = errnum;
		if (!at[len])
			return executable_not_found(name, worst, err);
		at += len + 1;
	}
}

/* What is explained: the program itself, or an interpreter that it leads to. */
struct subject {
	const char *name;
	int root;          /* as of executable_try() */
	char through[400]; /* ": its interpreter /bin/tool", as often as there is one */
	unsigned depth;
};

enum { MOST_INTERPRETERS = 5 }; /* exec_binprm() of the kernel */

static int explain_content(struct error *err, struct subject *it, int fd, int errnum);

/* It is there and may be executed: then what is missing is what it needs itself. */
static bool is_not_to_blame(const struct subject *it, const char *interpreter, int errnum, int fd)
{
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	return errnum == ENOENT || it->root != AT_FDCWD || faccessat(AT_FDCWD, interpreter, X_OK, AT_EACCESS) == 0;
}

/* In another root the path may name anything. Only regular files are opened. */
static int open_file(int root, const char *path)
{
	enum { FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };
	if (root == AT_FDCWD)
		return open(path, FLAGS);
	return executable_try(root, path) == 0 ? path_try_open(root, path, FLAGS) : -1;
}

static int explain_interpreter(struct error *err, struct subject *it, const char *interpreter, int errnum)
{
	FD(fd) = open_file(it->root, interpreter);
	size_t len = strlen(it->through);
	(void)snprintf(it->through + len, sizeof(it->through) - len, ": its interpreter %s", interpreter);
	if (++it->depth < MOST_INTERPRETERS && is_not_to_blame(it, interpreter, errnum, fd))
		return explain_content(err, it, fd, errnum);
	return fail_hint(err, errnum,
		errnum == EACCES ? "the interpreter must have execute permission too" :
				   "the interpreter of the \"#!\" line must be in the root filesystem",
		"cannot execute `%s`%s", it->name, it->through);
}

static int explain_script(struct error *err, struct subject *it, char *line, int errnum)
{
	char *end = line + strcspn(line, "\n");
	bool carriage_return = end > line && end[-1] == '\r';
	*end = '\0';
	line += strspn(line, " \t");
	line[strcspn(line, " \t\r")] = '\0';
	if (!*line && !carriage_return)
		return fail(err, errnum, "cannot execute `%s`%s: its \"#!\" line names no interpreter", it->name,
			it->through);
	if (errnum == EACCES || !carriage_return)
		return explain_interpreter(err, it, line, errnum);
	return fail_hint(err, errnum, "the file has DOS line ends: convert it (dos2unix)",
		"cannot execute `%s`%s: its \"#!\" line ends in a carriage return", it->name, it->through);
}

/* As uname(2) names them. */
static const struct {
	unsigned number;
	const char *name;
} machines[] = {
	{ EM_386, "i686" },
	{ EM_X86_64, "x86_64" },
	{ EM_ARM, "armv7l" },
	{ EM_AARCH64, "aarch64" },
	{ EM_MIPS, "mips" },
	{ EM_PPC64, "ppc64le" },
	{ EM_RISCV, "riscv64" },
	{ EM_S390, "s390x" },
	{ 258, "loongarch64" },
};

static int explain_machine(struct error *err, const struct subject *it, const Elf64_Ehdr *head)
{
	struct utsname uts;
	const char *machine = "an unknown one";
	unsigned number = head->e_machine;
	bool swapped = head->e_ident[EI_DATA] != (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB);
	if (swapped)
		number = (number & 0xff) << 8 | number >> 8;
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].number == number)
			machine = machines[i].name;
	(void)fail(err, ENOEXEC, "cannot execute `%s`%s", it->name, it->through);
	(void)uname(&uts); /* fails for a bad pointer alone */
	if (str_eq(machine, uts.machine))
		return error_hint(err, "it is a program for this machine, but damaged or cut short");
	return error_hint(err, "it is built for another architecture, %s; this machine is %s", machine, uts.machine);
}

/* Where in the file the name of the loader is, by segment i of a program of either class; 0 if that segment says
 * nothing of it. */
static off_t loader_by_segment(int fd, const Elf64_Ehdr *head, unsigned i)
{
	if (head->e_ident[EI_CLASS] == ELFCLASS32) {
		Elf32_Ehdr head32;
		Elf32_Phdr segment;
		memcpy(&head32, head, sizeof(head32));
		off_t at = (off_t)(head32.e_phoff + i * sizeof(segment));
		return i < head32.e_phnum && pread(fd, &segment, sizeof(segment), at) == (ssize_t)sizeof(segment) &&
				       segment.p_type == PT_INTERP ?
			       (off_t)segment.p_offset :
			       0;
	}
	Elf64_Phdr segment;
	off_t at = (off_t)(head->e_phoff + (Elf64_Off)i * sizeof(segment));
	return i < head->e_phnum && pread(fd, &segment, sizeof(segment), at) == (ssize_t)sizeof(segment) &&
			       segment.p_type == PT_INTERP ?
		       (off_t)segment.p_offset :
		       0;
}

enum { LOADER_SIZE = 256 };

/* Empty for a program that needs none. */
static void read_loader(int fd, const Elf64_Ehdr *head, char loader[LOADER_SIZE])
{
	enum { MOST_SEGMENTS = 64 };
	memset(loader, 0, LOADER_SIZE);
	for (unsigned i = 0; i < MOST_SEGMENTS && !loader[0]; i++) {
		off_t at = loader_by_segment(fd, head, i);
		if (at > 0)
			(void)!pread(fd, loader, LOADER_SIZE - 1, at);
	}
}

static int explain_elf(struct error *err, const struct subject *it, int fd, const Elf64_Ehdr *head, int errnum)
{
	char loader[LOADER_SIZE];
	read_loader(fd, head, loader);
	if (!loader[0])
		return fail(err, errnum, "cannot execute `%s`%s", it->name, it->through);
	return fail_hint(err, errnum, "the program is linked against a C library that the root filesystem lacks",
		"cannot execute `%s`%s: its loader %s", it->name, it->through, loader);
}

struct head {
	union {
		char text[512];
		Elf64_Ehdr elf;
	};
	ssize_t len;
	bool is_script, is_elf;
};

static void read_head(int fd, struct head *head)
{
	memset(head, 0, sizeof(*head));
	head->len = pread(fd, head->text, sizeof(head->text) - 1, 0);
	head->is_script = head->len > 2 && memcmp(head->text, "#!", 2) == 0;
	head->is_elf = head->len >= (ssize_t)sizeof(head->elf) && memcmp(head->text, ELFMAG, SELFMAG) == 0;
}

static int explain_content(struct error *err, struct subject *it, int fd, int errnum)
{
	struct head head;
	read_head(fd, &head);
	ssize_t len = head.len;
	bool is_elf = head.is_elf;
	if (head.is_script)
		return explain_script(err, it, head.text + 2, errnum);
	if (errnum == ENOEXEC && is_elf)
		return explain_machine(err, it, &head.elf);
	if (is_elf && errnum != ENOEXEC)
		return explain_elf(err, it, fd, &head.elf, errnum);
	(void)fail(err, errnum, "cannot execute `%s`%s", it->name, it->through);
	if (errnum != ENOEXEC)
		return -1;
	return error_hint(
		err, len == 0 ? "the file is empty" : "it is neither an ELF program nor does it begin with \"#!\"");
}

/* Which of the reasons in execve(2) for EACCES it is; -1 and a hint, or 0 where the file itself is not to blame. */
static int explain_denied(struct error *err, const char *path, const char *name)
{
	struct statvfs fs;
	(void)fail(err, EACCES, "cannot execute `%s`", name);
	if (statvfs(path, &fs) < 0)
		return error_hint(
			err, "user %u may not search one of the directories on its path", (unsigned)geteuid());
	if (fs.f_flag & ST_NOEXEC)
		return error_hint(err, "it is on a mount with the option noexec");
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return error_hint(err, "user %u has no permission to execute it", (unsigned)geteuid());
	return 0;
}

int executable_explain(const char *path, const char *name, int errnum, struct error *err)
{
	FD(fd) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	(void)error_at(err, ".process.args[0]");
	if (errnum == EACCES && explain_denied(err, path, name) < 0)
		return fail_status(err, STATUS_NOT_EXECUTABLE);
	bool in_content = errnum == ENOENT || errnum == ENOEXEC || errnum == EACCES;
	struct subject it = { .name = name, .root = AT_FDCWD };
	if (fd >= 0 && in_content)
		(void)explain_content(err, &it, fd, errnum);
	else
		(void)fail(err, errnum, "cannot execute `%s`", name);
	if (errnum == EAGAIN)
		(void)error_hint(err, "its user has more processes than RLIMIT_NPROC allows");
	if (errnum == ELOOP)
		(void)error_hint(err, "its interpreter is a script too, and so on: the kernel follows %d of them",
			MOST_INTERPRETERS);
	return fail_status(err, errnum == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

/* Whether the administrator gave the kernel other kinds of programs, see binfmt_misc in the kernel's documentation. */
static bool is_handled_by_others(void)
{
	DIR *dir = opendir("/proc/sys/fs/binfmt_misc");
	int entries = 0;
	if (!dir)
		return false;
	for (struct dirent *entry; (entry = readdir(dir));)
		entries += entry->d_name[0] != '.' && !str_eq(entry->d_name, "register") &&
			   !str_eq(entry->d_name, "status");
	(void)closedir(dir);
	return entries > 0;
}

/* The errno of execve(2) as far as the first bytes of the program tell, or 0. A file that is neither ELF nor a script
 * may be for binfmt_misc. */
static int judge_content(int root, int fd, bool (*hidden)(void *, const char *), void *data, unsigned depth)
{
	struct head head;
	char loader[LOADER_SIZE], *needed = loader;
	read_head(fd, &head);
	if (head.is_script) {
		needed = head.text + 2;
		needed[strcspn(needed, "\n")] = '\0';
		needed += strspn(needed, " \t");
		needed[strcspn(needed, " \t")] = '\0';
		if (!*needed)
			return ENOEXEC;
	} else if (head.is_elf) {
		read_loader(fd, &head.elf, loader);
	} else {
		return head.len == 0 || !is_handled_by_others() ? ENOEXEC : 0;
	}
	if (*needed != '/' || hidden(data, needed))
		return 0;
	int errnum = executable_try(root, needed);
	if (errnum || !head.is_script || depth == MOST_INTERPRETERS)
		return errnum == ENOTDIR ? ENOENT : errnum == EISDIR ? EACCES : errnum;
	FD(next) = open_file(root, needed);
	return next < 0 ? 0 : judge_content(root, next, hidden, data, depth + 1);
}

int executable_judge(int root, const char *path, const char *name, bool (*hidden)(void *, const char *), void *data,
	struct error *err)
{
	FD(fd) = open_file(root, path);
	int errnum = fd < 0 ? 0 : judge_content(root, fd, hidden, data, 0);
	if (!errnum)
		return 0;
	struct subject it = { .name = name, .root = root };
	(void)error_at(err, ".process.args[0]");
	return explain_content(err, &it, fd, errnum);
}
