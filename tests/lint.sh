#!/bin/sh
# The static checks: clang-format, clang-tidy, cppcheck, shellcheck, mandoc, and our own of includes and lengths. Prints "ok lint:
# NAME"; "FAIL lint: NAME" after the findings; or "SKIP lint: NAME: reason".
#
#	lint.sh           all of them, in some minutes
#	lint.sh format    clang-format alone
#
# Only the versions named below count, since others find other things.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0

# right TOOL VERSION: whether it is installed, in that version; without a version, in any.
right() {
	why=
	if ! command -v "$1" >/dev/null; then
		why='not installed'
	elif [ -n "${2:-}" ] && ! "$1" --version | grep -qE "(version:?|Cppcheck) $2(\.|\$)"; then
		why="not version $2, whose word counts"
	fi
	[ -z "$why" ] || echo "SKIP lint: $1: $why"
	[ -z "$why" ]
}

lint() { # NAME COMMAND...
	name=$1
	shift
	if "$@"; then
		echo "ok lint: $name"
	else
		echo "FAIL lint: $name"
		bad=1
	fi
}

c_files() {
	find src oci namespaces cgroups man tests -name '*.[ch]'
}

format() {
	c_files | xargs clang-format --dry-run -Werror && return
	echo '    make format writes them as they are to be'
	return 1
}

! right clang-format 14 || lint clang-format format
[ "${1:-}" != format ] || exit $bad

headers=$(mktemp -d)
trap 'rm -rf "$headers"' EXIT
printf '#define HULL_VERSION "0"\n#define HULL_COMMIT ""\n' >"$headers/version.h"
sources=$(find src oci namespaces cgroups -name '*.c' ! -path cgroups/systemd/\*)

# tests/lint.h tells the analyser the return values of fail() and the like; error.c defines these functions.
tidy() {
	printf '%s\n' $sources | HEADERS=$headers xargs -n 1 -P "$(nproc)" sh -c '
		[ "$0" = src/base/error.c ] || set -- -include tests/lint.h
		clang-tidy --quiet "$0" -- -std=gnu11 -D_GNU_SOURCE -Ulinux -I. -Isrc -I"$HEADERS" "$@" 2>/dev/null'
}

# cppcheck reports the suppressed kinds for correct code, and the analyser of clang checks the same.
check_c() {
	cppcheck --quiet -j "$(nproc)" --std=c11 --error-exitcode=1 --enable=warning,portability --inline-suppr \
		--suppress=missingIncludeSystem --suppress=internalAstError --suppress=uninitvar --suppress=pointerOutOfBounds --suppress=nullPointerRedundantCheck -D_GNU_SOURCE -D__linux__ -D__x86_64__ \
		-I. -Isrc -I"$headers" $sources
}

# Those that are named so, and those that begin so; what does not count is in .shellcheckrc.
scripts() {
	find .ci .package tests -type f \( -name '*.sh' -o ! -name '*.*' -exec sh -c 'head -n 1 "$0" | grep -qx "#!/bin/sh"' {} \; \) -print
}

check_sh() {
	scripts | xargs shellcheck -S warning
}

lint includes sh tests/check-includes.sh
lint lengths sh tests/check-length.sh
! right clang-tidy 14 || lint clang-tidy tidy
! right cppcheck 2.10 || lint cppcheck check_c
! right shellcheck 0.9 || lint shellcheck check_sh
! right mandoc || lint mandoc mandoc -T lint -W warning man/hull.1 man/hull-engines.7
exit $bad
