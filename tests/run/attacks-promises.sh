#!/bin/sh
# Attacks on promises: what a configuration asks for is in force on every path, what an image contains is no configuration, and
# nothing of the host is given away afterwards.
. "${0%/*}/lib.sh"
. "${0%/*}/../attacks/lib.sh"

# CVE-2025-65105: every restriction is seen from inside, or the start fails, on each path that starts a process. (If a call fails:
# faults.sh.)
test_restrictions_on_each_path() {
	restricted
	config '.process.args = ["/restrictions"]'
	run_ok
	expected=$out
	for line in 'CapBnd:	0000000000000001' 'NoNewPrivs:	1' 'Seccomp:	2' 'No space left on device' 'Read-only file system' 77 88 500; do
		echo "$out" | grep -qF "$line" || fail "lacks $line: $out"
	done
	! echo "$out" | grep unmasked || fail 'a mask is lost'
	hull create -b "$BUNDLE" "$ID" </dev/null >"$WORK/created" 2>&1 || fail create
	hull start "$ID" || fail start
	wait_for stopped
	same "$expected" "$(cat "$WORK/created")" 'by create and start'
	hull delete "$ID" || fail delete
	try hull run -d -b "$BUNDLE" "$ID"
	expect_status 0
	await 'it does not end' has_status stopped
	same "$expected" "$(cat "$WORK/out")" 'by run --detach'
	hull delete "$ID" || fail delete
	config '.process.args = ["sleep", "1000"]'
	try hull run -d -b "$BUNDLE" "$ID"
	try hull exec "$ID" /restrictions
	same "$expected" "$out" 'by exec'
	jq '.process | .args = ["/restrictions"]' "$BUNDLE/config.json" >"$WORK/process.json"
	try hull exec --process "$WORK/process.json" "$ID"
	same "$expected" "$out" 'by exec --process'
	hull delete --force "$ID" || fail delete
}

# CVE-2026-40226: files of an image that look like settings are none.
test_settings_in_the_image() {
	config '.process.args = ["sh", "-c", "grep ^Cap /proc/self/status; hostname; cat /proc/mounts | wc -l"]'
	run_ok
	expected=$out
	for name in config.json runtime.json .hull.json hull.json etc/hull.json etc/hull/config.json run/hull/config.json; do
		mkdir -p "$BUNDLE/rootfs/${name%/*}"
		[ ! -d "$BUNDLE/rootfs/${name%/*}" ] || [ "${name%/*}" != "$name" ] || rmdir "$BUNDLE/rootfs/$name"
		jq '.hostname = "image" | .annotations = {"run.oci.keep_original_groups": "1"} | del(.process.capabilities)' \
			"$BUNDLE/config.json" >"$BUNDLE/rootfs/$name"
	done
	run_ok
	same "$expected" "$out" 'with an image that has settings'
}

# The null device of the host keeps its owner and mode, whoever runs in the container: here a stand-in for it.
run_with_null() {
	unshare -m sh -c 'mount --bind "$1" /dev/null && exec "$2" --root "$3" run -b "$4" "$5" </dev/null >/dev/null' - \
		"$WORK/null" "$HULL" "$STATE" "$BUNDLE" "$ID" 2>"$WORK/errors"
}

test_null_keeps_its_owner() {
	mknod -m 666 "$WORK/null" c 1 3
	config '.process.args = ["sh", "-c", "chown 5:5 /dev/null; chmod 600 /dev/null; chown 5 /dev/stdin; exec 2>/dev/null; true"]'
	for users in '.' '.process.user = {uid: 1000, gid: 1000}' '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'; do
		config "$users"
		[ "$users" = . ] || chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
		run_with_null
		same '0:0 666 1:3' "$(stat -c '%u:%g %a %t:%T' "$WORK/null")" "the null device after $users"
	done
	rm "$WORK/null"
}

