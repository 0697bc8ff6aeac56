#!/bin/sh
# .linux.namespaces, .hostname, .domainname, .linux.timeOffsets, .linux.sysctl: the things that a container has of its own.
. "${0%/*}/lib.sh"

# differs NAME: the container's namespace is not the host's.
differs() {
	inside "readlink /proc/self/ns/$1"
	expect_status 0
	[ "$out" != "$(readlink "/proc/self/ns/$1")" ] || fail "$1 namespace is the host's"
}

# without NAME JSON-NAME: not asked for, so the container has the host's.
without() {
	config "del(.linux.namespaces[] | select(.type == \"$2\"))"
	expect "$(readlink "/proc/self/ns/$1")" "readlink /proc/self/ns/$1"
}

# map HOST-ID SIZE [CONTAINER-ID]
map_ids() {
	config --argjson host "$1" --argjson size "$2" --argjson inner "${3:-0}" '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: $inner, hostID: $host, size: $size}]
		| .linux.gidMappings = [{containerID: $inner, hostID: $host, size: $size}]'
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
}

# Root of the namespace is user 100000 of the host, to whom the image belongs.
user_namespace() {
	map_ids 100000 65536
	chown -R -h 100000:100000 "$BUNDLE/rootfs"
}

# Waits until the process, $other, is there.
find_other() {
	other=$unshare_pid
	[ $forked = 0 ] || other=$(tr -d ' ' <"/proc/$unshare_pid/task/$unshare_pid/children")
	executes sleep "${other:-$unshare_pid}"
} 2>/dev/null

# other FLAGS-OF-UNSHARE…: a process with namespaces of its own, as $other; it ends with the test.
other() {
	unshare "$@" sleep 1000 &
	unshare_pid=$!
	trap 'kill -KILL $unshare_pid ${other:-} 2>/dev/null; wait $unshare_pid 2>/dev/null' EXIT
	case " $* " in *' -f '*) forked=1 ;; *) forked=0 ;; esac
	await 'unshare(1) does not begin' find_other
	[ -n "$other" ] && [ -e "/proc/$other" ] || skip 'no unshare(1) here'
}

# join JSON-NAME NAME [PROCESS]
join() {
	config --arg type "$1" --arg path "/proc/${3:-$other}/ns/$2" \
		'.linux.namespaces |= map(select(.type != $type)) + [{type: $type, path: $path}]'
}

# Group 5, of terminals, is not mapped.
one_id() {
	config '.mounts |= map(if .options then .options -= ["gid=5"] else . end)'
}

# joined NAME…: the process is in these namespaces of $other.
joined() {
	want='' script=''
	for name in "$@"; do
		want="$want$(readlink "/proc/$other/ns/$name") "
		script="$script readlink /proc/self/ns/$name;"
	done
	inside "$script"
	expect_status 0
	same "${want% }" "$(echo $out)" "namespaces $*"
}

test_pid() { differs pid; }
test_net() { differs net; }
test_ipc() { differs ipc; }
test_uts() { differs uts; }
test_mnt() { differs mnt; }
test_cgroup() { differs cgroup; }

test_time() {
	config '.linux.namespaces += [{type: "time"}]'
	differs time
}

test_all_eight() {
	user_namespace
	config '.linux.namespaces += [{type: "time"}]'
	inside 'for n in pid net ipc uts mnt cgroup time user; do readlink /proc/self/ns/$n; done'
	expect_status 0
	same 8 "$(printf '%s\n' "$out" | wc -l)" 'number of namespaces'
	for n in pid net ipc uts mnt cgroup time user; do
		case $out in *"$(readlink /proc/self/ns/$n)"*) fail "$n is the host's" ;; esac
	done
}

test_without_pid() { without pid pid; }
test_without_net() { without net network; }
test_without_ipc() {
	config 'del(.mounts[] | select(.destination == "/dev/mqueue"))'
	without ipc ipc
}
test_without_uts() {
	config 'del(.hostname)'
	without uts uts
}
test_without_cgroup() { without cgroup cgroup; }
test_without_time() { without time time; }
test_without_user() { without user user; }

# The runtime's view of files, with the root changed.
test_without_mount() {
	config '.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = false
		| del(.linux.namespaces[] | select(.type == "mount" or .type == "pid"))'
	expect '/bin/busybox no' 'ls /bin/busybox | tr "\n" " "; [ -e /proc/1 ] && echo yes || echo no'
	config '.process.cwd = "/srv/new"'
	expect /srv/new pwd
}

