#!/bin/sh
# exec: the additional process, made by the container's own process and options, or by --process; its streams, status and signals.
. "${0%/*}/lib.sh"

# start_container: a container that stays until the test ends.
start_container() {
	with_probe
	trap 'hull delete --force "$ID"' EXIT
	create "$@"
	hull start "$ID" || fail 'start'
}

# execute OPTIONS... ID PROGRAM...: sets $status, $out, $errors.
execute() {
	try hull exec "$@"
}

# gives WANT OPTIONS... ID PROGRAM...
gives() {
	want=$1
	shift
	execute "$@"
	[ "$status" = 0 ] || fail "exec $*: status $status: $errors"
	same "$want" "$out" "exec $*"
}

# refuses TEXT OPTIONS...: exec fails with status 255, and an error with this text.
refuses() {
	text=$1
	shift
	execute "$@"
	[ "$status" = 255 ] || fail "exec $*: status $status, expected 255: $out $errors"
	printf '%s' "$errors" | grep -Fq -- "$text" || fail "exec $*: error is '$errors', expected '$text'"
}

# process FILTER: makes $WORK/process.json from the configuration's process.
process() {
	jq ".process | .args = [\"true\"] | $1" "$BUNDLE/config.json" >"$WORK/process.json" || fail "jq $1"
}

# by_process WANT FILTER
by_process() {
	process "$2"
	gives "$1" --process "$WORK/process.json" "$ID"
}

wait_until() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "waiting for: $*"
		sleep 0.05
	done
}

test_status() {
	start_container
	for code in 0 1 2 126 127 128 254 255; do
		execute "$ID" sh -c "exit $code"
		expect_status $code
	done
	for signal in 1 9 15 11; do
		execute "$ID" sh -c "kill -$signal \$\$"
		expect_status $((128 + signal))
	done
}

test_not_executable() {
	start_container
	printf '#!/no/interpreter\n' >"$BUNDLE/rootfs/bin/script"
	echo data >"$BUNDLE/rootfs/bin/data"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	for program in no-such-program /no/such ./none /bin/script; do
		execute "$ID" "$program"
		expect_status 127
		[ -n "$errors" ] || fail "nothing is said of $program"
	done
	for program in /bin/data /etc /; do
		execute "$ID" "$program"
		expect_status 126
	done
	execute --detach "$ID" no-such-program
	expect_status 127
	refuses 'executable file `` not found' "$ID" ''
}

test_command_line() {
	start_container
	refuses 'no program is given' "$ID"
	process .
	refuses 'exclude each other' --process "$WORK/process.json" "$ID" true
	refuses 'does not exist' no-such-container true
	execute --no-such-option "$ID" true
	[ "$status" != 0 ] || fail 'an unknown option is taken'
	# options of the program are not hull's
	gives '-e --cwd -d' "$ID" printf '%s %s %s' -e --cwd -d
	gives '--help' -- "$ID" printf '%s' --help
	execute --no-subreaper "$ID" true
	expect_status 0
}

test_defaults_are_the_containers() {
	config '.process.user = {uid: 7, gid: 8, additionalGids: [9, 10], umask: 63} | .process.cwd = "/tmp" |
		.process.env += ["A=of the container"] | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 99, hard: 100}] |
		.process.oomScoreAdj = 123 | .process.noNewPrivileges = true |
		.process.scheduler = {policy: "SCHED_BATCH", nice: 5} | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	start_container
	gives 'uid=7,7,7 gid=8,8,8 groups=9,10' "$ID" probe ids
	gives '/tmp of the container 0077' "$ID" sh -c 'echo $PWD $A $(umask)'
	gives '99 100' "$ID" sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)'
	gives '123 1' "$ID" sh -c 'echo $(cat /proc/self/oom_score_adj) $(grep NoNewPrivs /proc/self/status | cut -f 2)'
	gives 'class=2 level=6' "$ID" probe ioprio
	execute "$ID" probe sched
	printf '%s' "$out" | grep -q 'policy=3 nice=5' || fail "scheduler: $out"
	# like init's in everything that does not change
	for field in CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp SigBlk SigIgn Uid Gid Groups Umask; do
		execute "$ID" sh -c "grep ^$field: /proc/1/status /proc/self/status | cut -d : -f 2-"
		same 1 "$(printf '%s\n' "$out" | sort -u | wc -l)" "lines of $field: $out"
	done
}

