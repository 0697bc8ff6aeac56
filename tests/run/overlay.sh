#!/bin/sh
# --overlay DIR|tmp: changes to the root filesystem are stored elsewhere. --idmap-rootfs: the owners of its files.
. "${0%/*}/lib.sh"

grep -qw overlay /proc/filesystems || OVERLAY_IS_MISSING=1

# A directory that can be an upper layer: the tests themselves may be on an overlay.
kept() {
	[ -z "${OVERLAY_IS_MISSING:-}" ] || skip 'this kernel has no overlay'
	mkdir "$WORK/kept"
	mount -t tmpfs hull-test "$WORK/kept" || skip 'no mounting here'
	trap 'umount -l "$WORK/kept" 2>/dev/null' EXIT
	KEPT=$WORK/kept/layers
	mkdir "$KEPT"
}

digest() {
	find "$BUNDLE/rootfs" -printf '%P %i %y %m %U:%G %s %T@\n' | sort | cksum
}

unchanged() {
	same "$before" "$(digest)" 'the digest of the bundle'
}

user_namespace() { # [mapped]
	[ -z "${1:-}" ] || maps_ids "$BUNDLE" || skip 'this kernel maps no ids of what the tests are on'
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
}

WRITES='echo new >/new; echo more >>/etc/motd; rm /etc/group; mkdir -p /dir/below; mv /bin/true /bin/truth; ln -s x /link; chmod 711 /etc; ls -d /new /bin/truth; readlink /link; cat /etc/motd; ls /etc/group /bin/true 2>&1 | grep -c "No such"'
WROTE="/bin/truth
/new
x
old
more
2"

writes() {
	echo old >"$BUNDLE/rootfs/etc/motd"
	: >"$BUNDLE/rootfs/etc/group"
	before=$(digest)
	config --arg script "$WRITES" '.process.args = ["sh", "-c", $script] | .process.capabilities |= map_values(. + ["CAP_CHOWN", "CAP_FOWNER", "CAP_DAC_OVERRIDE"])'
}

test_thrown_away() {
	kept
	writes
	for readonly in false true; do
		config ".root.readonly = $readonly"
		run --overlay tmp
		expect_status 0
		same "$WROTE" "$out" 'what the container says'
		unchanged
	done
}

test_kept() {
	kept
	writes
	run --overlay "$KEPT"
	expect_status 0
	same "$WROTE" "$out" 'what the container says'
	unchanged
	same 'upper work' "$(ls "$KEPT" | tr '\n' ' ' | sed 's/ $//')" 'the layers'
	same new "$(cat "$KEPT/upper/new")" 'what was kept'
	config '.process.args = ["sh", "-c", "cat /new /etc/motd; ls /bin/true 2>&1; rm /new"]'
	run --overlay "$KEPT"
	same "new
old
more
ls: /bin/true: No such file or directory" "$out" 'the second container'
	config '.process.args = ["sh", "-c", "ls /new; ls /bin/truth"]'
	run --overlay "$KEPT"
	same /bin/truth "$out" 'the third container'
	unchanged
}

test_relative_directory_is_the_callers() {
	kept
	writes
	cd "$WORK/kept" || fail cd
	run --overlay layers
	expect_status 0
	[ -e "$KEPT/upper/new" ] || fail 'nothing was kept there'
	mkdir tmp
	run --overlay ./tmp
	[ -e "$WORK/kept/tmp/upper/new" ] || fail 'nothing was kept in ./tmp'
}

test_user_namespace() {
	kept
	user_namespace mapped
	chmod 755 "$WORK/kept" "$KEPT"
	writes
	chown 7:8 "$BUNDLE/rootfs/etc/motd"
	before=$(digest)
	for where in tmp "$KEPT"; do
		run --overlay "$where"
		expect_status 0
		same "$WROTE" "$out" "what the container says with $where"
		unchanged
	done
	same '100000:100000 100007:100008' "$(stat -c %u:%g "$KEPT/upper/new") $(stat -c %u:%g "$KEPT/upper/etc/motd")" 'the owners that are kept'
	config '.process.args = ["stat", "-c", "%u:%g", "/", "/new", "/etc/motd", "/bin/busybox"]'
	run --overlay "$KEPT"
	same "0:0 0:0 7:8 0:0" "$(echo $out)" 'the owners inside'
}

