#!/bin/sh
# .hooks: which hooks run, when, where and with what.
. "${0%/*}/lib.sh"

ALL='prestart createRuntime createContainer startContainer poststart poststop'

# hook KIND SCRIPT: adds a hook that runs a shell script of the host (or, for startContainer, of the container).
hook() {
	config --arg kind "$1" --arg script "$2" \
		'.hooks[$kind] += [{path: "/bin/sh", args: ["sh", "-c", $script], env: ["PATH=/usr/bin:/bin", "OWN=1"]}]'
}

test_order() {
	# The container's own hook writes through a bind mount.
	touch "$WORK/order"
	config --arg file "$WORK/order" '.mounts += [{destination: "/order", source: $file, options: ["bind"]}]'
	for kind in $ALL; do
		file=$WORK/order
		[ $kind != startContainer ] || file=/order
		hook $kind "echo $kind >>$file"
	done
	inside 'echo process >>/order; sleep 0.2'
	expect_status 0
	# poststart runs beside the process.
	same 'prestart createRuntime createContainer startContainer poststop' \
		"$(grep -v -e process -e poststart "$WORK/order" | xargs)" order
	grep -q poststart "$WORK/order" || fail 'no poststart'
	same startContainer "$(grep -B1 -m1 -e process -e poststart "$WORK/order" | head -n 1)" 'hook before the process'
}

# each SCRIPT: a hook of every kind; $KIND is the kind. A hook of the container writes to /tmp of its root filesystem.
each() {
	mkdir -p "$WORK/seen"
	for kind in $ALL; do
		case $kind in
		startContainer) hook $kind "KIND=$kind; exec >/tmp/$kind; $1" ;;
		*) hook $kind "KIND=$kind; exec >$WORK/seen/$kind; $1" ;;
		esac
	done
}

# seen KIND
seen() {
	case $1 in
	startContainer) cat "$BUNDLE/rootfs/tmp/$1" ;;
	*) cat "$WORK/seen/$1" ;;
	esac
}

# states PID: the states that the hooks got, if the container's own pid on the host is PID.
states() {
	for kind in $ALL; do
		seen $kind >"$WORK/state.json" 2>/dev/null || fail "no $kind"
		case $kind in
		prestart | createRuntime) want="creating $1" ;;
		createContainer) want='creating 1' ;; # the pid as seen in its namespace: runtime.md "State"
		startContainer) want='created 1' ;;
		poststart) want="running $1" ;;
		poststop) want='stopped 0' ;;
		esac
		same "$want" "$(jq -r '"\(.status) \(.pid)"' "$WORK/state.json")" "status and pid for $kind"
		same "$ID $BUNDLE value" "$(jq -r '"\(.id) \(.bundle) \(.annotations.key)"' "$WORK/state.json")" "state for $kind"
		same 1.3.0 "$(jq -r .ociVersion "$WORK/state.json")" "version for $kind"
	done
}

test_state_in_run() {
	each cat
	config '.annotations = {key: "value"}'
	hook createRuntime "cat >$WORK/first"
	inside 'sleep 0.1'
	expect_status 0
	states "$(jq .pid "$WORK/first")"
}

test_state_in_create_and_start() {
	each cat
	config '.annotations = {key: "value"}'
	create --pid-file "$WORK/pid"
	pid=$(cat "$WORK/pid")
	for kind in startContainer poststart poststop; do
		[ -z "$(seen $kind 2>/dev/null)" ] || fail "$kind before start"
	done
	hull start "$ID" || fail start
	[ ! -e "$WORK/seen/poststop" ] || fail 'poststop before delete'
	hull kill "$ID" KILL || fail kill
	wait_for stopped
	[ ! -e "$WORK/seen/poststop" ] || fail 'poststop before delete'
	hull delete "$ID" || fail delete
	states "$pid"
}

test_namespaces() {
	# The container's hooks have its mount and UTS namespaces; all others have the runtime's.
	config 'del(.process.capabilities) | .hostname = "inside"'
	each 'readlink /proc/self/ns/mnt; uname -n; pwd; umask'
	umask 027
	inside 'readlink /proc/self/ns/mnt; sleep 0.1'
	expect_status 0
	inner=$(head -n 1 "$WORK/out")
	for kind in prestart createRuntime poststart poststop; do
		same "$(readlink /proc/self/ns/mnt) $(uname -n) $BUNDLE 0027" "$(seen $kind | xargs)" "place of $kind"
	done
	same "$inner inside $BUNDLE 0027" "$(seen createContainer | xargs)" 'place of createContainer'
	same "$inner inside / 0022" "$(seen startContainer | xargs)" 'place of startContainer'
}

