#!/bin/sh
# A function is a screen, 60 lines at most; a file above 700 lines wants to be two. Prints what is longer, and fails.
# Every function here begins and ends in the first column, as .clang-format has it.
set -eu
cd "$(dirname "$0")/.."
find src oci namespaces cgroups man tests -name '*.[ch]' -exec awk '
	FNR == 1 { start = 0; long_file = 0 }
	/^[a-z].*\)$/ || /^[a-z].*[(,]$/ { name = $0; start = 0 }
	/^\{/ { start = FNR }
	/^\}/ {
		if (start && FNR - start + 1 > 62) {
			printf "%s:%d: %d lines: %s\n", FILENAME, start, FNR - start - 1, name
			bad = 1
		}
		start = 0
	}
	FNR == 701 { printf "%s: more than 700 lines\n", FILENAME; bad = 1 }
	END { exit bad }' {} +