# A root filesystem that the container's ids own already is used unchanged.
test_shifted_root_filesystem() {
	kept
	user_namespace
	writes
	chown -R 100000:100000 "$BUNDLE/rootfs"
	chown 100007:100008 "$BUNDLE/rootfs/etc/motd"
	before=$(digest)
	config '.process.args = ["sh", "-c", "touch /new; stat -c %u:%g / /new /etc/motd /bin/busybox"]'
	run --overlay tmp
	expect_status 0
	same "0:0 0:0 7:8 0:0" "$(echo $out)" 'the owners inside'
	unchanged
}

test_root_has_owner_and_mode_of_the_bundles() {
	kept
	chown 5:6 "$BUNDLE/rootfs"
	chmod 2751 "$BUNDLE/rootfs"
	config '.process.args = ["stat", "-c", "%u:%g %a", "/"]'
	for where in tmp "$KEPT" "$KEPT"; do
		run --overlay "$where"
		same '5:6 2751' "$out" "the root with $where"
	done
}

test_shared_by_two() {
	kept
	before=$(digest)
	config '.process.args = ["sh", "-c", "echo $WHO >/who; sleep 1000"]'
	mkdir "$KEPT/1" "$KEPT/2"
	for i in 1 2; do
		config --arg who $i '.process.env += ["WHO=" + $who]'
		try hull run -d -b "$BUNDLE" --overlay "$KEPT/$i" "$ID-$i"
		expect_status 0
	done
	for i in 1 2; do
		await 'nothing is written' test -s "$KEPT/$i/upper/who"
		same $i "$(hull exec "$ID-$i" cat /who)" "who of $i"
	done
	unchanged
	fails_with 'another container writes there: each needs a directory of its own' hull run -b "$BUNDLE" --overlay "$KEPT/1" "$ID"
	try hull run -d -b "$BUNDLE" --overlay tmp "$ID"
	expect_status 0
	for i in "$ID" "$ID-1" "$ID-2"; do
		hull delete --force "$i" || fail "delete $i"
	done
	run_ok_later() { hull run -b "$BUNDLE" --overlay "$KEPT/1" "$ID"; }
	config '.process.args = ["cat", "/who"]'
	await 'the layer stays in use' run_ok_later
	unchanged
}

test_layer_of_another_root_filesystem() {
	kept
	config '.process.args = ["touch", "/new"]'
	run_ok --overlay "$KEPT"
	cp -a "$BUNDLE/rootfs" "$BUNDLE/other"
	config '.root.path = "other"'
	fails_with 'its files were written over another root filesystem' hull run -b "$BUNDLE" --overlay "$KEPT" "$ID"
}

test_mounts_masks_and_terminal_work() {
	kept
	config '.mounts += [{destination: "/made/here", type: "tmpfs"}] | .linux.maskedPaths += ["/etc/passwd"] | .process.cwd = "/also/made"'
	echo secret >"$BUNDLE/rootfs/etc/passwd"
	before=$(digest)
	config '.process.args = ["sh", "-c", "pwd; cat /etc/passwd; stat -f -c %T /made/here; stat -c %t:%T /dev/null; hostname"]'
	run --overlay tmp
	same "/also/made
tmpfs
1:3
hull" "$out" 'what the container says'
	unchanged
}

# The container cannot read the host's paths.
test_paths_stay_hidden() {
	kept
	config '.process.args = ["grep", " / / ", "/proc/self/mountinfo"]'
	run --overlay "$KEPT"
	case $out in *' - overlay overlay rw,'*) ;; *) fail "root is $out" ;; esac
	case $out in *"$WORK"*) fail "root is $out" ;; esac
}