test_without_any() {
	config '.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .linux.namespaces = [] | del(.hostname)'
	expect "$(hostname) ok" 'hostname | tr "\n" " "; [ -x /bin/busybox ] && echo ok'
	config 'del(.linux.namespaces)'
	expect "$(hostname)" 'hostname'
}

test_without_mount_refuses_what_needs_one() {
	config 'del(.linux.namespaces[] | select(.type == "mount"))'
	run_fails '.linux.maskedPaths: needs a "mount" namespace'
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	run_fails '.mounts: needs a new mount namespace'
	config '.mounts = [] | .root.readonly = true'
	run_fails '.root.readonly: needs a new mount namespace'
}

test_pid_is_one() {
	expect '1 1' 'echo $$ $(cut -d" " -f5 /proc/1/stat | sed "s/.*/1/")'
	expect 'sh' 'cat /proc/1/comm; true'
}

# Others die with the first process.
test_pid_namespace_ends() {
	run_ok
	inside "sleep 123456$$ & echo \$!"
	expect_status 0
	no_process "sleep 123456$$" || fail 'a process outlives its namespace'
}

# ---- joining ----

test_join_network() {
	other -n
	join network net
	joined net
}

test_join_ipc() {
	other -i
	join ipc ipc
	joined ipc
}

test_join_uts() {
	other -u
	nsenter -t "$other" -u hostname other-host
	config 'del(.hostname)'
	join uts uts
	joined uts
	expect other-host hostname
}

test_join_uts_and_set_the_name() {
	other -u
	config '.hostname = "given"'
	join uts uts
	expect given hostname
}

test_join_cgroup() {
	other -C
	join cgroup cgroup
	joined cgroup
}

test_join_time() {
	other -T --boottime 500000 -f
	join time time
	joined time
	inside 'cut -d. -f1 /proc/uptime'
	own=$(cut -d. -f1 /proc/uptime)
	[ $((out - own)) -ge 499990 ] || fail "uptime inside is $out, outside $own"
}

test_join_pid() {
	other -p -f
	join pid pid
	joined pid
	inside 'echo $$; cat /proc/1/comm'
	first=$(printf '%s\n' "$out" | head -n 1)
	[ "$first" != 1 ] || fail 'it is process 1'
	same sleep "$(printf '%s\n' "$out" | sed -n 2p)" 'process 1'
}

test_join_pid_status_and_kill() {
	other -p -f
	join pid pid
	create
	try hull start "$ID"
	pid=$(hull state "$ID" | jq .pid)
	same "$(readlink "/proc/$other/ns/pid")" "$(readlink "/proc/$pid/ns/pid")" 'PID namespace'
	hull kill "$ID" KILL
	wait_for stopped
	[ -e "/proc/$other" ] || fail 'the other process of the namespace was killed too'
	hull delete "$ID"
}

test_join_mount() {
	other -m --propagation private
	nsenter -t "$other" -m mount -t tmpfs in-other /mnt || skip 'no mounting here'
	config '.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	join mount mnt
	mkdir -p "$BUNDLE/rootfs/proc"
	inside '[ -x /bin/busybox ] && echo image; ls /mnt 2>/dev/null; true'
	expect_status 0
	same image "$out" 'the root'
	before=$(nsenter -t "$other" -m cat /proc/self/mountinfo | sort)
	run_ok
	same "$before" "$(nsenter -t "$other" -m cat /proc/self/mountinfo | sort)" 'mounts of the other namespace'
}

test_join_mount_refuses_mounts() {
	other -m
	join mount mnt
	run_fails 'needs a new mount namespace'
}

test_join_user() {
	user_namespace
	other -U --map-root-user
	config 'del(.linux.uidMappings, .linux.gidMappings)'
	join user user
	one_id
	chown -R -h 0:0 "$BUNDLE/rootfs"
	joined user
	expect '0 0 0 1' 'echo $(id -u) $(cat /proc/self/uid_map)'
}

test_join_user_and_others() {
	other -U --map-root-user -n -i -u -C
	one_id
	for pair in user:user network:net ipc:ipc uts:uts cgroup:cgroup; do
		join "${pair%:*}" "${pair#*:}"
	done
	joined user net ipc uts cgroup
}

test_join_user_and_pid() {
	other -U --map-root-user -p -f
	one_id
	join user user
	join pid pid
	joined user pid
}

# A network namespace of another process, and a new user namespace over it.
test_new_user_and_joined_network() {
	other -n
	user_namespace
	join network net
	# sysfs shows the network namespace, which belongs to another user namespace.
	config '.mounts |= map(if .type == "sysfs" then {destination: "/sys", type: "none", source: "/sys", options: ["rbind", "ro", "nosuid", "nodev", "noexec"]} else . end)
		| .mounts |= map(select(.destination != "/sys/fs/cgroup"))'
	joined net
	expect '0' 'id -u'
}

