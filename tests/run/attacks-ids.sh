#!/bin/sh
# Names and numbers that lead elsewhere: ids, files of the host, cgroups, kernel parameters, users.
. "${0%/*}/lib.sh"
. "${0%/*}/../attacks/lib.sh"

test_ids() {
	for id in .. . '' a/b ../x '/' 'a b' "$(printf 'a\nb')" 'ü' 'a:b' 'cache:seccomp' 'a*' '~' "$(printf '%01025d' 0)"; do
		for command in create run state delete kill start; do
			fails_with 'invalid container id' hull "$command" -- "$id"
		done
	done
	fails_with 'at most 255 of them' hull run -b "$BUNDLE" "$(printf '%0256d' 0)"
	same '' "$(find "$STATE" -mindepth 1)" 'the state directory'
}

# The pid file: a link in its place is not followed, and anything but a regular file stays.
test_pid_file() {
	fresh
	config '.process.args = ["true"]'
	ln -s "$CANARY/file" "$WORK/pid"
	run_ok --pid-file "$WORK/pid"
	! canary_changed || fail "written through a link"
	[ -f "$WORK/pid" ] && [ ! -L "$WORK/pid" ] || fail 'no pid file'
	fails_with "--pid-file $WORK/.: " hull run -b "$BUNDLE" --pid-file "$WORK/." "$ID"
}
attack_pid_device() {
	fresh
	config '.process.args = ["true"]'
	rm -f "$WORK/null"
	mknod "$WORK/null" c 1 3
	run --pid-file "$WORK/null"
	[ ! -c "$WORK/null" ]
}
test_pid_file_is_a_device() {
	defended pid-file attack_pid_device
	fresh
	mknod "$WORK/zero" c 1 5
	fails_with "--pid-file $WORK/zero: File exists" hull run -b "$BUNDLE" --pid-file "$WORK/zero" "$ID"
	fails_with 'hint: what is there is no regular file' hull run -b "$BUNDLE" --pid-file "$WORK/zero" "$ID"
}
test_pid_file_is_a_link_to_no_file() { # as /dev/stdout, which leads to a file only for us
	fresh
	for target in "$WORK/zero" /proc/self/fd/1 "$WORK/nothing"; do
		rm -f "$WORK/zero" "$WORK/link"
		mknod "$WORK/zero" c 1 5
		ln -s "$target" "$WORK/link"
		fails_with "--pid-file $WORK/link: File exists" hull run -b "$BUNDLE" --pid-file "$WORK/link" "$ID"
		same "$target" "$(readlink "$WORK/link")" 'the link'
	done
}
test_pid_file_temporary_made_before() { # CVE-2019-12439: another user waits with links for all names
	fresh
	config '.process.args = ["true"]'
	perl -e 'symlink $ARGV[0], "$ARGV[1].$_" for $$ .. $$ + 300; symlink $ARGV[0], $ARGV[1]' "$CANARY/file" "$WORK/.pid"
	run --pid-file "$WORK/pid"
	! canary_changed || fail 'written through a link'
}

# A state root that belongs to another user, that others may write to, or that is a link (CVE-2015-1331).
attack_state_root() {
	fresh
	config '.process.args = ["true"]'
	"$1"
	run
	chown 0:0 "$STATE" 2>/dev/null
	[ "$status" = 0 ]
}
state_of_another() { chown 65534 "$STATE"; }
state_for_all() { chmod 777 "$STATE"; }
attack_state_owner() { attack_state_root state_of_another; }
attack_state_mode() { attack_state_root state_for_all; }
test_state_root_of_another() { defended state-root attack_state_owner; }
test_state_root_that_others_write() { defended state-root attack_state_mode; }
test_state_root_is_a_link() {
	mkdir "$WORK/elsewhere"
	rmdir "$STATE"
	ln -s "$WORK/elsewhere" "$STATE"
	run_fails 'open the state root'
	same '' "$(ls "$WORK/elsewhere")" 'what the link leads to'
	rm "$STATE"
}
test_container_directory_is_a_link() {
	mkdir "$WORK/elsewhere"
	ln -s "$WORK/elsewhere" "$STATE/$ID"
	run_fails 'exists already'
	fails_with 'does not exist' hull delete "$ID"
	rm "$STATE/$ID"
}

