#!/bin/sh
# .linux.resources: for every property the kernel's file has the right value, and the limit takes effect if that can be shown.
. "${0%/*}/lib.sh"

resources() {
	config --argjson resources "$1" '.linux.resources = $resources'
}

# The end of a test removes what it leaves; a test may append to $tidy.
# shellcheck disable=SC2089 # eval reads it
tidy='hull delete --force "$ID" >/dev/null 2>&1'
tidy_up() {
	# shellcheck disable=SC2090
	trap 'eval "$tidy"' EXIT
}

# created RESOURCES: a container with these.
created() {
	resources "$1"
	tidy_up
	create
}

# started RESOURCES COMMAND...: the same, running a command.
started() {
	resources "$1"
	shift
	tidy_up
	jq '.process.args = $ARGS.positional' --args -- "$@" <"$BUNDLE/config.json" >"$BUNDLE/config.tmp"
	mv "$BUNDLE/config.tmp" "$BUNDLE/config.json"
	try hull create -b "$BUNDLE" "$ID"
	expect_status 0
	try hull start "$ID"
	expect_status 0
}

# row RESOURCES FILE VALUE: a container with these has this value; it is removed again.
row() {
	created "$1"
	expect_file "$2" "$3"
	hull delete --force "$ID" || fail 'delete'
}

# A loop device, in $loop, with its number in $device as JSON members; gone when the test ends.
with_loop() {
	truncate -s 64M "$WORK/disk"
	modprobe loop 2>/dev/null
	loop=$(losetup -f --show "$WORK/disk" 2>/dev/null) || skip 'no loop devices here'
	tidy="$tidy; losetup -d $loop"
	tidy_up
	major=$((0x$(stat -c %t "$loop"))) minor=$((0x$(stat -c %T "$loop")))
	device="\"major\": $major, \"minor\": $minor"
}

# The values.

test_memory_files() {
	needs_controllers memory
	created '{"memory": {"limit": 104857600, "reservation": 52428800, "swap": 157286400}}'
	expect_file memory.max 104857600
	expect_file memory.low 52428800
	expect_file memory.swap.max 52428800
}

test_cpu_files() {
	needs_controllers cpu
	created '{"cpu": {"shares": 512, "quota": 30000, "period": 60000, "burst": 5000}}'
	expect_file cpu.weight 59
	expect_file cpu.max '30000 60000'
	expect_file cpu.max.burst 5000
}

test_cpuset_files() {
	needs_controllers cpuset
	created '{"cpu": {"cpus": "0", "mems": "0"}}'
	expect_file cpuset.cpus 0
	expect_file cpuset.mems 0
	expect_file cpuset.cpus.effective 0
	try hull start "$ID"
	same 0 "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$(hull state "$ID" | jq .pid)/status")" 'the list of processors'
}

test_pids_file() {
	needs_controllers pids
	row '{"pids": {"limit": 50}}' pids.max 50
	# Runtime-spec 1.3: 0 is a limit, -1 is none. The container's own process counts.
	row '{"pids": {"limit": 0}}' pids.max 1
	row '{"pids": {"limit": -1}}' pids.max max
}

test_hugetlb_files() {
	needs_controllers hugetlb
	[ -e /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip 'no huge pages of 2 MB here'
	created '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	expect_file hugetlb.2MB.max 4194304
	expect_file hugetlb.2MB.rsvd.max 4194304
}

test_io_max_file() {
	needs_controllers io
	with_loop
	created "{\"blockIO\": {
		\"throttleReadBpsDevice\": [{$device, \"rate\": 1048576}], \"throttleWriteBpsDevice\": [{$device, \"rate\": 2097152}],
		\"throttleReadIOPSDevice\": [{$device, \"rate\": 100}], \"throttleWriteIOPSDevice\": [{$device, \"rate\": 200}]}}"
	expect_file io.max "$major:$minor rbps=1048576 wbps=2097152 riops=100 wiops=200"
}

# The file of BFQ if that is loaded, or else that of io.cost, with its other scale; a kernel may have neither.
test_io_weight_file() {
	needs_controllers io
	resources '{"blockIO": {"weight": 500}}'
	tidy_up
	try hull create -b "$BUNDLE" "$ID"
	for file in io.bfq.weight io.weight; do
		if [ $status = 0 ] && [ -e "$CGROUP2/hull-$ID/$file" ]; then
			case $file in
			io.bfq.weight) expect_file $file 'default 500' ;;
			io.weight) expect_file $file 'default 4950' ;;
			esac
			return
		fi
	done
	same "hull: .linux.resources.blockIO.weight: this kernel's cgroups have no file io.weight" "$errors" 'the error'
}

