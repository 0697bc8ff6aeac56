#!/bin/sh
# pause, resume, ps, update, events, stats, state and --report, as far as the controllers that are there suffice. A test that misses
# a controller names it.
. "${0%/*}/lib.sh"

cgroup() {
	echo "$CGROUP2/hull-$ID"
}

# needs CONTROLLER: skips the test unless the root of cgroup2 has it; another host runs it.
needs() {
	grep -qw "$1" "$CGROUP2/cgroup.controllers" || skip "no $1 controller in cgroup2 here"
}

# start_container SCRIPT: it runs in the background, created and started.
start_container() {
	config --arg script "$1" '.process.args = ["sh", "-c", $script]'
	try hull create -b "$BUNDLE" "$ID"
	expect_status 0
	try hull start "$ID"
	expect_status 0
}

finish() {
	try hull delete --force "$ID"
	expect_status 0
}

larger() { # FILE BYTES
	[ "$(wc -c <"$1")" -gt "$2" ]
}

test_pause_and_resume() {
	start_container 'while :; do echo tick >>/ticks; sleep 0.02; done'
	await 'it does not tick' test -s "$BUNDLE/rootfs/ticks"
	try hull pause "$ID"
	expect_status 0
	same paused "$(status_of)" 'the status'
	before=$(wc -c <"$BUNDLE/rootfs/ticks")
	sleep 0.2
	same "$before" "$(wc -c <"$BUNDLE/rootfs/ticks")" 'what was written while paused'
	fails_with 'it is paused' hull pause "$ID"
	try hull resume "$ID"
	expect_status 0
	same running "$(status_of)" 'the status'
	fails_with 'it is running' hull resume "$ID"
	await 'it does not go on' larger "$BUNDLE/rootfs/ticks" "$before"
	finish
}

test_pause_a_created_one() {
	create
	try hull pause "$ID"
	expect_status 0
	same paused "$(status_of)" 'the status'
	try hull resume "$ID"
	expect_status 0
	same created "$(status_of)" 'the status'
	finish
}

test_a_paused_one_can_be_deleted() {
	start_container 'sleep 1000'
	try hull pause "$ID"
	expect_status 0
	finish
}

test_not_of_a_stopped_one() {
	start_container 'exit 0'
	wait_for stopped
	for command in pause resume 'events --stats' update; do
		try hull $command "$ID"
		expect_status 1
	done
	same '[]' "$(hull ps --format json "$ID")" 'processes of a stopped one'
	same 1 "$(hull ps "$ID" | wc -l)" 'lines of the table of a stopped one'
	fails_with 'container not running' hull pause "$ID"
	fails_with 'does not exist' hull pause "$ID-not"
	finish
}

test_ps_json() {
	start_container 'sleep 1000 & sleep 1000'
	await 'there are not two' sh -c "[ \$(wc -l <'$(cgroup)/cgroup.procs') = 2 ]"
	try hull ps --format json "$ID"
	expect_status 0
	same "$(jq -sc sort "$(cgroup)/cgroup.procs")" "$(echo "$out" | jq -c sort)" 'the array'
	same "$(hull state "$ID" | jq .pid)" "$(echo "$out" | jq '.[0]')" 'the first'
	finish
}

test_ps_table() {
	start_container 'sleep 1000'
	pid=$(hull state "$ID" | jq .pid)
	try hull ps "$ID"
	expect_status 0
	same 2 "$(echo "$out" | wc -l)" 'lines'
	same "$pid" "$(echo "$out" | awk 'NR == 2 { print $2 }')" 'the pid'
	try hull ps "$ID" -o comm,pid
	expect_status 0
	same "sleep $pid" "$(echo "$out" | awk 'NR == 2 { print $1, $2 }')" 'the arguments'
	fails_with 'no column PID' hull ps "$ID" -o comm
	fails_with 'ended with status' hull ps "$ID" --nonsense
	fails_with '--format: unknown value "xml"' hull ps --format xml "$ID"
	finish
}

