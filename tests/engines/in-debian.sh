#!/bin/sh
# Runs a test file in a Debian with the engines' packages: in-debian.sh FILE. The Debian is apart from the host and forgets all
# changes. It has the tree at the same path, read-only, and hull in /usr/local; namespaces of its own for mounts, processes, network
# (without connection), IPC and host name; and a cgroup of its own as the root of a pure cgroup v2. Everything that the test leaves
# ends with it. If this cannot be had, the file is skipped. Environment: SUITE (trixie), HULL (build/hull).
set -eu
file=$(readlink -f "$1")
here=$(cd "${0%/*}" && pwd)
tree=$(cd "$here/../.." && pwd)

skip() {
	echo "SKIP $(basename "$file" .sh): $*"
	exit 0
}

# The second half: process 1 of the new namespaces.
if [ -n "${IN_DEBIAN:-}" ]; then
	unset IN_DEBIAN
	mkdir -p /usr/local/bin /usr/local/libexec/hull
	cp /run/guest/hull /run/guest/test-tool /usr/local/bin
	[ ! -e /run/guest/hull-systemd ] || cp /run/guest/hull-systemd /usr/local/libexec/hull
	/usr/local/bin/hull --version >/dev/null 2>&1 || skip "this build of hull does not run in Debian"
	INSIDE_DEBIAN=1 HULL=/usr/local/bin/hull sh "$file" # not by exec: this shell waits for orphans
	exit
fi

[ "$(id -u)" = 0 ] || skip 'needs root'
DEBIAN=$(SUITE=${SUITE:-trixie} sh "$here/make-debian.sh" $(cat "$here/../vm/packages" "$here/../vm/packages-engines")) || skip "$DEBIAN"
BASE=$(cd "$here/.." && pwd)
. "$BASE/janitor.sh"
tidy_after hull-debian || skip "no cgroup: $reason"
mkdir "$work/share"
cp "${HULL:-build/hull}" "$work/share/hull"
cp "$(dirname "${HULL:-build/hull}")/test-tool" "$work/share"
cp "${HULL:-build/hull}-systemd" "$work/share/hull-systemd" 2>/dev/null || : # built where libsystemd is
code=0
in_namespaces env WORK="$work" ROOTFS="$DEBIAN" TREE="$tree" SHARE="$work/share" IN_DEBIAN=yes \
	sh "$BASE/systemd/root" sh "$here/in-debian.sh" "$file" &
wait $! || code=$?
exit $code
