#!/bin/sh
# .process.selinuxLabel and .linux.mountLabel, where SELinux is on with Debian's policy and enforces it (tests/vm/run, LSM=selinux).
. "${0%/*}/lib.sh"

domain=system_u:system_r:container_t
files=system_u:object_r:container_file_t:s0:c1,c2

# A container of that domain, with a root filesystem that it may use.
labelled() {
	[ -e /sys/fs/selinux/enforce ] || skip 'SELinux is not on here'
	[ "$(cat /sys/fs/selinux/enforce)" = 1 ] || fail 'the policy is not enforced'
	chcon -R "$files" "$BUNDLE/rootfs"
	config --arg process "$domain:s0:c1,c2" --arg mount "$files" '.process.selinuxLabel = $process | .linux.mountLabel = $mount'
}

# label_of PATH: in the container, seen from here.
label_of() {
	path=/proc/$(hull state "$ID" | jq .pid)/root$1
	stat -c %C "$path"
}

test_label_of_the_process() {
	labelled
	expect "$domain:s0:c1,c2" 'cat /proc/self/attr/current'
}

test_label_of_a_user() {
	labelled
	config '.process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = true | del(.process.capabilities)'
	expect "$domain:s0:c1,c2" 'cat /proc/self/attr/current'
}

test_policy_holds() {
	labelled
	echo secret >"$BUNDLE/rootfs/etc/secret"
	chcon system_u:object_r:shadow_t:s0 "$BUNDLE/rootfs/etc/secret"
	inside 'cat /etc/hostname /etc/secret'
	expect_status 1
	printf '%s' "$errors" | grep -q '/etc/secret.*Permission denied' || fail "said: $out $errors"
	config 'del(.process.selinuxLabel, .linux.mountLabel)'
	expect secret 'cat /etc/secret'
}

test_categories_of_another_container() {
	labelled
	echo secret >"$BUNDLE/rootfs/etc/secret"
	chcon system_u:object_r:container_file_t:s0:c3,c4 "$BUNDLE/rootfs/etc/secret"
	inside 'cat /etc/secret'
	expect_status 1
	printf '%s' "$errors" | grep -q 'Permission denied' || fail "said: $out $errors"
}

test_exec() {
	labelled
	create
	hull start "$ID" || fail start
	try hull exec "$ID" cat /proc/self/attr/current
	same "$domain:s0:c1,c2" "$out" "the label that exec has from the configuration ($errors)"
	try hull exec --process-label "$domain:s0:c1.c3" "$ID" cat /proc/self/attr/current
	same "$domain:s0:c1.c3" "$out" "the label that exec is given ($errors)"
	hull delete --force "$ID" || fail delete
}

test_wrong_labels() {
	labelled
	config '.process.selinuxLabel = "system_u:system_r:no_such_type_t:s0"'
	run
	expect_status 1
	printf '%s' "$errors" | grep -q '\.process\.selinuxLabel: .*no_such_type_t' || fail "said: $errors"
	labelled
	config '.linux.mountLabel = "no_such_label"'
	run
	expect_status 1
	printf '%s' "$errors" | grep -q '\.mounts\[[0-9]*\].*\|\.linux\.mountLabel' || fail "said: $errors"
	printf '%s' "$errors" | grep -q no_such_label || fail "said: $errors"
}

test_mounts() {
	labelled
	mkdir "$WORK/own"
	chcon system_u:object_r:container_file_t:s0 "$WORK/own"
	add_mount "{\"destination\": \"/bound\", \"type\": \"bind\", \"source\": \"$WORK/own\", \"options\": [\"bind\"]}"
	add_mount '{"destination": "/memory", "type": "tmpfs", "source": "tmpfs"}'
	create
	for path in /dev /dev/pts /dev/shm /memory /dev/mqueue; do
		same "$files" "$(label_of $path)" "the label of $path"
	done
	same system_u:object_r:container_file_t:s0 "$(label_of /bound)" 'the label of a bind mount'
	same system_u:object_r:proc_t:s0 "$(label_of /proc)" 'the label of /proc'
	same system_u:object_r:sysfs_t:s0 "$(label_of /sys)" 'the label of /sys'
	hull delete --force "$ID" || fail delete
	inside 'for dir in /dev/shm /memory /bound; do echo x >$dir/file && cat $dir/file || exit; done'
	same 'x x x' "$(echo $out)" "what it wrote ($errors)"
}

test_masked_directory() {
	labelled
	config '.linux.maskedPaths += ["/etc"]'
	create
	same "$files" "$(label_of /etc)" 'the label of a masked directory'
	hull delete --force "$ID" || fail delete
	expect '' 'ls /etc'
}

test_overlay() {
	labelled
	config '.root.readonly = false | .process.args = ["sleep", "1000"]'
	try hull create -b "$BUNDLE" --overlay tmp "$ID"
	expect_status 0
	same "$files" "$(label_of /bin)" 'the label of what is below'
	hull delete --force "$ID" || fail delete
	config '.process.args = ["sh", "-c", "echo x >/etc/new && cat /etc/new"]'
	run --overlay tmp
	same x "$out" "what it wrote ($errors)"
}

test_terminal() {
	labelled
	start_peer console "$WORK/socket"
	config '.process.terminal = true'
	create --console-socket "$WORK/socket"
	same "$files" "$(label_of /dev/pts/0)" 'the label of the terminal'
	same "$files" "$(label_of /dev/console)" 'the label of the console'
	hull start "$ID" || fail start
	hull delete --force "$ID" || fail delete
	wait "$peer"
	config '.process.args = ["sh", "-c", "echo through >/dev/tty && echo through >/dev/console"]'
	start_peer console "$WORK/socket2"
	try hull run -b "$BUNDLE" --console-socket "$WORK/socket2" "$ID"
	expect_status 0
	wait "$peer"
	same 2 "$(grep -c through "$WORK/peer")" 'lines on the terminal'
}

# The keys of its session are the container's by SELinux too, as runc and crun have it: else its own keyring is closed to it.
test_keyring() {
	labelled
	with_probe
	expect "$domain:s0:c1,c2" '/bin/probe keyring'
}

run_tests
