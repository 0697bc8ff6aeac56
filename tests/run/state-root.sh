#!/bin/sh
# The state root: where it is, how long its path may be, and to whom it must belong.
. "${0%/*}/lib.sh"

# The whole life of a container below a root.
live() { # ROOT
	config '.process.args = ["sleep", "1000"]'
	for command in "create -b $BUNDLE" start state 'kill -a' 'delete --force'; do
		try timeout 120 "$HULL" --root "$1" $command "$ID"
		[ "$status" = 0 ] || fail "$command: $errors"
	done
	config '.process.args = ["true"]'
	try timeout 120 "$HULL" --root "$1" run -b "$BUNDLE" "$ID"
	expect_status 0
	[ -z "$(ls -A "$1")" ] || fail "left $(ls -A "$1")"
}

test_is_made() {
	live "$WORK/a/b/c"
	same 700 "$(stat -c %a "$WORK/a/b/c")" mode
}

test_long_path() {
	long=$WORK
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		long=$long/a-directory-with-a-long-name-0123456789
	done
	mkdir -p "$long"
	chmod 700 "$long"
	[ ${#long} -gt 300 ] || fail 'that is not long'
	live "$long"
	config '.process.args = ["true"]'
	NOTIFY_SOCKET=$WORK/nobody try timeout 120 "$HULL" --root "$long" run -b "$BUNDLE" "$ID"
	expect_status 0
}

test_relative() {
	mkdir -m 700 "$WORK/here"
	cd "$WORK" || fail cd
	live here
	live ./here/../here
	[ ! -e "$BUNDLE/here" ] || fail 'it was taken relative to the bundle'
}

test_trailing_slash() {
	live "$STATE/"
	live "$STATE//."
}

test_longest_id() {
	config '.process.args = ["sleep", "1000"]'
	long=$ID-$(printf '%0200d' 0)
	try hull create -b "$BUNDLE" "$long"
	expect_status 0
	same "$long" "$(hull list -q)" list
	try hull delete --force "$long"
	expect_status 0
	# an id is a file name, which has 255 bytes
	long=$ID-$(printf "%0$((254 - ${#ID}))d" 0)
	try hull create -b "$BUNDLE" "$long"
	expect_status 0
	try hull delete --force "$long"
	expect_status 0
	fails_with 'at most 255 of them' hull create -b "$BUNDLE" "${long}0"
}

test_link() {
	mkdir -m 700 "$WORK/real"
	ln -s real "$WORK/link"
	fails_with "$WORK/link" "$HULL" --root "$WORK/link" create -b "$BUNDLE" "$ID"
	[ -z "$(ls -A "$WORK/real")" ] || fail 'something was made behind the link'
}

test_writable_by_others() {
	for mode in 777 770 1777 722; do
		chmod $mode "$STATE"
		fails_with 'not ours alone' hull create -b "$BUNDLE" "$ID"
		fails_with 'not ours alone' hull state "$ID"
		fails_with 'not ours alone' hull list
		fails_with 'not ours alone' hull delete --force "$ID"
	done
	chmod 755 "$STATE"
	try hull list
	expect_status 0
}

test_of_another_user() {
	chown 65534 "$STATE"
	fails_with 'not ours alone' hull create -b "$BUNDLE" "$ID"
	chown 0 "$STATE"
}

test_is_a_file() {
	: >"$WORK/file"
	fails_with 'Not a directory' "$HULL" --root "$WORK/file" create -b "$BUNDLE" "$ID"
	fails_with 'Not a directory' "$HULL" --root "$WORK/file/below" create -b "$BUNDLE" "$ID"
	fails_with 'Not a directory' "$HULL" --root "$WORK/file" list
}

test_cannot_be_made() {
	fails_with /proc/nowhere "$HULL" --root /proc/nowhere create -b "$BUNDLE" "$ID"
}

test_absent_is_empty() {
	same '[]' "$("$HULL" --root "$WORK/absent" list --format json | jq -c .)" list
	try "$HULL" --root "$WORK/absent" delete --force "$ID"
	expect_status 0
	fails_with 'does not exist' "$HULL" --root "$WORK/absent" state "$ID"
	[ ! -e "$WORK/absent" ] || fail 'it was made'
}

# A directory that is no container of hull's is not taken for one, nor followed.
test_foreign_entries() {
	mkdir "$WORK/elsewhere"
	: >"$WORK/elsewhere/precious"
	ln -s "$WORK/elsewhere" "$STATE/linked"
	: >"$STATE/plain"
	fails_with linked hull state linked
	try hull delete --force linked
	[ -e "$WORK/elsewhere/precious" ] || fail 'delete followed a link'
	try hull delete --force plain
	try hull list
	expect_status 0
	rm -f "$STATE/linked" "$STATE/plain"
}

# A record that was cut short, is garbage or absent: a clear error, and delete --force removes it.
test_damaged_record() {
	for damage in ': >"$record"' 'echo garbage >"$record"' 'head -c 40 "$record" >"$record.x"; mv "$record.x" "$record"' \
		'rm "$record"' 'rm "$record"; mkdir "$record"' 'rm "$record"; ln -s /etc/passwd "$record"'; do
		create
		record=$STATE/$ID/state.json
		eval "$damage"
		try hull state "$ID"
		[ "$status" = 0 ] || printf '%s' "$errors" | grep -q . || fail "$damage: nothing said"
		try hull list
		[ "$status" = 0 ] || fail "$damage: list says $errors"
		try hull delete --force "$ID"
		[ "$status" = 0 ] || fail "$damage: delete says $errors"
		[ ! -e "$STATE/$ID" ] || fail "$damage: the directory is still there"
	done
}

# What a create or delete that was killed leaves is no container: it stands in nobody's way.
test_left_directory() {
	for left in : ': >"$STATE/$ID/state.json"' ': >"$STATE/$ID/start.sock"'; do
		for command in state 'delete' 'start'; do
			mkdir "$STATE/$ID"
			eval "$left"
			# shellcheck disable=SC2086
			fails_with 'does not exist' hull $command "$ID"
			same '[]' "$(hull list --format json | jq -c .)" list
			[ $command = state ] || [ ! -e "$STATE/$ID" ] || fail "$left: $command leaves it"
			create
			same created "$(status_of)" status
			hull delete "$ID" || fail delete
			[ ! -e "$STATE/$ID" ] || fail "$left: it is still there"
		done
	done
}

# Another process has the pid by now: the start time tells.
test_recycled_pid() {
	create
	kill -KILL "$(jq .pid "$STATE/$ID/state.json")"
	wait_for stopped
	sleep 1000 &
	jq --argjson pid $! '.pid = $pid' "$STATE/$ID/state.json" >"$WORK/record"
	cp "$WORK/record" "$STATE/$ID/state.json"
	same stopped "$(status_of)" status
	fails_with 'not running' hull kill "$ID" KILL
	kill -0 $! || fail 'another process was killed'
	hull delete "$ID" || fail delete
	kill -0 $! || fail 'another process was killed by delete'
	kill $!
}

test_default_root() {
	config '.process.args = ["sleep", "1000"]'
	try env XDG_RUNTIME_DIR="$WORK/runtime" "$HULL" create -b "$BUNDLE" "$ID"
	expect_status 0
	[ -d "/run/hull/$ID" ] || fail 'it is not in /run/hull'
	try "$HULL" delete --force "$ID"
	expect_status 0
}

run_tests
