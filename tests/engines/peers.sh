#!/bin/sh
# The same configuration under hull, runc and crun: a process must see the same of itself (observe.c), except for the differences
# that are justified below. With VERBOSE=1, those are shown too.

. "${0%/*}/private-view.sh"
. "${0%/*}/../run/lib.sh"

peers=
for name in runc crun; do
	if "$name" --version >/dev/null 2>&1; then
		peers="$peers $name"
	else
		echo "SKIP $SUITE: $name is not here"
	fi
done
[ -n "$peers" ] || exit 0

# Intended differences with their reasons: the peer, a tab, an expression for a line of diff(1) from hull's view (<) to the peer's
# (>).
justified() {
	grep -E "^($1|both)	" <<'END' | cut -f 2-
# The empty directory over a masked one: hull's has no room for files, and has the flags of a mount that is never used.
both	^[<>] mount (/proc/(acpi|scsi)|/sys/firmware): .* - tmpfs
both	^[<>] (mounted|node) (/proc/(acpi|scsi)|/sys/firmware): 04(0755|1777) uid
# A masked file is a null device: runc uses the container's, crun and hull the host's, on a read-only mount.
both	^[<>] mount (/etc/passwd|/proc/(keys|kcore|timer_list|latency_stats)): from /null 
# hull's keyring has no name, since a keyring of that name may already be somebody else's; runc's may be searched by its user, for
# exec.
both	^[<>] keyring: keyring;0;0;3f(0|1)[3b]000[08];
# No link to the kernel's memory: the specification does not demand it, and its target is masked.
both	^> node /dev/core: .* to /proc/kcore$
# crun gives the streams to the user's group as well, and also the null device; under hull and runc a new file keeps its group.
crun	^[<>] (fd [012]: [0-9]+|node /dev/null: 020666) uid (0|1000|4242) gid 
# make(1) leaves signals 32 and 33, which the C library uses, ignored; the peers pass that on.
both	^[<>] status: SigIgn:	0000000[01][08]0000000$
# The source of a filesystem without one is the configuration's; the source of a bind is that of the host's mount.
both	^[<>] mount /sys/fs/cgroup: .* - cgroup2 (none|cgroup2?) rw
runc	^[<>] mount /mnt/w: from / rw,relatime - tmpfs (tmpfs)? rw$
# A read-only sysfs or tmpfs of the container's own is read-only as a whole, not only in this mount of it: a process that may
# remount it finds it read-only, and the filesystem refuses first.
both	^[<>] mount (/sys|/mnt/u): from / ro,.* - (sysfs sysfs|tmpfs some) r[ow]$
crun	^[<>] write /sys/.*: (Read-only file system|Permission denied)$
# This crun opens a tmpfs without a mode to everybody; runc and newer ones give it the mode of the directory that it hides.
crun	^[<>] mount(ed)? /mnt/[nuw]: (from / r[ow],.* - tmpfs|04(0755|1777) uid)
# runc changes the mode of a tmpfs back to that of the directory below, even against the option "mode"; the first process may find
# another one.
runc	^[<>] mounted /mnt/[ntuw]: 04(0755|1777|1770) uid
# This runc permits /dev/net/tun to every container; newer ones do not.
runc	^[<>] (read|write) /dev/made: 
# crun sets a group twice that is given twice.
crun	^[<>] (supplementary group: 5|status: Groups:	5 5? ?7 1001 )$
# Features newer than this runc.
runc	^[<>] (domain name|personality|machine): 
# The home directory is looked up in the image's own file, even if that is masked; if there is none, crun sets no variable.
both	^[<>] environment: HOME=/(root)?$
# If the container cannot make devices, they are bound from the host. hull's mounts are read-only, so that no mode or owner of the
# host's devices can be changed through them; devices can be written all the same.
both	^[<>] mount /dev/(full|null|random|tty|urandom|zero): from /[a-z]* r[ow],(nosuid,noexec,)?relatime - (dev)?tmpfs
# How the terminal was opened: by its master, or by its name.
both	^[<>] fd [012]: 020620 uid (0|1000) gid 5 flags (02000002|0100002) terminal$
# runc clears ONLCR, so that lines end in a bare newline; crun and hull do not.
runc	^[<>] terminal modes: 500 [15] bf 8a3b$
# In the foreground, the size is that of the caller's terminal, and follows it; runc sets it too, but perhaps after the program has
# asked (tests/run/terminal.sh tests hull's).
both	^[<>] terminal size: 
# It is chance when the end of the caller's input reaches the container.
both	^[<>] read /dev/(tty|console): (empty|Resource temporarily unavailable)$
crun	^[<>] mount /dev/console: from /0 rw,(nosuid,noexec,)?relatime - devpts 
END
}

