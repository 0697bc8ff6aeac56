# The systemd driver, if systemd is process 1 and hull-systemd is built.
. "${0%/*}/lib.sh"

HULL_LIBEXEC=${HULL_LIBEXEC:-$(dirname "$HULL")}
export HULL_LIBEXEC

needs_systemd() {
	[ -d /run/systemd/system ] || skip "systemd is not process 1"
	[ -x "$HULL_LIBEXEC/hull-systemd" ] || skip "hull-systemd is not built: libsystemd is missing"
}

# A container that stays, made by systemd.
create_scope() {
	config '.process.args = ["sleep", "1000"]'
	try hull --systemd-cgroup create -b "$BUNDLE" "$ID"
	expect_status 0
}

property() { # UNIT NAME
	systemctl show -P "$2" "$1"
}

is_active() { # UNIT
	[ "$(property "$1" ActiveState)" = active ]
}

remove() {
	hull delete --force "$ID" || fail "delete --force"
}

test_default_scope() {
	needs_systemd
	create_scope
	unit=hull-$ID.scope
	same active "$(property "$unit" ActiveState)" "the scope's state"
	same yes "$(property "$unit" Delegate)" "delegation"
	same "/system.slice/$unit" "$(property "$unit" ControlGroup)" "the scope's cgroup"
	pid=$(hull state "$ID" | jq .pid)
	same "$unit" "$(hull state "$ID" | jq -r '.["systemd-scope"]')" "the scope in state"
	same "0::/system.slice/$unit" "$(grep '^0::' "/proc/$pid/cgroup")" "the process's cgroup"
	try hull delete --force "$ID"
	expect_status 0
	same inactive "$(property "$unit" ActiveState)" "the scope's state after delete"
}

test_run() {
	needs_systemd
	config '.process.args = ["cat", "/proc/self/cgroup"]'
	try hull --systemd-cgroup run -b "$BUNDLE" "$ID"
	expect_status 0
	printf '%s\n' "$out" | grep -qx '0::/' || fail "inside it is $out"
}

test_slice_and_prefix() {
	needs_systemd
	config --arg path "machine-hull.slice:pre:$ID" '.linux.cgroupsPath = $path'
	create_scope
	same "/machine.slice/machine-hull.slice/pre-$ID.scope" \
		"$(property "pre-$ID.scope" ControlGroup)" "the scope's cgroup"
	hull delete --force "$ID"
	systemctl stop machine-hull.slice
}

test_limits_are_properties() {
	needs_systemd
	needs_controllers memory pids cpu
	config '.linux.resources += {memory: {limit: 67108864, reservation: 33554432}, pids: {limit: 77},
		cpu: {shares: 512, quota: 50000, period: 100000}}'
	create_scope
	unit=hull-$ID.scope
	same 67108864 "$(property "$unit" MemoryMax)" MemoryMax
	same 33554432 "$(property "$unit" MemoryLow)" MemoryLow
	same 77 "$(property "$unit" TasksMax)" TasksMax
	same 500ms "$(property "$unit" CPUQuotaPerSecUSec)" CPUQuota
	same "$(cat "$CGROUP2/system.slice/$unit/cpu.weight")" "$(property "$unit" CPUWeight)" CPUWeight
	remove
}

test_reload_loses_nothing() {
	needs_systemd
	needs_controllers memory pids cpu
	config '.linux.resources += {memory: {limit: 67108864}, pids: {limit: 77}, cpu: {quota: 50000, period: 100000}}'
	create_scope
	dir=$CGROUP2/system.slice/hull-$ID.scope
	before=$(cd "$dir" && grep . memory.max pids.max cpu.max cpu.weight)
	systemctl daemon-reload
	same "$before" "$(cd "$dir" && grep . memory.max pids.max cpu.max cpu.weight)" "limits after a reload"
	remove
}

