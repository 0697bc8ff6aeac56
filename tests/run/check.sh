#!/bin/sh
# hull check reports all mistakes of a configuration, and everything that this host cannot honour of it, and nothing else. It runs
# nothing.
. "${0%/*}/lib.sh"

# The finding is reported, with status 1 and nothing on standard error.
finds() { # TEXT...
	try hull check --bundle "$BUNDLE"
	[ "$status" = 1 ] || fail "exit status $status: $out $errors"
	[ -z "$errors" ] || fail "on standard error: $errors"
	for text in "$@"; do
		printf '%s\n' "$out" | grep -Fq -- "$text" || fail "found '$out', expected '$text'"
	done
}

# A warning is reported, which run would accept: status 0.
slips() { # TEXT...
	try hull check --bundle "$BUNDLE"
	[ "$status" = 0 ] || fail "exit status $status: $out $errors"
	[ -z "$errors" ] || fail "on standard error: $errors"
	for text in "$@"; do
		printf '%s\n' "$out" | grep -Fq -- "$text" || fail "found '$out', expected '$text'"
	done
}

test_good() {
	try hull check --bundle "$BUNDLE"
	expect_status 0
	same 'the configuration is right, and this host can honour it' "$out" output
	cd "$BUNDLE" || fail cd
	try hull check
	expect_status 0
	# an engine gives the socket; without it create would refuse
	config '.process.terminal = true'
	try hull check
	expect_status 0
}

test_config_option() {
	cd "$WORK" || fail cd
	jq '.process.cwd = "relative"' "$BUNDLE/config.json" >"$WORK/other.json"
	try hull check -b "$BUNDLE" --config other.json
	expect_status 1
	printf '%s' "$out" | grep -q '^other\.json:[0-9]*: \.process\.cwd: ' || fail "found: $out $errors"
}

test_no_bundle() {
	fails_with /no/such/bundle hull check --bundle /no/such/bundle
}

test_no_config() {
	rm "$BUNDLE/config.json"
	finds 'config.json: No such file or directory'
}

test_unknown_names() {
	config '.process.noNewPrivilege = true | .linux.maskedPath = [] | .hostnam = "x" | .zebra = 1 | .mounts[0].optons = []'
	slips '.process.noNewPrivilege: unknown property' 'did you mean "noNewPrivileges"?' \
		'.linux.maskedPath' 'did you mean "maskedPaths"?' '.hostnam' '"hostname"' '.zebra: unknown property' '.mounts[0].optons'
	printf '%s\n' "$out" | grep -q '^config.json:[0-9]*: ' || fail "no line: $out"
	same 5 "$(printf '%s\n' "$out" | grep -c 'unknown property')" findings
}

test_several_at_once() {
	config '.process.noNewPrivilege = true | .root.path = "nowhere" | .hooks = {prestart: [{path: "/no/hook"}], poststop: [{path: "/no/stop"}]}
		| .mounts += [{destination: "/x", type: "bind", source: "/no/source", options: ["bind"]}, {destination: "/y", type: "nofs", source: "x"}]'
	finds .process.noNewPrivilege 'nowhere' '.hooks.prestart[0].path' '.hooks.poststop[0].path' '/no/source' '"nofs"'
}

