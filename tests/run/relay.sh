#!/bin/sh
# A command in the foreground: what it copies, which processes it reaps, and what happens to early signals.
. "${0%/*}/lib.sh"

program() {
	config --arg script "$1" '.process.args = ["sh", "-c", $script]'
}

# More than a pipe and a terminal hold, written just before the end, for a reader that begins late.
test_slow_reader() {
	program 'seq 1 30000'
	config '.process.terminal = true'
	{
		hull run -b "$BUNDLE" "$ID" </dev/null
		echo $? >"$WORK/status"
	} | {
		sleep 2
		tr -d '\r' >"$WORK/out"
	}
	same 0 "$(cat "$WORK/status")" status
	same "$(seq 1 30000 | cksum)" "$(cksum <"$WORK/out")" 'checksum of the output'
}

test_slow_reader_of_exec() {
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail run
	{
		hull exec -t "$ID" sh -c 'seq 1 30000; exit 3' </dev/null
		echo $? >"$WORK/status"
	} | {
		sleep 2
		tr -d '\r' >"$WORK/out"
	}
	same 3 "$(cat "$WORK/status")" status
	same "$(seq 1 30000 | cksum)" "$(cksum <"$WORK/out")" 'checksum of the output'
	hull delete --force "$ID" || fail delete
}

# A terminal that nobody reads takes less than it promises; signals are handled all the same. Not as a user who does not own the
# terminal: a terminal that cannot be opened anew is written to as it is.
test_signal_while_the_terminal_is_full() {
	compile peer
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail run
	mkfifo "$WORK/unread"
	# shellcheck disable=SC2217 # it holds the pipe open
	sleep 1000 <"$WORK/unread" &
	reader=$!
	"$PROGRAMS/peer" pty 24 80 "$HULL" --root "$STATE" exec -t --pid-file "$WORK/pid" "$ID" yes \
		</dev/null >"$WORK/unread" 2>"$WORK/errors" &
	peer=$!
	await 'no pid file' test -s "$WORK/pid"
	yes=$(cat "$WORK/pid")
	await 'it is not yes' executes yes "$yes"
	sleep 1 # until all is full
	kill -TERM "$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$yes/status")"
	await 'the signal is not heard' ended "$yes"
	kill "$reader"
	wait "$peer"
	hull delete --force "$ID" || fail delete
}

# The last part, which only the kernel's buffers hold when the process is gone: every time.
test_last_bytes() {
	program 'printf "%s" a b c; exec true'
	config '.process.terminal = true'
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		same abc "$(hull run -b "$BUNDLE" "$ID" </dev/null)" output
	done
}

test_much_input() {
	program 'stty -echo; echo ready; md5sum'
	config '.process.terminal = true'
	mkfifo "$WORK/input"
	hull run -b "$BUNDLE" "$ID" <"$WORK/input" >"$WORK/out" 2>&1 &
	pid=$!
	exec 7>"$WORK/input"
	await 'it does not start' grep -q ready "$WORK/out"
	seq 1 30000 >&7
	exec 7>&-
	wait $pid || fail "status $?: $(cat "$WORK/out")"
	same "$(seq 1 30000 | md5sum)" "$(tr -d '\r' <"$WORK/out" | tail -n 1)" 'chemd5sum of the input'
}

# A reader that closes its end hangs up: the program gets SIGHUP, as for any terminal that goes away.
test_output_closed() {
	program 'trap "echo hup >/hup; exit 4" HUP; while :; do echo line; done'
	config '.process.terminal = true'
	{
		hull run -b "$BUNDLE" "$ID" </dev/null
		echo $? >"$WORK/status"
	} | head -n 1 >"$WORK/out"
	same 4 "$(cat "$WORK/status")" status
	same hup "$(cat "$BUNDLE/rootfs/hup")" 'what the program got'
}

orphan() { # OPTION...: without a pid namespace orphans are the host's; leaves $pid of hull and $orphan
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	rm -f "$BUNDLE/rootfs/orphan"
	program '(sh -c "while [ ! -e /stop ]; do sleep 0.1; done" & echo $! >/orphan.new; mv /orphan.new /orphan); while [ ! -e /end ]; do sleep 0.1; done; exit 5'
	"$HULL" --root "$STATE" run "$@" -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" &
	pid=$!
	await 'no orphan' test -e "$BUNDLE/rootfs/orphan"
	orphan=$(cat "$BUNDLE/rootfs/orphan")
}

parent_of() {
	sed -n 's/^PPid:.//p' "/proc/$1/status"
}

is_gone() {
	[ ! -e "/proc/$1" ]
}

test_orphans_are_reaped() {
	orphan
	await 'it is not adopted' sh -c 'grep -q "^PPid:.$1\$" "/proc/$2/status"' - "$pid" "$orphan"
	: >"$BUNDLE/rootfs/stop"
	await 'the orphan is not reaped' is_gone "$orphan"
	same running "$(status_of)" status
	: >"$BUNDLE/rootfs/end"
	wait $pid
	same 5 $? 'exit status'
}

test_no_subreaper() {
	orphan --no-subreaper
	await 'its parent lives' sh -c '[ "$(sed -n "s/^PPid:.//p" "/proc/$1/status")" != "$(cat "/proc/$2/task/$2/children" | cut -d " " -f 1)" ]' - "$orphan" "$pid"
	[ "$(parent_of "$orphan")" != $pid ] || fail 'it was adopted'
	: >"$BUNDLE/rootfs/stop"
	: >"$BUNDLE/rootfs/end"
	wait $pid
	same 5 $? 'exit status'
}

# A signal at any moment between the call and the program's own handling: the command ends, and nothing is left.
test_early_signals() {
	program 'trap "exit 9" TERM; while :; do sleep 0.05; done'
	for at in $(seq 0 24); do
		"$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" &
		pid=$!
		sleep "0.00$(printf '%02d' "$at")"
		sent=0
		# the first process of a pid namespace ignores signals until it has a handler
		while kill -TERM $pid 2>/dev/null && [ $sent -lt 100 ]; do
			sent=$((sent + 1))
			sleep 0.1
		done
		status=0
		wait $pid || status=$?
		case $status in 9 | 143) ;; *) fail "status $status after $at ms: $(cat "$WORK/errors")" ;; esac
		nothing_left "after $at ms"
	done
}

# An interactive shell changes the terminal's mode after its start, by which an end of file is lost that was sent before.
test_end_of_file_ends_a_shell() {
	config '.process.terminal = true | .process.args = ["sh", "-i"]'
	for input in '' 'echo $((40 + 2))\n' 'echo $((40 + 2))'; do
		out=$(printf "$input" | timeout -k 1 30 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID") || fail "with \"$input\": status $?"
		[ -z "$input" ] || printf '%s\n' "$out" | grep -q 42 || fail "the command did not run: $out"
	done
}

# As with a file, each further read finds the end.
test_end_of_file_is_repeated() {
	config '.process.terminal = true | .process.args = ["sh", "-c", "cat; echo one; cat; sleep 0.5; cat; echo two"]'
	out=$(printf abc | timeout -k 1 30 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID") || fail "status $?"
	case $out in *abc*one*two*) ;; *) fail "output: $out" ;; esac
}

run_tests
