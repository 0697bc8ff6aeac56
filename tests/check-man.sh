#!/bin/sh
# The manual pages are clean, and hull(1) and `hull COMMAND --help` tell of the same options. Environment: BUILD.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
bad=0

command -v mandoc >/dev/null || {
	echo 'mandoc is not installed'
	exit 77
}
for page in hull.1 hull-config.5 hull-engines.7; do
	# Whether other pages are installed is not for this check.
	if mandoc -T lint "$BUILD/man/$page" 2>&1 |
		grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' -e 'lacks .* entry'; then
		bad=1
	fi
done

# The options in the section of a command: "spec --bundle".
options_of_page() {
	awk '
		/^\.Sh / { command = "" }
		/^\.Sh GLOBAL OPTIONS/ { command = "hull" }
		/^\.Ss / { command = $2 }
		/^\.It Fl / && command { for (i = 1; i <= NF; i++) if ($i ~ /^-[a-z]/) print command, "-" $i }' man/hull.1
}

# A word that begins with "--" on an option line of the help. "run" shares the options of "create" in the page.
options_of_help() {
	"$BUILD/hull" --help | awk -v command=hull '/^ +-/ { print command, $0 }'
	for command in $(awk '/^\.Ss / { print $2 }' man/hull.1); do
		"$BUILD/hull" "$command" --help | awk -v command="$command" '/^ +-/ { print command, $0 }'
	done
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
{
	options_of_page
	options_of_page | sed -n 's/^create /run /p'
} | sort -u >"$dir/page"
options_of_help | awk '{ for (i = 2; i <= NF; i++) if ($i ~ /^--[a-z]/) { sub(/[=,].*/, "", $i); print $1, $i; break } }' |
	grep -v -e ' --help$' | sort -u >"$dir/help"
grep -v -e ' --help$' "$dir/page" | sort -u >"$dir/page.sorted"
if ! [ -s "$dir/help" ]; then
	echo "no options in the help"
	bad=1
fi
if ! diff -u "$dir/page.sorted" "$dir/help"; then
	echo 'man/hull.1 and --help differ (- page, + help)'
	bad=1
fi
exit $bad
