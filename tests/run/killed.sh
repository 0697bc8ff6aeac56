#!/bin/sh
# hull, or init, is killed at each of its system calls in turn: what is left can be deleted, and then nothing is left.
# STEPS (40) is how many points of each command are tried, spread evenly.
. "${0%/*}/lib.sh"
STEPS=${STEPS:-40}

build_helper() {
	compile kill-at
	KILL_AT=$PROGRAMS/kill-at
	"$KILL_AT" parent 0 /bin/true >/dev/null
	[ $? = 3 ] || skip 'processes cannot be traced here'
}

# The commands that need no time limit: they are traced.
kill_at() {
	"$KILL_AT" "$1" "$2" "$HULL" --root "$STATE" "$3" -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors"
}

# Nothing is left; the tools that look carry no mark of the test themselves.
expect_nothing() {
	left=$(unset HULL_TEST_ID && check_leftovers || echo "$left" | tr '\n' ' ')
	[ -z "$left" ] || fail "$1: left $left"
}

# Each point of COMMAND where WHO is killed. A run is over by itself, so what it leaves is looked at after the kill too.
kill_everywhere() { # WHO COMMAND
	kill_at "$1" 0 "$2"
	[ $? = 3 ] || fail "$2 cannot be traced: $(cat "$WORK/errors")"
	total=$(tail -n 1 "$WORK/out")
	[ "$total" -gt 10 ] || fail "only $total system calls"
	hull delete --force "$ID" || fail "delete after the count"
	step=$((total / STEPS + 1))
	at=1
	while [ $at -le "$total" ]; do
		kill_at "$1" $at "$2"
		if [ "$1" = child ]; then
			# init is dead: create said so and undid what it had made, or had finished
			[ "$(tail -n 1 "$WORK/out")" != 0 ] || [ -n "$(ls -A "$STATE")" ] || [ "$2" = run ] ||
				fail "$2 killed at $at: success without a container"
			[ "$(tail -n 1 "$WORK/out")" = 0 ] || [ -s "$WORK/errors" ] || [ "$2" = run ] ||
				fail "$2 killed at $at: nothing was said"
		fi
		try hull delete --force "$ID"
		[ "$status" = 0 ] || fail "$2 killed at $at of $total: delete --force says $errors"
		expect_nothing "$1 of $2 killed at $at of $total"
		at=$((at + step))
	done
}

test_create() {
	build_helper
	config '.process.args = ["sleep", "1000"]'
	kill_everywhere parent create
}

test_create_nested_cgroup() {
	build_helper
	config --arg path "/tests-$ID/a/b" '.process.args = ["sleep", "1000"] | .linux.cgroupsPath = $path'
	kill_everywhere parent create
}

test_create_with_everything() {
	build_helper
	config '.process.args = ["sleep", "1000"]
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO"}]}
		| .linux.namespaces += [{type: "user"}, {type: "time"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 0, size: 65536}]
		| .linux.timeOffsets = {monotonic: {secs: 1000}}
		| .hooks = {createRuntime: [{path: "/bin/true"}], poststop: [{path: "/bin/true"}]}'
	kill_everywhere parent create
}

# Processes that make a user namespace, and an overlay, are not left either.
test_create_with_mapped_overlay() {
	build_helper
	maps_ids "$BUNDLE" || skip 'this kernel maps no ids of what the tests are on'
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
	config --arg source "$BUNDLE/rootfs/etc" '.process.args = ["sleep", "1000"] | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings
		| .mounts += [{destination: "/mnt", source: $source, options: ["bind", "idmap=uids=0-7-1;gids=0-7-1"]}]'
	printf '#!/bin/sh\n[ "$3" != create ] || set -- "$@" --overlay tmp\nexec "%s" "$@"\n' "$HULL" >"$WORK/hull"
	chmod 755 "$WORK/hull"
	HULL=$WORK/hull
	kill_everywhere parent create
	kill_everywhere child create
}

test_create_without_cgroup() {
	build_helper
	config '.process.args = ["sleep", "1000"]'
	real=$HULL
	printf '#!/bin/sh\nexec "%s" --cgroup-manager disabled "$@"\n' "$real" >"$WORK/hull"
	chmod 755 "$WORK/hull"
	HULL=$WORK/hull
	kill_everywhere parent create
}

test_run() {
	build_helper
	config '.process.args = ["true"]'
	kill_everywhere parent run
}

test_init_of_create() {
	build_helper
	config '.process.args = ["sleep", "1000"]'
	kill_everywhere child create
}

test_init_of_run() {
	build_helper
	config '.process.args = ["true"]'
	kill_everywhere child run
}

# start, killed anywhere, leaves a container that is created, running or stopped, and can be deleted.
test_start() {
	build_helper
	config '.process.args = ["sleep", "1000"]'
	at=1
	while :; do
		hull create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "create: $(cat "$WORK/out")"
		"$KILL_AT" parent $at "$HULL" --root "$STATE" start "$ID" >"$WORK/out" 2>"$WORK/errors"
		code=$?
		sleep 0.02
		case $(status_of) in
		created | running | stopped) ;;
		*) fail "killed at $at: status is $(status_of)" ;;
		esac
		hull delete --force "$ID" || fail "killed at $at: delete"
		expect_nothing "killed at $at"
		[ $code = 0 ] || break
		at=$((at + 1 + at / STEPS))
	done
}

