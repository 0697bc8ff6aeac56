#!/bin/sh
# A function has 60 lines at most, a file 600, and a line 120 columns. Prints each one that is longer, and fails. Every function
# begins and ends in the first column, as .clang-format has it. Tables that clang-format leaves alone may be wider, and so may lines
# of text in quotes and drawings in comments (a tab after the star).
set -eu
cd "$(dirname "$0")/.."
find src oci namespaces cgroups man tests -name '*.[ch]' -exec awk '
	function columns(line,    at, n) {
		gsub(/[\200-\277]/, "", line)   # of a character of several bytes, the first
		while ((at = index(line, "\t"))) {
			n = at - 1
			line = substr(line, 1, n) substr("        ", 1, 8 - n % 8) substr(line, at + 1)
		}
		return length(line)
	}
	FNR == 1 { start = 0; table = 0; product = FILENAME !~ /^tests\// }
	/clang-format off/ { table = 1 }
	/clang-format on/ { table = 0 }
	!table && length($0) > 60 && !/^[\t ]*"/ && !/^ \*\t/ && columns($0) > 120 {
		printf "%s:%d: %d columns\n", FILENAME, FNR, columns($0)
		bad = 1
	}
	/^[a-z].*\)$/ || /^[a-z].*[(,]$/ { name = $0; start = 0 }
	/^\{/ { start = FNR }
	/^\}/ {
		if (start && FNR - start + 1 > 62) {
			printf "%s:%d: %d lines: %s\n", FILENAME, start, FNR - start - 1, name
			bad = 1
		}
		start = 0
	}
	FNR == 601 { printf "%s: more than 600 lines\n", FILENAME; bad = 1 }
	END { exit bad }' {} +
