#include "process/executable.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
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
	static const char where[] = ".process.args[0]";
	if (errnum == ENOENT || errnum == ENOTDIR) {
		(void)fail_at(err, ENOENT, where, "executable file `%s` not found%s", name,
			strchr(name, '/') ? "" : " in $PATH");
		return fail_status(err, EXIT_NOT_FOUND);
	}
	if (errnum == EISDIR)
		(void)fail_at(err, EACCES, where, "executable file `%s` is a directory", name);
	else
		(void)fail_at_hint(err, errnum, where,
			errnum == EACCES ? "it must be a regular file with execute permission (chmod +x)" : NULL,
			"executable file `%s`", name);
	return fail_status(err, EXIT_NOT_EXECUTABLE);
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

/* The program that is explained, or an interpreter that it leads to. */
struct subject {
	const char *name;
	int root;          /* as of executable_try() */
	char through[400]; /* ": its interpreter /bin/tool", as often as there is one */
	unsigned depth;
};

enum { MOST_INTERPRETERS = 5 }; /* exec_binprm() of the kernel */

/* The beginning of a program, and the program that it needs in turn. */
struct content {
	union {
		char text[512];
		Elf64_Ehdr wide;
		Elf32_Ehdr narrow;
	};
	ssize_t len;
	bool is_script, is_elf;
	char needed[512]; /* interpreter or loader; empty if none is named */
};

/* The place in the file of the loader's name, if segment i has it; else 0. */
static off_t loader_by_segment(int fd, const struct content *content, unsigned i)
{
	union { /* both begin with the type */
		Elf64_Phdr wide;
		Elf32_Phdr narrow;
	} segment;
	bool narrow = content->text[EI_CLASS] == ELFCLASS32;
	size_t size = narrow ? sizeof(segment.narrow) : sizeof(segment.wide);
	uint64_t table = narrow ? content->narrow.e_phoff : content->wide.e_phoff;
	unsigned count = narrow ? content->narrow.e_phnum : content->wide.e_phnum;
	if (i >= count || pread(fd, &segment, size, (off_t)(table + i * size)) != (ssize_t)size ||
		segment.narrow.p_type != PT_INTERP)
		return 0;
	return narrow ? (off_t)segment.narrow.p_offset : (off_t)segment.wide.p_offset;
}

static void read_content(int fd, struct content *ret)
{
	enum { MOST_SEGMENTS = 64 };
	memset(ret, 0, sizeof(*ret));
	ret->len = pread(fd, ret->text, sizeof(ret->text) - 1, 0);
	ret->is_script = ret->len > 2 && memcmp(ret->text, "#!", 2) == 0;
	ret->is_elf = ret->len >= (ssize_t)sizeof(ret->wide) && memcmp(ret->text, ELFMAG, SELFMAG) == 0;
	if (ret->is_script) {
		const char *at = ret->text + 2 + strspn(ret->text + 2, " \t");
		memcpy(ret->needed, at, strcspn(at, " \t\n"));
	}
	for (unsigned i = 0; ret->is_elf && i < MOST_SEGMENTS && !ret->needed[0]; i++) {
		off_t at = loader_by_segment(fd, ret, i);
		if (at > 0)
			(void)!pread(fd, ret->needed, 255, at);
	}
}

static int explain_content(struct error *err, struct subject *it, int fd, int errnum);

static int fail_execute(struct error *err, const struct subject *it, int errnum, const char *hint, const char *why)
{
	return fail_hint(err, errnum, hint, "cannot execute `%s`%s%s", it->name, it->through, why);
}

/* Whether the interpreter exists and may be executed. Then something that it needs itself is missing. */
static bool is_not_to_blame(const struct subject *it, const char *interpreter, int errnum, int fd)
{
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	return errnum == ENOENT || it->root != AT_FDCWD || faccessat(AT_FDCWD, interpreter, X_OK, AT_EACCESS) == 0;
}

/* In another root the path may name anything; only regular files are opened there. */
static int open_file(int root, const char *path)
{
	enum { FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };
	if (root == AT_FDCWD)
		return open(path, FLAGS);
	return executable_try(root, path) == 0 ? path_try_open(root, path, FLAGS) : -1;
}

static int explain_script(struct error *err, struct subject *it, char *interpreter, int errnum)
{
	size_t len = strcspn(interpreter, "\r");
	if (!*interpreter)
		return fail_execute(err, it, errnum, NULL, ": its \"#!\" line names no interpreter");
	if (interpreter[len] && errnum != EACCES)
		return fail_execute(err, it, errnum, "the file has DOS line ends: convert it (dos2unix)",
			": its \"#!\" line ends in a carriage return");
	interpreter[len] = '\0';
	FD(fd) = open_file(it->root, interpreter);
	len = strlen(it->through);
	(void)snprintf(it->through + len, sizeof(it->through) - len, ": its interpreter %s", interpreter);
	if (++it->depth < MOST_INTERPRETERS && is_not_to_blame(it, interpreter, errnum, fd))
		return explain_content(err, it, fd, errnum);
	return fail_execute(err, it, errnum,
		errnum == EACCES ? "the interpreter must have execute permission too" :
				   "the interpreter of the \"#!\" line must be in the root filesystem",
		"");
}

