# The promises of lib.sh to every test: whatever a test leaves behind is found, reported and removed; a signal to a run ends
# everything that it started; a hull command that hangs is ended. Each test runs a file of tests, inner.sh, that breaks the rule.
. "${0%/*}/lib.sh"

# inner SCRIPT: makes a file of these tests, in a folder like this one.
inner() {
	mkdir -p "$WORK/tests/run" "$WORK/temporary" "$WORK/programs"
	ln -s "$TOOL" "$WORK/programs"
	ln -s "$LIB_DIR"/*.c "$LIB_DIR/lib.sh" "$LIB_DIR/applets" "$WORK/tests/run"
	ln -s "$LIB_DIR/../tool" "$LIB_DIR/../tools" "$LIB_DIR/../check-tools.sh" "$LIB_DIR/../make-bundle.sh" "$WORK/tests"
	printf '%s\n' '. "${0%/*}/lib.sh"' "$1" run_tests | sed 's/^\t*//' >"$WORK/tests/run/inner.sh"
	export TMPDIR="$WORK/temporary" HULL_TEST_PATIENCE=50 HULL_TEST_TRIES=1 HULL_TEST_PROGRAMS="$WORK/programs" NOTES="$WORK/notes" ONLY=
	unset HULL_TEST_TEMPLATE # which may be another test's
}

# inner_fails TEXT SCRIPT: the file fails, with these words, and nothing of it is left.
inner_fails() {
	inner "$2"
	try sh "$WORK/tests/run/inner.sh"
	[ "$status" = 1 ] || fail "exit status $status, expected 1: $out $errors"
	case $out in
	*"$1"*) ;;
	*) fail "said '$out' $errors, expected '$1'" ;;
	esac
	is_cleared
}

# The inner file wrote its id and its directory to a file.
is_cleared() {
	read -r inner_id inner_dir <"$NOTES"
	left=$("$TOOL" look "$WORK/nowhere" "$inner_dir" "$inner_id") || fail "still there: $left"
	[ ! -e "$inner_dir" ] || fail "$inner_dir is still there"
}

NOTE='note() { echo "$ID $SUITE_DIR" >"$NOTES"; }'

test_state_is_found() {
	inner_fails 'FAIL inner: it: left behind: state: planted' "$NOTE"'
		test_it() { note; mkdir "$STATE/planted"; }'
}

test_cgroup_is_found() {
	inner_fails 'FAIL inner: it: left behind: cgroup: ' "$NOTE"'
		test_it() { note; mkdir -p "$CGROUP2/tests-$ID/below" || skip "no cgroups can be made here"; }'
}

test_mount_is_found() {
	inner_fails 'FAIL inner: it: left behind: mount: ' "$NOTE"'
		test_it() { note; mount -t tmpfs hull-test "$BUNDLE/rootfs/tmp"; mount -t tmpfs hull-test "$BUNDLE/rootfs/tmp"; }'
}

test_process_is_found() {
	inner_fails 'FAIL inner: it: left behind: process: ' "$NOTE"'
		test_it() { note; setsid sleep 1000 >/dev/null 2>&1 & await "no process" executes sleep $!; }'
}

test_container_is_found() {
	inner_fails 'FAIL inner: it: left behind: state: ' "$NOTE"'
		test_it() { note; create; }'
}

# A failure does not hide what the next test would find.
test_failure_is_cleared() {
	inner_fails 'ok inner: next' "$NOTE"'
		test_it() { create; fail "half-way"; }
		test_next() { note; inside "exit 3"; expect_status 3; }'
	case $out in
	*'FAIL inner: it: half-way'*) ;;
	*) fail "said '$out'" ;;
	esac
}

# The forms that a shell cannot pass on: the text of a failed filter, a text of several lines or of none.
test_results() {
	inner '
		test_lines() { inside "echo a; echo; echo \"  b\\\\c \"; echo; echo"; same "a

  b\\c " "$out" out; }
		test_line() { inside "printf \"  x\\\\\\\\y  \""; same "  x\\y  " "$out" out; same "" "$errors" errors; }
		test_bytes() { inside "printf \"\\303\\251\\201\\210z\\n\""; same "$(printf "\\303\\251\\201\\210z")" "$out" out; }
		test_filter() { config ".a |= nosuch"; }'
	try sh "$WORK/tests/run/inner.sh"
	[ "$status" = 1 ] || fail "exit status $status: $out $errors"
	for name in lines line bytes; do
		case $out in
		*"ok inner: $name"*) ;;
		*) fail "$name: $out" ;;
		esac
	done
	case $out in
	*'FAIL inner: filter: the filter fails: .a |= nosuch'*'character 7: nosuch/0 is not known'*) ;;
	*) fail "said '$out'" ;;
	esac
}

# A run in the middle of a container, with a mount of its own and something to tidy up; then the signal.
signalled() { # SIGNAL STATUS
	inner "$NOTE"'
		test_it() {
			trap '\''echo tidied >>"$NOTES-tidied"'\'' EXIT
			note
			mount -t tmpfs hull-test "$BUNDLE/rootfs/tmp"
			config ".process.args = [\"sleep\", \"1000\"]"
			setsid sleep 1000 >/dev/null 2>&1 &
			hull run --pid-file "$NOTES-pid" -b "$BUNDLE" "$ID"
		}
		test_next() { echo next >>"$NOTES-next"; }'
	sh "$WORK/tests/run/inner.sh" >"$WORK/out" 2>"$WORK/errors" &
	run=$!
	await 'no container' test -s "$NOTES-pid"
	read -r pid <"$NOTES-pid"
	kill "-$1" $run
	code=0
	wait $run || code=$?
	same "$2" "$code" "the status; said: $(cat "$WORK/out" "$WORK/errors")"
	await "the container's process $pid is still there" ended "$pid"
	is_cleared
	same tidied "$(cat "$NOTES-tidied")" 'what the trap of the test does'
	[ ! -e "$NOTES-next" ] || fail 'it went on'
}
test_terminated() { signalled TERM 143; }
test_interrupted() { signalled INT 130; }
test_hung_up() { signalled HUP 129; }

# Alone it would run for a quarter of an hour; it ignores SIGTERM.
test_hanging_command_is_ended() {
	[ -z "${HULL_TEST_USER:-}" ] || skip 'as-user.c ends it'
	inner 'test_it() { config ".process.args = [\"sleep\", \"1000\"]"; run; expect_status 137; hull delete --force "$ID"; }'
	export HULL_TEST_LIMIT=1
	try sh "$WORK/tests/run/inner.sh"
	expect_status 0
	case $errors in
	*'has run for'*'and is ended'*) ;;
	*) fail "said '$errors'" ;;
	esac
}

run_tests
