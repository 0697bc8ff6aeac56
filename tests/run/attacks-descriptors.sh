#!/bin/sh
# Descriptors that the caller leaks, closes or lends: nothing of the host can be reached by them (CVE-2024-21626, CVE-2016-9962).
. "${0%/*}/lib.sh"
. "${0%/*}/../attacks/lib.sh"

attack_leaked_list() {
	fresh
	config '.process.args = ["sh", "-c", "exec ls -l /proc/self/fd"]'
	run_leaking "$CANARY"
	case $out in *canary*) ;; *) false ;; esac
}
test_leaked_descriptors() {
	defended leaked attack_leaked_list
	fresh
	config '.process.args = ["sh", "-c", "ls /proc/$$/fd; true"]'
	run_leaking "$CANARY"
	expect_status 0
	same '0 1 2' "$(echo "$out" | tr '\n' ' ' | sed 's/ $//')" 'open descriptors'
}

# The same if one of our calls fails: a program or hook that runs all the same has nothing that the caller leaked.
attack_leaked_by_a_fault() {
	with_killer
	helper leak
	fresh
	config --arg list "$WORK/hooks" '.process.args = ["ls", "-l", "/proc/self/fd"] |
		.hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "ls -l /proc/self/fd >>\($list)"]}]} |
		.hooks.poststop = .hooks.createRuntime'
	for who in parent child; do
		at=0 total=1
		while [ $at -le "$total" ]; do
			: >"$WORK/hooks"
			FAULT=EIO REPORT=$WORK/report "$KILL_AT" $who $at "$SUITE_DIR/bin/leak" "$CANARY" "$HULL" --root "$STATE" \
				run -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors"
			[ $at != 0 ] || read -r total _ <"$WORK/report"
			! grep -q canary "$WORK/out" "$WORK/hooks" || return 0
			hull delete --force "$ID" >/dev/null 2>&1
			at=$((at + total / ${STEPS:-20} + 1))
		done
	done
	return 1
}
test_leaked_descriptors_when_a_call_fails() { defended leaked attack_leaked_by_a_fault; }

# The working directory by a descriptor: in the configuration, and through a link in the image.
attack_cwd() { # CWD
	fresh
	ln -s "/proc/self/fd/9" "$BUNDLE/rootfs/nine"
	ln -s "self/fd/10" "$BUNDLE/rootfs/ten"
	ln -s /proc/self "$BUNDLE/rootfs/me"
	config --arg cwd "$1" '.process.cwd = $cwd | .process.args = ["ls"]'
	run_leaking "$CANARY"
	case $out in *directory*file*) ;; *) false ;; esac
}
attack_cwd_plain() { attack_cwd /proc/self/fd/7; }
attack_cwd_below() { attack_cwd /proc/self/fd/7/directory/..; }
attack_cwd_link() { attack_cwd /nine; }
attack_cwd_twice() { attack_cwd /me/fd/30; }
attack_cwd_thread() { attack_cwd /proc/thread-self/fd/8; }
test_working_directory_by_descriptor() { defended magic-links attack_cwd_plain; }
test_working_directory_below_descriptor() { defended magic-links attack_cwd_below; }
test_working_directory_by_link() { defended magic-links attack_cwd_link; }
test_working_directory_by_two_links() { defended magic-links attack_cwd_twice; }
test_working_directory_by_thread() { defended magic-links attack_cwd_thread; }

# Tries every number in a loop, including those that the runtime itself uses.
test_working_directory_by_any_descriptor() {
	fresh
	for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 32 64; do
		for below in '' /.. /../.. /../../../..; do
			config --arg cwd "/proc/self/fd/$fd$below" '.process.cwd = $cwd | .process.args = ["pwd"]'
			run
			[ "$status" != 0 ] || fail "descriptor $fd$below led to $out"
		done
	done
}

