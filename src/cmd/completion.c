/*
 * The scripts by which bash, zsh and fish complete hull's command line. They contain no command and no option: at
 * each Tab they call `hull completion SHELL WORD…`, so that complete.c decides everything.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/complete.h"

/* clang-format off */

/* Bash also splits words at "=" and ":", and replaces only the last piece. */
static const char bash[] =
	"\n"
	"_hull()\n"
	"{\n"
	"	local words=() word piece='' typed broken='' prefix line i glued=\n"
	"	for ((i = 1; i <= COMP_CWORD; i++)); do\n"
	"		piece=${COMP_WORDS[i]//\\\\/}\n"
	"		piece=${piece//[\\\"\\']/}\n"
	"		if [[ ${#words[@]} -gt 0 && ($glued || $piece == [=:]*) ]]; then\n"
	"			words[${#words[@]} - 1]+=$piece\n"
	"		else\n"
	"			words+=(\"$piece\")\n"
	"		fi\n"
	"		glued=\n"
	"		[[ $piece =~ ^[=:]+$ ]] && glued=yes piece=''\n"
	"	done\n"
	"	typed=${words[${#words[@]} - 1]}\n"
	"	broken=${typed%\"$piece\"}\n"
	"	COMPREPLY=()\n"
	"	while IFS= read -r line; do\n"
	"		prefix=\n"
	"		[[ $line == :*' '* ]] && prefix=${line#* }\n"
	"		case $line in\n"
	"		'') ;;\n"
	"		:open) compopt -o nospace 2>/dev/null ;;\n"
	"		:directories*) _hull_generate directory ;;\n"
	"		:files*) _hull_generate file ;;\n"
	"		:programs*) _hull_generate command ;;\n"
	"		:users*) _hull_generate user ;;\n"
	"		*)\n"
	"			word=${line%%$'\\t'*}\n"
	"			[[ $word == \"$typed\"* ]] && COMPREPLY+=(\"${word#\"$broken\"}\")\n"
	"			;;\n"
	"		esac\n"
	"	done <<<\"$(command \"$_hull_program\" completion bash \"${words[@]}\" 2>/dev/null)\"\n"
	"}\n"
	"\n"
	"_hull_generate()\n"
	"{\n"
	"	[[ $1 == directory || $1 == file ]] && compopt -o filenames 2>/dev/null\n"
	"	while IFS= read -r word; do\n"
	"		word=$prefix$word\n"
	"		[[ $word == \"$prefix\" ]] || COMPREPLY+=(\"${word#\"$broken\"}\")\n"
	"	done <<<\"$(compgen -A \"$1\" -- \"${typed#\"$prefix\"}\")\"\n"
	"}\n"
	"\n"
	"complete -F _hull hull\n";

static const char zsh[] =
	"\n"
	"_hull()\n"
	"{\n"
	"	local line word\n"
	"	local -a lines candidates delegated open\n"
	"	lines=(${(f)\"$(command $_hull_program completion zsh \"${(@Q)words[2,CURRENT-1]}\" \"${(Q)PREFIX}\" 2>/dev/null)\"})\n"
	"	for line in $lines; do\n"
	"		case $line in\n"
	"		:open) open=(-S '') ;;\n"
	"		:*) delegated+=($line) ;;\n"
	"		*)\n"
	"			word=${line%%$'\\t'*}\n"
	"			candidates+=(\"${word//:/\\\\:}${${line#$word}/$'\\t'/:}\")\n"
	"			;;\n"
	"		esac\n"
	"	done\n"
	"	(($#candidates)) && _describe -t values value candidates \"${open[@]}\"\n"
	"	for line in $delegated; do\n"
	"		[[ $line == *' '* ]] && compset -P \"${(b)line#* }\"\n"
	"		case $line in\n"
	"		:directories*) _path_files -/ ;;\n"
	"		:files*) _files ;;\n"
	"		:programs*) _command_names -e ;;\n"
	"		:users*) _users ;;\n"
	"		esac\n"
	"	done\n"
	"}\n"
	"\n"
	"# The first time it is autoloaded, and is to complete at once; or else it is sourced.\n"
	"if [[ $funcstack[1] == _hull ]]; then\n"
	"	_hull \"$@\"\n"
	"else\n"
	"	compdef _hull hull\n"
	"fi\n";

static const char fish[] =
	"\n"
	"function __hull_complete\n"
	"	set -l words (commandline -opc)\n"
	"	set -l typed (commandline -ct)\n"
	"	set -e words[1]\n"
	"	for line in (command $__hull_program completion fish $words $typed 2>/dev/null)\n"
	"		set -l prefix (string replace -rf '^:\\S+ ' '' -- $line)\n"
	"		set -l rest (string replace -- \"$prefix\" '' $typed)\n"
	"		switch $line\n"
	"			case :open\n"
	"			case ':directories*'\n"
	"				string replace -r '^' -- \"$prefix\" (__fish_complete_directories $rest)\n"
	"			case ':files*'\n"
	"				string replace -r '^' -- \"$prefix\" (__fish_complete_path $rest)\n"
	"			case ':programs*'\n"
	"				complete -C \"$rest\" | string match -r -- '^'(string escape --style=regex -- \"$rest\")'.*'\n"
	"			case ':users*'\n"
	"				__fish_complete_users\n"
	"			case '*'\n"
	"				# fish would find what is typed in a description, too\n"
	"				string match -qr '^'(string escape --style=regex -- \"$typed\") -- $line; and echo $line\n"
	"		end\n"
	"	end\n"
	"end\n"
	"\n"
	"complete -c hull -f -a '(__hull_complete)'\n";

/* clang-format on */

static const struct script {
	const char *first_line, *variable, *text;
} scripts[] = {
	{ "# Completion of hull(1) for bash.", "_hull_program=", bash },
	{ "#compdef hull", "typeset -g _hull_program=", zsh },
	{ "# Completion of hull(1) for fish.", "set -g __hull_program ", fish },
};

static const struct word shells[] = { { "bash", 0 }, { "zsh", 1 }, { "fish", 2 }, { NULL } };

/* Quotes with backslashes, which all three shells understand. */
static void print_quoted(const char *text)
{
	for (; *text; text++) {
		if (!strchr("/._-+", *text) && !isalnum((unsigned char)*text))
			(void)putchar('\\');
		(void)putchar(*text);
	}
}

/* If hull was called by a path, the script calls it by that path; otherwise by name, through $PATH. */
static int print_script(const struct script *script, const char *program, struct error *err)
{
	char path[PATH_MAX];
	if (strchr(program, '/')) {
		if (!realpath(program, path))
			return fail(err, errno, "find %s", program);
		program = path;
	}
	(void)printf("%s\n%s", script->first_line, script->variable);
	print_quoted(program);
	(void)printf("\n%s", script->text);
	return print_end(err);
}

static int run(struct context *ctx, struct error *err)
{
	const struct script *script = &scripts[word_value(shells, ctx->operands[0])];
	if (ctx->operand_count == 1)
		return print_script(script, ctx->argv[0], err);
	complete(ctx, ctx->operands + 1, ctx->operand_count - 1);
	return print_end(err);
}

const struct command completion_command = {
	.name = "completion",
	.operands = "SHELL [WORD…]",
	.summary = "write the completion script of bash, zsh or fish",
	TAKES_NO_OPTIONS,
	.min_operands = 1,
	.max_operands = INT_MAX,
	.values = { ONE_OF(shells) },
	.options_first = true,
	.run = run,
};