# delete, killed anywhere, can be done again.
test_delete() {
	build_helper
	config '.process.args = ["sleep", "1000"]'
	at=1
	while :; do
		hull create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "create: $(cat "$WORK/out")"
		"$KILL_AT" parent $at "$HULL" --root "$STATE" delete --force "$ID" >"$WORK/out" 2>"$WORK/errors"
		code=$?
		try hull delete --force "$ID"
		[ "$status" = 0 ] || fail "killed at $at: the second says $errors"
		expect_nothing "killed at $at"
		[ $code = 0 ] || break
		at=$((at + 1 + at / STEPS))
	done
}

# A container that runs, for the commands below.
run_container() {
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "run: $(cat "$WORK/out")"
	cgroup=$CGROUP2/hull-$ID
	init=$(hull state "$ID" | jq .pid)
}

# Whatever exec had begun ends; nobody waits in there for an answer that never comes.
expect_alone() {
	tries=0
	while [ "$(find "$cgroup" -name cgroup.procs -exec cat {} +)" != "$init" ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "$1: in the container are $(find "$cgroup" -name cgroup.procs -exec cat {} + | while read -r pid; do
			echo "$pid $(cat "/proc/$pid/wchan" "/proc/$pid/comm" "/proc/$pid/cmdline" 2>&1 | tr '\0\n' '  ')"; done)"
		sleep 0.1
	done
}

count_calls() { # WHO ARGUMENT...
	who=$1
	shift
	"$KILL_AT" "$who" 0 "$HULL" --root "$STATE" "$@" </dev/null >"$WORK/out" 2>"$WORK/errors"
	[ $? = 3 ] || fail "$1 cannot be traced: $(cat "$WORK/errors")"
	total=$(tail -n 1 "$WORK/out")
	[ "$total" -gt 10 ] || fail "only $total system calls"
}

# exec_everywhere WHO OPTION...: of exec's two processes one is in the container's pid namespace, one not yet.
exec_everywhere() {
	who=$1
	shift
	run_container
	count_calls "$who" exec "$@" "$ID" true
	expect_alone 'the count'
	step=$((total / STEPS + 1))
	at=1
	while [ $at -le "$total" ]; do
		timeout -k 5 60 "$KILL_AT" "$who" $at "$HULL" --root "$STATE" exec "$@" "$ID" true </dev/null >"$WORK/out" 2>"$WORK/errors"
		code=$?
		[ $code = 0 ] || [ $code = 3 ] || fail "exec killed at $at of $total: status $code: $(cat "$WORK/errors")"
		expect_alone "exec killed at $at of $total"
		if [ "$who" = child ] && [ $code = 0 ]; then
			code=$(tail -n 1 "$WORK/out")
			# detached it may have begun to run the program
			[ "$code" != 0 ] || [ "${1:-}" = -d ] || fail "exec whose process was killed at $at: success"
			[ "$code" = 0 ] || [ "$code" = 137 ] || [ -s "$WORK/errors" ] || fail "exec whose process was killed at $at: nothing was said"
		fi
		at=$((at + step))
	done
	same running "$(status_of)" status
	hull exec "$ID" true </dev/null || fail 'exec does not work any more'
	hull delete --force "$ID" || fail delete
}

test_exec() {
	build_helper
	exec_everywhere parent
}

test_exec_detached() {
	build_helper
	exec_everywhere parent -d
}

test_exec_with_terminal() {
	build_helper
	exec_everywhere parent -t
}

test_exec_as_user() {
	build_helper
	exec_everywhere parent -u 1000:1000 --no-new-privs -e A=B
}

test_processes_of_exec() {
	build_helper
	exec_everywhere child
}

test_processes_of_exec_detached() {
	build_helper
	exec_everywhere child -d
}

test_processes_of_exec_with_terminal() {
	build_helper
	exec_everywhere child -t
}

