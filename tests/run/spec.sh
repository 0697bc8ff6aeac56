#!/bin/sh
# hull spec: its options alone and together. Its output passes `hull check` and runs, as root and as another user.
. "${0%/*}/lib.sh"

ROOTLESS=${HULL_TEST_USER:+--rootless}

# spec OPTION...: writes into the bundle, in place of the existing configuration.
spec() {
	rm -f "$BUNDLE/config.json"
	try hull spec $ROOTLESS -b "$BUNDLE" "$@"
	expect_status 0
}

# runs VALUE: the written container passes the check, and prints that.
runs() {
	same '' "$errors" 'what spec says'
	try hull check -b "$BUNDLE"
	[ "$status" = 0 ] || fail "check: $out $errors"
	run_ok
	same "$1" "$out" 'the output'
}

value() { # FILTER
	jq -c "$1" "$BUNDLE/config.json"
}

test_command() {
	spec --no-terminal -- sh -c 'echo "$@"' - '--rootfs=x' 'a  b' --
	same '["sh","-c","echo \"$@\"","-","--rootfs=x","a  b","--"]' "$(value .process.args)" '.process.args'
	runs '--rootfs=x a  b --'
}

test_command_forms() {
	spec --no-terminal -- sh -c 'echo a  b'
	first=$(value .process.args)
	spec --no-terminal --args "sh -c 'echo a  b'"
	same "$first" "$(value .process.args)" 'as one text'
	spec --no-terminal --args=sh --args -c --args 'echo a  b'
	same "$first" "$(value .process.args)" 'word by word'
	runs 'a b'
}

test_command_errors() {
	rm "$BUNDLE/config.json"
	fails_with 'unexpected operand "sh"' hull spec -b "$BUNDLE" sh -c x
	fails_with 'goes behind --' hull spec "$BUNDLE"
	fails_with 'unexpected operand "x"' hull spec -b "$BUNDLE" x -- sh
	fails_with 'exclude each other' hull spec -b "$BUNDLE" --args x -- sh
	fails_with '--args: expected a command' hull spec -b "$BUNDLE" --args ' '
	fails_with '--args: expected a command' hull spec -b "$BUNDLE" --args '' --args x
	fails_with '--: expected a command' hull spec -b "$BUNDLE" -- ''
	fails_with "--args: the quote ' is not closed" hull spec -b "$BUNDLE" --args "sh 'x"
	fails_with '--args: "' hull spec -b "$BUNDLE" --args "$(printf 'a\377')"
	[ ! -e "$BUNDLE/config.json" ] || fail 'a file was written'
	# nothing after -- is no command of its own
	spec --
	same '["sh"]' "$(value .process.args)" 'the default'
}

test_rootfs() {
	mv "$BUNDLE/rootfs" "$BUNDLE/the  tree"
	spec --rootfs 'the  tree' --no-terminal -- echo relative
	runs relative
	mv "$BUNDLE/the  tree" "$WORK/tree"
	spec --rootfs "$WORK/tree" --no-terminal --args 'echo absolute'
	runs absolute
	rm "$BUNDLE/config.json"
	fails_with '--rootfs: expected a directory' hull spec -b "$BUNDLE" --rootfs ''
	fails_with 'not valid UTF-8' hull spec -b "$BUNDLE" --rootfs "$(printf '\377')"
	[ ! -e "$BUNDLE/config.json" ] || fail 'a file was written'
}

test_no_terminal() {
	spec --no-terminal
	same false "$(value .process.terminal)" .process.terminal
	spec
	same true "$(value .process.terminal)" 'the default'
}

own_network() {
	readlink /proc/self/ns/net
}

test_network_host() {
	spec --no-terminal --network host -- sh -c 'readlink /proc/self/ns/net; test -e /sys/class/net/lo && echo sysfs'
	runs "$(own_network)
sysfs"
}

test_network_none() {
	spec --no-terminal --network=none -- sh -c 'readlink /proc/self/ns/net; ls /sys/class/net'
	try hull check -b "$BUNDLE"
	expect_status 0
	run_ok
	[ "$(echo "$out" | head -n 1)" != "$(own_network)" ] || fail 'it is in our own network namespace'
	same lo "$(echo "$out" | tail -n +2)" 'its interfaces'
}

# A user without root keeps the network that there is.
test_network_default() {
	spec
	own=true
	[ -z "$ROOTLESS" ] || own=false
	same $own "$(value '[.linux.namespaces[].type] | index("network") != null')" 'whether there is a network namespace'
}

test_network_errors() {
	rm "$BUNDLE/config.json"
	for name in pasta slirp4netns; do
		fails_with "a configuration cannot ask for $name" hull spec -b "$BUNDLE" --network $name
		fails_with "hull run --network $name" hull spec -b "$BUNDLE" --network $name
	done
	fails_with 'one of none, host' hull spec -b "$BUNDLE" --network bridge
	fails_with 'one of none, host' hull spec -b "$BUNDLE" --network ''
	[ ! -e "$BUNDLE/config.json" ] || fail 'a file was written'
}

