#!/bin/sh
# .linux.devices, the default devices and links, and .linux.resources.devices.
. "${0%/*}/lib.sh"

DEFAULTS='1:3 1:5 1:7 1:8 1:9 5:0'
LIST_DEFAULTS='cd /dev; for d in null zero full random urandom tty; do set -- $* $(stat -c %t:%T $d); done; echo $*'
LINKS='/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx'
LIST_LINKS='cd /dev; for l in fd stdin stdout stderr ptmx; do set -- $* $(readlink $l); done; echo $*'

# Without the mounts on /dev and below.
no_dev() {
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
}

# bind_dev DIR [WORD]: /dev is a directory of the host.
bind_dev() {
	no_dev
	config --arg dir "$1" --arg word "${2:-rbind}" '.mounts += [{destination: "/dev", type: "bind", source: $dir, options: [$word]}]'
}

user_namespace() {
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	chown -R -h 100000:100000 "$BUNDLE/rootfs"
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
}

# The contents of a directory, and their owners.
picture() {
	find "$1" -mindepth 1 -maxdepth 1 -exec stat -c '%n %F %a %u %g %t %T' {} + | grep -v '/\(pts\|shm\|mqueue\|hugepages\) ' | sort
}

test_default_devices() {
	expect "$DEFAULTS" "$LIST_DEFAULTS"
	expect '666 666 666 666 666 666' 'cd /dev; echo $(stat -c %a null zero full random urandom tty)'
}

test_default_devices_work() {
	expect '3 3 3 full null' 'cd /dev; set -- $(head -c 3 zero | wc -c) $(head -c 3 random | wc -c) $(head -c 3 urandom | wc -c)
		(echo x >full) 2>/dev/null || set -- $* full; echo x >null && [ -z "$(cat null)" ] && set -- $* null; echo $*'
}

test_default_devices_open_to_all() {
	config '.process.user = {uid: 1000, gid: 1000}'
	expect 'ok' 'cd /dev; : >null && : >zero && head -c 1 urandom >null && echo ok'
}

test_default_links() {
	expect "$LINKS" "$LIST_LINKS"
	expect 'through' 'echo through >/dev/stdout'
	expect 'ptmx' 'ls /dev/pts/ptmx >/dev/null && stat -L -c %t:%T /dev/ptmx | grep -q 5:2 && echo ptmx'
}

test_no_console_without_terminal() {
	expect '' 'ls /dev/console 2>/dev/null || true'
}

test_character_device() {
	config '.linux.devices = [{path: "/dev/my/zero", type: "c", major: 1, minor: 5, fileMode: 416, uid: 7, gid: 8}]'
	expect '1:5 640 7 8 755' 'echo $(stat -c "%t:%T %a %u %g" /dev/my/zero) $(stat -c %a /dev/my)'
}

test_path_with_a_slash() {
	config '.linux.devices = [{path: "/dev/my/zero//", type: "c", major: 1, minor: 5}]'
	expect 1:5 'stat -c %t:%T /dev/my/zero'
}

test_unbuffered_device() {
	config '.linux.devices = [{path: "/dev/u", type: "u", major: 1, minor: 5, fileMode: 384}]'
	expect 'character special file 1:5 600' 'stat -c "%F %t:%T %a" /dev/u'
}

test_block_device() {
	config '.linux.devices = [{path: "/dev/ram9", type: "b", major: 1, minor: 9, gid: 6, fileMode: 432}]'
	expect 'block special file 1:9 660 0 6' 'stat -c "%F %t:%T %a %u %g" /dev/ram9'
}

test_fifo() {
	config '.linux.devices = [{path: "/tmp/pipe", type: "p", fileMode: 432, uid: 9}]'
	expect 'fifo 660 9 through' 'stat -c "%F %a %u" /tmp/pipe | tr "\n" " "; echo through >/tmp/pipe & cat /tmp/pipe'
}

test_mode_by_default() {
	config '.linux.devices = [{path: "/dev/z", type: "c", major: 1, minor: 5}]'
	expect '666 0 0' 'stat -c "%a %u %g" /dev/z'
}

