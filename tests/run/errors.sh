#!/bin/sh
# The messages for mistakes; and nothing stays behind, which run_one checks after each.
. "${0%/*}/lib.sh"

test_no_config() {
	rm "$BUNDLE/config.json"
	run_fails config.json
}

test_no_bundle() {
	fails_with /nowhere/bundle hull run -b /nowhere/bundle "$ID"
}

test_syntax_error_has_line() {
	printf '{\n\t"ociVersion": "1.0.2",\n\t"root": }\n' >"$BUNDLE/config.json"
	run_fails 'config.json:3'
}

test_wrong_type_has_property() {
	config '.process.cwd = 5'
	run_fails '.process.cwd: expected a string, found a number'
}

test_unknown_word() {
	config '.linux.namespaces[1].type = "uesr"'
	run_fails '.linux.namespaces[1].type: unknown value "uesr"'
}

test_relative_cwd() {
	config '.process.cwd = "tmp"'
	run_fails '.process.cwd'
}

test_no_args() {
	config '.process.args = []'
	run_fails '.process.args'
}

test_version() {
	config '.ociVersion = "7.0.0"'
	run_fails '.ociVersion'
}

test_unknown_capability() {
	# config.md "Linux Process": a capability that the kernel does not know is a warning.
	config '.process.capabilities.bounding += ["CAP_FLY"] | .process.args = ["true"]'
	run_ok
	printf '%s' "$errors" | grep -Fq '.process.capabilities.bounding[3]: unknown capability "CAP_FLY"' || fail "said: $errors"
}

test_unknown_rlimit() {
	config '.process.rlimits += [{type: "RLIMIT_LUCK", soft: 1, hard: 1}]'
	run_fails '.process.rlimits['
}

test_apparmor_where_it_is_off() {
	grep -qw apparmor /sys/kernel/security/lsm 2>/dev/null && skip 'AppArmor is on here'
	config '.process.apparmorProfile = "some-profile"'
	run_fails '.process.apparmorProfile'
}

test_selinux_where_it_is_off() {
	[ ! -e /sys/fs/selinux/enforce ] || skip 'SELinux is on here'
	config '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	run_fails '.process.selinuxLabel'
}

test_intel_rdt_where_it_is_off() {
	[ "$(stat -f -c %t /sys/fs/resctrl 2>/dev/null)" != 7655821 ] || skip 'resctrl is mounted here'
	config '.linux.intelRdt = {closID: "x"}'
	run_fails '.linux.intelRdt'
}

test_missing_controller() {
	grep -qw memory "$CGROUP2/cgroup.controllers" && skip 'the memory controller is there'
	config '.linux.resources.memory.limit = 100000000'
	run_fails '.linux.resources.memory.limit'
}

test_unknown_property_is_ignored() {
	config '.process.colour = "red" | .process.args = ["echo", "fine"]'
	run_ok
	same fine "$out" output
}

test_log_file_json() {
	config '.process.cwd = 5'
	try "$HULL" --root "$STATE" --log "$WORK/log.json" --log-format json run -b "$BUNDLE" "$ID"
	expect_status 1
	tail -n 1 "$WORK/log.json" | jq -e '.level == "error" and (.msg | length > 0) and (.time | length > 0)' >/dev/null ||
		fail "log: $(cat "$WORK/log.json")"
}

# Engines show only the message.
test_log_file_hint() {
	config '.linux.namespaces += [{type: "uesr"}]'
	try "$HULL" --root "$STATE" --log "$WORK/log.json" --log-format json run -b "$BUNDLE" "$ID"
	expect_status 1
	tail -n 1 "$WORK/log.json" | jq -e '(.hint | length > 0) and .hint as $hint | .msg | endswith(" (" + $hint + ")")' >/dev/null ||
		fail "log: $(cat "$WORK/log.json")"
}

test_unknown_command() {
	try hull no-such-command
	expect_status 1
	printf '%s' "$errors" | grep -q no-such-command || fail "error: $errors"
}

test_unknown_option() {
	try hull run --no-such-option "$ID"
	expect_status 1
	printf '%s' "$errors" | grep -q no-such-option || fail "error: $errors"
}

test_help() {
	for command in spec create start run state kill delete list features check; do
		try hull $command --help
		expect_status 0
		printf '%s' "$out" | grep -q "hull $command" || fail "help of $command: $out"
	done
}

test_version_option() {
	try hull --version
	expect_status 0
	printf '%s' "$out" | head -n 1 | grep -Eq '^hull version [0-9]+\.[0-9]+\.[0-9]+' || fail "version: $out"
}

test_check_good() {
	try hull check --bundle "$BUNDLE"
	expect_status 0
}

test_check_unknown_property() {
	config '.process.noNewPrivilege = true'
	try hull check --bundle "$BUNDLE"
	printf '%s%s' "$out" "$errors" | grep -q noNewPrivileges || fail "the nearest name is not told: $out $errors"
}

test_features() {
	try hull features
	expect_status 0
	printf '%s' "$out" | jq -e '.ociVersionMax and (.linux.namespaces | index("user")) and (.mountOptions | length > 20)
		and .linux.seccomp.enabled and (.hooks | length == 6)' >/dev/null || fail "features: $out"
}

test_explain() {
	try hull spec --explain .linux.resources
	expect_status 0
	printf '%s' "$out" | grep -q memory || fail "explain: $out"
}

run_tests
