#!/bin/sh
# .root and .linux.rootfsPropagation.
. "${0%/*}/lib.sh"

# is_here: the container's root is the image, and the bundle's is writable or not.
is_here() {
	expect yes '[ -x /bin/busybox ] && echo yes'
}

test_relative() {
	mv "$BUNDLE/rootfs" "$BUNDLE/image"
	cd /
	for path in image ./image image/ ../bundle/image .//image/.; do
		config --arg path "$path" '.root.path = $path'
		is_here
	done
}

test_absolute() {
	mv "$BUNDLE/rootfs" "$WORK/elsewhere"
	config --arg path "$WORK/elsewhere" '.root.path = $path'
	is_here
}

test_symlink() {
	mv "$BUNDLE/rootfs" "$WORK/elsewhere"
	ln -s "$WORK/elsewhere" "$BUNDLE/rootfs"
	is_here
	ln -s bundle/rootfs "$WORK/second"
	config --arg path "$WORK/second" '.root.path = $path'
	is_here
}

test_missing() {
	config '.root.path = "not-there"'
	run_fails ".root.path: open the root filesystem $BUNDLE/not-there: No such file or directory"
}

test_file() {
	: >"$BUNDLE/file"
	config '.root.path = "file"'
	run_fails '.root.path: open the root filesystem'
	printf '%s' "$errors" | grep -q 'Not a directory' || fail "error is: $errors"
}

test_dangling_symlink() {
	ln -s nowhere "$BUNDLE/link"
	config '.root.path = "link"'
	run_fails '.root.path'
	ln -sfn link "$BUNDLE/link"
	run_fails 'Too many levels of symbolic links'
}

test_empty_and_absent() {
	config '.root.path = ""'
	run_fails '.root.path'
	config 'del(.root.path)'
	run_fails '.root.path'
	config 'del(.root)'
	run_fails '.root'
}

test_mount_point() {
	mkdir "$WORK/mounted"
	mount --bind "$BUNDLE/rootfs" "$WORK/mounted" || skip 'no mounting here'
	trap 'umount -l "$WORK/mounted"' EXIT
	config --arg path "$WORK/mounted" '.root.path = $path'
	is_here
	mount --make-shared "$WORK/mounted"
	is_here
	mount --make-unbindable "$WORK/mounted"
	run
	[ "$status" = 0 ] || printf '%s' "$errors" | grep -Fq '.root.path' || fail "error is: $errors"
}

test_mounts_below_the_root() {
	mount -t tmpfs hull-test "$BUNDLE/rootfs/srv" || skip 'no mounting here'
	trap 'umount -l "$BUNDLE/rootfs/srv"' EXIT
	: >"$BUNDLE/rootfs/srv/file"
	expect file 'ls /srv'
}

test_overlay_as_root() {
	mkdir "$WORK/o"
	mount -t tmpfs hull-test "$WORK/o" || skip 'no mounting here'
	trap 'umount -l "$WORK/o/merged"; umount -l "$WORK/o"' EXIT
	mkdir "$WORK/o/up" "$WORK/o/work" "$WORK/o/merged"
	mount -t overlay -o "lowerdir=$BUNDLE/rootfs,upperdir=$WORK/o/up,workdir=$WORK/o/work" overlay "$WORK/o/merged" || skip 'no overlay here'
	config --arg path "$WORK/o/merged" '.root.path = $path'
	expect written 'echo written >/file; cat /file'
	same written "$(cat "$WORK/o/up/file")" 'the file in the upper directory'
}

test_writable() {
	expect written 'echo written >/file; cat /file'
	same written "$(cat "$BUNDLE/rootfs/file")" 'the file in the bundle'
}

test_writable_by_default() {
	config 'del(.root.readonly)'
	expect written 'echo written >/file; cat /file'
}

test_readonly() {
	config '.root.readonly = true'
	show_mounts '(echo x >/file) 2>/dev/null || echo readonly; echo y >/dev/shm/works && cat /dev/shm/works'
	same 'readonly y' "$(printf '%s\n' "$mounts" | head -n 2 | xargs)" 'what was written'
	expect_mount / '^ro,'
	expect_mount /dev '^rw,'
	: >"$BUNDLE/rootfs/still" || fail 'the image is read-only outside'
}

# Destinations and the working directory are made before.
test_readonly_with_things_to_make() {
	config '.root.readonly = true | .process.cwd = "/work/here"'
	add_mount '{"destination": "/new/place", "type": "tmpfs", "source": "t"}'
	expect /work/here ': >/new/place/file && pwd'
}

