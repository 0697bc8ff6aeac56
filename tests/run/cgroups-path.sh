#!/bin/sh
# The place of the container's cgroup: config-linux.md "Cgroups Path", on this host and on one with cgroup2 alone.
. "${0%/*}/lib.sh"

# created_in PATH: create puts init there, and delete removes what create made.
created_in() {
	create --pid-file "$WORK/pid"
	same "0::$1" "$(grep ^0:: "/proc/$(cat "$WORK/pid")/cgroup")" cgroup
	hull delete --force "$ID" || fail delete
	[ ! -e "$CGROUP2$1" ] || fail "$1 is still there"
}

cgroups_path() {
	config --arg path "$1" '.linux.cgroupsPath = $path'
}

test_default() {
	created_in "/hull-$ID"
}

test_empty_is_the_default() {
	cgroups_path ''
	created_in "/hull-$ID"
}

test_absolute() {
	cgroups_path "/$ID-one"
	created_in "/$ID-one"
}

test_relative() {
	cgroups_path "$ID-one"
	created_in "/$ID-one"
}

test_nested() {
	cgroups_path "/$ID-a/b/c"
	created_in "/$ID-a/b/c"
	[ ! -e "$CGROUP2/$ID-a" ] || fail 'the parents are still there'
}

# docker stats reads the files of memory and others though no limit is set; what is refused on the way is no error.
test_nested_has_controllers() {
	[ -n "$(cat "$CGROUP2/cgroup.controllers")" ] || skip 'cgroup2 has no controllers here'
	config --arg path "/$ID-a/b" '.linux.cgroupsPath = $path | del(.linux.resources)'
	create
	same "$(xargs -n 1 <"$CGROUP2/cgroup.controllers" | sort | xargs)" "$(xargs -n 1 <"$CGROUP2/$ID-a/b/cgroup.controllers" | sort | xargs)" \
		'the controllers of the cgroup'
	hull delete --force "$ID" || fail delete
}

test_existing_parent_stays() {
	mkdir "$CGROUP2/$ID-a"
	cgroups_path "/$ID-a/b/c"
	created_in "/$ID-a/b/c"
	rmdir "$CGROUP2/$ID-a" || fail 'the parent that was there is gone'
}

test_slashes() {
	cgroups_path "//$ID-a///b//"
	created_in "/$ID-a/b"
}

# One container has ended, and another one lives in the cgroup that it has left: no command on the first touches the second.
test_of_another_container() {
	cgroups_path "/$ID-shared/a"
	for order in 'one two' 'two one'; do
		hull run -b "$BUNDLE" --keep "$ID-one" -- true || fail 'run one'
		hull run -d -b "$BUNDLE" "$ID-two" -- sleep 1000 || fail 'run two'
		"$HULL" --root "$WORK/other" run -d -b "$BUNDLE" "$ID-one" -- true 2>"$WORK/errors" && fail 'two containers in one cgroup'
		grep -q 'has processes in it' "$WORK/errors" || fail "$(cat "$WORK/errors")"
		hull kill --all "$ID-one" KILL || fail kill
		same '[]' "$(hull ps -f json "$ID-one" | jq -c .)" 'the processes of the first'
		same running "$(hull state "$ID-two" | jq -r .status)" 'after kill --all'
		! hull state "$ID-one" | grep -q resources || fail 'the first shows what the second uses'
		for which in $order; do
			hull delete $([ $which = one ] || echo --force) "$ID-$which" || fail "delete $which"
			[ $which = two ] || [ "$order" = 'two one' ] ||
				same running "$(hull state "$ID-two" | jq -r .status)" 'after the delete of the first'
		done
		[ ! -e "$CGROUP2/$ID-shared" ] || fail "$order: the cgroup is still there"
	done
}

# A user to whom no cgroup is delegated has none, whatever is at the default path: an empty cgroup or a container of root's.
test_name_of_another_user() {
	command -v setpriv >/dev/null || skip 'setpriv(1) is not here'
	chmod 755 "$SUITE_DIR" "$WORK"
	cp "$HULL" "$WORK/hull"
	chmod 755 "$WORK/hull"
	create
	mkdir "$WORK/users"
	config '.process.args = ["true"] | .linux.namespaces |= map(select(.type != "network")) + [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 4321, size: 1}] | .linux.gidMappings = .linux.uidMappings
		| del(.mounts[] | select(.type == "sysfs")) | (.mounts[] | select(.type == "devpts")).options -= ["gid=5"]'
	chown -R 4321:4321 "$BUNDLE" "$WORK/users"
	for there in 'container' 'empty'; do
		try setpriv --reuid 4321 --regid 4321 --clear-groups --inh-caps=-all "$WORK/hull" --root "$WORK/users" run -b "$BUNDLE" "$ID"
		[ "$status" = 0 ] || fail "$there: $errors"
		[ -e "$CGROUP2/hull-$ID" ] || fail "$there: it is gone"
		[ $there = empty ] || { hull delete --force "$ID" && mkdir "$CGROUP2/hull-$ID"; } || fail delete
	done
	rmdir "$CGROUP2/hull-$ID"
}