# One bad configuration after the other: jq's change, then the findings.
test_bad_values() {
	cp "$BUNDLE/config.json" "$WORK/good.json"
	while IFS='@' read -r change text; do
		[ -n "$change" ] || continue
		jq "$change" "$WORK/good.json" >"$BUNDLE/config.json" || fail "jq $change"
		try hull check --bundle "$BUNDLE"
		[ "$status" = 1 ] || fail "$change: exit status $status: $out $errors"
		printf '%s\n' "$out" | grep -Fq -- "$text" || fail "$change: found '$out'"
	done <<-'END'
		.ociVersion = "9.0.0"@.ociVersion
		.process.args = []@.process.args
		.process.cwd = "x"@.process.cwd
		.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 2, hard: 1}]@.process.rlimits[0]
		.process.oomScoreAdj = 5000@.process.oomScoreAdj
		.process.user.uid = -1@.process.user.uid
		.linux.namespaces += [{type: "pid"}]@.linux.namespaces
		.linux.namespaces += [{type: "uesr"}]@unknown value "uesr"
		.linux.rootfsPropagation = "publc"@.linux.rootfsPropagation
		.linux.cgroupsPath = "/../x"@.linux.cgroupsPath
		.linux.sysctl = {"kernel.shmmax": "1", "kernel.no_such": "1"}@.linux.sysctl
		.linux.devices = [{path: "/dev/x", type: "q"}]@.linux.devices[0]
		.linux.seccomp = {defaultAction: "SCMP_ACT_MAYBE"}@.linux.seccomp.defaultAction
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_Z80"]}@.linux.seccomp.architectures[0]
		.linux.seccomp = {defaultAction: "SCMP_ACT_NOTIFY", listenerPath: "/no/such/agent"}@.linux.seccomp
		.linux.timeOffsets = {monotonic: {secs: 1}}@.linux.timeOffsets
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]@.linux.uidMappings
		.linux.netDevices = {"no-such-dev0": {}}@no-such-dev0
		.mounts += [{destination: "/x", type: "tmpfs", source: "x", options: ["noexex"]}]@.mounts
		.hooks = {createRuntime: [{path: "relative"}]}@.hooks.createRuntime[0].path
		del(.root)@.root
		del(.process)@.process
		.linux.resources.memory.limit = -5@.linux.resources.memory.limit
		.linux.resources.unified = {"../x": "1"}@.linux.resources.unified
		(.linux.namespaces[] | select(.type == "network")).path = "/no/such/ns"@/no/such/ns
		(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/uts"@.linux.namespaces
	END
}

test_syntax() {
	printf '{\n"ociVersion": "1.0.0",\n}' >"$BUNDLE/config.json"
	finds 'config.json:3: '
	: >"$BUNDLE/config.json"
	finds 'config.json:1: '
}

# People see each finding on a line of its own, with its line in the file, and the number of findings; programs see the same as
# JSON.
test_lines() {
	config '.hostnam = "x" | .process.cwd = "relative" | .process.args = ["true", 5] | .linux.namespaces += [{type: "pid"}]
		| .mounts += [{destination: "/x", type: "bind"}] | .process.capabilities.bounding = ["CAP_KIL"]'
	finds .hostnam .process.cwd '.process.args[1]' .linux.namespaces '.mounts[7].source' '.process.capabilities.bounding[0]' 'did you mean CAP_KILL?'
	same '4 errors, 2 warnings' "$(printf '%s\n' "$out" | tail -n 1)" 'last line'
	same 6 "$(printf '%s\n' "$out" | grep -Ec '^config\.json:[0-9]+: \.[^ ]+: ')" lines
	while IFS=: read -r file line property _; do
		case $file in config.json) ;; *) continue ;; esac
		# an item of an array has a line of its own below the name, and a missing property has that of the object
		case $property in
		*.source) first=$line last=$((line + 3)) word=/x ;;
		*) first=$((line > 8 ? line - 8 : 1)) last=$line word=$(printf '%s' "$property" | sed 's/.*[.]//; s/\[.*//') ;;
		esac
		sed -n "$first,${last}p" "$BUNDLE/config.json" | grep -q "\"$word\"" || wrong="$property is not on line $line"
	done <"$WORK/out"
	[ -z "${wrong:-}" ] || fail "$wrong"
	try hull check -b "$BUNDLE" --format json
	expect_status 1
	same '[4,2]' "$(jq -c '[map(select(.severity == "error")), map(select(.severity == "warning"))] | map(length)' "$WORK/out")" severities
	jq -e 'all(.[]; (keys == ["file", "hint", "line", "message", "property", "severity"]) and .file == "config.json" and .line > 1
		and (.property | startswith(".")) and (.message | test("^[.]|config") | not))
		and any(.[]; .property == ".hostnam" and .hint == "did you mean \"hostname\"?")
		and any(.[]; .property == ".process.cwd" and .hint == null)' "$WORK/out" >/dev/null || fail "json: $out"
}

# A finding suggests a known name that is similar.
test_nearest_names() {
	config '.linux.namespaces |= (map(select(.type != "network")) + [{type: "network"}])
		| .linux.sysctl = {"net.ipv4.ip_forwad": "1"} | .process.capabilities.bounding += ["CAP_KIL", "NET_ADMIN"]
		| .mounts += [{destination: "/x", type: "tmpsf", source: "x"}, {destination: "/y", type: "tmpfs", source: "x", options: ["nosiud"]}]
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdri", "no_such_call"], action: "SCMP_ACT_ERRNO"}]}'
	finds 'did you mean "net.ipv4.ip_forward"?' 'did you mean CAP_KILL?' 'did you mean CAP_NET_ADMIN?' 'did you mean "tmpfs"?' \
		'.mounts[8].options[0]' 'did you mean "nosuid"?' 'did you mean "mkdir"?' '.linux.seccomp.syscalls[0].names[2]: unknown system call "no_such_call"'
}