test_process_file() {
	start_container
	by_process 'one two' '.args = ["echo", "one", "two"]'
	by_process '/etc' '.args = ["pwd"] | .cwd = "/etc"'
	by_process 'x=1' '.args = ["sh", "-c", "echo x=$X"] | .env = ["PATH=/bin", "X=1", "HULL_TEST_ID='"$ID"'"]'
	by_process 'uid=5,5,5 gid=6,6,6 groups=7,8' '.args = ["probe", "ids"] | .user = {uid: 5, gid: 6, additionalGids: [7, 8]}'
	by_process '0007' '.args = ["sh", "-c", "umask"] | .user.umask = 7'
	by_process '33 44' '.args = ["sh", "-c", "echo $(ulimit -Sn) $(ulimit -Hn)"] | .rlimits = [{type: "RLIMIT_NOFILE", soft: 33, hard: 44}]'
	by_process '321' '.args = ["cat", "/proc/self/oom_score_adj"] | .oomScoreAdj = 321'
	by_process 'NoNewPrivs: 1' '.args = ["sh", "-c", "echo $(grep NoNewPrivs /proc/self/status)"] | .noNewPrivileges = true'
	by_process 'NoNewPrivs: 0' '.args = ["sh", "-c", "echo $(grep NoNewPrivs /proc/self/status)"] | .noNewPrivileges = false'
	by_process 'class=3 level=0' '.args = ["probe", "ioprio"] | .ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
	by_process 'policy=3 nice=9' '.args = ["sh", "-c", "probe sched | cut -d \" \" -f 1,2"] | .scheduler = {policy: "SCHED_BATCH", nice: 9}'
	by_process '0000000000000400' '.args = ["sh", "-c", "grep CapEff /proc/self/status | cut -f 2"] |
		.capabilities = {bounding: ["CAP_NET_BIND_SERVICE"], permitted: ["CAP_NET_BIND_SERVICE"], effective: ["CAP_NET_BIND_SERVICE"]}'
	by_process '0000000000000000' '.args = ["sh", "-c", "grep CapBnd /proc/self/status | cut -f 2"] | del(.capabilities)'
}

test_process_affinity() {
	[ "$(nproc)" -gt 1 ] || skip 'one processor'
	start_container
	by_process '1' '.args = ["sh", "-c", "grep Cpus_allowed_list /proc/self/status | cut -f 2"] | .execCPUAffinity = {initial: "0", final: "1"}'
	by_process '0' '.args = ["sh", "-c", "grep Cpus_allowed_list /proc/self/status | cut -f 2"] | .execCPUAffinity = {initial: "0"}'
	by_process '0-1' '.args = ["sh", "-c", "grep Cpus_allowed_list /proc/self/status | cut -f 2"] | .execCPUAffinity = {initial: "0", final: "0-1"}'
	process '.execCPUAffinity = {final: "x"}'
	refuses '.execCPUAffinity.final' --process "$WORK/process.json" "$ID"
	process '.execCPUAffinity = {initial: "8000"}'
	refuses '.execCPUAffinity' --process "$WORK/process.json" "$ID"
}