test_new_user_and_joined_network_and_sysfs() {
	other -n
	user_namespace
	join network net
	inside 'echo ok'
	[ "$status" = 0 ] || printf '%s' "$errors" | grep -Fq '.mounts[5]' || fail "error is: $errors"
}

test_new_user_and_joined_pid() {
	other -p -f
	user_namespace
	join pid pid
	config '.mounts[0] = {destination: "/proc", type: "none", source: "/proc", options: ["rbind"]} | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	inside 'echo $$'
	expect_status 0
	[ "$out" != 1 ] || fail 'it is process 1'
}

test_joined_pid_and_new_time() {
	other -p -f
	join pid pid
	config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 700000, nanosecs: 0}}'
	joined pid
	inside 'cut -d. -f1 /proc/uptime'
	own=$(cut -d. -f1 /proc/uptime)
	[ $((out - own)) -ge 699990 ] || fail "uptime inside is $out, outside $own"
}

test_joined_pid_and_time() {
	other -p -T --boottime 300000 -f
	join pid pid
	join time time
	joined pid time
}

test_new_user_and_new_time() {
	user_namespace
	config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 1000, nanosecs: 0}, boottime: {secs: 900000, nanosecs: 0}}'
	differs time
	inside 'cut -d. -f1 /proc/uptime; echo $$; id -u'
	expect_status 0
	own=$(cut -d. -f1 /proc/uptime)
	[ $(($(printf '%s\n' "$out" | head -n 1) - own)) -ge 899990 ] || fail "uptime inside is $out, outside $own"
	same '1 0' "$(printf '%s\n' "$out" | sed 1d | xargs)" 'pid and user'
}

test_join_all_but_mount() {
	other -n -i -u -C -p -T -f
	for pair in network:net ipc:ipc uts:uts cgroup:cgroup pid:pid time:time; do
		join "${pair%:*}" "${pair#*:}"
	done
	joined net ipc uts cgroup pid time
}

test_join_by_bind_mount() {
	other -n
	: >"$WORK/net"
	mount --bind "/proc/$other/ns/net" "$WORK/net" || skip 'no mounting here'
	config --arg path "$WORK/net" '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
	joined net
	umount "$WORK/net"
}

# The container's own namespace is the host's: nothing to enter, and no error.
test_join_the_hosts() {
	for pair in network:net ipc:ipc uts:uts cgroup:cgroup time:time; do
		config --arg type "${pair%:*}" --arg path "/proc/self/ns/${pair#*:}" \
			'.linux.namespaces |= map(select(.type != $type)) + [{type: $type, path: $path}]'
	done
	config 'del(.hostname)'
	other=self
	joined net ipc uts cgroup time
}

test_join_wrong_type() {
	while read -r type name; do
		config --arg type $type --arg path /proc/self/ns/$name '.linux.namespaces = [{type: $type, path: $path}] | .mounts = [] | .linux.maskedPaths = []
			| .linux.readonlyPaths = [] | del(.hostname)'
		run_fails ".linux.namespaces[0]: /proc/self/ns/$name is no $type namespace"
	done <<'END'
network uts
uts ipc
ipc net
cgroup net
time net
pid mnt
mount pid
user pid
pid time_for_children
END
}

test_join_what_is_no_namespace() {
	: >"$WORK/file"
	mkfifo "$WORK/fifo"
	for path in "$WORK/file" "$WORK" "$WORK/fifo" /dev/null /proc/self/status; do
		config --arg path "$path" '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
		run_fails "$path is no network namespace"
	done
}

test_join_missing() {
	config '.linux.namespaces |= map(if .type == "network" then .path = "/nowhere/net" else . end)'
	run_fails '.linux.namespaces[1]: open the namespace /nowhere/net: No such file or directory'
	config '.linux.namespaces |= map(if .type == "network" then .path = "nowhere/net" else . end)'
	run_fails '.linux.namespaces[1].path'
	config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/99999999/ns/net" else . end)'
	run_fails '/proc/99999999/ns/net'
}

# An engine's template may carry an empty path.
test_empty_path_is_a_new_one() {
	config '.linux.namespaces |= map(select(.type != "network")) + [{type: "network"}]'
	config '.linux.namespaces |= map(.path = "")'
	inside 'readlink /proc/self/ns/net'
	expect_status 0
	[ "$out" != "$(readlink /proc/self/ns/net)" ] || fail 'it is of the host'
}

