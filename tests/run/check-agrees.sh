#!/bin/sh
# hull check and hull run agree: run refuses whatever is an error for check, and starts whatever is only a warning.
. "${0%/*}/lib.sh"

# Each row of standard input is VERDICT@FILTER, where the filter of jq(1) changes the bundle's configuration. Either check finds an
# error and run refuses; or check warns and run starts; or check reports nothing and run starts.
agree() {
	config '.process.args = ["true"] | .linux.namespaces |= (map(select(.type != "network")) + [{type: "network"}])'
	cat >"$WORK/rows"
	sed -n 's/^[a-z]*@//p' "$WORK/rows" | sed 's/.*/(&)/' | paste -sd , >"$WORK/filter"
	jq -c "$(cat "$WORK/filter")" "$BUNDLE/config.json" >"$WORK/configs" || fail 'jq: the filters'
	same "$(grep -c @ "$WORK/rows")" "$(wc -l <"$WORK/configs")" 'configurations'
	wrong=
	while IFS='@' read -r verdict filter && IFS= read -r changed <&3; do
		printf '%s\n' "$changed" >"$BUNDLE/config.json"
		try hull check "$BUNDLE"
		found=$out checked=$status
		[ -z "$errors" ] || wrong="$wrong; $filter: check says on standard error: $errors"
		run
		case $verdict in
		error) [ "$checked" = 1 ] && [ "$status" != 0 ] && printf '%s' "$found" | grep -q 'error' ;;
		warning) [ "$checked" = 0 ] && [ "$status" = 0 ] && printf '%s' "$found" | grep -q '(warning)' ;;
		right) [ "$checked" = 0 ] && [ "$status" = 0 ] && ! printf '%s' "$found" | grep -q '(warning)' ;;
		esac || wrong="$wrong
$verdict $filter: check $checked '$found', run $status '$errors'"
	done <"$WORK/rows" 3<"$WORK/configs"
	[ -z "$wrong" ] || fail "$wrong"
}

test_rules() {
	agree <<-'END'
		error@.ociVersion = "2.0.0"
		error@.process.args = []
		error@.process.args = 3
		error@.process.cwd = "relative"
		error@.process.env += ["NONSENSE"]
		error@.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 2, hard: 1}]
		error@.process.rlimits = [{type: "RLIMIT_NOFLE", soft: 1, hard: 1}]
		error@.process.oomScoreAdj = 5000
		error@.process.scheduler = {policy: "SCHED_OTHER", nice: 99}
		error@.process.user.umask = 4096
		error@.linux.namespaces += [{type: "pid"}]
		error@.linux.namespaces += [{type: "uesr"}]
		error@.linux.rootfsPropagation = "publc"
		error@.linux.cgroupsPath = "/../x"
		error@.linux.devices = [{path: "/dev/x", type: "q"}]
		error@.linux.timeOffsets = {monotonic: {secs: 1}}
		error@.linux.seccomp = {defaultAction: "SCMP_ACT_MAYBE"}
		error@.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: [], action: "SCMP_ACT_ERRNO"}]}
		error@.linux.resources.unified = {"../x": "1"}
		error@.linux.maskedPaths += ["relative"]
		error@del(.root)
		error@del(.process.cwd)
		error@.mounts[0].destination = "/a/.."
		error@.hooks = {createRuntime: [{path: "/bin/true", timeout: 0}]}
		right@.hooks = {createRuntime: [{path: "/bin/true", timeout: 9}]}
		warning@.process.noNewPrivilege = true
		warning@.linux.sysctls = {}
	END
}