# By create and start, as engines do: the descriptors are then the caller's own.
create_and_start() {
	timeout -k 5 120 "$@" create $CREATE -b "$BUNDLE" "$ID" <"$INPUT" >"$WORK/out" 2>"$WORK/said" ||
		fail "$1 create: $(cat "$WORK/said")"
	timeout -k 5 120 "$@" start "$ID" >"$WORK/said" 2>&1 || fail "$1 start: $(cat "$WORK/said")"
	await "$1: the output has no end" grep -q '^end$' "$WORK/out"
	timeout -k 5 120 "$@" delete --force "$ID" >"$WORK/said" 2>&1 || fail "$1 delete: $(cat "$WORK/said")"
}

run_on_terminal() {
	command -v script >/dev/null || skip 'script(1) is not here'
	script -q -e -c "stty rows 43 columns 132; timeout --foreground -k 5 120 $* run -b '$BUNDLE' '$ID'" /dev/null </dev/null 2>&1 |
		tr -d '\r' | sed 's/^\(\^[@D]\x08*\)*//' >"$WORK/out"
}

observe_by() { # NAME COMMAND...
	name=$1
	shift
	"$HOW" "$@"
	grep -q '^end$' "$WORK/out" || fail "$name: the output has no end: $(tail -n 3 "$WORK/out")"
	# The number of a namespace means nothing; whether it is the host's does.
	awk '
		NR == FNR { host[$0] = 1; next }
		# its number in the host does not matter
		/^process: pid / && length($3) > 2 { pid = $3 }
		pid { gsub(pid, "PID") }
		# peer groups have numbers of the whole machine
		/^mount / { gsub(/shared:[0-9]+/, "shared"); gsub(/master:[0-9]+/, "master") }
		/^namespace / { print $1, $2, ($3 in host ? "of the host" : "of its own"); next }
		/^status: / && !/^status:.(Name|Umask|Uid|Gid|Groups|NS|Sig[^Q]|Shd|Cap|NoNew|Secc|Specu|Cpus_allowed_list|Mems_allowed_list|THP)/ { next }
		{ print }' "$SUITE_DIR/host-namespaces" "$WORK/out" | LC_ALL=C sort >"$WORK/seen-$name"
}

