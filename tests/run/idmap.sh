#!/bin/sh
# Id-mapped mounts: .mounts[].uidMappings and gidMappings, the options idmap and ridmap, and crun's idmap=uids=…;gids=….
. "${0%/*}/lib.sh"

OUTER=100000 # what the container's root is on the host

# A user namespace for the container, in whose reach everything of the test is.
user_namespace() {
	config --argjson outer $OUTER '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: $outer, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
	chown -R $OUTER:$OUTER "$BUNDLE/rootfs"
}

may_chown() {
	config '.process.capabilities |= map_values(. + ["CAP_CHOWN"])'
}

# A filesystem with a file of each owner named, and one below it with the same, in $WORK/host and $WORK/host/sub.
owned_tree() {
	mkdir "$WORK/host"
	trap 'umount_mappable "$WORK/host"' EXIT
	mount_mappable "$WORK/host"
	mkdir "$WORK/host/sub"
	mount_mappable "$WORK/host/sub"
	for dir in "$WORK/host" "$WORK/host/sub"; do
		for id in "$@"; do
			: >"$dir/$id"
			chown "$id:$id" "$dir/$id"
		done
	done
}

# bind OPTIONS [MAPPING]: $WORK/host on /mnt; the mapping is FILE:HOST:SIZE for uids and gids alike.
bind() {
	config --arg source "$WORK/host" --argjson options "$1" --arg map "${2:-}" '
		def mappings: [$map | split(" ")[] | split(":") | map(tonumber) | {containerID: .[0], hostID: .[1], size: .[2]}];
		.mounts = [.mounts[] | select(.destination != "/mnt")]
		| .mounts += [{destination: "/mnt", type: "bind", source: $source, options: $options}
			+ if $map == "" then {} else {uidMappings: mappings, gidMappings: mappings} end]'
}

# owners EXPECTED: the files' owners as the container sees them, "NAME=UID:GID …".
owners() {
	expect "$1" 'cd /mnt; for f in [0-9]* sub/[0-9]*; do printf "%s=%s " $f $(stat -c %u:%g $f); done'
}

# A process in a user namespace with the usual mapping: $holder.
hold_namespace() {
	unshare -U sleep 1000 &
	holder=$!
	trap 'kill $holder; umount_mappable "$WORK/host/again" "$WORK/host"' EXIT
	await 'unshare does not come' executes sleep $holder
	echo "0 $OUTER 65536" >/proc/$holder/gid_map
	echo "0 $OUTER 65536" >/proc/$holder/uid_map
}

test_container_mapping() {
	user_namespace
	owned_tree 0 1000 $OUTER
	bind '["bind"]'
	owners "0=65534:65534 1000=65534:65534 $OUTER=0:0 sub/[0-9]*= "
	bind '["bind", "idmap"]'
	owners "0=0:0 1000=1000:1000 $OUTER=65534:65534 sub/[0-9]*= "
	bind '["rbind", "idmap"]' # of the first alone
	owners "0=0:0 1000=1000:1000 $OUTER=65534:65534 sub/0=65534:65534 sub/1000=65534:65534 sub/$OUTER=0:0 "
	bind '["rbind", "ridmap"]'
	owners "0=0:0 1000=1000:1000 $OUTER=65534:65534 sub/0=0:0 sub/1000=1000:1000 sub/$OUTER=65534:65534 "
}

test_own_mapping() {
	user_namespace
	owned_tree 0 1000 1001
	for options in '["bind"]' '["bind", "idmap"]'; do
		bind "$options" "1000:$OUTER:1"
		owners '0=65534:65534 1000=0:0 1001=65534:65534 sub/[0-9]*= '
		bind "$options" "1000:$((OUTER + 7)):2 0:$OUTER:1"
		owners '0=0:0 1000=7:7 1001=8:8 sub/[0-9]*= '
	done
	bind '["rbind", "ridmap"]' "1000:$OUTER:1"
	owners '0=65534:65534 1000=0:0 1001=65534:65534 sub/0=65534:65534 sub/1000=0:0 sub/1001=65534:65534 '
}

test_without_user_namespace() {
	owned_tree 0 1000
	bind '["bind"]' '1000:0:1'
	owners '0=65534:65534 1000=0:0 sub/[0-9]*= '
	bind '["bind", "idmap=uids=1000-0-1#0-5-1;gids=0-0-1#1000-9-1"]'
	owners '0=5:0 1000=0:9 sub/[0-9]*= '
}