# One that waits in a paused container, and whose hull is killed: it ends once the container goes on.
test_exec_in_paused() {
	build_helper
	run_container
	hull pause "$ID" || fail pause
	"$HULL" --root "$STATE" exec --ignore-paused "$ID" sleep 1000 </dev/null >"$WORK/out" 2>&1 &
	pid=$!
	tries=0
	while [ "$(wc -l <"$cgroup/cgroup.procs")" -lt 2 ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "it does not come: $(cat "$WORK/out")"
		sleep 0.1
	done
	kill -KILL $pid
	hull resume "$ID" || fail resume
	expect_alone resume
	hull delete --force "$ID" || fail delete
}

# delete --force of a container with a process of exec of which hull was killed, before it had an answer and after.
test_delete_after_exec() {
	build_helper
	run_container
	count_calls parent exec "$ID" true
	hull delete --force "$ID" || fail delete
	step=$((total / (STEPS / 4) + 1))
	at=1
	while [ $at -le "$total" ]; do
		run_container
		"$KILL_AT" parent $at "$HULL" --root "$STATE" exec "$ID" sleep 1000 </dev/null >"$WORK/out" 2>"$WORK/errors"
		try hull delete --force "$ID"
		[ "$status" = 0 ] || fail "killed at $at of $total: delete --force says $errors"
		expect_nothing "exec killed at $at of $total"
		at=$((at + step))
	done
}

# command_everywhere COMMAND ARGUMENT...: on a container that runs; the same command can be given again, or the container be deleted.
command_everywhere() {
	run_container
	count_calls parent "$@"
	step=$((total / STEPS + 1))
	at=1
	while [ $at -le "$total" ]; do
		"$KILL_AT" parent $at "$HULL" --root "$STATE" "$@" </dev/null >"$WORK/out" 2>"$WORK/errors"
		case $(status_of) in running | paused | stopped) ;; *) fail "$1 killed at $at: status is $(status_of)" ;; esac
		if [ $((at % 3)) = 0 ]; then
			try hull delete --force "$ID"
			[ "$status" = 0 ] || fail "$1 killed at $at of $total: delete --force says $errors"
			expect_nothing "$1 killed at $at of $total"
			run_container
		fi
		at=$((at + step))
	done
	hull delete --force "$ID" || fail "$1: delete"
}

test_pause_and_resume() {
	build_helper
	command_everywhere pause "$ID"
	run_container
	count_calls parent resume "$ID"
	at=1
	while [ $at -le "$total" ]; do
		hull pause "$ID" 2>"$WORK/errors" || [ "$(status_of)" = paused ] || fail "resume killed at $at: pause: $(cat "$WORK/errors")"
		"$KILL_AT" parent $at "$HULL" --root "$STATE" resume "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors"
		at=$((at + total / STEPS + 1))
	done
	[ "$(status_of)" = running ] || hull resume "$ID" || fail 'resume at last'
	same running "$(status_of)" status
	hull delete --force "$ID" || fail delete
}

test_kill() {
	build_helper
	command_everywhere kill "$ID" USR1
	command_everywhere kill --all "$ID" KILL
}

test_update() {
	build_helper
	grep -qw pids "$CGROUP2/cgroup.controllers" || skip 'cgroup v2 has no pids controller here'
	command_everywhere update --pids-limit 100 "$ID"
}

# Under systemd, which makes the cgroup: its scope is gone too.
test_create_under_systemd() {
	[ -d /run/systemd/system ] || skip 'systemd is not process 1'
	HULL_LIBEXEC=${HULL_LIBEXEC:-$(dirname "$HULL")}
	export HULL_LIBEXEC
	[ -x "$HULL_LIBEXEC/hull-systemd" ] || skip 'hull-systemd is not built: libsystemd is missing'
	build_helper
	config '.process.args = ["sleep", "1000"]'
	real=$HULL
	printf '#!/bin/sh\nexec "%s" --systemd-cgroup "$@"\n' "$real" >"$WORK/hull"
	chmod 755 "$WORK/hull"
	HULL=$WORK/hull STEPS=15
	kill_everywhere parent create
	same '' "$(systemctl list-units --all --plain --no-legend | grep -F "$ID")" 'the units'
}

# An engine's monitor is killed at one moment after the other; the command ends by itself, or with it, and what is left can be deleted.
monitor_everywhere() { # COMMAND ARGUMENT...
	usec=0
	while [ $usec -lt 20000 ]; do
		"$PROGRAMS/monitor" $usec "$HULL" --root "$STATE" "$@" </dev/null >"$WORK/pid" 2>"$WORK/errors"
		code=$?
		pid=$(cat "$WORK/pid")
		tries=0
		# run and exec go on until the container ends
		while [ "$1" != run ] && [ "$1" != exec ] && [ -e "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status"; do
			tries=$((tries + 1))
			[ $tries -lt 600 ] || fail "$1 goes on: $(cat "/proc/$pid/wchan")"
			sleep 0.1
		done
		try hull delete --force "$ID"
		[ "$status" = 0 ] || fail "$1, monitor killed after $usec: delete --force says $errors"
		expect_nothing "$1, monitor killed after $usec"
		[ $code = 137 ] || [ $usec -gt 10000 ] || [ "$1" = start ] || [ "$1" = exec ] || fail "$1: the monitor was not killed after $usec: $code"
		[ "$1" != start ] && [ "$1" != exec ] || run_for "$1"
		usec=$((usec + 20000 / (STEPS / 2)))
	done
	hull delete --force "$ID" || fail delete
}

run_for() {
	case $1 in
	start) hull create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail create ;;
	exec) run_container ;;
	esac
}

test_monitor() {
	compile monitor
	config '.process.args = ["sleep", "1000"] | .hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "echo text; echo text >&2"]}]}'
	monitor_everywhere create -b "$BUNDLE" "$ID"
	monitor_everywhere run -d -b "$BUNDLE" "$ID"
	monitor_everywhere run -b "$BUNDLE" "$ID"
	config 'del(.hooks)'
	run_for start
	monitor_everywhere start "$ID"
	run_for exec
	monitor_everywhere exec "$ID" sleep 1000
}

run_tests
