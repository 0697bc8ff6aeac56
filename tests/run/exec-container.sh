#!/bin/sh
# exec: the containers that it can enter, and how: status, namespaces, cgroup, seccomp filter.
. "${0%/*}/lib.sh"

# start_container: a container that stays until the test ends.
start_container() {
	with_probe
	trap 'hull delete --force "$ID"' EXIT
	create "$@"
	hull start "$ID" || fail 'start'
	init=$(hull state "$ID" | jq .pid)
}

# gives WANT OPTIONS... ID PROGRAM...
gives() {
	want=$1
	shift
	try hull exec "$@"
	[ "$status" = 0 ] || fail "exec $*: status $status: $errors"
	same "$want" "$out" "exec $*"
}

# refuses TEXT OPTIONS...: exec fails with status 255, and an error with this text.
refuses() {
	text=$1
	shift
	try hull exec "$@"
	[ "$status" = 255 ] || fail "exec $*: status $status, expected 255: $out $errors"
	printf '%s' "$errors" | grep -Fq -- "$text" || fail "exec $*: error is '$errors', expected '$text'"
}

wait_until() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "waiting for: $*"
		sleep 0.05
	done
}

# Its namespaces exist; but init, which still is hull, is out of the reach of users.
test_before_start() {
	trap 'hull delete --force "$ID"' EXIT
	create
	if [ -z "${HULL_TEST_USER:-}" ]; then
		gives 'in it' "$ID" echo 'in it'
	else
		refuses 'permission denied' "$ID" true
		printf '%s' "$errors" | grep -q 'waits for hull start' || fail "no hint: $errors"
	fi
	hull start "$ID"
	gives 'in it' "$ID" echo 'in it'
}

test_status() {
	refuses 'does not exist' "$ID" true
	trap 'hull delete --force "$ID"' EXIT
	create
	# created: its namespaces exist
	gives 'in it' "$ID" echo 'in it'
	same created "$(status_of)" status
	hull start "$ID"
	gives 'in it' "$ID" echo 'in it'
	hull pause "$ID"
	refuses 'it is paused' "$ID" true
	printf '%s' "$errors" | grep -q 'hull resume' || fail "no hint: $errors"
	hull resume "$ID"
	gives 'in it' "$ID" echo 'in it'
	hull kill "$ID" KILL
	wait_for stopped
	refuses 'not running' "$ID" true
	hull delete "$ID"
	refuses 'does not exist' "$ID" true
}

test_ignore_paused() {
	start_container
	hull pause "$ID"
	"$HULL" --root "$STATE" exec --ignore-paused "$ID" sh -c 'echo done; exit 5' </dev/null >"$WORK/out" 2>&1 &
	pid=$!
	sleep 1
	kill -0 $pid || fail "it did not wait: $(cat "$WORK/out")"
	[ ! -s "$WORK/out" ] || fail "it ran: $(cat "$WORK/out")"
	hull resume "$ID"
	wait $pid
	same 5 $? 'exit status'
	same 'done' "$(cat "$WORK/out")" output
}

# It can be given up, and leaves nothing.
test_ignore_paused_interrupted() {
	start_container
	hull pause "$ID"
	"$HULL" --root "$STATE" exec --ignore-paused "$ID" sh -c ': >/ran' </dev/null >"$WORK/out" 2>&1 &
	pid=$!
	sleep 0.7
	kill -TERM $pid
	wait_until sh -c "! kill -0 $pid 2>/dev/null"
	hull resume "$ID"
	sleep 0.3
	[ ! -e "$BUNDLE/rootfs/ran" ] || fail 'it ran all the same'
	wait_until sh -c "[ \$('$HULL' --root '$STATE' ps -f json '$ID' | '$TOOL' jq length) = 1 ]"
}

# Whatever happens meanwhile, exec ends, with the program's status or an error, and nothing is left.
test_deleted_while_it_runs() {
	start_container
	"$HULL" --root "$STATE" exec "$ID" sleep 900 </dev/null >"$WORK/out" 2>&1 &
	pid=$!
	wait_until sh -c "[ \$('$HULL' --root '$STATE' ps -f json '$ID' | '$TOOL' jq length) = 2 ]"
	hull delete --force "$ID"
	wait $pid
	same 137 $? 'exit status'
}