test_mode_with_all_bits() {
	config '.linux.devices = [{path: "/dev/a", type: "c", major: 1, minor: 5, fileMode: 0}, {path: "/dev/b", type: "c", major: 1, minor: 5, fileMode: 4095}]'
	expect '0 7777' 'echo $(stat -c "%a" /dev/a /dev/b)'
}

# Engines write the type of the file into its mode.
test_mode_with_file_type() {
	config '.linux.devices = [{path: "/dev/a", type: "c", major: 1, minor: 5, fileMode: 8630}]'
	expect 'character special file 666' 'stat -c "%F %a" /dev/a'
}

test_large_numbers() {
	config '.linux.devices = [{path: "/dev/a", type: "c", major: 4095, minor: 1048575}]'
	expect 'fff:fffff' 'stat -c "%t:%T" /dev/a'
	config '.linux.devices[0].minor = 1048576'
	run_fails '.linux.devices[0].minor'
	config '.linux.devices[0].major = -1'
	run_fails '.linux.devices[0].major'
}

test_large_owner() {
	config '.linux.devices = [{path: "/dev/a", type: "c", major: 1, minor: 3, uid: 4294967294, gid: 4294967294}]'
	expect '4294967294 4294967294' 'stat -c "%u %g" /dev/a'
	config '.linux.devices[0].uid = 4294967296'
	run_fails '.linux.devices[0].uid'
}

test_default_device_listed() {
	config '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 432, uid: 3, gid: 4}]'
	expect "660 3 4 $DEFAULTS" "stat -c '%a %u %g' /dev/null | tr '\n' ' '; $LIST_DEFAULTS"
}

test_listed_twice() {
	config '.linux.devices = [{path: "/dev/x", type: "c", major: 1, minor: 3}, {path: "/dev/x", type: "c", major: 1, minor: 3}]'
	expect 1:3 'stat -c %t:%T /dev/x'
}

test_many_devices() {
	config '.linux.devices = [range(200) | {path: "/dev/many/d\(.)", type: "c", major: 1, minor: 5}]'
	expect 200 'ls /dev/many | wc -l'
}

test_device_outside_dev() {
	config '.linux.devices = [{path: "/srv/deep/z", type: "c", major: 1, minor: 5}, {path: "/z", type: "c", major: 1, minor: 5}]'
	expect '1:5 1:5' 'echo $(stat -c %t:%T /srv/deep/z /z)'
}

test_allowed_device_works() {
	config '.linux.devices = [{path: "/dev/z", type: "c", major: 1, minor: 5, fileMode: 438}]
		| .linux.resources.devices += [{allow: true, type: "c", major: 1, minor: 5, access: "rwm"}]'
	expect 1 'head -c 1 /dev/z | wc -c'
}

# As with runc and crun, a node gives no access where the rules deny it.
test_node_without_a_rule_is_denied() {
	config '.linux.devices = [{path: "/dev/zram", type: "c", major: 1, minor: 11, fileMode: 438}]
		| .process.capabilities[] += ["CAP_SYSLOG"] | .linux.resources.devices = [{allow: false, access: "rwm"}]'
	expect_match 'not permitted' '(: </dev/zram) 2>&1; true'
	config '.linux.resources.devices += [{allow: true, type: "c", major: 1, minor: 11, access: "r"}]'
	expect opened ': </dev/zram && echo opened'
}

test_denied_device_is_denied() {
	# 1:11 is /dev/kmsg: not among the default devices.
	config '.process.capabilities.bounding += ["CAP_MKNOD", "CAP_SYSLOG"] |
		.process.capabilities.permitted = .process.capabilities.bounding |
		.process.capabilities.effective = .process.capabilities.bounding'
	expect_match 'not permitted' 'mknod /tmp/kmsg c 1 11; head -c 1 /tmp/kmsg 2>&1; true'
}