# A volume stays writable under a read-only root.
test_readonly_is_of_the_root_alone() {
	mkdir "$WORK/data"
	config --arg dir "$WORK/data" '.root.readonly = true | .mounts += [{destination: "/data", source: $dir, options: ["rbind"]}]'
	expect ok ': >/data/file && echo ok'
}

test_old_root_is_gone() {
	show_mounts
	same 1 "$(printf '%s\n' "$mounts" | awk '$5 == "/"' | wc -l)" 'number of roots'
	! printf '%s\n' "$mounts" | awk '{ print $5 }' | grep -v '^/\(proc\|sys\|dev\)\?\(/\|$\)' || fail "the host's mounts are seen"
	inside "ls $WORK"
	[ "$status" != 0 ] || fail 'the host is seen'
	expect same '[ "$(stat -c %d:%i /)" = "$(stat -c %d:%i /..)" ] && echo same'
}

test_no_pivot() {
	inside 'ls -d /bin/busybox /..; ls '"$WORK"' 2>/dev/null; pwd'
	run --no-pivot
	expect_status 0
	same "/.. /bin/busybox /" "$(printf '%s\n' "$out" | xargs)" 'what is seen'
}

propagation() {
	show_mounts
	expect_mount / "^[^ ]+ $1 "
}

test_propagation_by_default() { propagation -; }

test_propagation_private() {
	for word in private rprivate; do
		config --arg word $word '.linux.rootfsPropagation = $word'
		propagation -
	done
}

test_propagation_shared() {
	for word in shared rshared; do
		config --arg word $word '.linux.rootfsPropagation = $word'
		propagation 'shared:[0-9]+'
		# Its own filesystem: not the group of the host's.
		host=$(findmnt -n -o PROPAGATION -T "$BUNDLE" 2>/dev/null)
		group=$(mount_at / | sed 's/.*shared:\([0-9]*\).*/\1/')
		! grep -q "shared:$group " /proc/self/mountinfo || fail "the root is in group $group of the host ($host)"
	done
}

test_propagation_unbindable() {
	for word in unbindable runbindable; do
		config --arg word $word '.linux.rootfsPropagation = $word'
		propagation unbindable
	done
}

test_propagation_slave() {
	mount --bind "$BUNDLE/rootfs" "$BUNDLE/rootfs" || skip 'no mounting here'
	trap 'umount -l "$BUNDLE/rootfs"' EXIT
	mount --make-private "$BUNDLE/rootfs"
	mount --make-shared "$BUNDLE/rootfs"
	for word in slave rslave; do
		config --arg word $word '.linux.rootfsPropagation = $word'
		propagation 'master:[0-9]+'
	done
	# A later mount of the host there is seen inside.
	create
	try hull start "$ID"
	mount -t tmpfs from-host "$BUNDLE/rootfs/srv"
	: >"$BUNDLE/rootfs/srv/file"
	enter 'ls /srv'
	same file "$out" 'what the container sees'
	umount "$BUNDLE/rootfs/srv"
	hull delete --force "$ID"
	config '.linux.rootfsPropagation = "private"'
	create
	try hull start "$ID"
	mount -t tmpfs from-host "$BUNDLE/rootfs/srv"
	: >"$BUNDLE/rootfs/srv/file"
	enter 'ls /srv'
	umount "$BUNDLE/rootfs/srv"
	same '' "$out" 'what a private container sees'
	hull delete --force "$ID"
}

test_propagation_of_all_mounts() {
	config '.linux.rootfsPropagation = "rshared"'
	show_mounts
	expect_mount /proc 'shared:'
	expect_mount /dev/shm 'shared:'
	config '.linux.rootfsPropagation = "shared"'
	show_mounts
	expect_mount / 'shared:'
}

test_propagation_word() {
	config '.linux.rootfsPropagation = "public"'
	run_fails '.linux.rootfsPropagation'
}

test_bundle_with_odd_name() {
	mv "$BUNDLE" "$WORK/my bundle: ü, \\x"
	BUNDLE="$WORK/my bundle: ü, \\x"
	is_here
}

test_bundle_is_a_link() {
	ln -s bundle "$WORK/link"
	BUNDLE=$WORK/link
	is_here
}

# Nothing of it remains on the host: neither during the run nor afterwards.
test_host_mounts_stay() {
	before=$(sort /proc/self/mountinfo)
	create
	same "$before" "$(sort /proc/self/mountinfo)" 'mounts of the host'
	hull delete --force "$ID"
	same "$before" "$(sort /proc/self/mountinfo)" 'mounts of the host'
}

run_tests