test_json_of_nothing() {
	try hull check --format json "$BUNDLE"
	expect_status 0
	same '[]' "$out" output
	rm "$BUNDLE/config.json"
	try hull check --format json "$BUNDLE"
	expect_status 1
	same '[1,"error",null,null]' "$(jq -c '[length, .[0].severity, .[0].line, .[0].property]' "$WORK/out")" finding
	try hull check --format yaml "$BUNDLE"
	expect_status 1
}

test_json_of_the_host() {
	try hull check --host --format json
	[ "$status" -le 1 ] || fail "status $status: $errors"
	jq -e 'length > 3 and all(.[]; keys == ["hint", "message", "topic", "verdict"])' "$WORK/out" >/dev/null || fail "json: $out"
}

# Whatever is in the place of the configuration, the result is an array, and nothing is waited for.
test_json_of_anything() {
	mkdir "$WORK/empty" "$WORK/pipe" "$WORK/zero" "$WORK/dir" "$WORK/dir/config.json" "$WORK/binary"
	mkfifo "$WORK/pipe/config.json"
	ln -s /dev/zero "$WORK/zero/config.json"
	head -c 5000 "$HULL" >"$WORK/binary/config.json"
	for bundle in empty pipe zero dir binary absent; do
		try timeout 10 "$HULL" check --format json "$WORK/$bundle"
		same 1 "$status" "status of $bundle"
		same '' "$errors" "errors of $bundle"
		same '[1,"error"]' "$(jq -c '[length, .[0].severity]' "$WORK/out")" "findings of $bundle"
	done
	try timeout 10 "$HULL" --root "$STATE" run -b "$WORK/pipe" "$ID"
	same 1 "$status" 'status of run'
	# a named one may be a pipe
	mkfifo -m 666 "$WORK/named"
	cat "$BUNDLE/config.json" >"$WORK/named" &
	try timeout 10 "$HULL" check --format json -f "$WORK/named" "$BUNDLE"
	wait
	expect_status 0
	same '[]' "$out" 'from a pipe'
}

# The text of a configuration reaches the terminal without its control characters: ESC [ and U+009B begin a command for it.
test_control_characters() {
	config '.process.args = ["no\u001b[31m\u009b1m\u007f"] | .root.path = "rootfs"'
	bad='[[:cntrl:]]'
	escape=$(printf '\033')
	csi=$(printf '\302\233')
	for form in "check $BUNDLE" "run -b $BUNDLE $ID" "run --dry-run -b $BUNDLE $ID"; do
		try hull $form
		case $out$errors in
		*"$escape"* | *"$csi"*) fail "$form: $out$errors" ;;
		*'no?[31m??1m?'*) ;;
		*) fail "$form: not told: $out$errors" ;;
		esac
		! printf '%s' "$out$errors" | tr -d '\n' | LC_ALL=C grep -q "$bad" || fail "$form: $out$errors"
	done
	mv "$BUNDLE" "$BUNDLE${escape}[31m$csi"
	BUNDLE=$BUNDLE${escape}[31m$csi
	config '.process.args = ["true"]'
	hull create -b "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null || fail create
	for form in "state $ID" 'list --format json' "--log-format json run -b $BUNDLE/none $ID"; do
		try hull $form
		case $out$errors in
		*"$escape"* | *"$csi"*) fail "$form: $out$errors" ;;
		*'\u009b'*) ;;
		*) fail "$form: not told: $out$errors" ;;
		esac
	done
	try hull list
	hull delete -f "$ID"
	case $out in
	*'?[31m??'*) ;;
	*) fail "list: $out" ;;
	esac
	case $out in
	*"$escape"* | *"$csi"*) fail "list: $out" ;;
	esac
}

# Places in the root filesystem, which run would find out one by one.
test_places() {
	: >"$BUNDLE/rootfs/file"
	ln -s loop "$BUNDLE/rootfs/loop"
	mkdir "$BUNDLE/rootfs/node"
	config '.mounts += [{destination: "/file/x", type: "tmpfs", source: "x"}, {destination: "/loop", type: "tmpfs", source: "x"}]
		| .linux.devices = [{path: "/node", type: "c", major: 1, minor: 3}]
		| .hooks = {startContainer: [{path: "/no/such/hook"}, {path: "/bin/true"}, {path: "/proc/self/exe"}]}'
	finds '.mounts[7].destination: open /file/x in the root filesystem: Not a directory' '.mounts[8].destination: open /loop' \
		'.linux.devices[0].path: make the device /node: File exists' '.hooks.startContainer[0].path: the hook /no/such/hook: No such'
	same 1 "$(printf '%s\n' "$out" | grep -c startContainer)" 'hooks that are missing'
}

