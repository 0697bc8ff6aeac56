#!/bin/sh
# .linux.seccomp with SCMP_ACT_NOTIFY: an agent receives the listener, with the state of the container process, and it works.
. "${0%/*}/lib.sh"

# notify "NAME …": the agent at $WORK/agent answers these calls.
notify() {
	with_probe
	config --arg names "$1" --arg path "$WORK/agent" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $path,
		listenerMetadata: "about \"this\"", syscalls: [{names: ($names | split(" ")), action: "SCMP_ACT_NOTIFY"}]}'
}

message() {
	head -n 1 "$WORK/peer" | jq -r "$1"
}

# The agent ends when no process has the filter any more.
end_peer() {
	wait $peer || fail "agent: $(cat "$WORK/peer-errors")"
}

test_answer_is_an_error() {
	notify kcmp
	start_peer agent "$WORK/agent" errno 28
	expect errno=28 '/bin/probe call kcmp'
	end_peer
	grep -q '^call [0-9]* arg0=0$' "$WORK/peer" || fail "the agent saw: $(cat "$WORK/peer")"
}

test_answer_is_a_value() {
	notify getppid
	start_peer agent "$WORK/agent" value 4711
	expect result=4711 '/bin/probe call getppid'
	end_peer
}

test_agent_lets_it_be_made() {
	notify 'getppid kcmp'
	start_peer agent "$WORK/agent" continue
	expect 'result=1
result=1' '/bin/probe call getppid; /bin/probe call getppid; true'
	end_peer
	[ "$(grep -c '^call' "$WORK/peer")" -ge 2 ] || fail "the agent saw: $(cat "$WORK/peer")"
}

test_agent_gone() {
	notify kcmp
	start_peer agent "$WORK/agent" close
	expect errno=38 'sleep 0.2; /bin/probe call kcmp'
	end_peer
}

# hull makes no such call between the filter and the program.
test_agent_of_write() {
	notify write
	start_peer agent "$WORK/agent" continue
	expect hello 'echo hello'
	end_peer
}

test_message() {
	notify kcmp
	config '.annotations = {"org.example.key": "value"}'
	start_peer agent "$WORK/agent" errno 1
	inside true
	expect_status 0
	end_peer
	same "$(hull --version | sed -n 's/^spec: //p')" "$(message .ociVersion)" ociVersion
	same seccompFd "$(message '.fds | join(" ")')" fds
	same 'about "this"' "$(message .metadata)" metadata
	same "$ID" "$(message .state.id)" 'id of the state'
	same creating "$(message .state.status)" 'status of the state'
	same "$BUNDLE" "$(message .state.bundle)" 'bundle of the state'
	same value "$(message '.state.annotations["org.example.key"]')" 'annotation of the state'
	same "$(message .state.pid)" "$(message .pid)" pid
	[ "$(message .pid)" -gt 1 ] || fail "pid is $(message .pid)"
}

test_without_metadata() {
	notify kcmp
	config 'del(.linux.seccomp.listenerMetadata)'
	start_peer agent "$WORK/agent" errno 1
	inside true
	expect_status 0
	end_peer
	same false "$(message 'has("metadata")')" metadata
}

test_long_message() {
	notify kcmp
	config '.linux.seccomp.listenerMetadata = ("x" * 50000)'
	start_peer agent "$WORK/agent" errno 28
	expect errno=28 '/bin/probe call kcmp'
	end_peer
	same 50000 "$(message '.metadata | length')" 'length of the metadata'
}

test_created_first() {
	notify kcmp
	start_peer agent "$WORK/agent" errno 28
	config '.process.args = ["sh", "-c", "/bin/probe call kcmp >/tmp/answer; exec sleep 1000"]'
	try hull create -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	expect_status 0
	await 'no message after create' test -s "$WORK/peer"
	same "$(cat "$WORK/pid")" "$(message .pid)" pid
	same created "$(status_of)" status
	hull start "$ID" || fail start
	await 'no answer after start' test -s "$BUNDLE/rootfs/tmp/answer"
	same errno=28 "$(cat "$BUNDLE/rootfs/tmp/answer")" answer
	hull delete --force "$ID" || fail delete
	end_peer
}

test_with_new_privileges_and_as_a_user() {
	notify kcmp
	config '.process.noNewPrivileges = false | .process.user = {uid: 1000, gid: 1000}'
	start_peer agent "$WORK/agent" errno 28
	expect errno=28 '/bin/probe call kcmp'
	end_peer
}

test_calls_that_starting_makes() {
	# The call is notified like any other, once the agent has the listener.
	notify 'execve setresuid prctl close'
	start_peer agent "$WORK/agent" continue
	expect 'done' 'echo done'
	end_peer
}

test_handover_cannot_be_notified() {
	notify 'kcmp sendmsg'
	run_fails '.linux.seccomp.syscalls[0].action: SCMP_ACT_NOTIFY of sendmsg would stop the handover of its listener'
}

test_wait_killable() {
	notify kcmp
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SECCOMP_FILTER_FLAG_TSYNC"]'
	start_peer agent "$WORK/agent" errno 28
	expect errno=28 '/bin/probe call kcmp'
	end_peer
}

test_no_agent() {
	notify kcmp
	config '.process.args = ["true"]'
	run_fails ".linux.seccomp.listenerPath: connect to $WORK/agent: No such file or directory"
	config '.linux.seccomp.listenerPath = "relative"'
	run_fails '.linux.seccomp.listenerPath'
	config 'del(.linux.seccomp.listenerPath, .linux.seccomp.listenerMetadata)'
	run_fails '.linux.seccomp.listenerPath'
}

# config-linux.md: the path is ignored if no call is notified.
test_path_without_notify() {
	config --arg path "$WORK/agent" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $path,
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 5}]}'
	inside 'mkdir /dev/shm/x 2>&1; true'
	expect_status 0
	case $out in *'Input/output error'*) ;; *) fail "the filter is not on: $out" ;; esac
	config 'del(.linux.seccomp.syscalls) | .process.noNewPrivileges = false'
	expect 2 'sed -n "s/^Seccomp:.//p" /proc/self/status'
}

run_tests
