#!/bin/sh
# clang-format, clang-tidy, cppcheck, shellcheck, and the checks of our own; quiet where there is nothing to say. A tool that
# is not installed is skipped aloud. Environment: SOURCES, C_FILES.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
have() {
	command -v "$1" >/dev/null || {
		echo "lint: $1 is not installed: skipped" >&2
		return 1
	}
}

sh tests/check-includes.sh || bad=1
sh tests/check-length.sh || bad=1

# Versions of clang-format differ in details; the one that .clang-format names decides.
if have clang-format; then
	version=$(sed -n 's/^# clang-format \([0-9]*\)\..*/\1/p' .clang-format)
	case $(clang-format --version) in
	*" version $version."*)
		# shellcheck disable=SC2086
		clang-format --dry-run -Werror $C_FILES || {
			echo "lint: make format writes them as they are to be" >&2
			bad=1
		} ;;
	*) echo "lint: clang-format is another version than $version: skipped" >&2 ;;
	esac
fi

headers=$(mktemp -d)
trap 'rm -rf "$headers"' EXIT
printf '#define HULL_VERSION "0"\n#define HULL_COMMIT ""\n' >"$headers/version.h"
flags="-std=gnu11 -D_GNU_SOURCE -Ulinux -I. -Isrc -I$headers"
if have clang-tidy; then
	for source in $SOURCES; do
		more='-include tests/lint.h'
		[ "$source" != src/base/error.c ] || more=
		# shellcheck disable=SC2086
		clang-tidy --quiet "$source" -- $flags $more 2>"$headers/err" || {
			cat "$headers/err"
			bad=1
		}
	done
fi
if have cppcheck; then
	# shellcheck disable=SC2086
	cppcheck --quiet --std=c11 --error-exitcode=1 --enable=warning,portability --inline-suppr \
		--suppress=missingIncludeSystem --suppress=internalAstError -D_GNU_SOURCE -D__linux__ -D__x86_64__ -I. -Isrc -I"$headers" $SOURCES || bad=1
fi
if have shellcheck; then
	shellcheck -S warning -e SC2010,SC2034,SC1090,SC1091,SC2154,SC2086,SC2016 tests/*.sh tests/run/*.sh tests/attacks/*.sh tests/bench/*.sh \
		tests/newcomer/*.sh .package/*.sh .package/postinst .package/prerm .package/postrm || bad=1
fi
if have mandoc; then
	mandoc -T lint -W warning man/hull.1 man/hull-engines.7 || bad=1
fi
exit $bad