test_init_dies_at_that_moment() {
	n=0
	while [ $n -lt 12 ]; do
		n=$((n + 1))
		create
		hull start "$ID"
		for _ in 1 2 3 4; do
			timeout -k 5 60 "$HULL" --root "$STATE" exec "$ID" true </dev/null >>"$WORK/out" 2>>"$WORK/said" || {
				code=$?
				[ $code = 255 ] || [ $code = 137 ] || echo "status $code" >>"$WORK/bad"
			} &
		done
		sleep 0.0$((n % 4))
		hull kill "$ID" KILL 2>/dev/null
		wait
		[ ! -e "$WORK/bad" ] || fail "$(cat "$WORK/bad" "$WORK/said")"
		hull delete --force "$ID" || fail 'delete'
	done
	# the message is that it does not run
	! grep -v -e 'not running' -e 'does not exist' -e 'killed by signal 9' -e 'hint:' "$WORK/said" | grep -q . ||
		fail "said: $(sort "$WORK/said" | uniq -c)"
}

# namespaces_are_inits: each namespace is that of init.
namespaces_are_inits() {
	for type in mnt pid net ipc uts user cgroup time; do
		gives "$(readlink "/proc/$init/ns/$type")" "$ID" readlink /proc/self/ns/$type
	done
	# also the namespaces in which the children are born
	gives "$(readlink "/proc/$init/ns/pid")" "$ID" readlink /proc/self/ns/pid_for_children
	gives "$(readlink "/proc/$init/ns/time_for_children")" "$ID" readlink /proc/self/ns/time_for_children
}

test_every_namespace() {
	config '.linux.namespaces = [("pid", "network", "mount", "ipc", "uts", "cgroup", "time") | {type: .}] |
		.linux.timeOffsets = {boottime: {secs: 1000000, nanosecs: 0}}'
	start_container
	namespaces_are_inits
	gives hull "$ID" hostname
	execute_uptime=$(hull exec "$ID" cut -d . -f 1 /proc/uptime </dev/null)
	[ "$execute_uptime" -gt 1000000 ] || fail "uptime $execute_uptime"
}

# The namespaces of the host's that the container keeps.
test_shared_namespaces() {
	for without in network ipc uts cgroup; do
		config --arg type $without '.linux.namespaces |= map(select(.type != $type))'
	done
	config 'del(.hostname, .linux.sysctl)'
	start_container
	namespaces_are_inits
	for type in net ipc uts cgroup user; do
		gives "$(readlink /proc/self/ns/$type)" "$ID" readlink /proc/self/ns/$type
	done
}

test_without_pid_namespace() {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	start_container
	try hull exec -d --pid-file "$WORK/pid" "$ID" sleep 900
	expect_status 0
	same "$(readlink /proc/self/ns/pid)" "$(readlink "/proc/$(cat "$WORK/pid")/ns/pid")" 'pid namespace'
	try hull exec "$ID" sh -c 'exit 3'
	expect_status 3
	try hull exec "$ID" no-such-program
	expect_status 127
	hull kill --all "$ID" KILL
}

test_without_mount_namespace() {
	config '.linux.namespaces |= map(select(.type != "mount")) | .mounts = [] |
		del(.linux.maskedPaths, .linux.readonlyPaths, .linux.rootfsPropagation)'
	start_container
	: >"$BUNDLE/rootfs/mark"
	gives / "$ID" pwd
	try hull exec "$ID" ls /mark
	expect_status 0
	try hull exec --cwd /etc "$ID" sh -c 'pwd; cd ..; cd ..; cd ..; ls mark'
	expect_status 0
	refuses '--cwd ' --cwd /../../../no "$ID" true
}

# In a namespace that it joined, its root is a directory.
test_joined_mount_namespace() {
	command -v unshare >/dev/null || skip 'unshare(1) is not here'
	unshare -m sleep 900 &
	keeper=$!
	wait_until sh -c "[ \$(readlink /proc/$keeper/ns/mnt) != \$(readlink /proc/self/ns/mnt) ]"
	config --arg path /proc/$keeper/ns/mnt '.linux.namespaces |= map(if .type == "mount" then .path = $path else . end) | .mounts = [] |
		del(.linux.maskedPaths, .linux.readonlyPaths, .linux.rootfsPropagation)'
	: >"$BUNDLE/rootfs/mark"
	start_container
	try hull exec "$ID" ls /mark
	kill $keeper
	expect_status 0
}