test_process_file_refused() {
	start_container
	refuses '--process' --process "$WORK/none" "$ID"
	refuses '--process' --process "$WORK" "$ID"
	: >"$WORK/process.json"
	refuses 'process.json' --process "$WORK/process.json" "$ID"
	echo '{"args": ["true"' >"$WORK/process.json"
	refuses 'process.json:1' --process "$WORK/process.json" "$ID"
	echo '["true"]' >"$WORK/process.json"
	refuses 'process.json:1' --process "$WORK/process.json" "$ID"
	echo '{"args": ["true"]}' >"$WORK/process.json"
	refuses '.cwd' --process "$WORK/process.json" "$ID"
	while read -r where change; do
		process "$change"
		refuses "$where" --process "$WORK/process.json" "$ID"
	done <<-'END'
		.args del(.args)
		.args .args = []
		.args[0] .args = [1]
		.cwd .cwd = "tmp"
		.user.uid .user.uid = -1
		.user.uid .user.uid = 4294967295
		.user.umask .user.umask = 512
		.rlimits[0].type .rlimits = [{type: "RLIMIT_X", soft: 1, hard: 1}]
		.rlimits[0] .rlimits = [{type: "RLIMIT_CPU", soft: 2, hard: 1}]
		.oomScoreAdj .oomScoreAdj = 1001
		.scheduler.priority .scheduler = {policy: "SCHED_FIFO"}
		.ioPriority.priority .ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}
		.env[0] .env = ["x"]
		.terminal .terminal = "yes"
		.consoleSize.height .consoleSize = {height: -1, width: 1}
	END
	# as in a configuration: unknown properties may be there (config.md "Extensibility")
	process '.unknownProperty = true'
	execute --process "$WORK/process.json" "$ID"
	expect_status 0
	# huge strings: CVE-2021-43784
	for size in 65535 65536 70000 1000000; do
		process ".env += [\"BIG=\" + (\"x\" * $size)] | .args = [\"true\"]"
		execute --process "$WORK/process.json" "$ID"
		[ "$status" = 0 ] || [ "$status" = 126 ] || fail "$size bytes: $status $errors"
	done
	process '.args = ["sh", "-c", "echo ${#BIG}"] | .env += ["BIG=" + ("x" * 70000)]'
	gives 70000 --process "$WORK/process.json" "$ID"
}

test_options_beside_the_process_file() {
	start_container
	process '.args = ["sh", "-c", "echo $PWD $X; probe ids"] | .env += ["X=file"]'
	gives '/etc option
uid=3,3,3 gid=4,4,4 groups=5' --process "$WORK/process.json" --cwd /etc -e X=option -u 3:4 -g 5 "$ID"
}

test_streams() {
	start_container
	out=$(printf 'a\nb\n' | hull exec "$ID" cat)
	same 'a
b' "$out" 'standard input to its end'
	try sh -c '"$HULL" --root "$1" exec "$2" sh -c "echo out; echo error >&2" 2>/dev/null' - "$STATE" "$ID"
	same out "$out" 'standard output'
	gives '0 1 2' "$ID" sh -c 'echo $(probe fds)'
	try "$HULL" --root "$STATE" exec "$ID" sh -c 'echo $(probe fds)' <&-
	same '0 1 2' "$out" 'descriptors with standard input closed'
	# other descriptors of the caller do not come along
	exec 3</etc/hostname 9</etc/hostname
	gives '0 1 2' "$ID" sh -c 'echo $(probe fds)'
	gives '0 1 2 3' --preserve-fds 1 "$ID" sh -c 'echo $(probe fds)'
	gives '0 1 2 3 9' --preserve-fds 7 "$ID" sh -c 'echo $(probe fds)'
	refuses '--preserve-fds' --preserve-fds x "$ID" true
}

test_much_output() {
	start_container
	mkfifo "$WORK/pipe"
	cksum <"$WORK/pipe" >"$WORK/sum" &
	"$HULL" --root "$STATE" exec "$ID" head -c 104857600 /dev/zero </dev/null >"$WORK/pipe" &
	pid=$!
	most=0
	while kill -0 $pid 2>/dev/null; do
		rss=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$pid/status 2>/dev/null)
		[ "${rss:-0}" -le $most ] || most=$rss
		sleep 0.02
	done
	wait $pid || fail 'exec'
	wait
	same "$(head -c 104857600 /dev/zero | cksum)" "$(cat "$WORK/sum")" 'what came out'
	# with the sanitizers it needs more
	[ $most -lt 16384 ] || grep -q __asan_init "$HULL" || fail "$most KiB of memory"
}

test_background_child_holds_the_output() {
	start_container
	mkfifo "$WORK/pipe"
	cat "$WORK/pipe" >"$WORK/out2" &
	reader=$!
	begin=$(date +%s)
	"$HULL" --root "$STATE" exec "$ID" sh -c 'sleep 900 & exit 7' </dev/null >"$WORK/pipe"
	same 7 $? 'exit status'
	[ $(($(date +%s) - begin)) -lt 60 ] || fail 'it waited for the child'
	kill $reader
}