test_io_weight_of_a_device() {
	needs_controllers io
	with_loop
	resources "{\"blockIO\": {\"weightDevice\": [{$device, \"weight\": 100}]}}"
	try hull create -b "$BUNDLE" "$ID"
	if [ $status = 0 ]; then
		cat "$CGROUP2/hull-$ID/io.bfq.weight" "$CGROUP2/hull-$ID/io.weight" 2>/dev/null |
			grep -Eqx "$major:$minor (100|910)" || fail 'the weight is not there'
	else
		# A loop device has a BFQ queue only on request.
		printf '%s' "$errors" | grep -Fq '.linux.resources.blockIO.weightDevice[0].weight' || fail "said: $errors"
	fi
}

test_rdma_file() {
	needs_controllers rdma
	name=hulltest$$
	ip link add htest2 type dummy 2>/dev/null && ip link set htest2 up || skip 'no dummy(4) network device here'
	tidy="$tidy; rdma link delete $name 2>/dev/null; ip link delete htest2"
	tidy_up
	rdma link add "$name" type rxe netdev htest2 2>/dev/null || skip 'no RDMA device in software here'
	created "{\"rdma\": {\"$name\": {\"hcaHandles\": 3, \"hcaObjects\": 10}}}"
	grep -qx "$name hca_handle=3 hca_object=10 *" "$CGROUP2/hull-$ID/rdma.max" || fail "$(cat "$CGROUP2/hull-$ID/rdma.max")"
}

test_unified_files() {
	needs_controllers memory cpu
	# It wins.
	created '{"cpu": {"shares": 1024}, "memory": {"limit": 67108864},
		"unified": {"memory.high": "33554432", "memory.oom.group": "1", "cpu.weight": "77"}}'
	expect_file memory.max 67108864
	expect_file memory.high 33554432
	expect_file memory.oom.group 1
	expect_file cpu.weight 77
}

test_no_limit() {
	needs_controllers memory cpu
	created '{"memory": {"limit": -1, "swap": -1, "reservation": -1}, "cpu": {"quota": -1, "shares": 0}}'
	expect_file memory.max max
	expect_file memory.low max
	expect_file memory.swap.max max
	expect_file cpu.max 'max 100000'
	expect_file cpu.weight 100
}

test_swap_as_large_as_memory() {
	needs_controllers memory
	row '{"memory": {"limit": 67108864, "swap": 67108864}}' memory.swap.max 0
}

test_swap_without_limit_of_memory_and_swap() {
	needs_controllers memory
	row '{"memory": {"limit": 67108864, "swap": -1}}' memory.swap.max max
}

test_weights() {
	needs_controllers cpu
	row '{"cpu": {"shares": 2}}' cpu.weight 1
	row '{"cpu": {"shares": 1024}}' cpu.weight 100
	row '{"cpu": {"shares": 262144}}' cpu.weight 10000
}

test_period_alone() {
	needs_controllers cpu
	row '{"cpu": {"period": 50000}}' cpu.max 'max 50000'
}

test_quota_alone() {
	needs_controllers cpu
	row '{"cpu": {"quota": 50000}}' cpu.max '50000 100000'
}

test_idle() {
	needs_controllers cpu
	row '{"cpu": {"idle": 1, "shares": 300}}' cpu.idle 1
}

test_a_path_of_several() {
	needs_controllers pids memory
	config --arg path "/a-$ID/b/c" '.linux.cgroupsPath = $path'
	cgroup=a-$ID/b/c
	created '{"pids": {"limit": 30}, "memory": {"limit": 67108864}}'
	expect_file pids.max 30
	expect_file memory.max 67108864
	# The limits are the container's, not its parents'.
	cgroup=a-$ID/b
	expect_file pids.max max
	expect_file memory.max max
}

# A cgroup namespace and a writable mount: the container may distribute what is in it.
test_seen_from_inside() {
	needs_controllers pids
	resources '{"pids": {"limit": 30}}'
	config '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	expect '30 0::/ 0::/below' 'cd /sys/fs/cgroup; cat pids.max /proc/self/cgroup | tr "\n" " "; mkdir below
		(sh -c "echo 0 >below/cgroup.procs; cat /proc/self/cgroup" | tr -d "\n"); rmdir below'
}