test_host() {
	agree <<-'END'
		error@.root.path = "nowhere"
		error@.mounts += [{destination: "/x", type: "bind", source: "/no/source", options: ["bind"]}]
		error@.mounts += [{destination: "/x", type: "nofs", source: "x"}]
		error@.mounts += [{destination: "/x", type: "tmpfs", source: "x", options: ["noexex"]}]
		error@.mounts += [{destination: "/x", type: "tmpfs", source: "x", options: ["size=huge"]}]
		error@.mounts += [{destination: "/x", type: "tmpfs", source: "x", options: ["mode=999"]}]
		error@.mounts += [{destination: "/x", type: "mqueue", source: "x", options: ["colour=red"]}]
		error@.mounts += [{destination: "/x", type: "proc", source: "x", options: ["hidepid=often"]}]
		right@.mounts += [{destination: "/x", type: "proc", source: "x", options: ["hidepid=2"]}]
		right@.mounts += [{destination: "/x", type: "tmpfs", source: "x", options: ["size=1m", "nr_inodes=64", "mode=700"]}]
		error@.mounts += [{destination: "/x", type: "bind", source: "/tmp"}, {destination: "/bin/busybox", type: "bind", source: "/tmp"}]
		warning@.mounts += [{destination: "/x", source: "/tmp", options: ["rbind", "nosiud"]}]
		warning@.mounts += [{destination: "/x", type: "tmpfs", source: "a"}, {destination: "/x/", type: "tmpfs", source: "b"}]
		warning@.mounts += [{destination: "/x/y", type: "tmpfs", source: "a"}, {destination: "/x", type: "tmpfs", source: "b"}]
		right@.mounts += [{destination: "/x", type: "tmpfs", source: "b"}, {destination: "/x/y", type: "tmpfs", source: "a"}]
		error@(.linux.namespaces[] | select(.type == "network")).path = "/no/such/ns"
		error@(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/uts"
		error@.linux.sysctl = {"net.ipv4.ip_forwad": "1"}
		error@.linux.sysctl = {"net.ipv4.ip_forward": "yes"}
		error@.linux.sysctl = {"kernel.msgmax": "many"}
		error@.linux.sysctl = {"kernel.no_such": "1"}
		right@.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "4096"}
		error@.hooks = {createRuntime: [{path: "/no/hook"}]}
		error@.hooks = {createContainer: [{path: "/etc/passwd"}]}
		warning@.hooks = {poststop: [{path: "/no/hook"}]}
		error@.linux.netDevices = {"no-such-dev0": {}}
		error@.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/no/agent", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}
		warning@.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdri"], action: "SCMP_ACT_ERRNO"}]}
		right@.process.oomScoreAdj = 700
		error@.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 10, hard: 4000000000}]
		right@.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 10, hard: 20}, {type: "RLIMIT_AS", soft: 1000000000, hard: 1000000000}]
		error@.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 10000000000}}
		right@.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 10}, monotonic: {secs: 5, nanosecs: 3}}
		error@.process.terminal = true | .mounts |= map(select(.destination | startswith("/dev") | not))
		warning@.process.capabilities.bounding += ["CAP_KIL"]
		warning@.process.capabilities.bounding += ["NET_ADMIN"]
	END
}

test_program() {
	printf 'text\n' >"$BUNDLE/rootfs/bin/data"
	printf '#!/no/interpreter\n' >"$BUNDLE/rootfs/bin/script"
	printf '#!/bin/sh\r\n' >"$BUNDLE/rootfs/bin/dos"
	printf '#!/bin/script\n' >"$BUNDLE/rootfs/bin/twice"
	printf '#!/bin/true\n' >"$BUNDLE/rootfs/bin/good"
	: >"$BUNDLE/rootfs/bin/empty"
	chmod 755 "$BUNDLE"/rootfs/bin/script "$BUNDLE"/rootfs/bin/dos "$BUNDLE"/rootfs/bin/twice "$BUNDLE"/rootfs/bin/good \
		"$BUNDLE"/rootfs/bin/empty
	ln -s /no/where "$BUNDLE/rootfs/bin/dangling"
	ln -s ../../../../../../bin/good "$BUNDLE/rootfs/bin/climbing"
	cp "$BUNDLE/rootfs/bin/busybox" "$BUNDLE/rootfs/bin/private"
	chmod 700 "$BUNDLE/rootfs/bin/private"
	# as long as before, because nothing else in the file may move
	LC_ALL=C sed 's|/ld\(-[a-z0-9-]*[.]so\)|/no\1|' /bin/true >"$BUNDLE/rootfs/bin/unlinked"
	chmod 755 "$BUNDLE/rootfs/bin/unlinked"
	agree <<-'END'
		error@.process.args = ["no-such-program"]
		error@.process.args = ["/bin/no-such-program"]
		error@.process.args = ["/bin"]
		error@.process.args = ["data"]
		error@.process.args = ["script"]
		error@.process.args = ["dos"]
		error@.process.args = ["twice"]
		error@.process.args = ["empty"]
		error@.process.args = ["dangling"]
		error@.process.args = ["unlinked"]
		error@.process.args = ["./true"]
		error@.process.env = ["PATH=/etc:/usr"]
		error@.process.args = ["private", "true"] | .process.user = {uid: 7, gid: 7}
		right@.process.args = ["/bin/busybox", "true"] | .process.user = {uid: 7, gid: 7}
		right@.process.args = ["good"]
		right@.process.args = ["climbing"]
		right@.process.args = ["./true"] | .process.cwd = "/bin"
		right@.process.args = ["../bin/true"] | .process.cwd = "/bin"
		warning@.process.cwd = "/made/of/nothing"
		error@.process.cwd = "/bin/data"
		error@.process.cwd = "/bin/data/below"
	END
}