# If the host's mounts are shared, as systemd makes them, nothing appears in its mount namespace, not even briefly.
test_nothing_is_mounted_on_the_host() {
	kept
	mkdir "$WORK/shared"
	mount -t tmpfs hull-test "$WORK/shared"
	trap 'umount -l "$WORK/shared" "$WORK/kept" 2>/dev/null' EXIT
	mount --make-shared "$WORK/shared"
	mount --make-shared "$WORK/kept"
	cp -a "$BUNDLE" "$WORK/shared/bundle"
	BUNDLE=$WORK/shared/bundle
	writes
	mounted=$(grep -F "$WORK" /proc/self/mountinfo)
	for where in tmp "$KEPT"; do
		run --overlay "$where"
		expect_status 0
		same "$mounted" "$(grep -F "$WORK" /proc/self/mountinfo)" "what is mounted after an overlay in $where"
		unchanged
	done
}

test_hook_sees_it() {
	kept
	printf '#!/bin/sh\nid=$(cat); echo hook >"%s/new"\n' "$BUNDLE/rootfs" >"$WORK/hook"
	chmod 755 "$WORK/hook"
	before=$(digest)
	config --arg hook "$WORK/hook" '.hooks = {createContainer: [{path: $hook, env: ["PATH=/usr/bin:/bin"]}]} | .process.args = ["cat", "/new"]'
	run --overlay tmp
	same hook "$out" 'what the hook wrote'
	unchanged
}

test_refused() {
	kept
	fails_with "--overlay $WORK/none: No such file or directory" hull run -b "$BUNDLE" --overlay "$WORK/none" "$ID"
	fails_with "--overlay $BUNDLE/config.json: Not a directory" hull run -b "$BUNDLE" --overlay "$BUNDLE/config.json" "$ID"
	fails_with '--overlay: expected a directory or "tmp"' hull run -b "$BUNDLE" --overlay '' "$ID"
	ln -s /etc "$KEPT/upper"
	fails_with '--overlay: open the directory "upper" in it: Not a directory' hull run -b "$BUNDLE" --overlay "$KEPT" "$ID"
	fails_with '--idmap-rootfs needs a user namespace' hull run -b "$BUNDLE" --idmap-rootfs "$ID"
	config '.linux.namespaces |= map(select(.type != "mount")) | .mounts = [] | del(.linux.maskedPaths, .linux.readonlyPaths)'
	fails_with '--overlay needs a new mount namespace' hull run -b "$BUNDLE" --overlay tmp "$ID"
}

test_read_only_directory() {
	kept
	mount -o remount,ro "$WORK/kept"
	fails_with '--overlay: make the directory "upper" in it: Read-only file system' hull run -b "$BUNDLE" --overlay "$KEPT" "$ID"
}

test_directory_on_an_overlay() {
	kept
	mkdir "$WORK/kept/u" "$WORK/kept/w" "$WORK/kept/l" "$WORK/kept/m"
	mount -t overlay -o "lowerdir=$WORK/kept/l,upperdir=$WORK/kept/u,workdir=$WORK/kept/w" hull-test "$WORK/kept/m" || skip 'no overlay here'
	trap 'umount -l "$WORK/kept/m" "$WORK/kept"' EXIT
	fails_with 'it is on an overlay, which cannot be the upper layer of another' hull run -b "$BUNDLE" --overlay "$WORK/kept/m" "$ID"
}

test_directory_without_attributes() {
	kept
	mkdir "$WORK/ram"
	mount -t ramfs hull-test "$WORK/ram" || skip 'no ramfs here'
	trap 'umount -l "$WORK/ram" "$WORK/kept"' EXIT
	fails_with "--overlay $WORK/ram: its filesystem has no extended attributes" hull run -b "$BUNDLE" --overlay "$WORK/ram" "$ID"
}