/* As uname(2) names them. */
static const struct word machines[] = {
	{ "i686", EM_386 },
	{ "x86_64", EM_X86_64 },
	{ "armv7l", EM_ARM },
	{ "aarch64", EM_AARCH64 },
	{ "mips", EM_MIPS },
	{ "ppc64le", EM_PPC64 },
	{ "riscv64", EM_RISCV },
	{ "s390x", EM_S390 },
	{ "loongarch64", 258 },
	{ NULL },
};

static int explain_machine(struct error *err, const struct subject *it, const Elf64_Ehdr *head)
{
	struct utsname uts;
	unsigned number = head->e_machine;
	bool swapped = head->e_ident[EI_DATA] != (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB);
	if (swapped)
		number = (number & 0xff) << 8 | number >> 8;
	const char *machine = word_name(machines, number);
	(void)uname(&uts); /* fails only for a bad pointer */
	if (machine && str_eq(machine, uts.machine))
		return fail_execute(err, it, ENOEXEC, "it is a program for this machine, but damaged or cut short", "");
	(void)fail_execute(err, it, ENOEXEC, NULL, "");
	return error_hint(err, "it is built for another architecture, %s; this machine is %s",
		machine ? machine : "an unknown one", uts.machine);
}

static int explain_elf(struct error *err, const struct subject *it, const char *loader, int errnum)
{
	if (!*loader)
		return fail_execute(err, it, errnum, NULL, "");
	return fail_hint(err, errnum, "the program is linked against a C library that the root filesystem lacks",
		"cannot execute `%s`%s: its loader %s", it->name, it->through, loader);
}

static int explain_content(struct error *err, struct subject *it, int fd, int errnum)
{
	struct content content;
	read_content(fd, &content);
	if (content.is_script)
		return explain_script(err, it, content.needed, errnum);
	if (content.is_elf)
		return errnum == ENOEXEC ? explain_machine(err, it, &content.wide) :
					   explain_elf(err, it, content.needed, errnum);
	const char *hint =
		content.len == 0 ? "the file is empty" : "it is neither an ELF program nor does it begin with \"#!\"";
	return fail_execute(err, it, errnum, errnum == ENOEXEC ? hint : NULL, "");
}

/* Finds out which of the reasons of execve(2) for EACCES it is. Returns 0 where the file itself is not to blame. */
static int explain_denied(struct error *err, const char *path, const struct subject *it)
{
	struct statvfs fs;
	unsigned user = geteuid();
	(void)fail_execute(err, it, EACCES, NULL, "");
	if (statvfs(path, &fs) < 0)
		return error_hint(err, "user %u may not search one of the directories on its path", user);
	if (fs.f_flag & ST_NOEXEC)
		return error_hint(err, "it is on a mount with the option noexec");
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return error_hint(err, "user %u has no permission to execute it", user);
	return 0;
}

int executable_explain(const char *path, const char *name, int errnum, struct error *err)
{
	FD(fd) = open_file(AT_FDCWD, path);
	struct subject it = { .name = name, .root = AT_FDCWD };
	(void)error_at(err, ".process.args[0]");
	if (errnum == EACCES && explain_denied(err, path, &it) < 0)
		return fail_status(err, EXIT_NOT_EXECUTABLE);
	if (fd >= 0 && (errnum == ENOENT || errnum == ENOEXEC || errnum == EACCES))
		(void)explain_content(err, &it, fd, errnum);
	else
		(void)fail_execute(err, &it, errnum,
			errnum == EAGAIN ? "its user has more processes than RLIMIT_NPROC allows" : NULL, "");
	if (errnum == ELOOP)
		(void)error_hint(err, "its interpreter is a script too, and so on: the kernel follows %d of them",
			MOST_INTERPRETERS);
	return fail_status(err, errnum == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* Whether the kernel was given handlers of other kinds of programs: binfmt_misc. */
static bool has_handlers(void)
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

/* Returns the errno that execve(2) would fail with, as far as the beginning of the program tells, or 0. A file that is
 * neither ELF nor a script may be for binfmt_misc. */
static int judge_content(int root, int fd, bool (*hidden)(void *, const char *), void *data, unsigned depth)
{
	struct content content;
	read_content(fd, &content);
	if (!content.is_elf && !content.is_script)
		return content.len == 0 || !has_handlers() ? ENOEXEC : 0;
	if (content.is_script && !content.needed[0])
		return ENOEXEC;
	if (content.needed[0] != '/' || hidden(data, content.needed))
		return 0;
	int errnum = executable_try(root, content.needed);
	if (errnum || !content.is_script || depth == MOST_INTERPRETERS)
		return errnum == ENOTDIR ? ENOENT : errnum == EISDIR ? EACCES : errnum;
	FD(next) = open_file(root, content.needed);
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
