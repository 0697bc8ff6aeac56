#!/bin/sh
# .process.terminal and .consoleSize: run in the foreground, and the terminal handed over a socket.
. "${0%/*}/lib.sh"

# Runs with a terminal on our side; output in $out without carriage returns.
run_on_terminal() {
	command -v script >/dev/null || skip 'script(1) is not here'
	status=0
	script -q -e -c "exec timeout --foreground -k 5 120 '$HULL' --root '$STATE' run -b '$BUNDLE' '$ID'" /dev/null \
		</dev/null >"$WORK/out" 2>&1 || status=$?
	errors=''
	out=$(tr -d '\r' <"$WORK/out" | sed 's/^\^D\x08*//')
}

test_is_a_terminal() {
	config '.process.terminal = true | .process.args = ["sh", "-c", "tty; test -t 0 && test -t 1 && test -t 2 && echo three"]'
	run_on_terminal
	expect_status 0
	printf '%s\n' "$out" | grep -qw three || fail "output: $out"
	printf '%s\n' "$out" | grep -Eq '/dev/(pts/0|console)' || fail "output: $out"
}

test_exit_code() {
	config '.process.terminal = true | .process.args = ["sh", "-c", "exit 5"]'
	run_on_terminal
	expect_status 5
}

test_is_controlling() {
	config '.process.terminal = true | .process.args = ["sh", "-c", "echo through >/dev/tty"]'
	run_on_terminal
	expect_status 0
	printf '%s\n' "$out" | grep -q through || fail "output: $out"
}

test_console_is_bound() {
	config '.process.terminal = true | .process.args = ["sh", "-c", "echo through >/dev/console; stat -c %t /dev/console"]'
	run_on_terminal
	expect_status 0
	printf '%s\n' "$out" | grep -q through || fail "output: $out"
	printf '%s\n' "$out" | grep -qw 88 || fail "not a pseudoterminal: $out"
}

test_owned_by_user() {
	config '.process.terminal = true | .process.user = {uid: 1000, gid: 1000}
		| .process.args = ["sh", "-c", "stat -c %u $(tty)"]'
	run_on_terminal
	expect_status 0
	printf '%s\n' "$out" | grep -qw 1000 || fail "output: $out"
}

# on_terminal ROWS COLUMNS: runs in the foreground on a terminal of that size, and types our standard input.
on_terminal() {
	compile peer
	status=0
	"$PROGRAMS/peer" pty "$1" "$2" timeout --foreground -k 5 120 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" \
		>"$WORK/out" 2>"$WORK/errors" || status=$?
	out=$(tr -d '\r' <"$WORK/out")
	errors=$(cat "$WORK/errors")
}

# program SCRIPT: with a terminal.
program() {
	config --arg script "$1" '.process.terminal = true | .process.args = ["sh", "-c", $script]'
}

test_size_of_ours() {
	program 'stty size'
	on_terminal 33 111 </dev/null
	expect_status 0
	same '33 111' "$out" size
}

test_size_of_ours_over_console_size() {
	# As with runc: a person's window wins.
	program 'stty size'
	config '.process.consoleSize = {height: 10, width: 20}'
	on_terminal 33 111 </dev/null
	same '33 111' "$out" size
}

# As with runc: any of ours that is a terminal will do.
test_size_where_input_is_none() {
	program 'stty size; trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.05; done'
	compile peer
	for output in /dev/tty "$WORK/file"; do
		: >"$WORK/file"
		"$PROGRAMS/peer" pty 20 30 sh -c 'output=$1; shift; exec timeout --foreground -k 5 120 "$@" </dev/null >"$output"' - "$output" \
			"$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" &
		peer=$!
		await 'not ready' grep -q ready "$WORK/out" "$WORK/file"
		kill -USR1 $peer
		wait $peer
		same '20 30 ready 30 40' "$(cat "$WORK/file" "$WORK/out" | tr -d '\r' | xargs)" "sizes with output to $output"
	done
}

test_console_size_where_we_have_none() {
	program 'stty size'
	config '.process.consoleSize = {height: 31, width: 97}'
	run
	expect_status 0
	same '31 97' "$(printf '%s' "$out" | tr -d '\r')" size
	config '.process.consoleSize = {height: 65536, width: 1}'
	run_fails '.process.consoleSize.height'
}

