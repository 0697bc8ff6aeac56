# For scripts that start what must not outlive them. Long-lived children are started with 7>&-.
# shellcheck shell=sh disable=SC2034

# tidy_after NAME: makes $work, a directory in TMPDIR, and $cgroup, a cgroup of the same name; both, and all processes in the
# cgroup, end with this script. Prints the reason where there is no cgroup to be had.
tidy_after() {
	cgroup=/sys/fs/cgroup
	[ "$(stat -f -c %T $cgroup)" = cgroup2fs ] || cgroup=$cgroup/unified
	work=$(mktemp -d "${TMPDIR:-/tmp}/$1.XXXXXX")
	cgroup=$cgroup/${work##*/}
	trap tidy_up EXIT
	trap 'exit 130' INT TERM HUP
	mkfifo "$work/alive"
	setsid sh "${BASE:?}/janitor" "$cgroup" "$work" <"$work/alive" >/dev/null 2>&1 &
	janitor=$!
	exec 7>"$work/alive"
	mkdir "$cgroup" 2>"$work/log" || cat "$work/log"
	[ -d "$cgroup" ]
}

tidy_up() {
	trap '' INT TERM HUP
	exec 7>&-
	[ -z "${janitor:-}" ] || wait "$janitor" || :
}