test_create_container_before_pivot() {
	# config.md "CreateContainer Hooks": the container's mounts exist, at the host's path, and its root is not yet the root.
	hook createContainer "exec >$WORK/seen
		[ -e $WORK/template ] || [ -e $BUNDLE/config.json ] && echo host
		[ -c $BUNDLE/rootfs/dev/null ] && echo device
		[ -e $BUNDLE/rootfs/proc/self/status ] && echo proc
		grep -q ' $BUNDLE/rootfs/dev/shm ' /proc/self/mountinfo && echo shm
		touch $BUNDLE/rootfs/dev/made && echo writable
		mount -t tmpfs made-by-hook $BUNDLE/rootfs/srv && touch $BUNDLE/rootfs/srv/file && echo mounted"
	expect 'file made' 'echo $(ls /srv) $(ls /dev | grep made)'
	same 'host device proc shm writable mounted' "$(xargs <"$WORK/seen")" 'what the hook found'
	[ -z "$(find "$BUNDLE/rootfs/srv" "$BUNDLE/rootfs/dev" -mindepth 1)" ] || fail 'the mounts are on the host'
}

test_create_runtime_sees_the_mounts() {
	# By the container's pid: the namespaces exist, and the mounts are made.
	hook createRuntime "pid=\$(sed 's/.*\"pid\":\([0-9]*\).*/\1/')
		cut -d ' ' -f 5 /proc/\$pid/mountinfo | grep -c ^$BUNDLE/rootfs/ >$WORK/seen
		readlink /proc/\$pid/ns/net >>$WORK/seen"
	inside 'readlink /proc/self/ns/net'
	expect_status 0
	same "$out" "$(tail -n 1 "$WORK/seen")" 'network namespace'
	[ "$(head -n 1 "$WORK/seen")" -ge 6 ] || fail "mounts: $(cat "$WORK/seen")"
}

test_start_container_inside() {
	hook startContainer 'exec >/tmp/seen; id -u; grep -c . /proc/self/mountinfo; ls / | grep -cx etc; grep NoNewPrivs /proc/self/status'
	config '.process.user = {uid: 1000, gid: 1000}'
	inside 'grep -c . /proc/self/mountinfo'
	expect_status 0
	same "1000 $out 1 NoNewPrivs: 1" "$(xargs <"$BUNDLE/rootfs/tmp/seen")" 'what the hook found'
}

test_environment_is_exact() {
	each 'env | grep -v -e ^PWD= -e ^SHLVL= | sort' # which shells add
	export SECRET=1
	inside 'sleep 0.1'
	expect_status 0
	for kind in $ALL; do
		same 'OWN=1 PATH=/usr/bin:/bin' "$(seen $kind | xargs)" "environment of $kind"
	done
}

# As under runc and crun, a hook in the runtime's namespaces without env has the runtime's environment. One in the container's has
# none of it (CVE-2025-23266), and an empty env is empty.
test_environment_absent() {
	export SECRET=1
	each 'cat /proc/self/environ | tr "\0" "\n" | grep -c -e ^SECRET= -e ^OWN= || true'
	config 'del(.hooks[][].env)'
	inside 'sleep 0.1'
	expect_status 0
	for kind in $ALL; do
		case $kind in createContainer | startContainer) want=0 ;; *) want=1 ;; esac
		same $want "$(seen $kind)" "secrets seen by $kind"
	done
	config '.hooks[][].env = []'
	inside 'sleep 0.1'
	expect_status 0
	for kind in $ALL; do
		same 0 "$(seen $kind)" "secrets seen by $kind with an empty env"
	done
}

test_descriptors_of_hooks() {
	each 'ls /proc/self/fd'
	exec 9</etc/hostname
	inside 'sleep 0.1'
	expect_status 0
	for kind in $ALL; do
		same '0 1 2 3' "$(seen $kind | xargs)" "descriptors of $kind" # 3 is that of ls
	done
}

test_arguments() {
	config --arg file "$WORK/seen" '.hooks.createRuntime = [{path: "/bin/sh", args: ["other name", "-c", "echo \"$0|$1|$2\" >\"$3\"", "a b", "", "c", $file]}]'
	inside true
	expect_status 0
	same 'a b||c' "$(cat "$WORK/seen")" arguments
}

