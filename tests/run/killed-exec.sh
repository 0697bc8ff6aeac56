#!/bin/sh
# Like killed.sh, for the commands on a running container, above all exec; and the death of an engine's monitor.
. "${0%/*}/lib.sh"
STEPS=${STEPS:-40}

# A container that runs, for the commands below.
run_container() {
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "run: $(cat "$WORK/out")"
	cgroup=$CGROUP2/hull-$ID
	init=$(hull state "$ID" | jq .pid)
}

# Everything that exec had begun ends; no process in there waits for an answer that never comes.
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

# exec_everywhere WHO OPTION...: of exec's two processes, one is in the container's pid namespace, the other not yet.
exec_everywhere() {
	who=$1
	shift
	run_container
	count_calls "$who" exec "$@" "$ID" touch /tmp/ran
	expect_alone 'the count'
	step=$((total / STEPS + 1))
	[ $# = 0 ] || step=$((step * 2))
	at=1
	while [ $at -le "$total" ]; do
		rm -f "$BUNDLE/rootfs/tmp/ran"
		timeout -k 5 60 "$KILL_AT" "$who" $at "$HULL" --root "$STATE" exec "$@" "$ID" touch /tmp/ran </dev/null >"$WORK/out" 2>"$WORK/errors"
		code=$?
		[ $code = 0 ] || [ $code = 3 ] || fail "exec killed at $at of $total: status $code: $(cat "$WORK/errors")"
		expect_alone "exec killed at $at of $total"
		if [ "$who" = child ] && [ $code = 0 ]; then
			code=$(tail -n 1 "$WORK/out")
			# detached, it may have begun to run the program; and the first process may be killed as it ends
			[ "$code" != 0 ] || [ "${1:-}" = -d ] || [ -e "$BUNDLE/rootfs/tmp/ran" ] ||
				fail "exec whose process was killed at $at: success"
			[ "$code" = 0 ] || [ "$code" = 137 ] || [ -s "$WORK/errors" ] || fail "exec whose process was killed at $at: nothing was said"
		fi
		at=$((at + step))
	done
	same running "$(status_of)" status
	hull exec "$ID" true </dev/null || fail 'exec does not work any more'
	hull delete --force "$ID" || fail delete
}

test_exec() {
	with_killer
	exec_everywhere parent
}

test_exec_detached() {
	with_killer
	exec_everywhere parent -d
}

test_exec_with_terminal() {
	with_killer
	exec_everywhere parent -t
}

test_exec_as_user() {
	with_killer
	exec_everywhere parent -u 1000:1000 --no-new-privs -e A=B
}

test_processes_of_exec() {
	with_killer
	exec_everywhere child
}

test_processes_of_exec_detached() {
	with_killer
	exec_everywhere child -d
}

test_processes_of_exec_with_terminal() {
	with_killer
	exec_everywhere child -t
}

# An exec that waits in a paused container, and whose hull is killed, ends once the container continues.
test_exec_in_paused() {
	with_killer
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

# delete --force of a container with a process of exec whose hull was killed, before it had an answer and after.
test_delete_after_exec() {
	with_killer
	run_container
	count_calls parent exec "$ID" true
	hull delete --force "$ID" || fail delete
	step=$((total / (STEPS / 4) + 1))
	at=1
	while [ $at -le "$total" ]; do
		run_container
		"$KILL_AT" parent $at "$HULL" --root "$STATE" exec "$ID" sleep 3 </dev/null >"$WORK/out" 2>"$WORK/errors"
		try hull delete --force "$ID"
		[ "$status" = 0 ] || fail "killed at $at of $total: delete --force says $errors"
		nothing_left "exec killed at $at of $total"
		at=$((at + step))
	done
}

# command_everywhere COMMAND ARGUMENT...: on a running container. The command can be given again, or the container be deleted.
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
			nothing_left "$1 killed at $at of $total"
			run_container
		fi
		at=$((at + step))
	done
	hull delete --force "$ID" || fail "$1: delete"
}

test_pause_and_resume() {
	with_killer
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
	with_killer
	command_everywhere kill "$ID" USR1
	command_everywhere kill --all "$ID" KILL
}

test_update() {
	with_killer
	grep -qw pids "$CGROUP2/cgroup.controllers" || skip 'cgroup v2 has no pids controller here'
	command_everywhere update --pids-limit 100 "$ID"
}

# An engine's monitor is killed at one moment after the other. The command ends by itself or with it, and whatever is left can be
# deleted.
monitor_everywhere() { # COMMAND ARGUMENT...
	usec=0
	while [ $usec -lt 20000 ]; do
		"$PROGRAMS/monitor" $usec "$HULL" --root "$STATE" "$@" </dev/null >"$WORK/pid" 2>"$WORK/errors"
		code=$?
		pid=$(cat "$WORK/pid")
		tries=0
		# run and exec continue until the container ends
		while [ "$1" != run ] && [ "$1" != exec ] && [ -e "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status"; do
			tries=$((tries + 1))
			[ $tries -lt 600 ] || fail "$1 goes on: $(cat "/proc/$pid/wchan")"
			sleep 0.1
		done
		try hull delete --force "$ID"
		[ "$status" = 0 ] || fail "$1, monitor killed after $usec: delete --force says $errors"
		nothing_left "$1, monitor killed after $usec"
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
