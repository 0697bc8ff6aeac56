#!/bin/sh
# exec: its process has nothing that the container does not have (CVE-2016-9962), and a container that fights back harms only
# itself. Environment: HULL_EXECS (40), the number of stalked execs.
. "${0%/*}/lib.sh"
. "${0%/*}/../attacks/lib.sh"

# Starts a container with this program.
start_container() {
	config --argjson args "$(jq -n '$ARGS.positional' --args -- "$@")" '.process.args = $args'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/said" 2>"$WORK/errors" || fail "run: $(cat "$WORK/errors")"
}

end_container() {
	hull delete --force "$ID"
}

# Its program waits for the processes of exec: tests/attacks/stalk.c.
start_stalker() {
	with_helper stalk
	config '["CAP_SYS_PTRACE", "CAP_KILL"] as $all | .process.capabilities = {bounding: $all, permitted: $all, effective: $all}'
	start_container stalk "$@"
	wait_until [ -e "$BUNDLE/rootfs/ready" ]
}

# wait_until COMMAND...
wait_until() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "waiting for: $*"
		sleep 0.05
	done
}

# Runs many execs as a caller who leaks a directory and has a secret in the environment. $WORK/said has the findings of the stalker.
stalked() {
	helper leak
	start_stalker look 80020
	i=0
	while [ $i -lt "${HULL_EXECS:-40}" ]; do
		i=$((i + 1))
		HULL_TEST_SECRET=xyzzy timeout -k 5 60 "$SUITE_DIR/bin/leak" "$CANARY" "$HULL" --root "$STATE" exec "$@" "$ID" true \
			</dev/null >"$WORK/out" 2>"$WORK/errors" || [ -n "${HULL_DEFENCE_OFF:-}" ] || fail "exec $i: $(cat "$WORK/errors")"
		! grep -qv ^caught "$WORK/said" || break
	done
	touch "$BUNDLE/rootfs/stop"
	wait_for stopped
	end_container
	# ASan's runtime keeps a copy of the environment of its own
	! grep -q __asan_init "$HULL" || sed -i '/^secret/d' "$WORK/said"
	# a stalker that catches nothing proves nothing
	grep -q '^caught [1-9]' "$WORK/said" || skip "none was caught: $(cat "$WORK/said")"
	out=$(sort "$WORK/said" | uniq -c | sort -rn | head -n 20)
	grep -q "^$found" "$WORK/said"
}

attack_stalked() {
	fresh
	config 'del(.linux.seccomp)'
	stalked
}
attack_stalked_capabilities() {
	found=capabilities
	attack_stalked
}
attack_stalked_anything() {
	found='[^c]\|^ca[^u]'
	attack_stalked
}
attack_stalked_secret() {
	found=secret
	attack_stalked
}
test_stalked() { refused attack_stalked_anything; }
test_born_late() { defended late-clone attack_stalked_capabilities; }
test_environment_of_the_caller() { defended environment attack_stalked_secret; }

# CAP_SYS_ADMIN loads a filter without noNewPrivileges.
attack_stalked_filter() {
	fresh
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: "SCMP_ACT_ERRNO"}]} |
		.process.noNewPrivileges = false'
	found='[^c]\|^ca[^u]'
	stalked
}
test_stalked_with_a_filter() { defended unborn-filter attack_stalked_filter; }

# If the container has a user namespace of its own, no process in it can get near.
attack_stalked_in_user_namespace() {
	fresh
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings | .mounts |= map(select(.type != "sysfs" and .type != "cgroup")) | del(.linux.seccomp)'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	start_stalker look 80020
	for _ in 1 2 3 4 5 6 7 8; do
		hull exec "$ID" true </dev/null >"$WORK/out" 2>"$WORK/errors" || fail "exec: $(cat "$WORK/errors")"
	done
	touch "$BUNDLE/rootfs/stop"
	wait_for stopped
	end_container
	out=$(cat "$WORK/said")
	! grep -q '^caught 0 before' "$WORK/said"
}
test_stalked_in_user_namespace() { refused attack_stalked_in_user_namespace; }