test_bad_devices() {
	while read -r where device; do
		config --argjson device "$device" '.linux.devices = [$device]'
		run_fails ".linux.devices[0]$where"
	done <<'END'
.major {"path": "/dev/x", "type": "c"}
.minor {"path": "/dev/x", "type": "c", "major": 1}
.minor {"path": "/dev/x", "type": "b", "major": 1}
.type {"path": "/dev/x", "type": "q", "major": 1, "minor": 3}
.type {"path": "/dev/x", "major": 1, "minor": 3}
.path {"type": "c", "major": 1, "minor": 3}
.path {"path": "x", "type": "c", "major": 1, "minor": 3}
.path {"path": "", "type": "c", "major": 1, "minor": 3}
.fileMode {"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": "666"}
END
}

test_bad_path() {
	for path in / /dev /dev/ /dev/.. /dev/null/x; do
		config --arg path "$path" '.linux.devices = [{path: $path, type: "c", major: 1, minor: 3}]'
		run_fails '.linux.devices[0]'
	done
}

test_conflict_in_the_list() {
	config '.linux.devices = [{path: "/dev/x", type: "c", major: 1, minor: 3}, {path: "/dev/x", type: "c", major: 1, minor: 5}]'
	run_fails '.linux.devices[1]'
	config '.linux.devices[1].minor = 3 | .linux.devices[1].type = "b"'
	run_fails '.linux.devices[1]'
}

# "If a file already exists at path that does not match the requested device, the runtime MUST generate an error."
test_conflict_with_a_file() {
	: >"$BUNDLE/rootfs/srv/file"
	mkdir "$BUNDLE/rootfs/srv/dir"
	mknod "$BUNDLE/rootfs/srv/zero" c 1 5
	ln -s zero "$BUNDLE/rootfs/srv/link"
	mkfifo "$BUNDLE/rootfs/srv/fifo"
	for name in file dir zero link fifo; do
		config --arg path "/srv/$name" '.linux.devices = [{path: $path, type: "c", major: 1, minor: 3}]'
		run_fails '.linux.devices[0]'
		printf '%s' "$errors" | grep -q 'File exists' || fail "error for $name is: $errors"
	done
	config '.linux.devices = [{path: "/srv/zero", type: "c", major: 1, minor: 5, fileMode: 384}]'
	expect '600 1:5' 'stat -c "%a %t:%T" /srv/zero'
}

test_parent_is_a_link() {
	mkdir "$WORK/outside"
	ln -s "$WORK/outside" "$BUNDLE/rootfs/srv/out"
	mkdir -p "$BUNDLE/rootfs$WORK/outside"
	config '.linux.devices = [{path: "/srv/out/x", type: "c", major: 1, minor: 3}]'
	expect 1:3 "stat -c %t:%T $WORK/outside/x"
	same '' "$(ls -A "$WORK/outside")" 'what was made outside'
}

# ---- {root, user namespace} x {/dev as tmpfs, a bind, absent} ----

test_dev_absent() {
	no_dev
	rmdir "$BUNDLE/rootfs/dev"
	config '.linux.devices = [{path: "/dev/x", type: "c", major: 1, minor: 5, fileMode: 416, uid: 7}]'
	expect "1:5 640 7 $DEFAULTS" "echo \$(stat -c '%t:%T %a %u' /dev/x) \$($LIST_DEFAULTS)"
	expect "$LINKS" "$LIST_LINKS"
	# Again, over the leftovers of the first time.
	expect "$DEFAULTS" "$LIST_DEFAULTS"
}

test_dev_absent_with_something_else() {
	no_dev
	: >"$BUNDLE/rootfs/dev/null"
	run_fails '/dev/null'
	printf '%s' "$errors" | grep -q 'File exists' || fail "error is: $errors"
	same 'regular empty file' "$(stat -c %F "$BUNDLE/rootfs/dev/null")" 'the file of the image'
}