test_bad_namespaces() {
	config '.linux.namespaces += [{type: "pid"}]'
	run_fails '.linux.namespaces['
	printf '%s' "$errors" | grep -q 'given before' || fail "error is: $errors"
	config '.linux.namespaces = [{type: "pids"}]'
	run_fails '.linux.namespaces[0].type'
	config '.linux.namespaces = [{path: "/proc/self/ns/net"}]'
	run_fails '.linux.namespaces[0].type'
	config '.linux.namespaces = [{type: ""}]'
	run_fails '.linux.namespaces[0].type'
}

# ---- user namespaces ----

test_user() {
	user_namespace
	differs user
	expect '0 100000 65536 0 100000 65536' 'echo $(cat /proc/self/uid_map /proc/self/gid_map)'
	expect '0 0' 'echo $(id -u) $(stat -c %u /bin/busybox)'
}

test_user_seen_from_outside() {
	user_namespace
	config '.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 7]}'
	create
	pid=$(hull state "$ID" | jq .pid)
	hull start "$ID"
	same '101000 101000 101000 101000' "$(sed -n 's/^Uid:[[:space:]]*//p' "/proc/$pid/status" | xargs)" 'user outside'
	same '101000 101000 101000 101000' "$(sed -n 's/^Gid:[[:space:]]*//p' "/proc/$pid/status" | xargs)" 'group outside'
	same '100005 100007' "$(sed -n 's/^Groups:[[:space:]]*//p' "/proc/$pid/status" | xargs)" 'groups outside'
	hull delete --force "$ID"
}

test_user_files_made() {
	user_namespace
	run_ok
	inside ': >/srv/file; chown 5:6 /srv/file 2>/dev/null; stat -c "%u %g" /srv/file'
	expect_status 0
	[ "$(stat -c %u "$BUNDLE/rootfs/srv/file")" -ge 100000 ] || fail 'a file of the host user'
}

test_user_several_mappings() {
	user_namespace
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1}, {containerID: 1, hostID: 200000, size: 10}, {containerID: 1000, hostID: 1000, size: 1}]'
	expect '0 100000 1 1 200000 10 1000 1000 1' 'echo $(cat /proc/self/uid_map)'
	config '.process.user = {uid: 3, gid: 4}'
	expect '3 4' 'echo $(id -u) $(id -g)'
	config '.process.user = {uid: 11, gid: 4}'
	run_fails '.process.user'
}

# No root inside.
test_user_without_zero() {
	map_ids 1000 1 1000
	one_id
	config '.process.user = {uid: 1000, gid: 1000}'
	chown -R -h 1000:1000 "$BUNDLE/rootfs"
	inside 'echo $(id -u) $(id -g); echo $(cat /proc/self/uid_map); sed -n "s/^CapEff:.//p" /proc/self/status'
	expect_status 0
	same '1000 1000|1000 1000 1|' "$(printf '%s\n' "$out" | head -n 2 | tr '\n' '|')" 'ids'
}

test_user_not_mapped() {
	map_ids 1000 1 1000
	run_fails '.process.user.uid: 0 is not mapped in the user namespace'
	run_fails 'add a range of .linux.uidMappings that has it as containerID'
}

test_user_filesystems() {
	user_namespace
	show_mounts 'ls /proc/1/comm /sys/class/net; [ -w /dev/shm ] && echo w; ls -d /dev/mqueue'
	expect_mount /proc ' proc '
	expect_mount /sys '^ro,.* sysfs '
	expect_mount /dev/mqueue ' mqueue '
	expect_mount /sys/fs/cgroup ' cgroup2 '
	expect_mount /dev/pts ' devpts '
	case $mounts in *lo*) ;; *) fail "no lo in: $mounts" ;; esac
}

test_user_bind_and_tmpfs() {
	user_namespace
	mkdir "$WORK/data"
	chown 100005 "$WORK/data"
	config --arg dir "$WORK/data" '.mounts += [{destination: "/data", source: $dir, options: ["rbind", "ro", "nosuid"]},
		{destination: "/t", type: "tmpfs", source: "t", options: ["uid=3", "mode=750", "size=64k"]}]'
	expect '5 3 750' 'stat -c %u /data | tr "\n" " "; stat -c "%u %a" /t'
}

test_user_hostname_and_sysctl() {
	user_namespace
	config '.hostname = "mapped" | .linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "7", "kernel.shmmni": "77", "user.max_net_namespaces": "5"}'
	expect 'mapped 7 77 5' 'cd /proc/sys; echo $(hostname) $(cat net/ipv4/ip_unprivileged_port_start kernel/shmmni user/max_net_namespaces)'
}

