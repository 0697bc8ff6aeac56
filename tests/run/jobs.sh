#!/bin/sh
# hull as a job of an interactive shell, with a terminal for its container: stopped and continued, in the background and brought
# back, and the terminal as before, whatever ends hull.
. "${0%/*}/lib.sh"

# A shell on a terminal of its own, with an empty prompt. `say LINE` types; `see REGEX` waits for output. $tty is its terminal.
start_shell() {
	command -v bash >/dev/null || skip 'bash(1) is not here'
	compile peer
	mkfifo "$WORK/keys"
	printf '#!/bin/sh\nexec "%s" --root "%s" "$@"\n' "$HULL" "$STATE" >"$WORK/hull"
	chmod 755 "$WORK/hull"
	PS1='' "$PROGRAMS/peer" pty 24 80 bash --norc --noprofile --noediting -i <"$WORK/keys" >"$WORK/screen" 2>&1 &
	shell=$!
	exec 7>"$WORK/keys"
	say "cd '$BUNDLE'; PATH=$WORK:\$PATH; tty"
	see '^/dev/pts/[0-9]'
	tty=$(grep -m 1 '^/dev/pts/[0-9]' "$WORK/screen" | tr -d '\r')
	normal=$(settings)
}

say() {
	printf '%s\n' "$*" >&7
}

type_keys() {
	printf "$1" >&7
}

see() {
	tries=0
	until tr -d '\r' <"$WORK/screen" | grep -Eq -- "$1"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "no '$1' on the screen: $(cat -v "$WORK/screen")"
		sleep 0.1
	done
}

settings() {
	stty -F "$tty" -g
}

# await_mode raw|normal
await_mode() {
	tries=0
	while :; do
		case $1:$(stty -F "$tty" -a | grep -ow -e '-isig' -e isig) in
		raw:-isig | normal:isig) return ;;
		esac
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "the terminal is not $1: $(stty -F "$tty" -a); $(cat -v "$WORK/screen")"
		sleep 0.1
	done
}