# Questions to the caller's terminal by a process that does not yet run its program.
attack_session() {
	fresh
	helper tty
	config 'del(.linux.seccomp)'
	start_stalker look 80020
	i=0
	until [ $i -ge "${HULL_EXECS:-40}" ] || grep -q ^terminal "$WORK/said"; do
		i=$((i + 1))
		"$SUITE_DIR/bin/tty" on "$HULL" --root "$STATE" exec "$ID" true </dev/null >"$WORK/out" 2>"$WORK/errors"
	done
	touch "$BUNDLE/rootfs/stop"
	wait_for stopped
	end_container
	grep -q '^caught [1-9]' "$WORK/said" || fail "none was caught: $(cat "$WORK/said")"
	out=$(cat "$WORK/said")
	grep -q ^terminal "$WORK/said"
}
test_terminal_of_the_caller_before_the_program() { defended session attack_session; }

# The socket to the parent is open until the program runs. With a listener of seccomp, the parent still listens then.
forge() { # KIND VALUE
	fresh
	printf '#!/bin/sh\necho hook >>"%s/hooked"\n' "$WORK" >"$WORK/hook"
	chmod 755 "$WORK/hook"
	rm -f "$WORK/hooked" "$WORK/agent" "$WORK/pid"
	config --arg hook "$WORK/hook" --arg agent "$WORK/agent" '.hooks.createRuntime = [{path: $hook}] | .process.noNewPrivileges = true |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $agent, syscalls: [{names: ["sync"], action: "SCMP_ACT_NOTIFY"}]}'
	start_peer agent "$WORK/agent" close
	start_stalker steal "$@"
	wait $peer
	rm -f "$WORK/agent"
	tries=0
	until grep -q ^stolen "$WORK/said" || [ $tries -gt 20 ]; do
		tries=$((tries + 1))
		start_peer agent "$WORK/agent" close
		try hull exec --pid-file "$WORK/pid" "$ID" true
		kill $peer 2>/dev/null
		rm -f "$WORK/agent"
	done
	touch "$BUNDLE/rootfs/stop"
	wait_for stopped
	end_container
	grep -q ^stolen "$WORK/said" || fail "nothing was stolen: $(cat "$WORK/said")"
}
attack_forged_hooks() {
	forge 3 0
	[ "$(grep -c hook "$WORK/hooked")" != 1 ]
}
test_forged_question_for_hooks() { defended questions attack_forged_hooks; }

attack_forged_pid() { # KIND
	forge "$1" 1
	[ "$(cat "$WORK/pid" 2>/dev/null)" = 1 ]
}
attack_forged_adoption() { attack_forged_pid 2; }
attack_forged_birth() { attack_forged_pid 3; }
test_forged_adoption() { refused attack_forged_adoption; }
test_forged_birth() { refused attack_forged_birth; }

# Every kind of message: the parent ends, and no other process.
test_forged_messages() {
	for kind in 1 2 4 6 8 10; do
		forge $kind 1
		[ "$status" != 124 ] || fail "kind $kind: it hangs"
		[ "$status" != 139 ] || fail "kind $kind: it crashed"
		same 1 "$(grep -c hook "$WORK/hooked")" 'calls of the hook'
	done
}

# The program has ended, and another process in the container still holds the socket.
attack_held_socket() {
	fresh
	config 'del(.linux.seccomp)'
	start_stalker steal 0 0 hold
	held=3
	tries=0
	until [ "$held" != 3 ] || grep -q ^stolen "$WORK/said" || [ $tries -gt 100 ]; do
		tries=$((tries + 1))
		try hull exec "$ID" sh -c 'exit 3'
		held=$status
	done
	touch "$BUNDLE/rootfs/stop"
	wait_for stopped
	end_container
	grep -q ^stolen "$WORK/said" || fail "nothing was stolen: $(cat "$WORK/said")"
	[ "$held" != 3 ]
}
test_held_socket() { refused attack_held_socket; }

# CVE-2016-10124, CVE-2017-5226: bytes put into the input of the caller's terminal.
attack_injection() { # OPTIONS
	fresh
	helper tty
	cp "$SUITE_DIR/bin/tty" "$BUNDLE/rootfs/bin/inject"
	start_container sleep 900
	try "$SUITE_DIR/bin/tty" on "$HULL" --root "$STATE" exec "$@" "$ID" inject now
	end_container
	case $out in
	*'injected 0'*) false ;;
	*injected*) ;;
	*) fail "$out $errors" ;;
	esac
}
attack_injection_bare() { attack_injection --no-new-privs; }
attack_injection_terminal() { attack_injection -t; }
test_injection_without_terminal() { defended_by_session attack_injection_bare; }
test_injection_with_terminal() { refused attack_injection_terminal; }

