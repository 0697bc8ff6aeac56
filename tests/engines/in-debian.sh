#!/bin/sh
# Runs a test file in a Debian with the engines' packages, which is not the host's and forgets all that is done to it:
# in-debian.sh FILE. The tree is there at the same path, read-only, and hull in /usr/local. Namespaces of its own for mounts,
# processes, network (there is none), IPC and host name; a cgroup of its own is the root of a pure cgroup v2. What the test
# leaves ends with it. Where this cannot be had the file is skipped. Environment: SUITE (trixie), HULL (build/hull).
set -eu
file=$(readlink -f "$1")
here=$(cd "${0%/*}" && pwd)
tree=$(cd "$here/../.." && pwd)
hull=$(readlink -f "${HULL:-build/hull}")

skip() {
	echo "SKIP $(basename "$file" .sh): $*"
	exit 0
}

# The second half: process 1 of the new namespaces.
if [ -n "${IN_DEBIAN:-}" ]; then
	root=$IN_DEBIAN/root
	mount -t tmpfs -o mode=755 hull-debian "$IN_DEBIAN"
	mkdir "$IN_DEBIAN/upper" "$IN_DEBIAN/work" "$root"
	mount -t overlay -o "lowerdir=$DEBIAN,upperdir=$IN_DEBIAN/upper,workdir=$IN_DEBIAN/work" overlay "$root"
	mkdir -p "$root/usr/local/bin" "$root/usr/local/libexec/hull"
	cp "$hull" "$root/usr/local/bin/hull"
	[ ! -e "$hull-systemd" ] || cp "$hull-systemd" "$root/usr/local/libexec/hull/"
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	mount -t sysfs sysfs "$root/sys"
	mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
	mount -t tmpfs -o mode=755 tmpfs "$root/run"
	mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
	# An overlay cannot be the upper layer of another.
	for dir in containerd containers docker; do
		mkdir -p "$root/var/lib/$dir"
		mount -t tmpfs tmpfs "$root/var/lib/$dir"
	done
	mkdir -p "$root$tree"
	mount --rbind -o ro "$tree" "$root$tree"
	cd "$root"
	pivot_root . mnt
	cd "$tree"
	umount -l /mnt
	mount --make-rshared /
	hostname debian
	ip link set lo up
	unset IN_DEBIAN DEBIAN TMPDIR
	/usr/local/bin/hull --version >/dev/null 2>&1 || skip "this build of hull does not run in Debian"
	INSIDE_DEBIAN=1 HULL=/usr/local/bin/hull sh "$file" # not by exec: this shell waits for orphans
	exit
fi

[ "$(id -u)" = 0 ] || skip 'needs root'
# shellcheck disable=SC2046 # a list of names
DEBIAN=$(SUITE=${SUITE:-trixie} sh "$here/make-debian.sh" $(cat "$here/../vm/packages" "$here/../vm/packages-engines")) || skip "$DEBIAN"
cgroup2=/sys/fs/cgroup
[ "$(stat -f -c %T $cgroup2)" = cgroup2fs ] || cgroup2=$cgroup2/unified
work=$(mktemp -d "${TMPDIR:-/tmp}/hull-debian.XXXXXX")
cgroup=$cgroup2/${work##*/}
finish() {
	echo 1 >"$cgroup/cgroup.kill" || :
	for _ in $(seq 50); do
		find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || :
		[ -d "$cgroup" ] || break
		sleep 0.1
	done
	rmdir "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
mkdir "$cgroup" "$cgroup/self" 2>"$work.log" || { reason=$(cat "$work.log"); rm "$work.log"; skip "no cgroup: $reason"; }
rm "$work.log"
code=0
DEBIAN=$DEBIAN IN_DEBIAN=$work sh -c 'echo 0 >"$0/cgroup.procs"
	exec unshare --cgroup sh -c "echo 0 >\"\$0/self/cgroup.procs\"; exec \"\$@\"" "$0" \
		unshare --mount --pid --fork --kill-child --net --ipc --uts "$@"' "$cgroup" sh "$here/in-debian.sh" "$file" || code=$?
exit $code
