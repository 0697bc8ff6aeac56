#!/bin/sh
# .linux.seccomp, observed from inside: each call and its answer. Numbers of errors are the kernel's generic ones: 1 EPERM, 13
# EACCES, 14 EFAULT, 22 EINVAL, 28 ENOSPC, 38 ENOSYS. The tried calls change nothing.
. "${0%/*}/lib.sh"

# profile DEFAULT [MORE]: a new profile.
profile() {
	with_probe
	config --arg action "$1" ".linux.seccomp = {defaultAction: \$action} + ${2:-{\}}"
}

# rule ACTION "NAME …" [MORE]
rule() {
	config --arg action "$1" --arg names "$2" ".linux.seccomp.syscalls += [{names: (\$names | split(\" \")), action: \$action} + ${3:-{\}}]"
}

# call EXPECTED NAME [ARGUMENT...]: the result of the call inside, "errno=N" or "result=N"; "*" for any result.
call() {
	want=$1
	shift
	list=$(printf '%s\n' /bin/probe call "$@" | jq -Rn '[inputs]')
	config --argjson list "$list" '.process.args = $list'
	run
	expect_status 0
	# shellcheck disable=SC2254 # a pattern
	case $out in
	$want) ;;
	*) fail "$* gave '$out', expected '$want'" ;;
	esac
}

# ends STATUS NAME: the call ends the process with that status.
ends() {
	config --arg name "$2" '.process.args = ["sh", "-c", "/bin/probe call \($name); echo status $?"]'
	run
	expect_status 0
	same "status $1" "$(printf '%s\n' "$out" | tail -n 1)" "end by $2"
}

# crun's annotations.
test_program_of_an_annotation() {
	# the one instruction allows all; the profile beside it would kill
	config '.annotations = {"run.oci.seccomp_bpf_data": "BgAAAAAA/38="} | .linux.seccomp = {defaultAction: "SCMP_ACT_KILL_PROCESS"}
		| .process.args = ["grep", "Seccomp:", "/proc/self/status"]'
	run
	same 'Seccomp:	2' "$out" "$errors"
	for data in '' QUJD 'BgAAAAAA/38' '!gAAAAAA/38=' BgAAAAAA/38=BgAAAAAA/38=; do
		config --arg data "$data" '.annotations["run.oci.seccomp_bpf_data"] = $data'
		run_fails 'is no program of 1 to 4096 instructions in base64'
	done
}

test_unknown_call_is_an_error_by_an_annotation() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_ERRNO 'sync no_such_call'
	config '.process.args = ["true"]'
	run
	expect_status 0
	config '.annotations = {"run.oci.seccomp_fail_unknown_syscall": "0"}'
	run
	expect_status 0
	config '.annotations = {"run.oci.seccomp_fail_unknown_syscall": "1"}'
	run_fails '.linux.seccomp.syscalls[0].names[1]: unknown system call "no_such_call"'
}

# As runc has it, a profile without anything is none.
test_empty_profile() {
	for profile in '{}' '{"defaultAction": ""}' '{"syscalls": [], "architectures": ["SCMP_ARCH_X86_64"]}'; do
		config --argjson profile "$profile" '.linux.seccomp = $profile | .linux.rootfsPropagation = ""
			| .process.args = ["grep", "Seccomp:", "/proc/self/status"]'
		run
		same 'Seccomp:	0' "$out" "$profile $errors"
	done
}

test_filter_is_on() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_ERRNO sethostname
	expect 'Seccomp: 2 Seccomp_filters: 1' 'echo $(grep "^Seccomp" /proc/self/status)'
	config 'del(.linux.seccomp)'
	expect 'Seccomp: 0 Seccomp_filters: 0' 'echo $(grep "^Seccomp" /proc/self/status)'
}

test_errno() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_ERRNO kcmp
	rule SCMP_ACT_ERRNO personality '{errnoRet: 28}'
	rule SCMP_ACT_ERRNO sync '{errnoRet: 0}'
	call errno=1 kcmp
	call errno=28 personality
	call result=0 sync # errno 0: not made, and yet a success
	call 'result=[1-9]*' getpid
}

test_errno_highest() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_ERRNO kcmp '{errnoRet: 4094}'
	call errno=4094 kcmp
}

# allow_what_starting_needs: allows all calls of init and the probe after a denying filter is in force.
allow_what_starting_needs() {
	rule SCMP_ACT_ALLOW "$(
		xargs <<-'LIST'
			arch_prctl brk capget capset close close_range dup3 execve exit_group fstat getpid getrandom mmap mprotect munmap
			newfstatat openat2 prctl prlimit64 read readlink readlinkat recvmsg rseq sendmsg set_robust_list set_tid_address
			setgroups setresgid setresuid umask write
		LIST
	)"
}

test_default_errno() {
	profile SCMP_ACT_ERRNO '{defaultErrnoRet: 13}'
	allow_what_starting_needs
	call errno=13 kcmp
	call errno=13 sync
	call 'result=[1-9]*' getpid
}

test_default_of_default_errno() {
	profile SCMP_ACT_ERRNO
	allow_what_starting_needs
	call errno=1 kcmp
}