test_dev_absent_with_links_to_the_host() {
	no_dev
	mkdir "$WORK/outside"
	echo safe >"$WORK/outside/file"
	before=$(picture "$WORK/outside")
	for name in null zero full random urandom tty; do
		ln -s "$WORK/outside/file" "$BUNDLE/rootfs/dev/$name"
		run_fails "/dev/$name"
		rm "$BUNDLE/rootfs/dev/$name"
	done
	for name in ptmx fd stdin stdout stderr console; do
		ln -s "$WORK/outside/$name" "$BUNDLE/rootfs/dev/$name"
	done
	expect ok 'echo ok'
	same "$before" "$(picture "$WORK/outside")" 'the host'
	rm -r "$BUNDLE/rootfs/dev"
	ln -s "$WORK/outside" "$BUNDLE/rootfs/dev"
	inside 'echo ok'
	same "$before" "$(picture "$WORK/outside")" 'the host'
}

test_dev_absent_in_read_only_root() {
	no_dev
	config '.root.readonly = true'
	expect "$DEFAULTS" "$LIST_DEFAULTS"
}

# The directory of the host is shown as it is: nothing is made or changed in it.
test_dev_is_a_bind() {
	before=$(picture /dev)
	bind_dev /dev
	expect "$DEFAULTS" "$LIST_DEFAULTS"
	same "$before" "$(picture /dev)" '/dev of the host'
}

test_dev_is_a_bind_of_a_directory() {
	mkdir "$WORK/dev"
	mknod "$WORK/dev/null" c 1 3
	chown 5:6 "$WORK/dev/null"
	chmod 640 "$WORK/dev/null"
	before=$(picture "$WORK/dev")
	bind_dev "$WORK/dev"
	expect '1:3' 'ls /dev | grep -v null; stat -c %t:%T /dev/null'
	same "$before" "$(picture "$WORK/dev")" 'the directory of the host'
}

test_dev_is_a_bind_with_a_listed_device() {
	mkdir "$WORK/dev"
	mknod "$WORK/dev/x" c 1 5
	chmod 640 "$WORK/dev/x"
	chown 5:6 "$WORK/dev/x"
	before=$(picture "$WORK/dev")
	bind_dev "$WORK/dev"
	config '.linux.devices = [{path: "/dev/x", type: "c", major: 1, minor: 5, fileMode: 438, uid: 0, gid: 0}]'
	expect 1:5 'stat -c %t:%T /dev/x'
	same "$before" "$(picture "$WORK/dev")" 'the directory of the host'
	config '.linux.devices[0].minor = 3'
	run_fails '.linux.devices[0]'
	config '.linux.devices[0].path = "/dev/y"'
	run_fails '.linux.devices[0]'
	same "$before" "$(picture "$WORK/dev")" 'the directory of the host'
}

test_dev_is_a_read_only_bind() {
	bind_dev /dev
	config '.mounts[-1].options += ["ro"]'
	expect "$DEFAULTS" "$LIST_DEFAULTS"
}

# A filesystem over the bind is the container's own again.
test_dev_is_a_tmpfs_over_a_bind() {
	mkdir "$WORK/dev"
	bind_dev "$WORK/dev"
	config '.mounts += [{destination: "/dev", type: "tmpfs", source: "t"}]'
	expect "$DEFAULTS" "$LIST_DEFAULTS"
	same '' "$(ls -A "$WORK/dev")" 'the directory of the host'
}

# A single device bound into a tmpfs.
test_device_as_bind() {
	config '.mounts += [{destination: "/dev/full", source: "/dev/full", options: ["bind"]}, {destination: "/dev/mine", source: "/dev/zero", options: ["bind"]}]'
	expect "1:5 $DEFAULTS" "stat -c %t:%T /dev/mine | tr '\n' ' '; $LIST_DEFAULTS"
}

test_mount_on_a_default_device() {
	echo text >"$BUNDLE/file"
	config '.mounts += [{destination: "/dev/random", source: "/dev/urandom", options: ["bind"]},
		{destination: "dev//./tty", source: "file", options: ["bind"]}]'
	expect '1:9 1:3 text' 'stat -c %t:%T /dev/random /dev/null | tr "\n" " "; cat /dev/tty'
	user_namespace
	expect '1:9 1:3 text' 'stat -c %t:%T /dev/random /dev/null | tr "\n" " "; cat /dev/tty'
}