# The program by a descriptor, and its interpreter, which the kernel opens while close-on-exec descriptors are still open.
attack_program() { # PROGRAM
	fresh
	printf '#!/bin/sh\necho from the host\n' >"$CANARY/file"
	chmod 755 "$CANARY/file"
	cp "$BUNDLE/rootfs/bin/busybox" "$CANARY/busybox"
	printf '#!/proc/self/fd/9/busybox echo\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	ln -s /proc/self/fd/9/busybox "$BUNDLE/rootfs/bin/link"
	config --arg program "$1" '.process.args = [$program, "echo", "from the host"]'
	run_leaking "$CANARY"
	case $out in *'from the host'*) ;; *) false ;; esac
}
attack_program_plain() { attack_program /proc/self/fd/9/busybox; }
attack_program_link() { attack_program /bin/link; }
attack_interpreter() { attack_program /bin/script; }
test_program_by_descriptor() { refused attack_program_plain; }
test_program_by_link() { refused attack_program_link; }
test_interpreter_by_descriptor() { defended leaked attack_interpreter; }

# A mount target, a mask and a device by a descriptor.
test_mount_by_descriptor() {
	fresh
	config '.mounts += [{destination: "/proc/self/fd/9/made", type: "tmpfs", source: "tmpfs"}] | .process.args = ["true"]'
	run_leaking "$CANARY"
	[ "$status" != 0 ] || fail 'it was mounted'
	! canary_changed || fail 'something was made on the host'
}

# If a standard descriptor is closed, a descriptor of ours, a directory of the host, would take its number.
attack_closed_stream() {
	fresh
	mkdir -p "$STATE/x"
	cp "$BUNDLE/rootfs/bin/busybox" "$STATE/busybox"
	printf '#!/proc/self/fd/1/busybox true\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	config '.process.args = ["/bin/script"]'
	status=0
	timeout 120 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" <&- >&- 2>"$WORK/errors" || status=$?
	rm -rf "$STATE/x" "$STATE/busybox"
	[ "$status" = 0 ]
}
test_closed_standard_input() {
	defended streams attack_closed_stream
	fresh
	config '.process.args = ["sh", "-c", "stat -L -c %t:%T /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 3>/list >&3"]'
	"$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" <&- >&- 2>&- || fail 'all three closed'
	same 2 "$(grep -c '^1:3$' "$BUNDLE/rootfs/list")" 'null devices besides the list'
}

# The null device of the host, lent as standard input, must not be changed by fchmod.
attack_lent_null() {
	fresh
	mknod -m 666 "$WORK/null" c 1 3
	config '.process.args = ["chmod", "600", "/proc/self/fd/0"]'
	"$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" <"$WORK/null" >"$WORK/out" 2>"$WORK/errors"
	mode=$(stat -c %a "$WORK/null")
	rm "$WORK/null"
	[ "$mode" != 666 ]
}
test_mode_of_a_lent_null() { defended lent-devices attack_lent_null; }

attack_null_lent_to_exec() { # COMMAND
	fresh
	mknod -m 666 "$WORK/null" c 1 3
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" || fail 'run'
	$1
	hull exec "$ID" chmod 600 /proc/self/fd/0 <"$WORK/null" >"$WORK/out" 2>"$WORK/errors"
	mode=$(stat -c %a "$WORK/null")
	rm "$WORK/null"
	hull delete --force "$ID"
	[ "$mode" != 666 ]
}
# Whatever the container has put in the place of its own.
attack_exec_plain() { attack_null_lent_to_exec :; }
attack_exec_removed() { attack_null_lent_to_exec 'hull exec '"$ID"' rm /dev/null'; }
attack_exec_link() { attack_null_lent_to_exec 'hull exec '"$ID"' ln -sf /etc/passwd /dev/null'; }
test_mode_of_a_null_lent_to_exec() {
	defended lent-devices attack_exec_plain
	defended lent-devices attack_exec_removed
	defended lent-devices attack_exec_link
}

# A device that is bound into a user namespace, where its owner is mapped. Its stand-in is in a mount namespace of our own.
attack_bound_null() {
	fresh
	mknod -m 666 "$WORK/null" c 1 3
	config '.process.args = ["chmod", "600", "/dev/null"] | .linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
	unshare -m sh -c 'mount --bind "$1" /dev/null && exec "$2" --root "$3" run -b "$4" "$5"' - \
		"$WORK/null" "$HULL" "$STATE" "$BUNDLE" "$ID" >"$WORK/out" 2>"$WORK/errors"
	mode=$(stat -c %a "$WORK/null")
	rm "$WORK/null"
	[ "$mode" != 666 ]
}
test_mode_of_a_bound_null() { defended lent-devices attack_bound_null; }