# not_run KIND…: none of these hooks has run.
not_run() {
	for kind; do
		[ -z "$(seen $kind 2>/dev/null)" ] || fail "$kind ran"
	done
}

test_failure() {
	# runtime.md "Lifecycle": an error stops the container, undoes it, and runs the poststop hooks. No hook after the failed one
	# runs.
	after=" $ALL "
	for failing in prestart createRuntime createContainer startContainer; do
		config 'del(.hooks)'
		rm -rf "$WORK/seen" "$BUNDLE"/rootfs/tmp/*
		hook $failing 'echo first >&2; echo the reason >&2; exit 3'
		each 'echo ran'
		config '.process.args = ["touch", "/tmp/program"]'
		run
		expect_status 1
		same "first
hull: .hooks.${failing}[0]: hook /bin/sh exited with status 3: the reason" "$errors" 'what is said, each once'
		after=${after#* $failing}
		not_run $failing ${after%poststop*}
		same ran "$(seen poststop)" 'poststop hook'
		[ ! -e "$BUNDLE/rootfs/tmp/program" ] || fail 'the program ran'
		[ -z "$(ls -A "$STATE")" ] || fail "$failing leaves state"
	done
}

test_failure_in_create() {
	for failing in prestart createRuntime createContainer; do
		config 'del(.hooks)'
		rm -rf "$WORK/seen"
		hook $failing 'kill -KILL $$'
		hook poststop "echo ran >$WORK/$failing"
		fails_with ".hooks.${failing}[0]: hook /bin/sh was killed by signal 9 (Killed)" hull create -b "$BUNDLE" "$ID"
		same ran "$(cat "$WORK/$failing")" 'poststop hook'
		[ -z "$(ls -A "$STATE")" ] || fail "$failing leaves state"
	done
}

test_failure_in_start() {
	for failing in startContainer poststart; do
		config 'del(.hooks)'
		rm -f "$WORK/ran"
		hook $failing 'exit 4'
		hook poststop "echo ran >$WORK/ran"
		create --pid-file "$WORK/pid"
		fails_with ".hooks.${failing}[0]: hook /bin/sh exited with status 4" hull start "$ID"
		nothing_left $failing
		fails_with 'does not exist' hull state "$ID"
		same ran "$(cat "$WORK/ran")" 'poststop hook'
	done
}

# The limits are the program's: they do not keep the hooks from running.
test_start_hooks_of_a_limited_process() {
	hook startContainer 'echo ran >/tmp/ran'
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 3, hard: 3}, {type: "RLIMIT_FSIZE", soft: 0, hard: 0}]
		| .process.args = ["sh", "-c", "ulimit -n; ulimit -H -n; ulimit -f"]'
	for user in no yes; do
		[ $user = no ] || config '.linux.namespaces += [{type: "user"}]
			| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
		rm -f "$BUNDLE/rootfs/tmp/ran"
		"$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" 2>"$WORK/errors" | cat >"$WORK/out" # a pipe: no file may be written
		same '3 3 0' "$(tr '\n' ' ' <"$WORK/out" | sed 's/ $//')" "limits ($(cat "$WORK/errors"))"
		same ran "$(cat "$BUNDLE/rootfs/tmp/ran")" hook
	done
}

test_failed_poststart_stops_the_container() {
	hook poststart 'exit 4'
	hook poststop "echo ran >$WORK/ran"
	config '.process.args = ["sleep", "1000"]'
	run_fails '.hooks.poststart[0]: hook /bin/sh exited with status 4'
	same ran "$(cat "$WORK/ran")" 'poststop hook'
	fails_with '.hooks.poststart[0]' hull run -d -b "$BUNDLE" "$ID"
	[ -z "$(ls -A "$STATE")" ] || fail 'state is left'
}

test_failed_poststop_only_warns() {
	hook poststop 'echo why >&2; exit 5'
	hook poststop "echo ran >$WORK/second"
	inside 'exit 6'
	expect_status 6
	same 'hull: warning: .hooks.poststop[0]: hook /bin/sh exited with status 5: why' "$errors" 'what is said, once'
	same ran "$(cat "$WORK/second")" 'second hook'
	create
	rm "$WORK/second"
	try hull delete --force "$ID"
	expect_status 0
	same ran "$(cat "$WORK/second")" 'second hook after delete'
}

test_timeout() {
	for kind in prestart createRuntime createContainer startContainer poststart; do
		config 'del(.hooks)'
		hook $kind "sleep 33 & sleep 33"
		config --arg kind $kind '.hooks[$kind][0].timeout = 1 | .process.args = ["sleep", "1000"]'
		run
		expect_status 1
		same "hull: .hooks.${kind}[0]: hook /bin/sh timed out after 1 s" "$errors" error
	done
	# Its children ended with it.
	! grep -lsz '^33$' /proc/[0-9]*/cmdline 2>/dev/null | grep -q . || fail 'a child of the hook is left'
	config '.hooks.poststart[0].timeout = 0'
	run_fails '.hooks.poststart[0].timeout'
}

