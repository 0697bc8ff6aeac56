#!/bin/sh
# A signal that ends a command, or a reader that has gone away, while hooks run: the hook ends with everything that it started,
# half-made things are undone, and the status is 128 + the signal's number.
. "${0%/*}/lib.sh"

# hook KIND: a hook that hangs, ignores signals and has a child. It makes /hooked.
hook() {
	hooked=$BUNDLE/rootfs/hooked
	case $1 in startContainer) mark=/hooked ;; *) mark=$hooked ;; esac
	rm -f "$hooked"
	config --arg kind "$1" --arg mark "$mark" --arg id "HULL_TEST_ID=$ID" '.process.args = ["sleep", "1000"] | .hooks = {($kind): [{path: "/bin/sh",
		args: ["sh", "-c", "trap \"\" HUP INT TERM; (sleep 1000; :) & : >\($mark); while :; do sleep 1; done"], env: ["PATH=/bin:/usr/bin", $id]}]}'
}

# interrupt SIGNAL COMMAND...: sends the signal once the hook runs; sets $status and $errors.
interrupt() {
	signal=$1
	shift
	"$HULL" --root "$STATE" "$@" </dev/null >"$WORK/out" 2>"$WORK/errors" &
	pid=$!
	await 'the hook is not reached' test -e "$hooked"
	kill -"$signal" $pid
	status=0
	wait $pid || status=$?
	errors=$(cat "$WORK/errors")
	out=$(cat "$WORK/out")
}

says() {
	printf '%s' "$errors" | grep -Fq -- "$1" || fail "it says: $errors"
}

test_hooks_of_create() {
	for kind in prestart createRuntime; do
		for command in create run 'run -d'; do
			hook $kind
			interrupt TERM $command -b "$BUNDLE" "$ID"
			expect_status 143
			says ".hooks.${kind}[0]: hook /bin/sh: interrupted by signal 15 (Terminated)"
			nothing_left "$command, $kind"
		done
	done
}

test_hooks_of_init() {
	for command in create run 'run -d'; do
		hook createContainer
		interrupt TERM $command -b "$BUNDLE" "$ID"
		expect_status 143
		says 'interrupted by signal 15 (Terminated)'
		nothing_left "$command"
	done
}

test_signals() {
	env --default-signal=INT,QUIT true 2>/dev/null || skip 'env(1) cannot set signals here'
	real=$HULL
	printf '#!/bin/sh\nexec env --default-signal=INT,QUIT "%s" "$@"\n' "$real" >"$WORK/hull" # a background job ignores them
	chmod 755 "$WORK/hull"
	for sent in HUP:129 INT:130 QUIT:131; do
		hook createRuntime
		HULL=$WORK/hull
		interrupt "${sent%:*}" create -b "$BUNDLE" "$ID"
		HULL=$real
		expect_status "${sent#*:}"
		nothing_left "$sent"
	done
}

# nohup(1)
test_ignored_signal() {
	config --arg mark "$WORK/hooked" '.process.args = ["true"] | .hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", ": >\($mark); sleep 1"]}]}'
	hooked=$WORK/hooked
	trap '' HUP
	interrupt HUP run -b "$BUNDLE" "$ID"
	trap - HUP
	expect_status 0
	same '' "$errors" 'what it says'
}

# Until the program runs, no process in the container could handle it.
test_start_hooks_of_run() {
	for command in run 'run -d'; do
		hook startContainer
		interrupt TERM $command -b "$BUNDLE" "$ID"
		expect_status 143
		nothing_left "$command"
	done
}

test_poststart_hooks_of_run() {
	for command in run 'run -d'; do
		hook poststart
		interrupt TERM $command -b "$BUNDLE" "$ID"
		expect_status 143
		says '.hooks.poststart[0]: hook /bin/sh: interrupted'
		nothing_left "$command"
	done
}

# A container whose start was interrupted does not run later.
test_hooks_of_start() {
	for kind in startContainer poststart; do
		hook $kind
		hull create -b "$BUNDLE" "$ID" </dev/null || fail create
		interrupt TERM start "$ID"
		expect_status 143
		says 'interrupted by signal 15 (Terminated)'
		wait_for stopped
		hull delete "$ID" || fail delete
		nothing_left $kind
	done
}

# The container is deleted by then: the hook ends, and the next one runs.
test_hooks_of_delete() {
	hook poststop
	config --arg file "$WORK/second" '.hooks.poststop += [{path: "/bin/touch", args: ["touch", $file]}]'
	hull create -b "$BUNDLE" "$ID" </dev/null || fail create
	interrupt TERM delete "$ID"
	expect_status 0
	says '.hooks.poststop[0]: hook /bin/sh: interrupted by signal 15 (Terminated)'
	[ -e "$WORK/second" ] || fail 'the second hook did not run'
	nothing_left delete
}


# Nobody reads the output of a hook, nor hull's warnings: that ends nothing half-way.
test_reader_is_gone() {
	config '.process.args = ["true"] | .hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "sleep 0.3; echo text >&2"]}],
		poststop: [{path: "/bin/sh", args: ["sh", "-c", "echo text >&2; exit 1"]}]}'
	{
		status=0
		"$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null 2>&1 >/dev/null || status=$?
		echo $status >"$WORK/run"
		"$HULL" --root "$STATE" create -b "$BUNDLE" "$ID" </dev/null 2>&1 >/dev/null || status=$?
		"$HULL" --root "$STATE" delete --force "$ID" </dev/null 2>&1 >/dev/null || status=$?
		echo $status >"$WORK/delete"
	} | true
	same '0 0' "$(cat "$WORK/run" "$WORK/delete" | xargs)" 'the statuses'
}

run_tests
