#!/bin/sh
# .process.scheduler, ioPriority, oomScoreAdj, execCPUAffinity and rlimits, .linux.memoryPolicy, personality and intelRdt.
. "${0%/*}/lib.sh"

# asks QUESTION: makes probe the container's program, with that question.
asks() {
	with_probe
	config --arg question "$1" '.process.args = ["/bin/probe", $question]'
}

# scheduler JSON EXPECTED: the beginning of the probe's line.
scheduler() {
	config ".process.scheduler = $1"
	run_ok
	case $out in
	"$2"*) ;;
	*) fail "$1 gave '$out', expected '$2'" ;;
	esac
}

test_scheduler_shared() {
	asks sched
	scheduler '{policy: "SCHED_OTHER", nice: 7}' 'policy=0 nice=7 priority=0 flags=0'
	scheduler '{policy: "SCHED_OTHER", nice: -7}' 'policy=0 nice=-7 priority=0 flags=0'
	scheduler '{policy: "SCHED_BATCH", nice: 19}' 'policy=3 nice=19 priority=0 flags=0'
	scheduler '{policy: "SCHED_IDLE"}' "policy=5 nice=$(nice) priority=0 flags=0"
}

test_scheduler_realtime() {
	asks sched
	config '.process.scheduler = {policy: "SCHED_FIFO", priority: 1}'
	run
	[ "$status" = 0 ] || skip "not allowed here: $errors"
	scheduler '{policy: "SCHED_FIFO", priority: 99}' 'policy=1 nice=0 priority=99 flags=0'
	scheduler '{policy: "SCHED_RR", priority: 1, flags: ["SCHED_FLAG_RESET_ON_FORK"]}' 'policy=2 nice=0 priority=1 flags=1'
	config '.process.user = {uid: 1000, gid: 1000}'
	scheduler '{policy: "SCHED_RR", priority: 3}' 'policy=2 nice=0 priority=3 flags=0'
}

test_scheduler_deadline() {
	asks sched
	config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 5000000, period: 10000000}'
	run
	[ "$status" = 0 ] || skip "not allowed here: $errors"
	same 'policy=6 nice=0 priority=0 flags=0 runtime=1000000 deadline=5000000 period=10000000' "$out" scheduler
	scheduler '{policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 5000000, nice: 7, flags: ["SCHED_FLAG_RECLAIM"]}' \
		'policy=6 nice=0 priority=0 flags=2 runtime=1000000 deadline=5000000 period=5000000'
}

test_scheduler_lasts_over_start() {
	config '.process.scheduler = {policy: "SCHED_BATCH", nice: 5}'
	create --pid-file "$WORK/pid"
	hull start "$ID" || fail start
	# Fields 19 and 41 of proc_pid_stat(5).
	same '5 3' "$(awk '{ print $19, $41 }' "/proc/$(cat "$WORK/pid")/stat")" 'nice and policy'
	hull delete --force "$ID" || fail delete
}

test_scheduler_refused() {
	while read -r scheduler text; do
		config ".process.scheduler = $scheduler"
		run_fails ".process.scheduler$text"
	done <<-'END'
		{policy:"SCHED_FIFO"} .priority: 0 is out of range, allowed is 1 to 99
		{policy:"SCHED_RR",priority:100} .priority: 100 is out of range, allowed is 0 to 99
		{policy:"SCHED_BATCH",priority:3} .priority: has no meaning for this policy
		{policy:"SCHED_OTHER",runtime:3} .runtime: has no meaning for this policy
		{policy:"SCHED_OTHER",nice:20} .nice: 20 is out of range, allowed is -20 to 19
		{policy:"SCHED_OTHER",nice:-21} .nice: -21 is out of range, allowed is -20 to 19
		{policy:"SCHED_DEADLINE"} .runtime: SCHED_DEADLINE needs at least 1024 nanoseconds
		{policy:"SCHED_DEADLINE",runtime:9000,deadline:5000} .deadline: less than the runtime
		{policy:"SCHED_DEADLINE",runtime:5000,deadline:9000,period:8000} .period: less than the deadline
		{policy:"SCHED_NOPE"} .policy: unknown value "SCHED_NOPE"
		{policy:"SCHED_OTHER",flags:["SCHED_NOPE"]} .flags[0]: unknown value "SCHED_NOPE"
		{nice:3} .policy: required property is missing
		{policy:"SCHED_ISO"} : sched_setattr to SCHED_ISO: Invalid argument
	END
	case $errors in *never\ implemented*) ;; *) fail "$errors" ;; esac
}