test_bare() {
	config '.linux.namespaces = [] | .mounts = [] | del(.hostname, .linux.sysctl, .linux.maskedPaths, .linux.readonlyPaths, .linux.rootfsPropagation)'
	start_container
	try hull exec "$ID" sh -c 'exit 4'
	expect_status 4
	for type in pid net mnt; do
		try hull exec -d --pid-file "$WORK/pid" "$ID" sleep 900
		same "$(readlink /proc/self/ns/$type)" "$(readlink "/proc/$(cat "$WORK/pid")/ns/$type")" $type
	done
	hull kill --all "$ID" KILL
}

user_namespace() {
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: '"$1"', hostID: 100000, size: 1000}] |
		.linux.gidMappings = .linux.uidMappings | .mounts |= map(select(.type != "sysfs" and .type != "cgroup")) |
		(.mounts[] | select(.options != null) | .options) |= map(select(startswith("gid=") | not)) | .process.user = {uid: '"$1"', gid: '"$1"'}'
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

test_user_namespace() {
	user_namespace 0
	start_container
	namespaces_are_inits
	gives 'uid=0,0,0 gid=0,0,0 groups=' "$ID" probe ids
	gives 'uid=999,999,999 gid=7,7,7 groups=' -u 999:7 "$ID" probe ids
	refuses 'uidMappings' -u 1000 "$ID" true
	try hull exec -d --pid-file "$WORK/pid" -u 5:6 "$ID" sleep 900
	same '100005 100006' "$(stat -c '%u %g' "/proc/$(cat "$WORK/pid")")" 'ids on the host'
	gives '0 1' "$ID" sh -c 'read a b c </proc/self/uid_map; echo $a $(($b == 100000))'
	jq '.process | .args = ["sh", "-c", "echo $(ulimit -Sn)"] | .rlimits = [{type: "RLIMIT_NOFILE", soft: 55, hard: 66}] | .oomScoreAdj = 200' \
		"$BUNDLE/config.json" >"$WORK/process.json"
	gives 55 --process "$WORK/process.json" "$ID"
	try hull exec -t "$ID" tty
	expect_status 0
}

test_user_namespace_without_root() {
	user_namespace 1000
	start_container
	gives 'uid=1000,1000,1000 gid=1000,1000,1000 groups=' "$ID" probe ids
	gives 'uid=1001,1001,1001 gid=1002,1002,1002 groups=' -u 1001:1002 "$ID" probe ids
	refuses 'uidMappings' -u 0 "$ID" true
}

cgroup_of() {
	sed -n 's/^0:://p' "/proc/$1/cgroup"
}

test_cgroup_membership() {
	start_container
	try hull exec -d --pid-file "$WORK/pid" "$ID" sleep 900
	expect_status 0
	same "$(cgroup_of "$init")" "$(cgroup_of "$(cat "$WORK/pid")")" cgroup
	# wherever the caller is
	mkdir "$CGROUP2/other-$ID"
	try sh -c 'echo $$ >"$3/cgroup.procs"; exec "$HULL" --root "$1" exec -d --pid-file "$4" "$2" sleep 900' - "$STATE" "$ID" "$CGROUP2/other-$ID" "$WORK/pid"
	rmdir "$CGROUP2/other-$ID"
	expect_status 0
	same "$(cgroup_of "$init")" "$(cgroup_of "$(cat "$WORK/pid")")" cgroup
}

# A process that freezes itself, in a container that is not paused: a signal ends the wait.
test_cgroup_below_frozen() {
	start_container
	below=$CGROUP2$(cgroup_of "$init")/below
	mkdir "$below"
	echo 1 >"$below/cgroup.freeze"
	"$HULL" --root "$STATE" exec --cgroup below "$ID" sh -c ': >/ran' </dev/null >"$WORK/out" 2>&1 &
	pid=$!
	sleep 0.7
	kill -TERM $pid
	wait_until sh -c "! kill -0 $pid 2>/dev/null"
	echo 0 >"$below/cgroup.freeze"
	sleep 0.3
	[ ! -e "$BUNDLE/rootfs/ran" ] || fail 'it ran all the same'
}

