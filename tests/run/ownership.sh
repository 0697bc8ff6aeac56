#!/bin/sh
# The owners of files, seen from inside and from outside: every mapping of ids with every kind of mount. The expected owners are
# computed from the mapping alone.
. "${0%/*}/lib.sh"

# The container's mapping, "INSIDE:HOST:SIZE …", and the user that runs in it.
MAPPED_ROOT='0:100000:65536'
UNMAPPED_ROOT='1:100001:65535'
SEVERAL_RANGES='0:100000:1 1:300000:999 1000:200000:64536'

OWNERS='0 1 5 999 1000 65534 65536 100000 100005 200005 300004' # of files in sources, as the filesystem has them
NOBODY=65534

# translate FROM TO ID: by $map, whose fields have the numbers 1 (inside) and 2 (host). Fails if there is none.
translate() {
	for range in $map; do
		IFS=: read -r inside host size <<-END
			$range
		END
		[ "$1" = inside ] && first=$inside || first=$host
		[ "$2" = inside ] && other=$inside || other=$host
		[ "$3" -lt "$first" ] || [ "$3" -ge $((first + size)) ] || {
			echo $((other + $3 - first))
			return
		}
	done
	return 1
}

to_host() { translate inside host "$1"; }

# The owner of a file, as seen inside, that belongs to $2 in the filesystem: KIND ID.
seen() {
	case $1 in
	plain) translate host inside "$2" || echo $NOBODY ;;
	mapped) if to_host "$2" >/dev/null; then echo "$2"; else echo $NOBODY; fi ;;
	esac
}

# The owner, in the filesystem, of a file that the container's user makes.
made() {
	case $1 in
	plain) to_host "$user" ;;
	mapped) echo "$user" ;;
	esac
}

use_map() {
	map=$1
	user=$2
	config --arg map "$map" --argjson user "$user" '
		[$map | split(" ")[] | split(":") | map(tonumber) | {containerID: .[0], hostID: .[1], size: .[2]}] as $mappings
		| .linux.namespaces += [{type: "user"}] | .linux.uidMappings = $mappings | .linux.gidMappings = $mappings
		| .process.user = {uid: $user, gid: $user}'
	chmod 755 "$SUITE_DIR" "$WORK" "$BUNDLE"
}

# A file of each owner, and for each way of mapping a directory that the user may write to.
fill() {
	chmod 755 "$1"
	for owner in $OWNERS; do
		: >"$1/$owner"
		chown "$owner:$owner" "$1/$owner"
	done
	for kind in plain mapped; do
		mkdir "$1/$kind"
		chown "$(made $kind):$(made $kind)" "$1/$kind"
	done
}

# source_of FILESYSTEM: $WORK/host, with another one in $WORK/host/sub.
source_of() {
	mkdir -p "$WORK/host" "$WORK/layers"
	trap 'umount -l "$WORK/host/sub" "$WORK/host" "$WORK/layers" 2>/dev/null' EXIT
	mount_source "$1" "$WORK/host" || skip "no $1 here"
	mkdir "$WORK/host/sub"
	mount -t tmpfs hull-test "$WORK/host/sub" || skip 'no mounting here'
	fill "$WORK/host"
	fill "$WORK/host/sub"
}

mount_source() {
	case $1 in
	tmpfs) mount -t tmpfs hull-test "$2" ;;
	ext4)
		truncate -s 16M "$WORK/image"
		mkfs.ext4 -q "$WORK/image" 2>/dev/null && mount -o loop "$WORK/image" "$2"
		;;
	overlay)
		mount -t tmpfs hull-test "$WORK/layers" && mkdir "$WORK/layers/lower" "$WORK/layers/upper" "$WORK/layers/work" &&
			mount -t overlay -o "lowerdir=$WORK/layers/lower,upperdir=$WORK/layers/upper,workdir=$WORK/layers/work" hull-test "$2"
		;;
	esac 2>/dev/null
}

# Runs the script in the background, and then waits to be looked at. $pid is its process.
start_script() {
	config --arg script "$1
		echo done
		exec sleep 1000" '.process.args = ["sh", "-c", $script]'
	shift
	: >"$WORK/out"
	hull run "$@" -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/errors" &
	runner=$!
	is_done() { grep -qx "done" "$WORK/out" || { ended $runner && fail "it ended: $(cat "$WORK/errors")"; }; }
	await 'the script does not come to its end' is_done
	pid=$(hull state "$ID" | jq .pid)
}