# All at once, from another directory, to another name and to standard output.
test_together() {
	mkdir "$WORK/empty"
	cd "$WORK/empty" || fail cd
	mv "$BUNDLE/rootfs" "$BUNDLE/tree"
	spec --rootfs tree --no-terminal --network host --args 'echo  together' --file "$BUNDLE/config.json"
	runs together
	same "$(value .)" "$(hull spec $ROOTLESS -b "$BUNDLE" --rootfs tree --no-terminal --network host -f - -- echo together |
		jq -c .)" 'on standard output'
	same '' "$(ls -A)" 'what is written elsewhere'
}

test_overwrites_nothing() {
	before=$(cat "$BUNDLE/config.json")
	fails_with 'config.json: File exists' hull spec $ROOTLESS -b "$BUNDLE" --no-terminal -- true
	same "$before" "$(cat "$BUNDLE/config.json")" 'the configuration'
}

test_explain_stands_alone() {
	fails_with '--explain writes no configuration' hull spec --explain .process -- sh
	fails_with '--explain writes no configuration' hull spec --explain .process --rootless
	fails_with '--explain writes no configuration' hull spec --explain .process --rootfs x
}

needs_user() {
	[ -n "${HULL_TEST_USER:-}" ] || skip 'this is about a user without root'
	command -v newuidmap >/dev/null || skip 'newuidmap is not here'
}

# lib.sh gives the user 65536 subordinate ids from 200000 on.
test_subordinate_ids() {
	needs_user
	mkdir -p "$BUNDLE/rootfs/var"
	chown 200004:200006 "$BUNDLE/rootfs/var"
	spec --no-terminal -- sh -c 'sed "s/  */ /g; s/^ //" /proc/self/uid_map /proc/self/gid_map; stat -c %u:%g /var'
	wanted="[[0,$HULL_TEST_USER,1],[1,200000,65536]]"
	same "[$wanted,$wanted]" "$(value '[.linux.uidMappings, .linux.gidMappings] | map(map([.containerID, .hostID, .size]))')" 'the mappings'
	runs "0 $HULL_TEST_USER 1
1 200000 65536
0 $HULL_TEST_USER 1
1 200000 65536
5:7"
}

# If newuidmap cannot help, there are no other ids, and a warning says so: here it gains no privilege.
test_own_id_alone() {
	needs_user
	rm "$BUNDLE/config.json"
	try setpriv --no-new-privs "$HULL" spec --rootless --no-terminal -b "$BUNDLE" -- sed 's/  */ /g; s/^ //' /proc/self/uid_map
	expect_status 0
	same 'hull: warning: --rootless maps no ids but the caller'\''s own: start hull without no_new_privs, under which newuidmap gains no privilege' \
		"$errors" 'the warning'
	same '[1,1]' "$(value '[.linux.uidMappings, .linux.gidMappings | length]')" 'the mappings'
	try hull check -b "$BUNDLE"
	expect_status 0
	run_ok
	same "0 $HULL_TEST_USER 1" "$out" 'the map'
}

# with_subids UIDS GIDS: spec --rootless by a caller who has the lines of these files, in a mount namespace of its own.
with_subids() {
	# for a user other than root, lib.sh has mounted other files there
	try unshare --mount sh -c '! mountpoint -q /etc/subuid || umount /etc/subuid /etc/subgid
		mount --bind "$1" /etc/subuid && mount --bind "$2" /etc/subgid && exec "$HULL" spec --rootless -f -' - "$1" "$2"
	expect_status 0
	lengths=$(echo "$out" | jq -c '[.linux.uidMappings, .linux.gidMappings | length]')
}

test_lines_of_the_caller() {
	[ -e /etc/subuid ] && [ -e /etc/subgid ] || skip 'there is no /etc/subuid here'
	caller=${HULL_TEST_USER:-0}
	: >"$WORK/none"
	echo "$caller:300000:10" >"$WORK/some"
	echo "$caller:4294967290:100" >"$WORK/beyond"
	chmod 644 "$WORK/none" "$WORK/some" "$WORK/beyond"
	with_subids "$WORK/some" "$WORK/some"
	same '' "$errors" 'what is said of lines'
	same "[[0,$caller,1],[1,300000,10]]" "$(echo "$out" | jq -c '.linux.gidMappings | map([.containerID, .hostID, .size])')" 'the mappings'
	with_subids "$WORK/none" "$WORK/none"
	same 'neither /etc/subuid nor /etc/subgid has a line for the caller' "${errors##*: }" 'what is said without lines'
	same '[1,1]' "$lengths" 'the mappings without lines'
	with_subids "$WORK/some" "$WORK/none"
	same '/etc/subgid has no line for the caller' "${errors##*: }" 'what is said without a line for groups'
	same '[2,1]' "$lengths" 'the mappings without a line for groups'
	# nothing unavailable is written
	with_subids "$WORK/beyond" "$WORK/beyond"
	case $errors in *'maps no ids but the caller'*) ;; *) fail "beyond the last id: '$errors'" ;; esac
	same '[1,1]' "$lengths" 'the mappings beyond the last id'
}

run_tests