test_detached() {
	start_container
	execute -d --pid-file "$WORK/pid" "$ID" sh -c 'echo $$ >/pid; exec sleep 900'
	expect_status 0
	pid=$(cat "$WORK/pid")
	wait_until [ -s "$BUNDLE/rootfs/pid" ]
	same "$(cat "$BUNDLE/rootfs/pid")" "$(sed -n 's/^NSpid:.*\t//p' "/proc/$pid/status")" 'pid inside'
	same "$(readlink "/proc/$(hull state "$ID" | jq .pid)/ns/pid")" "$(readlink "/proc/$pid/ns/pid")" 'pid namespace'
	hull ps -f json "$ID" | jq -e "index($pid)" >/dev/null || fail 'not in ps'
	# --pid-file without --detach too, and in a directory that does not exist
	execute --pid-file "$WORK/pid2" "$ID" true
	expect_status 0
	grep -q '^[0-9]*$' "$WORK/pid2" || fail 'no pid'
	refuses '--pid-file' --pid-file "$WORK/none/pid" "$ID" true
	refuses '--pid-file' -d --pid-file /dev/null "$ID" true
	# it ends together with the container
	hull kill "$ID" KILL
	wait_until [ ! -d "/proc/$pid" ]
}

test_detached_of_what_failed() {
	start_container
	refuses '--cwd /none: ' -d --pid-file "$WORK/pid" --cwd /none "$ID" true
	[ ! -e "$WORK/pid" ] || [ ! -d "/proc/$(cat "$WORK/pid")" ] || fail 'it runs'
}

# An error means that nothing was run: a caller who tries again must not run it twice.
test_nothing_runs_that_nobody_hears_of() {
	start_container
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		refuses '--pid-file' -d --pid-file "$WORK/none/pid" "$ID" touch /tmp/ran
		refuses '--pidfd-socket' -d --pidfd-socket "$WORK/none" "$ID" touch /tmp/ran
	done
	execute "$ID" ls /tmp
	same '' "$out" 'what they left'
}

test_pidfd_socket() {
	start_container
	receive_pidfd "$WORK/socket"
	execute -d --pid-file "$WORK/pid" --pidfd-socket "$WORK/socket" "$ID" sleep 900
	expect_status 0
	wait $peer
	same "$(cat "$WORK/pid")" "$(cat "$WORK/got")" 'the pid behind the pidfd'
	refuses '--pidfd-socket' --pidfd-socket "$WORK/none" "$ID" true
}

test_session() {
	start_container
	# leader of a session and a group of its own, without a terminal
	execute "$ID" sh -c 'set -- $(cat /proc/$$/stat); echo $(($5 == $$)) $(($6 == $$)) $7'
	same '1 1 0' "$out" 'group, session, terminal'
}

test_signals() {
	start_container
	for signal in TERM INT HUP USR1 USR2 QUIT CONT; do
		rm -f "$BUNDLE/rootfs/ready"
		"$HULL" --root "$STATE" exec "$ID" sh -c "trap 'echo got $signal; exit 9' $signal; : >/ready; while :; do sleep 0.02; done" \
			</dev/null >"$WORK/out" 2>"$WORK/errors" &
		pid=$!
		wait_until [ -e "$BUNDLE/rootfs/ready" ]
		kill -$signal $pid
		wait $pid
		same 9 $? "exit status after $signal"
		same "got $signal" "$(cat "$WORK/out")" 'what it says'
	done
	# not pid 1: a signal without a handler ends it
	rm -f "$BUNDLE/rootfs/ready"
	"$HULL" --root "$STATE" exec "$ID" sh -c ": >/ready; exec sleep 900" </dev/null >"$WORK/out" 2>"$WORK/errors" &
	pid=$!
	wait_until [ -e "$BUNDLE/rootfs/ready" ]
	sleep 0.2
	kill -TERM $pid
	wait $pid
	same 143 $? 'exit status'
}

test_ignored_signals_of_the_caller() {
	start_container
	try sh -c 'trap "" USR1 INT; exec "$HULL" --root "$1" exec "$2" grep "Sig[BI]" /proc/self/status' - "$STATE" "$ID"
	same 'SigBlk:	0000000000000000
SigIgn:	0000000000000000' "$out" signals
}

