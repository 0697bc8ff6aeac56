#!/bin/sh
# Every program that the tests need is installed (tests/tools), and that list has every program that a script calls, as far as this
# machine knows the program. A test that calls a missing program may pass for no reason: "! pgrep …" does. "check-tools.sh needed
# SCRIPT" checks only that the needed programs are there, and those that SCRIPT calls: a guest has fewer programs, and fewer are
# called there.
set -u
mode=${1:-} script=${2:-}
case $script in '' | /*) ;; *) script=$PWD/$script ;; esac
cd "$(dirname "$0")/.." || exit 1
LIST=tests/tools
bad=0

# listed [CLASS]: "PROGRAM PACKAGE" for each.
listed() {
	awk -v class="${1:-}" '!/^#/ && NF && (class == "" || $1 == class) { for (i = 3; i <= NF; i++) print $i, substr($2, 1, length($2) - 1) }' $LIST
}

is_program() {
	for dir in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
		[ ! -x "$dir/$1" ] || return 0
	done
	return 1
}

# Finds words where a command can stand: at the beginning of a line or of a quoted script, or after an operator or a keyword.
called_in() { # FILE...
	awk '{
		sub(/^[ \t]*#.*/, "")
		sub(/[ \t]#[ \t].*/, "")
		gsub(/\$\(|`|\|\||&&|[;|&(!{"]|\047/, "\n")
		n = split($0, part, "\n")
		for (i = 1; i <= n; i++) {
			word = part[i]
			do sub(/^[ \t]+/, "", word)
			while (sub(/^(then|do|else|if|elif|while|until|exec|command)[ \t]+/, "", word) ||
				sub(/^[A-Za-z_][A-Za-z_0-9]*=[^ \t]*[ \t]+/, "", word))
			if (match(word, /^[a-z][a-z0-9_.+-]*/) && substr(word, RLENGTH + 1) ~ /^($|[ \t<>)])/)
				print substr(word, 1, RLENGTH)
		}
	}' "$@" | LC_ALL=C sort -u
}

missing=
while read -r program package; do
	command -v "$program" >/dev/null || missing="$missing $program (package $package)"
done <<END
$(listed needed)
END
if [ -n "$missing" ] && [ -n "$script" ]; then
	calls=" $(called_in "$script" | tr '\n' ' ')"
	all=$missing missing=
	set -f
	set -- $all
	while [ $# -ge 3 ]; do
		case $calls in *" $1 "*) missing="$missing $1 $2 $3" ;; esac
		shift 3
	done
	set +f
fi
if [ -n "$missing" ]; then
	echo "missing, so that tests would prove nothing:$missing"
	bad=1
fi

[ "$mode" != needed ] || exit $bad

known=" $(listed | cut -d ' ' -f 1 | tr '\n' ' ')"
calls=0
for word in $(called_in $(find tests -type f \( -name '*.sh' -o -path 'tests/vm/*' ! -name '*.[ch]' \))); do
	calls=$((calls + 1))
	case $known in *" $word "*) continue ;; esac
	if is_program "$word"; then
		echo "tests/tools does not have $word, which is called in $(grep -rlwI -e "$word" tests | head -n 3 | tr '\n' ' ')"
		bad=1
	fi
done
if [ $calls -lt 100 ]; then
	echo "only $calls calls found in the scripts of the tests"
	bad=1
fi
exit $bad
