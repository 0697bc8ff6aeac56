#!/bin/sh
# .process.user and .process.env: the user of the process, and its environment.
. "${0%/*}/lib.sh"

# ids EXPECTED: all ids of the process, as the kernel has them.
ids() {
	with_probe
	config '.process.args = ["/bin/probe", "ids"]'
	run_ok
	same "$1" "$out" ids
}

# environment EXPECTED: exactly that, in this order, one variable in each line.
environment() {
	config '.process.args = ["cat", "/proc/self/environ"]'
	run "$@"
	expect_status 0
	tr '\0' '\n' <"$WORK/out" | grep -v '^HULL_TEST_ID=' >"$WORK/environment"
	same "$ENVIRONMENT" "$(cat "$WORK/environment")" environment
}

test_root() {
	ids 'uid=0,0,0 gid=0,0,0 groups='
	config 'del(.process.user)'
	ids 'uid=0,0,0 gid=0,0,0 groups='
}

test_user() {
	config '.process.user = {uid: 1000, gid: 1001}'
	ids 'uid=1000,1000,1000 gid=1001,1001,1001 groups='
	config '.process.user = {uid: 1000}'
	ids 'uid=1000,1000,1000 gid=0,0,0 groups='
}

test_highest_id() {
	config '.process.user = {uid: 4294967294, gid: 4294967294, additionalGids: [4294967294]}'
	ids 'uid=4294967294,4294967294,4294967294 gid=4294967294,4294967294,4294967294 groups=4294967294'
}

test_additional_groups() {
	config '.process.user = {uid: 1000, gid: 1001, additionalGids: [77, 5, 1001]}'
	ids 'uid=1000,1000,1000 gid=1001,1001,1001 groups=5,77,1001'
}

test_groups_are_given_once() {
	config '.process.user = {uid: 1000, gid: 1001, additionalGids: [77, 5, 77, 5, 77]}'
	ids 'uid=1000,1000,1000 gid=1001,1001,1001 groups=5,77'
}

test_groups_of_the_image_are_not_added() {
	printf 'root:x:0:\nextra:x:50:user,root\n' >"$BUNDLE/rootfs/etc/group"
	config '.process.user = {uid: 1000, gid: 1000}'
	ids 'uid=1000,1000,1000 gid=1000,1000,1000 groups='
}

test_numbers_are_never_names() {
	# CVE-2016-3697: a user called 1000 who is root.
	printf '1000:x:0:0::/root:/bin/sh\n' >"$BUNDLE/rootfs/etc/passwd"
	config '.process.user = {uid: 1000, gid: 1000}'
	ids 'uid=1000,1000,1000 gid=1000,1000,1000 groups='
}

test_groups_of_the_caller_are_dropped() {
	command -v setpriv >/dev/null || skip 'setpriv(1) is not here'
	with_probe
	config '.process.args = ["/bin/probe", "ids"]'
	try setpriv --groups 42,43 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	expect_status 0
	same 'uid=0,0,0 gid=0,0,0 groups=' "$out" ids
}

test_keep_original_groups() {
	command -v setpriv >/dev/null || skip 'setpriv(1) is not here'
	with_probe
	config '.process.args = ["/bin/probe", "ids"] | .process.user = {uid: 1000, gid: 1000}'
	for value in 1 true; do
		config --arg value $value '.annotations = {"run.oci.keep_original_groups": $value}'
		try setpriv --groups 42,43 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
		expect_status 0
		same 'uid=1000,1000,1000 gid=1000,1000,1000 groups=42,43' "$out" "ids with $value"
	done
	for value in 0 false; do
		config --arg value $value '.annotations = {"run.oci.keep_original_groups": $value}'
		try setpriv --groups 42,43 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
		expect_status 0
		same 'uid=1000,1000,1000 gid=1000,1000,1000 groups=' "$out" "ids with $value"
	done
}

test_files_belong_to_the_user() {
	config '.process.user = {uid: 1000, gid: 1001, umask: 7}'
	expect '1000:1001 660' 'echo >/tmp/file; stat -c "%u:%g %a" /tmp/file'
}