test_unknown_newer_call_is_enosys() {
	# Newer than every call that the profile names: programs then fall back, where EPERM would stop them.
	profile SCMP_ACT_ERRNO '{defaultErrnoRet: 1}'
	allow_what_starting_needs
	call errno=38 future
	call errno=38 listmount
	call errno=1 kcmp
}

test_allowed_by_default_newer_call_is_the_kernels() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_ERRNO kcmp
	call errno=38 future
}

test_kill() {
	for action in SCMP_ACT_KILL SCMP_ACT_KILL_THREAD SCMP_ACT_KILL_PROCESS; do
		profile SCMP_ACT_ALLOW
		rule $action kcmp
		ends 159 kcmp # 128 + SIGSYS
	done
}

test_kill_of_init() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_KILL_PROCESS kcmp
	config '.process.args = ["/bin/probe", "call", "kcmp"]'
	run
	expect_status 159
}

# Its end is told from one that the program had chosen.
test_kill_before_the_program_runs() {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["execve"], action: "SCMP_ACT_KILL_PROCESS"}]}'
	run
	expect_status 159
	printf '%s' "$errors" | grep -q "killed by its seccomp filter, perhaps before its program ran" || fail "said: $errors"
}

test_trap() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_TRAP kcmp
	ends 159 kcmp
}

test_log() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_LOG getppid
	call 'result=*' getppid
}

test_trace_without_a_tracer() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_TRACE getppid '{errnoRet: 7}'
	call errno=38 getppid
}

test_allow_in_a_denying_profile() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_ERRNO 'kcmp personality'
	rule SCMP_ACT_ALLOW 'getpid'
	call errno=1 kcmp
	call 'result=*' getpid
}

# compare OP VALUE TWO: getpid, which ignores its arguments, fails with 28 if the comparison of its first one holds.
compare() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_ERRNO getpid "{errnoRet: 28, args: [{index: 0, value: $2, valueTwo: $3, op: \"SCMP_CMP_$1\"}]}"
}

test_comparisons() {
	compare EQ 5 0
	call errno=28 getpid 5
	call 'result=*' getpid 6
	compare NE 5 0
	call 'result=*' getpid 5
	call errno=28 getpid 6
	compare LT 5 0
	call errno=28 getpid 4
	call 'result=*' getpid 5
	compare LE 5 0
	call errno=28 getpid 5
	call 'result=*' getpid 6
	compare GE 5 0
	call errno=28 getpid 5
	call 'result=*' getpid 4
	compare GT 5 0
	call errno=28 getpid 6
	call 'result=*' getpid 5
	compare MASKED_EQ 12 4 # value is the mask, valueTwo what is left under it
	call errno=28 getpid 7
	call 'result=*' getpid 12
}

test_comparisons_are_of_64_bits() {
	compare EQ 5 0
	call 'result=*' getpid 0x100000005
	compare GT 4294967296 0
	call errno=28 getpid 0x100000001
	call 'result=*' getpid 0x100000000
	call 'result=*' getpid 0xffffffff
}

test_all_six_arguments() {
	for i in 0 1 2 3 4 5; do
		profile SCMP_ACT_ALLOW
		rule SCMP_ACT_ERRNO getpid "{errnoRet: 28, args: [{index: $i, value: 9, op: \"SCMP_CMP_EQ\"}]}"
		set -- 1 2 3 4 5 6
		call 'result=*' getpid "$@"
		list=$(for j in 0 1 2 3 4 5; do [ $j = $i ] && echo 9 || echo 1; done)
		call errno=28 getpid $list
	done
}

test_comparisons_of_two_arguments_must_both_hold() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_ERRNO getpid '{errnoRet: 28, args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}, {index: 1, value: 2, op: "SCMP_CMP_EQ"}]}'
	call errno=28 getpid 1 2
	call 'result=*' getpid 1 3
	call 'result=*' getpid 2 2
}

test_comparisons_of_one_argument_are_alternatives() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_ERRNO getpid '{errnoRet: 28, args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}, {index: 0, value: 2, op: "SCMP_CMP_EQ"}]}'
	call errno=28 getpid 1
	call errno=28 getpid 2
	call 'result=*' getpid 3
}

test_unknown_name_is_ignored() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_ERRNO 'no_such_call kcmp'
	call errno=1 kcmp
}

test_without_no_new_privileges() {
	profile SCMP_ACT_ALLOW
	config '.process.noNewPrivileges = false'
	rule SCMP_ACT_ERRNO kcmp '{errnoRet: 28}'
	call errno=28 kcmp
	expect 'NoNewPrivs: 0 Seccomp: 2' 'echo $(grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status)'
	config '.process.user = {uid: 1000, gid: 1000}'
	call errno=28 kcmp
}

test_children_have_it() {
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_ERRNO kcmp '{errnoRet: 28}'
	expect errno=28 '(sh -c "/bin/probe call kcmp")'
}