test_user_is_confined() {
	user_namespace
	config '.process.capabilities[] = ["CAP_SYS_ADMIN", "CAP_SYS_TIME", "CAP_SYS_CHROOT", "CAP_DAC_OVERRIDE"]'
	echo secret >"$BUNDLE/rootfs/srv/root-only"
	chown 0:0 "$BUNDLE/rootfs/srv/root-only"
	chmod 600 "$BUNDLE/rootfs/srv/root-only"
	expect 'no no' 'echo $(mknod /dev/disk b 8 0 2>/dev/null || echo no; cat /srv/root-only 2>/dev/null || echo no)'
}

test_user_bad_mappings() {
	while read -r where uid gid; do
		config --argjson uid "$uid" --argjson gid "$gid" '.linux.namespaces = [{type: "user"}, {type: "mount"}, {type: "pid"}, {type: "ipc"}, {type: "uts"}, {type: "network"}, {type: "cgroup"}]
			| .linux.uidMappings = $uid | .linux.gidMappings = $gid'
		run_fails "$where"
	done <<'END'
.linux.uidMappings [] [{"containerID":0,"hostID":100000,"size":1}]
.linux.gidMappings [{"containerID":0,"hostID":100000,"size":1}] []
.linux.uidMappings[0] [{"containerID":0,"hostID":100000,"size":0}] [{"containerID":0,"hostID":100000,"size":1}]
.linux.uidMappings [{"containerID":0,"hostID":100000,"size":10},{"containerID":5,"hostID":200000,"size":10}] [{"containerID":0,"hostID":100000,"size":1}]
.linux.uidMappings [{"containerID":0,"hostID":100000,"size":10},{"containerID":50,"hostID":100005,"size":10}] [{"containerID":0,"hostID":100000,"size":1}]
.linux.uidMappings[0] [{"containerID":4294967295,"hostID":0,"size":2}] [{"containerID":0,"hostID":100000,"size":1}]
END
}

test_mappings_without_user_namespace() {
	config '.linux.uidMappings = [{containerID: 0, hostID: 1, size: 1}]'
	run_fails '.linux.uidMappings'
}

# Engines give mappings beside the path. The namespace has its own; different ones are ignored with a warning.
test_mappings_of_a_joined_user_namespace() {
	other -U --map-root-user
	options=$(jq -c '.mounts | map(if .options then .options -= ["gid=5"] else . end)' "$BUNDLE/config.json")
	theirs="0 $(readlink "/proc/$other/ns/user")"
	for row in '[{containerID: 0, hostID: 0, size: 1}] nothing' '[{containerID: 5, hostID: 7, size: 10}] warning'; do
		config --argjson mounts "$options" ".linux.uidMappings = ${row% *} | .linux.gidMappings = .linux.uidMappings | .mounts = \$mounts"
		join user user
		expect "$theirs" 'echo $(id -u) $(readlink /proc/self/ns/user)'
		case $errors in *'has other mappings; those given'*) what=warning ;; *) what=nothing ;; esac
		same "${row##* }" "$what" "what is said of $row: $errors"
	done
	# the mapping is true: the owner of a file, by "@" and by the namespace itself
	maps_ids "$WORK" || skip 'this kernel maps no ids of what the tests are on'
	mkdir "$WORK/volume"
	chown 5:5 "$WORK/volume"
	config --arg dir "$WORK/volume" '.mounts += [{destination: "/volume", type: "bind", source: $dir, options: ["bind", "idmap=uids=@5-0-1;gids=@5-0-1"]}]'
	join user user
	expect 0:0 'stat -c %u:%g /volume'
	try hull check -b "$BUNDLE"
	printf '%s' "$errors$out" | grep -q 'joined user namespace has other mappings' || fail "check: $errors"
}

# A container of one's own: without root too, hull enters the network namespace by the privileges of the user namespace.
test_join_those_of_a_container() {
	[ -n "${HULL_TEST_USER:-}" ] || user_namespace
	config '.process.args = ["sleep", "1000"] | .linux.namespaces |= map(select(.type != "network")) + [{type: "network"}]'
	run_ok -d
	trap 'hull delete --force "$first"' EXIT
	first=$ID
	other=$(hull state "$ID" | jq .pid)
	ID=$ID-second
	config 'del(.linux.uidMappings, .linux.gidMappings)'
	join user user
	expect "$(readlink "/proc/$other/ns/user")" 'readlink /proc/self/ns/user'
	join network net
	join ipc ipc
	expect "$(readlink "/proc/$other/ns/net") $(readlink "/proc/$other/ns/ipc")" \
		'echo $(readlink /proc/self/ns/net) $(readlink /proc/self/ns/ipc)'
	hull delete --force "$first"
	ID=$first
}

