#!/bin/sh
# Our own executable, which the container sees as /proc/PID/exe (CVE-2019-5736). Every attack works on a copy of it.
. "${0%/*}/lib.sh"
. "${0%/*}/../attacks/lib.sh"

# Makes a first container, whose root waits for executables; and a second one, in the same pid namespace and with the same root
# filesystem, whose program executes hull again inside, where hull stays until somebody reads the log: PROGRAM, HOW it is made.
attack_overwrite() { # PROGRAM PREPARATION CAPABILITIES
	fresh
	with_helper overwrite
	mkfifo "$BUNDLE/rootfs/fifo"
	copy=${copy:-$WORK/hull-copy}
	[ -x "$copy" ] || cp "$HULL" "$copy"
	before=$(cksum <"$copy")
	config --argjson caps "$3" '.process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps} |
		.process.args = ["overwrite"]'
	hull run -d --pid-file "$WORK/pid" -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" || fail "run: $(cat "$WORK/errors")"
	second_bundle "$(cat "$WORK/pid")" ".process.args = [\"$1\", \"--log=/fifo\", \"state\", \"x\"]"
	printf 'x' >"$BUNDLE/rootfs/bin/x"
	chmod 755 "$BUNDLE/rootfs/bin/x"
	[ "$2" != shebang ] || printf '#!/proc/self/exe --log=/fifo\n' >"$BUNDLE/rootfs/bin/x"
	[ "$2" != loader ] || echo 'int main(void) { return 0; }' | "${CC:-cc}" -x c -o "$BUNDLE/rootfs/bin/x" - \
		-Wl,--dynamic-linker=/proc/self/exe 2>"$WORK/compiler" || skip "no program can be built here: $(head -n 1 "$WORK/compiler")"
	"$copy" --root "$STATE" create -b "$BUNDLE2" "$ID2" </dev/null >/dev/null 2>"$WORK/errors2" || {
		hull delete --force "$ID"
		return 1
	}
	if [ "$2" = swap ]; then
		rm "$BUNDLE/rootfs/bin/x"
		ln -s /proc/self/exe "$BUNDLE/rootfs/bin/x"
	fi
	"$copy" --root "$STATE" start "$ID2" >>"$WORK/errors2" 2>&1
	: >"$BUNDLE/rootfs/started"
	await 'it does not look for the file' grep -q . "$WORK/out" # the file is held, or there is none
	[ -z "${after_kept:-}" ] || $after_kept
	hull delete --force "$ID2" >/dev/null 2>&1
	: >"$BUNDLE/rootfs/free"
	wait_for stopped
	hull delete --force "$ID"
	after=$(cksum <"$copy")
	rm -f "$copy"
	[ "$before" != "$after" ]
}

attack_shebang() { attack_overwrite /bin/x shebang '[]'; }
attack_swap() { attack_overwrite /bin/x swap '[]'; }
attack_direct() { attack_overwrite /proc/self/exe none '[]'; }
attack_retained_mount() {
	attack_overwrite /bin/x shebang "$("$HULL" features | jq -c '.linux.capabilities')"
}
test_executed_by_shebang() {
	defended self-protection attack_shebang
	attack_shebang
	grep -q __asan_init "$HULL" && return 0 # dynamic: its loader is not in there
	grep -q kept "$WORK/out" || fail "the file was never held: $(cat "$WORK/out" "$WORK/errors2")"
}
# PT_INTERP: hull is mapped as the loader of a program.
attack_loader() { attack_overwrite /bin/x loader '[]'; }
test_executed_as_a_loader() { refused attack_loader; }
test_executed_by_exchanged_link() { defended self-protection attack_swap; }
test_executed_directly() {
	refused attack_direct
	fresh
	config '.process.args = ["/proc/self/exe"]'
	try hull run -b "$BUNDLE" "$ID"
	[ "$status" != 0 ] || fail 'it ran'
}
test_mount_of_the_executable_retained() { defended self-protection attack_retained_mount; }

# The same by a process of exec, in the container that waits.
attack_exec() {
	fresh
	with_helper overwrite
	mkfifo "$BUNDLE/rootfs/fifo"
	copy=$WORK/hull-copy
	cp "$HULL" "$copy"
	before=$(cksum <"$copy")
	config '.process.args = ["overwrite"]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" || fail "run: $(cat "$WORK/errors")"
	printf '#!/proc/self/exe --log=/fifo\n' >"$BUNDLE/rootfs/bin/x"
	chmod 755 "$BUNDLE/rootfs/bin/x"
	"$copy" --root "$STATE" exec --detach --pid-file "$WORK/pid" "$ID" /bin/x state x </dev/null >/dev/null 2>"$WORK/errors2"
	: >"$BUNDLE/rootfs/started"
	await 'it does not look for the file' grep -q . "$WORK/out"
	[ ! -s "$WORK/pid" ] || kill -KILL "$(cat "$WORK/pid")" 2>/dev/null
	: >"$BUNDLE/rootfs/free"
	wait_for stopped
	hull delete --force "$ID"
	[ "$before" != "$(cksum <"$copy")" ]
}
test_executed_by_exec() {
	defended self-protection attack_exec
	attack_exec
	grep -q __asan_init "$HULL" && return 0
	grep -q kept "$WORK/out" || fail "the file was never held: $(cat "$WORK/out" "$WORK/errors2")"
}

# On a mount of the host that is read-only and becomes writable while the container still holds the file.
make_writable() { mount -o remount,rw "$WORK/tmpfs"; }
attack_readonly_mount() {
	mkdir -p "$WORK/tmpfs"
	mount -t tmpfs none "$WORK/tmpfs" || skip 'no mount here'
	copy=$WORK/tmpfs/hull
	cp "$HULL" "$copy"
	mount -o remount,ro "$WORK/tmpfs"
	after_kept=make_writable
	code=0
	attack_shebang || code=$?
	umount "$WORK/tmpfs"
	unset copy after_kept
	return $code
}
test_executable_on_a_readonly_mount() { defended self-protection attack_readonly_mount; }

# Set-user-ID, hull would act for its caller (CVE-2026-41163).
attack_set_uid() {
	fresh
	command -v setpriv >/dev/null || skip 'setpriv(1) is not here'
	cp "$HULL" "$WORK/hull-suid"
	chmod 4755 "$WORK/hull-suid"
	chmod 755 "$SUITE_DIR" "$WORK"
	status=0
	setpriv --reuid 65534 --regid 65534 --clear-groups "$WORK/hull-suid" --root "$STATE" "$1" "$ID" \
		>"$WORK/out" 2>"$WORK/errors" </dev/null || status=$?
	rm "$WORK/hull-suid"
	! grep -q 'refusing to run set-uid' "$WORK/errors"
}
attack_set_uid_list() { attack_set_uid list; }
attack_set_uid_run() { attack_set_uid run; }
test_set_uid() { defended at-secure attack_set_uid_list; }
test_set_uid_before_the_clone() { refused attack_set_uid_run; }

run_tests
