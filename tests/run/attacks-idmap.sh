#!/bin/sh
# Things that an id-mapped mount must keep from a container.
. "${0%/*}/lib.sh"
. "${0%/*}/../attacks/lib.sh"

# A directory of the host's root, mapped for the container's root; only the files of user 1000 are mapped.
prepare() {
	fresh
	maps_ids "$CANARY" || skip 'this kernel maps no ids of what the tests are on'
	mkdir "$CANARY/user"
	chown 1000:1000 "$CANARY/user"
	canary_before=$(canary_digest)
	config --arg source "$CANARY" '.process.capabilities |= map_values(. + ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SETUID", "CAP_SETGID", "CAP_MKNOD"])
		| .mounts += [{destination: "/mnt", type: "bind", source: $source, options: ["rbind", "ridmap"],
			uidMappings: [{containerID: 1000, hostID: 0, size: 1}], gidMappings: [{containerID: 1000, hostID: 0, size: 1}]}]'
}

attack_set_uid_root() { # a program that is host root's, for a friend outside
	prepare
	inside 'cp /bin/busybox /mnt/user/su && chmod 4755 /mnt/user/su'
	[ "$(stat -c '%u %a' "$CANARY/user/su" 2>/dev/null)" = '0 4755' ]
}
test_set_uid_root() {
	refused attack_set_uid_root
	same '1000 4755' "$(stat -c '%u %a' "$CANARY/user/su")" 'what was made'
	defended idmap attack_set_uid_root
}

attack_file_of_root() {
	prepare
	inside 'cat /mnt/file || echo hacked >/mnt/file || chmod 666 /mnt/file || chown 0 /mnt/file || rm -f /mnt/file || mv /mnt/file /mnt/user/'
	[ "$status" = 0 ] || canary_changed
}
test_file_of_root() { defended idmap attack_file_of_root; }

attack_give_away() { # to an id that is not mapped, which may be anybody's outside
	prepare
	inside 'touch /mnt/user/gift && chown 0:0 /mnt/user/gift; chown 1:1 /mnt/user/gift && stat -c %u /mnt/user/gift'
	[ "$(stat -c %u "$CANARY/user/gift" 2>/dev/null)" = 1 ]
}
test_give_away() { defended idmap attack_give_away; }

# A remount, or a bind of the mount, keeps the mapping.
attack_bind_again() {
	prepare
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"]) | del(.linux.seccomp)'
	inside 'mkdir /again; mount --bind /mnt /again && mount -o remount,rw,bind /again; cat /again/file /mnt/file'
	[ -n "$out" ]
}
test_bind_again() { defended idmap attack_bind_again; }

# The process that holds the namespace for a moment has nothing but its end of a pipe, and no user of the host but root can reach
# it.
reach() { # UID: leaves what it came to in $WORK/reached
	prepare
	helper reach
	config --arg source "$CANARY" '.process.args = ["true"] | .mounts += [{destination: "/other", source: $source, options: ["bind", "idmap=uids=0-9-1;gids=0-9-1"]}]'
	"$SUITE_DIR/bin/reach" "$1" "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/reached" 2>"$WORK/errors" ||
		fail "status $?: $(cat "$WORK/errors")"
	same 'held 1 held 1' "$(echo $(grep held "$WORK/reached"))" 'the descriptors of each'
}
test_process_that_holds_the_namespace() {
	for uid in 0 1000 100000; do
		reach $uid
		case $uid in 0) expected='joined killed read traced' ;; *) expected= ;; esac # or the test would prove nothing
		same "$expected" "$(echo $(grep -v held "$WORK/reached" | sort -u))" "what $uid could do"
	done
}

run_tests