# A group that is denied more than others ("negative") cannot be dropped by a user namespace of the user's own.
test_negative_group() {
	command -v setpriv >/dev/null || skip 'setpriv(1) is not here'
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
	setpriv --reuid 4321 --regid 4321 --groups 4322 unshare -U true 2>/dev/null || skip 'only root makes user namespaces here'
	install -m 755 "$HULL" "$WORK/hull"
	echo secret >"$WORK/denied"
	chgrp 4322 "$WORK/denied"
	chmod 604 "$WORK/denied"
	chown 4321:4321 "$STATE"
	chown -R 4321:4321 "$BUNDLE/rootfs"
	config --arg denied "$WORK/denied" '.linux.namespaces = [{type: "user"}, {type: "mount"}, {type: "pid"}] |
		del(.hostname, .linux.resources, .linux.maskedPaths, .linux.readonlyPaths) |
		.mounts = [{destination: "/proc", type: "proc", source: "proc"}, {destination: "/dev", type: "tmpfs", source: "tmpfs"},
			{destination: "/denied", type: "bind", source: $denied, options: ["bind"]}] |
		.linux.uidMappings = [{containerID: 0, hostID: 4321, size: 1}] | .linux.gidMappings = .linux.uidMappings |
		.process.args = ["sh", "-c", "cat /proc/self/setgroups; cat /denied"]'
	try setpriv --reuid 4321 --regid 4321 --groups 4322 timeout -k 5 120 "$WORK/hull" --root "$STATE" --cgroup-manager disabled \
		run -b "$BUNDLE" "$ID"
	case $out in
	*secret*) fail 'the group was dropped' ;;
	deny*) ;;
	*) fail "it printed $out $errors" ;;
	esac
}

# CVE-2018-10892: what the kernel shows beyond namespaces is masked by the configuration of `hull spec`.
test_default_masks() {
	for path in /proc/acpi /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/latency_stats /proc/asound /sys/firmware; do
		jq -e --arg path "$path" '.linux.maskedPaths | index($path) != null' "$BUNDLE/config.json" >/dev/null || fail "$path is not masked"
	done
	expect '' 'for p in /proc/acpi/* /proc/asound/* /sys/firmware/*; do [ ! -e "$p" ] || echo "$p"; done'
}

# CVE-2020-15257: no socket of ours is in the abstract namespace, which the host's network namespace shares.
test_no_abstract_socket() {
	config '.process.args = ["sleep", "1000"] | .linux.namespaces |= map(select(.type != "network"))'
	before=$(grep -o ' @.*' /proc/net/unix | sort)
	hull create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" || fail "create: $(cat "$WORK/errors")"
	! grep -o ' @.*' /proc/net/unix | grep -i -e hull -e "$ID" || fail 'an abstract socket'
	hull delete --force "$ID" || fail delete
}

# CVE-2022-0811: a value is one parameter's, whatever is in it.
test_value_of_a_kernel_parameter() {
	pattern=$(cat /proc/sys/kernel/core_pattern)
	for value in '1+kernel.core_pattern=|/bin/false' "$(printf '1\nkernel.core_pattern=|/bin/false')" '1;kernel.core_pattern=x'; do
		config --arg value "$value" '.linux.sysctl = {"kernel.shm_rmid_forced": $value} | .process.args = ["true"]'
		run
		[ "$status" != 0 ] || fail "$value is taken"
	done
	same "$pattern" "$(cat /proc/sys/kernel/core_pattern)" "the host's core_pattern"
}

# Renames anywhere make the kernel answer a look-up of ".." with EAGAIN: there is an end to trying again.
test_storm_of_renames() {
	helper racer
	mkdir -p "$WORK/a/x" "$WORK/b" "$BUNDLE/rootfs/d/e/f/g"
	ln -s ../e/../../d/e/f/../f/../../e "$BUNDLE/rootfs/d/link"
	config '.process.args = ["true"] | .process.cwd = "/d/link/f/../../link/f/g/.." |
		.mounts += [range(8) | {destination: "/d/link/f/../../link/f/\(.)", type: "tmpfs", source: "tmpfs"}]'
	"$SUITE_DIR/bin/racer" "$WORK/a/x" "$WORK/b" 30 &
	one=$!
	"$SUITE_DIR/bin/racer" "$WORK/a" "$BUNDLE/rootfs/d/e/f/g" 30 2>/dev/null &
	two=$!
	for _ in 1 2 3 4 5; do
		try timeout -k 1 10 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
		case $status in
		0 | 1) ;;
		*) fail "status $status: $errors" ;;
		esac
	done
	kill $one $two 2>/dev/null
	wait
	return 0
}

# CVE-2026-53495: exec ends with its process, whoever still holds the streams.
test_exec_ends_with_its_process() {
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" || fail "run: $(cat "$WORK/errors")"
	try timeout -k 1 20 "$HULL" --root "$STATE" exec "$ID" sh -c 'sleep 1000 & echo leader'
	expect_status 0
	same leader "$out" output
	hull delete --force "$ID" || fail delete
}

run_tests
