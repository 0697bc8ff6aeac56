#!/bin/sh
# However `run` ends, no process, cgroup or directory of it stays: prints a line for each way, "ok systemd: NAME". GUEST=1: also for
# the guest's `run`, whose boots take long.
set -u
here=$(cd "${0%/*}" && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/hull-ends.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cgroup2=/sys/fs/cgroup
[ "$(stat -f -c %T $cgroup2)" = cgroup2fs ] || cgroup2=$cgroup2/unified
failed=0
mark=$dir/results # in the environment of what runs, and of nothing else

leftovers() {
	grep -lsF "RESULTS=$mark" /proc/[0-9]*/environ | while read -r file; do
		echo "process $(tr '\0' ' ' <"${file%environ}cmdline")"
	done 2>/dev/null
	for name in "$dir"/hull-*; do
		[ ! -e "$name" ] || echo "$name"
		[ ! -d "$cgroup2/${name##*/}" ] || echo "cgroup ${name##*/}"
	done
	[ -z "${seen:-}" ] || [ ! -d "$cgroup2/$seen" ] || echo "cgroup $seen"
}

# await SECONDS COMMAND...
await() {
	tries=$(($1 * 10))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}
nothing() { [ -z "$(leftovers)" ]; }
begun() { [ -e "$mark/ready" ]; }

# ends WHERE NAME WAY: calls WAY with the pid of the run.
ends() {
	rm -rf "$mark"
	mkdir "$mark"
	sleep 1000 & # what may own it
	owner=$!
	code=0
	TMPDIR=$dir RESULTS=$mark VM_OWNER=$owner sh "$here/../$1/run" sh -c 'echo >"$RESULTS/ready"; case $0 in end) exit 7 ;; esac; sleep 1000 & sleep 1000' "$3" \
		>"$dir/log" 2>&1 &
	run=$!
	why=
	await 300 begun || why='it does not begin'
	seen=$(cd "$dir" && echo hull-systemd.* hull-guest.* | tr ' ' '\n' | grep -v '\*' | head -n 1)
	case $3 in
	end) ;;
	owner) kill -KILL $owner ;;
	*) kill "-$3" $run ;;
	esac
	{
		wait $run || code=$?
		kill -KILL $owner
		wait $owner
	} 2>/dev/null
	case $3 in end) wanted=7 ;; KILL) wanted=137 ;; *) wanted=130 ;; esac
	[ -n "$why" ] || [ $code = $wanted ] || why="status $code, expected $wanted: $(tail -n 1 "$dir/log")"
	[ $code != 77 ] || { echo "SKIP $2: $(tail -n 1 "$dir/log")"; return; }
	# A killed script cannot wait.
	limit=0
	[ "$3" != KILL ] || limit=5
	await $limit nothing || nothing || why="${why:+$why; }left: $(leftovers | tr '\n' ' ')"
	if [ -z "$why" ]; then
		echo "ok $2"
	else
		echo "FAIL $2: $why"
		failed=1
	fi
}

for where in systemd ${GUEST:+vm}; do
	label=systemd
	[ $where = systemd ] || label=guest
	ends $where "$label: nothing_is_left_at_the_end" end
	ends $where "$label: nothing_is_left_by_SIGTERM" TERM
	ends $where "$label: nothing_is_left_by_SIGHUP" HUP
	ends $where "$label: nothing_is_left_by_SIGKILL" KILL
	ends $where "$label: nothing_is_left_without_its_owner" owner
done
exit $failed