# They have no values in the specification: nothing is clamped from below, everything from above. Not every kernel has them.
test_utilization_is_clamped() {
	config '.process.args = ["echo", "here"] | .process.scheduler = {policy: "SCHED_OTHER", flags: ["SCHED_FLAG_UTIL_CLAMP_MIN"]}'
	run
	case $status:$out$errors in
	0:here | 1:*CONFIG_UCLAMP_TASK*) ;;
	*) fail "status $status: $out $errors" ;;
	esac
}

# io JSON EXPECTED
io() {
	config ".process.ioPriority = $1"
	run_ok
	same "$2" "$out" "ioPriority $1"
}

test_io_priority() {
	asks ioprio
	io '{class: "IOPRIO_CLASS_BE", priority: 0}' 'class=2 level=0'
	io '{class: "IOPRIO_CLASS_BE", priority: 7}' 'class=2 level=7'
	io '{class: "IOPRIO_CLASS_BE"}' 'class=2 level=0'
	io '{class: "IOPRIO_CLASS_IDLE"}' 'class=3 level=0'
	io '{class: "IOPRIO_CLASS_IDLE", priority: 4}' 'class=3 level=4'
	io '{class: "IOPRIO_CLASS_RT", priority: 3}' 'class=1 level=3'
}

test_io_priority_refused() {
	while read -r value text; do
		config ".process.ioPriority = $value"
		run_fails ".process.ioPriority.$text"
	done <<-'END'
		{class:"IOPRIO_CLASS_BE",priority:8} priority: 8 is out of range, allowed is 0 to 7
		{class:"IOPRIO_CLASS_BE",priority:-1} priority: -1 is out of range, allowed is 0 to 7
		{class:"BE",priority:1} class: unknown value "BE"
		{priority:1} class: required property is missing
	END
}

test_oom_score_adj() {
	for value in 0 500 1000; do
		config ".process.oomScoreAdj = $value"
		expect $value 'cat /proc/self/oom_score_adj'
	done
	config '.process.oomScoreAdj = 1001'
	run_fails '.process.oomScoreAdj: 1001 is out of range, allowed is -1000 to 1000'
	config '.process.oomScoreAdj = -1001'
	run_fails '.process.oomScoreAdj: -1001 is out of range, allowed is -1000 to 1000'
}

test_oom_score_adj_of_the_caller_without_it() {
	config 'del(.process.oomScoreAdj)'
	echo 300 >/proc/self/oom_score_adj
	expect 300 'cat /proc/self/oom_score_adj'
}

test_oom_score_adj_of_a_user() {
	config '.process.oomScoreAdj = 700 | .process.user = {uid: 1000, gid: 1000}'
	expect 700 'cat /proc/self/oom_score_adj'
}

test_oom_score_adj_lowered() {
	config '.process.oomScoreAdj = -500'
	inside 'cat /proc/self/oom_score_adj'
	[ "$status" != 0 ] || {
		same -500 "$out" oom_score_adj
		return
	}
	expect_status 1
	same 'hull: .process.oomScoreAdj: write "-500" to oom_score_adj: Permission denied
  hint: lowering it needs CAP_SYS_RESOURCE' "$errors" error
}