test_concurrent() {
	start_container
	i=0
	while [ $i -lt 32 ]; do
		i=$((i + 1))
		(
			timeout -k 5 60 "$HULL" --root "$STATE" exec "$ID" sh -c "sleep 0.1; echo $i; exit $i" </dev/null >"$WORK/out-$i" 2>&1
			echo $? >"$WORK/code-$i"
		) &
	done
	wait
	while [ $i -gt 0 ]; do
		same $i "$(cat "$WORK/code-$i")" "status of $i: $(cat "$WORK/out-$i")"
		same $i "$(cat "$WORK/out-$i")" "output of $i"
		i=$((i - 1))
	done
	same 1 "$(hull ps -f json "$ID" | jq length)" 'processes left'
}

test_terminal_by_relay() {
	start_container
	compile peer
	try "$PROGRAMS/peer" pty 33 111 timeout --foreground -k 5 30 "$HULL" --root "$STATE" exec -t "$ID" \
		sh -c 'stty size; set -- $(cat /proc/$$/stat); echo $(($5 == $$)) $(($6 == $$)) $8; tty; probe fds; exit 6'
	expect_status 6
	printf '%s\n' "$out" | tr -d '\r' | head -n 1 | grep -qx '33 111' || fail "size: $out"
	printf '%s\n' "$out" | grep -q '/dev/pts/[0-9]' || fail "no terminal: $out"
	printf '%s\n' "$out" | grep -q '0t 1t 2t' || fail "descriptors: $out"
	printf '%s\n' "$out" | grep -q '^1 1 [1-9]' || fail "session and group: $out"
	# if hull has no terminal
	out=$(printf 'one\n' | hull exec -t "$ID" sh -c 'read line; echo "got $line"; exit 0' | tr -d '\r')
	printf '%s\n' "$out" | grep -qx 'got one' || fail "input: $out"
	execute -t "$ID" seq 1 20000
	same "$(seq 1 20000 | cksum)" "$(printf '%s\n' "$out" | tr -d '\r' | cksum)" 'checksum of the output'
	process '.terminal = true | .consoleSize = {height: 31, width: 97} | .args = ["stty", "size"]'
	execute --process "$WORK/process.json" "$ID"
	same '31 97' "$(printf '%s' "$out" | tr -d '\r')" consoleSize
	execute -t "$ID" no-such-program
	expect_status 127
}

test_job_control() {
	start_container
	compile peer
	(
		sleep 0.5
		printf 'sleep 900\n'
		sleep 0.5
		printf '\032'
		sleep 0.3
		printf 'jobs\n'
		sleep 0.3
		printf 'kill %%1; fg\n'
		sleep 0.3
		printf 'exit 9\n'
		sleep 0.3
	) | {
		"$PROGRAMS/peer" pty 24 80 timeout --foreground -k 5 30 "$HULL" --root "$STATE" exec -t -e 'PS1=> ' "$ID" sh -i >"$WORK/out" 2>&1
		echo $? >"$WORK/status"
	}
	same 9 "$(cat "$WORK/status")" 'exit status'
	grep -q Stopped "$WORK/out" || fail "not stopped: $(cat "$WORK/out")"
	! grep -q 'job control' "$WORK/out" || fail "no job control: $(cat "$WORK/out")"
}

test_console_socket() {
	start_container
	PEER_INPUT=/dev/null start_peer console "$WORK/console"
	execute -d -t --console-socket "$WORK/console" --pid-file "$WORK/pid" "$ID" sh -c 'echo through; tty; exit 0'
	expect_status 0
	wait $peer
	grep -q through "$WORK/peer" || fail "nothing came: $(cat "$WORK/peer" "$WORK/peer-errors")"
	grep -q /dev/pts/ "$WORK/peer" || fail "no terminal: $(cat "$WORK/peer")"
	refuses 'no process would hold the terminal' -d -t "$ID" true
	refuses 'there is no terminal' --console-socket "$WORK/console" "$ID" true
	refuses '--console-socket: connect to' -t --console-socket "$WORK/none" "$ID" true
}

test_user_owns_terminal() {
	start_container
	execute -t -u 1000:1000 "$ID" sh -c 'stat -c %u $(tty); echo through >/dev/tty; echo again >/proc/self/fd/1'
	same '1000 through again' "$(printf '%s' "$out" | tr -d '\r' | xargs)" 'owner and output'
}

run_tests