# Runs the configuration everywhere and prints the differences.
compare() {
	compile observe
	[ -e "$SUITE_DIR/host-namespaces" ] ||
		for type in /proc/self/ns/*; do readlink "$type"; done >"$SUITE_DIR/host-namespaces"
	mkdir -p "$BUNDLE/rootfs/bin"
	cp "$PROGRAMS/observe" "$BUNDLE/rootfs/bin/observe"
	config --arg path "/$ID" '.ociVersion = "1.0.2" | .process.args = ["/bin/observe", "one", "two words", ""] | .linux.cgroupsPath //= $path'
	config "$@"
	INPUT=${INPUT:-/dev/null} CREATE=${CREATE:-} HOW=${HOW:-create_and_start}
	for peer in ${PEERS:-$peers}; do
		mkdir -p "$WORK/$peer-state"
		# crun raises RLIMIT_MEMLOCK before it loads a device program, which not every root may.
		[ "$peer" != crun ] || config 'del(.linux.resources)'
		observe_by hull "$HULL" --root "$STATE"
		observe_by "$peer" "$peer" --root "$WORK/$peer-state"
		diff "$WORK/seen-hull" "$WORK/seen-$peer" | grep '^[<>]' >"$WORK/all"
		justified "$peer" >"$WORK/expressions"
		grep -Evf "$WORK/expressions" "$WORK/all" >"$WORK/differences"
		[ -z "${VERBOSE:-}" ] || sed "s/^/$peer: /" "$WORK/all"
		[ ! -s "$WORK/differences" ] || {
			echo "$peer ($(wc -l <"$WORK/differences")):"
			cat "$WORK/differences"
			echo 'differs' >"$WORK/verdict"
		}
	done
	[ ! -e "$WORK/verdict" ] || exit 1
}

# A permissive configuration, so that more can be seen.
ALL_CAPS='["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD", "CAP_NET_ADMIN",
	"CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_ADMIN",
	"CAP_SYS_CHROOT", "CAP_SYS_PTRACE"]'

test_default() {
	compare .
}

test_all_capabilities() {
	compare --argjson caps "$ALL_CAPS" '.process.noNewPrivileges = false
		| .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}'
}

test_ambient_capabilities() {
	compare '.process.user = {uid: 1000, gid: 1000} | ["CAP_KILL", "CAP_NET_RAW"] as $caps
		| .process.capabilities = {bounding: $caps, inheritable: $caps, permitted: $caps, effective: $caps, ambient: $caps}'
}

test_capabilities_of_a_user() {
	compare '.process.user = {uid: 1000, gid: 1000} | ["CAP_KILL", "CAP_NET_RAW"] as $caps
		| .process.capabilities = {bounding: $caps, permitted: $caps, effective: $caps}'
}

test_no_capabilities() {
	compare 'del(.process.capabilities)'
}

test_empty_capabilities() {
	compare '.process.capabilities = {}'
}

test_bounding_alone() {
	compare '.process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN"]}'
}

test_user_and_groups() {
	compare '.process.user = {uid: 1000, gid: 1001, umask: 63, additionalGids: [5, 1001, 7, 5]}'
}

test_user_without_a_name() {
	compare '.process.user = {uid: 4242, gid: 0} | .process.cwd = "/tmp/made/here"'
}

test_privileges_may_be_gained() {
	compare '.process.noNewPrivileges = false'
}

test_environment() {
	compare '.process.env = ["A=1", "B=x=y", "EMPTY=", "A=2", "PATH=/nowhere:/bin", "HOME=/srv"] | .process.args[0] = "observe"'
}

test_no_environment() {
	compare 'del(.process.env)'
}

test_limits() {
	compare '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0},
		{type: "RLIMIT_STACK", soft: 4194304, hard: 8388608}, {type: "RLIMIT_NPROC", soft: 50, hard: 60}]'
}

test_scores() {
	compare '.process.oomScoreAdj = 321'
}

test_names() {
	compare '.hostname = "some.where" | .domainname = "else.where"'
}

test_no_names() {
	compare 'del(.hostname)'
}

test_writable_root() {
	compare '.root.readonly = false'
}

test_no_mounts() {
	mkdir "$BUNDLE/rootfs/none"
	compare '.mounts = [.mounts[] | select(.destination == ("/proc", "/dev"))]'
}

test_mount_options() {
	mkdir "$WORK/from" "$WORK/from/sub"
	: >"$WORK/file"
	compare --arg from "$WORK/from" --arg file "$WORK/file" '.root.readonly = false | .mounts += [
		{destination: "/mnt/a", source: $from, options: ["bind", "ro", "nosuid", "noexec"]},
		{destination: "/mnt/b", source: $from, type: "bind", options: ["rbind", "rw", "nodev", "noatime"]},
		{destination: "/mnt/c", source: $from, type: "none", options: ["rbind", "rprivate", "nodiratime"]},
		{destination: "/mnt/file", source: $file, options: ["bind", "ro"]},
		{destination: "/mnt/t", source: "tmpfs", type: "tmpfs", options: ["mode=1770", "size=64k", "uid=7", "noexec", "nosuid"]},
		{destination: "/mnt/u", source: "some", type: "tmpfs", options: ["ro"]},
		{destination: "/mnt/w", type: "tmpfs"},
		{destination: "/mnt/v", type: "tmpfs", source: "tmpfs", options: ["nosuid", "size=64k,mode=755,uid=7"]},
		{destination: "/mnt/n", source: "tmpfs", type: "tmpfs", options: ["strictatime", "nodev"]}]'
}

test_mount_propagation() {
	mkdir "$WORK/from"
	compare --arg from "$WORK/from" '.root.readonly = false | .linux.rootfsPropagation = "slave" | .mounts += [
		{destination: "/mnt/a", source: $from, options: ["bind", "shared"]},
		{destination: "/mnt/b", source: $from, options: ["bind", "rslave"]},
		{destination: "/mnt/c", source: $from, options: ["bind", "private"]},
		{destination: "/mnt/d", source: $from, options: ["bind", "unbindable"]},
		{destination: "/mnt/e", source: $from, options: ["bind"]}]'
}

test_recursive_attributes() {
	mkdir "$WORK/from"
	compare --arg from "$WORK/from" '.root.readonly = false | .mounts += [
		{destination: "/mnt/a", source: $from, options: ["rbind", "rro"]},
		{destination: "/mnt/b", source: $from, options: ["rbind", "rnosuid", "rnoexec", "rnodev"]}]'
}

test_devices() {
	compare --argjson caps "$ALL_CAPS" '.process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}
		| .linux.devices = [{path: "/dev/extra", type: "c", major: 1, minor: 5, fileMode: 384, uid: 3, gid: 4},
			{path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 438, uid: 0, gid: 0},
			{path: "/dev/in/side", type: "p", fileMode: 416, uid: 1, gid: 2},
			{path: "/dev/sda9", type: "b", major: 8, minor: 9, fileMode: 432, gid: 6}]
		| .linux.resources.devices += [{allow: true, type: "c", major: 10, minor: 229, access: "rw"}]'
}

test_namespaces_of_the_host() {
	compare 'del(.hostname) | .linux.namespaces = [{type: "mount"}]
		| .mounts |= map(select(.destination == ("/proc", "/dev", "/dev/pts", "/dev/shm")))'
}

test_no_cgroup_namespace() {
	compare '.linux.namespaces |= map(select(.type != "cgroup"))'
}

test_user_namespace() {
	compare '.linux.namespaces += [{type: "user"}] | .root.readonly = false
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 0, size: 65536}]'
}

test_masked_and_readonly_paths() {
	compare '.linux.maskedPaths = ["/etc/passwd", "/sys/firmware", "/none"] | .linux.readonlyPaths = ["/proc/irq", "/tmp", "/none"]'
}

test_no_masked_paths() {
	compare 'del(.linux.maskedPaths) | del(.linux.readonlyPaths)'
}

test_sysctl() {
	compare '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1"}'
}

test_seccomp() {
	compare '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["keyctl", "chroot"], action: "SCMP_ACT_ERRNO"}]}'
}

test_personality() {
	compare '.linux.personality = {domain: "LINUX32"}'
}

test_no_new_keyring() {
	CREATE=--no-new-keyring
	compare .
}

test_preserved_descriptors() {
	CREATE='--preserve-fds 2'
	exec 3</dev/null 4>"$WORK/four" 5</dev/null
	compare .
}

test_input_from_a_pipe() {
	mkfifo "$WORK/pipe"
	sleep 1000 >"$WORK/pipe" &
	writer=$!
	trap 'kill $writer' EXIT
	INPUT=$WORK/pipe
	compare '.process.user = {uid: 1000, gid: 1000}'
}

test_terminal() {
	HOW=run_on_terminal
	compare '.process.terminal = true'
}

test_terminal_of_a_user() {
	HOW=run_on_terminal
	compare '.process.terminal = true | .process.user = {uid: 1000, gid: 1000} | .process.consoleSize = {width: 77, height: 11}'
}

test_signals() {
	trap '' INT USR1 HUP PIPE
	compare .
}

run_tests