# exec joins init where that is, if the recorded cgroup has been removed.
test_exec_without_the_cgroup() {
	create --pid-file "$WORK/pid"
	hull start "$ID" || fail start
	mkdir "$CGROUP2/$ID-else"
	cat "$WORK/pid" >"$CGROUP2/$ID-else/cgroup.procs"
	rmdir "$CGROUP2/hull-$ID" || fail 'somebody is left'
	hull exec -d "$ID" sleep 1000 </dev/null || fail exec
	same 2 "$(wc -l <"$CGROUP2/$ID-else/cgroup.procs")" 'the processes there'
	hull delete --force "$ID" || fail delete
	await 'a process is left' rmdir "$CGROUP2/$ID-else"
}

# exec in a scope with a subgroup for init joins that one: its cgroup namespace begins there.
test_exec_in_a_subgroup() {
	create --pid-file "$WORK/pid"
	hull start "$ID" || fail start
	mkdir "$CGROUP2/hull-$ID/sub"
	cat "$WORK/pid" >"$CGROUP2/hull-$ID/sub/cgroup.procs"
	for file in state.json config.json; do
		cp "$STATE/$ID/$file" "$WORK/$file"
		jq '.annotations = {"run.oci.systemd.subgroup": "sub"} | if .pidStart then .systemdCgroup = true else . end' \
			"$WORK/$file" >"$STATE/$ID/$file"
	done
	hull exec -d "$ID" sleep 1000 </dev/null || fail exec
	same 2 "$(wc -l <"$CGROUP2/hull-$ID/sub/cgroup.procs")" 'the processes there'
	cp "$WORK/state.json" "$STATE/$ID/state.json" # systemd is not asked
	hull delete --force "$ID" || fail delete
}

# The same id below another state root leads to the same cgroup.
test_same_id_elsewhere() {
	hull run -b "$BUNDLE" --keep "$ID" -- true || fail run
	mkdir "$WORK/other"
	"$HULL" --root "$WORK/other" run -d -b "$BUNDLE" "$ID" -- sleep 1000 </dev/null >"$WORK/out" 2>&1 || fail "$(cat "$WORK/out")"
	hull delete "$ID" || fail delete
	same running "$("$HULL" --root "$WORK/other" state "$ID" | jq -r .status)" 'the other one'
	"$HULL" --root "$WORK/other" delete --force "$ID" || fail 'delete the other'
	[ ! -e "$CGROUP2/hull-$ID" ] || fail 'the cgroup is still there'
}

test_odd_names() {
	for name in 'with space' 'unïcode' 'semi;colon' '..dots' 'a:b:c' '*'; do
		cgroups_path "/$ID-$name"
		created_in "/$ID-$name"
	done
}

test_invalid() {
	for path in / // .. /a/../b "/$ID/." "/$ID/.." '/a
b' "/$(printf '%0300d' 0)"; do
		cgroups_path "$path"
		run_fails .linux.cgroupsPath
	done
}

test_name_of_a_control_file() {
	cgroups_path /cgroup.procs
	run_fails .linux.cgroupsPath
	cgroups_path /cgroup.procs/below
	run_fails .linux.cgroupsPath
}

test_in_use() {
	mkdir "$CGROUP2/$ID-used"
	sleep 1000 &
	sleeper=$!
	echo $sleeper >"$CGROUP2/$ID-used/cgroup.procs"
	cgroups_path "/$ID-used"
	for command in create run; do
		fails_with 'has processes in it' hull $command -b "$BUNDLE" "$ID"
	done
	kill -0 $sleeper || fail 'the process of another was killed'
	kill $sleeper
	wait $sleeper
	rmdir "$CGROUP2/$ID-used" || fail 'the cgroup of another is gone'
}

test_frozen() {
	mkdir "$CGROUP2/$ID-frozen"
	echo 1 >"$CGROUP2/$ID-frozen/cgroup.freeze"
	cgroups_path "/$ID-frozen"
	run_fails 'is frozen'
	rmdir "$CGROUP2/$ID-frozen" || fail 'the cgroup of another is gone'
}

