#!/bin/sh
# .process.apparmorProfile, on a host with AppArmor where apparmor_parser(8) can load a profile of the test's own.
. "${0%/*}/lib.sh"

# Loads a profile, $profile, that allows everything but /etc/secret; the test removes it again.
load_profile() {
	grep -qw apparmor /sys/kernel/security/lsm 2>/dev/null || skip 'AppArmor is not enabled here'
	command -v apparmor_parser >/dev/null || skip 'apparmor_parser(8) is not here'
	profile=hull-$ID
	cat >"$WORK/profile" <<-END
		profile $profile flags=(attach_disconnected,mediate_deleted) {
			file,
			capability,
			network,
			signal,
			deny /etc/secret rw,
		}
	END
	apparmor_parser -r "$WORK/profile" || skip 'no profile can be loaded here'
	trap 'apparmor_parser -R "$WORK/profile"' EXIT
	config --arg profile "$profile" '.process.apparmorProfile = $profile'
	echo secret >"$BUNDLE/rootfs/etc/secret"
}

test_profile() {
	load_profile
	expect "$profile (enforce)" 'cat /proc/self/attr/current'
	inside 'cat /etc/hostname /etc/secret'
	expect_status 1
	printf '%s' "$errors" | grep -q '/etc/secret.*Permission denied' || fail "said: $out $errors"
	config 'del(.process.apparmorProfile)'
	expect secret 'cat /etc/secret'
}

test_profile_of_a_user() {
	load_profile
	config '.process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = true | del(.process.capabilities)'
	expect "$profile (enforce)" 'cat /proc/self/attr/current'
	inside 'cat /etc/secret'
	expect_status 1
}

test_profile_of_exec() {
	load_profile
	config 'del(.process.apparmorProfile)'
	create
	hull start "$ID" || fail start
	try hull exec --apparmor "$profile" "$ID" sh -c 'cat /proc/self/attr/current /etc/secret'
	expect_status 1
	same "$profile (enforce)" "$out" 'the profile'
	hull delete --force "$ID" || fail delete
}

test_profile_is_not_loaded() {
	load_profile
	config '.process.apparmorProfile = "hull-no-such-profile"'
	run
	expect_status 1
	printf '%s' "$errors" | grep -q '.process.apparmorProfile.*hull-no-such-profile' || fail "said: $errors"
}

run_tests