# Finds the shell's hull, not a child of hull's; sets $pid.
find_hull() {
	for _ in $(seq 600); do
		for file in $(grep -lsF -- "$STATE" /proc/[0-9]*/cmdline); do
			pid=${file#/proc/}
			pid=${pid%/cmdline}
			parent=$(sed -n 's/^PPid:.//p' "/proc/$pid/status" 2>/dev/null)
			[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = hull ] && [ "$(cat "/proc/$parent/comm" 2>/dev/null)" = bash ] && return
		done
		sleep 0.1
	done
	fail "no hull runs: $(cat -v "$WORK/screen")"
}

await_state() { # REGEX
	tries=0
	until grep -q "^State:.$1" "/proc/$pid/status"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "its state is $(grep State "/proc/$pid/status"): $(cat -v "$WORK/screen")"
		sleep 0.1
	done
}

end_shell() {
	say exit
	exec 7>&-
	wait $shell || fail "the shell: $?"
}

program() {
	config --arg script "$1" '.process.terminal = true | .process.args = ["sh", "-c", $script]'
}

test_stopped_and_continued() {
	program 'echo ready; read line; echo "got <$line>"; stty size; exit 5'
	start_shell
	say "hull run $ID; echo ended \$?"
	see '^ready'
	await_mode raw
	find_hull
	kill -STOP "$pid"
	see 'Stopped'
	await_mode normal # the shell's doing
	say 'stty rows 40; fg >/dev/null; echo ended $?'
	await_mode raw
	say 'hello'
	see '^got <hello>'
	see '^40 80' # the size was looked at anew
	see '^ended 5'
	await_mode normal
	same "$normal" "$(settings)" 'the settings at the end'
	end_shell
}

# Output continues in the background. Input does not: it belongs to the shell, and reading it stops hull.
test_in_the_background() {
	program 'echo ready; i=0; while [ ! -e /stop ]; do i=$((i + 1)); echo "tick $i"; sleep 0.2; done; read line; echo "got <$line>"; exit 6'
	start_shell
	say "hull run $ID"
	see '^ready'
	await_mode raw
	find_hull
	kill -STOP "$pid"
	see 'Stopped'
	say 'bg'
	await_state '[SR]'
	ticks=$(grep -c tick "$WORK/screen")
	see "tick $((ticks + 10))"
	await_mode normal
	say 'echo the-shell-$((40 + 2))'
	see 'the-shell-42'
	: >"$BUNDLE/rootfs/stop"
	say 'fg >/dev/null; echo ended $?'
	await_mode raw
	say 'hello'
	see '^got <hello>'
	see '^ended 6'
	await_mode normal
	same "$normal" "$(settings)" 'the settings at the end'
	end_shell
}

test_started_in_the_background() {
	program 'echo ready; read line; echo "got <$line>"; exit 7'
	start_shell
	say "hull run $ID &"
	see '^\[1\]'
	find_hull
	await_state T
	same "$normal" "$(settings)" 'the settings'
	say 'fg >/dev/null; echo ended $?'
	await_mode raw
	say 'hello'
	see '^got <hello>'
	see '^ended 7'
	await_mode normal
	same "$normal" "$(settings)" 'the settings at the end'
	end_shell
}

# hull ends while it is in the background: the terminal is the shell's, and stays unchanged.
test_ends_in_the_background() {
	program 'echo ready; while [ ! -e /stop ]; do sleep 0.1; done; exit 8'
	start_shell
	say "hull run $ID"
	see '^ready'
	await_mode raw
	find_hull
	kill -STOP "$pid"
	see 'Stopped'
	say 'stty -echo'
	say 'bg'
	await_state '[SR]'
	: >"$BUNDLE/rootfs/stop"
	tries=0
	while [ -e "/proc/$pid" ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "it does not end: $(grep State "/proc/$pid/status")"
		sleep 0.1
	done
	say 'wait %1; echo ended $?'
	see '^ended 8'
	stty -F "$tty" -a | grep -qw -e -echo || fail "the shell's settings are gone"
	end_shell
}

# Without a shell that could bring it back, its terminal can be neither read nor set, and hull ends all the same.
test_orphan_in_the_background() {
	program 'echo ready; sleep 0.3; exit 8'
	start_shell
	say "(sh -c 'sleep 0.5; hull run $ID <$tty >$WORK/orphan 2>&1; echo ended \$? >>$WORK/orphan' &)"
	tries=0
	until grep -q ended "$WORK/orphan" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "it does not end: $(cat "$WORK/orphan")"
		sleep 0.1
	done
	same 'ready ended 8' "$(tr -d '\r' <"$WORK/orphan" | xargs)" 'what it says'
	same "$normal" "$(settings)" 'the settings at the end'
	end_shell
}

# The keys for signals are the container's: ^Z stops its program, not hull.
test_keys_of_the_program() {
	config '.process.terminal = true | .process.args = ["sh", "-i"] | .process.env += ["PS1=in> "]'
	start_shell
	say "hull run $ID; echo ended \$?"
	see 'in> '
	say 'cat'
	type_keys 'word\n'
	see '^word'
	type_keys '\032'
	see 'Stopped.*cat'
	say 'kill %1; fg'
	say 'sleep 1000'
	tries=0
	until hull ps "$ID" | grep -q 'sleep 1000'; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "no sleep: $(hull ps "$ID")"
		sleep 0.1
	done
	type_keys '\003'
	say 'exit 9'
	see '^ended 9'
	same "$normal" "$(settings)" 'the settings at the end'
	end_shell
}

# Without a terminal of the container's, ^Z is for hull, and for the program if it handles it.
test_without_terminal() {
	config --arg script 'trap "echo tstp" TSTP; echo ready; while [ ! -e /stop ]; do sleep 0.1; done; echo end; exit 5' '.process.args = ["sh", "-c", $script]'
	start_shell
	say "hull run $ID"
	see '^ready'
	type_keys '\032'
	see 'Stopped'
	see '^tstp'
	find_hull
	await_state T
	: >"$BUNDLE/rootfs/stop"
	see '^end'
	say 'fg >/dev/null; echo ended $?'
	see '^ended 5'
	end_shell
}

# The line goes dead: SIGHUP is passed on. A program that ignores it continues, without using processor time.
test_terminal_goes_away() {
	program 'trap "echo hup >/hup" HUP; echo ready; while [ ! -e /stop ]; do sleep 0.1; done; exit 5'
	start_shell
	say "exec hull run $ID"
	see '^ready'
	await_mode raw
	pid=$(sed -n "s/^PPid:.//p" "/proc/$(hull state "$ID" | jq .pid)/status")
	kill -KILL $shell
	exec 7>&-
	await 'no SIGHUP' test -e "$BUNDLE/rootfs/hup"
	sleep 0.3
	before=$(used)
	sleep 1
	after=$(used)
	[ $((after - before)) -lt 30 ] || fail "it used $((after - before)) of 100 ticks"
	: >"$BUNDLE/rootfs/stop"
	await 'it does not end' is_gone "$pid"
}

used() {
	awk '{ print $14 + $15 }' "/proc/$pid/stat"
}

is_gone() {
	[ ! -e "/proc/$1" ]
}

# exec with a terminal, as run.
test_exec() {
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail run
	start_shell
	say "hull exec -t $ID sh -c 'echo ready; read line; echo \"got <\$line>\"; stty size; exit 4'; echo ended \$?"
	see '^ready'
	await_mode raw
	find_hull
	kill -STOP "$pid"
	see 'Stopped'
	await_mode normal
	say 'stty rows 41; fg >/dev/null; echo ended $?'
	await_mode raw
	say 'hello'
	see '^got <hello>'
	see '^41 80'
	see '^ended 4'
	same "$normal" "$(settings)" 'the settings at the end'
	say "hull exec -t $ID no-such-program; echo failed \$?"
	see '^failed [1-9]'
	same "$normal" "$(settings)" 'the settings after a failure'
	end_shell
	hull delete --force "$ID" || fail delete
}

# Whatever ends it: a signal to hull, a signal to the program, a program that cannot be executed, a reader that goes away.
test_settings_after_each_end() {
	start_shell
	program 'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done'
	for sent in TERM:3 HUP:129 KILL:137; do
		: >"$WORK/screen"
		case $sent in HUP:*) program 'trap "exit 129" HUP; echo ready; while :; do sleep 0.1; done' ;; esac
		say "hull run $ID; echo ended \$?"
		see '^ready'
		await_mode raw
		find_hull
		case $sent in
		KILL:*) hull kill "$ID" KILL ;;
		*) kill -"${sent%:*}" "$pid" ;;
		esac
		see "^ended ${sent#*:}"
		same "$normal" "$(settings)" "the settings after $sent"
	done
	echo garbage >"$BUNDLE/rootfs/bin/garbage"
	chmod 755 "$BUNDLE/rootfs/bin/garbage"
	config '.process.args = ["/bin/garbage"]'
	say "hull run $ID; echo failed \$?"
	see '^failed 126'
	same "$normal" "$(settings)" 'the settings after a failure'
	program 'while echo line; do :; done'
	say "hull run $ID | head -n 1 >$WORK/first; echo piped \$?"
	see '^piped 0'
	same line "$(tr -d '\r' <"$WORK/first")" 'the first line'
	same "$normal" "$(settings)" 'the settings after EPIPE'
	end_shell
}

run_tests