# CVE-2024-21626: a directory that the caller leaks. In the host's pid namespace, /proc/self exists before the program does.
leaking() {
	helper leak
	try "$SUITE_DIR/bin/leak" "$CANARY" "$HULL" --root "$STATE" exec "$@"
}
attack_cwd() { # CWD
	fresh
	ln -s /proc/self/fd/9 "$BUNDLE/rootfs/nine"
	config '.linux.namespaces |= map(select(.type != "pid"))'
	start_container sleep 900
	leaking --cwd "$1" "$ID" ls
	end_container
	case $out in *directory*file*) ;; *) false ;; esac
}
attack_cwd_plain() { attack_cwd /proc/self/fd/7; }
attack_cwd_link() { attack_cwd /nine; }
attack_cwd_below() { attack_cwd /proc/self/fd/7/directory/..; }
test_working_directory_by_descriptor() { defended magic-links attack_cwd_plain; }
test_working_directory_by_link() { defended magic-links attack_cwd_link; }
test_working_directory_below_descriptor() { defended magic-links attack_cwd_below; }
attack_interpreter() {
	fresh
	cp "$BUNDLE/rootfs/bin/busybox" "$CANARY/busybox"
	printf '#!/proc/self/fd/9/busybox echo\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	start_container sleep 900
	leaking "$ID" script
	end_container
	[ "$status" = 0 ]
}
test_interpreter_by_descriptor() { defended leaked attack_interpreter; }

# Any descriptor of ours, too.
test_working_directory_by_any_descriptor() {
	for filter in . '.linux.namespaces |= map(select(.type != "pid"))'; do
		fresh
		config "$filter"
		start_container sleep 900
		for fd in 0 1 2 3 4 5 6 7 8 9 10 11 12; do
			for below in '' /.. /../../..; do
				try hull exec --cwd "/proc/self/fd/$fd$below" "$ID" pwd
				[ "$status" != 0 ] || fail "descriptor $fd$below led to $out"
			done
		done
		end_container
	done
}

# CVE-2015-1334 and others: exec needs nothing in the container's /proc, nor on its devpts.
test_fake_proc() {
	fresh
	config '.mounts |= map(select(.destination != "/proc")) | del(.linux.maskedPaths, .linux.readonlyPaths)'
	mkdir -p "$BUNDLE/rootfs/proc/self/attr" "$BUNDLE/rootfs/proc/self/fd"
	echo unconfined >"$BUNDLE/rootfs/proc/self/attr/current"
	before=$(find "$BUNDLE/rootfs/proc" -type f -exec cksum {} +)
	start_container sleep 900
	try hull exec -u 5 "$ID" sh -c 'exit 3'
	expect_status 3
	same "$before" "$(find "$BUNDLE/rootfs/proc" -type f -exec cksum {} +)" 'the fake files'
	end_container
}

test_hostile_multiplexer() {
	for what in 'mkfifo ptmx' 'mknod ptmx c 5 2' 'mknod ptmx c 1 5' 'ln -s /dev/zero ptmx' 'ln -s ../ptmx ptmx' 'mkdir ptmx' ':'; do
		fresh
		config '.mounts |= map(select(.destination | startswith("/dev") | not))'
		mkdir -p "$BUNDLE/rootfs/dev/pts"
		(cd "$BUNDLE/rootfs/dev/pts" && eval "$what")
		start_container sleep 900
		try hull exec -t "$ID" true
		end_container
		[ "$status" = 255 ] || fail "$what: status $status: $out $errors"
		printf '%s' "$errors" | grep -q /dev/pts || fail "$what: $errors"
	done
}

test_hostile_accounts_that_change() {
	fresh
	helper racer
	echo 'bob:x:5:5::/home:' >"$BUNDLE/rootfs/etc/passwd"
	mkfifo "$BUNDLE/rootfs/etc/other"
	start_container sleep 900
	timeout 60 nice "$SUITE_DIR/bin/racer" "$BUNDLE/rootfs/etc/passwd" "$BUNDLE/rootfs/etc/other" 30 &
	racer=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		try hull exec -u bob "$ID" sh -c 'set -- $(grep ^Uid /proc/self/status); echo $2'
		[ "$status:$out" = 0:5 ] || [ "$status" = 255 ] || fail "status $status: $out $errors"
	done
	kill $racer
	end_container
}

# A process that kills every process that it sees.
test_killed_from_inside() {
	fresh
	config '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]}'
	start_container sh -c 'while [ ! -e /stop ]; do kill -9 -1; done 2>/dev/null' # or it would write to $WORK/errors without end
	i=0
	while [ $i -lt 30 ]; do
		i=$((i + 1))
		try hull exec "$ID" true
		case $status in 0 | 137 | 255) ;; *) fail "status $status: $out $errors" ;; esac
	done
	: >"$BUNDLE/rootfs/stop"
	wait_for stopped
	end_container
}

