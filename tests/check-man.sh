#!/bin/sh
# The manual pages have no warnings. hull(1) and the help, which is made from the tables, have the same commands, operands and
# options; one that only one of them has is an error. Environment: BUILD.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
bad=0

command -v mandoc >/dev/null || {
	echo 'mandoc is not installed'
	exit 77
}
for page in "$BUILD"/man/*.[1-8]; do
	# Whether other pages are installed does not matter here.
	if mandoc -T lint "$page" 2>&1 |
		grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' -e 'lacks .* entry'; then
		bad=1
	fi
done

# Prints "delete, rm" for each command, "COMMAND: -b, --bundle DIR" for each head of an option, "COMMAND ID [SIGNAL]" for the first
# synopsis of a command. The command of the global options is hull.
of_page() {
	awk '
		# The words of a macro line in the form of the help: the names of operands in capitals, brackets for Op and Oo.
		function plain(    i, mode, glue, text, word, brackets) {
			glue = 1
			for (i = 2; i <= NF; i++) {
				word = $i
				if (word ~ /^(Fl|Ar|Cm|Nm)$/) {
					mode = word
					continue
				}
				if (word == "Ns") {
					glue = 1
					continue
				}
				if (word == "Oo") {
					text = text (glue ? "" : " ") "["
					glue = 1
					continue
				}
				if (word == "Oc" || word == "|" || word == ",") {
					text = text (word == "Oc" ? "]" : word)
					glue = word == "|" || (word == "," && text ~ /\[,$/)
					continue
				}
				if (word == "...") {
					text = text word
					continue
				}
				if (mode == "Fl")
					word = "-" word
				if (mode == "Ar")
					word = toupper(word)
				text = text (glue ? "" : " ") word
				glue = word == "=" || word == ":"
			}
			return text
		}
		/^\.Sh / { command = "" }
		/^\.Sh GLOBAL OPTIONS/ { command = "hull" }
		/^\.Sh COMMANDS/ { in_commands = 1 }
		/^\.Sh ENVIRONMENT/ { in_commands = 0 }
		/^\.Ss / {
			synopsis = 0
			command = in_commands ? $2 : ""
			sub(/,/, "", command)
			if (in_commands)
				print substr($0, 5)
		}
		/^\.D1 Nm Cm / && command && !synopsis++ {
			text = plain()
			sub(/ \[OPTION\.\.\.\]/, "", text)
			print text
		}
		/^\.It Fl / && command { print command ": " plain() }' man/hull.1
}

of_help() {
	"$BUILD/hull" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\(, [a-z]*\)*\) .*/\1/p' >"$dir/commands"
	cat "$dir/commands"
	for command in hull $(sed 's/,.*//' "$dir/commands"); do
		"$BUILD/hull" help ${command#hull} | awk -v command="$command" '
			/^Usage: / && command != "hull" {
				sub(/^Usage: hull /, "")
				sub(/ \[OPTION…\]/, "")
				gsub(/…/, "...")
				print
			}
			/^Options/ { in_options = 1 }
			in_options && /^ +-/ {
				sub(/^ +/, "")
				if ($0 ~ /^-h, --help/ && command != "hull")
					next
				sub(/  .*/, "") # two spaces, or the end of the column
				if (length($0) > 30 && $0 ~ / .* /) {
					# an operand fills the column: one space precedes the text
					match($0, /^(-., )?--[a-z0-9-]+( [^ ]+)?/)
					$0 = substr($0, 1, RLENGTH)
				}
				print command ": " $0
			}'
	done
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# "run" also has the options of "create"; the page says so.
of_page | sed -e p -e 's/^create: /run: /' | LC_ALL=C sort -u >"$dir/page"
of_help | LC_ALL=C sort -u >"$dir/help"
if ! [ "$(grep -c ': -' "$dir/help")" -gt 50 ] || ! [ "$(wc -l <"$dir/commands")" -gt 15 ]; then
	echo 'the help lists too few options or commands to be true'
	bad=1
fi
if ! diff "$dir/page" "$dir/help" >"$dir/difference"; then
	echo 'man/hull.1 (<) and the help (>) differ:'
	grep '^[<>]' "$dir/difference"
	bad=1
fi

# The page has each environment variable that the program reads, except the switch of test builds.
grep -rhoE 'getenv\("[A-Z_]+"\)' src oci namespaces cgroups | sed 's/.*"\(.*\)".*/\1/' | grep -vx HULL_DEFENCE_OFF | sort -u >"$dir/read"
sed -n 's/^\.It Ev //p' man/hull.1 | tr -d ' ' | tr ',' '\n' | sort -u >"$dir/told"
if ! diff "$dir/told" "$dir/read" >"$dir/difference"; then
	echo 'man/hull.1 (<) and the sources (>) differ in variables of the environment:'
	grep '^[<>]' "$dir/difference"
	bad=1
fi

# The reference, which is made from the tables, has each property.
"$BUILD/hull" completion bash spec --explain . | cut -f 1 | grep '^\.' | while read -r property; do
	grep -q "^\.It Cm ${property#.} Pq " "$BUILD/man/hull-config.5" || echo "hull-config(5) lacks $property"
done >"$dir/lacks"
if [ -s "$dir/lacks" ]; then
	cat "$dir/lacks"
	bad=1
fi
exit $bad