test_device_of_a_filesystem() {
	grep -q '^[[:space:]]*ext4$' /proc/filesystems || skip 'this kernel has no ext4'
	config '.mounts += [{destination: "/tmp", type: "ext4", source: "/no/such/device"}, {destination: "/tmp", type: "ext4", source: "/etc/passwd"}]'
	finds '.mounts[7].source: the device /no/such/device of ext4: No such file' '.mounts[8].source: the device /etc/passwd of ext4: Block device required'
}

# Formats that the kernel can execute: ELF, scripts, and those that binfmt_misc names.
test_programs_of_no_kind() {
	[ -z "$(ls /proc/sys/fs/binfmt_misc 2>/dev/null | grep -vx -e register -e status)" ] || skip 'binfmt_misc is in use'
	echo 'exit 0' >"$BUNDLE/rootfs/text"
	mkdir -m 700 "$BUNDLE/rootfs/closed"
	cp "$BUNDLE/rootfs/bin/busybox" "$BUNDLE/rootfs/closed/true"
	chmod 755 "$BUNDLE/rootfs/text"
	config '.process.args = ["/text"]'
	finds '.process.args[0]: cannot execute `/text`: ' 'xec format error'
	[ "$(id -u)" = 0 ] && [ -z "${HULL_TEST_USER:-}" ] || return 0
	config '.process.args = ["/closed/true"]'
	try hull check "$BUNDLE"
	expect_status 0
	config '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}'
	finds '.process.args[0]: ' 'ermission denied'
}

# The places of 3000 mounts are looked up once each, not once for each pair.
test_many_mounts() {
	jq '.mounts += [range(3000) | {destination: "/m\(.)", type: "none\(.)", source: "x"}]' "$BUNDLE/config.json" >"$WORK/many.json"
	try timeout 20 "$HULL" check -f "$WORK/many.json" "$BUNDLE"
	same 1 "$status" status
	same '3000 errors' "$(printf '%s\n' "$out" | tail -n 1)" 'last line'
}

# Without privileges, whatever has to be made must be where the user may write.
test_places_of_a_user() {
	[ "$(id -u)" = 0 ] && [ -z "${HULL_TEST_USER:-}" ] || skip 'needs root, who owns the root filesystem'
	command -v setpriv >/dev/null || skip 'setpriv(1) is not here'
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
	as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$HULL" "$@"; }
	as_nobody spec --rootless --no-terminal -f - >"$WORK/rootless.json" 2>/dev/null || skip 'no rootless configuration'
	jq '.mounts += [{destination: "/made", type: "tmpfs", source: "x"}] | .process.cwd = "/made/not"' "$WORK/rootless.json" >"$WORK/other.json"
	mv "$WORK/other.json" "$BUNDLE/config.json"
	try as_nobody check "$BUNDLE"
	[ "$status" = 1 ] || skip "$out $errors"
	case $out in
	*'.mounts['*'.destination: make /made in the root filesystem: Permission denied'*) ;;
	*namespaces*) skip "$out" ;;
	*) fail "$out $errors" ;;
	esac
}

# The same for root, in a user namespace that does not map the owner of the root filesystem.
test_places_in_a_user_namespace() {
	[ "$(id -u)" = 0 ] && [ -z "${HULL_TEST_USER:-}" ] || skip 'needs root'
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .mounts += [{destination: "/made", type: "tmpfs", source: "x"}] | .process.cwd = "/not/there"'
	finds '.mounts[7].destination: make /made in the root filesystem: Permission denied' '.process.cwd: make /not/there'
	chown 100000:100000 "$BUNDLE/rootfs"
	slips '.process.cwd: the root filesystem has no directory /not/there: it is made'
}

# Tried on a process that ends with the command.
test_scheduling() {
	config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "1000"}'
	finds '.linux.memoryPolicy: '
}