test_architectures() {
	[ "$(uname -m)" = x86_64 ] || skip 'written for x86_64'
	with_probe
	config '.process.args = ["/bin/probe", "call32", "20"]' # getpid
	config 'del(.linux.seccomp)'
	run
	[ "$status" = 0 ] && [ "${out#result}" != "$out" ] || skip 'no 32-bit calls here'
	# No call of an architecture that the profile does not name passes.
	profile SCMP_ACT_ALLOW '{architectures: ["SCMP_ARCH_X86_64"]}'
	rule SCMP_ACT_ERRNO kcmp '{errnoRet: 28}'
	config '.process.args = ["sh", "-c", "/bin/probe call32 20; echo $?"]'
	run_ok
	same 159 "$out" 'a 32-bit call'
	profile SCMP_ACT_ALLOW '{architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]}'
	rule SCMP_ACT_ERRNO 'kcmp getppid' '{errnoRet: 28}'
	call errno=28 kcmp
	config '.process.args = ["/bin/probe", "call32", "20"]'
	run_ok
	case $out in result=*) ;; *) fail "getpid by the 32-bit entry: $out" ;; esac
	config '.process.args = ["/bin/probe", "call32", "64"]' # getppid
	run_ok
	same errno=28 "$out" 'getppid by the 32-bit entry'
	call errno=28 $((0x40000000 + 110)) # getppid by the x32 entry
}

test_flags() {
	profile SCMP_ACT_ALLOW '{flags: ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"]}'
	rule SCMP_ACT_ERRNO kcmp
	call errno=1 kcmp
}

test_flags_empty_keep_the_mitigation() {
	profile SCMP_ACT_ALLOW '{flags: []}'
	rule SCMP_ACT_ERRNO kcmp
	call errno=1 kcmp
}

test_only_a_default() {
	profile SCMP_ACT_ALLOW
	call 'result=*' getpid
	profile SCMP_ACT_LOG
	call 'result=*' getpid
}

test_overlapping_rules() {
	# The stricter rule for one value wins, whatever the order.
	for order in 'a b' 'b a'; do
		profile SCMP_ACT_ALLOW
		for one in $order; do
			[ $one != a ] || rule SCMP_ACT_ERRNO getpid '{errnoRet: 13, args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}]}'
			[ $one != b ] || rule SCMP_ACT_KILL_PROCESS kcmp
		done
		call errno=13 getpid 1
		call 'result=*' getpid 2
		ends 159 kcmp
	done
}

test_many_rules() {
	profile SCMP_ACT_ALLOW
	config '.linux.seccomp.syscalls = [range(0; 300) | {names: ["getpid"], action: "SCMP_ACT_ERRNO", errnoRet: 28,
		args: [{index: 0, value: (. * 2 + 1), op: "SCMP_CMP_EQ"}]}]'
	call errno=28 getpid 599
	call 'result=*' getpid 598
}

test_compiled_profile_is_kept_by_content() {
	# The second run takes it from the cache; a profile that differs in one number must not.
	profile SCMP_ACT_ALLOW
	rule SCMP_ACT_ERRNO kcmp '{errnoRet: 28}'
	call errno=28 kcmp
	call errno=28 kcmp
	config '.linux.seccomp.syscalls[0].errnoRet = 13'
	call errno=13 kcmp
	for file in "$STATE"/*/*; do
		[ -f "$file" ] || continue
		echo rubbish >"$file"
	done
	call errno=13 kcmp
}

test_refused() {
	while read -r seccomp text; do
		config ".linux.seccomp = $seccomp"
		run_fails ".linux.seccomp$text"
	done <<-'END'
		{defaultAction:"SCMP_ACT_NOPE"} .defaultAction: unknown value "SCMP_ACT_NOPE"
		{defaultAction:"SCMP_ACT_NOTIFY"} .defaultAction
		{defaultAction:"SCMP_ACT_ALLOW",architectures:["x86"]} .architectures[0]: unknown value "x86"
		{defaultAction:"SCMP_ACT_ALLOW",flags:["x"]} .flags[0]: unknown value "x"
		{defaultAction:"SCMP_ACT_ALLOW",defaultErrnoRet:4} .defaultErrnoRet
		{defaultAction:"SCMP_ACT_ERRNO",defaultErrnoRet:70000} .defaultErrnoRet
		{defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:[],action:"SCMP_ACT_LOG"}]} .syscalls[0].names
		{defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["sync"]}]} .syscalls[0].action: required property is missing
		{defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["sync"],action:"SCMP_ACT_KILL",errnoRet:1}]} .syscalls[0].errnoRet
		{defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["sync"],action:"SCMP_ACT_LOG",args:[{index:6,value:1,op:"SCMP_CMP_EQ"}]}]} .syscalls[0].args[0].index: 6 is out of range, allowed is 0 to 5
		{defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["sync"],action:"SCMP_ACT_LOG",args:[{index:0,value:1,op:"EQ"}]}]} .syscalls[0].args[0].op: unknown value "EQ"
		{defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["sync"],action:"SCMP_ACT_LOG",args:[{index:0,value:-1,op:"SCMP_CMP_EQ"}]}]} .syscalls[0].args[0].value: -1 is out of range
	END
}

run_tests