# Start by another user, if the user could reach the socket. (Its address must be short.)
attack_start() {
	fresh
	helper start
	config '.process.args = ["sh", "-c", "echo started >/started; sleep 1000"]'
	config "$1"
	hull create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "create: $(cat "$WORK/out")"
	chmod 755 "$SUITE_DIR" "$WORK" "$STATE" "$STATE/$ID"
	chmod 777 "$STATE/$ID/start.sock"
	try sh -c 'cd "$1" && exec "$2" 1000 start.sock' - "$STATE/$ID" "$SUITE_DIR/bin/start"
	[ "$status" != 2 ] || fail "it was not tried: $errors"
	[ "$status" != 0 ] || return 0
	[ ! -e "$BUNDLE/rootfs/started" ] || fail 'it runs'
	hull start "$ID" || fail 'its own start does not work any more'
	hull delete --force "$ID"
	return 1
}
attack_start_plain() { attack_start .; }
attack_start_mapped() { # the user is root in there
	attack_start '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 1000, size: 1000},
		{containerID: 1000, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings'
}
test_start_by_another() { defended start-peer attack_start_plain; }
test_start_by_another_with_mapped_ids() { defended start-peer attack_start_mapped; }

# Whatever the umask of the caller, others cannot write to a file of ours, nor read the state.
test_umask() {
	for mask in 0 022 077 0777; do
		rm -rf "$WORK/root"
		config '.process.args = ["sh", "-c", "umask; touch /made-0; mkdir /srv/x"] | .process.cwd = "/made/deep" |
			.mounts += [{destination: "/target/deep", type: "tmpfs", source: "tmpfs"}]'
		(
			umask $mask
			"$HULL" --root "$WORK/root/deep" --log "$WORK/log" create --pid-file "$WORK/pid" -b "$BUNDLE" "$ID"
		) >"$WORK/out" 2>&1 </dev/null || fail "create: $(cat "$WORK/out")"
		open=$(find "$WORK/root" "$WORK/log" "$WORK/pid" "$BUNDLE/rootfs/made" "$BUNDLE/rootfs/target" -perm /022 ! -type l ! -type s)
		case $(stat -c %a "$WORK/root/deep/$ID") in 700 | 0) ;; *) fail 'mode of the container directory' ;; esac
		same 755 "$(stat -c %a "$BUNDLE/rootfs/made")" 'mode of the working directory'
		"$HULL" --root "$WORK/root/deep" delete --force "$ID"
		rm -rf "$WORK/root" "$WORK/log" "$WORK/pid" "$BUNDLE/rootfs/made" "$BUNDLE/rootfs/target"
		same '' "$open" "files for others to write, with umask $mask"
	done
}

# Cgroups.
test_cgroup_paths() {
	for path in .. /../x a/../../x /./x / "$(printf 'a\nb')"; do
		config --arg path "$path" '.linux.cgroupsPath = $path'
		run_fails .linux.cgroupsPath
	done
}
test_cgroup_files() { # GHSA-5g49-rx9x-qfc6
	for file in ../../x ../cgroup.procs /cgroup.procs a/b .. . '' '.x' 'cgroup.procs/'; do
		config --arg file "$file" '.linux.resources.unified = {($file): "1"}'
		run_fails '.linux.resources.unified'
	done
}
test_cgroup_escape() { # a hierarchy of version 1 cannot be mounted, and the container's own is all it sees
	expect_match '^0::/$' 'cat /proc/self/cgroup'
	inside 'mkdir /tmp/c; mount -t cgroup -o memory none /tmp/c || mount -t cgroup2 none /tmp/c; mkdir /sys/fs/cgroup/made'
	[ "$status" != 0 ] || fail 'a cgroup was made'
}

# Kernel parameters of the host.
attack_sysctl() {
	fresh
	config --arg value "$(cat /proc/sys/kernel/core_uses_pid)" '.linux.sysctl = {"kernel.core_uses_pid": $value}'
	inside true
	[ "$status" = 0 ]
}
test_sysctl_of_the_host() {
	defended sysctl attack_sysctl
	fresh
	pattern=$(cat /proc/sys/kernel/core_pattern)
	for name in kernel.core_pattern kernel/core_pattern 'net/../kernel/core_pattern' net.//.kernel.core_pattern \
		net.ipv4.//.//.kernel.core_pattern /kernel/core_pattern net//kernel ../sysrq-trigger net/ipv4/../../../../sysrq-trigger \
		net kernel.sem.x 'kernel.sem/' "$(printf 'net.\nx')"; do
		config --arg name "$name" '.linux.sysctl = {($name): "|/bin/false"}'
		run_fails .linux.sysctl
	done
	same "$pattern" "$(cat /proc/sys/kernel/core_pattern)" "the host's core_pattern"
}

