#!/bin/sh
# Prints the directory of a Debian root filesystem, which debootstrap makes the first time and a cache outside of the tree keeps:
# make-debian.sh [PACKAGE...]. It is minimal but for these packages. If it cannot be made, prints the reason and exits with 77.
# Environment: SUITE (bookworm), DEBIAN_MIRROR, XDG_CACHE_HOME (/var/cache). Needs root.
set -eu
suite=${SUITE:-bookworm}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
cache=${XDG_CACHE_HOME:-/var/cache}/hull-tests
root=$cache/debian-$suite
include=$(echo "$*" | tr ' ' ,)
[ -z "$include" ] || root=$root-$(echo "$include" | cksum | cut -d ' ' -f 1)

skip() {
	echo "$*"
	exit 77
}

[ "$(id -u)" = 0 ] || skip 'needs root'
mkdir -p "$cache"
exec 9>"$cache/lock"
[ -e "$root/etc/debian_version" ] || flock 9 # two suites may ask at once
if [ ! -e "$root/etc/debian_version" ]; then
	command -v debootstrap >/dev/null || skip 'debootstrap is not here'
	rm -rf --one-file-system "$root.new"
	if ! timeout -k 5 900 debootstrap --variant=minbase ${include:+"--include=$include"} "$suite" "$root.new" "$mirror" \
		>"$cache/log" 2>&1 </dev/null; then
		rm -rf --one-file-system "$root.new"
		skip "debootstrap failed: $(grep -m 1 '^[EW]:' "$cache/log" || tail -n 1 "$cache/log")"
	fi
	rm -rf "$root.new"/var/cache/apt/archives/*.deb "$root.new"/var/lib/apt/lists/*
	mv "$root.new" "$root"
fi
# Tests that need an engine start it themselves.
for service in docker containerd slurmctld slurmd munge podman; do
	rm -f "$root"/etc/systemd/system/*.wants/${service}[.-]*
done
echo "$root"