test_update_bad_values() {
	start_container 'sleep 1000'
	while IFS='|' read -r option value text; do
		fails_with "$text" hull update "$option" "$value" "$ID"
	done <<-'END'
		--memory|12q|--memory: expected bytes, perhaps with k, m, g or t, or -1, found "12q"
		--memory|-2|--memory: expected bytes
		--memory|9999999999999g|--memory: expected bytes
		--memory|99999999999999999999|--memory: expected bytes
		--memory-swap||--memory-swap: expected bytes
		--pids-limit|1e3|--pids-limit: expected a whole number, found "1e3"
		--cpu-share|-5|--cpu-share: expected a whole number from 0
		--cpu-period|0x10|--cpu-period: expected a whole number from 0
		--cpuset-cpus|../1|--cpuset-cpus: expected a list as in 0-3,7, found "../1"
		--cpu-idle|2|--cpu-idle 2: 2 is out of range, allowed is 0 to 1
		--blkio-weight|5|--blkio-weight 5: expected 10 to 1000, found 5
		--blkio-weight|1001|--blkio-weight 1001: 1001 is out of range, allowed is 0 to 1000
		--pids-limit|-5|--pids-limit -5: -5 is out of range, allowed is -1 to
		--cpu-rt-runtime|5|cgroup v2 does not share out realtime CPU time
		--kernel-memory|5|cgroup v2 has no limit of its own for kernel memory
	END
	finish
}

test_update_bad_files() {
	start_container 'sleep 1000'
	fails_with 'No such file' hull update -r "$WORK/none" "$ID"
	while IFS='|' read -r text json; do
		echo "$json" >"$WORK/resources"
		fails_with "$text" hull update -r "$WORK/resources" "$ID"
	done <<-'END'
		.memory.limit: expected an integer, found a string|{"memory": {"limit": "5"}}
		is not the name of a file in a cgroup|{"unified": {"../x": "1"}}
		is not the name of a file in a cgroup|{"unified": {"a/b": "1"}}
		acts on processes, and is no limit|{"unified": {"cgroup.freeze": "0"}}
		.linux.resources.devices[0].type: unknown value "x"|{"devices": [{"allow": true, "type": "x"}]}
	END
	try hull update "$ID"
	expect_status 0
	finish
}

test_update_of_an_absent_controller() {
	start_container 'sleep 1000'
	for pair in memory:--memory=64m pids:--pids-limit=10 cpu:--cpu-share=10; do
		grep -qw "${pair%%:*}" "$CGROUP2/cgroup.controllers" ||
			fails_with "the ${pair%%:*} controller is " hull update "${pair#*:}" "$ID"
	done
	finish
}

test_update_without_resctrl() {
	[ ! -e /sys/fs/resctrl/schemata ] || skip 'there is a resctrl here'
	start_container 'sleep 1000'
	fails_with '--l3-cache-schema: no resctrl file system is mounted' hull update --l3-cache-schema 'L3:0=f' "$ID"
	fails_with '--mem-bw-schema: no resctrl file system is mounted' hull update --mem-bw-schema 'MB:0=10' "$ID"
	finish
}

test_update_hugetlb() {
	needs hugetlb
	config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 2097152}]'
	start_container 'sleep 1000'
	same 2097152 "$(cat "$(cgroup)/hugetlb.2MB.max")" 'the limit'
	echo '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}' >"$WORK/resources"
	try hull update -r "$WORK/resources" "$ID"
	expect_status 0
	same 4194304 "$(cat "$(cgroup)/hugetlb.2MB.max")" 'the limit'
	status=0
	echo '{"unified": {"hugetlb.2MB.max": "0"}}' | hull update -r - "$ID" || status=$?
	expect_status 0
	same 0 "$(cat "$(cgroup)/hugetlb.2MB.max")" 'the limit'
	finish
}

