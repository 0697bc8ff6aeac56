#!/bin/sh
# What a container's process inherits from its caller, and what not: streams, signals, variables.
. "${0%/*}/lib.sh"

user() {
	config '.process.user = {uid: 1000, gid: 1000}'
}

# As an unprivileged server writes its log: it opens /dev/stdout again, which checks the permission anew.
test_streams_can_be_opened_again() {
	user
	config '.process.args = ["sh", "-c", "cat /dev/stdin; echo out >/dev/stdout; echo err >/dev/stderr"]'
	out=$(echo in | "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" 2>&1 | cat)
	same 'in out err' "$(echo $out)" 'the output'
}

test_streams_are_the_users() {
	user
	owner=$(stat -c %u /dev/null)
	inside 'for i in 0 1 2; do stat -Lc %u:%g /proc/$$/fd/$i; done'
	same '0:0 1000:0 1000:0' "$(echo $out)" 'the owners: the null device keeps its own'
	same "$owner" "$(stat -c %u /dev/null)" "the host's null device"
	same 1000 "$(stat -c %u "$WORK/out")" 'the file given for the output'
}

# With a terminal, the program does not get the streams: they keep their owner.
test_streams_beside_a_terminal_stay() {
	create
	hull start "$ID" || fail start
	owner=$(stat -c %u "$WORK/out")
	echo input >"$WORK/in"
	hull exec -t -u 1000 "$ID" id -u <"$WORK/in" >"$WORK/out" 2>"$WORK/errors" || fail "exec: $(cat "$WORK/errors")"
	same 1000 "$(tr -d '\r' <"$WORK/out" | grep -v input)" 'the user'
	same "$owner $owner" "$(stat -c %u "$WORK/out" "$WORK/in" | tr '\n' ' ' | sed 's/ $//')" 'the owners'
	hull delete --force "$ID"
}

test_streams_of_root_stay() {
	chown 77:88 "$BUNDLE/config.json"
	config .
	: >"$WORK/given"
	chown 77:88 "$WORK/given"
	config '.process.args = ["stat", "-Lc", "%u:%g", "/proc/self/fd/1"]'
	hull run -b "$BUNDLE" "$ID" >"$WORK/given" </dev/null || fail 'run'
	same 77:88 "$(cat "$WORK/given")" 'the owner'
}

# On a filesystem that cannot be written, the owner stays, and that is no error.
test_streams_on_a_readonly_filesystem() {
	user
	mkdir "$WORK/tmpfs"
	mount -t tmpfs -o mode=755 tmpfs "$WORK/tmpfs"
	echo given >"$WORK/tmpfs/file"
	mount -o remount,ro "$WORK/tmpfs"
	config '.process.args = ["cat"]'
	out=$("$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" <"$WORK/tmpfs/file")
	umount "$WORK/tmpfs"
	same given "$out" 'the input'
}

test_the_last_assignment_counts() {
	config '.process.env = ["A=1", "PATH=/nowhere", "B=2", "A=3", "PATH=/bin", "A=4"] | .process.args = ["env"]'
	run_ok
	same 'A=4 B=2 HOME=/root PATH=/bin' "$(printf '%s\n' "$out" | sort | xargs)" 'the environment'
}

