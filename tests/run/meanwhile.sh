#!/bin/sh
# The container changes while a command works on it: another command runs as the first one stands before each of its system calls in
# turn (kill-at.c). The first one then reports the truth, in the words of the field, and nothing is left. STEPS (20) is the number
# of points of each command, spread evenly.
. "${0%/*}/lib.sh"
STEPS=${STEPS:-20}
GONE='container not running|does not exist'

at_call() { # NUMBER COMMAND...
	number=$1
	shift
	"$KILL_AT" parent "$number" "$HULL" --root "$STATE" "$@" </dev/null >"$WORK/out" 2>"$WORK/errors"
}

# Whatever is in the way is removed.
clear_away() {
	hull delete --force "$ID" 2>"$WORK/delete" || grep -q 'does not exist' "$WORK/delete" || fail "delete: $(cat "$WORK/delete")"
}

# meanwhile WHAT PREPARE WORDS COMMAND ARGUMENT...: all lines that the command prints while WHAT happens, except hints, have one of
# the words in them; and `after` holds, if it is defined.
meanwhile() {
	with_killer
	export MEANWHILE="$1"
	prepare=$2
	words=$3
	shift 3
	$prepare
	at_call 0 "$@"
	total=$(tail -n 1 "$WORK/out" | grep -o '[0-9]*$')
	[ "$total" -gt 10 ] || fail "only $total system calls of $1: $(cat "$WORK/errors")"
	clear_away
	at=1
	while [ $at -le "$total" ]; do
		$prepare
		at_call $at "$@"
		code=$?
		[ $code = 0 ] || [ $code = 3 ] || fail "$1 at $at of $total: kill-at says $code: $(cat "$WORK/errors")"
		! grep -v -E -e "$words" -e hint: "$WORK/errors" | grep -q . || fail "$1 at $at of $total says: $(cat "$WORK/errors")"
		after "$1 at $at of $total"
		clear_away
		nothing_left "$1 at $at of $total"
		at=$((at + total / STEPS + 1))
	done
	unset MEANWHILE
}
after() { :; }

hull_says() { # what the shell of $MEANWHILE is to run
	echo "'$HULL' --root '$STATE' $*"
}

# Init's end waits for exec to collect its process, so a delete cannot be waited for; nor if it meets a lock.
test_exec_of_a_deleted() {
	config '.process.args = ["sleep", "1000"]'
	meanwhile "$(hull_says delete --force "$ID") >/dev/null 2>&1 & sleep 0.05" running "$GONE|killed by signal 9" exec "$ID" true
	meanwhile "$(hull_says delete --force "$ID") >/dev/null 2>&1 & sleep 0.05" running "$GONE|killed by signal 9" exec -d "$ID" true
}

test_exec_of_a_killed() {
	config '.process.args = ["sleep", "1000"]'
	meanwhile "$(hull_says kill --all "$ID" KILL) >/dev/null 2>&1 & sleep 0.05" running "$GONE|killed by signal 9" exec "$ID" true
}

test_looks_at_a_deleted() {
	config '.process.args = ["sleep", "1000"]'
	command="$(hull_says delete --force "$ID") >/dev/null"
	meanwhile "$command" running "$GONE" ps -f json "$ID"
	meanwhile "$command" running "$GONE" stats --no-stream "$ID"
	meanwhile "$command" running "$GONE" kill --all "$ID" USR1
	meanwhile "$command" running "$GONE" kill --all "$ID" KILL
	meanwhile "$command" running "$GONE" list
	running
	hull events --stats "$ID" >"$WORK/whole"
	clear_away
	after() { # all of it or nothing
		! grep -q '"type"' "$WORK/out" || same "$(jq '[paths] | length' "$WORK/whole")" "$(head -n 1 "$WORK/out" | jq '[paths] | length')" "$1"
	}
	meanwhile "$command" running "$GONE" events --stats "$ID"
}

