#!/bin/sh
# Whatever makes create or run fail, nothing is left: neither state, cgroup, mount nor process. run_one looks for them after each
# test, without any delete. A later delete --force prints nothing all the same.
. "${0%/*}/lib.sh"

# Both commands fail with this text, and leave nothing.
refused() {
	for command in create run; do
		fails_with "$1" hull $command -b "$BUNDLE" "$ID"
		[ -z "$(ls -A "$STATE" | grep -v :)" ] || fail "$command left $(ls -A "$STATE")"
		try hull delete --force "$ID"
		expect_status 0
	done
}

test_mount_fails() {
	config '.mounts += [{destination: "/x", type: "no-such-filesystem", source: "x"}]'
	refused '.mounts['
}

test_mount_source_missing() {
	config '.mounts += [{destination: "/x", type: "bind", source: "/no/such/source", options: ["bind"]}]'
	refused '/no/such/source'
}

test_rootfs_missing() {
	config '.root.path = "nowhere"'
	refused '.root.path'
}

test_rootfs_is_a_file() {
	config '.root.path = "config.json"'
	refused '.root.path'
}

test_namespace_missing() {
	config '(.linux.namespaces[] | select(.type == "network")).path = "/run/netns/no-such"'
	refused '/run/netns/no-such'
}

test_namespace_of_another_kind() {
	config '(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/uts"'
	refused '.linux.namespaces'
}

test_hooks_fail() {
	for hook in prestart createRuntime createContainer; do
		config --arg hook $hook '.hooks = {($hook): [{path: "/bin/false"}]}'
		refused ".hooks.${hook}[0]"
	done
}

test_hook_is_missing() {
	config '.hooks = {createRuntime: [{path: "/no/such/hook"}]}'
	refused '/no/such/hook'
}

test_hook_hangs() {
	config '.hooks = {createRuntime: [{path: "/bin/sleep", args: ["sleep", "30"], timeout: 1}]}'
	refused '.hooks.createRuntime[0]'
}

test_start_hook_fails() {
	config '.hooks = {startContainer: [{path: "/bin/false"}]} | .process.args = ["sleep", "1000"]'
	fails_with '.hooks.startContainer[0]' hull run -b "$BUNDLE" "$ID"
	try hull create -b "$BUNDLE" "$ID"
	expect_status 0
	fails_with '.hooks.startContainer[0]' hull start "$ID"
	nothing_left start
}

test_poststart_hook_fails() {
	config '.hooks = {poststart: [{path: "/bin/false"}]} | .process.args = ["sleep", "1000"]'
	fails_with '.hooks.poststart[0]' hull run -b "$BUNDLE" "$ID"
	fails_with '.hooks.poststart[0]' hull run -d -b "$BUNDLE" "$ID"
	[ -z "$(ls -A "$STATE" | grep -v :)" ] || fail "run -d left $(ls -A "$STATE")"
	try hull create -b "$BUNDLE" "$ID"
	expect_status 0
	fails_with '.hooks.poststart[0]' hull start "$ID"
	nothing_left start
}

test_executable_missing() {
	config '.process.args = ["/no/such/program"]'
	for command in create run; do
		try hull $command -b "$BUNDLE" "$ID"
		expect_status 127
		[ -z "$(ls -A "$STATE" | grep -v :)" ] || fail "$command left $(ls -A "$STATE")"
	done
}

test_seccomp_refused() {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_ABACUS"]}'
	refused '.linux.seccomp.architectures[0]'
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/no/such/agent",
		syscalls: [{names: ["mknod"], action: "SCMP_ACT_NOTIFY"}]}'
	refused '/no/such/agent'
}

test_sysctl_refused() {
	config '.linux.sysctl = {"net.no.such.parameter": "1"}'
	refused '.linux.sysctl'
}

test_resources_refused() {
	config '.linux.resources.unified = {"no.such.file": "1"}'
	refused '.linux.resources.unified'
}

test_rlimit_refused() {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 10, hard: 5}]'
	refused '.process.rlimits[0]'
}

test_console_socket_missing() {
	config '.process.terminal = true'
	fails_with '/no/such/console' hull create --console-socket /no/such/console -b "$BUNDLE" "$ID"
}

test_pid_file_in_no_directory() {
	for command in create 'run -d' run; do
		fails_with '/no/such/dir/pid' hull $command --pid-file /no/such/dir/pid -b "$BUNDLE" "$ID"
	done
}

test_pidfd_socket_missing() {
	fails_with '--pidfd-socket' hull create --pidfd-socket /no/such/socket -b "$BUNDLE" "$ID"
}

test_net_device_missing() {
	config '.linux.netDevices = {"no-such-dev0": {}}'
	refused '.linux.netDevices'
}

# The state root is full: at each size another write fails.
test_no_space() {
	mkdir "$WORK/full"
	config '.process.args = ["sleep", "1000"] | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"}
		| .annotations = ([range(0; 200) | {key: "org.example.\(.)", value: "a long value of an annotation"}] | from_entries)'
	worked=0 refused=0
	for inodes in 2 3 4 5 6 7 8 9 10; do
		for size in 4k 8k 16k 20k 24k 28k 32k 40k 64k; do
			mount -t tmpfs -o "size=$size,nr_inodes=$inodes,mode=700" full "$WORK/full" || skip 'no tmpfs can be mounted'
			try timeout -k 5 120 "$HULL" --root "$WORK/full" create -b "$BUNDLE" "$ID"
			if [ "$status" = 0 ]; then
				worked=$((worked + 1))
				same created "$("$HULL" --root "$WORK/full" state "$ID" | jq -r .status)" status
			else
				refused=$((refused + 1))
				[ "$status" = 1 ] || fail "$size, $inodes files: status $status, $errors"
				printf '%s' "$errors" | grep -q 'No space left' || fail "$size, $inodes files: $errors"
				[ -z "$(ls -A "$WORK/full" | grep -v :)" ] || fail "$size, $inodes files: left $(ls -A "$WORK/full")"
			fi
			try timeout -k 5 120 "$HULL" --root "$WORK/full" delete --force "$ID"
			[ "$status" = 0 ] || fail "$size, $inodes files: delete says $errors"
			left=$(unset HULL_TEST_ID && leftovers | grep -v "^mount: $WORK/full$")
			umount "$WORK/full"
			[ -z "$left" ] || fail "$size, $inodes files: left $left"
		done
	done
	[ $worked -gt 0 ] && [ $refused -gt 0 ] || fail "$worked worked and $refused were refused"
}

# A full root with a container in it: the container is stopped, started and deleted all the same.
test_delete_without_space() {
	mkdir "$WORK/full"
	mount -t tmpfs -o "size=64k,mode=700" full "$WORK/full" || skip 'no tmpfs can be mounted'
	config '.process.args = ["sleep", "1000"]'
	full() { timeout -k 5 120 "$HULL" --root "$WORK/full" "$@"; }
	try full create -b "$BUNDLE" "$ID"
	expect_status 0
	dd if=/dev/zero of="$WORK/full/ballast" bs=4k 2>/dev/null
	try full start "$ID"
	expect_status 0
	same running "$(full state "$ID" | jq -r .status)" status
	try full delete --force "$ID"
	expect_status 0
	umount "$WORK/full"
}

# Killed while at work: see killed.sh; interrupted: see interrupted.sh.
run_tests