test_size_changes() {
	program 'trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.05; done'
	compile peer
	"$PROGRAMS/peer" pty 20 30 timeout --foreground -k 5 120 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" &
	peer=$!
	await 'not ready' grep -q ready "$WORK/out"
	kill -USR1 $peer
	wait $peer
	same '30 40' "$(tr -d '\r' <"$WORK/out" | tail -n 1)" size
}

test_all_three_are_the_terminal() {
	with_probe
	config '.process.terminal = true | .process.args = ["/bin/probe", "fds"]'
	on_terminal 24 80 </dev/null
	expect_status 0
	same '0t 1t 2t' "$(echo "$out" | xargs)" descriptors
}

test_controlling_and_on_devpts() {
	program 'tty; set -- $(cat /proc/$$/stat); echo $5 $6 $7 $8; stat -c %t:%T /dev/console; stat -f -c %T /dev/console; readlink /proc/1/fd/0'
	on_terminal 24 80 </dev/null
	expect_status 0
	# Leader of its session, whose foreground group it is, on terminal 136:0.
	same '/dev/pts/0 1 1 34816 1 88:0 devpts /dev/pts/0' "$(printf '%s' "$out" | xargs)" terminal
}

test_job_control() {
	config '.process.terminal = true | .process.args = ["sh", "-i"] | .process.env += ["PS1=> "]'
	: >"$WORK/out"
	(
		await 'no prompt' grep -q '> ' "$WORK/out"
		printf 'sleep 1000%d\n' $$
		await 'no job' runs "^sleep 1000$$\$"
		printf '\032' # control Z
		await 'it does not stop' grep -q Stopped "$WORK/out"
		printf 'jobs\n'
		printf 'kill %%1; fg\n'
		await 'it does not end' no_process "^sleep 1000$$\$"
		printf 'sleep 2000%d\n' $$
		await 'no second job' runs "^sleep 2000$$\$"
		printf '\003' # control C
		await 'it is not interrupted' no_process "^sleep 2000$$\$"
		printf 'exit 9\n'
		sleep 1
	) | {
		on_terminal 24 80
		echo $status >"$WORK/status"
	}
	same 9 "$(cat "$WORK/status")" 'exit status'
	grep -q 'Stopped' "$WORK/out" || fail "not stopped: $(cat "$WORK/out")"
	! grep -q 'job control' "$WORK/out" || fail "no job control: $(cat "$WORK/out")"
}

test_exit_code_and_input() {
	program 'read line; echo "got $line"; exit 7'
	echo hello >"$WORK/input"
	on_terminal 24 80 <"$WORK/input"
	expect_status 7
	printf '%s\n' "$out" | grep -qx 'got hello' || fail "output: $out"
}

test_output_is_complete() {
	program 'seq 1 20000'
	on_terminal 24 80 </dev/null
	expect_status 0
	same "$(seq 1 20000 | cksum)" "$(printf '%s\n' "$out" | cksum)" 'checksum of the output'
}

test_output_before_a_signal_is_complete() {
	program 'seq 1 3000; kill -KILL $$; exec sh -c "kill -SEGV \$\$; exit 4"'
	on_terminal 24 80 </dev/null
	same 3000 "$(printf '%s\n' "$out" | grep -c .)" 'number of lines'
}

test_line_ends() {
	program 'echo line'
	on_terminal 24 80 </dev/null
	same 'line\r\n' "$(sed 's/\r$/\\r\\n/' "$WORK/out")" output
}

# As runc has it: what reads the output gets lines, not those of a terminal. A terminal behind it makes its own of them.
test_line_ends_without_a_terminal() {
	program 'echo line'
	same 'line\n' "$(hull run -b "$BUNDLE" "$ID" </dev/null | sed 's/^\^D\x08*//; s/\r/\\r/; s/$/\\n/')" 'output to a pipe'
	compile peer
	"$PROGRAMS/peer" pty 24 80 sh -c "'$HULL' --root '$STATE' run -b '$BUNDLE' '$ID' | cat" </dev/null >"$WORK/out"
	same 'line\r\n' "$(sed 's/\r$/\\r\\n/' "$WORK/out")" 'a pipe to a terminal'
}