# crun(1): FILE-HOST-SIZE, with @ FILE-CONTAINER-SIZE.
test_mapping_in_the_option() {
	user_namespace
	owned_tree 0 1000 1001
	bind "[\"bind\", \"idmap=uids=1000-$OUTER-1;gids=1000-$((OUTER + 3))-2\"]"
	owners '0=65534:65534 1000=0:3 1001=65534:4 sub/[0-9]*= '
	bind '["bind", "idmap=uids=@1000-5-2;gids=@0-1-1#@1000-8-2"]'
	owners '0=65534:1 1000=5:8 1001=6:9 sub/[0-9]*= '
	bind '["rbind", "ridmap=gids=@1000-8-2;uids=@1000-5-2"]'
	owners '0=65534:65534 1000=5:8 1001=6:9 sub/0=65534:65534 sub/1000=5:8 sub/1001=6:9 '
	# the properties are asked first
	bind '["bind", "idmap=uids=@1000-5-2;gids=@1000-8-2"]' "1000:$OUTER:2"
	owners '0=65534:65534 1000=0:0 1001=1:1 sub/[0-9]*= '
}

# A range in the container may be several on the host.
test_relative_to_several_ranges() {
	user_namespace
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 2}, {containerID: 2, hostID: 300000, size: 100}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 1000}]'
	owned_tree 1000 1001 1002 1003
	bind '["bind", "idmap=uids=@1000-0-4;gids=@1000-0-4"]'
	owners '1000=0:0 1001=1:1 1002=2:2 1003=3:3 sub/[0-9]*= '
	bind '["bind", "idmap=uids=@1000-99-4;gids=@1000-0-4"]'
	run_fails '.options[1]: not all of the 4 ids from 99 on are mapped in the container'
}

test_joined_user_namespace() {
	user_namespace
	owned_tree 0 1000
	hold_namespace
	config --arg path /proc/$holder/ns/user 'del(.linux.uidMappings, .linux.gidMappings)
		| (.linux.namespaces[] | select(.type == "user")).path = $path'
	bind '["bind", "idmap"]'
	owners '0=0:0 1000=1000:1000 sub/[0-9]*= '
	bind '["bind", "idmap=uids=@0-0-1;gids=@0-0-1"]'
	run_fails 'a relative mapping needs a user namespace with mappings'
}

# What the container makes there belongs, on the host, to whom the mapping says; and what it does not map cannot be made.
test_files_made_inside() {
	user_namespace
	owned_tree 0
	may_chown
	bind '["bind", "idmap"]'
	inside 'touch /mnt/new; mkdir /mnt/dir; chown 12:13 /mnt/dir; echo x >/mnt/0'
	expect_status 0
	same '0:0 12:13 1' "$(stat -c %u:%g "$WORK/host/new") $(stat -c %u:%g "$WORK/host/dir") $(wc -l <"$WORK/host/0")" 'owners on the host'
	bind '["bind"]' "1000:$OUTER:1"
	mkdir "$WORK/host/home"
	chown 1000:1000 "$WORK/host/home"
	expect refused 'touch /mnt/home/mine; { chown 5 /mnt/home/mine || touch /mnt/0 || touch /mnt/new2; } 2>/dev/null || echo refused'
	same 1000:1000 "$(stat -c %u:%g "$WORK/host/home/mine")" 'owner on the host'
}

test_flags_stay() {
	user_namespace
	owned_tree 0
	bind '["rbind", "ridmap", "ro", "nosuid", "noexec"]'
	show_mounts
	expect_mount /mnt '^ro,nosuid,noexec,relatime,idmapped - (tmpfs|ext4) '
	expect_mount /mnt/sub '^rw,relatime,idmapped - (tmpfs|ext4) '
}

test_single_file() {
	user_namespace
	owned_tree 0
	config --arg source "$WORK/host/0" '.mounts += [{destination: "/etc/hosts", source: $source, options: ["bind", "idmap"]}]'
	expect 0:0 'stat -c %u:%g /etc/hosts'
}

test_disk() {
	command -v mkfs.ext4 >/dev/null || skip 'mkfs.ext4 is not here'
	user_namespace
	truncate -s 16M "$WORK/image"
	mkfs.ext4 -q "$WORK/image"
	mkdir "$WORK/host"
	trap 'umount -l "$WORK/host" 2>/dev/null' EXIT
	mount -o loop "$WORK/image" "$WORK/host" || skip 'no loop devices here'
	chmod 777 "$WORK/host"
	touch "$WORK/host/0"
	bind '["bind", "idmap"]'
	owners '0=0:0 sub/[0-9]*= '
}

# A tmpfs of the container's own is the host's for a moment, and then the container's.
test_tmpfs() {
	mkdir "$WORK/tmpfs"
	trap 'umount -l "$WORK/tmpfs"' EXIT
	mount -t tmpfs hull-test "$WORK/tmpfs"
	maps_ids "$WORK/tmpfs" || skip 'id-mapped mounts of tmpfs are there since Linux 6.3'
	user_namespace
	may_chown
	config '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["idmap", "mode=777", "uid=3"]}]'
	expect '3:0 777 5:6 1' 'echo $(stat -c "%u:%g %a" /mnt; touch /mnt/a; chown 5:6 /mnt/a; stat -c %u:%g /mnt/a; grep -c "/mnt .*idmapped" /proc/self/mountinfo)'
}

