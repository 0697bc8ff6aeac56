#!/bin/sh
# What `check --host` reports of this host, and of one that is made worse.
. "${0%/*}/lib.sh"

doctor() { # COMMAND… that calls it: prints its findings
	try "$@"
	findings=$out
	[ "$status" -le 1 ] || fail "exit status $status: $errors"
}
says() { # REGEX
	printf '%s\n' "$findings" | grep -Eq -- "$1" || fail "says '$findings', expected '$1'"
}
worse() { # SCRIPT: in namespaces of its own, as their root
	unshare -Urmpf --mount-proc true 2>/dev/null || skip 'no user namespaces here'
	hull_within_reach
	doctor unshare -Urmpf --mount-proc sh -c "$1; exec \"\$0\" check --host" "$HULL"
}

test_of_this_host() {
	doctor hull check --host
	says '^ok +kernel +Linux [0-9]'
	says '^(ok|limited) +cgroup v2 '
	says '^ok +security modules +AppArmor (on|off), SELinux (on|off)'
	[ -z "$errors" ] || fail "said: $errors"
}
test_of_a_user() {
	doctor setpriv --reuid 65534 --regid 65534 --clear-groups "$HULL" check --host
	says '^(limited|ok) +subordinate ids '
	says '^(ok|limited) +cgroup v2 '
}
# By a user who has no other process, of whom the limit would count it.
test_that_cannot_be_tried() {
	doctor prlimit --nproc=1 setpriv --reuid 60321 --regid 60321 --clear-groups "$HULL" check --host
	says '^limited +user namespaces +could not be tried: Resource temporarily unavailable'
}
test_of_a_user_without_new_privileges() {
	doctor setpriv --no-new-privs --reuid 65534 --regid 65534 --clear-groups "$HULL" check --host
	says '^limited +subordinate ids '
	says 'hint: start hull without no_new_privs'
}
test_without_user_namespaces() {
	worse 'echo 0 >/proc/sys/user/max_user_namespaces'
	says '^limited +user namespaces +the limit of user namespaces is 0'
	says 'hint: sysctl user.max_user_namespaces='
	! printf '%s\n' "$findings" | grep -q '/proc' || fail 'tells what could not be tried'
}
test_with_a_masked_proc() {
	! grep -q __asan_init "$HULL_ITSELF" || skip 'this build is dynamic, its libraries are not in the container'
	cp "$HULL_ITSELF" "$BUNDLE/rootfs/bin/hull"
	inside 'hull check --host'
	findings=$out
	says '^limited +/proc +cannot be mounted anew: parts of the one here are hidden'
	says 'hint: run the outer container with an unmasked /proc'
}
# A filter like Docker's, which answers clone3 like an old kernel: a container in the container is made by the older call.
test_container_in_one_without_clone3() {
	! grep -q __asan_init "$HULL_ITSELF" || skip 'this build is dynamic, its libraries are not in the container'
	inner=$BUNDLE/rootfs/inner
	mkdir -p "$inner/rootfs/bin" "$inner/rootfs/proc" "$inner/rootfs/dev" "$inner/rootfs/sys"
	cp "$HULL_ITSELF" "$BUNDLE/rootfs/bin/hull"
	cp "$BUNDLE/rootfs/bin/busybox" "$inner/rootfs/bin/sh"
	hull spec --rootless -f - | jq '.process.terminal = false | .process.args = ["sh", "-c", "echo in the inner one"] |
		(.linux.uidMappings, .linux.gidMappings) = [{containerID: 0, hostID: 0, size: 1}]' >"$inner/config.json"
	# a caller whose id maps to 0 needs CAP_SETFCAP: user_namespaces(7)
	config '.process.capabilities |= map_values(. + ["CAP_SETFCAP"]) | .linux.maskedPaths = [] | .linux.readonlyPaths = [] |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]}'
	expect 'in the inner one' 'hull --root /tmp/states run -b /inner x'
	# init's second clone too, which a time namespace needs
	jq '.linux.namespaces += [{type: "time"}]' "$inner/config.json" >"$WORK/timed.json" && mv "$WORK/timed.json" "$inner/config.json"
	expect 'in the inner one' 'hull --root /tmp/states run -b /inner x'
}

test_nothing_is_left() {
	before=$(ps -eo pid | wc -l)
	doctor hull check --host
	[ "$(ps -eo pid | wc -l)" -le $((before + 3)) ] || fail 'processes stay'
}
test_default_mappings_are_told() {
	config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces += [{type: "user"}]'
	try hull check -b "$BUNDLE"
	printf '%s\n' "$out" | grep -q '^config\.json:[0-9]*: \.linux\.uidMappings: none are given' || fail "says '$out'"
}

# What could not be tried is an error, and no verdict.
test_trial_fails() {
	with_killer
	for at in $(seq 2 80); do
		FAULT=EIO REPORT=$WORK/report "$KILL_AT" parent "$at" "$HULL" check --host >"$WORK/out" 2>&1
		! grep -q 'Unknown error' "$WORK/out" || fail "call $at: $(grep 'Unknown error' "$WORK/out")"
	done
}

run_tests
