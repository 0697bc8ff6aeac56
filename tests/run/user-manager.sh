#!/bin/sh
# Limits without root: cgroups that a user's own systemd makes or delegates. Needs systemd as process 1, and hull-systemd. hull and
# its containers belong to nobody, whose systemd runs as long as these tests.
HULL_TEST_USER=65534
export HULL_TEST_USER
if [ -d /run/systemd/system ] && [ -z "${HULL_TEST_MANAGED:-}" ] && ! systemctl -q is-active user@$HULL_TEST_USER; then
	HULL_TEST_MANAGED=yes
	export HULL_TEST_MANAGED
	systemctl start user@$HULL_TEST_USER
	code=0
	sh "$0" || code=$?
	systemctl stop user@$HULL_TEST_USER
	exit $code
fi
. "${0%/*}/lib.sh"

MANAGER=/user.slice/user-$HULL_TEST_USER.slice/user@$HULL_TEST_USER.service

needs_manager() {
	[ -d /run/systemd/system ] || skip 'systemd is not process 1'
	[ -x "$SUITE_DIR/hull-systemd" ] || skip 'hull-systemd is not built: libsystemd is missing'
	systemctl -q is-active user@$HULL_TEST_USER || skip "a systemd of user $HULL_TEST_USER cannot be started here"
	XDG_RUNTIME_DIR=/run/user/$HULL_TEST_USER
	HULL_LIBEXEC=$SUITE_DIR
	export XDG_RUNTIME_DIR HULL_LIBEXEC
}

as_nobody() {
	setpriv --reuid $HULL_TEST_USER --regid $HULL_TEST_USER --clear-groups --inh-caps=-all "$@"
}

property() { # UNIT NAME
	as_nobody systemctl --user show -P "$2" "$1"
}

# The content of a file of the user's scope.
expect_scope() { # UNIT FILE VALUE
	same "$3" "$(cat "$CGROUP2$MANAGER/user.slice/$1/$2" 2>&1)" "$2 of $1"
}

limit() {
	config '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 77}, cpu: {quota: 50000, period: 100000}}'
}

# From where a login's session would be: not a part of what is delegated.
test_scope() {
	needs_manager
	needs_controllers memory pids cpu
	limit
	config '.process.args = ["sleep", "1000"]'
	try hull --systemd-cgroup create -b "$BUNDLE" "$ID"
	expect_status 0
	unit=hull-$ID.scope
	same "$MANAGER/user.slice/$unit" "$(property "$unit" ControlGroup)" "the scope's cgroup"
	expect_scope "$unit" memory.max 67108864
	expect_scope "$unit" pids.max 77
	expect_scope "$unit" cpu.max '50000 100000'
	same 67108864 "$(property "$unit" MemoryMax)" MemoryMax
	same 77 "$(property "$unit" TasksMax)" TasksMax
	same "0::$MANAGER/user.slice/$unit" "$(grep '^0::' "/proc/$(hull state "$ID" | jq .pid)/cgroup")" "init's cgroup"
	hull start "$ID" || fail start
	try hull exec "$ID" cat /proc/self/cgroup
	expect_status 0
	printf '%s\n' "$out" | grep -qx '0::/' || fail "exec is in $out"
	try hull update --pids-limit 55 "$ID"
	expect_status 0
	expect_scope "$unit" pids.max 55
	same 55 "$(property "$unit" TasksMax)" 'TasksMax after update'
	hull pause "$ID" || fail pause
	same paused "$(status_of)" status
	hull resume "$ID" || fail resume
	try hull delete --force "$ID"
	expect_status 0
	same inactive "$(property "$unit" ActiveState)" "the scope's state after delete"
}

test_run_in_a_slice() {
	needs_manager
	config --arg path "app-hull.slice:pre:$ID" '.linux.cgroupsPath = $path | .process.args = ["cat", "/proc/self/cgroup"]'
	try hull --systemd-cgroup run -b "$BUNDLE" "$ID"
	expect_status 0
	printf '%s\n' "$out" | grep -qx '0::/' || fail "inside it is $out"
	as_nobody systemctl --user stop app-hull.slice
}

test_subgroup() {
	needs_manager
	config '.annotations = {"run.oci.systemd.subgroup": "container"} | .process.args = ["sleep", "1000"]'
	try hull --systemd-cgroup create -b "$BUNDLE" "$ID"
	expect_status 0
	same "0::$MANAGER/user.slice/hull-$ID.scope/container" \
		"$(grep '^0::' "/proc/$(hull state "$ID" | jq .pid)/cgroup")" "init's cgroup"
	hull delete --force "$ID" || fail delete
}

# As Podman calls it: from a scope of the user's own.
test_scope_beside_ours() {
	needs_manager
	needs_controllers memory pids cpu
	limit
	config '.process.args = ["cat", "/proc/self/cgroup"]'
	try as_nobody systemd-run --user --scope --quiet "$SUITE_DIR/hull-itself" --root "$STATE" --systemd-cgroup run -b "$BUNDLE" "$ID"
	expect_status 0
	printf '%s\n' "$out" | grep -qx '0::/' || fail "inside it is $out"
}

# Without --systemd-cgroup: a directory that is delegated.
test_delegated_directory() {
	needs_manager
	needs_controllers pids
	config '.linux.resources = {pids: {limit: 5}}
		| .process.args = ["sh", "-c", "cat /proc/self/cgroup; for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; echo all"]'
	try as_nobody systemd-run --user --scope -p Delegate=yes --quiet "$SUITE_DIR/hull-itself" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ "$status" = 0 ] || printf '%s' "$errors" | grep -q "can't fork" || fail "status $status: $out $errors"
	printf '%s\n' "$out" | grep -qx '0::/' || fail "inside it is $out"
	! printf '%s\n' "$out" | grep -qx all || fail 'eight more processes despite a limit of five'
}

test_memory_limit_bites() {
	needs_manager
	needs_controllers memory
	config '.linux.resources = {memory: {limit: 16777216, swap: 16777216}}
		| .process.args = ["sh", "-c", "dd if=/dev/zero of=/dev/null bs=64M count=1"]'
	try hull --systemd-cgroup run -b "$BUNDLE" "$ID"
	same 137 "$status" "exit status of what takes too much: $out $errors"
}

test_limit_without_delegation() {
	needs_manager
	config '.linux.resources = {pids: {limit: 5}} | .process.args = ["true"]'
	fails_with 'limits need a delegated cgroup' hull run -b "$BUNDLE" "$ID"
}

test_nothing_to_limit_without_delegation() {
	needs_manager
	config 'del(.linux.resources) | .process.args = ["true"]'
	run
	expect_status 0
}

run_tests