test_user_namespace() {
	user_namespace
	expect "$DEFAULTS" "$LIST_DEFAULTS"
	expect "$LINKS" "$LIST_LINKS"
	expect 3 'echo x >/dev/null; head -c 3 /dev/zero | wc -c'
}

test_user_namespace_with_devices() {
	[ -c /dev/kmsg ] || skip 'this host has no /dev/kmsg'
	user_namespace
	config '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}, {path: "/dev/deep/pipe", type: "p", fileMode: 384, uid: 3}]'
	expect '1:b fifo 600 3' 'stat -c %t:%T /dev/kmsg | tr "\n" " "; stat -c "%F %a %u" /dev/deep/pipe'
	config '.linux.devices = [{path: "/dev/full", type: "c", major: 1, minor: 7, fileMode: 438, uid: 0, gid: 0}]'
	inside true
	same '' "$errors" 'said of what is as it was asked for'
	config '.linux.devices[0].fileMode = 384'
	run_ok
	same "hull: warning: .linux.devices[0]: the host's device is bound and keeps its fileMode, uid and gid" "$errors" warning
	# a node that the host lacks is made for the container where that is allowed
	config '.linux.devices = [{path: "/dev/no-such-device", type: "c", major: 1, minor: 5, fileMode: 438, uid: 5, gid: 6}]'
	if [ "$(id -u)" = 0 ]; then
		expect '1:5 666 5 6 1' 'echo $(stat -c "%t:%T %a %u %g" /dev/no-such-device) $(head -c 1 /dev/no-such-device | wc -c)'
		[ ! -e /dev/no-such-device ] || fail 'it was made on the host'
	else
		run_fails '.linux.devices[0]: open /dev/no-such-device of the host: No such file or directory'
	fi
	config '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 5}]'
	run_fails '.linux.devices[0]: /dev/kmsg of the host is another device'
}

test_user_namespace_with_dev_absent() {
	user_namespace
	no_dev
	rmdir "$BUNDLE/rootfs/dev"
	expect "$DEFAULTS" "$LIST_DEFAULTS"
}

test_user_namespace_with_dev_absent_and_links_to_the_host() {
	user_namespace
	no_dev
	mkdir "$WORK/outside"
	echo safe >"$WORK/outside/file"
	ln -s "$WORK/outside/file" "$BUNDLE/rootfs/dev/null"
	ln -s "$WORK/outside/new" "$BUNDLE/rootfs/dev/zero"
	before=$(picture "$WORK/outside")
	inside 'cat /dev/null'
	same "$before" "$(picture "$WORK/outside")" 'the host'
}

test_user_namespace_with_dev_bound() {
	user_namespace
	before=$(picture /dev)
	bind_dev /dev
	expect "$DEFAULTS" "$LIST_DEFAULTS"
	same "$before" "$(picture /dev)" '/dev of the host'
	mkdir "$WORK/dev"
	config --arg dir "$WORK/dev" '.mounts[-1].source = $dir'
	expect 0 'ls -A /dev | wc -l'
}

test_no_mount_namespace() {
	config 'del(.linux.namespaces[] | select(.type == "mount")) | .mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = []
		| .linux.devices = [{path: "/dev/x", type: "c", major: 1, minor: 3}]'
	run_fails '.linux.devices'
}

# The rules are the initial user namespace's to set, as in podman build without root; what no device can be made for needs none.
test_rules_of_root_in_a_user_namespace() {
	unshare -Urm true 2>/dev/null || skip 'no user namespaces here'
	hull_within_reach
	config '.linux.resources.devices = [{allow: false, access: "rwm"}]
		| .mounts |= map(if .type == "devpts" then .options -= ["gid=5"] else . end)
		| .process.args = ["sh", "-c", "echo x >/dev/null && ! mknod /dev/x c 1 3 2>/dev/null && echo ran"]'
	try unshare -Urm "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	expect_status 0
	same ran "$out" 'the output'
}

test_root_without_cap_mknod() {
	config '.process.args = ["sh", "-c", "echo x >/dev/null && echo ran"]'
	try setpriv --bounding-set=-mknod "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	expect_status 0
	same ran "$out" 'the output'
}

run_tests