# A terminal of the host, lent as all three streams.
attack_lent_terminal() { # COMMAND...
	fresh
	helper tty
	config '.process.args = ["sh", "-c", "chmod 666 /proc/self/fd/0; chown 1000 /proc/self/fd/1"]'
	try "$SUITE_DIR/bin/tty" on "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	case $out in *'mode 666'* | *'owner 1000'*) ;; *) false ;; esac
}
test_mode_of_a_lent_terminal() { defended lent-devices attack_lent_terminal; }
test_lent_terminal_keeps_its_mode() { refused attack_lent_terminal; }
test_lent_terminal_works() {
	fresh
	helper tty
	config '.process.args = ["sh", "-c", "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo a terminal"]'
	try "$SUITE_DIR/bin/tty" on "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	case $errors in *'a terminal'*) ;; *) fail "said: $out $errors" ;; esac
}

# A container that waits for start holds nothing of its caller's, neither a pipe nor a directory of ours.
attack_waiting() {
	fresh
	helper leak
	config '.process.args = ["true"]'
	"$SUITE_DIR/bin/leak" "$CANARY" "$HULL" --root "$STATE" create -b "$BUNDLE" --pid-file "$WORK/pid" "$ID" \
		</dev/null >"$WORK/out" 2>"$WORK/errors" || fail "$(cat "$WORK/errors")"
	held=$(find "/proc/$(cat "$WORK/pid")/fd" -type l -printf '%l\n' | grep -c -e "$WORK/canary" -e "$STATE" -e "$CGROUP2")
	hull delete --force "$ID"
	[ "$held" != 0 ]
}
test_waiting_init() { defended leaked attack_waiting; }

# Debug lines must not go to another file that has taken the number of the log's descriptor.
test_log_and_socket() {
	config '.process.args = ["true"]'
	try hull --debug --log "$WORK/log" run -b "$BUNDLE" "$ID"
	expect_status 0
	try hull --debug --log "$WORK/log" create -b "$BUNDLE" "$ID"
	expect_status 0
	try hull start "$ID"
	expect_status 0
	wait_for stopped
	hull delete "$ID"
}

# The log takes number 3, which the caller has left free.
test_preserved_are_the_callers_own() {
	with_probe
	config '.process.args = ["probe", "fds"]'
	for options in --debug ''; do
		try hull $options --log "$WORK/log" run --preserve-fds 5 -b "$BUNDLE" "$ID"
		expect_status 0
		same '0 1 2' "$(printf '%s' "$out" | xargs)" 'the descriptors'
	done
	config '.process.args = ["/proc/self/fd/3"]'
	try hull --log "$WORK/log" run --preserve-fds 5 -b "$BUNDLE" "$ID"
	[ "$status" != 0 ] || fail 'the log was executed'
}

# In a pid namespace that it shares, the waiting init is closed to a process with the same capabilities (without CAP_SYS_PTRACE,
# which init lacks too, because the caller does).
attack_waiting_init() {
	fresh
	command -v setpriv >/dev/null || skip 'setpriv(1) is not here'
	all=$("$HULL" features | jq -c '[.linux.capabilities[] | select(. != "CAP_SYS_PTRACE")]')
	config --argjson all "$all" '.process.capabilities = {bounding: $all, effective: $all, permitted: $all} |
		.process.args = ["sh", "-c", "until [ -e /go ]; do sleep 0.05; done; for p in /proc/[0-9]*; do ls -l $p/fd; done"]'
	hull run -d --pid-file "$WORK/pid" -b "$BUNDLE" "$ID" >"$WORK/out" 2>"$WORK/errors" </dev/null || fail 'run'
	second_bundle "$(cat "$WORK/pid")" '.process.args = ["true"]'
	setpriv --bounding-set=-sys_ptrace "$HULL" --root "$STATE" create -b "$BUNDLE2" "$ID2" </dev/null >/dev/null 2>"$WORK/errors2" ||
		fail "create: $(cat "$WORK/errors2")"
	touch "$BUNDLE/rootfs/go"
	wait_for stopped
	hull delete --force "$ID2"
	hull delete --force "$ID"
	grep -q 'socket:' "$WORK/out"
}
test_waiting_init_in_shared_pid_namespace() { defended dumpable attack_waiting_init; }

run_tests
