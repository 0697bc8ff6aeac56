#!/bin/sh
# Many commands on one container at once: each change has one winner, and nothing is left.
. "${0%/*}/lib.sh"
MANY=64

# all COMMAND...: runs MANY at once; $winners is the number that succeeded. Each writes to a file of its own.
all() {
	rm -f "$WORK"/one.*
	i=0
	pids=
	while [ $i -lt $MANY ]; do
		(timeout -k 5 120 "$HULL" --root "$STATE" "$@" </dev/null >"$WORK/one.$i" 2>&1 && : >"$WORK/one.$i.won") &
		pids="$pids $!"
		i=$((i + 1))
	done
	wait $pids
	winners=$(find "$WORK" -name 'one.*.won' | wc -l)
}

# The losers' messages.
losers_say() {
	for file in "$WORK"/one.*; do
		case $file in *.won) continue ;; esac
		[ -e "$file.won" ] || grep -Eq "$1" "$file" || fail "a loser says: $(cat "$file")"
	done
}

test_one_winner() {
	config '.process.args = ["sleep", "1000"]'
	all create -b "$BUNDLE" "$ID"
	same 1 "$winners" 'winners of create'
	losers_say 'exists already'
	same created "$(status_of)" status
	all start "$ID"
	same 1 "$winners" 'winners of start'
	losers_say 'cannot start container .*: it is running'
	same running "$(status_of)" status
	all delete "$ID"
	same 0 "$winners" 'winners of delete while it runs'
	all kill "$ID" KILL
	[ "$winners" -ge 1 ] || fail 'nobody could kill it'
	losers_say 'container not running'
	wait_for stopped
	all delete "$ID"
	same 1 "$winners" 'winners of delete'
	losers_say 'does not exist'
}

# Many processes in one container at once, and meanwhile one kill and one delete.
test_exec() {
	create
	hull start "$ID" || fail start
	all exec "$ID" sh -c 'exit 0'
	same $MANY "$winners" 'winners of exec'
	all exec --detach "$ID" sleep 1000
	same $MANY "$winners" 'winners of exec --detach'
	same $((MANY + 1)) "$(wc -l <"$CGROUP2/hull-$ID/cgroup.procs")" 'processes in the container'
	hull delete --force "$ID" || fail delete
}

# exec --detach and delete --force: an exec that comes late reports that, and no process outlives its container.
test_exec_while_deleted() {
	config 'del(.linux.namespaces[] | select(.type == "pid"))' # where nothing but the cgroup ends them
	for round in 1 2 3 4; do
		create
		hull start "$ID" || fail start
		(
			sleep 0.0$round
			hull delete --force "$ID"
		) >"$WORK/delete" 2>&1 &
		deleting=$!
		all exec --detach "$ID" sleep 1000
		wait $deleting || fail "delete: $(cat "$WORK/delete")"
		# "it is creating": the record of a container is removed before its directory
		losers_say 'container not running|does not exist|killed by signal 9|it is creating'
		nothing_left "round $round"
	done
}

test_exec_while_killed() {
	create
	hull start "$ID" || fail start
	(
		sleep 0.03
		hull kill "$ID" KILL
	) >"$WORK/kill" 2>&1 &
	killing=$!
	all exec --detach "$ID" sleep 1000
	wait $killing || fail "kill: $(cat "$WORK/kill")"
	losers_say 'container not running|killed by signal 9'
	wait_for stopped
	hull delete "$ID" || fail delete
}

# pause, resume, exec and update in random order, and a delete at the end.
test_mixed_on_one() {
	create
	hull start "$ID" || fail start
	pids=
	for command in 'pause' 'resume' 'exec --ignore-paused' 'state' 'ps' 'kill'; do
		(
			for _ in 1 2 3 4 5 6 7 8; do
				case $command in
				exec*) timeout 60 "$HULL" --root "$STATE" $command "$ID" true ;;
				kill) hull kill "$ID" WINCH ;;
				*) hull $command "$ID" ;;
				esac
			done
		) </dev/null >"$WORK/mixed.${command%% *}" 2>&1 &
		pids="$pids $!"
	done
	for _ in $(seq 2000); do # whoever pauses last must not have the others wait
		hull resume "$ID" >"$WORK/out" 2>&1
		sleep 0.05
		kill -0 $pids 2>/dev/null || break
	done
	hull resume "$ID" >"$WORK/out" 2>&1
	wait $pids
	! grep -rE 'Sanitizer|panic|Assertion' "$WORK"/mixed.* || fail 'a command broke down'
	hull delete --force "$ID" || fail delete
}