# An engine may be confined to some processors. Its containers, and what is executed in them, are not.
test_affinity_of_the_caller() {
	[ "$(nproc)" -gt 1 ] || skip 'one processor'
	allowed='grep Cpus_allowed_list /proc/self/status'
	before=$($allowed)
	config --arg script "$allowed" '.process.args = ["sh", "-c", $script]'
	try busybox taskset 1 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	same "$before" "$out" 'the affinity of init'
	config '.process.args = ["sleep", "1000"]'
	create
	hull start "$ID" || fail start
	try busybox taskset 1 "$HULL" --root "$STATE" exec "$ID" sh -c "$allowed"
	same "$before" "$out" 'the affinity of exec'
	hull delete --force "$ID"
}

test_exec_cpu_affinity_is_for_exec() {
	before=$(grep Cpus_allowed_list /proc/self/status)
	config '.process.execCPUAffinity = {initial: "0", final: "0"}'
	expect "$before" 'grep Cpus_allowed_list /proc/self/status'
	config '.process.execCPUAffinity = {initial: "", final: " 0 - 0 "}'
	expect "$before" 'grep Cpus_allowed_list /proc/self/status'
	config '.process.execCPUAffinity = {initial: "0-"}'
	run_fails '.process.execCPUAffinity.initial: "0-" is not a list of numbers'
}

# limit LINE EXPECTED: soft and hard limit as /proc/self/limits has them.
limit() {
	same "$2" "$(printf '%s\n' "$out" | sed -n "s/^$1 *\([^ ]*\) *\([^ ]*\).*/\1 \2/p")" "$1"
}

test_rlimits() {
	config '.process.rlimits = [
		{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0},
		{type: "RLIMIT_STACK", soft: 4194304, hard: 8388608}, {type: "RLIMIT_FSIZE", soft: 1000000, hard: 2000000},
		{type: "RLIMIT_NPROC", soft: 50, hard: 60}, {type: "RLIMIT_MSGQUEUE", soft: 1000, hard: 2000},
		{type: "RLIMIT_SIGPENDING", soft: 10, hard: 20}, {type: "RLIMIT_CPU", soft: 100, hard: 200},
		{type: "RLIMIT_RSS", soft: 1, hard: 2}, {type: "RLIMIT_LOCKS", soft: 3, hard: 4}]'
	inside 'cat /proc/self/limits'
	expect_status 0
	limit 'Max open files' '100 200'
	limit 'Max core file size' '0 0'
	limit 'Max stack size' '4194304 8388608'
	limit 'Max file size' '1000000 2000000'
	limit 'Max processes' '50 60'
	limit 'Max msgqueue size' '1000 2000'
	limit 'Max pending signals' '10 20'
	limit 'Max cpu time' '100 200'
	limit 'Max resident set' '1 2'
	limit 'Max file locks' '3 4'
}

test_rlimit_unlimited() {
	config '.process.args = ["cat", "/proc/self/limits"]
		| .process.rlimits = [{type: "RLIMIT_CPU", soft: 5, hard: "MAX"}, {type: "RLIMIT_AS", soft: "MAX", hard: "MAX"}]'
	sed -i 's/"MAX"/18446744073709551615/' "$BUNDLE/config.json" # jq(1) keeps 53 bits of a number
	run_ok
	limit 'Max cpu time' '5 unlimited'
	limit 'Max address space' 'unlimited unlimited'
}

test_rlimits_that_starting_must_not_need() {
	# Each limit is too small for hull itself, at least between create and the program.
	for limit in NOFILE:0 NOFILE:3 FSIZE:0 SIGPENDING:0 MSGQUEUE:0; do
		config --arg type "RLIMIT_${limit%:*}" --argjson value "${limit#*:}" \
			'.process.rlimits = [{type: $type, soft: $value, hard: $value}] | .process.user = {uid: 1000, gid: 1000}
			| .process.args = ["sh", "-c", "echo started; exit 3"]'
		run
		expect_status 3
		try hull create -b "$BUNDLE" "$ID"
		expect_status 0
		try hull start "$ID"
		expect_status 0
		wait_for stopped
		hull delete "$ID" || fail delete
	done
}