test_settings_are_given_back() {
	compile peer
	program true
	"$PROGRAMS/peer" pty 24 80 sh -c "stty -g; '$HULL' --root '$STATE' run -b '$BUNDLE' '$ID'; stty -g" </dev/null >"$WORK/out"
	same "$(head -n 1 "$WORK/out")" "$(tail -n 1 "$WORK/out")" 'settings of our terminal'
}

test_input_from_a_pipe_ends() {
	program 'cat; echo end'
	out=$(printf 'one\ntwo' | hull run -b "$BUNDLE" "$ID" | tr -d '\r')
	printf '%s\n' "$out" | grep -q 'end$' || fail "output: $out"
}

test_no_tty_without_it() {
	config '.process.terminal = false'
	compile peer
	config '.process.args = ["sh", "-c", "(echo x >/dev/tty) 2>&1; set -- $(cat /proc/$$/stat); echo $7"]'
	on_terminal 24 80 </dev/null
	printf '%s\n' "$out" | tail -n 1 | grep -qx 0 || fail "a controlling terminal: $out"
}

# created: create with a console socket, and start; sets $out to the terminal's output.
created() {
	start_peer console "$WORK/socket"
	try hull create -b "$BUNDLE" --console-socket "$WORK/socket" "$ID"
	expect_status 0
	same created "$(status_of)" status
	hull start "$ID" || fail start
	wait $peer || fail "console: $(cat "$WORK/peer-errors")"
	out=$(tr -d '\r' <"$WORK/peer")
	wait_for stopped
	hull delete "$ID" || fail delete
}

test_console_socket() {
	program 'stty size; tty; test -t 0 -a -t 1 -a -t 2 && echo three; echo console >/dev/console; seq 1 2000'
	config '.process.consoleSize = {height: 31, width: 97} | .process.user = {uid: 1000, gid: 1000}'
	created
	same '31 97 /dev/pts/0 three console' "$(printf '%s' "$out" | head -n 4 | xargs)" terminal
	same 2000 "$(printf '%s' "$out" | tail -n 1)" 'end of the output'
	same /dev/pts/ptmx "$(cat "$WORK/peer-errors")" 'name of the terminal'
}

test_console_socket_input() {
	echo hello >"$WORK/input"
	PEER_INPUT=$WORK/input
	program 'read line; echo "got $line"'
	created
	printf '%s\n' "$out" | grep -qx 'got hello' || fail "output: $out"
}

test_console_socket_detached() {
	program 'sleep 0.2; echo detached'
	start_peer console "$WORK/socket"
	try hull run -d -b "$BUNDLE" --console-socket "$WORK/socket" "$ID"
	expect_status 0
	wait $peer || fail "console: $(cat "$WORK/peer-errors")"
	same detached "$(tr -d '\r' <"$WORK/peer")" output
	wait_for stopped
	hull delete "$ID" || fail delete
}

test_console_socket_missing() {
	config '.process.terminal = true'
	fails_with "--console-socket: connect to $WORK/none: No such file or directory" \
		hull create -b "$BUNDLE" --console-socket "$WORK/none" "$ID"
	config '.process.terminal = false'
	fails_with '.process.terminal: --console-socket is given, but there is no terminal' \
		hull create -b "$BUNDLE" --console-socket "$WORK/none" "$ID"
}

test_without_devpts() {
	config '.process.terminal = true | .mounts |= map(select(.type != "devpts"))'
	run_fails '.process.terminal: open /dev/pts/ptmx in the root filesystem: No such file or directory'
	run_fails 'hint: a terminal needs a mount of type devpts on /dev/pts'
}

test_detached_without_socket_refused() {
	config '.process.terminal = true'
	fails_with '.process.terminal: no process would hold the terminal' hull run -d -b "$BUNDLE" "$ID"
}

test_create_without_socket_refused() {
	config '.process.terminal = true'
	fails_with console-socket hull create -b "$BUNDLE" "$ID"
}

test_background_process_does_not_hang() {
	config '.process.terminal = true | .process.args = ["sh", "-c", "sleep 1000 & echo done"]'
	run_on_terminal
	expect_status 0
}

run_tests