# A device that the rules do not name cannot be opened. update replaces the rules, and leaves them alone if it has none.
test_update_devices() {
	config '.linux.resources.devices = [{allow: false, access: "rwm"}]'
	start_container 'mknod /kmsg c 1 11; while :; do
		if ( : </kmsg ) 2>/dev/null; then echo open; else echo closed; fi >/new; mv /new /result; sleep 0.02; done'
	config '.process.args = ["true"]'
	await 'it is not closed' grep -qs closed "$BUNDLE/rootfs/result"
	echo '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "rwm"}]}' \
		>"$WORK/resources"
	try hull update -r "$WORK/resources" "$ID"
	expect_status 0
	try enter 'mknod /kmsg c 1 11 2>/dev/null; : </kmsg'
	expect_status 0
	echo '{"hugepageLimits": []}' >"$WORK/resources"
	try hull update -r "$WORK/resources" "$ID"
	expect_status 0
	try enter ': </kmsg && : </dev/null'
	expect_status 0
	echo '{"devices": [{"allow": false, "access": "rwm"}]}' >"$WORK/resources"
	try hull update -r "$WORK/resources" "$ID"
	expect_status 0
	await 'the device is open after the rules went' grep -q closed "$BUNDLE/rootfs/result"
	finish
}

test_events_stats() {
	start_container 'sleep 1000'
	try hull events --stats "$ID"
	expect_status 0
	same 1 "$(echo "$out" | wc -l)" 'lines'
	same "[\"stats\",\"$ID\"]" "$(echo "$out" | jq -c '[.type, .id]')" 'type and id'
	same '["blkio","cpu","cpuset","hugetlb","intel_rdt","memory","network_interfaces","pids"]' \
		"$(echo "$out" | jq -c '.data | keys - ["rdma"]')" 'the keys'
	same number "$(echo "$out" | jq -r '.data.cpu.usage.total | type')" 'the CPU time'
	same '["failcnt","limit"]' "$(echo "$out" | jq -c '.data.memory.kernelTCP | keys')" 'an entry'
	finish
}

test_events_end_with_the_container() {
	start_container 'sleep 1000'
	hull events --interval 100ms "$ID" >"$WORK/events" &
	watcher=$!
	await 'there are no events' sh -c "[ \$(grep -c stats '$WORK/events') -ge 2 ]"
	try hull kill "$ID" KILL
	code=0
	wait $watcher || code=$?
	same 0 $code 'the exit status of events'
	same stats "$(jq -r .type "$WORK/events" | sort -u)" 'the types'
	finish
}

# The kernel reports tasks that wait for a processor: there are more of them than processors.
test_events_of_pressure() {
	[ -w "$CGROUP2/cpu.pressure" ] || skip 'this kernel has no pressure stall information'
	start_container 'for _ in $(seq $((2 * $(nproc) + 2))); do while :; do :; done & done; wait'
	# it writes no statistics in the meantime: any output was waited for
	hull events --interval 1h "$ID" >"$WORK/events" &
	watcher=$!
	await "no event of pressure" grep -q '"type":"pressure"' "$WORK/events"
	same "[\"$ID\",[\"cpu\"],true]" "$(jq -sc 'map(select(.data.cpu))[0] | [.id, (.data | keys),
		.data.cpu.some.total > 200000]' "$WORK/events")" 'the event'
	try hull kill "$ID" KILL
	code=0
	wait $watcher || code=$?
	same 0 $code 'the exit status of events'
	finish
}

test_events_bad_interval() {
	for interval in 0 x 5y -1 25h '' 1m30 1h2 0.0001s; do
		fails_with 'expected a time above zero' hull events --interval "$interval" "$ID"
	done
}

test_stats_table() {
	start_container 'while :; do :; done'
	try hull stats --no-stream
	expect_status 0
	same "$ID" "$(echo "$out" | awk 'NR == 2 { print $1 }')" 'the id'
	echo "$out" | awk 'NR == 2 { exit !($3 > 2) }' || fail "a busy loop takes no time: $out"
	finish
}

# cell NUMBER: a field of the row of the only container; its id may be shortened.
cell() {
	printf '%s\n' "$out" | awk -v n="$1" 'NR == 2 { print $n }'
}

# A line tells that the cgroup lacks a controller, and only then.
explained() { # CONTROLLER COLUMN NUMBER
	if grep -qw "$1" "$(cgroup)/cgroup.controllers"; then
		[ "$(cell "$3")" != - ] || fail "$2 is -: $out"
	else
		same - "$(cell "$3")" "$2"
		printf '%s\n' "$out" | grep -q "^- in [A-Z, %]*$2.*: no $1 controller in its cgroup\$" || fail "$2: no reason: $out"
	fi
}

