#!/bin/sh
# exec: what is born in the container has nothing that the container has not (CVE-2016-9962), and a container that fights back
# harms itself alone. Environment: HULL_EXECS (40), how many of them are stalked.
. "${0%/*}/lib.sh"
. "${0%/*}/../attacks/lib.sh"

# A container that is there, with this program.
start_container() {
	config --argjson args "$(jq -cn '$ARGS.positional' --args "$@")" '.process.args = $args'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/said" 2>"$WORK/errors" || fail "run: $(cat "$WORK/errors")"
}

end_container() {
	hull delete --force "$ID"
}

# Its program lies in wait for what exec brings: tests/attacks/stalk.c.
start_stalker() {
	with_helper stalk
	config '["CAP_SYS_PTRACE", "CAP_KILL"] as $all | .process.capabilities = {bounding: $all, permitted: $all, effective: $all}'
	start_container stalk "$@"
	wait_until [ -e "$BUNDLE/rootfs/ready" ]
}

# wait_until COMMAND...
wait_until() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "waiting for: $*"
		sleep 0.05
	done
}

# Many execs by a caller who leaks a directory and has a secret in his environment; what the stalker saw is in $WORK/said.
stalked() {
	helper leak
	start_stalker look 80020
	i=0
	while [ $i -lt "${HULL_EXECS:-40}" ]; do
		i=$((i + 1))
		HULL_TEST_SECRET=xyzzy timeout -k 5 60 "$SUITE_DIR/bin/leak" "$CANARY" "$HULL" --root "$STATE" exec "$@" "$ID" true \
			</dev/null >"$WORK/out" 2>"$WORK/errors" || [ -n "${HULL_DEFENCE_OFF:-}" ] || fail "exec $i: $(cat "$WORK/errors")"
		! grep -qv ^caught "$WORK/said" || break
	done
	touch "$BUNDLE/rootfs/stop"
	wait_for stopped
	end_container
	# who catches nothing sees nothing
	grep -q '^caught [1-9]' "$WORK/said" || skip "none was caught: $(cat "$WORK/said")"
	out=$(sort "$WORK/said" | uniq -c | sort -rn | head -n 20)
	grep -q "^$found" "$WORK/said"
}

attack_stalked() {
	fresh
	config 'del(.linux.seccomp)'
	stalked
}
attack_stalked_capabilities() {
	found=capabilities
	attack_stalked
}
attack_stalked_anything() {
	found='[^c]\|^ca[^u]'
	attack_stalked
}
attack_stalked_secret() {
	found=secret
	attack_stalked
}
test_stalked() { refused attack_stalked_anything; }
test_born_late() { defended late-clone attack_stalked_capabilities; }
test_environment_of_the_caller() { defended environment attack_stalked_secret; }

# A filter without noNewPrivileges is loaded by CAP_SYS_ADMIN.
attack_stalked_filter() {
	fresh
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sync"], action: "SCMP_ACT_ERRNO"}]} |
		.process.noNewPrivileges = false'
	found='[^c]\|^ca[^u]'
	stalked
}
test_stalked_with_a_filter() { defended unborn-filter attack_stalked_filter; }

run_tests