# Limits that cannot be had are refused, with the reason, and leave nothing.

refused() {
	resources "$1"
	run_fails "$2"
	[ ! -e "$CGROUP2/hull-$ID" ] || fail 'the cgroup stayed'
}

test_refused_as_cgroup_v2_has_none() {
	refused '{"cpu": {"realtimeRuntime": 1000}}' '.linux.resources.cpu.realtimeRuntime: cgroup v2'
	refused '{"memory": {"swappiness": 10}}' '.linux.resources.memory.swappiness: cgroup v2'
	refused '{"memory": {"disableOOMKiller": true}}' '.linux.resources.memory.disableOOMKiller: cgroup v2'
	refused '{"memory": {"kernelTCP": 100000}}' '.linux.resources.memory.kernelTCP: cgroup v2'
	refused '{"network": {"classID": 1000}}' '.linux.resources.network.classID: cgroup v2'
	refused '{"network": {"priorities": [{"name": "lo", "priority": 1}]}}' '.linux.resources.network.priorities: cgroup v2'
}

test_refused_numbers() {
	refused '{"memory": {"limit": -2}}' '.linux.resources.memory.limit: -2 '
	refused '{"pids": {"limit": -5}}' '.linux.resources.pids.limit: -5 '
	refused '{"memory": {"limit": 2000000, "swap": 1000000}}' '.linux.resources.memory.swap: 1000000'
	refused '{"blockIO": {"weight": 5}}' '.linux.resources.blockIO.weight'
	refused '{"blockIO": {"weight": 1001}}' '.linux.resources.blockIO.weight'
	refused '{"unified": {"../cgroup.procs": "1"}}' '.linux.resources.unified["../cgroup.procs"]'
	refused '{"hugepageLimits": [{"pageSize": "../2MB", "limit": 1}]}' '.linux.resources.hugepageLimits[0].pageSize'
}

test_refused_by_the_kernel() {
	needs_controllers cpuset cpu hugetlb
	refused '{"cpu": {"cpus": "4000"}}' '.linux.resources.cpu.cpus: write "4000" to cpuset.cpus'
	refused '{"cpu": {"quota": 1, "period": 100000}}' '.linux.resources.cpu.quota: write "1 100000" to cpu.max'
	refused '{"hugepageLimits": [{"pageSize": "3MB", "limit": 0}]}' ".linux.resources.hugepageLimits[0]: this kernel's cgroups have no file"
	refused '{"unified": {"cpu.nonsense": "1"}}' ".linux.resources.unified[\"cpu.nonsense\"]: this kernel's cgroups have no file"
	refused '{"unified": {"nonsense.max": "1"}}' '.linux.resources.unified["nonsense.max"]: this kernel has no nonsense controller'
}

test_cgroup_in_use() {
	needs_controllers pids
	mkdir "$CGROUP2/busy-$ID" || skip 'no cgroups can be made here'
	sleep 100 &
	sleeper=$!
	tidy="$tidy; kill $sleeper; wait $sleeper 2>/dev/null; rmdir $CGROUP2/busy-$ID"
	tidy_up
	echo $sleeper >"$CGROUP2/busy-$ID/cgroup.procs"
	config --arg path "/busy-$ID" '.linux.cgroupsPath = $path'
	run_fails .linux.cgroupsPath
	kill -0 $sleeper || fail 'its process was killed'
	# Below a cgroup with processes, no cgroup can have a controller.
	config --arg path "/busy-$ID/below" '.linux.cgroupsPath = $path'
	resources '{"pids": {"limit": 5}}'
	run_fails '.linux.resources.pids.limit: enable +pids in cgroup.subtree_control of cgroup /busy-'
	same '' "$(cat "$CGROUP2/busy-$ID/cgroup.subtree_control")" 'what is enabled'
	[ ! -e "$CGROUP2/busy-$ID/below" ] || fail 'the cgroup stayed'
}

# Limits take effect.

test_memory_hog_is_killed() {
	needs_controllers memory
	started '{"memory": {"limit": 33554432, "swap": 33554432}}' tail /dev/zero
	wait_for stopped
	[ "$(awk '$1 == "oom_kill" { print $2 }' "$CGROUP2/hull-$ID/memory.events")" -ge 1 ] || fail 'no OOM kill was counted'
	[ "$(cat "$CGROUP2/hull-$ID/memory.peak")" -le 33554432 ] || fail 'it had more than its limit'
}