test_stats_explains_what_is_missing() {
	start_container 'sleep 1000'
	try hull stats --no-stream
	expect_status 0
	explained memory MEMORY 4
	explained memory 'MEM %' 6
	explained pids PIDS 7
	explained io READ 11
	same 0 "$(printf '%s\n' "$out" | awk 'length > 100' | wc -l)" 'lines of more than 100 characters'
	finish
}

# A container in the host's network has no traffic of its own.
test_stats_of_the_hosts_network() {
	config 'del(.linux.namespaces[] | select(.type == "network"))'
	start_container 'sleep 1000'
	try hull stats --no-stream "$ID"
	expect_status 0
	same - "$(cell 9)" 'what is received'
	same - "$(cell 10)" 'what is sent'
	printf '%s\n' "$out" | grep -qx -e '- in NET RX, TX: no network namespace of its own' || fail "no reason: $out"
	same '[]' "$(hull events --stats "$ID" | jq -c .data.network_interfaces)" 'the interfaces'
	finish
}

has_traffic() {
	hull events --stats "$ID" | jq -e '.data.network_interfaces | map(select(.Name == "hull-a"))[0].TxBytes > 0' >/dev/null
}

# Two ends of a cable in the container's own namespace: one receives what the other sends.
test_stats_of_its_network() {
	start_container 'sleep 1000'
	pid=$(hull state "$ID" | jq .pid)
	try hull stats --no-stream "$ID"
	same '0B 0B' "$(cell 9) $(cell 10)" 'what was received and sent'
	nsenter -t "$pid" -n sh -c 'ip link add hull-a type veth peer name hull-b && ip addr add 192.0.2.1/24 dev hull-a &&
		ip link set hull-a up && ip link set hull-b up' 2>"$WORK/errors" || skip "no pair of interfaces: $(cat "$WORK/errors")"
	nsenter -t "$pid" -n "$BUNDLE/rootfs/bin/busybox" ping -c 1 -W 1 192.0.2.2 >/dev/null 2>&1 # nobody answers, but it asks
	await 'nothing was sent' has_traffic
	try hull stats --no-stream "$ID"
	[ "$(cell 9)" != 0B ] && [ "$(cell 10)" != 0B ] || fail "no traffic: $out"
	same '["hull-a","hull-b","lo"]' "$(hull stats --no-stream -f json "$ID" | jq -c '[.[].data.network_interfaces[].Name] | sort')" \
		'the interfaces'
	hull stats -f openmetrics "$ID" >"$WORK/metrics"
	grep -Eq "^hull_network_sent_bytes_total\{id=\"$ID\",interface=\"hull-a\"\} [1-9]" "$WORK/metrics" ||
		fail "no metric: $(cat "$WORK/metrics")"
	finish
}

test_stats_long_ids() {
	config '.process.args = ["sleep", "1000"]'
	zeros=$(printf '%051d' 0)
	ids="$ID $ID-$zeros-a $ID-$zeros-b $ID-x-${zeros%00}"
	for id in $ids; do
		hull create -b "$BUNDLE" "$id" </dev/null >/dev/null 2>&1 || fail "create $id"
	done
	try hull stats --no-stream
	expect_status 0
	same 0 "$(printf '%s\n' "$out" | awk 'length > 100' | wc -l)" 'lines of more than 100 characters'
	same 4 "$(printf '%s\n' "$out" | grep -c ' created ')" 'rows'
	same '' "$(printf '%s\n' "$out" | awk 'NR > 1 && !/^- in/ { print $1 }' | grep -v '^created' | sort | uniq -d)" 'rows that look the same'
	same "$(printf '%s\n' $ids | sort | xargs)" "$(hull stats --no-stream -f json | jq -r '.[].id' | sort | xargs)" \
		'the ids in JSON'
	for id in $ids; do
		hull delete --force "$id" || fail "delete $id"
	done
}

