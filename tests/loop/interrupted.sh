#!/bin/sh
# An interrupted run of the tests leaves nothing behind: after SIGTERM to make, and after Ctrl-C (SIGINT to the process group).
# Prints "ok interrupted: NAME" and "FAIL interrupted: NAME: why". Environment: BUILD, MAKE. Needs root.
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ "$(id -u)" != 0 ]; then
	echo 'needs root'
	exit 77
fi
unset HULL_TEST_RUN LOGS TMPDIR HULL_TEST_TEMPLATE HULL_TEST_PROGRAMS
work=$(mktemp -d /tmp/hull-interrupted.XXXXXX)
trap 'rm -rf "$work"' EXIT
CGROUP2=/sys/fs/cgroup
[ "$(stat -f -c %T $CGROUP2)" = cgroup2fs ] || CGROUP2=/sys/fs/cgroup/unified

# Finds what the run with this mark in its environment has left.
left() {
	grep -lsF "HULL_INTERRUPTED=$mark" /proc/[0-9]*/environ | sed 's/^/process: /'
	grep -F "/tmp/hull$run/" /proc/self/mountinfo
	find /tmp -maxdepth 1 -name "hull$run"
	find "$CGROUP2" -type d -name "*t$run-*"
}

# interrupt NAME SIGNAL: starts a run, and ends it by the signal while it has containers.
interrupt() {
	mark=$$-$1
	HULL_INTERRUPTED=$mark setsid "$work/begin" "${MAKE:-make}" test 'T=run/concurrency run/lifecycle run/terminal run/exec' \
		JOBS=4 BUILD="${BUILD:-build}" >"$work/log" 2>&1 &
	maker=$!
	run='' tries=0
	# there are containers, and a test has passed
	until [ -n "$run" ] && [ "$(find "$CGROUP2" -type d -name "hull-t$run-*" | wc -l)" -ge 2 ] && grep -q 'ok run' "$work/log"; do
		run=$(grep -hasF "HULL_INTERRUPTED=$mark" /proc/[0-9]*/environ | tr '\0' '\n' | sed -n 's/^HULL_TEST_RUN=//p' | head -n 1)
		tries=$((tries + 1))
		if [ $tries -gt 1200 ]; then
			echo "FAIL interrupted: $1: it does not begin: $(tail -n 1 "$work/log")"
			kill -KILL -$maker
			return
		fi
		sleep 0.05
	done
	case $2 in
	TERM) kill -TERM $maker ;;
	INT) kill -INT -$maker ;;
	esac
	wait $maker
	code=$?
	if [ $code = 0 ]; then
		echo "FAIL interrupted: $1: it went on to its end"
		return
	fi
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -n "$(unset HULL_INTERRUPTED; left)" ] || break
		sleep 0.2
	done
	left >"$work/left"
	if [ -s "$work/left" ]; then
		echo "FAIL interrupted: $1: left behind:"
		sed 's/^/    /' "$work/left"
		return
	fi
	echo "ok interrupted: $1"
}

# The shell that starts make in the background makes it ignore SIGINT; a terminal's shell would not.
cat >"$work/begin.c" <<'END'
#include <signal.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	(void)argc;
	signal(SIGINT, SIG_DFL);
	execvp(argv[1], argv + 1);
	return 125;
}
END
${CC:-cc} -o "$work/begin" "$work/begin.c" || exit 1
interrupt by_sigterm TERM
interrupt by_sigint INT