test_devices_survive_reload() {
	needs_systemd
	config '.process.args = ["sh", "-c", "while [ ! -e /go ]; do sleep 0.2; done; cat /dev/denied"]
		| .linux.devices = [{path: "/dev/denied", type: "c", major: 10, minor: 237}]
		| .linux.resources.devices = [{allow: false, access: "rwm"}, {allow: false, type: "c", major: 10, minor: 237, access: "rwm"}]'
	try hull --systemd-cgroup create -b "$BUNDLE" "$ID"
	expect_status 0
	hull start "$ID" 2>"$WORK/start-errors" || fail "$(cat "$WORK/start-errors")"
	systemctl daemon-reload
	pid=$(hull state "$ID" | jq .pid)
	if nsenter -t "$pid" -m -C cat /dev/denied 2>/dev/null; then
		fail "the device may be read after a reload"
	fi
	touch "$BUNDLE/rootfs/go"
	remove
}

test_property_annotations() {
	needs_systemd
	config '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 123000000",
		"org.systemd.property.RuntimeMaxSec": "uint64 4000",
		"org.systemd.property.RuntimeMaxSec": "uint64 4000",
		"org.systemd.property.CollectMode": "'"'inactive-or-failed'"'",
		"org.systemd.property.Description": "'"'a container of ours'"'"}'
	create_scope
	same "2min 3s" "$(property "hull-$ID.scope" TimeoutStopUSec)" TimeoutStopUSec
	same "1h 6min 40s" "$(property "hull-$ID.scope" RuntimeMaxUSec)" RuntimeMaxUSec
	same "1h 6min 40s" "$(property "hull-$ID.scope" RuntimeMaxUSec)" RuntimeMaxUSec
	same inactive-or-failed "$(property "hull-$ID.scope" CollectMode)" CollectMode
	same "a container of ours" "$(property "hull-$ID.scope" Description)" Description
	remove
}

test_subgroup() {
	needs_systemd
	needs_controllers pids
	config '.annotations = {"run.oci.systemd.subgroup": "container"} | .linux.resources += {pids: {limit: 55}}'
	create_scope
	pid=$(hull state "$ID" | jq .pid)
	same "0::/system.slice/hull-$ID.scope/container" "$(grep '^0::' "/proc/$pid/cgroup")" "the process's cgroup"
	same 55 "$(cat "$CGROUP2/system.slice/hull-$ID.scope/pids.max")" "the scope's limit"
	remove
}

test_stale_scope_is_cleared() {
	needs_systemd
	# one that failed and lingers, as after an OOM kill
	systemd-run --quiet --scope --unit "hull-$ID" -p RuntimeMaxSec=1 sleep 30 2>/dev/null
	await 'it does not end' unlike is_active "hull-$ID.scope"
	state=$(property "hull-$ID.scope" ActiveState)
	[ "$state" = failed ] || skip "no failed scope could be made: it is $state"
	config '.process.args = ["true"]'
	try hull --systemd-cgroup run -b "$BUNDLE" "$ID"
	expect_status 0
}

test_living_scope_is_refused() {
	needs_systemd
	systemd-run --quiet --scope --unit "hull-$ID" sleep 1000 &
	await 'no scope' is_active "hull-$ID.scope"
	config '.process.args = ["true"]'
	fails_with "already" hull --systemd-cgroup run -b "$BUNDLE" "$ID"
	systemctl stop "hull-$ID.scope"
	wait
}

test_bad_paths() {
	config '.linux.cgroupsPath = "/a/b"'
	fails_with '.linux.cgroupsPath: "/a/b" names no systemd unit' hull --systemd-cgroup run -b "$BUNDLE" "$ID"
	config '.linux.cgroupsPath = "a.service:b:c"'
	fails_with '.linux.cgroupsPath: b-c.scope in a.service is no valid name' \
		hull --systemd-cgroup run -b "$BUNDLE" "$ID"
}

test_without_systemd() {
	[ ! -d /run/systemd/system ] || skip "systemd is there"
	[ -x "$HULL_LIBEXEC/hull-systemd" ] || skip "hull-systemd is not built: libsystemd is missing"
	config '.process.args = ["true"]'
	fails_with "systemd: hull-$ID.scope: connect to systemd" hull --systemd-cgroup run -b "$BUNDLE" "$ID"
}

test_without_program() {
	config '.process.args = ["true"]'
	HULL_LIBEXEC=/nonexistent
	fails_with "execute /nonexistent/hull-systemd" hull --systemd-cgroup run -b "$BUNDLE" "$ID"
}

run_tests