# The keys of the table in its order; likewise of JSON.
test_stats_sort() {
	config '.process.args = ["sh", "-c", "sleep 1000"]'
	hull run -d -b "$BUNDLE" "$ID-a" </dev/null >/dev/null 2>&1 || fail 'run a'
	config '.process.args = ["sh", "-c", "while :; do :; done"]'
	hull run -d -b "$BUNDLE" "$ID-b" </dev/null >/dev/null 2>&1 || fail 'run b'
	for row in "--sort cpu:b a" "--sort name:a b" ":a b" "$ID-b $ID-a:b a" "--sort=name $ID-b $ID-a:a b"; do
		try hull stats --no-stream ${row%%:*}
		expect_status 0
		same "${row#*:}" "$(printf '%s\n' "$out" | sed -n 's/^[^ ]*-\([ab]\) .*running.*/\1/p' | xargs)" "the order by ${row%%:*}"
	done
	same 'b a' "$(hull stats --no-stream -f json --sort cpu | jq -r '.[].id | .[-1:]' | xargs)" 'the order of JSON'
	hull delete --force "$ID-a" && hull delete --force "$ID-b" || fail delete
}

test_stats_bad_sort() {
	fails_with '--sort: unknown value "size"' hull stats --no-stream --sort size
	fails_with 'one of name, cpu, memory, mem%, pids, net, io' hull stats --no-stream --sort ''
}

# It has a row all the same, and a reason; programs learn that it cannot be measured.
test_stats_without_a_cgroup() {
	config '.process.args = ["sleep", "1000"] | del(.linux.resources)'
	hull --cgroup-manager disabled run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || fail run
	try hull stats --no-stream
	expect_status 0
	same 'running - - -' "$(cell 2) $(cell 3) $(cell 4) $(cell 7)" 'the row'
	printf '%s\n' "$out" | grep -q '^- in CPU %, MEMORY, .*: no cgroup of its own$' || fail "no reason: $out"
	fails_with 'has no cgroup' hull stats --no-stream -f json "$ID"
	finish
}

test_stats_json() {
	start_container 'sleep 1000'
	try hull stats --no-stream --format json
	expect_status 0
	same "[[\"$ID\",\"running\",\"number\"]]" \
		"$(echo "$out" | jq -c '[.[] | [.id, .status, (.data.cpu.usage.total | type)]]')" 'the array'
	fails_with "container does not exist: $ID-not" hull stats --no-stream "$ID-not"
	finish
	try hull stats --no-stream --format json
	same '[]' "$out" 'of no container'
}

test_stats_openmetrics() {
	start_container 'sleep 1000'
	try hull stats --format openmetrics "$ID"
	expect_status 0
	same '# EOF' "$(echo "$out" | tail -n 1)" 'the last line'
	echo "$out" | grep -Eq "^hull_cpu_seconds_total\{id=\"$ID\"\} [0-9]+\.[0-9]{6}$" || fail "no CPU time: $out"
	# each family once, its lines together
	same '' "$(echo "$out" | awk '/^# TYPE/ { print $3 }' | sort | uniq -d)" 'families that come twice'
	finish
}

test_state_of_a_stopped_one() {
	start_container 'exit 3'
	wait_for stopped
	try hull state "$ID"
	same number "$(echo "$out" | jq -r '.resources.cpuTime | type')" 'the CPU time'
	finish
}

test_keep_records_the_exit() {
	config '.process.args = ["sh", "-c", "exit 3"]'
	run --keep
	expect_status 3
	same '{"status":3}' "$(hull state "$ID" | jq -c .exit)" 'the exit'
	finish
}

test_report() {
	config '.process.args = ["sh", "-c", "exit 3"]'
	run --report "$WORK/report"
	expect_status 3
	same "[\"$ID\",3,null]" "$(jq -c '[.id, .status, .signal]' "$WORK/report")" 'how it ended'
	same '["init","runtime"]' "$(jq -c '[.phases[].process] | unique' "$WORK/report")" 'whose phases'
	same true "$(jq '(.phases | length > 8) and ([.phases[].usec] | all(. >= 0 and . < 60000000))' "$WORK/report")" 'phases'
	same true "$(jq '.cpu.total >= 0 and .memory.maxResident > 0' "$WORK/report")" 'what was used'
}

test_report_of_a_signal() {
	config '.process.args = ["sh", "-c", "kill -9 $$"] | .linux.namespaces |= map(select(.type != "pid"))'
	run --report "$WORK/report"
	expect_status 137
	same '[137,"SIGKILL"]' "$(jq -c '[.status, .signal]' "$WORK/report")" 'how it ended'
}

