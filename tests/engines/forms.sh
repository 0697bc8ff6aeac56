#!/bin/sh
# The forms in which containerd, Slurm and conmon call a runtime, for hosts that cannot have the engine itself.
. "${0%/*}/../run/lib.sh"

sleeping() {
	config '.process.args = ["sleep", "1000"]'
}

# succeeds COMMAND...: as given, without --root before it.
succeeds() {
	try timeout -k 5 120 "$HULL" "$@"
	[ "$status" = 0 ] || fail "hull $*: exit status $status: $out $errors"
}

test_containerd() {
	sleeping
	log=$WORK/log.json
	set -- --root "$STATE" --log "$log" --log-format json
	succeeds "$@" create --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	kill -0 "$(cat "$WORK/pid")" || fail 'no process of that pid'
	succeeds "$@" start "$ID"
	succeeds "$@" state "$ID"
	same running "$(printf '%s' "$out" | jq -r .status)" 'the status'
	succeeds "$@" kill --all "$ID" 9
	wait_for stopped
	succeeds "$@" delete "$ID"
	# containerd always runs this command, and looks for these words if the container is gone
	try timeout 120 "$HULL" "$@" delete --force "$ID"
	[ "$status" = 0 ] || printf '%s' "$errors" | grep -q 'does not exist' || fail "said: $errors"
}

# containerd reads the reason from the last line of the log that is an error.
test_containerd_error() {
	config '.process.args = ["no-such-program"]'
	log=$WORK/log.json
	try timeout 120 "$HULL" --root "$STATE" --log "$log" --log-format json create --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	[ "$status" != 0 ] || fail 'it succeeded'
	jq -es 'map(select(.level == "error")) | last | (.msg | contains("no-such-program")) and (.time | length > 0)' "$log" >/dev/null ||
		fail "the log: $(cat "$log")"
}

test_slurm() {
	succeeds --root="$STATE" run "$ID" -b "$BUNDLE"
	config '.process.args = ["sh", "-c", "trap exit TERM; echo >/ready; while :; do sleep 0.05; done"]'
	succeeds --root="$STATE" create "$ID" -b "$BUNDLE"
	succeeds --root="$STATE" start "$ID"
	succeeds --root="$STATE" state "$ID"
	same "running $BUNDLE" "$(printf '%s' "$out" | jq -r '.status + " " + .bundle')" 'the state'
	await 'it does not run' test -s "$BUNDLE/rootfs/ready"
	succeeds --root="$STATE" kill -a "$ID"
	wait_for stopped
	succeeds --root="$STATE" delete --force "$ID"
}

test_conmon() {
	sleeping
	set -- --root="$STATE" --cgroup-manager disabled --log-format=json --log="$WORK/log"
	succeeds "$@" create --bundle "$BUNDLE" --pid-file "$WORK/pid" --preserve-fds 0 "$ID"
	succeeds --root "$STATE" --cgroup-manager disabled start "$ID"
	succeeds --root "$STATE" --cgroup-manager=disabled kill "$ID" 15
	succeeds --root "$STATE" kill "$ID" 9
	wait_for stopped
	succeeds --root "$STATE" delete --force "$ID"
	try timeout 120 "$HULL" --root "$STATE" delete --force "$ID"
	[ "$status" = 0 ] || printf '%s' "$errors" | grep -q 'does not exist' || fail "said: $errors"
	succeeds --version
}

run_tests
