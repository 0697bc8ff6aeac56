#!/bin/sh
# The image owns every name of its root filesystem: none of them may lead to the host.
. "${0%/*}/lib.sh"
. "${0%/*}/../attacks/lib.sh"

without_mount() { # DESTINATION...
	for destination; do
		config --arg d "$destination" '.mounts |= map(select(.destination | startswith($d) | not))'
	done
}

replace() { # NAME TARGET
	rm -rf "$BUNDLE/rootfs${1:?}"
	ln -s "$2" "$BUNDLE/rootfs$1"
}

# /dev is a link, and nothing is mounted there (CVE-2026-41579, CVE-2026-47766).
attack_dev_link() {
	fresh
	without_mount /dev
	replace /dev "$CANARY/directory"
	inside true
	canary_changed
}
test_dev_is_a_link() { defended in-root attack_dev_link; }

attack_dev_link_device() {
	fresh
	without_mount /dev
	replace /dev "$CANARY/directory"
	config '.linux.devices = [{path: "/dev/sub/extra", type: "c", major: 1, minor: 3}]'
	inside true
	canary_changed
}
test_dev_is_a_link_and_a_device_is_wanted() { defended in-root attack_dev_link_device; }

attack_dev_relative_link() {
	fresh
	without_mount /dev
	replace /dev "../../../../../../../../../..$CANARY/directory"
	inside true
	canary_changed
}
test_dev_is_a_relative_link() { defended in-root attack_dev_relative_link; }

# A mount on /dev goes through the link, never to the host's /dev.
attack_dev_mount_link() {
	fresh
	replace /dev "$CANARY/missing"
	inside true
	canary_changed
}
test_dev_is_a_link_below_a_mount() { refused attack_dev_mount_link; }

# /proc and /sys: only the real filesystems, at their places (CVE-2019-19921, CVE-2023-27561, CVE-2023-28642,
# CVE-2025-54867).
attack_proc_link() {
	fresh
	mkdir "$BUNDLE/rootfs/bad"
	replace /proc /bad
	inside 'grep -q . /bad/self/status && echo mounted elsewhere'
	[ "$out" = 'mounted elsewhere' ]
}
test_proc_is_a_link() {
	defended proc-links attack_proc_link
	fresh
	mkdir "$BUNDLE/rootfs/bad"
	replace /proc /bad
	run_fails '.mounts[0]: mount proc on /proc: Too many levels of symbolic links'
	replace /proc "$WORK/elsewhere"
	run_fails '.mounts[0]: mount proc on /proc: Too many levels of symbolic links'
}
attack_sys_link() {
	fresh
	mkdir "$BUNDLE/rootfs/bad"
	replace /sys /bad
	inside 'test -d /bad/kernel && echo mounted elsewhere'
	[ "$out" = 'mounted elsewhere' ]
}
test_sys_is_a_link() { defended proc-links attack_sys_link; }

# The link and the directory change places all the time: real procfs at /proc, or an error.
test_proc_exchanged_for_a_link() {
	fresh
	helper racer
	mkdir -p "$BUNDLE/rootfs/bad"
	ln -s bad "$BUNDLE/rootfs/link"
	config '.process.args = ["sh", "-c", "grep -q . /bad/self/status && echo elsewhere; true"]'
	nice -n 10 "$SUITE_DIR/bin/racer" "$BUNDLE/rootfs/proc" "$BUNDLE/rootfs/link" 4 &
	racer=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
		run
		[ "$out" != elsewhere ] || fail 'procfs is elsewhere'
	done
	kill $racer
	wait $racer
	return 0
}

