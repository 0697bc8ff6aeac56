#!/bin/sh
# Each system call of hull fails in turn (kill-at.c). The command then still does its work and tells the truth, or reports an error;
# it does not crash nor hang, and nothing is left. Environment: STEPS (3), the number of points of each command, spread evenly; POINT,
# which of a step's points are tried (by default the commits count them); FAULTS, the errors: one of them in turn at each point, or all
# at every point with FAULTS_ALL=1.
. "${0%/*}/lib.sh"
. "${0%/*}/../attacks/lib.sh"
STEPS=${STEPS:-3}
FAULTS=${FAULTS:-EIO ENOMEM EINTR EMFILE}
POINT=${POINT:-$(git -c safe.directory='*' -C "$LIB_DIR" rev-list --count HEAD 2>/dev/null || echo 0)}

# libcap hides an error of prctl(2) behind fewer capabilities: a line of $WORK/problems that does not count.
KNOWN='^parent: features.*(call 157).*it printed'

# The state of things before a command, by hull without a fault.
stopped() {
	running
	hull kill "$ID" KILL
	wait_for stopped
}

# Judges of a success: what is wrong, if anything.
has() { # STATUS
	is=$(hull state "$ID" | jq -r .status)
	[ "$is" = "$1" ] || echo "it is $is"
}

has_soon() { # STATUS
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -n "$(has "$1" 2>/dev/null)" ] || return 0
		sleep 0.05
	done
	has "$1"
}

# An error of init after create has ended is start's to tell.
can_start() {
	if said=$(hull start "$ID" 2>&1); then
		has_soon running
	else
		case $who:$said in
		child:*'init is dead'* | child:*'init died'* | child:*'it is stopped'*) ;;
		*) echo "$said" ;;
		esac
	fi
}

is_gone() {
	[ ! -e "$STATE/$ID" ] || echo 'it is there'
}

# A warning may tell why a capability is missing.
prints_the_same() {
	cmp -s "$WORK/out" "$WORK/right" || grep -q 'warning: .* left out: CAP_' "$WORK/errors" || echo "it printed $(head -c 300 "$WORK/out")"
}

prints_the_same_keys() {
	[ "$(jq -c '[paths]' "$WORK/out" 2>&1)" = "$(jq -c '[paths]' "$WORK/right")" ] || echo "it printed $(head -c 300 "$WORK/out")"
}

# The traffic of a network is left out if it cannot be read.
prints_the_same_statistics() {
	[ "$(statistics_of out)" = "$(statistics_of right)" ] || echo "it printed $(head -c 300 "$WORK/out")"
}

statistics_of() {
	jq -c 'if type == "array" then .[] else . end | del(.data.network_interfaces) | [paths]' "$WORK/$1" 2>&1
}

prints_the_same_first_words() {
	[ "$(awk '{ print $1 }' "$WORK/out")" = "$(awk '{ print $1 }' "$WORK/right")" ] || echo "it printed $(head -c 300 "$WORK/out")"
}

command_with() { # FAULT AT COMMAND...
	FAULT=$1 REPORT=$WORK/report "$KILL_AT" $who "$2" "$HULL" --root "$STATE" $more </dev/null >"$WORK/out" 2>"$WORK/errors"
	[ -s "$WORK/report" ] || fail "$more cannot be traced: $(cat "$WORK/errors")"
	read -r count code call <"$WORK/report"
}

clear_away() {
	[ -z "${peer:-}" ] || kill "$peer" 2>/dev/null
	hull delete --force "$ID" >"$WORK/delete" 2>&1 || echo "delete --force says $(cat "$WORK/delete")"
	check_leftovers || echo "it left $(echo "$left" | tr '\n' ' ')"
}

# What is wrong with the command under a fault, if anything.
judge() {
	case $code in
	hang) echo 'it hangs' ;;
	0) $judge ;;
	*)
		[ "$code" -lt 128 ] || [ "$code" = 255 ] || echo "it ended with status $code"
		[ -s "$WORK/errors" ] || case $more in check*) [ -s "$WORK/out" ] ;; *) false ;; esac || echo "it failed without a word"
		;;
	esac
	! grep -qE 'AddressSanitizer|runtime error:|Unknown error' "$WORK/errors" || echo "it said $(cat "$WORK/errors")"
}