test_umask() {
	config '.process.user = {uid: 0, gid: 0, umask: 63}' # 077
	expect 0077 umask
	config '.process.user = {uid: 0, gid: 0, umask: 0}'
	expect 0000 umask
	config '.process.user = {uid: 0, gid: 0, umask: 511}'
	expect 0777 umask
}

test_umask_of_the_caller_stays_outside() {
	config '.process.args = ["sh", "-c", "umask"]'
	(umask 077 && run && expect_status 0 && same 0022 "$out" umask) || exit 1
}

test_refused() {
	while read -r user text; do
		config ".process.user = $user"
		run_fails ".process.user.$text"
	done <<-'END'
		{uid:4294967295,gid:0} uid: 4294967295 is out of range, allowed is 0 to 4294967294
		{uid:4294967296,gid:0} uid: 4294967296 is out of range, allowed is 0 to 4294967294
		{uid:-1,gid:0} uid: -1 is out of range, allowed is 0 to 4294967294
		{uid:0,gid:-1} gid: -1 is out of range, allowed is 0 to 4294967294
		{uid:1.5,gid:0} uid: expected an integer, found 1.5
		{uid:"1000",gid:0} uid: expected an integer, found a string
		{uid:0,gid:0,additionalGids:[5,4294967295]} additionalGids[1]: 4294967295 is out of range, allowed is 0 to 4294967294
		{uid:0,gid:0,umask:512} umask: 512 is out of range, allowed is 0 to 511
		{uid:0,gid:0,umask:-1} umask: -1 is out of range, allowed is 0 to 511
		{username:"bob"} username: is for Windows only
	END
}

test_environment_is_exact() {
	config '.process.env |= map(select(startswith("HULL_TEST_ID="))) + ["PATH=/bin", "EMPTY=", "TWO=a=b  c", "HOME=/x"]'
	ENVIRONMENT='PATH=/bin
EMPTY=
TWO=a=b  c
HOME=/x'
	SECRET=1 LANG=C TERM=dumb NOTIFY_SOCKET='' environment
}

test_environment_empty() {
	config '.process.env = ["HOME="] | .process.args = ["cat", "/proc/self/environ"]'
	run_ok
	same HOME= "$(tr -d '\0' <"$WORK/out")" 'an empty home'
	config '.process.env = ["HOME=/"] | .process.args = ["cat", "/proc/self/environ"]'
	run_ok
	same HOME=/ "$(tr -d '\0' <"$WORK/out")" environment
	config 'del(.process.env)'
	run_ok
	same HOME=/root "$(tr -d '\0' <"$WORK/out")" environment
}

# home UID EXPECTED
home() {
	config --argjson uid "$1" '.process.user = {uid: $uid, gid: 100}'
	expect "$2" 'echo $HOME'
}

test_home_from_passwd() {
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:A User,,,:/home/user:/bin/sh\n' >"$BUNDLE/rootfs/etc/passwd"
	home 0 /root
	home 1000 /home/user
	home 1001 /
}

test_home_from_odd_passwd() {
	# The first line with the number counts; malformed lines are passed over, and the last needs no newline.
	printf '# comment\n\nshort:x:7\nlong:x:07:7:::::\nrel:x:8:8::relative:/bin/sh\n+::::::\na:x:7:7::/first:\nb:x:7:7::/second:\nc:x:9:9::/last:' \
		>"$BUNDLE/rootfs/etc/passwd"
	home 7 /first
	home 8 /
	home 9 /last
}

test_home_without_passwd() {
	rm "$BUNDLE/rootfs/etc/passwd"
	home 1000 /
	mkdir "$BUNDLE/rootfs/etc/passwd"
	home 1000 /
	rmdir "$BUNDLE/rootfs/etc/passwd"
	mkfifo "$BUNDLE/rootfs/etc/passwd"
	home 1000 /
}

test_home_never_from_the_host() {
	echo "x:x:1000:1000::$WORK/host:/bin/sh" >"$WORK/passwd"
	rm "$BUNDLE/rootfs/etc/passwd"
	ln -s "$WORK/passwd" "$BUNDLE/rootfs/etc/passwd"
	home 1000 /
}

test_home_given_wins() {
	config '.process.env += ["HOME=/given"]'
	home 1000 /given
	config '.process.env |= map(if startswith("HOME=") then "HOME=" else . end)'
	home 1000 ''
}

run_tests