test_rlimit_of_processes() {
	# execve(2) fails with EAGAIN if the change of the user has exceeded the limit.
	config '.process.rlimits = [{type: "RLIMIT_NPROC", soft: 0, hard: 0}] | .process.user = {uid: 54321, gid: 54321}'
	expect 'started' 'echo started'
	command -v setpriv >/dev/null || skip 'setpriv(1) is not here'
	setpriv --reuid 54321 sleep 1000 &
	other=$!
	await 'no other process' executes sleep $other
	run
	kill $other
	expect_status 126
	same 'hull: .process.args[0]: cannot execute `sh`: resource temporarily unavailable
  hint: its user has more processes than RLIMIT_NPROC allows' "$errors" error
}

test_rlimit_reached() {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 4, hard: 4}]'
	expect 'refused' 'exec 3</dev/null; (exec 5</dev/null 2>/dev/null) 2>/dev/null || echo refused'
}

test_rlimits_refused() {
	while read -r limits text; do
		config ".process.rlimits = $limits"
		run_fails ".process.rlimits$text"
	done <<-'END'
		[{type:"RLIMIT_NOPE",soft:1,hard:1}] [0].type: unknown value "RLIMIT_NOPE"
		[{type:"RLIMIT_CORE",soft:1,hard:1},{type:"RLIMIT_CORE",soft:1,hard:1}] [1].type: this limit was given before
		[{type:"RLIMIT_CORE",soft:2,hard:1}] [0].soft: 2 is more than the hard limit, 1
		[{type:"RLIMIT_CORE",soft:2}] [0].hard: required property is missing
		[{type:"RLIMIT_CORE",hard:2}] [0].soft: required property is missing
		[{soft:1,hard:2}] [0].type: required property is missing
		[{type:"RLIMIT_CORE",soft:-1,hard:2}] [0].soft: -1 is out of range
	END
}

test_rlimit_raised() {
	hard=$(prlimit --memlock --output HARD --noheadings --raw 2>/dev/null) || skip 'prlimit(1) is not here'
	[ "$hard" != unlimited ] || skip 'nothing is above unlimited'
	more=$((hard + 4096))
	config --argjson more $more '.process.rlimits = [{type: "RLIMIT_MEMLOCK", soft: $more, hard: $more}]'
	inside 'cat /proc/self/limits'
	[ "$status" != 0 ] || {
		limit 'Max locked memory' "$more $more"
		return
	}
	same "hull: .process.rlimits[0]: set RLIMIT_MEMLOCK to $more, hard limit $more: Operation not permitted
  hint: the hard limit is $hard now; raising it needs CAP_SYS_RESOURCE" "$errors" error
}

# memory JSON EXPECTED
memory() {
	config ".linux.memoryPolicy = $1"
	run_ok
	same "$2" "$out" "memoryPolicy $1"
}

test_memory_policy() {
	asks mempolicy
	config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}'
	run
	[ "$status" = 0 ] || [ -e /proc/self/numa_maps ] || skip 'the kernel has no NUMA'
	memory '{mode: "MPOL_DEFAULT"}' 'mode=0 flags=0 nodes=0'
	memory '{mode: "MPOL_PREFERRED", nodes: "0"}' 'mode=1 flags=0 nodes=0x1'
	memory '{mode: "MPOL_BIND", nodes: "0"}' 'mode=2 flags=0 nodes=0x1'
	memory '{mode: "MPOL_BIND", nodes: "0-3,5"}' 'mode=2 flags=0 nodes=0x1'
	memory '{mode: "MPOL_INTERLEAVE", nodes: "0"}' 'mode=3 flags=0 nodes=0x1'
	memory '{mode: "MPOL_LOCAL"}' 'mode=4 flags=0 nodes=0'
	memory '{mode: "MPOL_PREFERRED", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}' 'mode=1 flags=0x8000 nodes=0x1'
	memory '{mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_RELATIVE_NODES"]}' 'mode=2 flags=0x4000 nodes=0x1'
	memory '{mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_NUMA_BALANCING"]}' 'mode=2 flags=0x2000 nodes=0x1'
}