test_freezes_itself() {
	fresh
	config '(.mounts[] | select(.type == "cgroup") | .options) |= map(select(. != "ro")) |
		.process.capabilities = {bounding: [], permitted: [], effective: []}'
	mounts=$(jq '.mounts | map(select(.type == "cgroup")) | length' "$BUNDLE/config.json")
	[ "$mounts" = 1 ] || config '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup"}]'
	start_container sh -c 'until [ -e /go ]; do sleep 0.05; done; echo 1 >/sys/fs/cgroup/cgroup.freeze; sleep 900'
	: >"$BUNDLE/rootfs/go"
	wait_for paused
	try hull exec "$ID" true
	expect_status 255
	"$HULL" --root "$STATE" exec --ignore-paused "$ID" true </dev/null >"$WORK/out" 2>"$WORK/errors" &
	pid=$!
	sleep 0.5
	end_container
	wait $pid
	[ $? != 0 ] || fail 'it ran'
}

test_root_moved_away() {
	fresh
	config '["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"] as $all | .process.capabilities = {bounding: $all, permitted: $all, effective: $all}'
	start_container sh -c 'mkdir /new; mount -t tmpfs new /new; cp -a /bin /new; mkdir /new/old; : >/new/mark; cd /new; pivot_root . old;
		umount -l /old; : >/ready; exec sleep 900'
	wait_until hull exec "$ID" ls /ready >"$WORK/out" 2>&1 </dev/null
	try hull exec "$ID" ls /
	expect_status 0
	same 'bin mark old ready' "$(echo "$out" | xargs)" 'what is there'
	end_container
}

test_root_unmounted() {
	fresh
	config '["CAP_SYS_ADMIN"] as $all | .process.capabilities = {bounding: $all, permitted: $all, effective: $all}'
	start_container sh -c 'umount -l /proc /dev/pts /dev /sys; umount -l /; : >/unmounted; exec sleep 900'
	wait_until [ -e "$BUNDLE/rootfs/unmounted" ]
	try hull exec "$ID" ls /
	# either the container's root or nothing
	[ "$status" != 0 ] || printf '%s\n' "$out" | grep -qx unmounted || fail "it saw $out"
	end_container
}

test_no_process_left_to_it() {
	needs_controllers pids
	fresh
	config '.linux.resources.pids.limit = 4'
	start_container sh -c 'sleep 900 & sleep 901 & sleep 902 & : >/full; wait'
	wait_until [ -e "$BUNDLE/rootfs/full" ]
	try hull exec "$ID" true
	expect_status 0
	end_container
}

# CVE-2022-1708, CVE-2022-31030: output without end, which a slow reader does not pile up in memory.
test_endless_output() {
	fresh
	start_container sleep 900
	mkfifo "$WORK/pipe"
	{ sleep 1; head -c 4000000 | wc -c >"$WORK/count"; } <"$WORK/pipe" &
	"$HULL" --root "$STATE" exec -t "$ID" yes </dev/null >"$WORK/pipe" 2>/dev/null &
	pid=$!
	most=0
	while kill -0 $pid 2>/dev/null; do
		rss=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$pid/status 2>/dev/null)
		[ "${rss:-0}" -le $most ] || most=$rss
		sleep 0.05
	done
	wait
	same 4000000 "$(cat "$WORK/count")" 'bytes that came'
	[ $most -lt 4096 ] || grep -q __asan_init "$HULL" || fail "$most KiB of memory"
	end_container
}

# The image's accounts as a link to a file of the kernel, which reading may change (/proc/kmsg). Here the name of a process stands in.
attack_accounts_in_procfs() {
	fresh
	config '.process.env |= map(select(startswith("HOME=") | not)) |
		.process.args = ["sh", "-c", "echo -n root:x:0:0::/p: >/proc/1/comm; ln -sf /proc/1/comm /etc/passwd; touch /ready; sleep 1000; :"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" || fail "run: $(cat "$WORK/errors")"
	await 'no link' [ -e "$BUNDLE/rootfs/ready" ]
	try hull exec "$ID" sh -c 'echo $HOME'
	hull delete --force "$ID"
	[ "$out" = /p ]
}
test_accounts_are_a_file_of_procfs() { defended passwd-type attack_accounts_in_procfs; }

run_tests