test_cgroup_below() {
	start_container
	dir=$CGROUP2$(cgroup_of "$init")
	mkdir "$dir/below" "$dir/below/more"
	for path in below /below :below below/more /below/more/ below/../below; do
		try hull exec -d --pid-file "$WORK/pid" --cgroup "$path" "$ID" sleep 900
		expect_status 0
		case $(cgroup_of "$(cat "$WORK/pid")") in
		"$(cgroup_of "$init")"/below*) ;;
		*) fail "--cgroup $path: $(cgroup_of "$(cat "$WORK/pid")")" ;;
		esac
	done
	for path in / . ''; do
		try hull exec -d --pid-file "$WORK/pid" --cgroup "$path" "$ID" sleep 900
		expect_status 0
		same "$(cgroup_of "$init")" "$(cgroup_of "$(cat "$WORK/pid")")" "--cgroup $path"
	done
	for path in none ../other .. ../.. below/../.. /../.. cpu:below memory:/ cgroup.procs; do
		refuses '--cgroup' --cgroup "$path" "$ID" true
	done
}

test_no_cgroup() {
	with_probe
	trap 'hull delete --force "$ID"' EXIT
	config '.process.args = ["sleep", "1000"]'
	try hull --cgroup-manager disabled create -b "$BUNDLE" "$ID"
	expect_status 0
	hull start "$ID"
	gives yes "$ID" echo yes
	refuses 'has no cgroup' --cgroup below "$ID" true
}

# Init is in the cgroup below, and the container's other processes may be there too.
test_cgroup_delegated() {
	config '.annotations = {"run.oci.delegate-cgroup": "box"}'
	start_container
	try hull exec -d --pid-file "$WORK/pid" "$ID" sleep 900
	expect_status 0
	case $(cgroup_of "$(cat "$WORK/pid")") in
	*"$ID"*) ;;
	*) fail "cgroup $(cgroup_of "$(cat "$WORK/pid")"), init's $(cgroup_of "$init")" ;;
	esac
}

# A cgroup that distributes controllers has no processes of its own.
test_cgroup_with_controllers() {
	start_container
	dir=$CGROUP2$(cgroup_of "$init")
	controller=$(cut -d ' ' -f 1 "$dir/cgroup.controllers")
	[ -n "$controller" ] || skip 'cgroup v2 has no controller here'
	mkdir "$dir/inner"
	echo "$init" >"$dir/inner/cgroup.procs"
	echo "+$controller" >"$dir/cgroup.subtree_control" || skip "$controller cannot be shared out"
	try hull exec -d --pid-file "$WORK/pid" "$ID" sleep 900
	expect_status 0
	same "$(cgroup_of "$init")" "$(cgroup_of "$(cat "$WORK/pid")")" cgroup
}

filter() {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: "SCMP_ACT_ERRNO", errnoRet: 99}]}'
	config "$1"
	start_container
	gives errno=99 "$ID" probe call sync
	gives errno=99 -u 1000 "$ID" probe call sync
	gives 2 "$ID" sh -c 'sed -n "s/^Seccomp:.//p" /proc/self/status'
	show='set -- $(sed -n "s/^Cap...:.//p" /proc/self/status); echo $(printf "%x " 0x$1 0x$2 0x$3 0x$4 0x$5)'
	gives "$(set -- $(sed -n 's/^Cap...:.//p' "/proc/$init/status"); echo $(printf '%x ' 0x"$1" 0x"$2" 0x"$3" 0x"$4" 0x"$5"))" "$ID" sh -c "$show"
}

test_filter() { filter '.process.noNewPrivileges = true'; }
test_filter_with_new_privileges() { filter '.process.noNewPrivileges = false'; }
test_filter_loaded_before_the_birth() {
	filter '.process.noNewPrivileges = false | ["CAP_SYS_PTRACE"] as $all |
		.process.capabilities = {bounding: $all, permitted: $all, effective: $all}'
}

# As in engines' profiles: clone3 is unknown, so that the flags of clone can be read.
test_filter_without_clone3() {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]} |
		.process.noNewPrivileges = false | ["CAP_SYS_PTRACE"] as $all | .process.capabilities = {bounding: $all, permitted: $all, effective: $all}'
	start_container
	gives errno=38 "$ID" probe call clone3
	try hull exec "$ID" sh -c 'exit 3'
	expect_status 3
	try hull exec -t "$ID" sh -c 'exit 4'
	expect_status 4
	try hull exec "$ID" no-such-program
	expect_status 127
}

