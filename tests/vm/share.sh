# For `run` here and in ../systemd: the files for the inside, in a directory of the host that is /run/guest there.

quote() {
	for word in "$@"; do
		printf "'%s' " "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")"
	done
	echo
}

# share_command DIRECTORY COMMAND...: writes the settings and the command; sets $share, and $build_shared, a BUILD outside of the
# tree.
share_command() {
	mkdir -p "$1"
	share=$(cd "$1" && pwd)
	shift
	build_shared=
	build=$(cd "$tree" && readlink -f "${BUILD:-build}" || :)
	case $build/ in "$tree"/*) ;; *) [ ! -d "$build" ] || build_shared=$build ;; esac
	rm -f "$share/started" "$share/status"
	{
		quote export "TREE=$tree"
		quote export "BUILD_SHARED=$build_shared"
		quote export "INIT=$INIT"
		echo 'RESULTS=/run/guest; export RESULTS'
		for name in BUILD HULL ONLY JOBS VM_TIMEOUT; do
			eval "[ -z \"\${$name+set}\" ] || quote export \"$name=\$$name\""
		done
	} >"$share/settings"
	quote "$@" >"$share/command"
}
