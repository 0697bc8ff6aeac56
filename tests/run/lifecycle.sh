#!/bin/sh
# create, start, state, kill, delete, list: runtime.md "Lifecycle" and "Operations".
. "${0%/*}/lib.sh"

test_create_start_kill_delete() {
	create
	same created "$(status_of)" status
	try hull start "$ID"
	expect_status 0
	same running "$(status_of)" status
	try hull kill "$ID" KILL
	expect_status 0
	wait_for stopped
	try hull delete "$ID"
	expect_status 0
	fails_with "$ID" hull state "$ID"
}

test_nothing_runs_before_start() {
	config '.process.args = ["sh", "-c", "echo started >/tmp/mark; sleep 1000"]'
	try hull create -b "$BUNDLE" "$ID"
	expect_status 0
	sleep 0.2
	[ ! -e "$BUNDLE/rootfs/tmp/mark" ] || fail 'it runs already'
	hull start "$ID" || fail start
	await 'it does not run' test -e "$BUNDLE/rootfs/tmp/mark"
	hull delete --force "$ID" || fail delete
}

test_state() {
	config '.annotations = {"org.example.key": "value"}'
	create --pid-file "$WORK/pid"
	state=$(hull state "$ID")
	for filter in '.id == $id' '.status == "created"' '.pid == $pid' '.bundle == $bundle' '.rootfs == $bundle + "/rootfs"' \
		'.annotations["org.example.key"] == "value"' '.ociVersion | startswith("1.")' \
		'.created | test("^[0-9-]{10}T[0-9:]{8}(\\.[0-9]+)?Z$")' 'has("owner")'; do
		printf '%s' "$state" | jq -e --arg id "$ID" --argjson pid "$(cat "$WORK/pid")" --arg bundle "$BUNDLE" "$filter" \
			>/dev/null || fail "not so: $filter: $state"
	done
	grep -q . "/proc/$(cat "$WORK/pid")/comm" || fail 'no such process'
	hull delete --force "$ID" || fail delete
}

test_state_of_stopped() {
	create
	hull start "$ID" || fail start
	hull kill "$ID" KILL
	wait_for stopped
	same 0 "$(hull state "$ID" | jq .pid)" pid
	hull delete "$ID" || fail delete
}

test_list() {
	same '[]' "$(hull list --format json | jq -c .)" 'empty list'
	create
	same "$ID created" "$(hull list --format json | jq -r '.[] | .id + " " + .status')" list
	same "$ID" "$(hull list -q)" 'quiet list'
	hull list | head -n 1 | grep -Eq '^ID +PID +STATUS +BUNDLE +CREATED +OWNER' || fail 'heading of the table'
	hull list | grep -q "^$ID " || fail 'row of the table'
	hull delete --force "$ID" || fail delete
}

test_unknown_container() {
	for command in state start kill delete; do
		fails_with nothing-here hull $command nothing-here
	done
}

test_delete_force_unknown_is_quiet() {
	try hull delete --force nothing-here
	[ "$status" = 0 ] || printf '%s' "$errors" | grep -q 'does not exist' || fail "status $status: $errors"
}

test_id_in_use() {
	create
	fails_with "$ID" hull create -b "$BUNDLE" "$ID"
	same created "$(status_of)" 'status of the first'
	hull delete --force "$ID" || fail delete
}

test_bad_ids() {
	for id in '../x' 'a/b' '' '.' '..' 'a b' 'a"b'; do
		try hull create -b "$BUNDLE" -- "$id"
		[ "$status" = 1 ] || fail "id '$id' gave status $status"
	done
}

test_delete_running_refused() {
	create
	hull start "$ID" || fail start
	try hull delete "$ID"
	[ "$status" = 1 ] || fail "status $status"
	same running "$(status_of)" status
	hull delete --force "$ID" || fail 'delete --force'
}

test_delete_created() {
	# runtime.md "Delete" demands that it is stopped; the peers kill a container that was only created.
	create
	try hull delete "$ID"
	[ "$status" = 0 ] || hull delete --force "$ID" || fail 'delete --force'
}

test_start_twice_refused() {
	create
	hull start "$ID" || fail start
	try hull start "$ID"
	[ "$status" = 1 ] || fail "status $status"
	hull delete --force "$ID" || fail delete
}

test_start_reports_exec_error() {
	config '.process.args = ["no-such-command"]'
	try hull create -b "$BUNDLE" "$ID"
	# Both create and start may find it; engines take either.
	if [ "$status" = 0 ]; then
		try hull start "$ID"
		[ "$status" != 0 ] || fail 'start of nothing worked'
		printf '%s' "$errors" | grep -q no-such-command || fail "error: $errors"
		hull delete --force "$ID"
	else
		printf '%s' "$errors" | grep -q no-such-command || fail "error: $errors"
	fi
}