test_memory_hog_in_run() {
	needs_controllers memory
	resources '{"memory": {"limit": 33554432, "swap": 33554432}}'
	config '.process.args = ["tail", "/dev/zero"]'
	run
	expect_status 137
}

# The runtime's own process fits into the limit, or reports the problem.
test_tiny_memory_limit() {
	needs_controllers memory
	for limit in 4096 262144 1048576 2097152; do
		resources "{\"memory\": {\"limit\": $limit, \"swap\": $limit}}"
		inside 'echo alive'
		case "$status $out" in
		'0 alive') ;;
		'1 ') printf '%s' "$errors" | grep -Eq 'memory' || fail "with $limit it said: $errors" ;;
		137*) [ "$limit" -lt 2097152 ] || fail "killed with $limit: $errors" ;;
		*) fail "with $limit: exit status $status, '$out', $errors" ;;
		esac
	done
}

test_fork_bomb_stops() {
	needs_controllers pids
	started '{"pids": {"limit": 20}}' sh -c 'bomb() { sleep 1000 & bomb; }; while :; do (bomb) 2>/dev/null; done'
	await 'no fork was refused' grep -q '^max [1-9]' "$CGROUP2/hull-$ID/pids.events"
	[ "$(cat "$CGROUP2/hull-$ID/pids.current")" -le 20 ] || fail 'there are more than 20'
	# Everything outside continues, and it can be ended.
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		/bin/true || fail 'no fork outside'
	done
	try hull delete --force "$ID"
	expect_status 0
}

cpu_time() {
	awk '$1 == "usage_usec" { print $2 }' "$CGROUP2/hull-$ID/cpu.stat"
}

test_cpu_quota_is_kept() {
	needs_controllers cpu
	started '{"cpu": {"quota": 20000, "period": 100000}}' sh -c 'while :; do :; done'
	sleep 1
	before=$(date +%s%N) first=$(cpu_time)
	sleep 5
	after=$(date +%s%N) second=$(cpu_time)
	used=$(((second - first) * 1000 * 1000 / (after - before)))
	# On a busy machine it may get less.
	[ $used -gt 0 ] && [ $used -le 230 ] || fail "$used of 1000 were used, 200 allowed"
	grep -q '^nr_throttled [1-9]' "$CGROUP2/hull-$ID/cpu.stat" || fail 'it was never throttled'
}

# A character device that is none of the default ones: 1:11, /dev/kmsg.
test_device_rules_bite() {
	config '.process.capabilities.bounding += ["CAP_MKNOD", "CAP_SYSLOG"] |
		.process.capabilities.permitted = .process.capabilities.bounding |
		.process.capabilities.effective = .process.capabilities.bounding'
	# kmsg(4): a read that has nothing to give would wait.
	script='mknod /tmp/k c 1 11; for how in "</tmp/k" ">>/tmp/k" "<>/tmp/k"; do
		(eval "exec 3$how") 2>/dev/null && printf "%s " yes || printf "%s " no; done'
	resources '{"devices": [{"allow": false, "access": "rwm"}]}'
	expect 'no no no ' "$script"
	resources '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "r"}]}'
	expect 'yes no no ' "$script"
	resources '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "access": "rw"},
		{"allow": false, "type": "c", "major": 1, "minor": 11, "access": "r"}]}'
	expect 'no yes no ' "$script"
}

test_io_is_throttled() {
	needs_controllers io
	with_loop
	dd if="$loop" of=/dev/null bs=256k count=1 iflag=direct 2>/dev/null || skip 'no direct reads from a loop device'
	resources "{\"devices\": [{\"allow\": true, \"type\": \"b\", $device, \"access\": \"r\"}],
		\"blockIO\": {\"throttleReadBpsDevice\": [{$device, \"rate\": 1048576}]}}"
	config --argjson device "{\"path\": \"/dev/disk\", \"type\": \"b\", $device}" '.linux.devices = [$device]'
	# In hundredths of a second.
	inside 'now() { cut -d " " -f 1 /proc/uptime | tr -d .; }
		before=$(now); dd if=/dev/disk of=/dev/null bs=256k count=16 iflag=direct && echo $(($(now) - before))'
	expect_status 0
	[ "$out" -ge 300 ] || fail "4 MiB at 1 MiB/s took $out hundredths of a second"
}

run_tests