test_report_to_a_descriptor() {
	config '.process.args = ["sh", "-c", "ls /proc/self/fd"]'
	status=0
	out=$(hull run --report 7 -b "$BUNDLE" "$ID" 7>"$WORK/report" | tr '\n' ' ') || status=$?
	same '0 1 2 3 ' "$out" 'descriptors inside' # the last is that of ls
	same 0 "$(jq .status "$WORK/report")" 'the status'
	fails_with '--report 99: Bad file descriptor' hull run --report 99 -b "$BUNDLE" "$ID"
	fails_with '--report and --detach exclude each other' hull run --detach --report 7 -b "$BUNDLE" "$ID"
}

test_report_of_a_failure() {
	config '.process.args = ["/not-there"]'
	run --report "$WORK/report"
	expect_status 127
	jq -e '.error | test("not-there")' "$WORK/report" >/dev/null || fail "$(cat "$WORK/report")"
	config '.process.cwd = "x"'
	run --report "$WORK/report"
	expect_status 1
	jq -e '.error | test("process[.]cwd")' "$WORK/report" >/dev/null || fail "of a bad configuration: $(cat "$WORK/report")"
	run --report "$WORK/report" --dry-run
	jq -e .error "$WORK/report" >/dev/null || fail 'a dry run writes it'
}

with_writable_cgroup() {
	config '.linux.namespaces |= (map(select(.type != "user" and .type != "cgroup")) + [{type: "user"}, {type: "cgroup"}])
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.destination != "/sys/fs/cgroup"))
		| .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev"]}]'
	chmod 755 "$SUITE_DIR" "$WORK"
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

test_ownership() {
	with_writable_cgroup
	inside 'stat -c %u /sys/fs/cgroup /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/cgroup.max.depth
		mkdir /sys/fs/cgroup/kid && echo $$ >/sys/fs/cgroup/kid/cgroup.procs && grep ^0: /proc/self/cgroup'
	expect_status 0
	same '0 0 65534 0::/kid' "$(echo "$out" | tr '\n' ' ' | sed 's/ $//')" 'owners, and a cgroup inside'
}

test_no_ownership_of_a_read_only_mount() {
	with_writable_cgroup
	config '.mounts[-1].options += ["ro"]'
	inside 'stat -c %u /sys/fs/cgroup'
	same 65534 "$out" 'the owner'
}

test_delegated_cgroup() {
	with_writable_cgroup
	config '.annotations["run.oci.delegate-cgroup"] = "payload"'
	inside 'grep ^0: /proc/self/cgroup; stat -c %u /sys/fs/cgroup /sys/fs/cgroup/payload
		mkdir /sys/fs/cgroup/payload/kid && echo $$ >/sys/fs/cgroup/payload/kid/cgroup.procs && grep ^0: /proc/self/cgroup'
	expect_status 0
	same '0::/payload 65534 0 0::/payload/kid' "$(echo "$out" | tr '\n' ' ' | sed 's/ $//')" 'where it is'
	config '.annotations["run.oci.delegate-cgroup"] = "../x"'
	run_fails '"../x" is no name of a cgroup'
}

mounted_or_ended() {
	[ -s "$WORK/mounted" ] || ended "$server"
}

# A process in an uninterruptible wait: delete reports it in time, and completes its work later.
test_delete_of_a_stuck_one() {
	[ -c /dev/fuse ] || skip 'no FUSE here'
	compile stuck
	mkdir "$WORK/stuck"
	"$PROGRAMS/stuck" "$WORK/stuck" >"$WORK/mounted" 2>&1 &
	server=$!
	trap 'kill -9 $server 2>/dev/null; umount -l "$WORK/stuck" 2>/dev/null' EXIT
	await 'FUSE does not answer' mounted_or_ended
	[ -s "$WORK/mounted" ] || skip 'FUSE cannot be mounted here'
	config --arg dir "$WORK/stuck" '.mounts += [{destination: "/stuck", type: "bind", source: $dir, options: ["rbind"]}]'
	start_container 'cat /stuck/name'
	await 'nobody asks' grep -q asked "$WORK/mounted"
	begin=$(date +%s)
	fails_with 'after' hull delete --force "$ID"
	[ $(($(date +%s) - begin)) -lt 60 ] || fail 'it took too long'
	printf '%s' "$errors" | grep -Eq '\((cat|sh)\) is in state D' || fail "who is stuck: $errors"
	kill -9 $server
	wait $server 2>/dev/null
	umount -l "$WORK/stuck"
	try hull delete --force "$ID"
	expect_status 0
}

