# Attacks on real containers. An attack is a function that sets everything up, tries, and returns 0 if it succeeded:
#
#	attack_through_link() { fresh; ln -s "$CANARY" "$BUNDLE/rootfs/dev"; inside true; canary_changed; }
#	test_through_link() { defended in-root attack_through_link; }
#
# `defended SWITCH ATTACK` means that the attack fails, and that it succeeds in a build in which that one defence is switched off
# (src/base/defences.h). A test that proves nothing is noticed by this. `refused ATTACK` is for a defence without a switch.
# Environment: HULL_SWITCHED, the build with -DHULL_TEST_SWITCHES.

ATTACKS_DIR=$LIB_DIR/../attacks

find_switched() {
	for candidate in "${HULL_SWITCHED:-}" "${HULL%/*}/switches/hull" "${HULL%/*}/../switches/hull"; do
		[ -n "$candidate" ] && [ -x "$candidate" ] && {
			readlink -f "$candidate"
			return
		}
	done
}

# Makes a new bundle, a new state directory, and a canary: a tree of the host that no attack may change.
fresh() {
	hull delete --force "$ID" >/dev/null 2>&1
	rm -rf "$BUNDLE" "$STATE"
	new_bundle
	CANARY=$WORK/canary
	rm -rf "$CANARY"
	mkdir -p "$CANARY/directory"
	echo canary >"$CANARY/file"
	chmod 600 "$CANARY/file"
	canary_before=$(canary_digest)
}

canary_digest() {
	find "$CANARY" -printf '%P %i %y %m %U:%G %s %T@\n' | sort
	find "$CANARY" -type f -exec cksum {} +
}

canary_changed() {
	[ "$(canary_digest)" != "$canary_before" ]
}

refused() {
	! "$1" || fail "the attack succeeded: status ${status:-}, said: ${out:-} ${errors:-}"
}

defended() {
	refused "$2"
	! grep -q __asan_init "$HULL" || return 0 # that it is an attack is seen without the sanitizers
	switched=$(find_switched)
	[ -n "$switched" ] || skip 'no build with switches: make CPPFLAGS=-DHULL_TEST_SWITCHES BUILD=build/switches'
	(
		HULL=$switched
		export HULL_DEFENCE_OFF="$1"
		"$2"
		code=$?
		[ ! -d "$STATE" ] || hull delete --force "$ID" >/dev/null 2>&1
		exit $code
	) || fail "without the defence $1 the attack fails too: the test proves nothing; $(cat "$WORK/out" "$WORK/errors" 2>/dev/null)"
}

# Some kernels refuse TIOCSTI themselves. The test can then only show that the attack fails.
defended_by_session() { # ATTACK
	if [ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null)" = 0 ]; then
		refused "$1"
		skip 'this kernel itself refuses TIOCSTI'
	fi
	defended session "$1"
}

# helper NAME: compiles tests/attacks/NAME.c to $SUITE_DIR/bin, linked statically.
helper() {
	[ -x "$SUITE_DIR/bin/$1" ] && return
	mkdir -p "$SUITE_DIR/bin"
	${CC:-cc} -static -O1 -D_GNU_SOURCE -I"$ATTACKS_DIR/../../src" -I"$ATTACKS_DIR/../.." -o "$SUITE_DIR/bin/$1" "$ATTACKS_DIR/$1.c" 2>"$WORK/compiler" ||
		skip "no static program can be built here: $(head -n 1 "$WORK/compiler")"
}

# Copies the helper into the container as well.
with_helper() {
	helper "$1"
	cp "$SUITE_DIR/bin/$1" "$BUNDLE/rootfs/bin/$1"
}

# Runs the command with the directory leaked as descriptors 3 to 64.
run_leaking() {
	helper leak
	status=0
	timeout -k 5 120 "$SUITE_DIR/bin/leak" "$1" "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" \
		</dev/null >"$WORK/out" 2>"$WORK/errors" || status=$?
	out=$(cat "$WORK/out")
	errors=$(cat "$WORK/errors")
}

# Makes a second container with the root filesystem and the pid namespace of the first one: BUNDLE2, ID2. The argument is a filter
# of jq.
second_bundle() {
	BUNDLE2=$WORK/bundle2
	ID2=$ID-2
	mkdir -p "$BUNDLE2"
	jq --arg root "$BUNDLE/rootfs" --arg pid "$1" "$2"' | .root.path = $root |
		.linux.namespaces |= map(if .type == "pid" then .path = "/proc/\($pid)/ns/pid" else . end)' \
		"$BUNDLE/config.json" >"$BUNDLE2/config.json"
}

# Configures all restrictions of a process, and makes /restrictions, which prints them as they are seen from inside.
restricted() {
	config '.process.user = {uid: 1000, gid: 1000, additionalGids: [7], umask: 63} | .process.noNewPrivileges = true |
		.process.capabilities = {bounding: ["CAP_CHOWN"], effective: [], permitted: [], inheritable: [], ambient: []} |
		.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 88}] | .process.oomScoreAdj = 500 | .root.readonly = true |
		.linux.maskedPaths = ["/proc/keys"] | .linux.readonlyPaths = ["/proc/sys"] |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 28}]}'
	printf '#!/bin/sh\n%s\n' 'id -u; id -g; id -G; umask; ulimit -Sn; ulimit -Hn; cat /proc/self/oom_score_adj
grep -E "^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):" /proc/self/status
mkdir /tmp/x 2>&1; (: >/new) 2>&1; [ -f /proc/keys ] && echo unmasked
(echo 1 >/proc/sys/kernel/ngroups_max) 2>&1; cat /proc/self/cgroup; true' >"$BUNDLE/rootfs/restrictions"
	chmod 755 "$BUNDLE/rootfs/restrictions"
}