# A process that is made for its namespaces also leads a session, as a terminal of its own needs.
leads_on_a_terminal() { # SHAPE
	config '.process.terminal = true | .process.args = ["sh", "-c", "tty; read -r pid name state parent group session rest </proc/$$/stat; [ $session = $$ ] && echo leads"]'
	out=$(script -q -e -c "exec timeout --foreground -k 5 60 '$HULL' --root '$STATE' run -b '$BUNDLE' '$ID'" /dev/null </dev/null | tr -d '\r')
	same '/dev/pts/0 leads' "$(printf '%s' "$out" | grep -o -e '/dev/pts/0' -e leads | xargs)" "$1"
	config '.process.terminal = false | .process.args[2] |= sub("tty; "; "")'
	run_ok
	same leads "$out" "$1, without a terminal"
}
test_terminal_of_who_joins() {
	command -v script >/dev/null || skip 'script(1) is not here'
	other -p -i -f --mount-proc
	cp "$BUNDLE/config.json" "$WORK/before.json"
	join pid pid
	leads_on_a_terminal 'a joined pid namespace'
	cp "$WORK/before.json" "$BUNDLE/config.json"
	config '.mounts |= map(select(.type != "mqueue"))' # which would be the other namespace's
	join ipc ipc
	user_namespace
	leads_on_a_terminal 'a new user namespace, one that is joined'
	if [ -e /proc/self/ns/time ]; then
		config '.linux.namespaces += [{type: "time"}]'
		leads_on_a_terminal 'a new time namespace too'
	fi
	kill -KILL $unshare_pid "$other"
	wait $unshare_pid 2>/dev/null
	cp "$WORK/before.json" "$BUNDLE/config.json"
	chown -R -h 0:0 "$BUNDLE/rootfs"
	other -U --map-root-user
	one_id
	join user user
	leads_on_a_terminal 'a joined user namespace'
}

# Only ids of the caller's namespace can be given on.
test_default_mapping_in_a_user_namespace() {
	hull_within_reach
	config '.linux.namespaces += [{type: "user"}] | .process.args = ["cat", "/proc/self/uid_map"] | del(.linux.resources) |
		.mounts |= map(if .options then .options -= ["gid=5"] else . end)'
	mkdir "$WORK/inner"
	for options in -Urm -Ur; do # with -m its mounts are its own too
		try unshare $options "$HULL" --root "$WORK/inner" run -b "$BUNDLE" "$ID"
		expect_status 0
		same '0 0 1' "$(echo $out)" "the map after $options"
	done
}

# Root in a user namespace needs no further one, nor a mount namespace if that belongs to it.
test_container_of_root_in_a_user_namespace() {
	hull_within_reach
	config '.process.args = ["echo", "hi"] | del(.linux.resources, .process.rlimits) | .linux.namespaces |= map(select(.type != "user")) |
		.mounts |= map(select(.type != "cgroup") | if .type == "devpts" then .options = ["newinstance"] else . end)'
	mkdir "$WORK/inner"
	for options in -Urm -Ur; do
		try unshare $options "$HULL" --root "$WORK/inner" run -b "$BUNDLE" "$ID"
		expect_status 0
		same hi "$out" "its output after $options"
	done
}

# Init is born in a second clone here, and opens its mounts itself: the error names the limit, not seccomp.
test_limit_of_pid_namespaces() {
	[ -e /proc/self/ns/time ] || skip 'this kernel has no time namespaces'
	hull_within_reach
	config '.linux.namespaces |= map(select(.type != "user")) + [{type: "user"}, {type: "time"}] |
		del(.linux.resources, .linux.seccomp, .process.rlimits)'
	mkdir "$WORK/inner"
	fails_with 'clone into the namespaces: No space left on device' unshare -Ur sh -c \
		'echo 0 >/proc/sys/user/max_pid_namespaces && exec "$@"' - "$HULL" --root "$WORK/inner" run -b "$BUNDLE" "$ID"
	same 'hint: a limit of /proc/sys/user/max_*_namespaces is reached' "$(echo "$errors" | grep -o 'hint: .*')" 'what is advised'
}

