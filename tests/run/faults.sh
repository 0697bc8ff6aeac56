#!/bin/sh
# One system call of a command fails, each in its turn: what the command says then is an error or true, and what it does is what it
# was asked for.
. "${0%/*}/lib.sh"
STEPS=${STEPS:-60}
ERRORS='5 12 23 24' # EIO, ENOMEM, ENFILE, EMFILE

can_fail() {
	with_killer
	FAULT=23 "$KILL_AT" parent 3 /bin/true >/dev/null 2>&1
	[ $? = 0 ] || skip 'no system call can be made to fail here'
}

# everywhere CHECK COMMAND ARGUMENT...: CHECK is called with $code, the exit status, and $at; the output is in $WORK/out and errors.
everywhere() {
	check=$1
	shift
	"$KILL_AT" parent 0 "$HULL" --root "$STATE" "$@" </dev/null >"$WORK/out" 2>"$WORK/errors"
	total=$(tail -n 1 "$WORK/out" | grep -o '[0-9]*$')
	for errno in $ERRORS; do
		at=2
		while [ $at -le "$total" ]; do
			FAULT=$errno timeout -k 5 30 "$KILL_AT" parent $at "$HULL" --root "$STATE" "$@" </dev/null >"$WORK/out" 2>"$WORK/errors"
			injected=$?
			[ $injected -lt 100 ] || fail "$1: call $at of $total with errno $errno: it hangs"
			code=$(tail -n 1 "$WORK/out" | grep -o '[0-9]*$')
			sed '$d' "$WORK/out" >"$WORK/said"
			[ "$code" -lt 129 ] || fail "$1: call $at of $total with errno $errno: signal $((code - 128))"
			$check "$1: call $at of $total with errno $errno"
			at=$((at + total / STEPS + 1))
		done
	done
}

says_running() { # WHAT
	[ "$code" != 0 ] || grep -q '"running"' "$WORK/said" || fail "$1: $(cat "$WORK/said")"
}

lives() { # WHAT
	[ -e "/proc/$init" ] && ! grep -q '^State:.Z' "/proc/$init/status" || fail "$1: the container is dead: $(cat "$WORK/errors")"
}

running() {
	config '.process.args = ["sleep", "1000"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "run: $(cat "$WORK/out")"
	init=$(hull state "$ID" | jq .pid)
}

test_state() {
	can_fail
	running
	everywhere says_running state "$ID"
	everywhere says_running list --format json
	hull delete --force "$ID" || fail delete
}

# Without --force only a container that has ended is deleted.
test_delete() {
	can_fail
	running
	refuses() {
		[ "$code" != 0 ] || fail "$1: it succeeds"
		lives "$1"
	}
	everywhere refuses delete "$ID"
	hull delete --force "$ID" || fail delete
}

# What has succeeded was done, and what has failed can be done again.
test_delete_with_force() {
	can_fail
	done_or_told() {
		if [ "$code" = 0 ]; then
			[ ! -e "$STATE/$ID" ] || fail "$1: success, and it is still there"
		else
			hull delete --force "$ID" || fail "$1: again"
		fi
		nothing_left "$1"
		running
	}
	STEPS=20 ERRORS='5 23'
	running
	everywhere done_or_told delete --force "$ID"
	hull delete --force "$ID" || fail delete
}

test_kill() {
	can_fail
	running
	killed() {
		[ "$code" = 0 ] || return 0
		await "$1: success, and it lives" gone
		hull delete "$ID" || fail "$1: delete"
		running
	}
	gone() { [ ! -e "/proc/$init" ] || grep -q '^State:.Z' "/proc/$init/status"; }
	STEPS=20 ERRORS='5 23'
	everywhere killed kill "$ID" KILL
	everywhere killed kill --all "$ID" KILL
	hull delete --force "$ID" || fail delete
}

test_create() {
	can_fail
	config '.process.args = ["sleep", "1000"]'
	all_or_nothing() {
		if [ "$code" = 0 ]; then
			same created "$(status_of)" "$1"
			hull delete "$ID" || fail "$1: delete"
		else
			[ ! -e "$STATE/$ID" ] || hull delete --force "$ID" || fail "$1: delete --force"
		fi
		nothing_left "$1"
	}
	STEPS=60 ERRORS='5 23'
	everywhere all_or_nothing create -b "$BUNDLE" "$ID"
}

run_tests
