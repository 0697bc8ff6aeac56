#!/bin/sh
# Two names of the root filesystem change places once, before each system call of init in turn (kill-at.c): nothing of the host is
# touched or seen, and no mask is lost. Environment: STEPS (20), the number of points of each attack, spread evenly; POINT,
# which of a step's points are tried (by default the commits count them).
. "${0%/*}/lib.sh"
. "${0%/*}/../attacks/lib.sh"
STEPS=${STEPS:-20}
POINT=${POINT:-$(git -c safe.directory='*' -C "$LIB_DIR" rev-list --count HEAD 2>/dev/null || echo 0)}

# at_step NUMBER A B: runs the container, and exchanges the names as init stands before that call.
at_step() {
	MEANWHILE="$SUITE_DIR/bin/racer $2 $3 0" "$KILL_AT" child "$1" "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" \
		</dev/null >"$WORK/out" 2>"$WORK/errors"
}

# at_each_step PREPARE A B: whether the attack succeeds at one of the steps, by the function `succeeded`.
at_each_step() {
	with_killer
	helper racer
	fresh
	$1
	MEANWHILE=true "$KILL_AT" child 0 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors"
	total=$(tail -n 1 "$WORK/out" | grep -o '[0-9]*$')
	[ "${total:-0}" -gt 50 ] || fail "only ${total:-0} system calls: $(cat "$WORK/errors")"
	at=$((POINT % (total / STEPS + 1) + 1))
	while [ $at -le "$total" ]; do
		fresh
		$1
		at_step $at "$BUNDLE/rootfs/$2" "$BUNDLE/rootfs/$3"
		hull delete --force "$ID" >/dev/null 2>&1
		if succeeded; then
			errors="$2 and $3 exchanged at $at of $total: $(cat "$WORK/out" "$WORK/errors")"
			return 0
		fi
		at=$((at + total / STEPS + 1))
	done
	return 1
}

# GHSA-3q8j-pf29-vwv8: /proc, or /sys, becomes another directory, and its masks seem to be absent.
masked_proc() {
	mkdir -p "$BUNDLE/rootfs/decoy"
	config '.process.args = ["sh", "-c", "for d in /proc /decoy; do [ ! -f $d/keys ] || echo unmasked $d; done"]'
}
masked_sys() {
	mkdir -p "$BUNDLE/rootfs/decoy"
	config '.process.args = ["sh", "-c", "for d in /sys /decoy; do [ -z \"$(ls $d/firmware)\" ] || echo unmasked $d; done"]'
}
attack_masks_of() { # FILESYSTEM
	succeeded() { grep -q unmasked "$WORK/out"; }
	at_each_step "masked_$1" "$1" decoy
}
attack_masks_of_proc() { attack_masks_of proc; }
attack_masks_of_sys() { attack_masks_of sys; }
test_masks_of_proc() { defended anchors attack_masks_of_proc; }
test_masks_of_sys() { defended anchors attack_masks_of_sys; }

# Other names: nothing is made on the host, and nothing of it is shown.
host_is_reached() { canary_changed || grep -q -w file "$WORK/out"; }

target() { # CVE-2021-30465, CVE-2024-45310
	mkdir "$BUNDLE/rootfs/target"
	ln -s "$CANARY" "$BUNDLE/rootfs/link"
	config '.mounts += [{destination: "/target/directory/made", type: "tmpfs", source: "tmpfs"},
		{destination: "/target/made", type: "bind", source: "/etc/hostname", options: ["bind", "ro"]}] |
		.process.args = ["sh", "-c", "ls /target/ /target/directory"]'
}
attack_target() {
	succeeded() { host_is_reached; }
	at_each_step target target link
}
test_target() { defended in-root attack_target; }

volume() { # the same in a volume, which another container shares
	mkdir -p "$BUNDLE/rootfs/volume" "$WORK/volume/target"
	rm -f "$WORK/volume/link"
	ln -s "$CANARY" "$WORK/volume/link"
	config --arg volume "$WORK/volume" '.mounts += [{destination: "/volume", type: "bind", source: $volume, options: ["bind"]},
		{destination: "/volume/target/directory/made", type: "tmpfs", source: "tmpfs"}] |
		.process.args = ["sh", "-c", "ls /volume/target/ /volume/target/directory"]'
}
attack_volume() {
	succeeded() { host_is_reached; }
	at_each_step volume ../../volume/target ../../volume/link
}
test_volume() { defended in-root attack_volume; }

dev() { # CVE-2026-41579: with no mount on /dev, its nodes and links are made by hull
	config '.mounts |= map(select(.destination | startswith("/dev") | not)) | .process.args = ["true"]'
	rm -rf "$BUNDLE/rootfs/dev"
	mkdir "$BUNDLE/rootfs/dev"
	ln -s "$CANARY/directory" "$BUNDLE/rootfs/link"
}
attack_dev() {
	succeeded() { host_is_reached; }
	at_each_step dev dev link
}
test_dev() { defended in-root attack_dev; }

cwd() { # CVE-2024-21626's other half
	mkdir "$BUNDLE/rootfs/work"
	ln -s "$CANARY" "$BUNDLE/rootfs/link"
	config '.process.cwd = "/work/directory" | .process.args = ["ls", "..", "."]'
}
attack_cwd() {
	succeeded() { host_is_reached; }
	at_each_step cwd work link
}
test_cwd() { refused attack_cwd; }

run_tests