test_kill_default_is_term() {
	config '.process.args = ["sh", "-c", "trap \"echo term >/tmp/mark; exit\" TERM; echo r >/tmp/ready; while :; do sleep 0.05; done"]'
	try hull create -b "$BUNDLE" "$ID"
	expect_status 0
	hull start "$ID" || fail start
	await 'it does not run' test -e "$BUNDLE/rootfs/tmp/ready"
	hull kill "$ID" || fail kill
	wait_for stopped
	same term "$(cat "$BUNDLE/rootfs/tmp/mark")" 'what it got'
	hull delete "$ID" || fail delete
}

test_kill_names_and_numbers() {
	create
	hull start "$ID" || fail start
	for signal in 0 WINCH SIGWINCH winch 28; do
		try hull kill "$ID" $signal
		[ "$status" = 0 ] || [ $signal = 0 ] || [ $signal = winch ] || fail "kill $signal: $errors"
	done
	fails_with NOSUCH hull kill "$ID" NOSUCH
	hull kill "$ID" 9 || fail 'kill 9'
	wait_for stopped
	try hull kill "$ID" KILL
	[ "$status" = 1 ] || fail 'kill of a stopped container worked'
	hull delete "$ID" || fail delete
}

test_kill_all() {
	config 'del(.linux.namespaces[] | select(.type == "pid"))
		| .process.args = ["sh", "-c", "sleep 1000 & sleep 1000 & echo r >/tmp/ready; exec sleep 1000"]'
	try hull create -b "$BUNDLE" "$ID"
	expect_status 0
	hull start "$ID" || fail start
	await 'it does not run' test -e "$BUNDLE/rootfs/tmp/ready"
	hull kill --all "$ID" KILL || fail kill
	wait_for stopped
	hull delete "$ID" || fail delete
}

# Without a pid namespace of its own its processes do not end with init.
test_kill_without_pid_namespace() {
	config '.process.args = ["sleep", "1000"] | .linux.namespaces |= map(select(.type != "pid"))'
	empty() { grep -q 'populated 0' "$CGROUP2/hull-$ID/cgroup.events"; }
	for first in '' init; do
		hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "run: $(cat "$WORK/out")"
		hull exec -d "$ID" sleep 1000 || fail exec
		[ -z "$first" ] || { kill -9 "$(hull state "$ID" | jq .pid)" && wait_for stopped; }
		try hull kill "$ID" KILL
		expect_status 0
		await 'a process lives' empty
		fails_with 'container not running' hull kill "$ID" KILL
		hull delete "$ID" || fail delete
	done
}

# Without a cgroup, these are the processes of its pid namespace: those of exec, and those of a namespace below, too.
test_kill_all_without_cgroup() {
	config --arg script 'trap "echo t >/tmp/init" TERM; echo r >/tmp/ready; while :; do sleep 0.1; done' '.process.args = ["sh", "-c", $script]'
	try hull --cgroup-manager disabled run -d -b "$BUNDLE" "$ID"
	expect_status 0
	await 'it does not run' test -e "$BUNDLE/rootfs/tmp/ready"
	try hull exec --detach --pid-file "$WORK/one" "$ID" sleep 1000
	expect_status 0
	try hull exec --detach --cap CAP_SYS_ADMIN --pid-file "$WORK/two" "$ID" unshare -p -f sh -c 'sleep 1001; :'
	expect_status 0
	grandchild='"$TOOL" children "$("$TOOL" children "$0")"'
	await 'no process in a namespace below' sh -c "$grandchild" "$(cat "$WORK/two")" >"$WORK/below"
	below=$(cat "$WORK/below")
	hull ps --format json "$ID" | jq -e --argjson pid "$below" 'index($pid)' >"$WORK/listed" || fail "ps: $(cat "$WORK/listed")"
	try hull kill --all "$ID" TERM
	expect_status 0
	await 'init has not heard' test -e "$BUNDLE/rootfs/tmp/init"
	for pid in $(cat "$WORK/one") $(cat "$WORK/two") "$below"; do
		await "$pid lives" ended "$pid"
	done
	same running "$(status_of)" status
	try hull kill --all "$ID" KILL
	expect_status 0
	wait_for stopped
	fails_with 'container not running' hull kill --all "$ID" KILL
	hull delete "$ID" || fail delete
}

# No other process of the namespace that it has joined, and not hull.
test_kill_all_with_neither() {
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" --pid-file "$WORK/pod" >"$WORK/out" 2>&1 || fail "pod: $(cat "$WORK/out")"
	for path in "/proc/$(cat "$WORK/pod")/ns/pid" "/proc/$$/ns/pid"; do
		config --arg path "$path" '(.linux.namespaces[] | select(.type == "pid")).path = $path'
		try hull --cgroup-manager disabled run -d -b "$BUNDLE" --pid-file "$WORK/pid" "$ID-2"
		expect_status 0
		same "[$(cat "$WORK/pid")]" "$(hull ps --format json "$ID-2")" 'its processes'
		try hull kill --all "$ID-2" KILL
		expect_status 0
		printf '%s' "$errors" | grep -q 'neither a cgroup nor a pid namespace of its own' || fail "said: $errors"
		await 'it lives' ended "$(cat "$WORK/pid")"
		same running "$(status_of)" 'the status of the other'
		hull delete "$ID-2" || fail delete
	done
	hull delete --force "$ID" || fail delete
}