# expect_one_of STATUSES WHAT: the output of the command, or of what ran meanwhile, is one of these.
expect_one_of() {
	for status in $(sed -n 's/.*"status": "\(.*\)".*/\1/p' "$WORK/out"); do
		case " $1 " in *" $status "*) ;; *) fail "$2: the status is $status" ;; esac
	done
}

test_state_of_a_deleted() {
	config '.process.args = ["sleep", "1000"]'
	after() { expect_one_of 'created stopped' "$1"; }
	meanwhile "$(hull_says delete --force "$ID")" created "$GONE" state "$ID"
	after() { expect_one_of 'running stopped' "$1"; }
	meanwhile "$(hull_says delete --force "$ID")" running "$GONE" state "$ID"
	[ -z "${HULL_TEST_USER:-}" ] || return 0 # who has no cgroup to pause
	after() { expect_one_of 'paused stopped' "$1"; }
	meanwhile "$(hull_says delete --force "$ID")" paused "$GONE" state "$ID"
}

# The status never goes back.
test_state_during_delete() {
	config '.process.args = ["sleep", "1000"]'
	after() { expect_one_of 'running stopped' "$1"; }
	meanwhile "$(hull_says state "$ID")" running "$GONE" delete --force "$ID"
	after() { expect_one_of 'created stopped' "$1"; }
	meanwhile "$(hull_says state "$ID")" created "$GONE" delete "$ID"
}

# After delete is killed anywhere, it can be given again.
test_delete_again() {
	config '.process.args = ["sleep", "1000"]'
	after() {
		hull delete "$ID" 2>"$WORK/delete" || grep -q 'does not exist' "$WORK/delete" || fail "$1: again: $(cat "$WORK/delete")"
	}
	with_killer
	stopped
	at_call 0 delete "$ID"
	total=$(tail -n 1 "$WORK/out")
	at=1
	while [ $at -le "$total" ]; do
		stopped
		at_call $at delete "$ID"
		after "delete killed at $at of $total"
		nothing_left "delete killed at $at of $total"
		at=$((at + total / STEPS + 1))
	done
}

# systemd removes an empty scope by itself, at any moment: then it is gone.
test_cgroup_goes_during_delete() {
	config '.process.args = ["sleep", "1000"]'
	with_killer
	export MEANWHILE="rmdir '$CGROUP2/hull-$ID/below' '$CGROUP2/hull-$ID' 2>/dev/null; :"
	at=1
	while :; do
		stopped
		mkdir "$CGROUP2/hull-$ID/below"
		at_call $at delete "$ID"
		code=$?
		! grep -q . "$WORK/errors" || fail "at $at: $(cat "$WORK/errors")"
		nothing_left "at $at"
		[ $code = 0 ] || break
		at=$((at + 1))
	done
	unset MEANWHILE
}

stopped() {
	running
	hull kill "$ID" KILL
	wait_for stopped
}

test_start_of_a_killed() {
	config '.process.args = ["sleep", "1000"]'
	for signal in KILL TERM; do
		meanwhile "$(hull_says kill "$ID" $signal)" created "$GONE|it is stopped|its init is dead|init died before its program ran" start "$ID"
	done
}

test_run_of_a_deleted() {
	config '.process.args = ["sleep", "0.1"]'
	for keep in '' --keep; do
		meanwhile "$(hull_says delete --force "$ID") >/dev/null 2>&1 & sleep 0.05" nothing "$GONE|was killed by signal 9" run $keep -b "$BUNDLE" "$ID"
	done
}

# Its own hook ends init: that is the message, however long hull takes to notice.
test_hook_ends_init() {
	for pause in 0 0.2; do
		config --arg pause $pause '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c",
			"kill -9 $(tr , \"\\n\" | sed -n \"s/.*\\\"pid\\\":[^0-9]*//p\"); sleep \($pause)"]}]'
		fails_with 'init was killed by signal 9 before it was ready' hull create -b "$BUNDLE" "$ID"
		nothing_left "pause $pause"
	done
}

run_tests