# Mount targets: absolute, relative, chained, dangling, looping (CVE-2019-18837, CVE-2015-1335, CVE-2024-45310).
attack_target() { # LINK-TARGET DESTINATION
	fresh
	ln -s "$1" "$BUNDLE/rootfs/out"
	config --arg d "$2" '.mounts += [{destination: $d, type: "tmpfs", source: "tmpfs"}]'
	inside true
	canary_changed
}
attack_target_absolute() { attack_target "$WORK/canary/directory" /out/made; }
attack_target_relative() { attack_target "../../../../../../../../..$WORK/canary/directory" /out/made/deeper; }
attack_target_chain() {
	fresh
	ln -s "$CANARY/directory" "$BUNDLE/rootfs/two"
	ln -s two "$BUNDLE/rootfs/one"
	config '.mounts += [{destination: "/one/made", type: "tmpfs", source: "tmpfs"}]'
	inside true
	canary_changed
}
attack_target_file() {
	fresh
	ln -s "$CANARY/directory" "$BUNDLE/rootfs/out"
	config '.mounts += [{destination: "/out/made", type: "bind", source: "/etc/hostname", options: ["bind", "ro"]}]'
	inside true
	canary_changed
}
attack_target_dangling() { attack_target "$WORK/canary/dangling" /out; }
test_mount_target_through_absolute_link() { defended in-root attack_target_absolute; }
test_mount_target_through_relative_link() { defended in-root attack_target_relative; }
test_mount_target_through_chain() { defended in-root attack_target_chain; }
test_mount_target_file() { defended in-root attack_target_file; }
test_mount_target_dangling() { refused attack_target_dangling; }
test_mount_target_loop() {
	ln -s loop "$BUNDLE/rootfs/loop"
	config '.mounts += [{destination: "/loop/x", type: "tmpfs", source: "tmpfs"}]'
	run_fails 'Too many levels of symbolic links'
}

# A volume that two containers share: its directory and a link to the host change places while targets are made in it
# (CVE-2021-30465).
test_mount_target_exchanged_for_a_link() {
	fresh
	helper racer
	mkdir -p "$WORK/volume/directory"
	ln -s "$CANARY" "$WORK/volume/link"
	config --arg volume "$WORK/volume" '.mounts += [{destination: "/volume", type: "bind", source: $volume, options: ["bind"]}]
		+ [range(12) | {destination: "/volume/directory/made-\(.)/deep", type: "tmpfs", source: "tmpfs"}]'
	config '.process.args = ["sh", "-c", "ls /volume/directory /volume/link/"]'
	nice -n 10 "$SUITE_DIR/bin/racer" "$WORK/volume/directory" "$WORK/volume/link" 5 &
	racer=$!
	for _ in 1 2 3 4 5 6 7 8; do
		run
		case $out in *file*) fail "the host's directory is seen: $out" ;; esac
	done
	kill $racer
	wait $racer
	! canary_changed || fail 'something was made on the host'
}

# Masks and read-only paths through links: the host's file stays unchanged, and a path that cannot be masked is an error.
attack_mask_null() {
	fresh
	without_mount /dev
	replace /dev/null "$CANARY/file"
	inside 'cat /proc/keys /dev/null'
	canary_changed || case $out in *canary*) ;; *) false ;; esac
}
test_null_is_a_link() { # CVE-2025-31133, CVE-2025-62161
	refused attack_mask_null
	fresh
	without_mount /dev
	replace /dev/null "$CANARY/file"
	run_fails '/dev/null: make the device /dev/null: File exists'
}
test_mask_is_the_null_device() {
	expect 'character special file 1 3' 'stat -c "%F %t %T" /proc/keys'
}
test_null_is_a_file_of_the_host() { # CVE-2026-88265: neither opened nor given away
	fresh
	without_mount /dev
	touch "$BUNDLE/rootfs/dev/null"
	config --arg file "$CANARY/file" '.process.user = {uid: 1000, gid: 1000} |
		.mounts += [{destination: "/dev/null", type: "bind", source: $file, options: ["bind"]}]'
	inside 'cat <&0'
	! canary_changed || fail 'the file of the host was changed'
	case $out in *canary*) fail 'a descriptor to the file of the host' ;; esac
}

# Another process that can write to the root filesystem renames directories while the container is made (GHSA-3q8j-pf29-vwv8). Here a
# hook does it, between the mounts and the masks.
exchange() { # NAME NAME
	printf '#!/bin/sh\ncd %s && mv %s aside && mv %s %s && mv aside %s\n' "$BUNDLE/rootfs" "$1" "$2" "$1" "$2" >"$WORK/hook"
	chmod 755 "$WORK/hook"
	mkdir "$BUNDLE/rootfs/$2"
	config --arg hook "$WORK/hook" '.hooks.createRuntime = [{path: $hook}]'
}
attack_mask_exchanged() {
	fresh
	exchange proc decoy
	inside 'stat -c %t:%T /decoy/keys'
	[ "$status" = 0 ] && [ "$out" != 1:3 ]
}
attack_readonly_exchanged() {
	fresh
	exchange proc decoy
	inside 'grep -c " /decoy/sys ro," /decoy/self/mountinfo'
	[ "$out" = 0 ]
}
test_mask_looked_up_beside_procfs() { defended anchors attack_mask_exchanged; }
test_readonly_path_looked_up_beside_procfs() { defended anchors attack_readonly_exchanged; }
attack_directory_exchanged() { # a working directory that a mount has brought
	fresh
	mkdir "$WORK/volume"
	touch "$WORK/volume/ours"
	mkdir -p "$BUNDLE/rootfs/volume"
	exchange volume decoy
	config --arg volume "$WORK/volume" '.process.cwd = "/volume" |
		.mounts += [{destination: "/volume", type: "bind", source: $volume, options: ["bind"]}]'
	inside 'ls'
	rm -rf "$WORK/volume"
	[ "$out" != ours ]
}
test_working_directory_exchanged() { defended anchors attack_directory_exchanged; }

