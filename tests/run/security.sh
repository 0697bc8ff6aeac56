#!/bin/sh
# Properties of every container, whatever its configuration.
. "${0%/*}/lib.sh"

test_own_executable_cannot_be_written() {
	# A container that waits in create runs hull's image; /proc/PID/exe does not lead to the installed file.
	sum=$(sha256sum <"$HULL")
	create --pid-file "$WORK/pid"
	init=$(cat "$WORK/pid")
	if (exec 3>>"/proc/$init/exe") 2>/dev/null && [ "/proc/$init/exe" -ef "$HULL" ]; then
		fail 'the installed executable is writable by way of /proc'
	fi
	hull delete --force "$ID" || fail delete
	same "$sum" "$(sha256sum <"$HULL")" 'checksum of the executable'
}

test_init_is_not_dumpable() {
	create --pid-file "$WORK/pid"
	# The files of a process that is not dumpable belong to root, whatever its user; its mem needs CAP_SYS_PTRACE.
	config '.process.user = {uid: 1000, gid: 1000}'
	hull delete --force "$ID" || fail delete
	create --pid-file "$WORK/pid"
	same '0' "$(stat -c %u "/proc/$(cat "$WORK/pid")/environ")" 'owner of its files'
	hull delete --force "$ID" || fail delete
}

test_host_root_by_descriptor() {
	inside 'for fd in /proc/self/fd/* /proc/1/fd/*; do readlink $fd; done'
	printf '%s\n' "$out" | grep -q "$WORK/bundle" && fail "a descriptor leads outside: $out"
	return 0
}

test_proc_replaced_by_symlink() {
	rmdir "$BUNDLE/rootfs/proc"
	ln -s /tmp "$BUNDLE/rootfs/proc"
	try hull run -b "$BUNDLE" "$ID"
	# Either refused, or mounted inside the root; never on the host.
	! grep -q " /tmp proc " /proc/mounts || fail 'mounted on the host'
}

test_dev_replaced_by_symlink() {
	rmdir "$BUNDLE/rootfs/dev"
	ln -s ../../../../../../../tmp "$BUNDLE/rootfs/dev"
	try hull run -b "$BUNDLE" "$ID"
	[ ! -e /tmp/null ] && [ ! -e /tmp/ptmx ] || fail 'nodes on the host'
}

test_mount_through_link_to_host() {
	ln -s "$WORK" "$BUNDLE/rootfs/out"
	config '.mounts += [{destination: "/out/made", type: "tmpfs", source: "tmpfs"}]'
	inside true
	[ ! -e "$WORK/made" ] || fail 'a directory on the host'
}

# The host's /dev/null masks a file: the container's root owns it, and may not change it.
test_mask_is_not_to_be_changed() {
	before=$(stat -c '%a %u %g %Y' /dev/null)
	config '.process.capabilities |= map_values(. + ["CAP_CHOWN", "CAP_FOWNER", "CAP_DAC_OVERRIDE"])'
	inside 'f=/proc/keys; touch -d 2001-01-01 $f; chmod 666 $f; chown 0:0 $f; echo lost >$f && stat -c %t:%T $f'
	same '1:3' "$out" 'the mask'
	same 3 "$(printf '%s\n' "$errors" | grep -c 'Read-only file system')" 'the number of refusals'
	same "$before" "$(stat -c '%a %u %g %Y' /dev/null)" "the host's /dev/null"
}

test_masked_path_through_link() {
	echo secret >"$WORK/secret"
	ln -s "$WORK/secret" "$BUNDLE/rootfs/etc/link"
	config '.linux.maskedPaths += ["/etc/link"] | .linux.readonlyPaths += ["/etc/link"]'
	inside true
	same secret "$(cat "$WORK/secret")" 'the file of the host'
}

run_tests