# systemd removes the cgroup of an empty scope: no process is there to be signalled.
test_kill_all_when_the_cgroup_is_gone() {
	create
	hull start "$ID" || fail start
	hull kill "$ID" KILL || fail kill
	wait_for stopped
	await 'the cgroup stays' rmdir "$CGROUP2/hull-$ID"
	try hull kill --all "$ID" KILL
	expect_status 0
	hull delete "$ID" || fail delete
}

test_run_detached() {
	config '.process.args = ["sleep", "1000"]'
	run --detach --pid-file "$WORK/pid"
	expect_status 0
	same running "$(status_of)" status
	same sleep "$(cat "/proc/$(cat "$WORK/pid")/comm")" 'command of the pid'
	hull delete --force "$ID" || fail delete
}

test_run_keep() {
	config '.process.args = ["true"]'
	try hull run --keep -b "$BUNDLE" "$ID"
	expect_status 0
	same stopped "$(status_of)" status
	hull delete "$ID" || fail delete
}

test_options_after_id() {
	config '.process.args = ["echo", "hello"]'
	try hull run "$ID" -b "$BUNDLE"
	expect_status 0
	same hello "$out" output
}

test_bundle_is_current_directory() {
	config '.process.args = ["echo", "hello"]'
	cd "$BUNDLE" || fail cd
	try hull run "$ID"
	expect_status 0
	same hello "$out" output
}

test_config_option() {
	jq '.process.args = ["echo", "other"]' "$BUNDLE/config.json" >"$BUNDLE/other.json"
	try hull run -b "$BUNDLE" --config other.json "$ID"
	[ "$status" = 0 ] || try hull run -b "$BUNDLE" --config "$BUNDLE/other.json" "$ID"
	expect_status 0
	same other "$out" output
}

test_later_edit_of_config_does_not_matter() {
	create
	config '.process.args = ["false"]'
	hull start "$ID" || fail start
	sleep 0.1
	same running "$(status_of)" status
	hull delete --force "$ID" || fail delete
}

test_cgroup_default() {
	create --pid-file "$WORK/pid"
	grep -q "^0::/.*$ID" "/proc/$(cat "$WORK/pid")/cgroup" || fail "cgroup is $(grep ^0:: "/proc/$(cat "$WORK/pid")/cgroup")"
	hull delete --force "$ID" || fail delete
}

test_cgroups_path() {
	config --arg path "/hull-tests-$ID/sub" '.linux.cgroupsPath = $path'
	create --pid-file "$WORK/pid"
	same "0::/hull-tests-$ID/sub" "$(grep ^0:: "/proc/$(cat "$WORK/pid")/cgroup")" cgroup
	hull delete --force "$ID" || fail delete
}

test_cgroup_namespace_is_rooted() {
	expect '0::/' 'grep ^0:: /proc/self/cgroup'
}

test_notify_socket() {
	command -v python3 >/dev/null || skip 'python3 is not here'
	compile say
	cp "$PROGRAMS/say" "$BUNDLE/rootfs/bin/say"
	python3 -c '
import socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
server.settimeout(60)
print(server.recv(4096).decode())' "$WORK/notify" >"$WORK/got" &
	manager=$!
	await 'no socket' test -S "$WORK/notify"
	config '.process.args = ["say", "READY=1"]'
	NOTIFY_SOCKET=$WORK/notify run
	wait $manager
	expect_status 0
	grep -q '^READY=1' "$WORK/got" || fail "the manager got '$(cat "$WORK/got")'"
}

test_dry_run_does_nothing() {
	try hull run --dry-run -b "$BUNDLE" "$ID"
	expect_status 0
	[ -n "$out" ] || fail 'no plan'
}

# config.md "Process": needed when start is called, and not before.
test_create_without_process() {
	config 'del(.process)'
	try hull create -b "$BUNDLE" "$ID"
	expect_status 0
	same created "$(status_of)" 'the status'
	try hull exec "$ID" echo hi
	same hi "$out" "the output: $errors"
	fails_with '.process: required by start' hull start "$ID"
	same created "$(status_of)" 'the status'
	try hull delete "$ID"
	expect_status 0
	fails_with '.process: required property is missing' hull run -b "$BUNDLE" "$ID"
	try hull run -b "$BUNDLE" "$ID" -- echo hi
	same hi "$out" "the output: $errors"
}

test_pidfd_receiver() {
	receive_pidfd "$WORK/socket"
	config --arg socket "$WORK/socket" '.annotations = {"run.oci.pidfd_receiver": $socket}'
	create
	wait $peer
	same "$(hull state "$ID" | jq .pid)" "$(cat "$WORK/got")" 'the pid behind the pidfd'
	hull delete -f "$ID"
}

run_tests