test_filter_without_clone() {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["clone3", "clone", "fork", "vfork"], action: "SCMP_ACT_ERRNO"}]}'
	config '.process.noNewPrivileges = false'
	start_container
	gives yes "$ID" echo yes
	hull delete --force "$ID"
	config '["CAP_SYS_PTRACE"] as $all | .process.capabilities = {bounding: $all, permitted: $all, effective: $all}'
	start_container
	refuses 'clone into the namespaces' "$ID" echo yes
	gives yes --no-new-privs "$ID" echo yes
}

with_listener() {
	config --arg socket "$WORK/agent" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $socket, listenerMetadata: "note",
		syscalls: [{names: ["mkdirat", "mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
	config "$1"
	with_probe
	trap 'hull delete --force "$ID"' EXIT
	start_peer agent "$WORK/agent" close
	config '.process.args = ["sleep", "1000"]'
	try hull create -b "$BUNDLE" "$ID"
	expect_status 0
	wait $peer
	hull start "$ID"
	rm -f "$WORK/agent"
	start_peer agent "$WORK/agent" errno 77
	try hull exec --pid-file "$WORK/pid" "$ID" probe call mkdirat
	expect_status 0
	same errno=77 "$out" "the agent's answer"
	wait $peer
	same "running $(cat "$WORK/pid") $(hull state "$ID" | jq .pid) note" \
		"$(head -n 1 "$WORK/peer" | jq -r '"\(.state.status) \(.pid) \(.state.pid) \(.metadata)"')" 'what the agent is told'
	rm -f "$WORK/agent"
	refuses "$WORK/agent" "$ID" true
}
test_listener() { with_listener '.process.noNewPrivileges = true'; }
test_listener_with_new_privileges() { with_listener '.process.noNewPrivileges = false'; }
test_listener_where_it_could_be_traced() {
	config --arg socket "$WORK/agent" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $socket,
		syscalls: [{names: ["mkdirat"], action: "SCMP_ACT_NOTIFY"}]} | .process.noNewPrivileges = false |
		["CAP_SYS_PTRACE"] as $all | .process.capabilities = {bounding: $all, permitted: $all, effective: $all}'
	start_peer agent "$WORK/agent" close
	start_container
	refuses .linux.seccomp.listenerPath "$ID" true
	printf '%s' "$errors" | grep -q -- --no-new-privs || fail "no hint: $errors"
}

test_readonly_root_and_masks() {
	config '.root.readonly = true | .linux.maskedPaths += ["/etc/passwd"]'
	start_container
	try hull exec "$ID" sh -c 'echo >/file'
	[ "$status" != 0 ] || fail 'the root is writable'
	gives '' "$ID" cat /etc/passwd
}

# A probe works exactly when the container is full: its process is counted once, and limited after it is born.
test_descriptors_are_used_up() {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 3, hard: 3}]'
	start_container
	gives 3 "$ID" sh -c 'ulimit -n'
	gives 3 --user 1000 "$ID" sh -c 'ulimit -n'
	try hull exec -d "$ID" sleep 1000
	expect_status 0
	try hull exec "$ID" no-such-program
	expect_status 127
}

test_processes_are_used_up() {
	config '.process.rlimits = [{type: "RLIMIT_NPROC", soft: 1, hard: 1}] | .process.user = {uid: 54321, gid: 54321}'
	start_container
	gives 54321 "$ID" id -u
	gives 54321 "$ID" id -u
}

test_processes_are_used_up_with_a_listener() {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 3, hard: 3}]'
	with_listener '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 3, hard: 3}]'
}

test_cgroup_is_full() {
	grep -qw pids "$CGROUP2/cgroup.controllers" || skip 'cgroup v2 has no pids controller here'
	for most in 2 1; do
		config --argjson most $most '.linux.resources.pids.limit = $most'
		start_container
		gives full "$ID" echo full
		gives '' --user 1000 "$ID" true
		hull delete --force "$ID" || fail delete
	done
}

run_tests