test_operand() {
	config '.process.cwd = "relative"'
	cd / || fail cd
	try hull check "$BUNDLE"
	expect_status 1
	printf '%s\n' "$out" | grep -q '^config\.json:[0-9]*: \.process\.cwd: ' || fail "found: $out $errors"
	fails_with 'given twice' hull check -b "$BUNDLE" "$BUNDLE"
	fails_with /no/such/bundle hull check /no/such/bundle
	fails_with 'a bundle is a directory' hull check "$BUNDLE/config.json"
}

# A value that was refused once is not judged again.
test_once() {
	cp "$LIB_DIR/../config/findings/many.json" "$BUNDLE/config.json"
	try hull check --format json "$BUNDLE"
	expect_status 1
	same '' "$(jq -r '.[] | select(.severity == "error") | .property' "$WORK/out" | sort | uniq -d)" 'told twice'
	same '' "$(jq -r '.[] | select(.line == null)' "$WORK/out")" 'without a line'
}

# Nothing after a syntax error can be known; findings before it are reported.
test_syntax_ends() {
	cp "$LIB_DIR/../config/findings/syntax.json" "$BUNDLE/config.json"
	finds 'config.json:3: .process.cwd: ' 'config.json:3: .process.args[0]: ' 'config.json:5: expected the name' 'nothing after it was checked' '3 errors'
}

# A hostile root filesystem leads nowhere else, and nothing in it is waited for.
test_hostile_rootfs() {
	ln -s ../../../../../../../bin "$BUNDLE/rootfs/up"
	ln -s "$WORK" "$BUNDLE/rootfs/out"
	ln -s /proc/self/exe "$BUNDLE/rootfs/bin/self"
	ln -s loop "$BUNDLE/rootfs/bin/loop"
	mkfifo "$BUNDLE/rootfs/bin/fifo"
	printf '#!/bin/fifo\n' >"$BUNDLE/rootfs/bin/asks"
	printf '#!/bin/asks\n' >"$WORK/tool"
	chmod 755 "$WORK/tool" "$BUNDLE/rootfs/bin/fifo" "$BUNDLE/rootfs/bin/asks"
	for program in /out/tool /up/no-such-program /bin/loop fifo asks; do
		config --arg program "$program" '.process.args = [$program] | .mounts = []'
		finds '.process.args[0]: '
	done
	config '.process.args = ["/up/busybox"] | .mounts = []'
	try hull check "$BUNDLE"
	expect_status 0
}

# Things that this host lacks.
test_controllers() {
	grep -qw memory "$CGROUP2/cgroup.controllers" && skip 'the memory controller is there'
	config '.linux.resources.memory.limit = 100000000'
	finds .linux.resources.memory.limit
}

test_lsm() {
	grep -qw apparmor /sys/kernel/security/lsm 2>/dev/null || {
		config '.process.apparmorProfile = "x"'
		finds .process.apparmorProfile AppArmor
	}
}

test_resctrl() {
	[ "$(stat -f -c %t /sys/fs/resctrl 2>/dev/null)" != 7655821 ] || skip 'resctrl is mounted here'
	config '.linux.intelRdt = {closID: "x"}'
	finds .linux.intelRdt resctrl
}

test_hard_limit() {
	[ "$(ulimit -H -n)" != unlimited ] || skip 'descriptors are unlimited'
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 10, hard: 1000000000}]'
	grep -q '^CapEff:.*' /proc/self/status
	finds .process.rlimits
}

# Each good configuration is checked without a crash; whatever it lacks on this host is reported in whole lines.
test_good_files() {
	for file in "$LIB_DIR"/../config/good/*.json; do
		try hull check -b "$BUNDLE" --config "$file"
		[ "$status" -le 1 ] || fail "$file: status $status $errors"
		[ "$status" = 0 ] || ! printf '%s\n' "$out" | grep -Ev '^(\.|  hint: |NOTIFY|[a-z]|[0-9]+ (error|warning))' || fail "$file: $out"
	done
}

test_bad_files() {
	for file in "$LIB_DIR"/../config/bad/*.json; do
		try hull check -b "$BUNDLE" --config "$file"
		[ "$status" = 1 ] || fail "$file: status $status: $out $errors"
		[ -n "$out" ] || fail "$file: nothing said"
	done
}

test_nothing_is_done() {
	config '.hooks = {createRuntime: [{path: "/bin/touch", args: ["touch", "/tmp/hull-check-ran"]}]}'
	try hull check -b "$BUNDLE"
	[ ! -e /tmp/hull-check-ran ] || fail 'a hook was run'
	[ -z "$(ls -A "$STATE")" ] || fail 'a state was made'
}

run_tests