end_script() {
	hull delete --force "$ID" || fail 'delete'
	wait $runner || : # it was killed
}

# compare WHAT: compares the expected lines with the seen ones.
compare() {
	grep -vx "done" "$WORK/out" | sort >"$WORK/seen"
	sort "$WORK/expected" >"$WORK/sorted"
	[ -s "$WORK/sorted" ] || fail "nothing is expected of $1"
	diff -u "$WORK/sorted" "$WORK/seen" >"$WORK/diff" || fail "$1: $(grep '^[-+][^-+]' "$WORK/diff" | head -n 6)"
}

# Each file of a source, as seen through a mount on /KIND; and the files that are made in it.
expect_source() { # MOUNT BELOW KIND
	for owner in $OWNERS; do
		echo "/$1$2/$owner $(seen "$3" "$owner"):$(seen "$3" "$owner")"
	done
	echo "/$1$2/$3/$1 $user:$user"
}

SHOW='show() { for f in "$@"; do stat -c "%n %u:%g" "$f"; done; }; '

each_bind() {
	: >"$WORK/expected"
	: >"$WORK/outside"
	script=$SHOW
	config '.mounts = [.mounts[] | select(.destination | test("^/(plain|idmap|ridmap)$") | not)]'
	for mount in $1; do
		config --arg mount "$mount" --arg source "$WORK/host" '.mounts += [{destination: ("/" + $mount), source: $source,
			options: (["rbind"] + if $mount == "plain" then [] else [$mount] end)}]'
		for below in '' /sub; do
			case $mount$below in ridmap* | idmap) kind=mapped ;; *) kind=plain ;; esac
			expect_source "$mount" "$below" $kind >>"$WORK/expected"
			script="$script touch /$mount$below/$kind/$mount; show /$mount$below/[0-9]* /$mount$below/$kind/$mount;"
			echo "$WORK/host$below/$kind/$mount $(made $kind):$(made $kind)" >>"$WORK/outside"
		done
	done
	start_script "$script"
	compare "binds of $filesystem for user $user of $map"
	while read -r file owner; do
		same "$owner" "$(stat -c %u:%g "$file")" "the owner on the host of $file"
	done <"$WORK/outside"
	end_script
}

binds() { # MAP USER
	use_map "$1" "$2"
	chown -R "$(to_host "$user"):$(to_host "$user")" "$BUNDLE/rootfs"
	for filesystem in tmpfs ext4; do
		(
			source_of $filesystem
			kinds=plain
			! maps_ids "$WORK/host" || kinds='plain idmap'
			! maps_ids "$WORK/host/sub" || kinds='plain idmap ridmap'
			each_bind "$kinds"
		)
		code=$?
		[ $code = 0 ] || { [ $code = 77 ] && [ $filesystem = ext4 ]; } || exit $code
		rm -rf "$WORK/host" "$WORK/layers" "$WORK/image"
	done
	filesystem=overlay # which the kernel does not map, though its layers may be mapped
	source_of overlay
	each_bind plain
	config '(.mounts[] | select(.destination == "/plain").options) += ["idmap"]'
	run_fails "id-map $WORK/host: Invalid argument"
}

# The root filesystem, whose lower layer is mapped if its owner is not one of the container's.
overlay() { # MAP USER
	maps_ids "$BUNDLE" || skip 'this kernel maps no ids of what the tests are on'
	use_map "$1" "$2"
	mkdir "$WORK/layers"
	mount -t tmpfs hull-test "$WORK/layers" || skip 'no mounting here'
	trap 'umount -l "$WORK/layers"' EXIT
	mkdir "$BUNDLE/rootfs/there"
	fill "$BUNDLE/rootfs/there"
	chown "$user:$user" "$BUNDLE/rootfs/there" # what is nobody's cannot be copied up
	for where in tmp "$WORK/layers"; do
		expect_source there '' mapped >"$WORK/expected"
		echo "/there/5 $(seen mapped 5):$(seen mapped 5)" >>"$WORK/expected" # once more, when it has been copied up
		start_script "$SHOW show /there/[0-9]*; touch /there/mapped/there; show /there/mapped/there; touch /there/5 2>/dev/null; show /there/5" --overlay "$where"
		compare "an overlay in $where for user $user of $map"
		same "$(to_host "$user"):$(to_host "$user")" "$(stat -c %u:%g "/proc/$pid/root/there/mapped/there")" "its file seen from the host"
		[ $where = tmp ] || same "$(to_host "$user"):$(to_host "$user")" "$(stat -c %u:%g "$where/upper/there/mapped/there")" 'the owner in the layer'
		end_script
	done
	[ ! -e "$BUNDLE/rootfs/there/mapped/there" ] || fail 'the lower layer was written to'
}

