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

test_exec_has_the_profile_of_the_container() {
	load_profile
	create
	hull start "$ID" || fail start
	try hull exec "$ID" sh -c 'cat /proc/self/attr/current /etc/secret'
	expect_status 1
	same "$profile (enforce)" "$out" 'the profile'
	try hull exec --apparmor unconfined "$ID" cat /proc/self/attr/current /etc/secret
	expect_status 0
	same 'unconfined secret' "$(echo $out)" 'without a profile'
	hull delete --force "$ID" || fail delete
}

test_stacked_profiles() {
	load_profile
	cp "$BUNDLE/rootfs/etc/secret" "$BUNDLE/rootfs/etc/other"
	sed "s/profile $profile /profile $profile-2 /; s/secret/other/" "$WORK/profile" >"$WORK/profile-2"
	apparmor_parser -r "$WORK/profile-2" || fail 'the second profile cannot be loaded'
	trap 'apparmor_parser -R "$WORK/profile" "$WORK/profile-2"' EXIT
	config --arg both "$profile//&$profile-2" '.process.apparmorProfile = $both'
	expect "$profile//&$profile-2 (enforce)" 'cat /proc/self/attr/current'
	for file in secret other; do
		inside "cat /etc/$file"
		expect_status 1
	done
}

# CVE-2025-52881: the label is written where procfs has it, whatever the configuration or the image puts there.
test_file_of_the_label_is_covered() {
	load_profile
	: >"$WORK/cover"
	for file in attr/exec attr/apparmor/exec attr/current; do
		add_mount "{\"destination\": \"/proc/1/task/1/$file\", \"type\": \"bind\", \"source\": \"$WORK/cover\", \"options\": [\"bind\"]}"
	done
	expect "$profile (enforce)" 'cat /proc/1/attr/current'
	[ ! -s "$WORK/cover" ] || fail "written to another file: $(cat "$WORK/cover")"
}

test_profile_is_not_loaded() {
	load_profile
	config '.process.apparmorProfile = "hull-no-such-profile"'
	run
	expect_status 1
	printf '%s' "$errors" | grep -q '.process.apparmorProfile.*hull-no-such-profile' || fail "said: $errors"
}

run_tests
