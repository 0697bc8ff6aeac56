#!/bin/sh
# .process: what runs, as which user and within which limits.
. "${0%/*}/lib.sh"

test_exit_code() {
	inside 'exit 3'
	expect_status 3
}

test_exit_code_zero() {
	inside 'exit 0'
	expect_status 0
}

test_killed_by_signal() {
	# Its own signals do not reach the init of a PID namespace, except SIGKILL from outside and faults.
	inside 'sleep 1000 & kill -TERM $!; wait $!; exit $?'
	expect_status 143
}

test_session_and_group() {
	expect '1 1' 'set -- $(cat /proc/1/stat); echo $5 $6'
}

test_descriptors_closed() {
	exec 9</etc/hostname
	inside 'ls /proc/1/fd; true'
	expect_status 0
	same '0 1 2' "$(printf '%s' "$out" | xargs)" descriptors
}

test_preserve_fds() {
	exec 3</etc/hostname 4</etc/hostname
	config '.process.args = ["sh", "-c", "ls /proc/1/fd; true"]'
	run --preserve-fds 1
	expect_status 0
	same '0 1 2 3' "$(printf '%s' "$out" | xargs)" descriptors
}

test_stdin() {
	config '.process.args = ["cat"]'
	out=$(echo hello | hull run -b "$BUNDLE" "$ID")
	same hello "$out" output
}

test_signal_dispositions_default() {
	trap '' PIPE USR1
	expect 'SigBlk: 0000000000000000' 'echo $(grep SigBlk /proc/1/status)'
}

test_forwarded_signal() {
	config '.process.args = ["sh", "-c", "trap \"exit 7\" TERM; echo ready; while :; do sleep 0.05; done"]'
	"$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" >"$WORK/out" 2>&1 &
	pid=$!
	await 'it is not ready' grep -q ready "$WORK/out"
	kill -TERM $pid
	wait $pid
	same 7 $? 'exit status'
}

# What cannot be raised is refused by create, not by start.
test_rlimit_without_the_right() {
	command -v setpriv >/dev/null || skip 'setpriv(1) is not here'
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 10, hard: 900000000}]'
	fails_with '.process.rlimits[0]: set RLIMIT_NOFILE to 10, hard limit 900000000: Operation not permitted' \
		setpriv --bounding-set=-sys_resource "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
	nothing_left create
}

run_tests