# If a procfs cannot be mounted, the caller's leads to the parameters too: they are those of the process that opens them.
test_sysctl_in_the_pid_namespace_of_the_caller() {
	theirs=$(cat /proc/sys/net/ipv4/ping_group_range)
	user_namespace
	config '.linux.namespaces |= map(select(.type != "pid")) | .linux.maskedPaths = [] | .linux.readonlyPaths = [] |
		.linux.sysctl = {"net.ipv4.ping_group_range": "0 0"} |
		.mounts |= map(if .destination == "/proc" then {destination: "/proc", type: "none", source: "/proc", options: ["rbind"]} else . end)'
	expect '0 0' 'echo $(cat /proc/sys/net/ipv4/ping_group_range)'
	same "$theirs" "$(cat /proc/sys/net/ipv4/ping_group_range)" "the host's"
}

# A caller without newuidmap's help gets what is possible without it: the own ids.
test_default_mapping_without_new_privileges() {
	config '.linux.namespaces |= map(select(.type != "user")) + [{type: "user"}] | .process.args = ["cat", "/proc/self/uid_map"] |
		del(.linux.uidMappings, .linux.gidMappings, .linux.resources) |
		.mounts |= map(if .options then .options -= ["gid=5"] else . end)'
	try setpriv --no-new-privs "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	expect_status 0
	if [ -n "${HULL_TEST_USER:-}" ]; then
		same "0 $HULL_TEST_USER 1" "$(echo $out)" 'the map'
	else
		same '0 0 4294967295' "$(echo $out)" "root's map"
	fi
}

# ---- names ----

test_hostname() {
	config '.hostname = "ship-7"'
	expect 'ship-7 ship-7' 'echo $(hostname) $(cat /proc/sys/kernel/hostname)'
	[ "$(hostname)" != ship-7 ] || fail 'the host has that name now'
}

test_hostname_of_64_bytes() {
	long=$(printf '%064d' 0)
	config --arg name "$long" '.hostname = $name | .domainname = $name'
	expect "$long $long" 'echo $(cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname)'
	config '.hostname += "0"'
	run_fails '.hostname'
	config '.hostname = "a" | .domainname += "0"'
	run_fails '.domainname'
}

test_hostname_empty_or_absent() {
	config '.hostname = ""'
	expect "$(hostname)" hostname
	config 'del(.hostname)'
	expect "$(hostname)" hostname
}

test_domainname() {
	config '.domainname = "example.org"'
	expect example.org 'cat /proc/sys/kernel/domainname'
}

test_names_without_uts() {
	config '.hostname = "x" | del(.linux.namespaces[] | select(.type == "uts"))'
	run_fails '.hostname'
	config '.domainname = "x" | del(.hostname)'
	run_fails '.domainname'
}

# ---- clocks ----

test_time_offsets() {
	config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 1000000, nanosecs: 5}, monotonic: {secs: -5, nanosecs: 999999999}}'
	inside 'cut -d. -f1 /proc/uptime; cat /proc/self/timens_offsets'
	expect_status 0
	own=$(cut -d. -f1 /proc/uptime)
	[ $(($(printf '%s\n' "$out" | head -n 1) - own)) -ge 999990 ] || fail "uptime inside is $out, outside $own"
	same 'monotonic -5 999999999 boottime 1000000 5' "$(printf '%s\n' "$out" | sed 1d | xargs)" offsets
}

test_time_offset_of_one_clock() {
	config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 77}}'
	expect 'monotonic 77 0 boottime 0 0' 'echo $(cat /proc/self/timens_offsets)'
}

test_bad_time_offsets() {
	config '.linux.timeOffsets = {monotonic: {secs: 77}}'
	run_fails '.linux.timeOffsets'
	config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 77, nanosecs: 1000000000}}'
	run_fails '.linux.timeOffsets.monotonic.nanosecs'
	# Before the machine was started.
	config '.linux.timeOffsets = {boottime: {secs: -1000000000}}'
	run_fails '.linux.timeOffsets.boottime'
	run_fails 'no clock may be before its zero, or 146 years after it'
	config '.linux.timeOffsets = {monotonic: {secs: 9223372036854775807}}'
	run_fails '.linux.timeOffsets.monotonic'
	config '.linux.timeOffsets = {realtime: {secs: 1}}'
	run
	same 0 "$status" 'an unknown clock'
}

# ---- sysctl ----

test_sysctl() {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net/ipv4/conf/lo/rp_filter": "2", "net.ipv4.conf.lo.accept_local": "1",
		"net.ipv4.ip_local_port_range": "2000 3000", "kernel.msgmax": "12345", "kernel.msgmnb": "23456", "kernel.msgmni": "99", "kernel.sem": "250 32000 32 128", "kernel.shmall": "1000000",
		"kernel.shmmax": "123456789", "kernel.shmmni": "555", "kernel.shm_rmid_forced": "1", "fs.mqueue.msg_max": "17", "kernel.domainname": "by.sysctl"}'
	expect '1 2 1 2000 3000 12345 23456 99 250 32000 32 128 1000000 123456789 555 1 17 by.sysctl' 'cd /proc/sys; echo $(cat net/ipv4/ip_forward net/ipv4/conf/lo/rp_filter net/ipv4/conf/lo/accept_local \
		net/ipv4/ip_local_port_range kernel/msgmax kernel/msgmnb kernel/msgmni kernel/sem kernel/shmall kernel/shmmax kernel/shmmni kernel/shm_rmid_forced fs/mqueue/msg_max kernel/domainname)'
}