test_delete_force() {
	create
	all delete --force "$ID"
	same $MANY "$winners" 'winners of delete --force'
}

# create and delete of the same id in random order.
test_mixed() {
	config '.process.args = ["sleep", "1000"]'
	pids=
	for _ in 1 2 3 4 5 6 7 8; do
		(
			for _ in 1 2 3 4 5 6 7 8; do
				hull create -b "$BUNDLE" "$ID" </dev/null
				hull start "$ID"
				hull delete --force "$ID" || : >"$WORK/refused"
			done
		) >"$WORK/mixed" 2>&1 &
		pids="$pids $!"
	done
	wait $pids
	hull delete --force "$ID" || fail 'the last delete'
	[ ! -e "$WORK/refused" ] || fail "a delete --force failed: $(cat "$WORK/mixed")"
}

# Many containers at once that share the parent of their cgroups.
test_many_containers() {
	config --arg path "/tests-$ID/x" '.process.args = ["true"]'
	pids=
	i=0
	while [ $i -lt $MANY ]; do
		mkdir "$WORK/b$i"
		ln -s "$BUNDLE/rootfs" "$WORK/b$i/rootfs"
		jq --arg path "/tests-$ID/x$i" '.linux.cgroupsPath = $path | .root.readonly = true' "$BUNDLE/config.json" >"$WORK/b$i/config.json"
		(timeout -k 5 120 "$HULL" --root "$STATE" run -b "$WORK/b$i" "$ID.$i" </dev/null >"$WORK/o$i" 2>&1 || : >"$WORK/o$i.bad") &
		pids="$pids $!"
		i=$((i + 1))
	done
	wait $pids
	for bad in "$WORK"/o*.bad; do
		[ ! -e "$bad" ] || fail "a run failed: $(cat "${bad%.bad}")"
	done
}

# The whole life of many containers at once, as engines call it.
test_many_lives() {
	config '.process.args = ["sleep", "1000"] | .root.readonly = true'
	pids=
	for i in $(seq $MANY); do
		(
			set -e
			one=$ID.$i
			for call in "create -b $BUNDLE --pid-file $WORK/pid.$i $one" "start $one" "exec $one true" "exec -d $one sleep 1000" "state $one" \
				"kill $one KILL" "delete --force $one"; do
				timeout -k 5 120 "$HULL" --root "$STATE" $call </dev/null || {
					echo "$call: status $?"
					: >"$WORK/life.bad"
				}
			done
		) >"$WORK/life.$i" 2>&1 &
		pids="$pids $!"
	done
	wait $pids
	[ ! -e "$WORK/life.bad" ] || fail "$(grep -h -B3 ': status' "$WORK"/life.[0-9]* | head -n 20)"
}

test_list_while_others_come_and_go() {
	config '.process.args = ["true"]'
	(
		for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			hull run -b "$BUNDLE" "$ID.$i" </dev/null
		done
		: >"$WORK/done"
	) >"$WORK/runs" 2>&1 &
	while [ ! -e "$WORK/done" ]; do
		try hull list --format json
		[ "$status" = 0 ] && [ -z "$errors" ] || fail "list: $errors"
		printf '%s' "$out" | jq -e 'all(.[]; .id and .status)' >/dev/null || fail "list: $out"
		try hull list
		[ "$status" = 0 ] && [ -z "$errors" ] || fail "list: $errors"
	done
	wait
	[ ! -s "$WORK/runs" ] || fail "runs: $(cat "$WORK/runs")"
}

run_tests