test_timeout_not_reached() {
	hook createRuntime 'sleep 0.1'
	config '.hooks.createRuntime[0].timeout = 100'
	expect ok 'echo ok'
}

test_background_process_of_a_hook_is_not_waited_for() {
	hook createRuntime "sleep 60 & echo \$! >$WORK/pid"
	start=$(date +%s)
	expect ok 'echo ok'
	kill "$(cat "$WORK/pid")"
	[ $(($(date +%s) - start)) -lt 60 ] || fail 'it was waited for'
}

test_output() {
	hook createRuntime 'echo to-out; echo to-err >&2'
	inside 'echo program'
	expect_status 0
	same 'to-out
program' "$out" output
	same 'to-err' "$errors" errors
	config --arg dir "$WORK" '.annotations = {"run.oci.hooks.stdout": ($dir + "/hook-out"), "run.oci.hooks.stderr": ($dir + "/hook-err")}'
	for kind in $ALL; do
		[ $kind = createRuntime ] || hook $kind "echo $kind; echo $kind >&2"
	done
	inside 'echo program; sleep 0.1'
	expect_status 0
	same program "$out" 'output with files'
	same '' "$errors" 'errors with files'
	same "$(printf '%s\n' to-out $ALL | grep -v createRuntime | sort)" "$(sort "$WORK/hook-out")" 'file of outputs'
	same "$(printf '%s\n' to-err $ALL | grep -v createRuntime | sort)" "$(sort "$WORK/hook-err")" 'file of errors'
	inside true
	same 12 "$(grep -c . "$WORK/hook-out")" 'lines after the second run' # appended
	config '.annotations["run.oci.hooks.stdout"] = "/nowhere/file"'
	run_fails 'open /nowhere/file for the hooks'
}

test_refused() {
	while read -r hooks text; do
		config ".hooks = $hooks"
		run_fails ".hooks.$text"
	done <<-'END'
		{createRuntime:[{path:"relative"}]} createRuntime[0].path: "relative" is not an absolute path
		{createRuntime:[{args:["x"]}]} createRuntime[0].path: required property is missing
		{createRuntime:[{path:"/bin/true",timeout:-1}]} createRuntime[0].timeout
		{createRuntime:[{path:"/bin/true",env:["NOEQUALS"]}]} createRuntime[0].env[0]
		{createRuntime:[{path:"/bin/true"},{path:"/nowhere/hook"}]} createRuntime[1]: run hook /nowhere/hook: No such file or directory
		{poststart:[{path:"/etc/passwd"}]} poststart[0]: run hook /etc/passwd: Permission denied
		{startContainer:[{path:"/bin/host-only"}]} startContainer[0]: run hook /bin/host-only: No such file or directory
		{createContainer:[{path:"/etc/passwd"}]} createContainer[0]: run hook /etc/passwd: Permission denied
	END
}

test_missing_hook() {
	config '.hooks.createRuntime = [{path: "/nowhere/hook"}]'
	run_fails '/nowhere/hook'
}

test_hook_that_lacks_something() {
	printf '#!/bin/nothing\n' >"$WORK/hook"
	chmod 755 "$WORK/hook"
	config --arg hook "$WORK/hook" '.hooks.createRuntime = [{path: $hook}]'
	run_fails "run hook $WORK/hook: its interpreter /bin/nothing: No such file or directory"
	printf '#!/bin/sh\r\n' >"$WORK/hook"
	run_fails "run hook $WORK/hook: its \"#!\" line ends in a carriage return: No such file or directory"
	echo true >"$WORK/hook"
	run_fails 'it is neither an ELF program nor does it begin with "#!"'
}

run_tests