# The host's cgroups below a read-only bind of /sys, however that is written (CVE-2023-25809).
attack_sys_bound() { # SOURCE
	fresh
	config --arg source "$1" '.mounts |= map(select(.destination | startswith("/sys") | not)) +
		[{destination: "/mnt", type: "bind", source: $source, options: ["rbind", "ro"]}]'
	inside 'grep "^[^-]* /mnt.* - cgroup" /proc/self/mountinfo'
	printf '%s\n' "$out" | grep -q . || fail "$1 has no cgroups"
	printf '%s\n' "$out" | awk '{ print $6 }' | grep -qv '^ro'
}
attack_sys_slash() { attack_sys_bound /sys/; }
attack_sys_slashes() { attack_sys_bound //sys; }
attack_sys_dot() { attack_sys_bound /sys/.; }
attack_sys_below() { attack_sys_bound /sys/fs; }
attack_sys_by_link() {
	ln -sfn /sys "$WORK/sys"
	attack_sys_bound "$WORK/sys"
}
test_sys_bound_read_only() {
	for attack in slash slashes dot below by_link; do
		defended sys-readonly attack_sys_$attack
	done
}

# The host's null device must not be changed by way of a mask (here a stand-in for it, in a mount namespace of our own).
attack_mask_chmod() {
	fresh
	mknod -m 666 "$WORK/null" c 1 3
	config '.process.args = ["chmod", "600", "/proc/keys"] | .process.capabilities = null'
	unshare -m sh -c 'mount --bind "$1" /dev/null && exec "$2" --root "$3" run -b "$4" "$5"' - \
		"$WORK/null" "$HULL" "$STATE" "$BUNDLE" "$ID" >"$WORK/out" 2>"$WORK/errors"
	mode=$(stat -c %a "$WORK/null")
	rm "$WORK/null"
	[ "$mode" != 666 ]
}
test_mode_of_the_hosts_null_by_a_mask() { defended readonly-null attack_mask_chmod; }

# Files that hull makes or reads in the image exist before as something else (CVE-2025-24965).
attack_console() {
	fresh
	helper tty
	without_mount /dev
	mkdir "$BUNDLE/rootfs/dev/pts"
	"$1"
	config '.process.terminal = true | .process.args = ["true"] |
		.mounts += [{destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"]}]'
	try "$SUITE_DIR/bin/tty" on "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	canary_changed || [ -e "$CANARY/made" ]
}
console_link() { ln -s "$CANARY/made" "$BUNDLE/rootfs/dev/console"; }
console_link_file() { ln -s "$CANARY/file" "$BUNDLE/rootfs/dev/console"; }
pts_link() {
	rmdir "$BUNDLE/rootfs/dev/pts"
	ln -s "$CANARY/directory" "$BUNDLE/rootfs/dev/pts"
}
ptmx_link() { ln -s "$CANARY/file" "$BUNDLE/rootfs/dev/ptmx"; }
attack_console_link() { attack_console console_link; }
attack_console_link_file() { attack_console console_link_file; }
attack_pts_link() { attack_console pts_link; }
attack_ptmx_link() { attack_console ptmx_link; }
test_console_is_a_link() { refused attack_console_link; }        # CVE-2026-88264
test_console_is_a_link_to_a_file() { refused attack_console_link_file; } # CVE-2025-52565
test_pts_is_a_link() { refused attack_pts_link; }
test_ptmx_is_a_link() { refused attack_ptmx_link; }

attack_passwd() { # a device whose opening would be noticed; here a link to the host's file, a fifo, a device
	fresh
	rm "$BUNDLE/rootfs/etc/passwd"
	"$1"
	config '.process.env |= map(select(startswith("HOME=") | not))'
	inside 'echo "$HOME"'
	[ "$status" != 0 ] || [ "$out" != / ]
}
passwd_link() {
	echo 'root:x:0:0::/from/host:/bin/sh' >"$CANARY/file"
	ln -s "$CANARY/file" "$BUNDLE/rootfs/etc/passwd"
}
passwd_fifo() { mkfifo "$BUNDLE/rootfs/etc/passwd"; }
passwd_zero() { mknod "$BUNDLE/rootfs/etc/passwd" c 1 5; }
attack_passwd_link() { attack_passwd passwd_link; }
attack_passwd_fifo() { attack_passwd passwd_fifo; }
attack_passwd_device() { attack_passwd passwd_zero; }
test_passwd_is_a_link() { defended in-root attack_passwd_link; }
test_passwd_is_a_fifo() { refused attack_passwd_fifo; }
test_passwd_is_a_device() { # neither read nor opened
	refused attack_passwd_device
	command -v strace >/dev/null || skip 'strace is not here'
	config '.process.args = ["true"]'
	strace -f -o "$WORK/trace" -e trace=openat2,openat "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" ||
		skip 'strace cannot trace here'
	! grep 'etc/passwd' "$WORK/trace" | grep -v O_PATH || fail 'it was opened'
}

attack_cwd() {
	fresh
	ln -s "$CANARY/directory" "$BUNDLE/rootfs/link"
	config '.process.cwd = "/link/made"'
	inside true
	canary_changed || [ -e "$CANARY/directory/made" ]
}
test_working_directory_through_link() { refused attack_cwd; }

# An existing node gets the mode of the configuration; the target of a link that is swapped in for it does not.
test_device_exchanged_for_a_link() {
	fresh
	helper racer
	without_mount /dev
	mknod -m 600 "$BUNDLE/rootfs/dev/extra" c 1 3
	ln -s "$CANARY/file" "$BUNDLE/rootfs/dev/link"
	config '.process.args = ["true"] | .linux.devices = [{path: "/dev/extra", type: "c", major: 1, minor: 3, fileMode: 438, uid: 1000}]'
	nice -n 10 "$SUITE_DIR/bin/racer" "$BUNDLE/rootfs/dev/extra" "$BUNDLE/rootfs/dev/link" 4 &
	racer=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		run
	done
	kill $racer
	wait $racer
	same 600 "$(stat -c %a "$CANARY/file")" "mode of the host's file"
	same 0 "$(stat -c %u "$CANARY/file")" "owner of the host's file"
}

# A volume mounted over /proc with a file for the label to go to (CVE-2019-16884): hull uses a procfs of its own.
test_volume_over_proc() {
	mkdir -p "$WORK/volume/self/attr" "$WORK/volume/sys/net/ipv4"
	echo untouched >"$WORK/volume/sys/net/ipv4/ip_default_ttl"
	config --arg volume "$WORK/volume" '.mounts += [{destination: "/proc", type: "bind", source: $volume, options: ["bind"]}] |
		.linux.namespaces |= map(select(.type != "network")) + [{type: "network"}] | .linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}'
	inside 'cat /proc/sys/net/ipv4/ip_default_ttl'
	expect_status 0
	same untouched "$out" 'what the container sees'
	same untouched "$(cat "$WORK/volume/sys/net/ipv4/ip_default_ttl")" 'the file of the volume'
}

# A bind below /proc, after which the masks and read-only paths are those of the procfs around it.
test_bind_below_proc() {
	echo bound >"$WORK/file"
	config --arg file "$WORK/file" '.mounts += [{destination: "/proc/sys/kernel/hostname", type: "bind", source: $file, options: ["bind"]},
		{destination: "/proc/meminfo", type: "bind", source: $file, options: ["bind", "ro"]}]'
	expect 'bound bound 1:3' 'echo $(cat /proc/sys/kernel/hostname /proc/meminfo) $(stat -c %t:%T /proc/keys)'
	inside 'echo x >/proc/sys/kernel/hostname'
	[ "$status" != 0 ] || fail 'the read-only path is writable'
	same bound "$(cat "$WORK/file")" 'the file of the host'
}

run_tests