test_refused() {
	user_namespace
	owned_tree 0
	while read -r mount text; do
		config --argjson mount "$mount" --arg source "$WORK/host" '.mounts = [.mounts[] | select(.destination != "/mnt")]
			+ [{destination: "/mnt", type: "bind", source: $source} + $mount]'
		run_fails ".mounts[7]$text"
	done <<-'END'
		{"options":["bind","idmap=uids=0-0-1"]} .options[1]: "idmap=uids=0-0-1" is no mapping
		{"options":["bind","idmap="]} .options[1]: "idmap=" is no mapping
		{"options":["bind","idmap=uids=0-0;gids=0-0-1"]} .options[1]: "idmap=uids=0-0;gids=0-0-1" is no mapping
		{"options":["bind","idmap=uids=0-0-1;gids=0-0-1#"]} .options[1]: "idmap=uids=0-0-1;gids=0-0-1#" is no mapping
		{"options":["bind","idmap=uids=0-0-1;uids=0-0-1"]} .options[1]: "idmap=uids=0-0-1;uids=0-0-1" is no mapping
		{"options":["bind","idmap=uids=-1-0-1;gids=0-0-1"]} .options[1]: "idmap=uids=-1-0-1;gids=0-0-1" is no mapping
		{"options":["bind","idmap=uids=0-0-4294967296;gids=0-0-1"]} .options[1]: "idmap=uids=0-0-4294967296;gids=0-0-1" is no mapping
		{"options":["bind","idmap=uids=0-0-0;gids=0-0-1"]} .options[1][0].size: a mapping of no ids
		{"options":["bind","idmap=uids=0-0-5#4-9-1;gids=0-0-1"]} .options[1][1].containerID: overlaps with the range of .mounts[7].options[1][0]
		{"options":["bind","idmap=uids=9-4294967290-9;gids=0-0-1"]} .options[1][0].hostID: the range goes past the last id
		{"options":["bind","idmap"],"uidMappings":[{"containerID":0,"hostID":0,"size":1}]} .gidMappings: required together with uidMappings
		{"options":["idmap"],"type":"proc"} : proc cannot be id-mapped
		{"options":["idmap","tmpcopyup"],"type":"tmpfs"} : tmpcopyup and id-mapping exclude each other
		{"options":["idmap","remount"]} : ids cannot be mapped by a remount
	END
}

test_kernel_refuses() {
	user_namespace
	owned_tree 0
	config '.mounts += [{destination: "/mnt", type: "bind", source: "/proc/sys", options: ["bind", "idmap"]}]'
	run_fails '.mounts[7]: id-map /proc/sys: Invalid argument'
	case $errors in *'hint: this kernel has no id-mapped mounts of a filesystem there'*) ;; *) fail "no hint: $errors" ;; esac
	mkdir "$WORK/host/below"
	mount -t mqueue hull-test-below "$WORK/host/below" || skip 'no mqueue here'
	trap 'umount_mappable "$WORK/host/below" "$WORK/host"' EXIT
	bind '["rbind", "ridmap"]'
	run_fails ".mounts[7]: id-map $WORK/host: Invalid argument"
	bind '["rbind", "idmap"]'
	run_ok
}

test_mapped_already() {
	compile idmount
	user_namespace
	owned_tree 0
	mkdir "$WORK/host/again" "$WORK/host/sub/dir"
	hold_namespace
	"$PROGRAMS/idmount" "$WORK/host/sub" "$WORK/host/again" $holder || fail 'idmount'
	config --arg source "$WORK/host/again/dir" '.mounts += [{destination: "/mnt", type: "bind", source: $source, options: ["bind", "idmap"]}]'
	run_fails ".mounts[7]: id-map $WORK/host/again/dir: Operation not permitted"
	case $errors in *'hint: the mount must not be id-mapped yet'*) ;; *) fail "no hint: $errors" ;; esac
	bind '["rbind", "ridmap"]'
	run_fails "id-map $WORK/host: Operation not permitted"
	bind '["rbind", "idmap"]'
	run_ok
}

# Root that may not map any id is like any other user: newuidmap(1), or its own id alone.
test_default_of_root_without_cap_setuid() {
	config '.linux.namespaces += [{type: "user"}] | .process.args = ["cat", "/proc/self/uid_map"]
		| .mounts |= map(if .type == "devpts" then .options -= ["gid=5"] else . end)'
	try setpriv --bounding-set=-setuid "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	expect_status 0
	same '0 0 1' "$(printf '%s\n' "$out" | head -n 1 | xargs)" 'the first range'
}

run_tests