test_idmapped_root_filesystem() {
	user_namespace mapped
	chown 7:8 "$BUNDLE/rootfs/etc"
	config '.process.args = ["sh", "-c", "touch /new; stat -c %u:%g / /new /etc /bin/busybox"]'
	run --idmap-rootfs
	expect_status 0
	same "0:0 0:0 7:8 0:0" "$(echo $out)" 'the owners inside'
	same 0:0 "$(stat -c %u:%g "$BUNDLE/rootfs/new")" 'the owner on the host'
	run
	same "65534:65534 65534:65534 65534:65534 65534:65534" "$(echo $out)" 'the owners inside without it'
}

# As a user who only has the own id, which is 0 inside; the bundle belongs to the user, or to root.
run_as_user() { # OWNER [OPTION...]
	setpriv --reuid 4321 --regid 4321 --clear-groups unshare -U true 2>/dev/null || skip 'others than root make no user namespaces here'
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
	install -m 755 "$HULL" "$WORK/hull" # where the user can reach it
	chown -R "$1:$1" "$BUNDLE/rootfs"
	chown 4321:4321 "$STATE"
	shift
	before=$(digest)
	try setpriv --reuid 4321 --regid 4321 --clear-groups timeout -k 5 120 "$WORK/hull" --root "$STATE" --cgroup-manager disabled \
		run -b "$BUNDLE" "$@" "$ID"
}

user_config() {
	config '.linux.namespaces = [{type: "user"}, {type: "mount"}, {type: "pid"}] | del(.hostname, .linux.resources, .linux.maskedPaths, .linux.readonlyPaths)
		| .mounts = [{destination: "/proc", type: "proc", source: "proc"}, {destination: "/dev", type: "tmpfs", source: "tmpfs"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 4321, size: 1}] | .linux.gidMappings = .linux.uidMappings'
}

test_as_another_user() {
	kept
	chmod 755 "$WORK/kept"
	chown 4321:4321 "$KEPT"
	user_config
	config --arg script 'echo x >/new; echo y >>/etc/motd; rm /etc/group; cat /new /etc/motd; stat -c %u:%g / /new' '.process.args = ["sh", "-c", $script]'
	: >"$BUNDLE/rootfs/etc/group"
	for where in tmp "$KEPT"; do
		run_as_user 4321 --overlay "$where"
		expect_status 0
		same 'x y 0:0 0:0' "$(echo $out)" "what the container says with $where"
		unchanged
	done
	same 4321:4321 "$(stat -c %u:%g "$KEPT/upper/new")" 'the owner on the host'
}

test_as_another_user_shared_by_none() {
	kept
	chmod 755 "$WORK/kept"
	chown 4321:4321 "$KEPT"
	user_config
	config '.process.args = ["sh", "-c", "echo x >/new; sleep 1000"]'
	run_as_user 4321 --overlay "$KEPT" -d
	expect_status 0
	await 'nothing is written' test -s "$KEPT/upper/new"
	real=$ID
	ID=$ID-2
	run_as_user 4321 --overlay "$KEPT"
	expect_status 1
	case $errors in *'another container writes there'*) ;; *) fail "said: $errors" ;; esac
	setpriv --reuid 4321 --regid 4321 --clear-groups "$WORK/hull" --root "$STATE" delete --force "$real" || fail 'delete'
	config '.process.args = ["cat", "/new"]'
	run_as_user 4321 --overlay "$KEPT"
	same x "$out" 'the next container'
	ID=$real
}

test_as_another_user_over_roots() {
	kept
	user_config
	config --arg script 'echo x >/new; cat /new; stat -c %u:%g / /bin' '.process.args = ["sh", "-c", $script]'
	run_as_user 0 --overlay tmp
	expect_status 0
	same 'x 0:0 65534:65534' "$(echo $out)" 'what the container says'
	unchanged
	run_as_user 0 --idmap-rootfs
	expect_status 1
	case $errors in *"hint: id-mapped mounts are root's to make"*) ;; *) fail "no hint: $errors" ;; esac
}

test_dry_run() {
	user_namespace
	try hull run --dry-run --overlay tmp --idmap-rootfs -b "$BUNDLE" "$ID"
	expect_status 0
	case $out in *'  id-mapped
  what is written goes to tmp'*) ;; *) fail "the plan: $out" ;; esac
}

run_tests
