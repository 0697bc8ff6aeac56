#!/bin/sh
# The caller's terminal, session and keys.
. "${0%/*}/lib.sh"
. "${0%/*}/../attacks/lib.sh"

# Bytes put into the input of the caller's terminal would be its next command (CVE-2017-5226, CVE-2016-10124, CVE-2023-28100).
attack_injection() { # FILTER
	fresh
	with_helper tty
	config '.process.args = ["tty", "inject"]'
	config "$1"
	try "$SUITE_DIR/bin/tty" on "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	case $out in
	*'injected 0'*) false ;;
	*injected*) ;;
	*) fail "$out $errors" ;;
	esac
}
attack_without_terminal() { attack_injection .; }
attack_with_terminal() { attack_injection '.process.terminal = true'; }
attack_injection_by_exec() { # OPTION
	fresh
	helper tty
	cp "$SUITE_DIR/bin/tty" "$BUNDLE/rootfs/bin/injector" # bin/tty is a link to what sleeps
	config '.process.args = ["sleep", "1000"]'
	HULL_DEFENCE_OFF='' "$HULL" --root "$STATE" run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || fail "run: $(cat "$WORK/out")"
	try "$SUITE_DIR/bin/tty" on "$HULL" --root "$STATE" exec ${1:-} "$ID" injector inject
	hull delete --force "$ID"
	case $out in
	*'injected 0'*) false ;;
	*injected*) ;;
	*) fail "$out $errors" ;;
	esac
}
attack_exec_with_terminal() { attack_injection_by_exec -t; }
test_injection_by_exec() { defended_by_session attack_injection_by_exec; }
test_injection_by_exec_with_terminal() { refused attack_exec_with_terminal; }
test_injection_without_terminal() { defended_by_session attack_without_terminal; }
test_injection_with_terminal() { refused attack_with_terminal; }

# The process has its keyring and prints the number, or has ended without.
keeps() {
	[ -s "/proc/$1/fd/1" ] || ended "$1"
}

# The container would share a keyring of its name that somebody made before.
attack_keyring() {
	fresh
	with_helper keys
	command -v setpriv >/dev/null || skip 'setpriv(1) is not here'
	config '.process.args = ["keys", "session"]'
	chmod 755 "$SUITE_DIR" "$SUITE_DIR/bin"
	for name in "_ses.$ID" "$ID"; do
		setpriv --reuid 65534 --regid 65534 --clear-groups "$SUITE_DIR/bin/keys" keep "$name" >"$WORK/ring-$name" </dev/null 2>&1 &
		echo $!
	done >"$WORK/keepers"
	for keeper in $(cat "$WORK/keepers"); do
		await 'no keyring' keeps "$keeper"
	done
	run
	xargs kill <"$WORK/keepers" 2>/dev/null
	[ -s "$WORK/ring-$ID" ] || skip 'no keys here'
	expect_status 0
	cat "$WORK"/ring-* | grep -qx -- "$out"
}
test_keyring_made_before() { defended keyring attack_keyring; }

test_keys_of_the_caller() {
	with_helper keys
	config '.process.args = ["keys", "read"]'
	try "$SUITE_DIR/bin/keys" with secret "$HULL" --root "$STATE" run --no-new-keyring -b "$BUNDLE" "$ID"
	[ "$out" = secret ] || skip "no keys here: $errors"
	try "$SUITE_DIR/bin/keys" with secret "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ "$out" != secret ] || fail 'the key of the caller was read'
}

# The text of an image or a pod reaches the caller's terminal by error messages.
attack_escape() {
	fresh
	config '.root.path = "/missing/\u001b]0;owned\u0007\nhull: forged"'
	run
	[ "$status" != 0 ] || fail 'it ran'
	printf '%s' "$errors" | grep -q "$(printf '\033')"
}
test_escape_sequences() {
	defended printable attack_escape
	fresh
	printf '#!/bin/\033]0;owned\007\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	config '.process.args = ["/bin/script"]'
	run
	[ "$status" != 0 ] || fail 'it ran'
	! printf '%s' "$errors" | grep -q "$(printf '\033')" || fail 'an escape sequence of the image'
}

# What people read has no line that a configuration, an image or a process of the container has written.
attack_forged_line() {
	fresh
	config '.process.args = ["no\nforged"] | .linux.maskedPaths += ["/a\nforged"]'
	for form in "run --dry-run -b $BUNDLE $ID" "check $BUNDLE"; do
		try hull $form
		printf '%s\n' "$out" | grep '^forged' && return
	done
	config '.process.args = ["sh", "-c", "sleep 1000; : \u001b[31m"]'
	try hull run -d -b "$BUNDLE" "$ID"
	try hull ps "$ID"
	hull delete -f "$ID"
	printf '%s' "$out" | grep "$(printf '\033')"
}
test_forged_lines() { defended printable attack_forged_line; }

run_tests