# A process that has joined the pid namespace must be collected before init can end, and a stopped hull exec collects nothing.
test_delete_while_exec_is_stopped() {
	start_container 'sleep 1000'
	"$HULL" --root "$STATE" exec "$ID" sleep 1000 </dev/null >"$WORK/exec" 2>&1 &
	pid=$!
	await 'exec does not run' sh -c "[ \$('$HULL' --root '$STATE' ps -f json '$ID' | '$TOOL' jq length) = 2 ]"
	kill -STOP $pid
	fails_with 'parents of dead processes' hull delete --force "$ID"
	kill -CONT $pid
	wait $pid
	same 137 $? 'exit status of exec'
	try hull delete --force "$ID"
	expect_status 0
}

# A hook that hangs has the lock: delete --force does not wait for ever.
test_delete_during_a_hook() {
	config '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "120"]}]'
	"$HULL" --root "$STATE" create -b "$BUNDLE" "$ID" >"$WORK/create" 2>&1 &
	creator=$!
	await 'there is no record' test -e "$STATE/$ID/state.json"
	fails_with "another command has been at work on container $ID" hull delete --force "$ID"
	hook=$("$TOOL" children $creator sleep)
	kill -9 $creator $hook
	wait $creator 2>/dev/null
	finish
}

# For hosts whose cgroup2 has the memory and pids controllers.

# A shell that holds some 20 MB, or is killed for it.
HOG='x=$(head -c 20000000 /dev/zero | tr "\0" x)'

limit_memory() {
	config --argjson limit "$1" '.linux.resources.memory = {limit: $limit, swap: $limit}'
}

test_update_pids() {
	needs pids
	start_container 'sleep 1000'
	try hull update --pids-limit 5 "$ID"
	expect_status 0
	same 5 "$(cat "$(cgroup)/pids.max")" 'the limit'
	try hull update --pids-limit -1 "$ID"
	same max "$(cat "$(cgroup)/pids.max")" 'the limit'
	finish
}

test_update_cpu() {
	needs cpu
	start_container 'sleep 1000'
	try hull update --cpu-quota 20000 --cpu-period 50000 --cpu-share 2048 "$ID"
	expect_status 0
	same '20000 50000' "$(cat "$(cgroup)/cpu.max")" 'the quota'
	try hull update --cpu-quota -1 "$ID"
	same 'max 50000' "$(cat "$(cgroup)/cpu.max")" 'the quota'
	# each of the two keeps the other
	try hull update --cpu-quota 20000 "$ID"
	same '20000 50000' "$(cat "$(cgroup)/cpu.max")" 'the period'
	try hull update --cpu-period 40000 "$ID"
	same '20000 40000' "$(cat "$(cgroup)/cpu.max")" 'the quota'
	try hull update --cpu-idle 1 "$ID"
	expect_status 0
	same 1 "$(cat "$(cgroup)/cpu.idle")" 'cpu.idle'
	finish
}

test_update_memory() {
	needs memory
	limit_memory 67108864
	start_container 'sleep 1000'
	try hull update --memory 128m --memory-reservation 32m "$ID"
	expect_status 0
	same 134217728 "$(cat "$(cgroup)/memory.max")" 'the limit'
	same 33554432 "$(cat "$(cgroup)/memory.low")" 'the reservation'
	try hull update --memory-swap 192m "$ID"
	expect_status 0
	same 134217728 "$(cat "$(cgroup)/memory.max")" 'the limit'
	[ ! -e "$(cgroup)/memory.swap.max" ] || same 67108864 "$(cat "$(cgroup)/memory.swap.max")" 'the limit of swap'
	fails_with 'is below the memory limit 134217728' hull update --memory-swap 64m "$ID"
	try hull stats --no-stream "$ID"
	same 128M "$(echo "$out" | awk 'NR == 2 { print $5 }')" 'the limit in the table'
	finish
}