# nohup(1), services and shells' background jobs ignore signals, and execve(2) passes that on.
test_signals_are_not_ignored() {
	trap '' HUP INT QUIT PIPE USR1 CHLD TERM
	config '.process.args = ["grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"]'
	# not by hull(): timeout(1) handles some of them
	out=$("$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null)
	same 'SigBlk: 0000000000000000 SigIgn: 0000000000000000' "$(echo $out)" 'the sets'
}

test_signals_are_not_blocked() {
	env --block-signal=USR1 true 2>/dev/null || skip 'env(1) cannot block signals here'
	config '.process.args = ["grep", "SigBlk", "/proc/self/status"]'
	out=$(env --block-signal=USR1,CHLD,TERM "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null)
	same 'SigBlk: 0000000000000000' "$(echo $out)" 'the set'
}

# With SIGCHLD ignored, the kernel reaps children itself, and a wait finds none.
test_hooks_under_a_caller_that_ignores_children() {
	trap '' CHLD
	printf '#!/bin/sh\necho ran >>%s/hooks\n' "$WORK" >"$WORK/hook"
	chmod 755 "$WORK/hook"
	config --arg hook "$WORK/hook" '.hooks = {createRuntime: [{path: $hook, timeout: 5}], poststart: [{path: $hook, timeout: 5}],
		poststop: [{path: $hook, timeout: 5}]} | .process.args = ["sh", "-c", "exit 3"]'
	status=0
	"$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null || status=$?
	expect_status 3
	same 3 "$(grep -c ran "$WORK/hooks")" 'the hooks that ran'
}

test_descriptors_are_not_passed_on() {
	exec 3</dev/null 7<"$BUNDLE" 9>"$WORK/nine"
	config '.process.args = ["ls", "/proc/self/fd"]'
	out=$("$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null)
	same '0 1 2 3' "$(echo $out)" 'the descriptors (the last is that of ls)'
}

test_variables_are_not_passed_on() {
	export LD_PRELOAD="" SECRET=1 HULL_THING=2
	config '.process.env = [] | .process.args = ["/bin/env"]'
	run_ok
	same 'HOME=/root' "$out" 'the environment'
}

# Whatever the caller is or has set for itself, the program sees the same: a plain caller is compared with one that has the attribute.

# What a process in the container sees of itself, and others of the container: modes, owners, limits, signals, session, streams.
looks='
	umask
	grep -E "^(Sig(Blk|Ign|Cgt)|NoNewPrivs|Seccomp|Cpus_allowed_list|Groups|CoreDumping|THP_enabled):" /proc/self/status
	stat -c "%a %u:%g" /sys/fs/cgroup / /dev /dev/null /dev/shm /proc /srv/made /run/notify 2>&1
	set -- $(cat /proc/self/stat)
	echo "session $6, group $5, terminal $7"
	echo $(ls /proc/self/fd)
	env | sort
	pwd
	cat /proc/self/timerslack_ns /proc/self/personality 2>/dev/null
	cat /proc/self/oom_score_adj /proc/self/coredump_filter
	/bin/probe sched; /bin/probe ioprio; /bin/probe mempolicy
	cat /proc/self/limits
	grep -c . /proc/self/mountinfo'

prepare() {
	with_probe
	mkdir "$BUNDLE/rootfs/srv/made"
	config '.mounts += [{destination: "/srv/made", type: "tmpfs", source: "t"}]'
	config 'del(.process.rlimits)'
	inside "$looks"
	expect_status 0
	plain=$out
}

# by COMMAND...: the shell function or program runs "$@", which is hull, in its own way.
by() {
	hull() {
		call "$HULL" --root "$STATE" "$@"
	}
	inside "$looks"
	expect_status 0
	unset -f hull
	[ "$plain" = "$out" ] || {
		printf '%s\n' "$plain" >"$WORK/plain"
		printf '%s\n' "$out" >"$WORK/other"
		fail "seen inside: $(diff "$WORK/plain" "$WORK/other" | grep '^[<>]' | tr '\n' ' ')"
	}
}

test_caller_umask() {
	prepare
	call() { (umask 077 && exec "$@"); }
	by
	call() { (umask 0777 && exec "$@"); }
	by
	call() { (umask 0 && exec "$@"); }
	by
}

# A user in the container reads its own cgroup, and writes to the notify socket.
test_umask_and_a_user() {
	config '.process.user = {uid: 1000, gid: 1000}'
	umask 077
	expect yes 'cat /sys/fs/cgroup/cgroup.procs >/dev/null && echo yes'
}

test_caller_signals() {
	prepare
	call() { (trap '' HUP INT QUIT PIPE TERM CHLD USR1 ALRM TSTP XFSZ && exec "$@"); }
	by
}

test_caller_environment() {
	prepare
	call() { env LD_DEBUG=x HOME=/nowhere PATH="/nowhere:$PATH" LISTEN_PIDS=1 LANG=xx TERM=strange SECRET=1 "$@"; }
	by
}

test_caller_streams() {
	prepare
	call() { "$@" 3</etc/passwd 7>/dev/null 9</; }
	by
}

test_caller_session() {
	prepare
	command -v setsid >/dev/null || skip 'setsid(1) is not here'
	call() { setsid -w "$@"; }
	by
}

test_caller_working_directory() {
	prepare
	call() { (cd / && exec "$@"); }
	by
	mkdir "$WORK/gone"
	call() { (cd "$WORK/gone" && rmdir "$WORK/gone" && exec "$@"); }
	BUNDLE=$(readlink -f "$BUNDLE")
	by
}

# What the configuration does not name is the caller's, as under runc and crun: limits and the nice value.
test_limits_are_inherited() {
	config 'del(.process.rlimits)'
	hull() { (ulimit -c 0 && ulimit -S -n 200 && exec "$HULL" --root "$STATE" "$@"); }
	expect '200 0' 'echo $(ulimit -n) $(ulimit -c)'
}

test_nice_is_inherited() {
	hull() { nice -n 5 "$HULL" --root "$STATE" "$@"; }
	expect $(($(nice) + 5)) 'set -- $(cat /proc/self/stat); echo ${19}'
}

# hull's own files are small, but a caller may allow none: that is an error in words, and nothing is left of the container.
test_no_files_may_be_written() {
	config '.process.args = ["true"]'
	# By a pipe: the limit is for the file of the results too.
	said=$( (ulimit -f 0 && "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" 2>&1 || echo "status $?") | cat)
	case $said in
	'') ;;
	*'ile too large'*'status 1') ;;
	*) fail "said: $said" ;;
	esac
	nothing_left 'after a run'
}

run_tests