# Users: a number is that number, and never another one, nor a name (CVE-2026-46680).
test_users() {
	for uid in 4294967295 4294967296 18446744073709551615 -1 1.5 '"0"' '"1000"'; do
		config --argjson uid "$uid" '.process.user.uid = $uid'
		run_fails .process.user.uid
	done
	sed -i 's/"uid": [^,]*/"uid": 0x1/' "$BUNDLE/config.json"
	run
	[ "$status" = 1 ] || fail 'a hexadecimal number'
	printf '1000:x:0:0:root:/root:/bin/sh\n' >"$BUNDLE/rootfs/etc/passwd" # CVE-2016-3697
	jq '.process.terminal = false' "$TEMPLATE/config.json" >"$BUNDLE/config.json"
	config '.process.user = {uid: 1000, gid: 1000}'
	expect '1000 1000 1000' 'echo $(id -u) $(id -g) $(id -G)'
	config '.process.user = {uid: 4294967294, gid: 4294967294}'
	expect '4294967294 4294967294' 'echo $(id -u) $(id -g)'
}

# CVE-2016-8867, CVE-2022-24769: a user other than root has no capability left, and a file with capabilities gives none.
test_capabilities_of_users() {
	config '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {bounding: ["CAP_NET_RAW"], permitted: ["CAP_NET_RAW"],
		effective: ["CAP_NET_RAW"], inheritable: []}'
	zero=0000000000000000
	expect "$zero $zero $zero" 'echo $(grep -E "Cap(Inh|Eff|Amb)" /proc/self/status | cut -f2)'
	chmod 4755 "$BUNDLE/rootfs/bin/busybox"
	config '.process.noNewPrivileges = true'
	expect 1000 'id -u'
	fresh
	expect $zero 'grep CapInh /proc/self/status | cut -f2'
}

# The environment of hooks is that of the configuration, and neither hull's nor the image's (CVE-2025-23266).
test_environment_of_hooks() {
	for hook in runtime container stop; do
		printf '#!/bin/sh\n/usr/bin/env >"%s/environment-%s"\n' "$WORK" $hook >"$WORK/hook-$hook"
		chmod 755 "$WORK/hook-$hook"
	done
	config --arg hook "$WORK/hook-" '.process.env += ["LD_PRELOAD=/evil.so", "IMAGE=1"] | .process.args = ["true"] |
		.hooks = {createRuntime: [{path: ($hook + "runtime")}], createContainer: [{path: ($hook + "container")}],
			poststop: [{path: ($hook + "stop"), env: ["A=b"]}]}'
	OURS=1 run_ok
	grep -E 'LD_PRELOAD|IMAGE' "$WORK"/environment-* && fail "variables of the container in a hook"
	grep -E 'OURS|HULL_' "$WORK/environment-container" "$WORK/environment-stop" && fail "variables of the runtime in a hook"
	same OURS=1 "$(grep OURS "$WORK/environment-runtime")" "the runtime's own in a hook of its namespaces"
	same 1 "$(grep -c A=b "$WORK/environment-stop")" "the hook's own variable"
}

# An annotation may come from anybody: it makes no file if there is no hook (run.oci.hooks.stdout).
test_annotations_make_no_file() {
	config --arg file "$WORK/made" '.annotations = {"run.oci.hooks.stdout": $file, "run.oci.hooks.stderr": $file} | .process.args = ["true"]'
	run_ok
	[ ! -e "$WORK/made" ] || fail 'it was made'
}

# CVE-2021-43784: lengths at the edges of 16 bits.
test_huge_strings() {
	for length in 65535 65536 70000 1048576; do
		head -c $length /dev/zero | tr '\0' x >"$WORK/huge"
		for property in .hostname .process.cwd .root.path .linux.cgroupsPath '.process.args[0]' '.mounts[0].destination' \
			'.mounts[0].type' '.mounts[0].options[0]' '.linux.maskedPaths[0]' '.process.apparmorProfile'; do
			jq --rawfile huge "$WORK/huge" '.process.terminal = false | .process.args = ["true"] | '"$property = \"/\" + \$huge" \
				"$TEMPLATE/config.json" >"$BUNDLE/config.json"
			try hull run -b "$BUNDLE" "$ID"
			[ "$status" -ge 1 ] && [ "$status" -le 127 ] || fail "$property of $length: status $status: $(printf '%.200s' "$errors")"
			[ "${#errors}" -lt 2000 ] || fail "$property of $length: an error of ${#errors} bytes"
		done
		jq --rawfile huge "$WORK/huge" --arg mark "HULL_TEST_ID=$ID" '.process.terminal = false | .annotations = {huge: $huge} |
			.process.env += [$mark, "HUGE=" + $huge[:100000]] | .process.args = ["sh", "-c", "echo ${#HUGE}"]' \
			"$TEMPLATE/config.json" >"$BUNDLE/config.json"
		run_ok
		same $((length < 100000 ? length : 100000)) "$out" 'length of the variable'
	done
}

run_tests
