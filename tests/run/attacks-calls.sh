#!/bin/sh
# System calls and devices: whatever the filter or the capabilities forbid cannot be reached in another way.
. "${0%/*}/lib.sh"
. "${0%/*}/../attacks/lib.sh"

forbid_mkdir() {
	with_helper calls
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"],
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 1}]}'
}

attack_call() { # WAY
	fresh
	[ "$(uname -m)" = x86_64 ] || skip 'these are doors of x86-64'
	forbid_mkdir
	config --arg way "$1" '.process.args = ["calls", $way]'
	run
	[ -d "$BUNDLE/rootfs/made" ]
}
attack_native() { attack_call native; }
attack_x32() { attack_call x32; }
attack_int80() { attack_call int80; }
test_filter_natively() { refused attack_native; }
test_filter_by_x32() { refused attack_x32; }
test_filter_by_int80() { refused attack_int80; }

test_device_nodes() { # made with every right to, and still not opened
	config '.process.capabilities = {bounding: ["CAP_MKNOD"], permitted: ["CAP_MKNOD"], effective: ["CAP_MKNOD"]} |
		.process.args = ["sh", "-c", "mknod /tmp/memory c 1 1; mknod /tmp/disk b 7 0; dd if=/tmp/memory count=1 of=/dev/null; dd if=/tmp/disk count=1 of=/dev/null"]'
	run
	[ "$status" != 0 ] || fail 'a device was opened'
	case $errors in *records*) fail "a device was read: $errors" ;; esac
}

test_mount_without_right() {
	for script in 'mount -t tmpfs none /mnt' 'mount -o remount,rw /' 'umount /proc/keys' 'umount /proc/sys' 'mount -o remount,rw /proc/sys' \
		'unshare -m true' 'chroot / true' 'echo 1 >/proc/sys/kernel/core_uses_pid' 'echo h >/proc/sysrq-trigger' 'mkdir /sys/fs/cgroup/x' \
		'setpriv --clear-groups true' 'hostname evil' 'ip link set lo down' 'nsenter -t 1 -m true'; do
		config '.root.readonly = true'
		inside "$script"
		[ "$status" != 0 ] || fail "'$script' succeeded"
	done
}

test_groups_of_the_caller() { # CVE-2022-36109, CVE-2023-25173
	config '.process.user = {uid: 1000, gid: 1000}'
	command -v setpriv >/dev/null || skip 'setpriv(1) is not here'
	config '.process.args = ["id", "-G"]'
	try setpriv --groups 0,4,27 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	same 1000 "$out" groups
}

# Root that may not drop its groups does not lend them to the container, neither to a process of exec.
attack_groups() {
	fresh
	config '.process.args = ["id", "-G"]'
	try setpriv --groups 0,4,27 --bounding-set -setgid "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	case $out in *27*) ;; *) false ;; esac
}
attack_groups_of_exec() {
	fresh
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" || fail "run: $(cat "$WORK/errors")"
	try setpriv --groups 0,4,27 --bounding-set -setgid "$HULL" --root "$STATE" exec "$ID" id -G
	hull delete --force "$ID"
	case $out in *27*) ;; *) false ;; esac
}
test_groups_that_cannot_be_dropped() {
	command -v setpriv >/dev/null || skip 'setpriv(1) is not here'
	defended setgroups attack_groups
	defended setgroups attack_groups_of_exec
	refused attack_groups
	case $errors in *'setgroups to 0 groups: Operation not permitted'*CAP_SETGID*) ;; *) fail "said: $errors" ;; esac
}

# A user namespace in the container mounts a procfs without masks where the mount namespace has a complete one.
attack_fresh_procfs() { # OPTION
	fresh
	config '.process.capabilities |= map_values(. + ["CAP_SETFCAP", "CAP_SETUID", "CAP_SETGID", "CAP_SYS_ADMIN"])'
	config --arg script 'mkdir -p /fresh; unshare -m -r -p -f mount -t proc none /fresh && echo mounted' '.process.args = ["sh", "-c", $script]'
	run $1
	case $out in *mounted*) ;; *) false ;; esac
}
attack_procfs_of_the_old_root() { attack_fresh_procfs --no-pivot; }
attack_procfs_of_the_new_root() { attack_fresh_procfs ''; }
test_fresh_procfs_in_a_user_namespace() {
	refused attack_procfs_of_the_new_root
	defended old-mounts attack_procfs_of_the_old_root
}

# A hook is a process of the container too: what the filter denies, it cannot do (with noNewPrivileges init loads its own filter later).
attack_hook_unfiltered() { # NO-NEW-PRIVILEGES
	fresh
	config --argjson no_new "$1" '.process.noNewPrivileges = $no_new | .process.args = ["ls", "/"] |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO"}]} |
		.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "mkdir /made; true"]}]'
	run
	case $out in *made*) ;; *) false ;; esac
}
attack_late_filter() { attack_hook_unfiltered true; }
attack_early_filter() { attack_hook_unfiltered false; }
test_filter_of_a_hook() {
	defended hook-filter attack_late_filter
	refused attack_early_filter
	expect_status 0
}

# A process that looks around: no mount of the host, no root of the host, no keys, no way up.
test_nothing_of_the_host() {
	expect / 'cd /../../..; pwd'
	inside 'cat /proc/self/mountinfo'
	same / "$(printf '%s\n' "$out" | awk 'NR == 1 { print $5 }')" 'the first mount'
	same 1 "$(printf '%s\n' "$out" | awk '$5 == "/"' | wc -l)" 'mounts on /'
	expect '' 'cat /proc/1/environ | tr "\0" "\n" | grep -E "^(HULL_DEFENCE|SUDO|XDG|PWD)"; true'
}

run_tests