test_sysctl_on_the_host_stays() {
	before=$(cat /proc/sys/kernel/shmmni /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/domainname)
	config '.linux.sysctl = {"kernel.shmmni": "321", "net.ipv4.ip_forward": "1", "kernel.domainname": "inner"}'
	run_ok
	same "$before" "$(cat /proc/sys/kernel/shmmni /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/domainname)" 'parameters of the host'
}

test_sysctl_of_the_host_refused() {
	for name in kernel.panic kernel.core_pattern vm.swappiness fs.file-max kernel/core_pattern dev.raid.speed_limit_max kernel.shmmax.x kernel; do
		config --arg name $name '.linux.sysctl = {($name): "1"}'
		run_fails 'belongs to no namespace'
		printf '%s' "$errors" | grep -Fq "$name" || fail "error is: $errors"
	done
}

test_sysctl_paths_that_lead_elsewhere() {
	for name in net/../kernel/panic net..kernel.panic 'net.ipv4./../../kernel/panic' net/./ipv4/ip_forward /kernel/panic net//ipv4 '' net. ../../sys/kernel/panic; do
		config --arg name "$name" '.linux.sysctl = {($name): "1"}'
		run_fails '.linux.sysctl'
	done
}

test_sysctl_without_namespace() {
	while read -r type name; do
		config --arg type $type --arg name $name '.linux.sysctl = {($name): "1"} | .linux.namespaces |= map(select(.type != $type)) | .mounts |= map(select(.type != "mqueue")) | del(.hostname)'
		run_fails ".linux.sysctl[\"$name\"]"
	done <<'END'
network net.ipv4.ip_forward
ipc kernel.shmmax
uts kernel.domainname
user user.max_user_namespaces
END
}

# The configuration names the namespace, but it is the host's.
test_sysctl_in_a_namespace_of_the_host() {
	before=$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni)
	config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end) | .linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	run_fails '.linux.sysctl["net.ipv4.ip_forward"]'
	config '.linux.namespaces |= map(if .type == "ipc" then .path = "/proc/self/ns/ipc" else . end) | .linux.sysctl = {"kernel.shmmni": "444"}'
	run_fails '.linux.sysctl["kernel.shmmni"]'
	same "$before" "$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni)" 'parameters of the host'
}

test_sysctl_in_a_joined_namespace() {
	other -n
	join network net
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	expect 1 'cat /proc/sys/net/ipv4/ip_forward'
	same 1 "$(nsenter -t "$other" -n cat /proc/sys/net/ipv4/ip_forward)" 'parameter there'
}

test_sysctl_unknown_or_refused() {
	config '.linux.sysctl = {"net.ipv4.no_such": "1"}'
	run_fails '.linux.sysctl["net.ipv4.no_such"]'
	printf '%s' "$errors" | grep -q 'no such parameter' || fail "no hint in: $errors"
	config '.linux.sysctl = {"net.ipv4.ip_forward": "many"}'
	run_fails '.linux.sysctl["net.ipv4.ip_forward"]: write "many" to /proc/sys/net/ipv4/ip_forward: Invalid argument'
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1\n"}'
	run_fails '.linux.sysctl'
	config '.linux.sysctl = {"net.ipv4": "1"}'
	run_fails '.linux.sysctl["net.ipv4"]'
	config '.linux.sysctl = {"net.ipv4.ip_forward": ""}'
	run_fails '.linux.sysctl["net.ipv4.ip_forward"]: write "" to /proc/sys/net/ipv4/ip_forward: Invalid argument'
	config '.linux.sysctl = {"net.ipv4.ip_local_reserved_ports": ""}'
	run_ok
}

test_personality() {
	[ "$(uname -m)" = x86_64 ] || skip 'only where a 32-bit personality shows in uname'
	config '.linux.personality = {domain: "LINUX32"}'
	expect i686 'uname -m'
}

# As Go's encoder writes what is unset.
test_empty_path_is_none() {
	config '.linux.namespaces[].path = "" | .linux.cgroupsPath = "" | .hostname = ""'
	expect 1 'echo $$'
}

run_tests
