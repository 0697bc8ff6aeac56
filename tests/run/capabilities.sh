#!/bin/sh
# .process.capabilities and noNewPrivileges: the sets of the process, and what programs with capabilities gain.
. "${0%/*}/lib.sh"

# sets BOUNDING EFFECTIVE INHERITABLE PERMITTED AMBIENT: lists of names.
sets() {
	config --arg b "$1" --arg e "$2" --arg i "$3" --arg p "$4" --arg a "$5" '
		def names: split(" ") | map("CAP_" + .);
		.process.capabilities = {bounding: ($b | names), effective: ($e | names), inheritable: ($i | names),
			permitted: ($p | names), ambient: ($a | names)}'
}

# holds INH PRM EFF BND AMB, in hexadecimal: the sets in /proc/self/status of the container's first program.
holds() {
	config '.process.args = ["cat", "/proc/self/status"]'
	run_ok
	same "$*" "$(printf '%s\n' "$out" | awk '/^Cap/ { sub(/^0+/, "", $2); print $2 == "" ? 0 : $2 }' | xargs)" \
		'inheritable, permitted, effective, bounding, ambient'
}

as_user() {
	config '.process.user = {uid: 1000, gid: 1000}'
}

# CHOWN is bit 0, DAC_OVERRIDE 1, KILL 5, NET_RAW 13, SYS_CHROOT 18.

test_root_gets_the_bounding_set() {
	# capabilities(7): a program that root runs has the bounding set permitted and effective.
	sets 'KILL CHOWN' 'KILL' '' 'KILL CHOWN' ''
	holds 0 21 21 21 0
	config '.process.noNewPrivileges = false'
	sets 'KILL CHOWN' '' '' '' ''
	holds 0 21 21 21 0
	# Without new privileges the program has no more than the process held.
	config '.process.noNewPrivileges = true'
	holds 0 0 0 21 0
	sets 'KILL CHOWN' '' '' 'KILL' ''
	holds 0 20 20 21 0
}

test_root_without_any() {
	sets '' '' '' '' ''
	holds 0 0 0 0 0
	config 'del(.process.capabilities)'
	holds 0 0 0 0 0
	config '.process.capabilities = {}'
	holds 0 0 0 0 0
}

test_user_keeps_what_is_inheritable() {
	sets 'KILL CHOWN NET_RAW' 'KILL' 'CHOWN' 'KILL CHOWN' ''
	as_user
	holds 1 0 0 2021 0
}

test_inheritable_is_kept() {
	sets 'KILL CHOWN NET_RAW' '' 'CHOWN KILL' 'CHOWN' ''
	holds 21 1 1 2021 0
	sets 'KILL' '' 'CHOWN KILL' 'CHOWN KILL' ''
	run_fails '.process.capabilities.inheritable: CAP_CHOWN is not in the bounding set'
}

test_user_has_none() {
	sets 'KILL CHOWN' 'KILL CHOWN' '' 'KILL CHOWN' ''
	as_user
	holds 0 0 0 21 0
}

test_user_with_ambient() {
	sets 'KILL CHOWN' 'KILL CHOWN' 'KILL' 'KILL CHOWN' 'KILL'
	as_user
	holds 20 20 20 21 20
}

test_ambient_lasts_over_programs() {
	sets 'KILL CHOWN' 'CHOWN' 'CHOWN' 'CHOWN' 'CHOWN'
	as_user
	expect '5:5' 'touch /tmp/file && chown 5:5 /tmp/file && stat -c %u:%g /tmp/file'
}

test_all_that_can_be_had() {
	all=$(hull features | jq -c .linux.capabilities)
	config --argjson all "$all" '.process.capabilities = {bounding: $all, permitted: $all, effective: $all}'
	config '.process.args = ["cat", "/proc/self/status"]'
	run_ok
	want=$(awk '/^CapPrm/ { print $2 }' /proc/self/status)
	same "$want $want $want" "$(printf '%s\n' "$out" | awk '/^Cap(Prm|Eff|Bnd)/ { print $2 }' | xargs)" 'all capabilities'
}

test_what_cannot_be_granted_is_said() {
	held=$(awk '/^CapPrm/ { print $2 }' /proc/self/status)
	[ $((0x$held >> 24 & 1)) = 0 ] || skip 'we hold all'
	sets 'KILL SYS_RESOURCE' 'KILL SYS_RESOURCE' '' 'KILL SYS_RESOURCE' ''
	holds 0 20 20 20 0
	printf '%s' "$errors" | grep -q 'cannot be granted here, left out: CAP_SYS_RESOURCE' || fail "said: $errors"
}