test_existing_and_empty_stays() {
	mkdir "$CGROUP2/$ID-there"
	cgroups_path "/$ID-there"
	create
	hull delete --force "$ID" || fail delete
	[ -d "$CGROUP2/$ID-there" ] || fail 'the cgroup that was there is gone'
	config '.process.args = ["true"]'
	run_ok
	rmdir "$CGROUP2/$ID-there" || fail 'it is not empty'
}

test_same_path_twice() {
	cgroups_path "/$ID-shared"
	create
	fails_with 'has processes in it' hull create -b "$BUNDLE" "$ID.2"
	same created "$(status_of)" 'status of the first'
	hull delete --force "$ID" || fail delete
}

# A cgroup that the container made below its own is removed with it, together with its processes.
test_cgroups_made_inside() {
	config 'del(.linux.namespaces[] | select(.type == "cgroup")) | (.mounts[] | select(.type == "cgroup")).options -= ["ro"]'
	create --pid-file "$WORK/pid"
	hull start "$ID" || fail start
	mkdir -p "$CGROUP2/hull-$ID/a/b"
	cat "$WORK/pid" >"$CGROUP2/hull-$ID/a/b/cgroup.procs"
	same running "$(status_of)" status
	hull delete --force "$ID" || fail delete
}

# A process that left the reach of the pid namespace, but not the cgroup.
test_delete_ends_all_processes() {
	config 'del(.linux.namespaces[] | select(.type == "pid"))
		| .process.args = ["sh", "-c", "for i in 1 2 3; do setsid sleep 1000 & done; : >/ready; exec sleep 1000"]'
	try hull create -b "$BUNDLE" "$ID"
	expect_status 0
	hull start "$ID" || fail start
	await 'it does not run' test -e "$BUNDLE/rootfs/ready"
	hull delete --force "$ID" || fail delete
}

test_disabled() {
	config '.process.args = ["sleep", "1000"]'
	own=$(grep ^0:: /proc/self/cgroup)
	try "$HULL" --root "$STATE" --cgroup-manager disabled create -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	expect_status 0
	same "$own" "$(grep ^0:: "/proc/$(cat "$WORK/pid")/cgroup")" cgroup
	[ ! -e "$CGROUP2/hull-$ID" ] || fail 'a cgroup was made'
	for command in start state 'kill --all'; do
		try hull $command "$ID"
		expect_status 0
	done
	try hull kill "$ID" KILL
	wait_for stopped
	hull delete "$ID" || fail delete
}

test_disabled_with_limits() {
	config '.linux.resources.pids.limit = 100'
	fails_with .linux.resources.pids "$HULL" --root "$STATE" --cgroup-manager disabled run -b "$BUNDLE" "$ID"
}

test_paused() {
	create
	hull start "$ID" || fail start
	echo 1 >"$CGROUP2/hull-$ID/cgroup.freeze"
	wait_for paused
	same paused "$(hull list --format json | jq -r '.[].status')" list
	fails_with 'paused' hull delete "$ID"
	fails_with 'paused' hull start "$ID"
	try hull delete --force "$ID"
	expect_status 0
}

# The same in a view of our own with cgroup2 alone.
pure() {
	unshare -m sh -c 'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' - "$@"
}

test_pure() {
	pure true 2>/dev/null || skip 'no private view of cgroups can be made'
	config '.process.args = ["grep", "-c", "^0::/$", "/proc/self/cgroup"]'
	try pure timeout 120 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	expect_status 0
	same 1 "$out" 'the cgroup namespace'
	config --arg path "/$ID-a/b" '.process.args = ["sleep", "1000"] | .linux.cgroupsPath = $path'
	for command in "create -b $BUNDLE --pid-file $WORK/pid" start 'kill --all' 'delete --force'; do
		try pure timeout 120 "$HULL" --root "$STATE" $command "$ID"
		[ "$status" = 0 ] || fail "$command: $errors"
	done
}

# No cgroup2 is visible.
test_no_cgroup2() {
	nowhere() { unshare -m sh -c 'umount -R /sys/fs/cgroup && exec "$@"' - "$@"; }
	nowhere true 2>/dev/null || skip 'cgroups cannot be hidden'
	nowhere sh -c '! grep -q " - cgroup2 " /proc/self/mountinfo' || skip 'cgroup2 is elsewhere too'
	fails_with 'cgroup2 is mounted nowhere' nowhere "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	config 'del(.mounts[] | select(.type == "cgroup")) | .process.args = ["true"]'
	try nowhere "$HULL" --root "$STATE" --cgroup-manager disabled run -b "$BUNDLE" "$ID"
	expect_status 0
}

run_tests
