#!/bin/sh
# Exit statuses, as hull(1) has them: the container's own passed through, 128 + signal, 1 for errors of the command, 126 and 127 if
# the program cannot be executed. And the signals that a foreground run passes on.
. "${0%/*}/lib.sh"

test_passed_through() {
	for code in 0 1 2 42 126 127 128 255; do
		inside "exit $code"
		expect_status $code
	done
}

test_killed_by_signal() {
	# pid 1 is immune to most signals of its own namespace
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	for signal in 9 15 11 10; do
		inside "kill -$signal \$\$"
		expect_status $((128 + signal))
	done
}

test_not_found() {
	for program in no-such-command /no/such/program ./none; do
		config --arg program $program '.process.args = [$program]'
		run
		expect_status 127
		printf '%s' "$errors" | grep -Fq "$program" || fail "error: $errors"
	done
}

test_cannot_be_executed() {
	echo data >"$BUNDLE/rootfs/bin/data"
	chmod 644 "$BUNDLE/rootfs/bin/data"
	for program in /bin/data /etc /; do
		config --arg program $program '.process.args = [$program]'
		run
		expect_status 126
	done
}

test_no_interpreter() {
	printf '#!/no/such/interpreter\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	config '.process.args = ["/bin/script"]'
	run
	expect_status 127
	printf '%s' "$errors" | grep -Fq /no/such/interpreter || fail "error: $errors"
}

test_unknown_format() {
	printf '\001\002\003\004' >"$BUNDLE/rootfs/bin/garbage"
	chmod 755 "$BUNDLE/rootfs/bin/garbage"
	config '.process.args = ["/bin/garbage"]'
	run
	expect_status 126
}

# create, start and run -d exit with the result of the command; they do not pass the container's status on.
test_detached() {
	config '.process.args = ["sh", "-c", "exit 7"]'
	run --detach
	expect_status 0
	wait_for stopped
	hull delete "$ID" || fail delete
	config '.process.args = ["no-such-command"]'
	run --detach
	expect_status 127
	try hull create -b "$BUNDLE" "$ID"
	expect_status 127
}

test_own_errors() {
	try "$HULL"
	expect_status 1
	try "$HULL" run
	expect_status 1
	try "$HULL" run a b
	expect_status 1
	try "$HULL" --no-such-option
	expect_status 1
	try "$HULL" --root
	expect_status 1
	try "$HULL" --cgroup-manager magic list
	expect_status 1
	try "$HULL" --rootless maybe list
	expect_status 1
	try "$HULL" --log-format yaml list
	expect_status 1
	try "$HULL" --log-level loud list
	expect_status 1
	try "$HULL" --log /no/such/dir/log list
	expect_status 1
	try "$HULL" list --format yaml
	expect_status 1
	try sh -c '"$HULL" --version >/dev/full'
	expect_status 1
	try sh -c '"$HULL" features >/dev/full'
	expect_status 1
	try sh -c '"$HULL" --help >/dev/full'
	expect_status 1
}

test_systemd_is_refused_clearly() {
	[ ! -d /run/systemd/system ] || skip "systemd is process 1: tests/run/systemd.sh"
	fails_with 'systemd' "$HULL" --root "$STATE" --systemd-cgroup create -b "$BUNDLE" "$ID"
	fails_with 'systemd' "$HULL" --root "$STATE" --cgroup-manager systemd run -b "$BUNDLE" "$ID"
}

# A foreground run with a container that reports the signals it got.
start_listener() { # SCRIPT
	rm -f "$BUNDLE/rootfs/ready"
	config --arg script "$1" '.process.args = ["sh", "-c", $script]'
	"$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" &
	pid=$!
	await 'it does not start' test -e "$BUNDLE/rootfs/ready"
}

test_signals_are_forwarded() {
	for signal in TERM INT USR1 USR2 HUP QUIT CONT PWR; do
		start_listener "trap 'echo got $signal; exit 9' $signal; : >/ready; while :; do sleep 0.02; done"
		kill -$signal $pid
		wait $pid
		same 9 $? "exit status after $signal"
		same "got $signal" "$(cat "$WORK/out")" 'what the container says'
	done
}

test_signals_may_be_ignored() {
	start_listener "trap '' TERM INT USR1; : >/ready; while [ ! -e /stop ]; do sleep 0.02; done; exit 5"
	for signal in TERM INT USR1; do
		kill -$signal $pid
	done
	sleep 0.2
	same running "$(status_of)" status
	: >"$BUNDLE/rootfs/stop"
	wait $pid
	same 5 $? 'exit status'
}

# pid 1 has no default actions: a signal without a handler does not end it
test_unhandled_signal() {
	start_listener ': >/ready; while [ ! -e /stop ]; do sleep 0.02; done; exit 6'
	kill -TERM $pid
	sleep 0.1
	same running "$(status_of)" status
	hull kill "$ID" KILL || fail kill
	wait $pid
	same 137 $? 'exit status'
}

test_stdin_closed() {
	config '.process.args = ["sh", "-c", "cat; echo end"]'
	status=0
	timeout 120 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" <&- >"$WORK/out" 2>"$WORK/errors" || status=$?
	[ $status = 0 ] || fail "status $status: $(cat "$WORK/errors")"
	grep -q end "$WORK/out" || fail "output: $(cat "$WORK/out")"
}

test_all_closed() {
	config '.process.args = ["true"]'
	status=0
	timeout 120 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" <&- >&- 2>&- || status=$?
	same 0 $status status
	# files of ours do not take the closed descriptors
	for command in create start 'kill -a' 'delete --force'; do
		status=0
		case $command in
		create) timeout 120 "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID" <&- >&- 2>&- || status=$? ;;
		*) timeout 120 "$HULL" --root "$STATE" $command "$ID" <&- >&- 2>&- || status=$? ;;
		esac
		[ $status = 0 ] || [ "$command" = 'kill -a' ] || fail "$command: status $status"
	done
}

test_broken_pipe() {
	config '.process.args = ["sh", "-c", "while echo line; do :; done"]'
	{
		timeout 120 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null 2>/dev/null
		echo $? >"$WORK/code"
	} | head -n 1 >"$WORK/out"
	same line "$(cat "$WORK/out")" output
	[ "$(cat "$WORK/code")" != 124 ] || fail 'it goes on for ever'
}

# SIGPIPE and SIGCHLD are as the caller has them, but ignored signals do not stay ignored inside.
test_mask_and_ignored_signals() {
	config '.process.args = ["sh", "-c", "grep -E \"Sig(Blk|Ign)\" /proc/self/status"]'
	try sh -c 'trap "" PIPE; exec "$HULL" --root "$1" run -b "$2" "$3"' - "$STATE" "$BUNDLE" "$ID"
	expect_status 0
	printf '%s' "$out" | grep -q 'SigBlk:.*0000000000000000' || fail "mask: $out"
}

run_tests