test_memory_policy_of_newer_kernels() {
	asks mempolicy
	config '.linux.memoryPolicy = {mode: "MPOL_WEIGHTED_INTERLEAVE", nodes: "0"}'
	run
	[ "$status" = 0 ] || skip "not known here: $errors" # Linux 6.9
	same 'mode=6 flags=0 nodes=0x1' "$out" 'weighted interleave'
	memory '{mode: "MPOL_PREFERRED_MANY", nodes: "0"}' 'mode=5 flags=0 nodes=0x1'
}

test_memory_policy_refused() {
	while read -r policy text; do
		config ".linux.memoryPolicy = $policy"
		run_fails ".linux.memoryPolicy$text"
	done <<-'END'
		{mode:"MPOL_BIND"} .nodes: the mode needs nodes
		{mode:"MPOL_LOCAL",nodes:"0"} .nodes: the mode takes no nodes
		{mode:"MPOL_NOPE",nodes:"0"} .mode: unknown value "MPOL_NOPE"
		{nodes:"0"} .mode: required property is missing
		{mode:"MPOL_BIND",nodes:"x"} .nodes: "x" is not a list of numbers
		{mode:"MPOL_BIND",nodes:"3-1"} .nodes: "3-1" is not a list of numbers
		{mode:"MPOL_BIND",nodes:"99999999"} .nodes: "99999999" is no list of numbers up to 1023
		{mode:"MPOL_BIND",nodes:"0",flags:["x"]} .flags[0]: unknown value "x"
	END
	[ -e /proc/self/numa_maps ] && [ ! -e /sys/devices/system/node/node999 ] || return 0
	config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "999"}'
	run_fails '.linux.memoryPolicy: set_mempolicy: Invalid argument'
	run_fails 'hint: the nodes must be online'
}

test_personality() {
	[ "$(uname -m)" = x86_64 ] || skip 'the name of the 32-bit machine is known for x86_64'
	config '.linux.personality = {domain: "LINUX32"}'
	expect 'i686 00000008' 'echo $(uname -m) $(cat /proc/self/personality)'
	config '.linux.personality = {domain: "LINUX", flags: []}'
	expect 'x86_64 00000000' 'echo $(uname -m) $(cat /proc/self/personality)'
}

test_personality_of_a_user() {
	config '.linux.personality = {domain: "LINUX32"} | .process.user = {uid: 1000, gid: 1000}'
	expect 00000008 'cat /proc/self/personality'
}

test_personality_refused() {
	config '.linux.personality = {domain: "BSD"}'
	run_fails '.linux.personality.domain: unknown value "BSD"'
	config '.linux.personality = {domain: "LINUX", flags: ["ADDR_NO_RANDOMIZE"]}'
	run_fails '.linux.personality.flags[0]: the specification knows no flags'
	config '.linux.personality = {}'
	run_fails '.linux.personality.domain: required property is missing'
}

test_intel_rdt_is_never_ignored() {
	[ ! -e /sys/fs/resctrl/schemata ] || skip 'resctrl is mounted: its tests need a machine to themselves'
	for rdt in '{}' '{closID: "group"}' '{l3CacheSchema: "L3:0=f"}' '{memBwSchema: "MB:0=20"}' '{schemata: ["L3:0=f"]}' \
		'{enableMonitoring: true}'; do
		config ".linux.intelRdt = $rdt"
		[ "$rdt" != '{}' ] || continue
		run_fails '.linux.intelRdt: no resctrl file system at /sys/fs/resctrl'
	done
	config '.linux.intelRdt = {closID: "../x"}'
	run_fails '.linux.intelRdt'
}

run_tests