# Files that a mount or a hook brings are not judged.
test_what_is_brought() {
	mkdir "$WORK/tools"
	printf '#!/bin/true\n' >"$WORK/tools/only-there"
	printf '#!/bin/sh\ncp %s/tools/only-there %s/bin/brought\n' "$WORK" "$BUNDLE/rootfs" >"$WORK/hook"
	chmod 755 "$WORK/hook" "$WORK/tools/only-there"
	printf '#!/no/interpreter\n' >"$WORK/bad-hook"
	chmod 755 "$WORK/bad-hook"
	tools=$WORK/tools hook=$WORK/hook
	ln -s opt/tools "$BUNDLE/rootfs/tools"
	agree <<-END
		right@.mounts += [{destination: "/opt/tools", source: "$tools", options: ["bind"]}] | .process.args = ["/opt/tools/only-there", "true"]
		right@.mounts += [{destination: "/opt/tools", source: "$tools", options: ["bind"]}] | .process.args = ["/tools/only-there", "true"]
		right@.mounts += [{destination: "/opt/tools", source: "$tools", options: ["bind"]}] | .process.args = ["only-there", "true"] | .process.env = ["PATH=/nowhere:/tools"]
		warning@.hooks = {createRuntime: [{path: "$hook"}]} | .process.args = ["brought", "true"]
		error@.hooks = {createRuntime: [{path: "$WORK/bad-hook"}]}
	END
}

# A caller who may not lower it learns that before.
test_oom_score() {
	[ "$(cat /proc/self/oom_score_adj)" = 0 ] || skip 'another one is inherited'
	before=$(cat /proc/self/oom_score_adj)
	config '.process.args = ["true"] | .process.oomScoreAdj = -500'
	try hull check "$BUNDLE"
	checked=$status
	run
	[ "$checked" = "$((status != 0))" ] || fail "check $checked: $out; run $status: $errors"
	same "$before" "$(cat /proc/self/oom_score_adj)" 'of the caller'
}

test_user_namespace() {
	[ -z "${HULL_TEST_USER:-}" ] || skip 'mappings for root'
	agree <<-'END'
		right@.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 100}] | .linux.gidMappings = .linux.uidMappings
		warning@.linux.namespaces += [{type: "user"}]
		error@.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 100}] | .linux.gidMappings = .linux.uidMappings | .process.user.uid = 100
		error@.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 100}] | .linux.gidMappings = .linux.uidMappings | .process.user.additionalGids = [7, 100]
		error@.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 100}] | .linux.gidMappings = .linux.uidMappings | .mounts += [{destination: "/x", type: "tmpfs", source: "x", options: ["uid=500"]}]
		error@.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 9}, {containerID: 8, hostID: 50, size: 9}] | .linux.gidMappings = .linux.uidMappings
		error@.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]
	END
}

run_tests