test_unknown_is_warned_of() {
	sets 'KILL KIL' 'KILL' '' 'KILL' ''
	holds 0 20 20 20 0
	printf '%s' "$errors" |
		grep -q '.process.capabilities.bounding\[1\]: unknown capability "CAP_KIL" ignored (did you mean CAP_KILL?)' ||
		fail "said: $errors"
}

test_sets_that_the_kernel_refuses() {
	sets 'KILL' 'KILL' '' '' ''
	run_fails '.process.capabilities.effective: CAP_KILL is not in the permitted set'
}

# Engines ask for them without the inheritable ones.
test_ambient_that_cannot_be() {
	for others in "'' KILL" 'KILL ""'; do
		eval "set -- $others"
		sets 'KILL' '' "$1" "$2" 'KILL'
		inside 'grep CapAmb /proc/self/status'
		expect_status 0
		same 'CapAmb:	0000000000000000' "$out" 'what it has'
		printf '%s' "$errors" | grep -q '[.]process[.]capabilities[.]ambient: cannot be granted here, left out: CAP_KILL' || fail "said: $errors"
	done
}

# A set-user-ID program of root that prints its effective user.
with_setuid_program() {
	with_probe
	mkdir "$BUNDLE/rootfs/set"
	cp "$BUNDLE/rootfs/bin/probe" "$BUNDLE/rootfs/set/user"
	chmod 4755 "$BUNDLE/rootfs/set/user"
	cp "$BUNDLE/rootfs/bin/busybox" "$BUNDLE/rootfs/set/cat"
	as_user
}

test_set_user_id_with_new_privileges() {
	with_setuid_program
	config '.process.noNewPrivileges = false | .process.args = ["/set/user", "ids"]'
	run_ok
	same 'uid=1000,0,0 gid=1000,1000,1000 groups=' "$out" ids
}

test_set_user_id_without_new_privileges() {
	with_setuid_program
	config '.process.noNewPrivileges = true | .process.args = ["/set/user", "ids"]'
	run_ok
	same 'uid=1000,1000,1000 gid=1000,1000,1000 groups=' "$out" ids
	config '.process.args = ["sh", "-c", "/set/user ids"]'
	run_ok
	same 'uid=1000,1000,1000 gid=1000,1000,1000 groups=' "$out" 'ids of a grandchild'
	expect 'NoNewPrivs: 1' 'echo $(grep NoNewPrivs /proc/self/status)'
}

# file_capabilities SETTING: a program with them (setcap(8)) that prints its own sets, run as a user.
file_capabilities() {
	with_setuid_program
	setcap "$1" "$BUNDLE/rootfs/set/cat" 2>/dev/null || skip 'no capabilities can be set on files here'
	config '.process.args = ["/set/cat", "/proc/self/status"]'
}

test_file_capabilities() {
	command -v setcap >/dev/null || skip 'setcap(8) is not here'
	file_capabilities cap_kill+ep
	sets 'KILL CHOWN' '' '' '' ''
	config '.process.noNewPrivileges = false'
	run_ok
	same '0000000000000020' "$(printf '%s\n' "$out" | awk '/^CapEff/ { print $2 }')" 'effective set'
	config '.process.noNewPrivileges = true'
	run_ok
	same '0000000000000000' "$(printf '%s\n' "$out" | awk '/^CapEff/ { print $2 }')" 'without new privileges'
}

test_file_capabilities_outside_bounding() {
	command -v setcap >/dev/null || skip 'setcap(8) is not here'
	file_capabilities cap_kill+p
	sets 'CHOWN' '' '' '' ''
	config '.process.noNewPrivileges = false'
	run_ok
	same '0000000000000000' "$(printf '%s\n' "$out" | awk '/^CapPrm/ { print $2 }')" 'permitted set'
}

test_inheritable_file_gains_nothing_by_default() {
	# CVE-2022-29162, CVE-2022-27650, CVE-2025-27612: an inheritable set that nobody asked for.
	command -v setcap >/dev/null || skip 'setcap(8) is not here'
	file_capabilities cap_kill+ei
	config '.process.noNewPrivileges = false'
	run_ok
	same '0000000000000000 0000000000000000' "$(printf '%s\n' "$out" | awk '/^Cap(Inh|Eff)/ { print $2 }' | xargs)" sets
}

test_start_hooks_have_no_more() {
	sets 'KILL' 'KILL' '' 'KILL' ''
	config '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "grep ^Cap /proc/self/status >/tmp/sets"]}]'
	expect '0000000000000000 0000000000000020 0000000000000020 0000000000000020 0000000000000000' \
		'echo $(cut -f 2 /tmp/sets)'
}

run_tests
