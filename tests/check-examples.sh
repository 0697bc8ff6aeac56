#!/bin/sh
# Compiles the example in the first comment of each header, in a function of its own. tests/examples.list declares the variables
# that the example of a header uses; "err" is a struct error in all examples.
#
# In an example, text that follows a statement after two blanks is a remark, and "..." stands for something left out. An example
# whose first line is indented is a drawing. Lines that begin with "make " are for a shell.
set -u
cd "$(dirname "$0")/.." || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
printf '#define HULL_VERSION "0"\n#define HULL_COMMIT ""\n' >"$dir/version.h"

# program HEADER: prints its example as a function, at the line numbers of the header.
program() {
	printf '#include "%s"\n' "${1#src/}" base/fd.h base/arena.h oci/config.h namespaces/anchor.h
	printf '#include <%s.h>\n' assert errno fcntl sched stdio stdlib unistd
	awk -v header="$1" '
		FNR == NR {
			if (/^#/)
				next
			if (/^[a-z]/)
				owner = $1
			sub(/^[a-z][^ ]*:/, "")
			if (/^\t#include/ && owner == header ":")
				print
			else if (owner == "all:")
				common = common $0
			else if (owner == header ":")
				own = own $0
			next
		}
		FNR == 1 {
			print "int example(void);\nint example(void)\n{\n\tstruct error err;" common "\n\t{" own "\n\t{"
			printf "#line 1 \"%s\"\n", header
		}
		/^#pragma once/ { exit }
		!/^ \*\t/ || /^ \*\t(make |\.\.\.)/ { print ""; next }
		/^ \*\t / { drawing = 1 }
		drawing { next }
		{
			sub(/^ \*\t/, "")
			sub(/;(  |\t).*/, ";")
			sub(/\.\.\.(  |\t).*/, "...")
			sub(/, \.\.\. }/, " }")
			sub(/ \.\.\.$/, " return -1;")
			print
			lines++
		}
		END {
			print "}}\n\treturn 0;\n}"
			exit !lines
		}' tests/examples.list "$1"
}

bad=0 count=0
for header in $(find src oci namespaces cgroups -name '*.h' | LC_ALL=C sort); do
	program "$header" >"$dir/example.c" || continue
	count=$((count + 1))
	${CC:-cc} -fsyntax-only -std=gnu11 -D_GNU_SOURCE -Ulinux -I. -Isrc -I"$dir" -Wall -Wextra -Werror -Wno-unused -Wno-uninitialized \
		-Wno-missing-field-initializers "$dir/example.c" 2>"$dir/errors" && continue
	echo "the example of $header:"
	grep -E '(error|warning):' "$dir/errors"
	bad=1
done
[ $count -gt 50 ] || bad=1
echo "$count examples"
exit $bad