# Mounts that a container makes itself, and their owners: the container's root; the user that runs in it; the host's root, who is
# nobody inside; nobody, if the container has no root.
FILESYSTEMS='tmpfs /new root
tmpfs /new/file user
mqueue /dev/mqueue root
mqueue /dev/mqueue/file user
devpts /dev/pts its-root
devpts /dev/pts/ptmx root
proc /proc host
proc /proc/sys host
proc /proc/1/ user
proc /proc/1/status user
sysfs /sys host
sysfs /sys/kernel host
cgroup /sys/fs/cgroup host
cgroup /sys/fs/cgroup/cgroup.procs host'

# owner WHO: "INSIDE OUTSIDE".
owner() {
	case $1 in
	user) echo "$user $(to_host "$user")" ;;
	host) echo "$NOBODY 0" ;;
	its-root) if to_host 0 >/dev/null; then owner root; else echo "$NOBODY $NOBODY"; fi ;;
	root) if to_host 0 >/dev/null; then echo "0 $(to_host 0)"; else owner user; fi ;; # init is the user then
	esac
}

new_filesystems() { # MAP USER
	use_map "$1" "$2"
	chown -R "$(to_host "$user"):$(to_host "$user")" "$BUNDLE/rootfs"
	config '.mounts += [{destination: "/new", type: "tmpfs", source: "tmpfs", options: ["mode=1777"]}]'
	: >"$WORK/expected"
	echo "$FILESYSTEMS" >"$WORK/filesystems"
	script="$SHOW touch /new/file /dev/mqueue/file;"
	while read -r type path who; do
		inside=$(owner "$who")
		inside=${inside% *}
		echo "$path $inside:$inside" >>"$WORK/expected"
		script="$script show $path;"
	done <"$WORK/filesystems"
	start_script "$script"
	compare "what is mounted for user $user of $map"
	while read -r type path who; do
		outside=$(owner "$who")
		outside=${outside#* }
		case $path in /proc/1/*) at="/proc/$pid/${path#/proc/1/}" ;; *) at=/proc/$pid/root$path ;; esac
		same "$outside:$outside" "$(stat -c %u:%g "$at")" "the owner of $type's $path seen from the host for user $user of $map"
	done <"$WORK/filesystems"
	end_script
}

# config-linux.md "Cgroup ownership": a cgroup namespace, a mount that can be written to.
cgroups() { # MAP USER
	use_map "$1" "$2"
	config '(.mounts[] | select(.destination == "/sys/fs/cgroup").options) |= map(select(. != "ro"))'
	start_script "$SHOW show /sys/fs/cgroup /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/cgroup.events"
	printf '%s\n' "/sys/fs/cgroup $user:$NOBODY" "/sys/fs/cgroup/cgroup.procs $user:$NOBODY" "/sys/fs/cgroup/cgroup.events $NOBODY:$NOBODY" >"$WORK/expected"
	compare "a cgroup for user $user of $map"
	same "$(to_host "$user"):0" "$(stat -c %u:%g "/proc/$pid/root/sys/fs/cgroup")" 'its owner seen from the host'
	end_script
}

each_user() { # COMMAND: for every mapping; each begins anew
	for case in "0 $MAPPED_ROOT" "1000 $MAPPED_ROOT" "1000 $UNMAPPED_ROOT" "0 $SEVERAL_RANGES" "5 $SEVERAL_RANGES"; do
		(
			new_bundle
			"$1" "${case#* }" "${case%% *}"
		) || exit
		rm -rf "$BUNDLE" "$STATE" "$WORK/host" "$WORK/layers" "$WORK/image"
	done
	new_bundle
}

test_binds() { each_user binds; }
test_overlay() { each_user overlay; }
test_filesystems() { each_user new_filesystems; }
test_cgroup() { each_user cgroups; }

run_tests
