# For scripts that start processes which must not outlive them. Long-lived children are started with 7>&-.

# tidy_after NAME: makes $work, a directory in TMPDIR, and $cgroup, a cgroup of the same name. Both, and all processes in the
# cgroup, end together with this script. If no cgroup can be had, $reason gives the reason. $BASE is this directory.
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
	reason=$(mkdir "$cgroup" 2>&1)
}

tidy_up() {
	trap '' INT TERM HUP
	exec 7>&-
	[ -z "${janitor:-}" ] || wait "$janitor" || :
}

# in_namespaces COMMAND...: runs it in the background, as process 1 of new namespaces of all kinds but user and time. Its cgroup
# namespace begins at $cgroup, and it starts in a cgroup below, so that a process that waits for it is not in the root.
in_namespaces() {
	exec 6>&- 7>&-
	mkdir "$cgroup/self"
	exec setpriv --pdeathsig KILL sh -c 'echo 0 >"$0/cgroup.procs" || exit
		exec unshare --cgroup sh -c "echo 0 >\"\$0/self/cgroup.procs\" && exec \"\$@\"" "$0" \
			unshare --mount --pid --fork --kill-child --net --ipc --uts "$@"' "$cgroup" "$@"
}