# faults WHO BEFORE JUDGE COMMAND...: fails calls of the command's own process (parent) or of those that it has cloned (child).
faults() {
	who=$1 before=$2 judge=$3
	shift 3
	more=$*
	with_killer
	! grep -q __asan_init "$HULL" || skip "the sanitizers themselves cannot do without every call"
	$before
	command_with EIO 0
	[ "$code" = 0 ] || fail "$more ended with $code: $(cat "$WORK/errors")"
	cp "$WORK/out" "$WORK/right"
	total=$count
	problem=$(judge; clear_away)
	[ -z "$problem" ] || fail "$more: $problem"
	step=$((total / STEPS + 1))
	at=$((POINT % step + 2)) # the first call executes hull
	: >"$WORK/problems"
	while [ $at -le "$total" ]; do
		set -- $FAULTS
		[ -n "${FAULTS_ALL:-}" ] || { shift $((at % $#)) && set -- "$1"; }
		for fault in "$@"; do
			$before
			command_with $fault $at
			problem=$(judge; clear_away)
			[ -z "$problem" ] || {
				echo "$who: $more: $fault at $at of $total (call $call): $problem: $(head -c 300 "$WORK/errors" | tr '\n' ' ')" | tr '\n' ' '
				echo
			} >>"$WORK/problems"
		done
		at=$((at + step))
	done
	sed -i -E -e "/$KNOWN/d" "$WORK/problems"
	[ ! -s "$WORK/problems" ] || { cat "$WORK/problems" >&2; fail "$(wc -l <"$WORK/problems") problems of $total: $(head -n 1 "$WORK/problems")"; }
}

long_lived() {
	config '.process.args = ["sleep", "1000"]'
}

test_create() {
	long_lived
	faults parent nothing can_start create -b "$BUNDLE" "$ID"
	faults child nothing can_start create -b "$BUNDLE" "$ID"
}

test_create_with_everything() {
	everything
	faults parent nothing can_start create -b "$BUNDLE" "$ID"
	faults child nothing can_start create -b "$BUNDLE" "$ID"
}

test_create_with_overlay() {
	long_lived
	faults parent nothing can_start create --overlay tmp -b "$BUNDLE" "$ID"
	faults child nothing can_start create --overlay tmp -b "$BUNDLE" "$ID"
}

test_start() {
	long_lived
	faults parent created 'has_soon running' start "$ID"
}

test_run() {
	config '.process.args = ["echo", "hi"]'
	faults parent nothing prints_the_same run -b "$BUNDLE" "$ID"
	faults child nothing prints_the_same run -b "$BUNDLE" "$ID"
}

# No restriction is lost by an error (systemd#40833).
test_restrictions() {
	restricted
	config '.process.args = ["/restrictions"] | .linux.maskedPaths += ["/sys/firmware"]'
	faults child nothing prints_the_same run -b "$BUNDLE" "$ID"
	faults parent nothing prints_the_same run -b "$BUNDLE" "$ID"
	long_lived
	faults child running prints_the_same exec "$ID" /restrictions
	faults parent running prints_the_same exec "$ID" /restrictions
}

test_run_with_everything() {
	everything
	config '.process.args = ["echo", "hi"]'
	faults parent nothing prints_the_same run --report "$WORK/report-of-run" -b "$BUNDLE" "$ID"
	faults child nothing prints_the_same run -b "$BUNDLE" "$ID"
}

# The terminal goes to a socket.
listening() {
	rm -f "$WORK/console"
	"$PROGRAMS/peer" console "$WORK/console" </dev/null >"$WORK/peer" 2>&1 &
	peer=$!
	await 'the socket is not there' test -S "$WORK/console"
}

running_with_listener() {
	listening
	running
}

has_sent_its_terminal() {
	has_soon running
	await 'the terminal says nothing' grep -q hi "$WORK/peer"
}

test_terminal() {
	compile peer
	config '.process.terminal = true | .process.args = ["sh", "-c", "echo hi; exec sleep 1000"]'
	faults parent listening has_sent_its_terminal run -d --console-socket "$WORK/console" -b "$BUNDLE" "$ID"
	faults child listening has_sent_its_terminal run -d --console-socket "$WORK/console" -b "$BUNDLE" "$ID"
	long_lived
	config '.process.terminal = false'
	faults parent running_with_listener : exec -t -d --console-socket "$WORK/console" "$ID" sleep 1000
}

test_run_detached() {
	long_lived
	faults parent nothing 'has_soon running' run -d -b "$BUNDLE" "$ID"
}

test_exec() {
	long_lived
	faults parent running prints_the_same exec "$ID" echo hi
	faults child running prints_the_same exec "$ID" echo hi
	faults parent running prints_the_same exec --user 5:6 --cwd /tmp --env A=B "$ID" id -u
}

test_exec_detached() {
	long_lived
	faults parent running prints_the_same exec -d "$ID" sleep 1000
}

test_kill() {
	long_lived
	faults parent running 'has_soon stopped' kill "$ID" KILL
	faults parent running 'has_soon stopped' kill --all "$ID" KILL
}

test_pause_and_resume() {
	long_lived
	faults parent running 'has paused' pause "$ID"
	faults parent paused 'has running' resume "$ID"
}

test_update() {
	long_lived
	echo '{"devices": [{"allow": true, "type": "c", "major": 10, "minor": 200, "access": "rw"}]}' >"$WORK/resources"
	faults parent running 'has running' update --resources "$WORK/resources" "$ID"
}

test_delete() {
	long_lived
	faults parent stopped is_gone delete "$ID"
	faults parent running is_gone delete --force "$ID"
	faults parent created is_gone delete --force "$ID"
}

# A container that cannot be looked at is not dead.
test_delete_of_a_running_one() {
	with_killer
	! grep -q __asan_init "$HULL" || skip "the sanitizers themselves cannot do without every call"
	long_lived
	running
	init=$(hull state "$ID" | jq .pid)
	who=parent more="delete $ID"
	command_with EIO 0
	total=$count
	for at in $(seq 2 "$total"); do
		command_with EIO "$at"
		[ "$code" != 0 ] && kill -0 "$init" 2>/dev/null && [ -e "$STATE/$ID/state.json" ] || fail "EIO at $at of $total (call $call): status $code"
	done
	hull delete --force "$ID" || fail delete
}

test_state() {
	long_lived
	for before in created running paused stopped; do
		faults parent $before "prints_status $before" state "$ID"
	done
}

prints_status() { # STATUS
	is=$(jq -r .status "$WORK/out")
	[ "$is" = "$1" ] || echo "it printed $is"
}

test_list() {
	long_lived
	faults parent running prints_the_same_first_words list
	faults parent running prints_the_same list -q
	faults parent running prints_the_same_keys list -f json
}

test_ps_and_statistics() {
	long_lived
	faults parent running prints_the_same_keys ps -f json "$ID"
	faults parent running prints_the_same_first_words ps "$ID"
	faults parent running prints_the_same_statistics events --stats "$ID"
	faults parent running prints_the_same_statistics stats --no-stream -f json "$ID"
}

# What it says depends on what it could try.
has_ended() { :; }

# Commands without a container.
test_commands_without_a_container() {
	faults parent nothing prints_the_same features
	faults parent nothing prints_the_same spec -f -
	faults parent nothing prints_the_same spec --rootless -f -
	faults parent nothing prints_the_same spec --explain .linux.resources
	faults parent nothing prints_the_same check -b "$BUNDLE"
	faults parent nothing has_ended check --host
	faults parent nothing prints_the_same create --dry-run -b "$BUNDLE" "$ID"
	faults parent nothing prints_the_same completion bash
	faults parent nothing prints_the_same --version
}

run_tests
