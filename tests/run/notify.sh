#!/bin/sh
# NOTIFY_SOCKET: READY=1 of the container reaches the service manager, by run, by run -d, and by create and start.
. "${0%/*}/lib.sh"

prepare() {
	command -v python3 >/dev/null || skip 'python3 is not here'
	compile say
	cp "$PROGRAMS/say" "$BUNDLE/rootfs/bin/say"
	# prints each message, and before it ends those that are still to be read
	python3 -c '
import signal, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1].replace("@", "\0", 1))
signal.signal(signal.SIGTERM, lambda *_: server.setblocking(False))
signal.siginterrupt(signal.SIGTERM, True)
try:
    while True:
        print(repr(server.recv(4096).decode()), flush=True)
except BlockingIOError:
    sys.exit(0)' "${1:-$WORK/notify}" >"$WORK/got" &
	manager=$!
	trap 'kill $manager 2>/dev/null' EXIT
	await 'no socket' grep -qF "${1:-$WORK/notify}" /proc/net/unix
	export NOTIFY_SOCKET="${1:-$WORK/notify}"
}

# Everything that has been sent by now is reported, even twice.
end_manager() {
	kill $manager
	wait $manager || fail 'the manager had ended before'
}

expect_ready() {
	await 'READY=1 did not come' grep -q 'READY=1' "$WORK/got"
	end_manager
	same 1 "$(grep -c 'READY=1' "$WORK/got")" 'how often READY=1 came'
}

test_run() {
	prepare
	config '.process.args = ["say", "READY=1"]'
	run_ok
	expect_ready
}

test_run_detached() {
	prepare
	config '.process.args = ["say", "STATUS=x", "READY=1\nSTATUS=y"]'
	run --detach --pid-file "$WORK/pid"
	expect_status 0
	expect_ready
	grep -q "MAINPID=$(cat "$WORK/pid")" "$WORK/got" || fail "got $(cat "$WORK/got")"
	hull delete --force "$ID" || fail delete
}

test_create_and_start() {
	prepare
	config '.process.args = ["say", "READY=1"]'
	try hull create -b "$BUNDLE" "$ID"
	expect_status 0
	try hull start "$ID"
	expect_status 0
	expect_ready
	hull delete --force "$ID" || fail delete
}

test_abstract_address() {
	prepare "@hull-test-$ID"
	config '.process.args = ["say", "READY=1"]'
	run_ok
	expect_ready
}

# A container that never reports that does not make run -d hang for ever, nor does one that sends other messages.
test_never_ready() {
	prepare
	config '.process.args = ["say", "NOTREADY=1", "READY=11", "XREADY=1"]'
	run --detach
	expect_status 0
	end_manager
	[ ! -s "$WORK/got" ] || fail "got $(cat "$WORK/got")"
	hull delete --force "$ID" || fail delete
}

# Nothing listens on the host: the container runs all the same.
test_nobody_listens() {
	prepare
	config '.process.args = ["say", "READY=1"]'
	NOTIFY_SOCKET=$WORK/nobody run
	expect_status 0
	end_manager
}

test_absent() {
	prepare
	unset NOTIFY_SOCKET
	config '.process.args = ["say", "READY=1"]'
	run
	expect_status 9
	end_manager
}

# A command that waits for READY=1 of a container that runs without it can be ended; the container continues.
test_waiting_is_ended() {
	prepare
	config '.process.args = ["sleep", "1000"]'
	"$HULL" --root "$STATE" run --detach -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" &
	pid=$!
	await 'it does not run' sh -c '[ "$("$HULL" --root "$1" state "$2" 2>/dev/null | "$TOOL" jq -r .status)" = running ]' - "$STATE" "$ID"
	sleep 0.3
	kill -TERM $pid
	wait $pid
	same 143 $? 'status of run'
	same running "$(status_of)" status
	hull delete --force "$ID" || fail delete
	try hull create -b "$BUNDLE" "$ID"
	expect_status 0
	"$HULL" --root "$STATE" start "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" &
	pid=$!
	await 'it does not run' sh -c '[ "$("$HULL" --root "$1" state "$2" | "$TOOL" jq -r .status)" = running ]' - "$STATE" "$ID"
	sleep 0.3
	kill -TERM $pid
	wait $pid
	same 143 $? 'status of start'
	same running "$(status_of)" status
	hull delete --force "$ID" || fail delete
	end_manager
}

# LISTEN_FDS of create is the program's.
test_listen_fds() {
	echo three >"$WORK/three"
	config '.process.args = ["sh", "-c", "echo $(cat <&3) $LISTEN_FDS $LISTEN_PID $$ >/got; exec sleep 1000"]'
	for how in create 'run --detach'; do
		LISTEN_FDS=1 LISTEN_PID=$$ hull $how --pid-file "$WORK/pid" -b "$BUNDLE" "$ID" 3<"$WORK/three" </dev/null >"$WORK/out" 2>&1 ||
			fail "$how: $(cat "$WORK/out")"
		[ "$how" != create ] || hull start "$ID" || fail start
		await 'it says nothing' grep -qs three "$BUNDLE/rootfs/got"
		same 'three 1 1 1' "$(cat "$BUNDLE/rootfs/got")" "with $how"
		await 'it does not sleep' grep -q sleep "/proc/$(cat "$WORK/pid")/comm"
		same '0 1 2 3' "$(cd "/proc/$(cat "$WORK/pid")/fd" && echo *)" "descriptors with $how"
		rm "$BUNDLE/rootfs/got"
		hull delete --force "$ID" || fail delete
	done
}

run_tests