test_update_memory_below_use() {
	needs memory
	limit_memory 134217728
	# the shell must stay: otherwise sleep, as the last command, would take its place and release its memory
	start_container "$HOG; touch /full; sleep 1000; :"
	await 'the memory is not used' test -e "$BUNDLE/rootfs/full"
	fails_with 'the limit 4194304 is not above what is used now, ' hull update --memory 4m "$ID"
	same 134217728 "$(cat "$(cgroup)/memory.max")" 'the limit'
	same running "$(status_of)" 'the status'
	try hull update --memory 128m "$ID"
	expect_status 0
	try hull update --force --memory 4m "$ID"
	expect_status 0
	wait_for stopped
	same true "$(hull state "$ID" | jq '.resources.oomKills >= 1 and .resources.memoryPeak > 15000000')" 'what state knows'
	finish
}

# The kernel can reclaim page cache. What a file says about looking before is so.
test_update_memory_below_cache() {
	needs memory
	limit_memory 134217728
	disk=$(mktemp -d "/var/tmp/hull-run.${HULL_TEST_RUN:-$$}.XXXXXX") # pages of a tmpfs are no cache
	trap 'rm -rf "$disk"' EXIT
	[ "$(stat -f -c %T "$disk")" != tmpfs ] || skip '/var/tmp is not on a disk'
	add_mount "{\"destination\": \"/disk\", \"type\": \"bind\", \"source\": \"$disk\", \"options\": [\"bind\"]}"
	start_container 'dd if=/dev/zero of=/disk/file bs=1M count=60 conv=fsync 2>/dev/null; cat /disk/file >/dev/null; touch /disk/full; sleep 1000; :'
	await 'the file is not read' test -e "$disk/full"
	try hull update --memory 40m "$ID"
	expect_status 0
	same 41943040 "$(cat "$(cgroup)/memory.max")" 'the limit'
	same running "$(status_of)" 'the status'
	echo '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}' >"$WORK/checked"
	fails_with 'is not above what is used now' hull update -r "$WORK/checked" "$ID"
	finish
}

test_events_of_oom() {
	needs memory
	limit_memory 16777216
	start_container "while :; do sleep 0.2; sh -c 'echo 1000 >/proc/self/oom_score_adj; $HOG'; done"
	hull events --interval 1h "$ID" >"$WORK/events" &
	watcher=$!
	await 'no event' grep -q '"type":"oom"' "$WORK/events"
	same true "$(jq -s '[.[] | select(.type == "oom")][0].data.kills >= 1' "$WORK/events")" 'the kills'
	try hull kill "$ID" KILL
	wait $watcher
	finish
}

test_report_of_oom_of_init() {
	needs memory
	limit_memory 16777216
	inside "$HOG"
	config --arg script "$HOG" '.process.args = ["sh", "-c", $script]'
	run --report "$WORK/report"
	expect_status 137
	same '[137,"SIGKILL",true]' "$(jq -c '[.status, .signal, .oom.init]' "$WORK/report")" 'how it ended'
	same true "$(jq '.oom.kills >= 1 and .memory.peak > 8000000 and .memory.limit == 16777216' "$WORK/report")" 'what was used'
	printf '%s' "$errors" | grep -q 'was killed for want of memory: the limit is 16777216' || fail "said: $errors"
}

test_report_of_oom_of_a_child() {
	needs memory
	limit_memory 16777216
	# The kernel learns which process to choose.
	config --arg script "sh -c 'echo 1000 >/proc/self/oom_score_adj; $HOG'; exit 0" '.process.args = ["sh", "-c", $script]'
	run --report "$WORK/report"
	expect_status 0
	same '[0,null,false,true]' "$(jq -c '[.status, .signal, .oom.init, .oom.kills >= 1]' "$WORK/report")" 'how it ended'
}

test_oom_group() {
	needs memory
	limit_memory 16777216
	config '.linux.resources.unified = {"memory.oom.group": "1"}'
	inside "sh -c '$HOG'; exit 0"
	expect_status 137
}

run_tests
